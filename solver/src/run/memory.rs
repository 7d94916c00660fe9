//! The arrays of one rank, in one piece of memory.

use fluxions_grid::{CACHE_LINE, Layout};
use memmap2::MmapMut;

use crate::error::Error;

/// Doubles in 4 KiB: cells of different arrays at the same distance modulo this would compete
/// for the same places in the first-level cache.
const ALIAS: usize = 512;
/// What consecutive arrays are shifted by against each other: an odd number of lines.
const STAGGER: usize = 9 * CACHE_LINE;

/// Arrays of one layout, and a few single rows.
pub(crate) struct Memory {
    /// Pages from the system, which are zero, and become this rank's own where it touches them
    /// first.
    pages: MmapMut,
    layout: Layout,
    /// Where each array begins; arrays change places by this.
    arrays: Vec<usize>,
    first_row: usize,
}

impl Memory {
    /// Arrays and rows, all zero.
    ///
    /// # Errors
    /// If the system does not give as much memory.
    pub(crate) fn new(layout: Layout, arrays: usize, rows: usize) -> Result<Self, Error> {
        let stride = Self::stride(layout);
        let bytes = Self::bytes(layout, arrays, rows);
        let needed = bytes as u64;
        let pages =
            MmapMut::map_anon(bytes.max(1)).map_err(|source| Error::NoMemory { needed, source })?;
        // In huge pages the processor finds addresses faster; without them all is well, too.
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::HugePage);
        let first_row = arrays * stride;
        let arrays = (0..arrays).map(|k| k * stride).collect();
        Ok(Memory { pages, layout, arrays, first_row })
    }

    /// Bytes that arrays and rows take.
    pub(crate) fn bytes(layout: Layout, arrays: usize, rows: usize) -> usize {
        Self::doubles(layout, arrays, rows).next_multiple_of(CACHE_LINE) * size_of::<f64>()
    }

    fn doubles(layout: Layout, arrays: usize, rows: usize) -> usize {
        arrays * Self::stride(layout) + rows * layout.pitch()[1]
    }

    fn stride(layout: Layout) -> usize {
        layout.length().next_multiple_of(ALIAS) + STAGGER
    }

    /// The layout of each array.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// How many arrays there are.
    pub(crate) fn arrays(&self) -> usize {
        self.arrays.len()
    }

    /// Where an array begins.
    pub(crate) fn array(&self, number: usize) -> usize {
        self.arrays[number]
    }

    /// Where a row begins.
    pub(crate) fn row(&self, number: usize) -> usize {
        self.first_row + number * self.layout.pitch()[1]
    }

    /// Makes two arrays change places.
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        self.arrays.swap(a, b);
    }

    /// Makes arrays change places in pairs, as they do after a step.
    pub(crate) fn swap_all(&mut self, pairs: &[(usize, usize)]) {
        pairs.iter().for_each(|(a, b)| self.swap(*a, *b));
    }

    /// All of it.
    pub(crate) fn all(&self) -> &[f64] {
        bytemuck::cast_slice(&self.pages)
    }

    /// All of it.
    pub(crate) fn all_mut(&mut self) -> &mut [f64] {
        bytemuck::cast_slice_mut(&mut self.pages)
    }

    /// The numbers of an array.
    pub(crate) fn of_array(&self, number: usize) -> &[f64] {
        &self.all()[self.array(number)..][..self.layout.length()]
    }

    /// The numbers of an array.
    pub(crate) fn of_array_mut(&mut self, number: usize) -> &mut [f64] {
        let (start, length) = (self.array(number), self.layout.length());
        &mut self.all_mut()[start..][..length]
    }
}
