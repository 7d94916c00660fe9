//! The memory of one rank, in which its arrays lie in one piece.

use fluxions_grid::{CACHE_LINE, Layout};
use memmap2::MmapMut;

use crate::error::Error;
use crate::plan::action::Slot;

/// The number of doubles in 4 KiB. Cells of different arrays whose distance is a multiple of this
/// would compete for the same places in the first-level cache.
const ALIAS: usize = 512;
/// Each array is shifted by this number of doubles against the one before, which is an odd number
/// of cache lines.
const STAGGER: usize = 9 * CACHE_LINE;

/// The arrays of each rank are shifted by this number of doubles against those of the rank before,
/// since threads on one core may share its caches, and their memory often begins at like addresses.
/// The shift is not a multiple of the size of a way of a cache.
const APART: usize = 8192 + 5 * CACHE_LINE;
/// The number of ranks after which the shifts begin anew.
const SHIFTED: usize = 16;

/// The row for the results of reductions and for single numbers. The rows of random numbers follow
/// it.
pub(crate) const RESULT_ROW: usize = 0;

/// Arrays of one layout, and a few single rows.
pub(crate) struct Memory {
    /// Pages from the system. They are zero, and each lies near the rank that touches it first.
    pages: MmapMut,
    layout: Layout,
    /// The positions where the arrays begin. Arrays change places by exchanging these.
    arrays: Vec<usize>,
    first_row: usize,
    rows: usize,
    /// The unknowns without space.
    globals: Vec<f64>,
}

impl Memory {
    /// Makes arrays and rows that are all zero, for the rank of this number.
    ///
    /// # Errors
    /// If the system does not grant the memory.
    pub(crate) fn new(
        layout: Layout,
        arrays: usize,
        rows: usize,
        rank: usize,
    ) -> Result<Self, Error> {
        let stride = Self::stride(layout);
        let shift = rank % SHIFTED * APART;
        let bytes = Self::bytes(layout, arrays, rows) + shift * size_of::<f64>();
        let needed = bytes as u64;
        let pages =
            MmapMut::map_anon(bytes.max(1)).map_err(|source| Error::NoMemory { needed, source })?;
        // With huge pages, addresses are translated faster. Without them, nothing is lost.
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::HugePage);
        let first_row = shift + arrays * stride;
        let arrays = (0..arrays).map(|k| shift + k * stride).collect();
        Ok(Memory { pages, layout, arrays, first_row, rows, globals: Vec::new() })
    }

    /// The number of bytes that arrays and rows take on rank 0.
    pub(crate) fn bytes(layout: Layout, arrays: usize, rows: usize) -> usize {
        Self::doubles(layout, arrays, rows).next_multiple_of(CACHE_LINE) * size_of::<f64>()
    }

    fn doubles(layout: Layout, arrays: usize, rows: usize) -> usize {
        arrays * Self::stride(layout) + rows * layout.pitch()[1]
    }

    fn stride(layout: Layout) -> usize {
        layout.length().next_multiple_of(ALIAS) + STAGGER
    }

    /// The unknowns without space; none before they are set.
    pub(crate) fn globals(&self) -> &[f64] {
        &self.globals
    }

    /// Sets the unknowns without space.
    pub(crate) fn set_globals(&mut self, values: &[f64]) {
        self.globals.clear();
        self.globals.extend(values);
    }

    /// The layout that all arrays have.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// The number of rows beside the arrays.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The number of arrays.
    pub(crate) fn arrays(&self) -> usize {
        self.arrays.len()
    }

    /// The position where an array begins.
    pub(crate) fn array(&self, number: usize) -> usize {
        self.arrays[number]
    }

    /// The position where a row begins.
    pub(crate) fn row(&self, number: usize) -> usize {
        self.first_row + number * self.layout.pitch()[1]
    }

    /// The position where the array of a block would begin if this single row were its row (i, j).
    /// It may lie before the memory, since kernels compute positions modulo 2^64.
    pub(crate) fn row_of_block(&self, row: usize, [i, j]: [usize; 2]) -> usize {
        let [pitch0, pitch1] = self.layout.pitch();
        self.row(row).wrapping_sub(i * pitch0 + j * pitch1)
    }

    /// The position where an array or a row begins.
    pub(crate) fn slot(&self, slot: Slot) -> usize {
        match slot {
            Slot::Array(number) => self.array(number),
            Slot::Row(number) => self.row(number),
        }
    }

    /// Makes two arrays change places.
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        self.arrays.swap(a, b);
    }

    /// Makes arrays change places in pairs, as they do after a step.
    pub(crate) fn swap_all(&mut self, pairs: &[(usize, usize)]) {
        pairs.iter().for_each(|(a, b)| self.swap(*a, *b));
    }

    /// All numbers of all arrays and rows.
    pub(crate) fn all(&self) -> &[f64] {
        bytemuck::cast_slice(&self.pages)
    }

    /// All numbers of all arrays and rows, mutable.
    pub(crate) fn all_mut(&mut self) -> &mut [f64] {
        bytemuck::cast_slice_mut(&mut self.pages)
    }

    /// The numbers of an array.
    pub(crate) fn of_array(&self, number: usize) -> &[f64] {
        &self.all()[self.array(number)..][..self.layout.length()]
    }

    /// The numbers of an array, mutable.
    pub(crate) fn of_array_mut(&mut self, number: usize) -> &mut [f64] {
        let (start, length) = (self.array(number), self.layout.length());
        &mut self.all_mut()[start..][..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        on_rank(0)
    }

    fn on_rank(rank: usize) -> Memory {
        Memory::new(Layout::new([3, 4, 5], [1, 2, 1]), 4, 2, rank).unwrap()
    }

    #[test]
    fn arrays_and_rows_lie_apart() {
        let mut memory = memory();
        for array in 0..4 {
            memory.of_array_mut(array).fill(array as f64 + 1.0);
        }
        let cells = memory.layout().shape()[2];
        for row in 0..2 {
            let start = memory.row(row);
            memory.all_mut()[start..][..cells].fill(-1.0 - row as f64);
        }
        for array in 0..4 {
            assert!(memory.of_array(array).iter().all(|x| *x == array as f64 + 1.0));
        }
        for row in 0..2 {
            let numbers = &memory.all()[memory.row(row)..][..cells];
            assert!(numbers.iter().all(|x| *x == -1.0 - row as f64));
        }
    }

    #[test]
    fn rows_of_cells_begin_on_cache_lines_of_which_no_two_arrays_share_a_place() {
        let memory = memory();
        let layout = memory.layout();
        assert_eq!(memory.all().as_ptr() as usize % 64, 0);
        for array in 0..4 {
            for (i, j) in [(0, 0), (0, 3), (2, 1)] {
                assert_eq!((memory.array(array) + layout.index([i, j, 0])) % CACHE_LINE, 0);
            }
        }
        for row in 0..2 {
            assert_eq!(memory.row(row) % CACHE_LINE, 0);
        }
        let places: std::collections::HashSet<_> =
            (0..4).map(|array| memory.array(array) % ALIAS / CACHE_LINE).collect();
        assert_eq!(places.len(), 4);
        // Nor does any array of another rank.
        let other = on_rank(1);
        let beside: Vec<_> = (0..4).map(|array| other.array(array) % ALIAS / CACHE_LINE).collect();
        assert!(beside.iter().all(|place| !places.contains(place)), "{beside:?} {places:?}");
    }

    #[test]
    fn memory_is_zero_and_as_large_as_announced() {
        let memory = memory();
        assert!(memory.all().iter().all(|x| *x == 0.0));
        assert_eq!(size_of_val(memory.all()), Memory::bytes(memory.layout(), 4, 2));
    }

    #[test]
    fn arrays_change_places_in_pairs() {
        let mut memory = memory();
        for array in 0..4 {
            memory.of_array_mut(array)[0] = array as f64;
        }
        memory.swap_all(&[(0, 2), (2, 3)]);
        let first: Vec<f64> = (0..4).map(|array| memory.of_array(array)[0]).collect();
        assert_eq!(first, [2.0, 1.0, 3.0, 0.0]);
    }

    #[test]
    fn a_row_stands_for_any_row_of_a_block() {
        let memory = memory();
        let layout = memory.layout();
        for (i, j) in [(0, 0), (2, 3)] {
            let start = memory.row_of_block(1, [i, j]);
            let cell = i * layout.pitch()[0] + j * layout.pitch()[1];
            assert_eq!(start.wrapping_add(cell), memory.row(1));
        }
    }
}
