//! States at times within the coming step, for schemes that know no polynomial there. Each is found by a shorter step,
//! which is taken back. So output is exact in time, to the order of the scheme, and changes no later state.

use std::time::Instant;

use crate::error::Error;
use crate::run::guard::Causes;
use crate::simulation::clock::Step;
use crate::simulation::run_loop::ratio;
use crate::simulation::run_state::SavedScheme;
use crate::simulation::schedule::Now;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::simulation::tracker::Flow;
use crate::simulation::undo::Undo;

impl Simulation {
    /// Calls the trackers that are due within the coming step. Collective.
    pub(super) fn track_ahead(&mut self) -> Result<Flow, Error> {
        let mut flow = Flow::Continue(());
        if self.looks_within || self.balancing.is_some() {
            return Ok(flow);
        }
        let began = Instant::now();
        while let Some(step) = self.clock.next()
            && let Some(due) = self.trackers.next_time(self.steps)
            && step.from < due
            && is_within(due, &step)
        {
            let wish = self.look_aside(&step, due)?;
            if flow.is_continue() {
                flow = wish;
            }
        }
        self.durations.output += began.elapsed().as_secs_f64();
        Ok(flow)
    }

    /// Calls the trackers that are due within the step that was just tried and accepted, and began with the scheme in
    /// this state. Collective.
    pub(super) fn track_behind(&mut self, step: &Step, before: SavedScheme) -> Result<Flow, Error> {
        let mut flow = Flow::Continue(());
        let is_due = |time: f64| step.from < time && is_within(time, step);
        if self.looks_within || !self.trackers.next_time(self.steps - 1).is_some_and(is_due) {
            return Ok(flow);
        }
        let began = Instant::now();
        let after = self.saved_scheme();
        let mut undo = self.undo.take().expect("a step that was tried can be undone");
        undo.exchange(&mut self.state.memory);
        self.restore_scheme(before)?;
        let now = std::mem::replace(&mut self.time, step.from);
        self.steps -= 1;
        while let Some(due) = self.trackers.next_time(self.steps).filter(|due| is_due(*due)) {
            let wish = self.look_aside(step, due)?;
            if flow.is_continue() {
                flow = wish;
            }
        }
        (self.time, self.steps) = (now, self.steps + 1);
        self.restore_scheme(after)?;
        undo.exchange(&mut self.state.memory);
        self.undo = Some(undo);
        self.durations.output += began.elapsed().as_secs_f64();
        Ok(flow)
    }

    /// Calls the trackers that are due at a time within a step that begins with the present state, which stays as it is.
    /// Collective.
    fn look_aside(&mut self, step: &Step, due: f64) -> Result<Flow, Error> {
        let mut before = self.aside.take().unwrap_or_else(|| Undo::of(self.kept()));
        before.save(&self.state.memory);
        let scheme = self.saved_scheme();
        let aside = Step { from: step.from, dt: due - step.from, to: due };
        let seen = self.step_aside(aside).and_then(|()| self.track_at(due, self.steps + 1));
        before.restore(&mut self.state.memory);
        self.aside = Some(before);
        self.restore_scheme(scheme)?;
        seen
    }

    /// Makes a step that neither the clock nor the number of steps knows of. Collective.
    fn step_aside(&mut self, step: Step) -> Result<(), Error> {
        match self.implicit.is_some() {
            true => self.implicit_step_aside(step)?,
            false => self.explicit_step_aside(step)?,
        }
        // No tracker sees a state that is not finite.
        self.health.meet(&self.state, self.steps)?;
        let present = std::mem::replace(&mut self.time, step.to);
        let changed = self.change_after_step();
        self.time = present;
        changed
    }

    fn explicit_step_aside(&mut self, step: Step) -> Result<(), Error> {
        self.choose_stages(step.dt)?;
        self.choose_first_step(step.dt);
        let State { world, block, memory, .. } = &mut self.state;
        self.stepper.step = self.steps;
        self.stepper.ratio = ratio(step.dt, self.last_dt);
        let finite = self.stepper.run(world, block, memory, step.from, step.dt)?;
        let causes = match finite {
            true => Causes::default(),
            false => self.stepper.causes(block, memory, step.from, step.dt),
        };
        memory.swap_all(self.stepper.plan().swaps());
        if !finite {
            self.health.note(self.steps + 1, step.to, self.state.first_not_finite(), causes);
        }
        Ok(())
    }
}

/// Whether a time lies before the end of a step, by more than rounding.
pub(super) fn is_within(time: f64, step: &Step) -> bool {
    time < step.to && !Now::new(time, 0, 0.0).is_at(step.to, step.dt)
}
