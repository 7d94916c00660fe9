//! States within a step, for trackers that are due there: output does not change the steps.

use std::time::Instant;

use crate::error::Error;
use crate::plan::action::Action;
use crate::run::executor::Executor;
use crate::simulation::clock::Step;
use crate::simulation::effort::Effort;
use crate::simulation::schedule::Now;
use crate::simulation::side_steps::is_within;
use crate::simulation::simulation::Simulation;
use crate::simulation::snapshot::Snapshot;
use crate::simulation::state::State;
use crate::simulation::tracker::{Flow, agree};

/// What finds states within a step, and what steps need to know of the state from which they go on.
pub(super) struct DenseOutput {
    /// Computes the slopes in a state to which no step has led.
    pub(super) start: Executor,
    /// Finds a state within the last step.
    pub(super) within: Executor,
    /// Finds the unknowns of a state within a step, if there are any.
    pub(super) unknowns: Option<Executor>,
    /// The arrays of the state, each with that of a state within the step.
    pub(super) swaps: Vec<(usize, usize)>,
    /// Whether the slopes are those of the present state.
    pub(super) knows_slopes: bool,
    /// The last step, until its trackers have been called.
    pub(super) last: Option<Step>,
}

impl DenseOutput {
    /// Computes the slopes in a state, unless they are known from the step that led there. Collective.
    pub(super) fn prepare(&mut self, state: &mut State, time: f64) -> Result<(), Error> {
        if !std::mem::replace(&mut self.knows_slopes, true) {
            let State { world, block, memory, .. } = state;
            self.start.run(world, block, memory, time, 0.0)?;
        }
        Ok(())
    }

    /// The arrays of the slopes.
    pub(super) fn slopes(&self) -> impl Iterator<Item = usize> {
        self.start.plan().actions().iter().flat_map(Action::written)
    }

    /// Takes note of a step that was accepted.
    pub(super) fn note(&mut self, step: Step) {
        // The slopes are those at the time of the last stage, of which rounding may part the end.
        self.knows_slopes = step.from + step.dt == step.to;
        self.last = Some(step);
    }
}

impl Simulation {
    /// Calls the trackers that are due within the last step. Collective.
    pub(super) fn track_within(&mut self) -> Result<Flow, Error> {
        let mut flow = Flow::Continue(());
        if !self.looks_within {
            return Ok(flow);
        }
        let Some(step) = self.dense.as_mut().and_then(|dense| dense.last.take()) else {
            return Ok(flow);
        };
        let began = Instant::now();
        let mut checked = false;
        while let Some(due) = self.trackers.next_time(self.steps)
            && is_within(due, &step)
        {
            // No tracker sees a state that is not finite.
            if !std::mem::replace(&mut checked, true) {
                self.health.meet(&self.state, self.steps)?;
            }
            self.go_within(&step, due)?;
            let wish = self.track_at(due, self.steps);
            self.leave_within();
            let wish = wish?;
            if flow.is_continue() {
                flow = wish;
            }
        }
        self.durations.output += began.elapsed().as_secs_f64();
        Ok(flow)
    }

    /// Makes the state that at a time within the last step. Collective.
    fn go_within(&mut self, step: &Step, time: f64) -> Result<(), Error> {
        let Some(dense) = &mut self.dense else { return Ok(()) };
        let State { world, block, memory, .. } = &mut self.state;
        dense.within.run(world, block, memory, (time - step.from) / step.dt, step.dt)?;
        memory.swap_all(&dense.swaps);
        if let Some(unknowns) = &mut dense.unknowns {
            unknowns.run(world, block, memory, time, 0.0)?;
        }
        Ok(())
    }

    /// Makes the state that at the end of the last step again.
    fn leave_within(&mut self) {
        if let Some(dense) = &self.dense {
            self.state.memory.swap_all(&dense.swaps);
        }
    }

    /// Calls the trackers that are due at a time within the step of this number, whose state is in place. Collective.
    pub(super) fn track_at(&mut self, due: f64, step: u64) -> Result<Flow, Error> {
        let mut flow = Flow::Continue(());
        let now = Now::new(due, step, 0.0);
        let made = step - self.steps;
        let effort = Effort { steps: step, ..self.effort() };
        for (schedule, tracker) in &mut self.trackers.list {
            if schedule.is_of_changes() || !schedule.is_due_within(&now) {
                continue;
            }
            let mut now = Snapshot {
                state: &mut self.state,
                time: due,
                step,
                remaining: self.clock.remaining().map(|steps| steps.saturating_sub(made)),
                is_last: false,
                effort,
                change: None,
            };
            let outcome = tracker.record(&mut now);
            let wish = agree(&self.state.world, outcome)?;
            if flow.is_continue() {
                flow = wish;
            }
        }
        Ok(flow)
    }
}
