//! The matrix of the finest grid, eliminated (elimination.rs), with the numbers of a cell tied to each other.

use fluxions_comm::World;

use crate::error::Error;
use crate::run::random_rows::rows;
use crate::solvers::multigrid::cycles::Multigrid;
use crate::solvers::multigrid::elimination::{Band, Order, ROUNDING};
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::gather::gather_slab;
use crate::solvers::place::Place;
use crate::solvers::vectors::Vector;

/// A matrix that was eliminated.
pub(crate) struct Elimination {
    order: Order,
    band: Band,
}

impl Multigrid {
    /// Eliminates identity·I + factor·J as far as its entries are known, with those that tie the numbers of a cell to each
    /// other: `ties` gives their rows, columns and arrays. Nothing where that would take too long. Collective.
    pub(crate) fn eliminate(
        &self,
        place: &Place<'_>,
        (identity, factor): (f64, f64),
        ties: impl Iterator<Item = (usize, usize, usize)>,
    ) -> Result<Option<Elimination>, Error> {
        let Multigrid { grid, cuts, entries, offsets, .. } = self;
        if !self.knows_all_entries() {
            return Ok(None);
        }
        let shared = cuts.is_some().then_some(place.world);
        let order = Order::new(grid, entries.len());
        let mut there = vec![false; offsets.len()];
        for entries in entries {
            let of_array = entries.there(shared)?;
            there.iter_mut().zip(of_array).for_each(|(there, also)| *there |= also);
        }
        let seen: Vec<[i32; 3]> =
            offsets.iter().zip(&there).filter(|(_, there)| **there).map(|(o, _)| *o).collect();
        let width = order.width(&seen);
        if !order.is_affordable(width) {
            return Ok(None);
        }
        let mut band = Band::new(order.count(), width);
        for (array, entries) in entries.iter().enumerate() {
            let entries = entries.scaled(identity, factor);
            for (number, offset) in offsets.iter().enumerate().filter(|(k, _)| there[*k]) {
                let list = self.whole(place.world, &entries, number)?;
                for (cell, entry) in list.into_iter().enumerate().filter(|(_, x)| *x != 0.0) {
                    let cell = grid.cell(cell);
                    let next = grid.beside(cell, *offset);
                    band.add(order.place(cell, array), order.place(next, array), entry);
                }
            }
        }
        let mut list = Vec::new();
        for (row, column, array) in ties {
            Self::read(place, grid.cells(), array, &mut list)?;
            for (cell, entry) in list.iter().enumerate() {
                let cell = grid.cell(cell);
                band.add(order.place(cell, row), order.place(cell, column), factor * entry);
            }
        }
        Ok(Some(Elimination { order, band: band.eliminated(ROUNDING) }))
    }

    /// The entries for one of the neighbours of all cells of the grid. Collective where the ranks hold parts.
    fn whole(&self, world: &World, entries: &Entries, number: usize) -> Result<Vec<f64>, Error> {
        let Multigrid { grid, cuts, slab, .. } = self;
        if cuts.is_none() {
            return Ok(entries.rows_of(number).flatten().copied().collect());
        }
        gather_slab(world, (grid.shape, *slab), entries.rows_of(number))
    }

    /// to ← the solution for `from` of what was eliminated. Collective.
    pub(crate) fn apply_eliminated(
        &mut self,
        place: &mut Place<'_>,
        elimination: &Elimination,
        from: Vector,
        to: Vector,
    ) -> Result<(), Error> {
        let Elimination { order, band } = elimination;
        let mut x = vec![0.0; order.count()];
        let mut numbers = std::mem::take(&mut self.numbers);
        for k in 0..self.arrays() {
            Self::read(place, self.grid.cells(), from + k, &mut numbers)?;
            for (cell, number) in numbers.iter().enumerate() {
                x[order.place(self.grid.cell(cell), k)] = *number;
            }
        }
        band.solve(&mut x);
        let Place { block, memory, .. } = place;
        let layout = memory.layout();
        for k in 0..self.arrays() {
            let to = memory.of_array_mut(to + k);
            for ([i, j], cells) in rows(block) {
                let first = block.global_number([i, j, 0]) as usize;
                let row = &mut to[layout.index(cells.start)..][..cells.shape()[2]];
                for (number, x_of) in row.iter_mut().enumerate() {
                    *x_of = x[order.place(self.grid.cell(first + number), k)];
                }
            }
        }
        self.numbers = numbers;
        Ok(())
    }
}
