//! Where a simulation stands, beside the values of its fields.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::saved;
use crate::simulation::effort::Spent;
use crate::simulation::first_steps::FirstSteps;
use crate::simulation::implicit_steps::{ImplicitStepper, SavedImplicit};
use crate::simulation::schedule::ScheduleState;
use crate::simulation::simulation::Simulation;

/// Where a simulation stands, beside the values of its arrays: plain data that can be stored. A
/// simulation that is built in the same way goes on from it with the same steps, and calls its
/// trackers at the same times.
///
/// With the arrays of a [`Checkpoint`](crate::Checkpoint) it goes on to the same bits
/// ([`Simulation::resume`]). With fields that a program sets itself ([`Simulation::restore`]), what schemes
/// keep from one step to the next is found anew: multistep schemes begin with their first steps, transport
/// by a velocity that follows from the fields begins with that velocity, and solutions of equations are the
/// same to their tolerance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// The time of the state.
    pub time: f64,
    /// Steps since the beginning.
    pub steps: u64,
    /// What these steps took.
    pub spent: Spent,
    /// The unknowns without space.
    pub numbers: Vec<f64>,
    /// What the clock needs; only a clock of the same kind understands it.
    pub clock: Vec<u8>,
    /// What the scheme knows beside its arrays; only the same scheme understands it.
    pub scheme: Vec<u8>,
    /// The trackers, in the order in which they were given to the builder.
    pub trackers: Vec<TrackerState>,
}

/// What a scheme knows beside its arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedScheme {
    /// The length of the last step, if a step has led to the present state.
    pub(super) last_dt: Option<f64>,
    pub(super) knows_slopes: bool,
    pub(super) first_steps: Option<(u64, f64)>,
    pub(super) implicit: Option<SavedImplicit>,
    pub(super) unknowns: Option<Vec<u8>>,
}

impl RunState {
    /// The state as bytes that can be stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        saved::to_bytes(self)
    }

    /// The state in bytes.
    ///
    /// # Errors
    /// If they are not those of a state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        saved::from_bytes(bytes, "a simulation")
    }

    pub(super) fn scheme(&self) -> Result<SavedScheme, Error> {
        saved::from_bytes(&self.scheme, "a simulation by the same scheme")
    }
}

/// Where a tracker stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackerState {
    /// When it is due.
    pub schedule: ScheduleState,
    /// What it needs itself, if anything; only a tracker of the same kind understands it.
    pub own: Option<Vec<u8>>,
}

impl Simulation {
    /// Where this rank's part of the simulation stands.
    pub fn save(&self) -> RunState {
        let trackers = self.trackers.list.iter();
        RunState {
            time: self.time,
            steps: self.steps,
            spent: self.spent(),
            numbers: self.state.memory.globals().to_vec(),
            clock: self.clock.save(),
            scheme: saved::to_bytes(&self.saved_scheme()),
            trackers: trackers
                .map(|(schedule, tracker)| TrackerState {
                    schedule: schedule.state(),
                    own: tracker.save(),
                })
                .collect(),
        }
    }

    /// What the scheme knows beside its arrays.
    pub(super) fn saved_scheme(&self) -> SavedScheme {
        SavedScheme {
            last_dt: self.last_dt,
            knows_slopes: self.dense.as_ref().is_some_and(|dense| dense.knows_slopes),
            first_steps: self.first_steps.as_ref().map(FirstSteps::save),
            implicit: self.implicit.as_ref().map(ImplicitStepper::save),
            unknowns: self.stepper.unknowns().map(|unknowns| unknowns.borrow().save()),
        }
    }

    /// Goes on from where a simulation stood that was built in the same way. The values of fields
    /// stay as they are.
    ///
    /// # Errors
    /// If the state is that of a simulation with other trackers or another clock, or if a tracker
    /// cannot go on from its part of it.
    pub fn restore(&mut self, saved: &RunState) -> Result<(), Error> {
        if saved.trackers.len() != self.trackers.list.len() {
            return Err(Error::ForeignState { what: "a simulation with other trackers" });
        }
        if saved.numbers.len() != self.state.pde.globals().len() {
            return Err(Error::ForeignState { what: "a system with other numbers" });
        }
        self.clock.restore(saved.time, &saved.clock)?;
        self.state.memory.set_globals(&saved.numbers);
        self.forget_slopes();
        for ((schedule, tracker), saved) in self.trackers.list.iter_mut().zip(&saved.trackers) {
            schedule.restore(saved.schedule);
            if let Some(own) = &saved.own {
                tracker.restore(own).map_err(Error::of_tracker)?;
            }
        }
        (self.time, self.steps, self.resumed_at) = (saved.time, saved.steps, saved.steps);
        self.go_on_from(&saved.spent);
        self.stopped = None;
        self.health.begin(self.steps);
        Ok(())
    }
}
