//! Copies the cells of a region to consecutive numbers and back.

use fluxions_grid::{Layout, Region};

/// Copies the cells of `region`, row by row, to the start of `packed`. Returns the rest of
/// `packed`.
pub(crate) fn pack<'p>(
    array: &[f64],
    layout: &Layout,
    region: &Region,
    packed: &'p mut [f64],
) -> &'p mut [f64] {
    let (mut cells, rest) = packed.split_at_mut(region.cells());
    layout.rows(region, |at, length| {
        let (row, others) = std::mem::take(&mut cells).split_at_mut(length);
        // Faces across the contiguous axis consist of rows of one cell.
        if let [cell] = row {
            *cell = array[at];
        } else {
            row.copy_from_slice(&array[at..at + length]);
        }
        cells = others;
    });
    rest
}

/// Copies the start of `packed` to the cells of `region`, with the sign changed if `negate`.
/// Returns the rest of `packed`.
pub(crate) fn unpack<'p>(
    packed: &'p [f64],
    layout: &Layout,
    region: &Region,
    negate: bool,
    array: &mut [f64],
) -> &'p [f64] {
    let (mut cells, rest) = packed.split_at(region.cells());
    layout.rows(region, |at, length| {
        let (row, others) = cells.split_at(length);
        if let ([cell], false) = (row, negate) {
            array[at] = *cell;
        } else if negate {
            array[at..at + length].iter_mut().zip(row).for_each(|(a, x)| *a = -x);
        } else {
            array[at..at + length].copy_from_slice(row);
        }
        cells = others;
    });
    rest
}
