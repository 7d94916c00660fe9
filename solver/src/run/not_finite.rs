//! Finds the places of numbers that are not finite.

use fluxions_grid::{Layout, Region};
use fluxions_halo::Subdomain;

/// The first cell in a region of the block in which an array is not finite. The result is its
/// number among all cells of the grid.
pub(crate) fn first(
    block: &Subdomain,
    layout: &Layout,
    array: &[f64],
    region: &Region,
) -> Option<u64> {
    let Region { start, end } = region.intersection(&block.domain());
    let rows = (start[0]..end[0]).flat_map(|i| (start[1]..end[1]).map(move |j| (i, j)));
    let mut cells = rows.flat_map(|(i, j)| (start[2]..end[2]).map(move |k| [i, j, k]));
    let found = cells.find(|cell| !array[layout.index(*cell)].is_finite())?;
    Some(block.global_number(found.map(|n| n as usize)))
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};
    use fluxions_halo::Decomposition;

    use super::*;

    #[test]
    fn the_first_cell_of_the_block_counts_and_halo_cells_do_not() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Ends::Bounded);
        let grid = grid.axis("y", 0.0..1.0, 5, Ends::Bounded).build().unwrap();
        let cut = Decomposition::new(&grid, 2, &[2, 1], [1; 3]).unwrap();
        let block = cut.subdomain(1);
        let layout = block.layout([0, 1, 1]);
        let mut array = vec![0.0; layout.length()];
        let everywhere = block.domain().grown([[0; 2], [1; 2], [1; 2]]);
        array[layout.index([0, -1, 2])] = f64::NAN;
        assert_eq!(first(&block, &layout, &array, &everywhere), None);
        array[layout.index([0, 1, 3])] = f64::INFINITY;
        array[layout.index([0, 1, 4])] = f64::NAN;
        // The second block begins at row 2 of the grid.
        assert_eq!(first(&block, &layout, &array, &everywhere), Some(3 * 5 + 3));
        let beside = block.domain().with_axis(2, 4, 5);
        assert_eq!(first(&block, &layout, &array, &beside), Some(3 * 5 + 4));
        let before = block.domain().with_axis(1, 0, 1);
        assert_eq!(first(&block, &layout, &array, &before), None);
    }
}
