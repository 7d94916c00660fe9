//! Where a simulation stands, beside the values of its fields.

use crate::error::Error;
use crate::simulation::schedule::ScheduleState;
use crate::simulation::simulation::Simulation;

/// Where a simulation stands, beside the values of its fields: plain data that can be stored. A
/// simulation that is built in the same way goes on from it with the same steps, and calls its
/// trackers at the same times.
///
/// It holds neither the fields nor the arrays that a scheme keeps between steps. Where the program
/// sets the fields to the same values, the steps give the same values bit by bit, with one exception:
/// where the velocity of transport is found from the fields, a step also uses the velocity of the
/// step before. The simulation that goes on has its own there: that of its initial values, or of its
/// own last step. Multistep schemes begin anew with their first steps. And where equations are solved, the values are the same to the tolerance of the solver: the
/// step before, of which `bdf2` makes use, and what the solver knows of its equations are not part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The time of the state.
    pub time: f64,
    /// Steps since the beginning.
    pub steps: u64,
    /// The unknowns without space.
    pub numbers: Vec<f64>,
    /// What the clock needs; only a clock of the same kind understands it.
    pub clock: Vec<u8>,
    /// The trackers, in the order in which they were given to the builder.
    pub trackers: Vec<TrackerState>,
}

/// Where a tracker stands.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackerState {
    /// When it is due.
    pub schedule: ScheduleState,
    /// What it needs itself, if anything; only a tracker of the same kind understands it.
    pub own: Option<Vec<u8>>,
}

impl Simulation {
    /// Where this rank's part of the simulation stands.
    pub fn save(&self) -> RunState {
        let trackers = self.trackers.0.iter();
        RunState {
            time: self.time,
            steps: self.steps,
            numbers: self.state.memory.globals().to_vec(),
            clock: self.clock.save(),
            trackers: trackers
                .map(|(schedule, tracker)| TrackerState {
                    schedule: schedule.state(),
                    own: tracker.save(),
                })
                .collect(),
        }
    }

    /// Goes on from where a simulation stood that was built in the same way. The values of fields
    /// stay as they are.
    ///
    /// # Errors
    /// If the state is that of a simulation with other trackers or another clock, or if a tracker
    /// cannot go on from its part of it.
    pub fn restore(&mut self, saved: &RunState) -> Result<(), Error> {
        if saved.trackers.len() != self.trackers.0.len() {
            return Err(Error::ForeignState { what: "a simulation with other trackers" });
        }
        if saved.numbers.len() != self.state.pde.globals().len() {
            return Err(Error::ForeignState { what: "a system with other numbers" });
        }
        self.clock.restore(saved.time, &saved.clock)?;
        self.state.memory.set_globals(&saved.numbers);
        self.forget_slopes();
        for ((schedule, tracker), saved) in self.trackers.0.iter_mut().zip(&saved.trackers) {
            schedule.restore(saved.schedule);
            if let Some(own) = &saved.own {
                tracker.restore(own).map_err(Error::of_tracker)?;
            }
        }
        (self.time, self.steps) = (saved.time, saved.steps);
        self.stopped = None;
        self.health.begin(self.steps);
        Ok(())
    }
}
