//! How the grid is cut where equations are solved.

use fluxions_grid::Grid;
use fluxions_halo::Decomposition;

use crate::error::Error;

/// The least layers of a slab.
const THICK: usize = 8;

/// The blocks of so many ranks. `dims` are as for [`Decomposition::new`]. If they leave it open, ranks lie along the first
/// axis alone, since multigrid cuts its grids into slabs, or else so that rows are not cut, since sums over cut rows
/// cost messages. Cuts fit coarser grids.
///
/// # Errors
/// If the grid cannot be cut into this many blocks.
pub(crate) fn cut(
    grid: &Grid,
    ranks: usize,
    dims: &[usize],
    least: [usize; 3],
) -> Result<Decomposition, Error> {
    let axes = grid.axes().len();
    let mut slabs = vec![1; axes];
    slabs[0] = ranks;
    let mut rows = vec![0; axes];
    rows[axes - 1] = 1;
    // Thin slabs have large surfaces.
    let thick = least.map(|cells| cells.max(THICK));
    let is_open = axes > 1 && dims.iter().all(|ranks| *ranks == 0);
    let slabs = is_open.then(|| Decomposition::new(grid, ranks, &slabs, thick).ok()).flatten();
    let rows = || is_open.then(|| Decomposition::new(grid, ranks, &rows, least).ok()).flatten();
    let decomposition = match slabs.or_else(rows) {
        Some(found) => found,
        None => Decomposition::new(grid, ranks, dims, least)?,
    };
    Ok(decomposition.aligned(least))
}
