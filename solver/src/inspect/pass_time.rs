//! How long each pass of a step takes.

use std::time::Instant;

use crate::error::Error;
use crate::simulation::simulation::Simulation;

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
        let mut seconds = vec![0.0; self.plan().actions.len()];
        for _ in 0..steps {
            let mut before = Instant::now();
            self.step_watched(|action| {
                let now = Instant::now();
                seconds[action] += (now - before).as_secs_f64();
                before = now;
            })?;
        }
        let plan = self.plan();
        let mut times: Vec<PassTime> = Vec::new();
        for (action, seconds) in plan.actions.iter().zip(seconds) {
            let seconds = self.world().max(seconds)? / steps as f64;
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
