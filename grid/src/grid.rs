//! Grids: a geometry and its axes.

use std::f64::consts::PI;
use std::ops::Range;

use crate::axis::{Axis, Ends};
use crate::error::Error;
use crate::geometry::Geometry;

/// A structured grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    geometry: Geometry,
    axes: Vec<Axis>,
    conservative: Option<bool>,
}

/// Collects the axes of a [`Grid`].
#[derive(Clone, Debug)]
pub struct GridBuilder {
    geometry: Geometry,
    axes: Vec<Axis>,
    conservative: Option<bool>,
}

/// The most cells along an axis. With this limit, indices are exact in doubles and in file formats.
const MOST_CELLS: usize = 1 << 31;
/// The most cells in all. With this limit, positions in memory, halos included, do not overflow.
const MOST_CELLS_IN_ALL: f64 = (1u64 << 48) as f64;

impl GridBuilder {
    /// Adds an axis with its name, its bounds, its number of cells and what happens at its ends.
    #[must_use]
    pub fn axis(mut self, name: &str, bounds: Range<f64>, cells: usize, ends: Ends) -> Self {
        let Range { start, end } = bounds;
        self.axes.push(Axis { name: name.into(), start, end, cells, ends });
        self
    }

    /// Sets whether operators on a curvilinear grid are those of finite volumes, which conserve
    /// integrals up to rounding, or plain differences. By default `laplace` is conservative, and on
    /// spherical grids so are `divergence` and `tensor_double_divergence`, as in py-pde.
    #[must_use]
    pub fn conservative(mut self, conservative: bool) -> Self {
        self.conservative = Some(conservative);
        self
    }

    /// Makes the grid.
    ///
    /// # Errors
    /// If there is no axis, if the geometry has no axis of some name, if an axis is given twice, or
    /// if the bounds or the number of cells of an axis are not allowed.
    pub fn build(mut self) -> Result<Grid, Error> {
        let known = self.geometry.axes();
        if self.axes.is_empty() || self.axes.len() > 3 {
            return Err(Error::Dimension { axes: self.axes.len() });
        }
        for (k, Axis { name: axis, start, end, cells, ends }) in self.axes.iter().enumerate() {
            let axis = axis.clone();
            if !known.contains(&axis.as_str()) {
                let geometry = self.geometry.name();
                return Err(Error::UnknownAxis { geometry, axis, known: known.join(", ") });
            }
            if self.axes[..k].iter().any(|other| other.name == axis) {
                return Err(Error::DuplicateAxis { axis });
            }
            if !(start.is_finite() && end.is_finite() && start < end && (end - start).is_finite()) {
                return Err(Error::Bounds { axis, start: *start, end: *end });
            }
            if self.geometry.is_curvilinear() && axis == "r" {
                if *start < 0.0 {
                    return Err(Error::NegativeRadius { start: *start });
                }
                if *ends == Ends::Periodic {
                    return Err(Error::PeriodicRadius);
                }
            }
            if !(1..=MOST_CELLS).contains(cells) {
                return Err(Error::Cells { axis, cells: *cells, most: MOST_CELLS });
            }
        }
        if self.geometry.is_curvilinear()
            && let Some(axis) = known.iter().find(|k| !self.axes.iter().any(|a| a.name == **k))
        {
            return Err(Error::MissingAxis { geometry: self.geometry.name(), axis });
        }
        let cells: f64 = self.axes.iter().map(|axis| axis.cells as f64).product();
        if cells > MOST_CELLS_IN_ALL {
            return Err(Error::TooLarge { cells, most: MOST_CELLS_IN_ALL });
        }
        self.axes.sort_by_key(|axis| known.iter().position(|name| *name == axis.name));
        Ok(Grid { geometry: self.geometry, axes: self.axes, conservative: self.conservative })
    }
}

impl Grid {
    /// Begins a grid with straight axes at right angles, which are any of x, y and z.
    pub fn cartesian() -> GridBuilder {
        Self::builder(Geometry::Cartesian)
    }

    /// Begins a grid of this geometry.
    pub fn builder(geometry: Geometry) -> GridBuilder {
        GridBuilder { geometry, axes: Vec::new(), conservative: None }
    }

    /// A line through another grid: one straight axis, of any name. Its cells lie around the points of the line.
    ///
    /// # Errors
    /// If the bounds or the number of cells are not allowed.
    pub fn line(name: &str, bounds: Range<f64>, cells: usize) -> Result<Grid, Error> {
        // Any name of the geometry serves to check the rest.
        let mut grid = Grid::cartesian().axis("x", bounds, cells, Ends::Bounded).build()?;
        grid.axes[0].name = name.into();
        Ok(grid)
    }

    /// The geometry.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Whether operators are conservative, if that was set.
    pub fn conservative(&self) -> Option<bool> {
        self.conservative
    }

    /// The named axes, in the order of the geometry.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The names of the axes.
    pub fn axis_names(&self) -> Vec<String> {
        self.axes.iter().map(|axis| axis.name.clone()).collect()
    }

    /// A part of the grid that has at most `cells` cells and the same spacings. It lies at the
    /// lower bounds for `place` = 0 and at the upper bounds for `place` = 1.
    #[must_use]
    pub fn cropped(&self, cells: usize, place: f64) -> Grid {
        let mut part = self.clone();
        while part.cells() > cells.max(1) {
            let longest = part.axes.iter_mut().max_by_key(|axis| axis.cells);
            let longest = longest.expect("a grid has at least one axis");
            longest.cells = longest.cells.div_ceil(2);
        }
        for (axis, whole) in part.axes.iter_mut().zip(&self.axes) {
            let first = ((whole.cells - axis.cells) as f64 * place).round() as usize;
            (axis.start, axis.end) = (whole.face(first), whole.face(first + axis.cells));
        }
        part
    }

    /// The number of cells along each named axis before the first cell of a part of this grid.
    pub fn offset_of(&self, part: &Grid) -> Vec<usize> {
        let before = |(whole, part): (&Axis, &Axis)| {
            ((part.start - whole.start) / whole.spacing()).round() as usize
        };
        self.axes.iter().zip(&part.axes).map(before).collect()
    }

    /// The number of named axes.
    pub fn dimension(&self) -> usize {
        self.axes.len()
    }

    /// The number of inner axes before the first named one, 0 to 2.
    pub fn missing(&self) -> usize {
        3 - self.axes.len()
    }

    /// The named axis that is number `axis` of the three inner axes. `None` if that axis has no
    /// name.
    pub fn inner_axis(&self, axis: usize) -> Option<&Axis> {
        axis.checked_sub(self.missing()).map(|named| &self.axes[named])
    }

    /// The number of cells along each of the three inner axes.
    pub fn shape(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.inner_axis(axis).map_or(1, Axis::cells))
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.shape().iter().product()
    }

    /// The names of a vector's components: the axes, followed by the coordinates on which fields do
    /// not depend.
    pub fn components(&self) -> Vec<String> {
        let symmetric = self.geometry.symmetric_axes().iter().map(|name| name.to_string());
        self.axis_names().into_iter().chain(symmetric).collect()
    }

    /// The volume (area, length) of a cell, if all cells have the same.
    pub fn cell_volume(&self) -> Option<f64> {
        let spacings = self.axes.iter().map(Axis::spacing);
        (!self.geometry.is_curvilinear()).then(|| spacings.product())
    }

    /// The volume (area, length) of the domain.
    pub fn volume(&self) -> f64 {
        let length = |axis: &Axis| axis.end - axis.start;
        let [a, b] = self.axes[0].bounds();
        match self.geometry {
            Geometry::Cartesian => self.axes.iter().map(length).product(),
            Geometry::Polar => PI * (b - a) * (b + a),
            Geometry::Cylindrical => PI * (b - a) * (b + a) * length(&self.axes[1]),
            Geometry::Spherical => 4.0 / 3.0 * PI * (b.powi(3) - a.powi(3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_in_the_geometrys_order_and_missing_ones_come_first() {
        let grid = Grid::cartesian()
            .axis("z", 0.0..2.0, 4, Ends::Bounded)
            .axis("x", 0.0..3.0, 3, Ends::Periodic)
            .build()
            .unwrap();
        assert_eq!(grid.axis_names(), ["x", "z"]);
        assert_eq!(grid.shape(), [1, 3, 4]);
        assert_eq!(grid.cell_volume(), Some(0.5));
        assert!(grid.inner_axis(0).is_none());
        assert_eq!(grid.inner_axis(2).unwrap().name(), "z");
    }

    #[test]
    fn faces_meet_the_bounds_exactly() {
        let grid = Grid::cartesian().axis("x", 0.1..0.7, 7, Ends::Bounded).build().unwrap();
        assert_eq!((grid.axes()[0].face(0), grid.axes()[0].face(7)), (0.1, 0.7));
    }

    #[test]
    fn a_part_keeps_the_spacings() {
        let grid = Grid::cartesian()
            .axis("x", 0.0..10.0, 100, Ends::Bounded)
            .axis("y", 0.0..1.0, 8, Ends::Bounded)
            .build()
            .unwrap();
        let part = grid.cropped(200, 1.0);
        assert_eq!(part.shape(), [1, 25, 8]);
        assert_eq!(part.axes()[0].bounds(), [7.5, 10.0]);
        assert_eq!(grid.offset_of(&part), [75, 0]);
        assert_eq!(grid.cropped(1000, 0.0), grid);
    }

    #[test]
    fn impossible_grids_are_refused() {
        let grid = Grid::cartesian;
        let bounded = Ends::Bounded;
        assert!(matches!(grid().build(), Err(Error::Dimension { axes: 0 })));
        for (bounds, cells) in [(1.0..1.0, 4), (2.0..1.0, 4), (0.0..f64::NAN, 4), (0.0..1.0, 0)] {
            assert!(grid().axis("x", bounds, cells, bounded).build().is_err());
        }
        let twice = grid().axis("x", 0.0..1.0, 4, bounded).axis("x", 0.0..1.0, 4, bounded);
        assert!(matches!(twice.build(), Err(Error::DuplicateAxis { .. })));
        let polar = grid().axis("r", 0.0..1.0, 4, bounded);
        assert_eq!(
            polar.build().unwrap_err().to_string(),
            "a cartesian grid has no axis `r`: its axes are x, y, z"
        );
        let radial = |start, ends| {
            Grid::builder(Geometry::Cylindrical).axis("r", start..2.0, 4, ends).build()
        };
        assert!(matches!(radial(-1.0, bounded), Err(Error::NegativeRadius { .. })));
        assert!(matches!(radial(0.0, Ends::Periodic), Err(Error::PeriodicRadius)));
        assert!(matches!(radial(0.0, bounded), Err(Error::MissingAxis { axis: "z", .. })));
    }
}
