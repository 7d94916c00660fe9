//! The grids of a multigrid method, and its cycle.

use crate::solvers::multigrid::coarsening::Coarsening;
use crate::solvers::multigrid::direct::Direct;
use crate::solvers::multigrid::level::Level;

/// On a grid of at most so many cells the system is solved directly.
const FEWEST: usize = 40;
/// The most cells of a coarsest grid that is solved directly, and how often a larger one is smoothed.
const MOST: usize = 500;
const SWEEPS: usize = 10;
/// How often is smoothed before and after the correction from the coarser grid.
const BEFORE: usize = 2;
const AFTER: usize = 1;

/// Grids from the finest to the coarsest.
#[derive(Clone, Debug)]
pub(crate) struct Hierarchy {
    levels: Vec<Level>,
    coarsenings: Vec<Coarsening>,
    /// The coarsest system, unless it is large: then few of its cells are tied to each other.
    direct: Option<Direct>,
}

impl Hierarchy {
    /// The hierarchy for a matrix on the finest grid; `mirrors` as for [`Coarsening::of`].
    pub(crate) fn new(finest: Level, mirrors: &[[f64; 2]; 3]) -> Self {
        let (mut levels, mut coarsenings) = (vec![finest], Vec::new());
        while let Some(last) = levels.last()
            && let Some(coarsening) = Coarsening::of(last, mirrors, FEWEST)
        {
            let coarse = coarsening.coarse(last);
            coarsenings.push(coarsening);
            levels.push(coarse);
        }
        let coarsest = &levels[levels.len() - 1];
        let direct = (coarsest.cells() <= MOST).then(|| Direct::of(coarsest));
        Hierarchy { levels, coarsenings, direct }
    }

    /// The finest grid, whose right side is given and whose solution is found.
    pub(crate) fn finest(&mut self) -> &mut Level {
        &mut self.levels[0]
    }

    /// A V-cycle from the solution 0.
    pub(crate) fn cycle(&mut self) {
        self.cycle_from(0);
    }

    fn cycle_from(&mut self, number: usize) {
        self.levels[number].clear();
        let Some(coarsening) = self.coarsenings.get(number) else {
            let coarsest = &mut self.levels[number];
            match &self.direct {
                Some(direct) => direct.solve(coarsest),
                None => (0..SWEEPS).for_each(|_| coarsest.smooth()),
            }
            return;
        };
        let (fine, coarse) = self.levels.split_at_mut(number + 1);
        let fine = &mut fine[number];
        (0..BEFORE).for_each(|_| fine.smooth());
        fine.find_residual();
        coarsening.restrict(fine, &mut coarse[0]);
        self.cycle_from(number + 1);
        let (fine, coarse) = self.levels.split_at_mut(number + 1);
        let fine = &mut fine[number];
        self.coarsenings[number].correct(fine, &coarse[0]);
        (0..AFTER).for_each(|_| fine.smooth());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream::Stream;
    use crate::solvers::multigrid::level::Sizes;

    /// A Laplacian with values held at the walls across some axes.
    fn laplacian(shape: [usize; 3], spacing: [f64; 3], held: bool, periodic: [bool; 3]) -> Level {
        let cells: usize = shape.iter().product();
        let mut offsets = vec![[0; 3]];
        let mut entries = vec![vec![0.0; cells]];
        for axis in (0..3).filter(|axis| shape[*axis] > 1) {
            for side in [-1, 1] {
                let mut offset = [0; 3];
                offset[axis] = side;
                let mut list = vec![0.0; cells];
                for cell in 0..cells {
                    let index =
                        [cell / (shape[1] * shape[2]), cell / shape[2] % shape[1], cell % shape[2]]
                            [axis] as i32;
                    let factor = 1.0 / (spacing[axis] * spacing[axis]);
                    let is_inside = (0..shape[axis] as i32).contains(&(index + side));
                    if is_inside || periodic[axis] {
                        list[cell] += factor;
                        entries[0][cell] -= factor;
                    } else if held {
                        entries[0][cell] -= 2.0 * factor;
                    }
                }
                offsets.push(offset);
                entries.push(list);
            }
        }
        Level::new(shape, periodic, shape.map(Sizes::equal), offsets, entries)
    }

    /// By which factor the residual falls in a cycle, after a few of them.
    fn factor(level: Level, held: bool) -> f64 {
        let mirrors = [[if held { -1.0 } else { 1.0 }; 2]; 3];
        let n2 = level.shape[2];
        let mut hierarchy = Hierarchy::new(level.clone(), &mirrors);
        let mut outer = level;
        let stream = Stream::new(1, "residual", 0);
        let mut sum = 0.0;
        for (_, cell, at) in outer.rows() {
            for k in 0..n2 {
                let count = (cell + k) as u64;
                let x = stream.sample(fluxions_expr::Distribution::Uniform, count, 0) - 0.5;
                outer.b[at + k] = x;
                sum += x;
            }
        }
        if !held {
            let mean = sum / outer.cells() as f64;
            for (_, _, at) in outer.rows() {
                outer.b[at..at + n2].iter_mut().for_each(|x| *x -= mean);
            }
        }
        let norm = |level: &Level| -> f64 {
            let row = |at: usize| level.residual[at..at + n2].iter().map(|x| x * x).sum::<f64>();
            level.rows().map(|(_, _, at)| row(at)).sum::<f64>().sqrt()
        };
        outer.find_residual();
        let mut norms = vec![norm(&outer)];
        for _ in 0..9 {
            hierarchy.finest().b.copy_from_slice(&outer.residual);
            hierarchy.cycle();
            outer.x.iter_mut().zip(&hierarchy.finest().x).for_each(|(to, x)| *to += x);
            outer.find_residual();
            norms.push(norm(&outer));
        }
        (norms[9] / norms[4]).powf(0.2)
    }

    #[test]
    fn residuals_fall_fast_on_grids_of_any_size() {
        for (shape, periodic, most) in [
            ([1, 1, 257], [false; 3], 0.35),
            ([1, 64, 64], [false; 3], 0.06),
            ([1, 97, 101], [false; 3], 0.4),
            ([1, 100, 60], [false; 3], 0.3),
            ([1, 256, 256], [false; 3], 0.06),
            ([1, 96, 50], [false, true, false], 0.2),
            ([24, 24, 24], [false; 3], 0.1),
            ([17, 20, 33], [false, false, true], 0.3),
        ] {
            for held in [true, false] {
                let found = factor(laplacian(shape, [1.0; 3], held, periodic), held);
                assert!(found < most, "{shape:?} held: {held}: {found}");
            }
        }
    }

    #[test]
    fn axes_of_different_spacing_are_made_coarser_one_by_one() {
        for ratio in [2.0, 3.0, 10.0, 100.0, 1000.0] {
            let found = factor(laplacian([1, 64, 64], [1.0, ratio, 1.0], true, [false; 3]), true);
            assert!(found < 0.3, "{ratio}: {found}");
        }
    }
}
