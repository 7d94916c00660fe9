//! The grid: a geometry and its axes.

use std::ops::Range;

use crate::axis::{Axis, Ends};
use crate::error::Error;
use crate::geometry::Geometry;

/// A structured grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    geometry: Geometry,
    axes: Vec<Axis>,
}

/// Collects the axes of a [`Grid`].
#[derive(Clone, Debug)]
pub struct GridBuilder {
    geometry: Geometry,
    axes: Vec<Axis>,
}

/// Most cells along an axis: indices stay exact in doubles and in file formats.
const MOST_CELLS: usize = 1 << 31;
/// Most cells altogether: positions in memory, halos included, can be computed without overflow.
const MOST_CELLS_IN_ALL: f64 = (1u64 << 48) as f64;

impl GridBuilder {
    /// Adds an axis: its name, bounds, number of cells, and what happens at its ends.
    #[must_use]
    pub fn axis(mut self, name: &str, bounds: Range<f64>, cells: usize, ends: Ends) -> Self {
        let Range { start, end } = bounds;
        self.axes.push(Axis { name: name.into(), start, end, cells, ends });
        self
    }

    /// The grid.
    ///
    /// # Errors
    /// If there is no axis, one that the geometry lacks, one twice, or one with bounds or a
    /// number of cells that cannot be.
    pub fn build(mut self) -> Result<Grid, Error> {
        let known = self.geometry.axes();
        if self.axes.is_empty() || self.axes.len() > 3 {
            return Err(Error::Dimension { axes: self.axes.len() });
        }
        for (k, Axis { name: axis, start, end, cells, .. }) in self.axes.iter().enumerate() {
            let axis = axis.clone();
            if !known.contains(&axis.as_str()) {
                let geometry = self.geometry.name();
                return Err(Error::UnknownAxis { geometry, axis, known: known.join(", ") });
            }
            if self.axes[..k].iter().any(|other| other.name == axis) {
                return Err(Error::DuplicateAxis { axis });
            }
            if !(start.is_finite() && end.is_finite() && start < end) {
                return Err(Error::Bounds { axis, start: *start, end: *end });
            }
            if !(1..=MOST_CELLS).contains(cells) {
                return Err(Error::Cells { axis, cells: *cells, most: MOST_CELLS });
            }
        }
        let cells: f64 = self.axes.iter().map(|axis| axis.cells as f64).product();
        if cells > MOST_CELLS_IN_ALL {
            return Err(Error::TooLarge { cells, most: MOST_CELLS_IN_ALL });
        }
        self.axes.sort_by_key(|axis| known.iter().position(|name| *name == axis.name));
        Ok(Grid { geometry: self.geometry, axes: self.axes })
    }
}

impl Grid {
    /// A grid with straight axes at right angles, any of x, y and z.
    pub fn cartesian() -> GridBuilder {
        Self::builder(Geometry::Cartesian)
    }

    /// A grid of this geometry.
    pub fn builder(geometry: Geometry) -> GridBuilder {
        GridBuilder { geometry, axes: Vec::new() }
    }

    /// The coordinate system.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The named axes, in the geometry's order.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The names of the axes.
    pub fn axis_names(&self) -> Vec<String> {
        self.axes.iter().map(|axis| axis.name.clone()).collect()
    }

    /// A part of the grid of at most `cells` cells, with the same spacings: at the lower bounds
    /// for `place` = 0, at the upper ones for 1.
    #[must_use]
    pub fn cropped(&self, cells: usize, place: f64) -> Grid {
        let mut part = self.clone();
        while part.cells() > cells.max(1) {
            let longest = (0..part.axes.len()).max_by_key(|k| part.axes[*k].cells).unwrap_or(0);
            part.axes[longest].cells = part.axes[longest].cells.div_ceil(2);
        }
        for (axis, whole) in part.axes.iter_mut().zip(&self.axes) {
            let first = ((whole.cells - axis.cells) as f64 * place).round() as usize;
            (axis.start, axis.end) = (whole.face(first), whole.face(first + axis.cells));
        }
        part
    }

    /// Number of named axes.
    pub fn dimension(&self) -> usize {
        self.axes.len()
    }

    /// Number of axes, 0 to 2, that come before the named ones among the three inside.
    pub fn missing(&self) -> usize {
        3 - self.axes.len()
    }

    /// The named axis that is number `axis` of the three inside, unless that one is missing.
    pub fn inner_axis(&self, axis: usize) -> Option<&Axis> {
        axis.checked_sub(self.missing()).map(|named| &self.axes[named])
    }

    /// Cells along each of the three axes inside.
    pub fn shape(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.inner_axis(axis).map_or(1, Axis::cells))
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.shape().iter().product()
    }

    /// The volume (area, length) of one cell.
    pub fn cell_volume(&self) -> f64 {
        self.axes.iter().map(Axis::spacing).product()
    }

    /// The volume (area, length) of the domain.
    pub fn volume(&self) -> f64 {
        self.axes.iter().map(|axis| axis.end - axis.start).product()
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
        assert_eq!(grid.cell_volume(), 0.5);
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
    }
}
