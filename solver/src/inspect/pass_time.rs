//! Measures how long each pass of a step takes.

use std::time::Instant;

use crate::error::Error;
use crate::simulation::simulation::Simulation;

/// The time that one action of the step plan takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PassTime {
    /// The action in words.
    pub name: String,
    /// The seconds per step on the slowest rank.
    pub seconds: f64,
    /// The least number of bytes per cell that move between memory and processor.
    pub bytes_per_cell: usize,
}

impl Simulation {
    /// Makes some steps of the usual length pass by pass, without trackers, and measures how long
    /// each action of the plan takes. A sweep that is computed while the halos before it travel
    /// counts as part of these halos. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn time_passes(&mut self, steps: u64) -> Result<Vec<PassTime>, Error> {
        let mut seconds = vec![0.0; self.plan().actions().len()];
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
        for (action, seconds) in plan.actions().iter().zip(seconds) {
            let seconds = self.world().max(seconds)? / steps as f64;
            let (Some(name), bytes_per_cell) = (plan.describe(action), action.bytes_per_cell())
            else {
                continue;
            };
            match (seconds > 0.0, times.last_mut()) {
                (true, _) => times.push(PassTime { name, seconds, bytes_per_cell }),
                // This action was done together with the one before.
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
