//! Copies the cells of a region to consecutive numbers and back.

use fluxions_comm::Rows;
use fluxions_grid::{Layout, Region};

/// The rows of a region in an array.
pub(crate) fn rows(layout: &Layout, region: &Region) -> Rows {
    let [outer, inner, length] = region.shape();
    let (start, strides) = (layout.index(region.start), layout.pitch());
    Rows { start, counts: [outer, inner], strides, length }
}

/// Copies the cells of `region`, row by row, to the start of `packed`. Returns the rest of
/// `packed`.
pub(crate) fn pack<'p>(
    array: &[f64],
    layout: &Layout,
    region: &Region,
    packed: &'p mut [f64],
) -> &'p mut [f64] {
    let (cells, rest) = packed.split_at_mut(region.cells());
    if cells.is_empty() {
        return rest;
    }
    let rows = rows(layout, region);
    match rows.length {
        1 => pack_short::<1>(array, &rows, cells),
        2 => pack_short::<2>(array, &rows, cells),
        3 => pack_short::<3>(array, &rows, cells),
        4 => pack_short::<4>(array, &rows, cells),
        length => {
            let mut cells = cells.chunks_exact_mut(length);
            layout.rows(region, |at, length| {
                let row = cells.next();
                row.into_iter().for_each(|row| row.copy_from_slice(&array[at..at + length]));
            });
        }
    }
    rest
}

/// Copies rows of so few cells that they are copied as one value: those of faces across the contiguous axis.
fn pack_short<const N: usize>(array: &[f64], rows: &Rows, cells: &mut [f64]) {
    let ([_, inner], [far, near]) = (rows.counts, rows.strides);
    for (plane, cells) in cells.chunks_exact_mut(inner * N).enumerate() {
        let array = &array[rows.start + plane * far..];
        for (cells, row) in cells.as_chunks_mut::<N>().0.iter_mut().zip(array.chunks(near)) {
            row.first_chunk().into_iter().for_each(|row| *cells = *row);
        }
    }
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
    let (cells, rest) = packed.split_at(region.cells());
    if cells.is_empty() {
        return rest;
    }
    let rows = rows(layout, region);
    match rows.length {
        1 => unpack_short::<1>(cells, &rows, array),
        2 => unpack_short::<2>(cells, &rows, array),
        3 => unpack_short::<3>(cells, &rows, array),
        4 => unpack_short::<4>(cells, &rows, array),
        length => {
            let mut cells = cells.chunks_exact(length);
            layout.rows(region, |at, length| {
                let row = cells.next();
                row.into_iter().for_each(|row| array[at..at + length].copy_from_slice(row));
            });
        }
    }
    if negate {
        change_sign(layout, region, array);
    }
    rest
}

fn unpack_short<const N: usize>(cells: &[f64], rows: &Rows, array: &mut [f64]) {
    let ([_, inner], [far, near]) = (rows.counts, rows.strides);
    for (plane, cells) in cells.chunks_exact(inner * N).enumerate() {
        let array = &mut array[rows.start + plane * far..];
        for (cells, row) in cells.as_chunks::<N>().0.iter().zip(array.chunks_mut(near)) {
            row.first_chunk_mut().into_iter().for_each(|row| *row = *cells);
        }
    }
}

/// Changes the sign of the cells of a region.
pub(crate) fn change_sign(layout: &Layout, region: &Region, array: &mut [f64]) {
    layout.rows(region, |at, length| {
        array[at..at + length].iter_mut().for_each(|cell| *cell = -*cell);
    });
}
