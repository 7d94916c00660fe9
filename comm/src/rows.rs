//! Rows of numbers at equal distances, such as the cells of a face of a block.

use std::ops::Range;

/// Rows of numbers in a list: `counts[0]` times `counts[1]` rows of `length` numbers each. The first one begins at `start`, and
/// the strides are the distances from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Where the first row begins.
    pub start: usize,
    /// The numbers of rows along two axes.
    pub counts: [usize; 2],
    /// The distances of rows along these.
    pub strides: [usize; 2],
    /// The number of numbers in a row.
    pub length: usize,
}

impl Rows {
    /// The number of numbers in all rows; the largest integer if there are more.
    pub fn numbers(&self) -> usize {
        self.counts[0].saturating_mul(self.counts[1]).saturating_mul(self.length)
    }

    /// One past the last number; the largest integer if that is beyond it.
    pub fn end(&self) -> usize {
        let last =
            |axis: usize| self.counts[axis].saturating_sub(1).saturating_mul(self.strides[axis]);
        self.start.saturating_add(last(0)).saturating_add(last(1)).saturating_add(self.length)
    }

    /// The same rows, as few and as long ones as possible.
    #[must_use]
    pub fn joined(mut self) -> Self {
        let [outer, inner] = self.counts;
        if self.end() == usize::MAX {
            return self;
        }
        if inner == 1 {
            (self.counts, self.strides) = ([1, outer], [0, self.strides[0]]);
        } else if outer > 1 && Some(self.strides[0]) == inner.checked_mul(self.strides[1]) {
            (self.counts, self.strides) = ([1, outer * inner], [0, self.strides[1]]);
        }
        if self.counts[0] <= 1 && (self.counts[1] == 1 || self.strides[1] == self.length) {
            self.length *= self.counts[1];
            self.counts[1] = 1;
        }
        self
    }

    /// Where the rows begin.
    pub(crate) fn starts(self) -> impl Iterator<Item = usize> {
        let ([outer, inner], [far, near]) = (self.counts, self.strides);
        (0..outer).flat_map(move |i| (0..inner).map(move |j| self.start + i * far + j * near))
    }
}

/// Whether numbers of some rows lie in others, or twice in the same ones; numbers of `read` may lie in others of `read`.
pub(crate) fn overlap<'r>(
    written: impl Iterator<Item = &'r Rows>,
    read: impl Iterator<Item = &'r Rows>,
) -> bool {
    // The place of each row, and whether it is written.
    let mut found: Vec<(Range<usize>, bool)> = Vec::new();
    for rows in written.filter(|rows| rows.numbers() > 0) {
        if rows.numbers() > rows.end() - rows.start {
            return true;
        }
        found.extend(rows.starts().map(|start| (start..start + rows.length, true)));
    }
    for rows in read.filter(|rows| rows.numbers() > 0) {
        // Rows that repeat themselves are not looked at one by one, which may be without end.
        match rows.numbers() > rows.end() - rows.start {
            true => found.push((rows.start..rows.end(), false)),
            false => found.extend(rows.starts().map(|at| (at..at + rows.length, false))),
        }
    }
    found.sort_unstable_by_key(|(row, _)| row.start);
    // How far the rows before reach, and those of them that are written.
    let [mut all, mut of_written] = [0; 2];
    for (row, is_written) in found {
        if row.start < of_written || is_written && row.start < all {
            return true;
        }
        all = all.max(row.end);
        if is_written {
            of_written = row.end;
        }
    }
    false
}

/// What one rank sends to another or receives from it: the rows of a list, under a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The other rank.
    pub rank: usize,
    /// The tag of the message.
    pub tag: usize,
    /// The rows.
    pub rows: Rows,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_rows_are_the_same_numbers() {
        for (counts, strides, length, rows) in [
            ([1, 1], [0, 0], 5, 1),
            ([2, 1], [5, 7], 5, 1),
            ([2, 3], [15, 5], 5, 1),
            ([2, 3], [18, 6], 5, 6),
            ([2, 3], [20, 5], 5, 6),
            ([4, 1], [6, 9], 1, 4),
        ] {
            let rows_before = Rows { start: 2, counts, strides, length };
            let joined = rows_before.joined();
            let all = |rows: Rows| -> Vec<usize> {
                rows.starts().flat_map(|start| start..start + rows.length).collect()
            };
            assert_eq!(all(joined), all(rows_before));
            assert_eq!(joined.counts[0] * joined.counts[1], rows);
            assert_eq!(joined.end(), rows_before.end());
            assert_eq!(all(joined).len(), joined.numbers());
        }
    }

    #[test]
    fn rows_that_overlap_are_found() {
        let rows = |start, counts, strides, length| Rows { start, counts, strides, length };
        let column = |start| rows(start, [1, 3], [0, 4], 1);
        let overlaps = |written: &[Rows], read: &[Rows]| overlap(written.iter(), read.iter());
        assert!(!overlaps(&[column(0), column(3)], &[column(1), column(1), column(2)]));
        assert!(overlaps(&[column(0), column(0)], &[]));
        assert!(overlaps(&[column(0)], &[rows(3, [1, 1], [0, 0], 2)]));
        assert!(overlaps(&[rows(3, [1, 1], [0, 0], 2)], &[column(0)]));
        assert!(!overlaps(&[rows(4, [1, 1], [0, 0], 0)], &[column(0)]));
        // A row within a long one that is only read, after a short one.
        assert!(overlaps(&[rows(5, [1, 1], [0, 0], 1)], &[rows(0, [1, 1], [0, 0], 9), column(1)]));
        assert!(overlaps(&[rows(0, [2, 3], [2, 1], 1)], &[]));
        assert!(overlaps(&[rows(0, [1, 2], [0, 1], 2)], &[]));
        let endless = rows(0, [usize::MAX, 1], [0, 0], 1);
        assert!(overlaps(&[endless], &[]));
        assert!(!overlaps(&[column(1)], &[endless]));
        assert!(overlaps(&[column(0)], &[endless]));
    }
}
