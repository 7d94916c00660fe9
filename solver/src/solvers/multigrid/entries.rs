//! The entries of a matrix on a grid or a slab of it. Rows of cells with the same entries share them, so that a matrix with
//! the same coefficients everywhere is small, and reading it costs no memory traffic.

use std::collections::HashMap;
use std::ops::Range;

use fluxions_comm::{Combine, ExactSum, World};

use crate::error::Error;

/// The entries of the cells of a slab for some neighbours, row of cells by row of cells.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    /// For how many neighbours there are entries, and how many cells a row has.
    neighbours: usize,
    length: usize,
    /// For each kind of row, one neighbour after the other, the entries of its cells.
    numbers: Vec<f64>,
    /// The kind of each row.
    kinds: Vec<u32>,
}

impl Entries {
    /// Entries for so many neighbours in rows of so many cells, without a row so far.
    pub(crate) fn new(neighbours: usize, length: usize) -> Self {
        Entries { neighbours, length, numbers: Vec::new(), kinds: Vec::new() }
    }

    /// Those in lists, one for each neighbour, of the entries of all cells; of an empty list all are 0.
    pub(crate) fn of_lists(lists: &[Vec<f64>], length: usize, rows: usize) -> Self {
        let mut entries = Entries::new(lists.len(), length);
        let mut known: HashMap<u64, u32> = HashMap::new();
        let mut row = vec![0.0; lists.len() * length];
        for number in 0..rows {
            for (of_neighbour, list) in row.chunks_exact_mut(length).zip(lists) {
                if let Some(of_row) = list.get(number * length..(number + 1) * length) {
                    of_neighbour.copy_from_slice(of_row);
                }
            }
            let hash = hash(&row);
            match known.get(&hash).filter(|kind| are_same(entries.of_kind(**kind), &row)) {
                Some(kind) => entries.push_again(*kind),
                None => {
                    let kind = entries.push(&row);
                    known.insert(hash, kind);
                }
            }
        }
        entries
    }

    /// The bytes of memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.numbers) + size_of_val(&*self.kinds)
    }

    /// Adds a row with entries of its own, neighbour by neighbour: its kind.
    pub(crate) fn push(&mut self, row: &[f64]) -> u32 {
        let kind = self.count() as u32;
        self.numbers.extend_from_slice(row);
        self.kinds.push(kind);
        kind
    }

    /// Adds a row of a kind that is there.
    pub(crate) fn push_again(&mut self, kind: u32) {
        self.kinds.push(kind);
    }

    /// A hash of the entries of a row.
    pub(crate) fn hash_of(&self, row: usize) -> u64 {
        hash(self.of_row(row))
    }

    /// How many rows have entries whose hash, without its last bit, is this.
    pub(crate) fn count_with(&self, half: u64) -> usize {
        let is_it: Vec<bool> =
            (0..self.count() as u32).map(|kind| hash(self.of_kind(kind)) >> 1 == half).collect();
        self.kinds.iter().filter(|kind| is_it[**kind as usize]).count()
    }

    /// For how many neighbours there are entries, and how many cells a row has.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.neighbours, self.length)
    }

    /// The kind of each row.
    pub(crate) fn kinds(&self) -> &[u32] {
        &self.kinds
    }

    /// How many kinds of rows there are.
    pub(crate) fn count(&self) -> usize {
        self.numbers.len() / (self.neighbours * self.length)
    }

    /// The entries of a kind of row, neighbour by neighbour.
    pub(crate) fn of_kind(&self, kind: u32) -> &[f64] {
        let size = self.neighbours * self.length;
        &self.numbers[kind as usize * size..][..size]
    }

    /// The entries of a row, neighbour by neighbour.
    pub(crate) fn of_row(&self, row: usize) -> &[f64] {
        self.of_kind(self.kinds[row])
    }

    /// The entries of a row for one of the neighbours.
    pub(crate) fn of(&self, row: usize, neighbour: usize) -> &[f64] {
        &self.of_row(row)[neighbour * self.length..][..self.length]
    }

    /// For each row one number after the other, of the entries for one of the neighbours.
    pub(crate) fn rows_of(&self, neighbour: usize) -> impl Iterator<Item = &[f64]> {
        (0..self.kinds.len()).map(move |row| self.of(row, neighbour))
    }

    /// Adds the magnitudes of the entries for some neighbours to a sum: those of each row are added first, in a fixed order.
    pub(crate) fn add_magnitudes(&self, neighbours: Range<usize>, sum: &mut ExactSum) {
        let of_kind = |kind: u32| -> f64 {
            let lists = neighbours.start * self.length..neighbours.end * self.length;
            self.of_kind(kind)[lists].iter().map(|x| x.abs()).sum()
        };
        let of_kinds: Vec<f64> = (0..self.count() as u32).map(of_kind).collect();
        self.kinds.iter().for_each(|kind| sum.add(of_kinds[*kind as usize]));
    }

    /// Entries of the same rows made of these by kinds of rows: for so many neighbours, by `change`, which is given the
    /// entries of a kind and a row of zeros.
    fn changed(&self, neighbours: usize, change: impl Fn(&[f64], &mut [f64])) -> Self {
        let Entries { length, .. } = *self;
        let mut numbers = vec![0.0; self.count() * neighbours * length];
        if neighbours > 0 {
            let rows = numbers.chunks_exact_mut(neighbours * length);
            rows.zip(0..).for_each(|(row, kind)| change(self.of_kind(kind), row));
        }
        Entries { neighbours, length, numbers, kinds: self.kinds.clone() }
    }

    /// The entries of identity·I + factor·A, where this is A and the first neighbour the cell itself.
    pub(crate) fn scaled(&self, identity: f64, factor: f64) -> Self {
        self.changed(self.neighbours, |from, to| {
            to.iter_mut().zip(from).for_each(|(to, entry)| *to = factor * entry);
            to[..self.length].iter_mut().zip(from).for_each(|(to, entry)| {
                *to = identity + factor * entry;
            });
        })
    }

    /// The entries for some of the neighbours.
    pub(crate) fn only(&self, kept: &[bool]) -> Self {
        let count = kept.iter().filter(|kept| **kept).count();
        self.changed(count, |from, to| {
            let lists = from.chunks_exact(self.length).zip(kept).filter(|(_, kept)| **kept);
            let to = to.chunks_exact_mut(self.length);
            to.zip(lists).for_each(|(to, (list, _))| to.copy_from_slice(list));
        })
    }

    /// For which neighbours there are entries that are not 0 on any rank, for the first always. Collective where the ranks
    /// hold parts.
    pub(crate) fn there(&self, world: Option<&World>) -> Result<Vec<bool>, Error> {
        let mut flags = vec![0; self.neighbours];
        flags[0] = 1;
        for (n, list) in self.numbers.chunks_exact(self.length).enumerate() {
            let flag = &mut flags[n % self.neighbours];
            *flag |= i64::from(list.iter().any(|x| *x != 0.0));
        }
        if let Some(world) = world {
            world.combine(Combine::Max, &mut flags)?;
        }
        Ok(flags.into_iter().map(|flag| flag > 0).collect())
    }
}

/// A hash of the bits of numbers (the multiplication of FNV-1a, by words).
pub(crate) fn hash(numbers: &[f64]) -> u64 {
    let mix =
        |hash: u64, x: &f64| (hash ^ x.to_bits()).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    numbers.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Whether numbers have the same bits.
pub(crate) fn are_same(a: &[f64], b: &[f64]) -> bool {
    bytemuck::cast_slice::<f64, u64>(a) == bytemuck::cast_slice::<f64, u64>(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_the_same_entries_share_them() {
        let lists =
            [vec![1.0, 2.0, 1.0, 2.0, 3.0, 0.0], vec![5.0, 6.0, 5.0, 6.0, 5.0, 6.0], vec![]];
        let entries = Entries::of_lists(&lists, 2, 3);
        assert_eq!((entries.count(), entries.kinds()), (2, &[0, 0, 1][..]));
        assert_eq!(entries.of(1, 0), [1.0, 2.0]);
        assert_eq!(entries.of_row(2), [3.0, 0.0, 5.0, 6.0, 0.0, 0.0]);
        assert_eq!(entries.there(None).unwrap(), [true, true, false]);
        let kept = entries.only(&[true, false, true]);
        assert_eq!(kept.of_row(2), [3.0, 0.0, 0.0, 0.0]);
        assert_eq!(entries.scaled(1.0, -2.0).of_row(0), [-1.0, -3.0, -10.0, -12.0, -0.0, -0.0]);
        // A row of zeros that differ by their signs is another row.
        let signs = Entries::of_lists(&[vec![0.0, -0.0]], 1, 2);
        assert_eq!(signs.count(), 2);
    }
}
