//! The numbers of a grid, brought together on every rank.

use fluxions_comm::{Combine, World};

use crate::error::Error;
use crate::solvers::multigrid::slab::Slab;

/// The numbers of a grid of this shape, of which each rank has a slab: row by row. Collective.
pub(crate) fn gather_slab<'a>(
    world: &World,
    (shape, slab): ([usize; 3], Slab),
    rows: impl Iterator<Item = &'a [f64]>,
) -> Result<Vec<f64>, Error> {
    let [_, n1, n2] = shape;
    let across = slab.shape(shape)[1];
    let rows = rows.enumerate().map(|(row, numbers)| {
        let mut indices = [row / across, row % across];
        indices[slab.axis] += slab.first;
        ((indices[0] * n1 + indices[1]) * n2, numbers)
    });
    gather(world, shape.iter().product(), rows)
}

/// The numbers of so many cells, of which each rank gives rows of its own: each with the number of its first cell.
/// Collective.
pub(crate) fn gather<'a>(
    world: &World,
    cells: usize,
    rows: impl Iterator<Item = (usize, &'a [f64])>,
) -> Result<Vec<f64>, Error> {
    let mut bits = vec![0i64; cells];
    for (first, row) in rows {
        let to = bits[first..first + row.len()].iter_mut();
        to.zip(row).for_each(|(to, x)| *to = x.to_bits() as i64);
    }
    // Each number is that of one rank, and 0 on all others.
    world.combine(Combine::Sum, &mut bits)?;
    Ok(bits.into_iter().map(|bits| f64::from_bits(bits as u64)).collect())
}
