//! States within a step, for trackers that are due there: output does not change the steps.

use std::time::Instant;

use crate::error::Error;
use crate::run::executor::Executor;
use crate::simulation::clock::Step;
use crate::simulation::schedule::Now;
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
        let Some(mut dense) = self.dense.take() else { return Ok(flow) };
        let began = Instant::now();
        while let Some(step) = dense.last
            && let Some(due) = self.trackers.next_time(self.steps)
            && !Now::new(due, self.steps, 0.0).is_at(step.to, step.dt)
            && due < step.to
        {
            let theta = (due - step.from) / step.dt;
            let State { world, block, memory, .. } = &mut self.state;
            dense.within.run(world, block, memory, theta, step.dt)?;
            memory.swap_all(&dense.swaps);
            let now = Now::new(due, self.steps, 0.0);
            for (schedule, tracker) in &mut self.trackers.0 {
                if !schedule.is_due_within(&now) {
                    continue;
                }
                let mut now = Snapshot {
                    state: &mut self.state,
                    time: due,
                    step: self.steps,
                    remaining: self.clock.remaining(),
                    is_last: false,
                };
                let outcome = tracker.record(&mut now);
                let wish = agree(&self.state.world, outcome)?;
                if flow.is_continue() {
                    flow = wish;
                }
            }
            self.state.memory.swap_all(&dense.swaps);
        }
        dense.last = None;
        self.dense = Some(dense);
        self.durations.output += began.elapsed().as_secs_f64();
        Ok(flow)
    }
}
