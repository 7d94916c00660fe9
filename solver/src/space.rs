//! The space of a grid, as expressions know it.

use fluxions_expr::{Coordinates, Space};
use fluxions_grid::{Geometry, Grid};

/// The coordinates, axes and directions of a grid.
pub fn of(grid: &Grid) -> Space {
    let coordinates = match grid.geometry() {
        Geometry::Cartesian => Coordinates::Cartesian,
        Geometry::Polar => Coordinates::Polar,
        Geometry::Spherical => Coordinates::Spherical,
        Geometry::Cylindrical => Coordinates::Cylindrical,
    };
    Space { coordinates, axes: grid.axis_names(), components: grid.components() }
}
