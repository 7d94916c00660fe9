//! Layouts: the positions of the cells of a block in memory.

use ndarray::{ArrayView3, ArrayViewMut3, ShapeBuilder};

use crate::region::Region;

/// The number of doubles in a cache line of 64 bytes.
pub const CACHE_LINE: usize = 8;

/// The positions of the cells of a block and of the halo around it in an array of doubles. Axis 2
/// is contiguous. Every row of the domain starts on a 64-byte boundary if the array does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: [usize; 3],
    halo: [usize; 3],
    pitch: [usize; 2],
    origin: usize,
    length: usize,
}

impl Layout {
    /// The layout of a block of `shape` cells with `halo` layers of halo cells on both sides of
    /// each axis.
    pub fn new(shape: [usize; 3], halo: [usize; 3]) -> Self {
        let left = halo[2].next_multiple_of(CACHE_LINE);
        let pitch1 = (left + shape[2] + halo[2]).next_multiple_of(CACHE_LINE);
        let pitch0 = pitch1 * (shape[1] + 2 * halo[1]);
        let origin = halo[0] * pitch0 + halo[1] * pitch1 + left;
        let length = pitch0 * (shape[0] + 2 * halo[0]);
        Layout { shape, halo, pitch: [pitch0, pitch1], origin, length }
    }

    /// The number of cells of the block along each axis.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The number of halo layers on both sides of each axis.
    pub fn halo(&self) -> [usize; 3] {
        self.halo
    }

    /// The distances between neighbouring cells along axis 0 and axis 1.
    #[inline]
    pub fn pitch(&self) -> [usize; 2] {
        self.pitch
    }

    /// The position of cell (0, 0, 0) in the array.
    #[inline]
    pub fn origin(&self) -> usize {
        self.origin
    }

    /// The number of doubles in the array.
    #[inline]
    pub fn length(&self) -> usize {
        self.length
    }

    /// The domain: the block's own cells.
    pub fn domain(&self) -> Region {
        Region::domain(self.shape)
    }

    /// The position of a cell in the array. The cell may be a halo cell.
    #[inline]
    pub fn index(&self, cell: [isize; 3]) -> usize {
        let offset = cell[0] * self.pitch[0] as isize + cell[1] * self.pitch[1] as isize + cell[2];
        (self.origin as isize + offset) as usize
    }

    /// The domain of an array of this layout as a three-dimensional view.
    pub fn view<'a>(&self, array: &'a [f64]) -> ArrayView3<'a, f64> {
        let shape = self.shape.strides([self.pitch[0], self.pitch[1], 1]);
        // The constructor made the array long enough for the last cell of the domain.
        ArrayView3::from_shape(shape, &array[self.origin..]).expect("a view within its array")
    }

    /// The domain of an array of this layout as a mutable three-dimensional view.
    pub fn view_mut<'a>(&self, array: &'a mut [f64]) -> ArrayViewMut3<'a, f64> {
        let shape = self.shape.strides([self.pitch[0], self.pitch[1], 1]);
        ArrayViewMut3::from_shape(shape, &mut array[self.origin..])
            .expect("a view within its array")
    }

    /// Calls `row` for each row of `region`, with its position in the array and its length.
    pub fn rows(&self, region: &Region, mut row: impl FnMut(usize, usize)) {
        let length = region.shape()[2];
        for i in region.start[0]..region.end[0] {
            for j in region.start[1]..region.end[1] {
                row(self.index([i, j, region.start[2]]), length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_start_on_cache_lines_and_halo_cells_have_room() {
        for shape in [[1, 1, 5], [1, 3, 8], [2, 3, 4]] {
            for halo in [[0, 0, 1], [1, 1, 1], [2, 3, 9]] {
                let layout = Layout::new(shape, halo);
                assert_eq!(layout.index([0, 0, 0]) % 8, 0);
                assert_eq!(layout.pitch()[0] % 8, 0);
                let first = layout.domain().grown(halo.map(|h| [h, h]));
                layout.index(first.start);
                assert!(layout.index(first.end.map(|e| e - 1)) < layout.length());
                let mut seen = std::collections::HashSet::new();
                layout.rows(&first, |at, n| (at..at + n).for_each(|i| assert!(seen.insert(i))));
                assert_eq!(seen.len(), first.cells());
            }
        }
    }

    #[test]
    fn views_show_the_domain() {
        let layout = Layout::new([1, 2, 3], [0, 1, 1]);
        let mut array = vec![0.0; layout.length()];
        layout.view_mut(&mut array)[[0, 1, 2]] = 7.0;
        assert_eq!(array[layout.index([0, 1, 2])], 7.0);
        assert_eq!(layout.view(&array).sum(), 7.0);
    }
}
