//! Cells along a wall of the domain: read inside, written beyond.

use fluxions_grid::{Face, Layout, Region, Side};

use crate::pack::{pack, unpack};

/// The cells of `along` at a distance from a face: 0 are those next to it, 1 the next ones
/// inwards, −1 the ghost cells beyond it.
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

/// Writes consecutive numbers into the cells of a layer.
pub fn write(cells: &[f64], layout: &Layout, layer: &Region, array: &mut [f64]) {
    unpack(cells, layout, layer, false, array);
}
