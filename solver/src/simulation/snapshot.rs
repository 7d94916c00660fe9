//! What trackers see: the state of a run at one time.

use std::ops::Range;

use fluxions_comm::World;
use fluxions_expr::{Reduction, Type};
use fluxions_grid::Grid;
use fluxions_halo::{Decomposition, Subdomain};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use crate::error::Error;
use crate::simulation::effort::Effort;
use crate::simulation::state::State;
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// The state of a run at one time, on this rank's block.
pub struct Snapshot<'a> {
    pub(super) state: &'a mut State,
    pub(super) time: f64,
    pub(super) step: u64,
    pub(super) remaining: Option<u64>,
    pub(super) is_last: bool,
    pub(super) effort: Effort,
    /// Whether the state was changed, where that is allowed.
    pub(super) change: Option<bool>,
}

impl Snapshot<'_> {
    /// The time.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Steps since the beginning of the simulation.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What it took to come to this state; to the end of the step in which it lies, where it lies within one.
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Whether this is the state at the end of the run.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// How many steps there are to the end of the run, if they stay as long as they are now, where that
    /// is known.
    pub fn remaining_steps(&self) -> Option<u64> {
        self.remaining
    }

    /// The ranks.
    pub fn world(&self) -> &World {
        &self.state.world
    }

    /// The equations.
    pub fn pde(&self) -> &Pde {
        &self.state.pde
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        self.state.pde.grid()
    }

    /// This rank's block.
    pub fn block(&self) -> &Subdomain {
        &self.state.block
    }

    /// How the grid is cut.
    pub fn decomposition(&self) -> &Decomposition {
        &self.state.decomposition
    }

    /// The type of a field, or of an expression per cell that was declared with the builder.
    ///
    /// # Errors
    /// If there is nothing of that name.
    pub fn type_of(&self, name: &str) -> Result<Type, Error> {
        self.state.type_of(name)
    }

    /// The values of each of the real numbers that a field or expression is made of, in the order
    /// of [`Type::numbers`], on this rank's block: one axis per named axis of the grid. Collective
    /// for expressions.
    ///
    /// # Errors
    /// If there is nothing of that name, or another rank has failed.
    pub fn parts(&mut self, name: &str) -> Result<Vec<ArrayViewD<'_, f64>>, Error> {
        let arrays = self.state.arrays_of(name, self.time)?;
        Ok(arrays.map(|array| self.state.view(array)).collect())
    }

    /// The values of a real scalar field, or of such an expression per cell that was declared with
    /// the builder, on this rank's block: one axis per named axis of the grid. Collective for
    /// expressions.
    ///
    /// # Errors
    /// If there is nothing of that name, it is no real scalar, or another rank has failed.
    pub fn field(&mut self, name: &str) -> Result<ArrayViewD<'_, f64>, Error> {
        let array = self.state.array_of(name, self.time)?;
        Ok(self.state.view(array))
    }

    /// The values of a real scalar field on this rank's block, as [`field`](Self::field) gives them, to be changed. What
    /// follows from a change is taken care of when the tracker returns: halos, what is held in regions, unknowns, and
    /// what schemes know of earlier steps.
    ///
    /// # Errors
    /// If the tracker was not given to [`SimulationBuilder::change`](crate::SimulationBuilder::change), if there is no
    /// field of that name, it is no real scalar, or an unknown that follows from others.
    pub fn field_mut(&mut self, name: &str) -> Result<ArrayViewMutD<'_, f64>, Error> {
        let arrays = self.arrays_to_change(name)?;
        match (arrays.len(), arrays.start) {
            (1, array) => Ok(self.state.view_mut(array)),
            _ => Err(Error::NotScalar { name: name.into(), ty: self.state.type_of(name)? }),
        }
    }

    /// The values of one of the real numbers that a field is made of, as [`parts`](Self::parts) gives them, to be
    /// changed as those of [`field_mut`](Self::field_mut).
    ///
    /// # Errors
    /// As for [`field_mut`](Self::field_mut), or if the field has fewer numbers.
    pub fn part_mut(&mut self, name: &str, number: usize) -> Result<ArrayViewMutD<'_, f64>, Error> {
        match self.arrays_to_change(name)?.nth(number) {
            Some(array) => Ok(self.state.view_mut(array)),
            None => Err(Error::NotScalar { name: name.into(), ty: self.state.type_of(name)? }),
        }
    }

    /// Gives a real scalar field new values, each a function of the place, a coordinate for each named axis of the grid,
    /// and of the value there.
    ///
    /// # Errors
    /// As for [`field_mut`](Self::field_mut).
    pub fn update(
        &mut self,
        name: &str,
        mut new: impl FnMut(&[f64], f64) -> f64,
    ) -> Result<(), Error> {
        let missing = self.grid().missing();
        let start = self.block().start();
        let axes = self.grid().axes().to_vec();
        let mut place = vec![0.0; axes.len()];
        for (index, value) in self.field_mut(name)?.indexed_iter_mut() {
            for (k, axis) in axes.iter().enumerate() {
                place[k] = axis.centre((start[missing + k] + index[k]) as isize);
            }
            *value = new(&place, *value);
        }
        Ok(())
    }

    /// The arrays of a field that may be changed.
    fn arrays_to_change(&mut self, name: &str) -> Result<Range<usize>, Error> {
        let Some(changed) = &mut self.change else {
            return Err(Error::OnlyLooks { name: name.into() });
        };
        let (pde, origin) = (&self.state.pde, Origin::Output(name.into()));
        let field = pde.field(&origin, name)?;
        if pde.unknowns().contains(&field) {
            return Err(Error::ChangedUnknown { origin, name: name.into() });
        }
        *changed = true;
        Ok(pde.arrays_of(field))
    }

    /// The value of an expression for one number that was declared with the builder. Collective.
    ///
    /// # Errors
    /// If there is no number of that name, or another rank has failed.
    pub fn number(&mut self, name: &str) -> Result<f64, Error> {
        self.state.number(name, self.time)
    }

    /// The largest magnitude of a rate of change, as the equations give it in this state: of every
    /// component of every field, and of every unknown without space. The builder has to be told that it
    /// will be asked for ([`SimulationBuilder::rates`](crate::SimulationBuilder::rates)). Noise and
    /// transport are not part of it. Collective.
    ///
    /// # Errors
    /// If the builder was not told, or another rank has failed.
    pub fn largest_rate(&mut self) -> Result<f64, Error> {
        self.state.largest_rate(self.time)
    }

    /// The unknowns without space, in the order of [`Pde::globals`]; the same on all ranks.
    pub fn globals(&self) -> &[f64] {
        self.state.memory.globals()
    }

    /// The integral of a field over the domain. Collective.
    ///
    /// # Errors
    /// If there is nothing of that name, or another rank has failed.
    pub fn integral(&mut self, name: &str) -> Result<f64, Error> {
        self.state.reduce(name, Reduction::Integral, self.time)
    }

    /// The average of a field over the domain. Collective.
    ///
    /// # Errors
    /// If there is nothing of that name, or another rank has failed.
    pub fn average(&mut self, name: &str) -> Result<f64, Error> {
        self.state.reduce(name, Reduction::Average, self.time)
    }

    /// The largest value of a field; NaN if there is one. Collective.
    ///
    /// # Errors
    /// If there is nothing of that name, or another rank has failed.
    pub fn max(&mut self, name: &str) -> Result<f64, Error> {
        self.state.reduce(name, Reduction::Max, self.time)
    }

    /// The smallest value of a field; NaN if there is one. Collective.
    ///
    /// # Errors
    /// If there is nothing of that name, or another rank has failed.
    pub fn min(&mut self, name: &str) -> Result<f64, Error> {
        self.state.reduce(name, Reduction::Min, self.time)
    }

    /// The values of a field on the whole grid, on rank 0: first the axes of components of a vector
    /// or tensor, then those of the grid, last, if it is complex, one for real and imaginary part.
    /// Collective.
    ///
    /// # Errors
    /// If there is nothing of that name, or another rank has failed.
    pub fn gather(&mut self, name: &str) -> Result<Option<ArrayD<f64>>, Error> {
        self.state.gather(name, self.time)
    }
}
