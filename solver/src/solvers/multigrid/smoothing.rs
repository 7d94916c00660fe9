//! Smoothing: cells of one colour after the other, of a chequerboard, are corrected so that their equations hold
//! (Trottenberg, Oosterlee & Schüller 2001, "Multigrid", section 2.1.3). Cells of a colour see each other as they were
//! before: their order does not matter.

use pulp::NullaryFnOnce;

use crate::solvers::multigrid::level::{Level, RowOfCells};
use crate::solvers::multigrid::rests::rests_in_row;

impl Level {
    /// The parity of the indices of the cells of a colour in a row.
    #[inline(always)]
    pub(super) fn parity_of(&self, [i, j]: [usize; 2], colour: usize) -> usize {
        (colour + i + j + self.slab.first) % 2
    }

    /// Makes the equations of the cells of the first colour in a row hold where all others are 0.
    #[inline(always)]
    pub(super) fn begin(&mut self, row: RowOfCells) {
        let parity = self.parity_of(row.indices, 0);
        let (at, count) = self.half(row, parity);
        let inverses = self.stencils.inverses(row.number, parity);
        let both = self.b[at..at + count].iter().zip(inverses);
        let omega = self.omega;
        for (x, (b, inverse)) in self.x[at..at + count].iter_mut().zip(both) {
            *x = omega * (b * inverse);
        }
        let (at, count) = self.half(row, 1 - parity);
        self.x[at..at + count].fill(0.0);
    }

    /// Makes the equations of the cells of a colour in a row hold.
    #[inline(always)]
    pub(super) fn relax<const N: usize>(&mut self, row: RowOfCells, colour: usize) {
        let parity = self.parity_of(row.indices, colour);
        let (at, count) = self.half(row, parity);
        if count == 0 {
            return;
        }
        let mut x = std::mem::take(&mut self.x);
        let (before, rest) = x.split_at_mut(at);
        let (here, behind) = rest.split_at_mut(count);
        let shifts = &self.shifts[parity];
        let values: [&[f64]; N] = std::array::from_fn(|n| {
            let from = at.wrapping_add_signed(shifts[n + 1]);
            match from < at {
                true => &before[from..from + count],
                false => &behind[from - at - count..][..count],
            }
        });
        rests_in_row(self, (row.number, parity), 1, here, &self.b[at..at + count], &values, true);
        self.x = x;
    }

    /// Makes the cells beside the ends of a row those at the other end.
    #[inline(always)]
    pub(super) fn join(&mut self, row: RowOfCells) {
        let last = self.shape[2] as isize - 1;
        let [before, first, end, behind] =
            [-1, 0, last, last + 1].map(|k| row.start + self.place(k));
        (self.x[before], self.x[behind]) = (self.x[end], self.x[first]);
    }

    /// Corrects the cells of a colour, given that the layers around the solution are right, for any neighbours.
    pub(super) fn smooth_any(&mut self, colour: usize) {
        for row in self.rows() {
            let parity = self.parity_of(row.indices, colour);
            let (at, count) = self.half(row, parity);
            self.beside[at..at + count].copy_from_slice(&self.b[at..at + count]);
            for (n, shift) in self.shifts[parity].iter().enumerate().skip(1) {
                let from = at.wrapping_add_signed(*shift);
                let products = self.stencils.list(row.number, n, parity).iter();
                let products = products.zip(&self.x[from..from + count]);
                let to = self.beside[at..at + count].iter_mut();
                to.zip(products).for_each(|(to, (entry, x))| *to -= entry * x);
            }
            let inverses = self.stencils.inverses(row.number, parity);
            let to = self.beside[at..at + count].iter_mut();
            to.zip(inverses).for_each(|(to, inverse)| *to *= inverse);
        }
        self.take_over(colour);
    }

    /// Takes the cells of a colour from what was computed beside the solution.
    fn take_over(&mut self, colour: usize) {
        for row in self.rows() {
            let (at, count) = self.half(row, self.parity_of(row.indices, colour));
            self.x[at..at + count].copy_from_slice(&self.beside[at..at + count]);
        }
    }

    /// Computes b − A·x in the cells of a parity in a row, given that the layers around x are right.
    #[inline(always)]
    pub(super) fn residual_in(&self, row: RowOfCells, parity: usize, residual: &mut [f64]) {
        match self.offsets.len() {
            3 => self.residual_among::<3>(row, parity, residual),
            5 => self.residual_among::<5>(row, parity, residual),
            7 => self.residual_among::<7>(row, parity, residual),
            9 => self.residual_among::<9>(row, parity, residual),
            27 => self.residual_among::<27>(row, parity, residual),
            _ => self.residual_of_any(row, parity, residual),
        }
    }

    #[inline(always)]
    fn residual_among<const N: usize>(&self, row: RowOfCells, parity: usize, residual: &mut [f64]) {
        let (at, count) = self.half(row, parity);
        if count == 0 {
            return;
        }
        let values: [&[f64]; N] = std::array::from_fn(|n| {
            let from = at.wrapping_add_signed(self.shifts[parity][n]);
            &self.x[from..from + count]
        });
        let b = &self.b[at..at + count];
        rests_in_row(self, (row.number, parity), 0, residual, b, &values, false);
    }

    fn residual_of_any(&self, row: RowOfCells, parity: usize, residual: &mut [f64]) {
        let (at, count) = self.half(row, parity);
        residual.copy_from_slice(&self.b[at..at + count]);
        for (n, shift) in self.shifts[parity].iter().enumerate() {
            let from = at.wrapping_add_signed(*shift);
            let products = self.stencils.list(row.number, n, parity).iter();
            let products = products.zip(&self.x[from..from + count]);
            residual.iter_mut().zip(products).for_each(|(to, (entry, x))| *to -= entry * x);
        }
    }
}

/// Corrects the cells of a colour, beside which the new solution is computed, where cells have N neighbours.
pub(super) struct Beside<'l, const N: usize> {
    pub(super) level: &'l mut Level,
    pub(super) colour: usize,
}

impl<const N: usize> NullaryFnOnce for Beside<'_, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Beside { level, colour } = self;
        let mut beside = std::mem::take(&mut level.beside);
        for row in level.rows() {
            let parity = level.parity_of(row.indices, colour);
            let (at, count) = level.half(row, parity);
            if count == 0 {
                continue;
            }
            let values: [&[f64]; N] = std::array::from_fn(|n| {
                let from = at.wrapping_add_signed(level.shifts[parity][n + 1]);
                &level.x[from..from + count]
            });
            let (to, b) = (&mut beside[at..at + count], &level.b[at..at + count]);
            rests_in_row(level, (row.number, parity), 1, to, b, &values, true);
        }
        level.beside = beside;
        level.take_over(colour);
    }
}
