//! Loops over the rows of a block in arrays, for the widest vectors that a processor has.

use fluxions_halo::Subdomain;
use pulp::NullaryFnOnce;

use crate::run::memory::Memory;
use crate::solvers::block_sums::{BlockSums, PartialSum};

/// The volumes of cells.
#[derive(Clone, Copy)]
pub(super) enum Volumes<'v> {
    Equal(f64),
    /// By the index along an axis.
    Along(usize, &'v [f64]),
}

/// The rows of a block in arrays.
#[derive(Clone, Copy)]
pub(crate) struct RowsOfBlock {
    pub(crate) shape: [usize; 3],
    pitch: [usize; 2],
    origin: usize,
}

impl RowsOfBlock {
    pub(crate) fn of(block: &Subdomain, memory: &Memory) -> Self {
        let layout = memory.layout();
        RowsOfBlock { shape: block.shape(), pitch: layout.pitch(), origin: layout.origin() }
    }

    /// How many rows there are.
    #[inline(always)]
    pub(crate) fn count(self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// The indices of a row, and its place in an array.
    #[inline(always)]
    pub(crate) fn row(self, number: usize) -> ([usize; 2], usize) {
        let [i, j] = [number / self.shape[1], number % self.shape[1]];
        ([i, j], self.origin + i * self.pitch[0] + j * self.pitch[1])
    }
}

/// Sums over the cells of a rank.
pub(super) struct SumRows<'s, F> {
    pub(super) sums: &'s BlockSums,
    pub(super) sum: &'s mut PartialSum,
    pub(super) volumes: Volumes<'s>,
    pub(super) arrays: [&'s [f64]; 2],
    pub(super) rows: RowsOfBlock,
    pub(super) term: F,
}

impl<F: Fn(f64, f64, f64) -> f64> NullaryFnOnce for SumRows<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let SumRows { sums, sum, volumes, arrays, rows, term } = self;
        let n2 = rows.shape[2];
        for number in 0..rows.count() {
            let (row, at) = rows.row(number);
            let [x, y] = arrays.map(|array| &array[at..at + n2]);
            add_row(sums, sum, volumes, row, (x, y), &term);
        }
    }
}

/// Adds a row to a sum.
#[inline(always)]
fn add_row(
    sums: &BlockSums,
    sum: &mut PartialSum,
    volumes: Volumes<'_>,
    row: [usize; 2],
    numbers: (&[f64], &[f64]),
    term: impl Fn(f64, f64, f64) -> f64,
) {
    match volumes {
        Volumes::Equal(volume) => sums.add_row(sum, row, numbers, |_, x, y| term(volume, x, y)),
        Volumes::Along(2, volumes) => {
            sums.add_row(sum, row, numbers, |k, x, y| term(volumes[k], x, y));
        }
        Volumes::Along(axis, volumes) => {
            let volume = volumes[row[axis]];
            sums.add_row(sum, row, numbers, |_, x, y| term(volume, x, y));
        }
    }
}

/// x ← x + step·p and r ← r − step·q, with the sum of the squares of r.
pub(super) struct Advance<'s> {
    pub(super) sums: &'s BlockSums,
    pub(super) sum: &'s mut PartialSum,
    pub(super) volumes: Volumes<'s>,
    pub(super) all: &'s mut [f64],
    /// Where x, r, p and q begin.
    pub(super) arrays: [usize; 4],
    pub(super) rows: RowsOfBlock,
    pub(super) step: f64,
}

impl NullaryFnOnce for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Advance { sums, sum, volumes, all, arrays, rows, step } = self;
        let n2 = rows.shape[2];
        for number in 0..rows.count() {
            let (row, at) = rows.row(number);
            let places = arrays.map(|array| array + at..array + at + n2);
            let [x, r, p, q] = all.get_disjoint_mut(places).expect("four arrays");
            let (x, r, p, q) = (&mut x[..n2], &mut r[..n2], &p[..n2], &q[..n2]);
            for k in 0..n2 {
                x[k] += step * p[k];
                r[k] -= step * q[k];
            }
            add_row(sums, sum, volumes, row, (r, r), |volume, x, y| volume * (x * y));
        }
    }
}

/// A sum of arrays with weights.
pub(super) struct Combine<'m> {
    pub(super) all: &'m mut [f64],
    pub(super) to: usize,
    pub(super) from: (f64, usize),
    pub(super) others: &'m [(f64, usize)],
    pub(super) rows: RowsOfBlock,
}

impl NullaryFnOnce for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Combine { all, to, from: (factor, from), others, rows } = self;
        let n2 = rows.shape[2];
        for number in 0..rows.count() {
            let (_, at) = rows.row(number);
            let (row, from) = two(all, to + at, from + at, n2);
            for (to, from) in row.iter_mut().zip(from) {
                *to = factor * from;
            }
            for (weight, other) in others {
                let (row, other) = two(all, to + at, other + at, n2);
                for (to, other) in row.iter_mut().zip(other) {
                    *to += weight * other;
                }
            }
        }
    }
}

/// Numbers in −½ … ½ without order: those that the finaliser of SplitMix64 makes of a counter (Steele, Lea & Flood 2014,
/// OOPSLA, figure 15).
pub(super) struct WithoutOrder<'r> {
    pub(super) row: &'r mut [f64],
    pub(super) first: u64,
    pub(super) seed: u64,
}

impl NullaryFnOnce for WithoutOrder<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let start = self.seed.wrapping_mul(0xd1b5_4a32_d192_ed03).wrapping_add(self.first);
        for (k, to) in self.row.iter_mut().enumerate() {
            let mut z = start.wrapping_add(k as u64 + 1).wrapping_mul(GAMMA);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            // The upper bits as those of a number in 1 … 2.
            *to = f64::from_bits(z >> 12 | 0x3ff0_0000_0000_0000) - 1.5;
        }
    }
}

/// A change of each number of an array by that of another in the same cell.
pub(super) struct EachOfArray<'m, F> {
    pub(super) all: &'m mut [f64],
    pub(super) to: usize,
    pub(super) from: usize,
    pub(super) rows: RowsOfBlock,
    pub(super) change: F,
}

impl<F: Fn(&mut f64, f64) + Copy> NullaryFnOnce for EachOfArray<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let EachOfArray { all, to, from, rows, change } = self;
        let n2 = rows.shape[2];
        for number in 0..rows.count() {
            let (_, at) = rows.row(number);
            let (to, from) = two(all, to + at, from + at, n2);
            for (to, from) in to.iter_mut().zip(from) {
                change(to, *from);
            }
        }
    }
}

/// A change of each number of an array.
pub(super) struct EachAlone<'m, F> {
    pub(super) numbers: &'m mut [f64],
    pub(super) rows: RowsOfBlock,
    pub(super) change: F,
}

impl<F: Fn(&mut f64) + Copy> NullaryFnOnce for EachAlone<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let EachAlone { numbers, rows, change } = self;
        let n2 = rows.shape[2];
        for number in 0..rows.count() {
            let (_, at) = rows.row(number);
            for x in &mut numbers[at..at + n2] {
                change(x);
            }
        }
    }
}

/// The largest value, at least 0, that `of` has for the numbers of some arrays in a cell; infinite if one is not a number.
pub(super) struct Largest<'m, F, const N: usize> {
    pub(super) arrays: [&'m [f64]; N],
    pub(super) rows: RowsOfBlock,
    pub(super) of: F,
}

impl<F: Fn([f64; N]) -> f64, const N: usize> NullaryFnOnce for Largest<'_, F, N> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        const LANES: usize = 8;
        let Largest { arrays, rows, of } = self;
        let n2 = rows.shape[2];
        let mut largest = [0.0; LANES];
        let larger = |largest: f64, x: f64| {
            let x = if x.is_nan() { f64::INFINITY } else { x };
            if x > largest { x } else { largest }
        };
        for number in 0..rows.count() {
            let (_, at) = rows.row(number);
            let cells = arrays.map(|array| array[at..at + n2].as_chunks::<LANES>());
            for k in 0..n2 / LANES {
                let cells = cells.map(|(full, _)| &full[k]);
                for lane in 0..LANES {
                    let numbers = cells.map(|cells| cells[lane]);
                    largest[lane] = larger(largest[lane], of(numbers));
                }
            }
            for k in 0..n2 % LANES {
                let numbers = cells.map(|(_, others)| others[k]);
                largest[k] = larger(largest[k], of(numbers));
            }
        }
        largest.into_iter().fold(0.0, f64::max)
    }
}

/// Two different pieces of a memory, the first of them mutable.
#[inline(always)]
fn two(all: &mut [f64], to: usize, from: usize, length: usize) -> (&mut [f64], &[f64]) {
    if to < from {
        let (before, after) = all.split_at_mut(from);
        (&mut before[to..][..length], &after[..length])
    } else {
        let (before, after) = all.split_at_mut(to);
        (&mut after[..length], &before[from..][..length])
    }
}
