//! What leads from a grid to the next coarser one and back, row by row of cells.

use fluxions_comm::ExactSum;
use pulp::NullaryFnOnce;

use crate::solvers::multigrid::level::{Level, RowOfCells, place_in_row, start_of_row};

/// How many numbers are added side by side.
const LANES: usize = 8;

/// The means of a residual, or of a right side, as the right side of a coarse level.
pub(crate) struct Restriction<'l> {
    coarse: &'l mut Level,
    /// The shares of fine cells in coarse ones, along each of the first two axes, and for each parity along a row.
    shares: [Vec<f64>; 2],
    along: [Vec<f64>; 2],
    /// For each coarse index along each of the first two axes the fine ones.
    children: [Vec<Vec<usize>>; 2],
    /// Whether rows are made coarser.
    halves: bool,
    /// Whether it is the residual, and not the right side.
    of_residual: bool,
    squares: Option<&'l mut ExactSum>,
    residual: Vec<f64>,
    /// A coarse row, in the order of indices where it is made of pairs, and else by parities.
    row: Vec<f64>,
}

impl<'l> Restriction<'l> {
    pub(super) fn new(
        fine: &Level,
        coarse: &'l mut Level,
        (shares, children): ([Vec<f64>; 3], [Vec<Vec<usize>>; 2]),
        halves: bool,
        (of_residual, squares): (bool, Option<&'l mut ExactSum>),
    ) -> Self {
        let [of_rows, of_columns, along] = shares;
        let along = [0, 1].map(|parity| along.iter().copied().skip(parity).step_by(2).collect());
        let residual = vec![0.0; fine.shape[2].div_ceil(2)];
        let row = vec![0.0; coarse.shape[2]];
        let shares = [of_rows, of_columns];
        Restriction { coarse, shares, along, children, halves, of_residual, squares, residual, row }
    }

    /// How many rows the coarse level has.
    #[inline(always)]
    pub(super) fn rows(&self) -> usize {
        self.coarse.shape[0] * self.coarse.shape[1]
    }

    /// The number of the last of the fine rows of which a coarse one is made.
    #[inline(always)]
    pub(super) fn last_of(&self, fine: &Level, number: usize) -> usize {
        let [i, j] = self.coarse.row(number).indices;
        let last = |axis: usize, index: usize| self.children[axis][index].last().copied();
        last(0, i).unwrap_or(0) * fine.shape[1] + last(1, j).unwrap_or(0)
    }

    /// Whether one of these rows is among so many at each open end of the first two axes.
    #[inline(always)]
    pub(super) fn is_near_edge(
        &self,
        fine: &Level,
        number: usize,
        open: [bool; 2],
        many: usize,
    ) -> bool {
        let indices = self.coarse.row(number).indices;
        let mut is_near = false;
        for axis in [0, 1] {
            for index in &self.children[axis][indices[axis]] {
                is_near |= open[axis] && (*index < many || index + many >= fine.shape[axis]);
            }
        }
        is_near
    }

    /// Makes a coarse row. Those of the fine level are smoothed, and what is around them is right.
    #[inline(always)]
    pub(super) fn make(&mut self, fine: &Level, number: usize) {
        let Restriction { coarse, shares, along, children, halves, of_residual, .. } = self;
        let (squares, residual, of_coarse) = (&mut self.squares, &mut self.residual, &mut self.row);
        let n1 = fine.shape[1];
        let row = coarse.row(number);
        of_coarse.fill(0.0);
        let [ci, cj] = row.indices;
        for i in &children[0][ci] {
            for j in &children[1][cj] {
                let of_fine = fine.row(i * n1 + j);
                let share = shares[0][*i] * shares[1][*j];
                for parity in [0, 1] {
                    // After smoothing the equations of the last colour hold where its cells are no neighbours.
                    let holds = !fine.tied && fine.parity_of([*i, *j], 1) == parity;
                    if *of_residual && holds {
                        continue;
                    }
                    let (at, count) = fine.half(of_fine, parity);
                    let residual = &mut residual[..count];
                    match *of_residual {
                        true => fine.residual_in(of_fine, parity, residual),
                        false => residual.copy_from_slice(&fine.b[at..at + count]),
                    }
                    let first = match (*halves, parity) {
                        (true, _) | (_, 0) => 0,
                        _ => fine.half(of_fine, 0).1,
                    };
                    let to = &mut of_coarse[first..];
                    let both = along[parity].iter().zip(&*residual);
                    for (to, (along, residual)) in to.iter_mut().zip(both) {
                        *to += share * (along * residual);
                    }
                    if let Some(squares) = squares {
                        squares.add(of_squares(fine, [*i, *j], residual, parity));
                    }
                }
            }
        }
        match halves {
            true => coarse.set_right(row, of_coarse),
            false => {
                let evens = coarse.half(row, 0).1;
                for (parity, of_parity) in [(0, &of_coarse[..evens]), (1, &of_coarse[evens..])] {
                    let (at, count) = coarse.half(row, parity);
                    coarse.b[at..at + count].copy_from_slice(of_parity);
                }
            }
        }
    }
}

/// Makes all rows of a coarse level.
pub(super) struct RestrictAll<'l, 'c> {
    pub(super) restriction: &'l mut Restriction<'c>,
    pub(super) fine: &'l Level,
}

impl NullaryFnOnce for RestrictAll<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for number in 0..self.restriction.rows() {
            self.restriction.make(self.fine, number);
        }
    }
}

/// Adds the squares of the residual of a level, by the volumes of cells; the layers around its solution are right. Where
/// there is none the residual is the right side.
pub(super) struct Squares<'l> {
    pub(super) level: &'l Level,
    pub(super) of_residual: bool,
    pub(super) sum: &'l mut ExactSum,
}

impl NullaryFnOnce for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Squares { level, of_residual, sum } = self;
        let mut residual = vec![0.0; level.shape[2].div_ceil(2)];
        for number in 0..level.shape[0] * level.shape[1] {
            let row = level.row(number);
            for parity in [0, 1] {
                let (at, count) = level.half(row, parity);
                let residual = &mut residual[..count];
                match of_residual {
                    true => level.residual_in(row, parity, residual),
                    false => residual.copy_from_slice(&level.b[at..at + count]),
                }
                sum.add(of_squares(level, row.indices, residual, parity));
            }
        }
    }
}

/// The sum of the squares of numbers in cells of a parity of a row, by the volumes of cells, in a fixed order.
#[inline(always)]
fn of_squares(level: &Level, indices: [usize; 2], numbers: &[f64], parity: usize) -> f64 {
    let slab = level.slab;
    let volume = |axis: usize| {
        let first = if axis == slab.axis { slab.first } else { 0 };
        level.grid.sizes[axis].volumes[first + indices[axis]]
    };
    let volumes = &level.grid.sizes[2].volumes;
    let mut lanes = [0.0; LANES];
    let (full, others) = numbers.as_chunks::<LANES>();
    for (m, numbers) in full.iter().enumerate() {
        for lane in 0..LANES {
            let volume = volumes[2 * (m * LANES + lane) + parity];
            lanes[lane] += volume * (numbers[lane] * numbers[lane]);
        }
    }
    for (lane, x) in others.iter().enumerate() {
        lanes[lane] += volumes[2 * (full.len() * LANES + lane) + parity] * (x * x);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    volume(0) * volume(1) * (((a + b) + (c + d)) + ((e + f) + (g + h)))
}

/// A correction interpolated from a coarse level.
pub(crate) struct Correction {
    /// The shape of the coarse level, and its solution.
    shape: [usize; 3],
    pub(super) solution: Vec<f64>,
    /// For each index along the first two axes the coarse ones from which it is interpolated.
    sources: [Vec<[(isize, f64); 2]>; 2],
    /// For cells of each parity in a row the weights of the coarse cell that they are part of and of that beside it.
    weights: [[Vec<f64>; 2]; 2],
    /// Whether rows are made coarser.
    halves: bool,
    adds: bool,
    /// The cells of each parity of a coarse row; then all of them, with a cell beside each end.
    apart: [Vec<f64>; 2],
    joined: Vec<f64>,
}

impl Correction {
    pub(super) fn new(
        coarse: &mut Level,
        sources: [Vec<[(isize, f64); 2]>; 2],
        weights: &[[f64; 2]],
        halves: bool,
        adds: bool,
    ) -> Self {
        let own_and_other = |parity: usize| -> [Vec<f64>; 2] {
            [0, 1].map(|which| weights.iter().skip(parity).step_by(2).map(|w| w[which]).collect())
        };
        let n2 = coarse.shape[2];
        Correction {
            shape: coarse.shape,
            solution: std::mem::take(&mut coarse.x),
            sources,
            weights: [0, 1].map(own_and_other),
            halves,
            adds,
            apart: [vec![0.0; n2.div_ceil(2)], vec![0.0; n2 / 2]],
            joined: vec![0.0; n2 + 2],
        }
    }

    /// Corrects a row of the fine level.
    #[inline(always)]
    pub(super) fn correct(&mut self, fine: &mut Level, row: RowOfCells) {
        let Correction { shape, solution, sources, weights, halves, adds, apart, joined } = self;
        let n2 = shape[2];
        let [i, j] = row.indices;
        for (parity, apart) in apart.iter_mut().enumerate() {
            apart.fill(0.0);
            for (i, u) in &sources[0][i] {
                for (j, v) in &sources[1][j] {
                    let weight = u * v;
                    if weight == 0.0 {
                        continue;
                    }
                    let start =
                        start_of_row(*shape, [*i, *j]) + place_in_row(*shape, parity as isize);
                    let values = &solution[start..start + apart.len()];
                    for (to, x) in apart.iter_mut().zip(values) {
                        *to += weight * x;
                    }
                }
            }
        }
        if *halves {
            let pairs = joined[1..].chunks_exact_mut(2).zip(apart[0].iter().zip(&apart[1]));
            for (pair, (even, odd)) in pairs {
                (pair[0], pair[1]) = (*even, *odd);
            }
            if n2 % 2 == 1 {
                joined[n2] = apart[0][n2 / 2];
            }
            // Ends that are joined; beyond others nothing counts.
            (joined[0], joined[n2 + 1]) = (joined[n2], joined[1]);
        }
        for parity in [0, 1] {
            let (at, count) = fine.half(row, parity);
            let to = &mut fine.x[at..at + count];
            if !*adds {
                to.fill(0.0);
            }
            if !*halves {
                for (to, x) in to.iter_mut().zip(&apart[parity]) {
                    *to += x;
                }
                continue;
            }
            // The first cell of a pair is interpolated towards the cell before, the second towards that behind.
            let [own, other] = weights[parity].each_ref().map(|weights| &weights[..count]);
            let here = &joined[1..1 + count];
            let beside = &joined[2 * parity..2 * parity + count];
            for k in 0..count {
                to[k] += own[k] * here[k] + other[k] * beside[k];
            }
        }
    }
}

/// Corrects all rows of a fine level.
pub(super) struct CorrectAll<'l> {
    pub(super) correction: &'l mut Correction,
    pub(super) fine: &'l mut Level,
}

impl NullaryFnOnce for CorrectAll<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for number in 0..self.fine.shape[0] * self.fine.shape[1] {
            let row = self.fine.row(number);
            self.correction.correct(self.fine, row);
        }
    }
}
