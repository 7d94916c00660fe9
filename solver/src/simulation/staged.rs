//! Steps whose stages are as many as their length demands.

use std::collections::HashMap;

use fluxions_expr::Backend;

use crate::error::Error;
use crate::run::executor::Executor;
use crate::schemes::scheme::Scheme;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;

/// The limit may be so much lower before it is found anew, or within the step.
const MARGIN: f64 = 1.05;

/// What makes steps with different numbers of stages.
pub(super) struct Staged {
    pub(super) scheme: Box<dyn Scheme>,
    pub(super) seed: u64,
    pub(super) backend: Backend,
    /// The stages of the plan that makes the steps at the moment; none before the first step.
    pub(super) stages: Option<usize>,
    /// The other plans that have been used, by their stages.
    pub(super) others: HashMap<usize, Executor>,
}

impl Simulation {
    /// Makes the plan ready that has as many stages as a step of this length demands, where that varies.
    pub(super) fn choose_stages(&mut self, dt: f64) -> Result<(), Error> {
        let Some(staged) = &mut self.staged else { return Ok(()) };
        let share = MARGIN * dt / self.clock.longest();
        let Some(stages) = staged.scheme.stages(share) else { return Ok(()) };
        if staged.stages == Some(stages) {
            return Ok(());
        }
        let State { pde, world, block, memory, .. } = &self.state;
        let mut other = match staged.others.remove(&stages) {
            Some(known) => known,
            None => {
                let plan = staged.scheme.with_stages(pde, stages);
                let (seed, backend) = (staged.seed, staged.backend);
                Executor::new(pde, world, block, memory, plan, seed, backend)?
                    .with_unknowns(self.stepper.unknowns())
            }
        };
        other.counts = self.stepper.counts;
        std::mem::swap(&mut self.stepper, &mut other);
        if let Some(before) = staged.stages.replace(stages) {
            staged.others.insert(before, other);
        }
        Ok(())
    }
}
