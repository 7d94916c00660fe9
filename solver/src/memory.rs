//! The arrays of one rank, in one piece of memory.

use bytemuck::{Pod, Zeroable};
use fluxions_grid::Layout;

/// 64 bytes, so that arrays begin on cache lines.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f64; 8]);

/// Doubles in a line.
const LINE: usize = 8;
/// Doubles in 4 KiB: cells of different arrays at the same distance modulo this would compete
/// for the same places in the first-level cache.
const ALIAS: usize = 512;
/// What consecutive arrays are shifted by against each other: an odd number of lines.
const STAGGER: usize = 9 * LINE;

/// Arrays of one layout, and a few single rows.
pub(crate) struct Memory {
    lines: Box<[Line]>,
    layout: Layout,
    /// Where each array begins; arrays change places by this.
    arrays: Vec<usize>,
    first_row: usize,
}

impl Memory {
    /// Arrays and rows, all zero.
    pub(crate) fn new(layout: Layout, arrays: usize, rows: usize) -> Self {
        let stride = Self::stride(layout);
        let lines = bytemuck::zeroed_slice_box(Self::doubles(layout, arrays, rows).div_ceil(LINE));
        let first_row = arrays * stride;
        Memory { lines, layout, arrays: (0..arrays).map(|k| k * stride).collect(), first_row }
    }

    /// Bytes that arrays and rows take.
    pub(crate) fn bytes(layout: Layout, arrays: usize, rows: usize) -> usize {
        Self::doubles(layout, arrays, rows).next_multiple_of(LINE) * size_of::<f64>()
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

    /// All of it.
    pub(crate) fn all(&self) -> &[f64] {
        bytemuck::cast_slice(&self.lines)
    }

    /// All of it.
    pub(crate) fn all_mut(&mut self) -> &mut [f64] {
        bytemuck::cast_slice_mut(&mut self.lines)
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
