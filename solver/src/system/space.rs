//! The space of a grid or geometry, as expressions know it.

use fluxions_expr::{Coordinates, Space};
use fluxions_grid::{Geometry, Grid};

/// The coordinates, axes and directions of a grid.
pub fn of(grid: &Grid) -> Space {
    with_axes(grid.geometry(), grid.axis_names())
}

/// The spacing of cells along each axis by its name in expressions, such as `dx`; without a number
/// where the grid is not known yet.
pub fn spacings(space: &Space, grid: Option<&Grid>) -> Vec<(String, Option<f64>)> {
    let one = |(k, axis): (usize, &String)| {
        (format!("d{axis}"), grid.map(|grid| grid.axes()[k].spacing()))
    };
    space.axes.iter().enumerate().map(one).collect()
}

/// The coordinates, axes and directions of a geometry with these of its axes.
pub fn with_axes(geometry: Geometry, axes: Vec<String>) -> Space {
    let coordinates = match geometry {
        Geometry::Cartesian => Coordinates::Cartesian,
        Geometry::Polar => Coordinates::Polar,
        Geometry::Spherical => Coordinates::Spherical,
        Geometry::Cylindrical => Coordinates::Cylindrical,
    };
    let symmetric = geometry.symmetric_axes().iter().map(|name| name.to_string());
    let components = axes.iter().cloned().chain(symmetric).collect();
    Space { coordinates, axes, components }
}
