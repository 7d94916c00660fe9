//! Layers of ghost cells beyond the faces of the domain, which sweeps of their own compute.

use fluxions_grid::{Face, Region, Side};
use fluxions_halo::Subdomain;

use crate::plan::margins::Margins;

/// A layer of ghost cells of a block, counted from 1, beyond a face of the domain, whose numbers of
/// cells are `domain`. Along the other axes it goes `beyond` the block. Empty if the block does not
/// lie at the face.
pub(crate) fn ghost_layer(
    block: &Subdomain,
    domain: [usize; 3],
    Face { axis, side }: Face,
    layer: usize,
    beyond: Margins,
) -> Region {
    let (cells, layer) = (block.shape()[axis], layer as isize);
    let (lies_there, start) = match side {
        Side::Lower => (block.start()[axis] == 0, -layer),
        Side::Upper => (block.start()[axis] + cells == domain[axis], cells as isize + layer - 1),
    };
    let end = if lies_there { start + 1 } else { start };
    block.domain().grown(beyond).with_axis(axis, start, end)
}
