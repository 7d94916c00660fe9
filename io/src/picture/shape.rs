//! The shapes in which fields are drawn: as they lie in space, or on straight axes.

use fluxions_grid::Geometry;

/// How the cells of a grid lie in a picture. Points of the picture are fractions of its width and
/// height, from the lower left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// The first axis to the right, the second upwards.
    Straight,
    /// An axis to the right and time upwards, whose proportions mean nothing.
    SpaceTime,
    /// Around the centre, r outwards; `hole` is the smallest r over the largest.
    Disk { hole: f64 },
    /// Half of a section through a sphere: the pole upwards.
    HalfDisk { hole: f64 },
    /// A section through a cylinder: r to both sides of its axis, z upwards.
    Section { hole: f64 },
}

/// An axis of the picture: its name, its ends, and whether labels have no sign.
pub(super) type Side = (String, [f64; 2], bool);

impl Shape {
    /// The shape of fields on grids with these bounds.
    pub(super) fn of(geometry: Geometry, bounds: &[[f64; 2]]) -> Self {
        let hole = bounds.first().map_or(0.0, |[lower, upper]| lower / upper);
        match (geometry, bounds.len()) {
            (Geometry::Polar, 1) => Shape::Disk { hole },
            (Geometry::Spherical, 1) => Shape::HalfDisk { hole },
            (Geometry::Cylindrical, 2) => Shape::Section { hole },
            _ => Shape::Straight,
        }
    }

    /// The axes of the picture of a grid with these axes.
    pub(super) fn sides(self, axes: &[(String, [f64; 2])]) -> Option<[Side; 2]> {
        let (name, first @ [_, most]) = axes.first()?;
        let both = [-most, *most];
        Some(match self {
            Shape::Straight | Shape::SpaceTime => {
                let (other, second) = axes.get(1)?;
                [(name.clone(), *first, false), (other.clone(), *second, false)]
            }
            Shape::Disk { .. } => [("x".into(), both, false), ("y".into(), both, false)],
            Shape::HalfDisk { .. } => {
                [("ρ".into(), [0.0, *most], false), ("z".into(), both, false)]
            }
            Shape::Section { .. } => {
                let (other, second) = axes.get(1)?;
                [(name.clone(), both, true), (other.clone(), *second, false)]
            }
        })
    }

    /// How many places along each axis of the grid a picture of so many places across and upwards has.
    pub(super) fn places(self, [w, h]: [usize; 2]) -> [usize; 2] {
        let along = |share: f64| ((share * w as f64).ceil() as usize).max(1);
        match self {
            Shape::Straight | Shape::SpaceTime => [w, h],
            Shape::Disk { hole } => [along((1.0 - hole) / 2.0), 1],
            Shape::HalfDisk { hole } => [along(1.0 - hole), 1],
            Shape::Section { hole } => [along((1.0 - hole) / 2.0), h],
        }
    }

    /// Where a point of the picture lies: as fractions of the ways along the axes of the grid.
    pub(super) fn place(self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let (hole, r, other) = match self {
            Shape::Straight | Shape::SpaceTime => return Some([x, y]),
            Shape::Disk { hole } => (hole, (2.0 * x - 1.0).hypot(2.0 * y - 1.0), 0.0),
            Shape::HalfDisk { hole } => (hole, x.hypot(2.0 * y - 1.0), 0.0),
            Shape::Section { hole } => (hole, (2.0 * x - 1.0).abs(), y),
        };
        (hole..=1.0).contains(&r).then(|| [(r - hole) / (1.0 - hole), other])
    }

    /// The direction in the picture of a vector at a point of it, from its components along the first
    /// two directions of space.
    pub(super) fn direction(self, [x, y]: [f64; 2], [a, b]: [f64; 2]) -> [f64; 2] {
        let (right, up) = (2.0 * x - 1.0, 2.0 * y - 1.0);
        match self {
            Shape::Straight | Shape::SpaceTime => [a, b],
            Shape::Disk { .. } => {
                let (sin, cos) = up.atan2(right).sin_cos();
                [a * cos - b * sin, a * sin + b * cos]
            }
            // The angle is that from the pole.
            Shape::HalfDisk { .. } => {
                let (sin, cos) = x.atan2(up).sin_cos();
                [a * sin + b * cos, a * cos - b * sin]
            }
            Shape::Section { .. } => [a * right.signum(), b],
        }
    }

    /// Whether a point is at a round end of the domain, within this fraction of the picture's width.
    pub(super) fn is_rim(self, [x, y]: [f64; 2], within: f64) -> bool {
        let (hole, r, within) = match self {
            Shape::Straight | Shape::SpaceTime | Shape::Section { .. } => return false,
            Shape::Disk { hole } => (hole, (2.0 * x - 1.0).hypot(2.0 * y - 1.0), 2.0 * within),
            Shape::HalfDisk { hole } => (hole, x.hypot(2.0 * y - 1.0), within),
        };
        let near = |end: f64| (r - end).abs() < within;
        near(1.0) || (hole > 0.0 && near(hole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: [f64; 2], b: [f64; 2]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn every_geometry_has_its_shape() {
        let r = [1.0, 4.0];
        assert_eq!(Shape::of(Geometry::Polar, &[r]), Shape::Disk { hole: 0.25 });
        assert_eq!(Shape::of(Geometry::Spherical, &[r]), Shape::HalfDisk { hole: 0.25 });
        assert_eq!(Shape::of(Geometry::Cylindrical, &[r, r]), Shape::Section { hole: 0.25 });
        assert_eq!(Shape::of(Geometry::Cartesian, &[r, r]), Shape::Straight);
    }

    #[test]
    fn points_lie_where_they_do_in_space() {
        let disk = Shape::Disk { hole: 0.5 };
        assert_eq!(disk.place([0.5, 0.5]), None);
        assert_eq!(disk.place([1.0, 0.5]), Some([1.0, 0.0]));
        assert_eq!(disk.place([0.5, 0.125]), Some([0.5, 0.0]));
        assert_eq!(disk.place([1.0, 1.0]), None);
        let half = Shape::HalfDisk { hole: 0.0 };
        assert_eq!(half.place([0.5, 0.5]), Some([0.5, 0.0]));
        assert_eq!(half.place([0.0, 1.0]), Some([1.0, 0.0]));
        let section = Shape::Section { hole: 0.0 };
        assert_eq!(section.place([0.25, 0.7]), Some([0.5, 0.7]));
        assert_eq!(section.place([0.75, 0.7]), Some([0.5, 0.7]));
    }

    #[test]
    fn a_ring_has_few_places() {
        assert_eq!(Shape::Straight.places([400, 300]), [400, 300]);
        assert_eq!(Shape::Disk { hole: 0.5 }.places([400, 400]), [100, 1]);
        assert_eq!(Shape::HalfDisk { hole: 0.75 }.places([400, 800]), [100, 1]);
        assert_eq!(Shape::Section { hole: 0.0 }.places([400, 300]), [200, 300]);
        assert_eq!(Shape::Disk { hole: 1.0 - 1e-12 }.places([400, 400]), [1, 1]);
    }

    #[test]
    fn vectors_point_where_they_do_in_space() {
        let outward = [1.0, 0.0];
        let around = [0.0, 1.0];
        let disk = Shape::Disk { hole: 0.0 };
        assert!(near(disk.direction([0.5, 1.0], outward), [0.0, 1.0]));
        assert!(near(disk.direction([0.5, 1.0], around), [-1.0, 0.0]));
        let half = Shape::HalfDisk { hole: 0.0 };
        assert!(near(half.direction([0.0, 0.9], outward), [0.0, 1.0]));
        // Away from the pole.
        assert!(near(half.direction([0.0, 0.9], around), [1.0, 0.0]));
        assert!(near(half.direction([1.0, 0.5], around), [0.0, -1.0]));
        let section = Shape::Section { hole: 0.0 };
        assert!(near(section.direction([0.2, 0.5], [1.0, 2.0]), [-1.0, 2.0]));
    }

    #[test]
    fn rims_are_the_round_ends() {
        let ring = Shape::Disk { hole: 0.5 };
        assert!(ring.is_rim([0.5, 0.749], 0.01) && ring.is_rim([0.999, 0.5], 0.01));
        assert!(!ring.is_rim([0.5, 0.85], 0.01));
        assert!(!Shape::Disk { hole: 0.0 }.is_rim([0.5, 0.5], 0.01));
        assert!(Shape::HalfDisk { hole: 0.0 }.is_rim([0.995, 0.5], 0.01));
        assert!(!Shape::Section { hole: 0.5 }.is_rim([1.0, 0.5], 0.01));
    }
}
