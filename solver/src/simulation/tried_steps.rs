//! Steps of equal length, each of them tried: by a scheme whose stages follow from the longest stable step, or
//! by one whose equations may have no solution.

use crate::error::Error;
use crate::simulation::clock::{Clock, Step, Trial, Verdict};
use crate::simulation::equal_steps::EqualSteps;

/// Equal steps, each of them tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TriedSteps {
    steps: EqualSteps,
    /// Whether the longest stable step has to be known before each step.
    limited: bool,
    /// It in the present state, once it is known.
    longest: Option<f64>,
}

impl TriedSteps {
    /// These steps.
    pub(crate) fn new(steps: EqualSteps) -> Self {
        TriedSteps { steps, limited: false, longest: None }
    }

    /// The same steps, before each of which the longest stable one has to be known.
    pub(crate) fn limited(self) -> Self {
        TriedSteps { limited: true, ..self }
    }
}

impl Clock for TriedSteps {
    fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
        self.steps.set_end(end)
    }

    fn needs_limit(&self) -> bool {
        self.limited && self.longest.is_none()
    }

    fn limit(&mut self, longest: f64) -> Result<(), Error> {
        self.longest = Some(longest);
        Ok(())
    }

    fn forget(&mut self) {
        self.longest = None;
    }

    fn longest(&self) -> f64 {
        self.longest.unwrap_or(f64::INFINITY)
    }

    fn step(&self, ahead: u64) -> Option<Step> {
        self.steps.step(ahead).filter(|_| ahead == 0)
    }

    fn is_cut(&self) -> bool {
        self.steps.is_cut()
    }

    fn remaining(&self) -> Option<u64> {
        self.steps.remaining()
    }

    fn certain(&self) -> u64 {
        0
    }

    fn dt(&self) -> f64 {
        self.steps.dt()
    }

    fn pass(&mut self, steps: u64) {
        self.steps.pass(steps);
        self.longest = None;
    }

    fn judge(&mut self, _: &Trial) -> Result<Verdict, Error> {
        self.pass(1);
        Ok(Verdict::Accepted)
    }

    fn save(&self) -> Vec<u8> {
        self.steps.save()
    }

    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error> {
        self.steps.restore(time, saved)?;
        self.longest = None;
        Ok(())
    }
}
