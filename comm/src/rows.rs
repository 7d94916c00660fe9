//! Rows of numbers at equal distances, such as the cells of a face of a block.

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
}
