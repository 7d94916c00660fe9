//! The solution on the coarsest grid, by elimination.

use crate::solvers::multigrid::elimination::Band;
use crate::solvers::multigrid::level::Level;

/// What is smaller beside the largest number of its column is rounding: the matrix has no inverse.
const ROUNDING: f64 = 1e-12;

/// The matrix of a level as the product of triangular ones.
#[derive(Clone, Debug)]
pub(crate) struct Direct(Band);

impl Direct {
    /// The factors of the matrix of a level.
    pub(crate) fn of(level: &Level) -> Self {
        let [_, n1, n2] = level.shape;
        let mut entries = Vec::new();
        for row in 0..level.cells() {
            let cell = level.grid.cell(row);
            for (number, offset) in level.offsets.iter().enumerate() {
                let entry = level.stencils.entry(row / n2, number, row % n2);
                let [i, j, k] = level.grid.beside(cell, *offset);
                if entry != 0.0 {
                    entries.push((row, (i * n1 + j) * n2 + k, entry));
                }
            }
        }
        let width = entries.iter().map(|(row, column, _)| row.abs_diff(*column)).max();
        let mut band = Band::new(level.cells(), width.unwrap_or(0));
        entries.into_iter().for_each(|(row, column, entry)| band.add(row, column, entry));
        Direct(band.eliminated(ROUNDING))
    }

    /// Solves A·x = b on the level.
    pub(crate) fn solve(&self, level: &mut Level) {
        let n2 = level.shape[2];
        let mut x = vec![0.0; level.cells()];
        for row in level.rows() {
            level.copy_row(&level.b, row, 0, &mut x[row.number * n2..][..n2]);
        }
        self.0.solve(&mut x);
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
