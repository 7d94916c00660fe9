//! Elimination: on the coarsest grid (direct.rs), and on the finest one for systems whose solution cycles do not come near:
//! those whose matrix is far from definite, as that of waves.
//!
//! Every rank does all of it in the same order, so that the result does not depend on the ranks.

use crate::solvers::multigrid::level::Lattice;

/// What is smaller beside the largest number of the matrix of the finest grid is rounding: the matrix has no inverse.
pub(crate) const ROUNDING: f64 = 1e-14;
/// The most numbers that are held, and the most multiplications.
const MOST_NUMBERS: usize = 1 << 25;
const MOST_PRODUCTS: usize = 1 << 32;

/// In which order the numbers of all cells are eliminated: cell by cell, along the longest axis last. Cells of a ring come
/// from both sides of its seam in turn, so that neighbours lie close.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    shape: [usize; 3],
    periodic: [bool; 3],
    /// How far cells lie apart that are neighbours in the order along an axis.
    strides: [usize; 3],
    /// How many numbers a cell has.
    arrays: usize,
}

impl Order {
    /// For a grid whose cells have so many numbers.
    pub(crate) fn new(grid: &Lattice, arrays: usize) -> Self {
        let Lattice { shape, periodic, .. } = *grid;
        let mut axes = [0, 1, 2];
        axes.sort_by_key(|axis| shape[*axis]);
        let mut strides = [0; 3];
        let mut stride = arrays;
        for axis in axes {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        Order { shape, periodic, strides, arrays }
    }

    /// The place of a number of a cell.
    pub(crate) fn place(&self, cell: [usize; 3], number: usize) -> usize {
        let along = |axis: usize| {
            let (i, n) = (cell[axis], self.shape[axis]);
            let place = match self.periodic[axis] {
                false => i,
                true if i < n.div_ceil(2) => 2 * i,
                true => 2 * (n - 1 - i) + 1,
            };
            self.strides[axis] * place
        };
        (0..3).map(along).sum::<usize>() + number
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product::<usize>() * self.arrays
    }

    /// How far apart numbers lie at most that are tied to each other: those of a cell, and of cells at these offsets.
    pub(crate) fn width(&self, offsets: &[[i32; 3]]) -> usize {
        let apart = |axis: usize| self.strides[axis] * if self.periodic[axis] { 2 } else { 1 };
        let width = |offset: &[i32; 3]| {
            (0..3).map(|axis| offset[axis].unsigned_abs() as usize * apart(axis)).sum::<usize>()
        };
        offsets.iter().map(width).max().unwrap_or(0).max(self.arrays - 1)
    }

    /// Whether a matrix of this width is eliminated in an acceptable time and memory.
    pub(crate) fn is_affordable(&self, width: usize) -> bool {
        let n = self.count();
        n.saturating_mul(3 * width + 1) <= MOST_NUMBERS
            && n.saturating_mul(width).saturating_mul(2 * width) <= MOST_PRODUCTS
    }
}

/// A matrix whose entries lie near its diagonal, as the product of triangular ones (Golub & Van Loan 2013, "Matrix
/// Computations", section 4.3.4).
#[derive(Clone, Debug)]
pub(crate) struct Band {
    n: usize,
    /// How far entries lie from the diagonal at first. Those of the upper triangle spread to twice as far.
    width: usize,
    /// Row by row, of each the entries from `width` before the diagonal to twice as far behind.
    rows: Vec<f64>,
    /// Which row was taken for each column, and whether it counts.
    pivots: Vec<(usize, bool)>,
}

impl Band {
    /// A matrix of zeros.
    pub(crate) fn new(n: usize, width: usize) -> Self {
        Band { n, width, rows: vec![0.0; n * (3 * width + 1)], pivots: Vec::new() }
    }

    /// Adds to an entry.
    pub(crate) fn add(&mut self, row: usize, column: usize, value: f64) {
        debug_assert!(row.abs_diff(column) <= self.width);
        self.rows[row * (3 * self.width + 1) + column + self.width - row] += value;
    }

    /// The matrix as factors. A pivot of less than this share of the largest entry is rounding.
    pub(crate) fn eliminated(mut self, rounding: f64) -> Self {
        let Band { n, width, .. } = self;
        let length = 3 * width + 1;
        let largest = self.rows.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        for k in 0..n {
            let last = (k + width).min(n - 1);
            let at = |row: usize| row * length + k + width - row;
            let size = |row: usize| self.rows[at(row)].abs();
            let pivot = (k..=last).fold(k, |p, row| if size(row) > size(p) { row } else { p });
            let counts = size(pivot) > rounding * largest;
            self.pivots.push((pivot, counts));
            // The columns from this one on that may have entries.
            let columns = (2 * width + 1).min(n - k);
            if pivot != k {
                let (first, second) = self.rows.split_at_mut(pivot * length);
                let upper = &mut first[k * length + width..][..columns];
                let lower = &mut second[k + width - pivot..][..columns];
                upper.swap_with_slice(lower);
            }
            if !counts {
                continue;
            }
            let (upper, lower) = self.rows.split_at_mut((k + 1) * length);
            let upper = &upper[k * length + width..][..columns];
            for row in k + 1..=last {
                let of_row = &mut lower[(row - k - 1) * length + k + width - row..][..columns];
                let factor = of_row[0] / upper[0];
                of_row[0] = factor;
                if factor != 0.0 {
                    let others = of_row[1..].iter_mut().zip(&upper[1..]);
                    others.for_each(|(to, x)| *to -= factor * x);
                }
            }
        }
        self
    }

    /// Solves A·x = b for the numbers, which are b at first and x in the end.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        let Band { n, width, rows, pivots } = self;
        let (n, width) = (*n, *width);
        let length = 3 * width + 1;
        for (k, (pivot, counts)) in pivots.iter().enumerate() {
            x.swap(k, *pivot);
            if *counts {
                for row in k + 1..=(k + width).min(n - 1) {
                    x[row] -= rows[row * length + k + width - row] * x[k];
                }
            }
        }
        for k in (0..n).rev() {
            let columns = (2 * width + 1).min(n - k);
            let row = &rows[k * length + width..][..columns];
            let known: f64 = row[1..].iter().zip(&x[k + 1..]).map(|(a, x)| a * x).sum();
            x[k] = if pivots[k].1 { (x[k] - known) / row[0] } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solvers::multigrid::level::Sizes;

    fn number(row: usize, column: usize) -> f64 {
        ((17 * row + 5 * column + 1) as f64).sin()
    }

    /// A matrix with small numbers on its diagonal, so that rows change places.
    #[test]
    fn what_is_solved_fits_where_rows_change_places() {
        for (n, width) in [(1, 0), (5, 1), (30, 4), (12, 11)] {
            let mut band = Band::new(n, width);
            let entry = |row: usize, column: usize| {
                number(row, column) * if row == column { 0.01 } else { 1.0 }
            };
            let near = |row: usize| row.saturating_sub(width)..(row + width + 1).min(n);
            for row in 0..n {
                near(row).for_each(|column| band.add(row, column, entry(row, column)));
            }
            let right: Vec<f64> = (0..n).map(|row| number(row, 99)).collect();
            let mut x = right.clone();
            band.eliminated(ROUNDING).solve(&mut x);
            for row in 0..n {
                let product: f64 = near(row).map(|column| entry(row, column) * x[column]).sum();
                assert!((product - right[row]).abs() < 1e-9, "{n} {width} {row}: {product}");
            }
        }
    }

    #[test]
    fn neighbours_lie_as_close_as_the_width_says() {
        for (shape, periodic) in [
            ([1, 6, 9], [false; 3]),
            ([1, 7, 5], [false, true, true]),
            ([4, 3, 6], [true, false, true]),
        ] {
            let grid = Lattice { shape, periodic, sizes: shape.map(Sizes::equal) };
            let order = Order::new(&grid, 2);
            let mut places = Vec::new();
            let mut cells = Vec::new();
            for i in 0..shape[0] {
                for j in 0..shape[1] {
                    for k in 0..shape[2] {
                        cells.push([i, j, k]);
                        places.extend([0, 1].map(|number| order.place([i, j, k], number)));
                    }
                }
            }
            places.sort_unstable();
            assert!(places.iter().copied().eq(0..order.count()));
            let offsets: Vec<[i32; 3]> = (0..3)
                .filter(|axis| shape[*axis] > 1)
                .map(|axis| std::array::from_fn(|other| i32::from(other == axis)))
                .collect();
            let width = order.width(&offsets);
            for cell in &cells {
                for offset in &offsets {
                    let next: [usize; 3] =
                        std::array::from_fn(|a| (cell[a] + offset[a] as usize) % shape[a]);
                    let wraps = (0..3).any(|a| next[a] < cell[a] && !periodic[a]);
                    let apart = order.place(*cell, 0).abs_diff(order.place(next, 0));
                    assert!(wraps || apart <= width, "{shape:?} {cell:?} {next:?}");
                }
            }
        }
    }
}
