//! The cells along a wall of the domain. Those inside are read, and those beyond are written.

use fluxions_grid::{Face, Layout, Region, Side};

use crate::pack::{pack, unpack};

/// The cells of `along` at a distance from a face. Distance 0 is that of the cells next to the
/// face, 1 that of the next cells inwards, and −1 that of the ghost cells beyond the face.
pub fn layer(along: &Region, face: Face, block_cells: usize, distance: isize) -> Region {
    let index = match face.side {
        Side::Lower => distance,
        Side::Upper => block_cells as isize - 1 - distance,
    };
    along.with_axis(face.axis, index, index + 1)
}

/// Reads the cells of a layer into consecutive numbers.
pub fn read(array: &[f64], layout: &Layout, layer: &Region, cells: &mut [f64]) {
    pack(array, layout, layer, cells);
}

/// Writes consecutive numbers to the cells of a layer.
pub fn write(cells: &[f64], layout: &Layout, layer: &Region, array: &mut [f64]) {
    unpack(cells, layout, layer, false, array);
}
