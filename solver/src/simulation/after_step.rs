//! What is done to the state after each step.

use crate::error::Error;
use crate::run::executor::Executor;
use crate::run::guard::Causes;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;

/// What changes the state after each step, one after the other; nothing if there are none.
pub(super) struct AfterStep(pub(super) Vec<Executor>);

impl Simulation {
    /// Changes the state that a step has led to, where that is asked for. Collective.
    pub(super) fn change_after_step(&mut self) -> Result<(), Error> {
        if self.after_step.0.is_empty() {
            return Ok(());
        }
        let State { world, block, memory, .. } = &mut self.state;
        let mut finite = true;
        for change in &mut self.after_step.0 {
            finite &= change.run(world, block, memory, self.time, 0.0)?;
            memory.swap_all(change.plan().swaps());
        }
        if !finite {
            let place = self.state.first_not_finite();
            self.health.note(self.steps, self.time, place, Causes::default());
        }
        // Slopes at the end of the step are those of another state. The state before the step stays as it was.
        if let Some(dense) = &mut self.dense {
            dense.knows_slopes = false;
        }
        Ok(())
    }
}
