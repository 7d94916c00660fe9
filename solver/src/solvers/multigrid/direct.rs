//! The solution on the coarsest grid, by elimination.

use crate::solvers::multigrid::level::Level;

/// What is smaller beside the largest number of its column is rounding: the matrix has no inverse.
const ROUNDING: f64 = 1e-12;

/// A matrix as the product of triangular ones (Golub & Van Loan 2013, "Matrix Computations", algorithm 3.4.1).
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    n: usize,
    factors: Vec<f64>,
    /// Which row was taken for each column, and whether it counts.
    pivots: Vec<(usize, bool)>,
}

impl Direct {
    /// The factors of the matrix of a level.
    pub(crate) fn of(level: &Level) -> Self {
        let n = level.cells();
        let mut a = vec![0.0; n * n];
        let [n0, n1, n2] = level.shape;
        for row in 0..n {
            let cell = [row / (n1 * n2), row / n2 % n1, row % n2];
            for (number, offset) in level.offsets.iter().enumerate() {
                let entry = level.stencils.entry(row / n2, number, row % n2);
                let mut column = [0; 3];
                for (axis, n) in [n0, n1, n2].into_iter().enumerate() {
                    let index = cell[axis] as i32 + offset[axis];
                    column[axis] = index.rem_euclid(n as i32) as usize;
                }
                if entry != 0.0 {
                    a[row * n + (column[0] * n1 + column[1]) * n2 + column[2]] += entry;
                }
            }
        }
        let largest = a.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let mut pivots = Vec::with_capacity(n);
        for column in 0..n {
            let size = |row: usize| a[row * n + column].abs();
            let pivot =
                (column..n).fold(column, |p, row| if size(row) > size(p) { row } else { p });
            let counts = size(pivot) > ROUNDING * largest;
            pivots.push((pivot, counts));
            for k in 0..n {
                a.swap(pivot * n + k, column * n + k);
            }
            if !counts {
                continue;
            }
            for row in column + 1..n {
                let factor = a[row * n + column] / a[column * n + column];
                a[row * n + column] = factor;
                for k in column + 1..n {
                    a[row * n + k] -= factor * a[column * n + k];
                }
            }
        }
        Direct { n, factors: a, pivots }
    }

    /// Solves A·x = b on the level.
    pub(crate) fn solve(&self, level: &mut Level) {
        let Direct { n, factors: a, pivots } = self;
        let n = *n;
        let n2 = level.shape[2];
        let mut x = vec![0.0; n];
        for row in level.rows() {
            level.copy_row(&level.b, row, 0, &mut x[row.number * n2..][..n2]);
        }
        pivots.iter().enumerate().for_each(|(column, (pivot, _))| x.swap(column, *pivot));
        for (column, (_, counts)) in pivots.iter().enumerate() {
            if *counts {
                for row in column + 1..n {
                    x[row] -= a[row * n + column] * x[column];
                }
            }
        }
        for row in (0..n).rev() {
            let known: f64 = (row + 1..n).map(|k| a[row * n + k] * x[k]).sum();
            x[row] = if pivots[row].1 { (x[row] - known) / a[row * n + row] } else { 0.0 };
        }
        for row in level.rows() {
            level.set_solution(row, &x[row.number * n2..][..n2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solvers::multigrid::level::{Lattice, Sizes};
    use crate::solvers::multigrid::slab::Edges;

    /// A matrix with small numbers on its diagonal, so that rows change places.
    #[test]
    fn what_is_solved_fits_where_rows_change_places() {
        let n = 7;
        let number = |k: usize, of: usize| ((17 * k + 5 * of) as f64).sin();
        let list = |of: usize, scale: f64| (0..n).map(|k| scale * number(k, of)).collect();
        let offsets = vec![[0, 0, 0], [0, 0, -1], [0, 0, 1]];
        let entries: Vec<Vec<f64>> = vec![list(1, 0.01), list(2, 1.0), list(3, 2.0)];
        let sizes = [1, 1, n].map(Sizes::equal);
        let grid = Lattice { shape: [1, 1, n], periodic: [false, false, true], sizes };
        let mut level = Level::whole(grid, offsets, &entries);
        let right: Vec<f64> = (0..n).map(|k| number(k, 9)).collect();
        let row = level.row(0);
        level.set_right(row, &right);
        Direct::of(&level).solve(&mut level);
        Edges::of_whole(&level).renew(&mut level).unwrap();
        for parity in [0, 1] {
            let mut residual = vec![0.0; (n + 1 - parity) / 2];
            level.residual_in(row, parity, &mut residual);
            assert!(residual.iter().all(|r| r.abs() < 1e-10), "{level:?}");
        }
    }
}
