//! How long each pass of a step takes.

use std::time::Instant;

use crate::error::Error;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;

/// What an action of the step plan takes, pass by pass.
#[derive(Clone, Debug, PartialEq)]
pub struct PassTime {
    /// What is done, in words.
    pub name: String,
    /// Seconds per step, on the slowest rank.
    pub seconds: f64,
    /// Bytes per cell that are moved between memory and processor at least.
    pub bytes_per_cell: usize,
}

impl Simulation {
    /// Makes some steps of the usual length, pass by pass and without looking at trackers, and
    /// tells what each action of the plan took. A sweep that is computed while the halos before it
    /// travel is part of them. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn time_passes(&mut self, steps: u64) -> Result<Vec<PassTime>, Error> {
        let mut seconds = vec![0.0; self.stepper.plan().actions().len()];
        for _ in 0..steps {
            let State { world, block, memory, .. } = &mut self.state;
            let mut before = Instant::now();
            let watch = |action: usize| {
                let now = Instant::now();
                seconds[action] += (now - before).as_secs_f64();
                before = now;
            };
            self.stepper.step = self.steps;
            self.stepper.run_watched(world, block, memory, self.time, self.dt, watch)?;
            self.state.memory.swap_all(self.stepper.plan().swaps());
            self.steps += 1;
            self.time += self.dt;
        }
        let plan = self.stepper.plan();
        let mut times: Vec<PassTime> = Vec::new();
        for (action, seconds) in plan.actions().iter().zip(seconds) {
            let seconds = self.state.world.max(seconds)? / steps as f64;
            let (Some(name), bytes_per_cell) = (plan.describe(action), action.bytes_per_cell())
            else {
                continue;
            };
            match (seconds > 0.0, times.last_mut()) {
                (true, _) => times.push(PassTime { name, seconds, bytes_per_cell }),
                // It was done with the one before.
                (false, Some(before)) => {
                    before.name = format!("{}; {name}", before.name);
                    before.bytes_per_cell += bytes_per_cell;
                }
                (false, None) => {}
            }
        }
        Ok(times)
    }
}
