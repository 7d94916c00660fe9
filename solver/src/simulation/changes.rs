//! Changes of the state by trackers, between steps.

use fluxions_comm::Combine;

use crate::error::Error;
use crate::run::executor::Executor;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;

/// What follows from a change of the state by a tracker.
pub(super) struct Changes {
    /// Sets what is held in regions, finds unknowns, and what transport knows of the flow before a step; one after the
    /// other.
    pub(super) then: Vec<Executor>,
    /// The end of the run, if it has one: the clock is told of the next change.
    pub(super) end: Option<f64>,
}

impl Simulation {
    /// Sets the time at which the run ends. Collective with [`aim`](Self::aim).
    pub(super) fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
        self.clock.set_end(end)?;
        if let Some(changes) = &mut self.changes {
            changes.end = end;
        }
        Ok(())
    }

    /// Lets the coming steps end where the next change is due, if that is before the end of the run.
    pub(super) fn aim(&mut self) -> Result<(), Error> {
        let Some(changes) = &self.changes else { return Ok(()) };
        let due = self.trackers.next_change(self.steps).filter(|due| *due > self.time);
        let Some(due) = due.filter(|due| changes.end.is_none_or(|end| *due < end)) else {
            return Ok(());
        };
        self.clock.set_end(Some(due))?;
        // What is left may be rounding.
        if self.clock.next().is_none() { self.clock.set_end(changes.end) } else { Ok(()) }
    }

    /// Makes the clock look to the end of the run again.
    pub(super) fn look_to_end(&mut self) -> Result<(), Error> {
        match &self.changes {
            Some(changes) => self.clock.set_end(changes.end),
            None => Ok(()),
        }
    }

    /// Draws the conclusions from what a tracker has done to the state on this rank, if it has changed it anywhere.
    /// Collective.
    pub(super) fn conclude_change(&mut self, changed: bool) -> Result<(), Error> {
        let Some(mut changes) = self.changes.take() else { return Ok(()) };
        let concluded = self.conclude(&mut changes, changed);
        self.changes = Some(changes);
        concluded
    }

    fn conclude(&mut self, changes: &mut Changes, changed: bool) -> Result<(), Error> {
        let bad = if changed { self.state.first_not_finite() } else { None };
        // The fields come in the order of their arrays.
        let mut found = [i64::from(!changed), bad.map_or(i64::MAX, |(array, _)| array as i64)];
        self.state.world.combine(Combine::Min, &mut found)?;
        if found[0] == 1 {
            return Ok(());
        }
        if found[1] != i64::MAX {
            let pde = &self.state.pde;
            let is_it = |field: &usize| pde.arrays_of(*field).contains(&(found[1] as usize));
            let field =
                (0..pde.fields().len()).find(is_it).map(|field| pde.fields()[field].clone());
            let (time, step) = (self.time, self.steps);
            return Err(Error::TrackerNotFinite { field: field.unwrap_or_default(), time, step });
        }
        let State { world, block, memory, .. } = &mut self.state;
        for executor in &mut changes.then {
            executor.run(world, block, memory, self.time, 0.0)?;
        }
        self.clock.forget();
        self.forget_slopes();
        Ok(())
    }
}
