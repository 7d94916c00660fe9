//! Smoothing: cells of one colour after the other, of a chequerboard, are corrected so that their equations hold
//! (Trottenberg, Oosterlee & Schüller 2001, "Multigrid", section 2.1.3). Cells of a colour see each other as they were
//! before: their order does not matter.

use crate::error::Error;
use crate::solvers::multigrid::level::{Level, RowOfCells, row_of};
use crate::solvers::multigrid::slab::Edges;

/// The neighbours of the cells of a row: N in other rows, and those beside each other in the row itself.
struct Neighbours<const N: usize> {
    /// The number of each neighbour among those that there are entries for, and how far its row is away.
    others: [(usize, isize); N],
    /// The numbers of the neighbours before and behind.
    sides: Option<[usize; 2]>,
}

impl<const N: usize> Neighbours<N> {
    fn of(level: &Level) -> Self {
        let shifts = level.shifts();
        let mut others = shifts.iter().copied().enumerate().filter(|(_, shift)| shift.abs() > 1);
        let others = std::array::from_fn(|_| others.next().expect("as many as were counted"));
        Neighbours { others, sides: sides(&level.offsets) }
    }
}

/// The numbers of the neighbours before and behind a cell in its row, if both are there.
fn sides(offsets: &[[i32; 3]]) -> Option<[usize; 2]> {
    let place = |side: i32| offsets.iter().position(|offset| *offset == [0, 0, side]);
    Some([place(-1)?, place(1)?])
}

/// How many neighbours lie in other rows, where those in the row itself are both there or none is.
fn in_other_rows(offsets: &[[i32; 3]]) -> Option<usize> {
    let others = offsets.iter().filter(|offset| offset[..2] != [0, 0]).count();
    let within = if sides(offsets).is_some() { 2 } else { 0 };
    (others + within + 1 == offsets.len()).then_some(others)
}

/// Whether there is a loop for these neighbours, which computes nothing beside the solution.
pub(super) fn are_usual(offsets: &[[i32; 3]]) -> bool {
    in_other_rows(offsets).is_some_and(|others| [0, 2, 4].contains(&others))
}

impl Level {
    /// Corrects the solution. Collective.
    pub(crate) fn smooth(&mut self, edges: &mut Edges) -> Result<(), Error> {
        self.smooth_from(edges, false)
    }

    /// The same from the solution 0, whatever it was. Collective.
    pub(crate) fn smooth_zero(&mut self, edges: &mut Edges) -> Result<(), Error> {
        self.smooth_from(edges, true)
    }

    fn smooth_from(&mut self, edges: &mut Edges, from_zero: bool) -> Result<(), Error> {
        if !self.tied {
            match in_other_rows(&self.offsets) {
                Some(0) => return self.smooth_in_place::<0>(edges, from_zero),
                Some(2) => return self.smooth_in_place::<2>(edges, from_zero),
                Some(4) => return self.smooth_in_place::<4>(edges, from_zero),
                _ => {}
            }
        }
        if from_zero {
            self.x.fill(0.0);
        }
        match self.offsets.len() {
            9 => self.smooth_beside::<8>(edges),
            27 => self.smooth_beside::<26>(edges),
            _ => self.smooth_any(edges),
        }
    }

    /// Corrects the solution where cells of a colour are no neighbours.
    fn smooth_in_place<const N: usize>(
        &mut self,
        edges: &mut Edges,
        from_zero: bool,
    ) -> Result<(), Error> {
        let neighbours = Neighbours::<N>::of(self);
        if !edges.are_fixed() {
            for colour in [0, 1] {
                if !from_zero || colour == 1 {
                    edges.renew(self)?;
                }
                for row in self.rows() {
                    match from_zero && colour == 0 {
                        true => self.begin(row),
                        false => self.relax(row, colour, &neighbours),
                    }
                }
            }
            return Ok(());
        }
        if !from_zero {
            edges.renew(self)?;
        }
        // A row of the second colour follows as soon as those of the first colour around it are done, while they
        // are still in the cache.
        let [n0, n1, n2] = self.shape;
        let (rows, later) = (n0 * n1, if n0 > 1 { n1 + 1 } else { 1 });
        for number in 0..rows + later {
            for (colour, number) in [(0, Some(number)), (1, number.checked_sub(later))] {
                let Some(number) = number.filter(|number| *number < rows) else { continue };
                let row = row_of(self.shape, number);
                match from_zero && colour == 0 {
                    true => self.begin(row),
                    false => self.relax(row, colour, &neighbours),
                }
                if edges.join_rows() {
                    let at = row.2;
                    (self.x[at - 1], self.x[at + n2]) = (self.x[at + n2 - 1], self.x[at]);
                }
            }
        }
        Ok(())
    }

    /// The first cell of a colour in a row.
    fn first_of(&self, [i, j]: [usize; 2], colour: usize) -> usize {
        (colour + i + j + self.slab.first) % 2
    }

    /// Makes the equations of the cells of the first colour in a row hold where all others are 0.
    fn begin(&mut self, (row, cell, at): RowOfCells) {
        let (first, n2) = (self.first_of(row, 0), self.shape[2]);
        let inverse = self.inverses.of(cell / n2, 0);
        let (x, b) = (&mut self.x[at..at + n2], &self.b[at..at + n2]);
        for (k, (x, (b, inverse))) in x.iter_mut().zip(b.iter().zip(inverse)).enumerate() {
            *x = if k % 2 == first { b * inverse } else { 0.0 };
        }
    }

    /// Makes the equations of the cells of a colour in a row hold.
    fn relax<const N: usize>(
        &mut self,
        (row, cell, at): RowOfCells,
        colour: usize,
        neighbours: &Neighbours<N>,
    ) {
        let (first, n2) = (self.first_of(row, colour), self.shape[2]);
        let Level { entries, inverses, x, b, .. } = self;
        let of_row = entries.of_row(cell / n2);
        let list = |number: usize| &of_row[number * n2..][..n2];
        let (inverse, b) = (&inverses.of(cell / n2, 0)[..n2], &b[at..][..n2]);
        // The row with the cells beside its ends, and what is before and behind.
        let (before, rest) = x.split_at_mut(at - 1);
        let (here, behind) = rest.split_at_mut(n2 + 2);
        let others: [(&[f64], &[f64]); N] = std::array::from_fn(|n| {
            let (number, shift) = neighbours.others[n];
            let values = match shift < 0 {
                true => &before[at.wrapping_add_signed(shift)..][..n2],
                false => &behind[(shift - 1) as usize - n2..][..n2],
            };
            (list(number), values)
        });
        let mut k = first;
        match neighbours.sides.map(|sides| sides.map(list)) {
            Some([left, right]) => {
                while k < n2 {
                    let mut rest = b[k];
                    for (entries, values) in &others {
                        rest -= entries[k] * values[k];
                    }
                    rest -= left[k] * here[k] + right[k] * here[k + 2];
                    here[k + 1] = rest * inverse[k];
                    k += 2;
                }
            }
            None => {
                while k < n2 {
                    let mut rest = b[k];
                    for (entries, values) in &others {
                        rest -= entries[k] * values[k];
                    }
                    here[k + 1] = rest * inverse[k];
                    k += 2;
                }
            }
        }
    }

    /// Corrects the solution, beside which the new one is computed, where cells have N neighbours.
    fn smooth_beside<const N: usize>(&mut self, edges: &mut Edges) -> Result<(), Error> {
        let shifts = self.shifts();
        let n2 = self.shape[2];
        for colour in [0, 1] {
            edges.renew(self)?;
            for (row, cell, at) in self.rows() {
                let first = self.first_of(row, colour);
                let Level { entries, inverses, x, b, beside, .. } = self;
                let of_row = entries.of_row(cell / n2);
                let neighbours: [(&[f64], &[f64]); N] = std::array::from_fn(|n| {
                    let from = at.wrapping_add_signed(shifts[n + 1]);
                    (&of_row[(n + 1) * n2..][..n2], &x[from..][..n2])
                });
                let (inverse, b) = (&inverses.of(cell / n2, 0)[..n2], &b[at..][..n2]);
                let new = &mut beside[at..][..n2];
                let mut k = first;
                while k < n2 {
                    let mut rest = b[k];
                    for (entries, values) in &neighbours {
                        rest -= entries[k] * values[k];
                    }
                    new[k] = rest * inverse[k];
                    k += 2;
                }
            }
            self.take_over(colour);
        }
        Ok(())
    }

    /// The same for any neighbours.
    fn smooth_any(&mut self, edges: &mut Edges) -> Result<(), Error> {
        let shifts = self.shifts();
        let n2 = self.shape[2];
        for colour in [0, 1] {
            edges.renew(self)?;
            for (row, cell, at) in self.rows() {
                let of_row = self.entries.of_row(cell / n2);
                let inverse = self.inverses.of(cell / n2, 0);
                for k in (self.first_of(row, colour)..n2).step_by(2) {
                    let mut rest = self.b[at + k];
                    for (n, shift) in shifts.iter().enumerate().skip(1) {
                        rest -= of_row[n * n2 + k] * self.x[(at + k).wrapping_add_signed(*shift)];
                    }
                    self.beside[at + k] = rest * inverse[k];
                }
            }
            self.take_over(colour);
        }
        Ok(())
    }

    /// Takes the cells of a colour from what was computed beside the solution.
    fn take_over(&mut self, colour: usize) {
        for (row, _, at) in self.rows() {
            for k in (self.first_of(row, colour)..self.shape[2]).step_by(2) {
                self.x[at + k] = self.beside[at + k];
            }
        }
    }

    /// Computes b − A·x in a row, given that the layers around x are right; `shifts` are those of the level.
    pub(super) fn residual_in(
        &self,
        (_, cell, at): RowOfCells,
        shifts: &[isize],
        residual: &mut [f64],
    ) {
        match self.offsets.len() {
            3 => self.residual_among::<3>((cell, at), shifts, residual),
            5 => self.residual_among::<5>((cell, at), shifts, residual),
            7 => self.residual_among::<7>((cell, at), shifts, residual),
            9 => self.residual_among::<9>((cell, at), shifts, residual),
            _ => self.residual_of_any((cell, at), shifts, residual),
        }
    }

    fn residual_among<const N: usize>(
        &self,
        (cell, at): (usize, usize),
        shifts: &[isize],
        residual: &mut [f64],
    ) {
        let n2 = residual.len();
        let of_row = self.entries.of_row(cell / n2);
        let terms: [(&[f64], &[f64]); N] = std::array::from_fn(|n| {
            let from = at.wrapping_add_signed(shifts[n]);
            (&of_row[n * n2..][..n2], &self.x[from..][..n2])
        });
        let b = &self.b[at..][..n2];
        for k in 0..n2 {
            let mut rest = b[k];
            for (entries, values) in &terms {
                rest -= entries[k] * values[k];
            }
            residual[k] = rest;
        }
    }

    fn residual_of_any(&self, (cell, at): (usize, usize), shifts: &[isize], residual: &mut [f64]) {
        let n2 = residual.len();
        residual.copy_from_slice(&self.b[at..at + n2]);
        let lists = self.entries.of_row(cell / n2).chunks_exact(n2);
        for (entries, shift) in lists.zip(shifts) {
            let from = at.wrapping_add_signed(*shift);
            let products = entries.iter().zip(&self.x[from..from + n2]);
            residual.iter_mut().zip(products).for_each(|(to, (entry, x))| *to -= entry * x);
        }
    }
}
