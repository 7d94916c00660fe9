//! Sums over the domain, exact in all but the sums of fixed blocks of cells.
//!
//! An exact sum takes five times as long as a plain one. So 64 neighbouring cells of a row of the *grid* are
//! added first, in eight lanes and in a fixed order, and the sums of such blocks exactly. No sum depends on
//! how the grid is cut into ranks: where it is cut within a block, the numbers of this block are brought
//! together first.

use fluxions_comm::{Combine, Error, ExactSum, World};
use fluxions_halo::{Decomposition, Subdomain};

/// The cells of a block of the sum.
const BLOCK: usize = 64;
/// The lanes of a block, each of which adds every eighth number.
const LANES: usize = 8;

/// How a rank adds numbers in its cells.
#[derive(Clone, Debug)]
pub(crate) struct BlockSums {
    /// The index in the grid of the first cell of the rank's rows, and their length.
    start: usize,
    length: usize,
    /// The blocks of a row of the grid that ranks cut, by their numbers in the row.
    cut: Vec<usize>,
    /// The rows of the grid along axes 0 and 1, and the first of this rank.
    rows: [usize; 2],
    first: [usize; 2],
    is_root: bool,
}

/// A sum over the cells of a rank that is not yet complete.
pub(crate) struct PartialSum {
    whole: ExactSum,
    /// The bits of the numbers in blocks that are cut, row by row; 0 where they are another rank's.
    parts: Vec<i64>,
}

impl BlockSums {
    /// The sums over the cells of a rank.
    pub(crate) fn new(decomposition: &Decomposition, block: &Subdomain) -> Self {
        let ranks = 0..decomposition.ranks();
        let starts = ranks.map(|rank| decomposition.subdomain(rank).start()[2]);
        let mut cut: Vec<usize> =
            starts.filter(|start| start % BLOCK != 0).map(|start| start / BLOCK).collect();
        cut.sort_unstable();
        cut.dedup();
        let [rows0, rows1, _] = block.global_shape();
        let [first0, first1, start] = block.start();
        BlockSums {
            start,
            length: block.shape()[2],
            cut,
            rows: [rows0, rows1],
            first: [first0, first1],
            is_root: block.rank() == 0,
        }
    }

    /// A sum of nothing.
    pub(crate) fn begin(&self) -> PartialSum {
        let parts = self.rows[0] * self.rows[1] * self.cut.len() * BLOCK;
        PartialSum { whole: ExactSum::new(), parts: vec![0; parts] }
    }

    /// Adds what `number` gives for each cell of row (i, j) of this rank, from its index in the row and the numbers of two
    /// rows there.
    #[inline(always)]
    pub(crate) fn add_row(
        &self,
        sum: &mut PartialSum,
        [i, j]: [usize; 2],
        (x, y): (&[f64], &[f64]),
        number: impl Fn(usize, f64, f64) -> f64,
    ) {
        let mut k = 0;
        while k < self.length {
            let at = self.start + k;
            let here = (BLOCK - at % BLOCK).min(self.length - k);
            let (x, y) = (&x[k..k + here], &y[k..k + here]);
            match self.cut.binary_search(&(at / BLOCK)) {
                Err(_) => sum.whole.add(of_block(x, y, |n, x, y| number(k + n, x, y))),
                Ok(place) => {
                    let row = (self.first[0] + i) * self.rows[1] + self.first[1] + j;
                    let first = (row * self.cut.len() + place) * BLOCK + at % BLOCK;
                    let parts = sum.parts[first..][..here].iter_mut();
                    for (n, (part, (x, y))) in parts.zip(x.iter().zip(y)).enumerate() {
                        *part = number(k + n, *x, *y).to_bits() as i64;
                    }
                }
            }
            k += here;
        }
    }

    /// The sums over all cells of all ranks. Collective.
    pub(crate) fn finish(&self, world: &World, sums: &mut [PartialSum]) -> Result<Vec<f64>, Error> {
        let mut found = Vec::with_capacity(sums.len());
        for PartialSum { whole, parts } in sums {
            if !parts.is_empty() {
                // Each number is that of one rank, and 0 on all others.
                world.combine(Combine::Sum, parts)?;
                if self.is_root {
                    for block in parts.as_chunks::<BLOCK>().0 {
                        let numbers = block.map(|bits| f64::from_bits(bits as u64));
                        whole.add(of_block(&numbers, &numbers, |_, x, _| x));
                    }
                }
            }
            world.combine_sum(whole)?;
            found.push(whole.value());
        }
        Ok(found)
    }
}

/// The sum of what `number` gives for the numbers of up to 64 cells; those that are missing count as 0.
#[inline(always)]
fn of_block(x: &[f64], y: &[f64], number: impl Fn(usize, f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let ((full, x), (others, y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (m, (x, y)) in full.iter().zip(others).enumerate() {
        for lane in 0..LANES {
            lanes[lane] += number(m * LANES + lane, x[lane], y[lane]);
        }
    }
    for (lane, (x, y)) in x.iter().zip(y).enumerate() {
        lanes[lane] += number(full.len() * LANES + lane, *x, *y);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

#[cfg(test)]
mod tests {
    use fluxions_comm::threads::run as on_threads;
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::run::random_rows::rows;

    #[test]
    fn sums_are_the_same_on_any_ranks() {
        for shape in [&[300][..], &[5, 130], &[3, 4, 70]] {
            let mut grid = Grid::cartesian();
            for (name, cells) in ["x", "y", "z"].iter().zip(shape) {
                grid = grid.axis(name, 0.0..1.0, *cells, Ends::Bounded);
            }
            let grid = grid.build().unwrap();
            let number = |cell: u64| ((cell as f64) * 1.7).sin() * 10f64.powi((cell % 9) as i32);
            let sum = |ranks: usize, dims: &[usize]| {
                let found = on_threads(ranks, |world| {
                    let cut = Decomposition::new(&grid, ranks, dims, [1; 3]).unwrap();
                    let block = cut.subdomain(world.rank());
                    let sums = BlockSums::new(&cut, &block);
                    let mut sum = sums.begin();
                    for ([i, j], _) in rows(&block) {
                        let cells = 0..block.shape()[2];
                        let values = cells.map(|k| number(block.global_number([i, j, k])));
                        let values: Vec<f64> = values.collect();
                        sums.add_row(&mut sum, [i, j], (&values, &values), |_, x, _| x);
                    }
                    sums.finish(world, &mut [sum])
                });
                let found = found.unwrap();
                assert!(found.iter().all(|other| other[0].to_bits() == found[0][0].to_bits()));
                found[0][0]
            };
            let alone = sum(1, &[]);
            let exact = {
                let mut exact = ExactSum::new();
                (0..grid.cells() as u64).for_each(|cell| exact.add(number(cell)));
                exact.value()
            };
            assert!((alone - exact).abs() <= 1e-12 * 1e8, "{alone} {exact}");
            for ranks in [2, 3, 4, 6] {
                assert_eq!(sum(ranks, &[]).to_bits(), alone.to_bits(), "{shape:?} on {ranks}");
                // All cuts along rows.
                let mut dims = vec![1; shape.len()];
                dims[shape.len() - 1] = ranks;
                assert_eq!(sum(ranks, &dims).to_bits(), alone.to_bits(), "{shape:?} on {ranks}");
            }
        }
    }
}
