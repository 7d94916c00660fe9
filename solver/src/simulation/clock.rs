//! Clocks: which steps a simulation makes.
//!
//! The run loop asks its clock for the next step, makes it, and tells the clock what came of it. A
//! clock that rejects a step is asked again, for another step from the same time.

use crate::error::Error;

/// A time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// The time at which it begins.
    pub(crate) from: f64,
    /// Its length.
    pub(crate) dt: f64,
    /// The time of the state that it leads to: `from + dt`, except for rounding.
    pub(crate) to: f64,
}

/// What is known in a state of the longest stable step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    /// It; infinite where nothing limits it.
    pub(crate) longest: f64,
    /// A bound of the rate at which slow modes grow; 0 where they decay.
    pub(crate) growth: f64,
    /// Whether it is the same in every state.
    pub(crate) fixed: bool,
}

/// What came of a step that may still be rejected, the same on all ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trial {
    /// The step that was made.
    pub(crate) step: Step,
    /// Whether all numbers of the new state are finite.
    pub(crate) finite: bool,
    /// The estimated error beside the tolerance, if the scheme tells it: at most 1 if it is met.
    pub(crate) error: Option<f64>,
    /// What is found of the new state, if the clock [looks at it](Clock::looks_at_states) and it is finite.
    pub(crate) found: Option<Found>,
}

/// What is found of the state to which a step has led.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    /// The longest stable step in it.
    pub(crate) limit: Limit,
    /// How the step has changed the state.
    pub(crate) change: Change,
}

/// How a step has changed the state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Change {
    /// The largest change of an array, as it is or by its rate in the new state, beside its largest magnitude before;
    /// arrays of zeros are left out.
    pub(crate) share: f64,
    /// The arrays that were nowhere negative and are so somewhere now: a bit for each, the last one for all beyond 63.
    pub(crate) to_negative: u64,
    /// Whether an array has changed much less than its rate in the new state makes it change in such a step.
    pub(crate) is_stuck: bool,
}

impl Trial {
    /// A step that was made, of a scheme that does not estimate its error.
    pub(crate) fn new(step: Step, finite: bool) -> Self {
        Trial { step, finite, error: None, found: None }
    }
}

/// What a clock says of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The step counts, and the clock has moved on.
    Accepted,
    /// The step is made anew, as the clock says now.
    Rejected,
}

/// Decides which steps a simulation makes. Clocks of different ranks are told the same and decide
/// the same.
pub(crate) trait Clock {
    /// Sets the time at which the steps end, which is met exactly; without one they go on.
    ///
    /// # Errors
    /// If there is no way to that time.
    fn set_end(&mut self, end: Option<f64>) -> Result<(), Error>;

    /// Takes note of the next time at which a tracker is due, if any: a clock may let the step that
    /// is made next end there. It is told anew before each step.
    fn expect(&mut self, due: Option<f64>) {
        let _ = due;
    }

    /// Whether the clock has to be told the longest stable step before the next step is made.
    fn needs_limit(&self) -> bool {
        false
    }

    /// Takes note of the longest stable step in the present state.
    ///
    /// # Errors
    /// If no step would do.
    fn limit(&mut self, limit: Limit) -> Result<(), Error> {
        let _ = limit;
        Ok(())
    }

    /// Takes note of the longest stable step in the present state at a time within the steps that are certain.
    fn limit_ahead(&mut self, limit: Limit) {
        let _ = limit;
    }

    /// Whether steps that are tried are judged by what is found of the states to which they lead.
    fn looks_at_states(&self) -> bool {
        false
    }

    /// Takes note that the state is not what the last step has led to: what was found about it is no longer known.
    fn forget(&mut self) {}

    /// The longest stable step, as far as it is known: it decides on stages.
    fn longest(&self) -> f64 {
        f64::INFINITY
    }

    /// The step that follows `ahead` steps after the present state; nothing beyond the end, and
    /// nothing beyond the next step if that depends on how the next one turns out.
    fn step(&self, ahead: u64) -> Option<Step>;

    /// The next step; nothing at the end.
    fn next(&self) -> Option<Step> {
        self.step(0)
    }

    /// Whether the next step is another one than it would be without an end, be it by rounding.
    fn is_cut(&self) -> bool;

    /// How many steps there are to the end, if they stay as long as they are now, where that is known.
    fn remaining(&self) -> Option<u64> {
        None
    }

    /// How many of the coming steps are certain: they are made as they are, whatever comes of
    /// them. The next step is tried and then judged if it is not certain.
    fn certain(&self) -> u64;

    /// The length of steps, where nothing shortens them. Differences of time that are very small
    /// against it are rounding.
    fn dt(&self) -> f64;

    /// How many steps were rejected.
    fn rejected(&self) -> u64 {
        0
    }

    /// Moves on by steps that were certain and have been made.
    fn pass(&mut self, steps: u64);

    /// Judges a step, and moves on if it is accepted.
    ///
    /// # Errors
    /// If no step would do.
    fn judge(&mut self, trial: &Trial) -> Result<Verdict, Error>;

    /// What a clock of the same kind needs to go on from here.
    fn save(&self) -> Vec<u8>;

    /// Goes on from what was saved, at the time of the present state; without an end.
    ///
    /// # Errors
    /// If it was saved by a clock of another kind.
    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error>;
}
