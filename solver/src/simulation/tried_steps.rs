//! Steps of equal length, each of them tried: by a scheme whose stages follow from the longest stable step, or
//! by one whose equations may have no solution; such a step is made in parts.

use crate::error::{Error, TooLong};
use crate::simulation::clock::{Clock, Limit, Step, Trial, Verdict};
use crate::simulation::equal_steps::EqualSteps;

/// How often a step may be halved.
const MOST_HALVINGS: u32 = 10;

/// Equal steps, each of them tried. A step whose equations cannot be solved is halved, and so are the halves, until
/// that is possible or they have become too short; the step after it is tried in one piece again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TriedSteps {
    steps: EqualSteps,
    /// How often the present step is halved, and which of the parts is next.
    halvings: u32,
    part: u64,
    rejected: u64,
    /// Whether the longest stable step has to be known before each step.
    limited: bool,
    /// It in the present state, once it is known.
    longest: Option<f64>,
}

impl TriedSteps {
    /// These steps.
    pub(crate) fn new(steps: EqualSteps) -> Self {
        TriedSteps { steps, halvings: 0, part: 0, rejected: 0, limited: false, longest: None }
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

    fn limit(&mut self, limit: Limit) -> Result<(), Error> {
        self.longest = Some(limit.longest);
        Ok(())
    }

    fn forget(&mut self) {
        self.longest = None;
    }

    fn longest(&self) -> f64 {
        self.longest.unwrap_or(f64::INFINITY)
    }

    fn step(&self, ahead: u64) -> Option<Step> {
        let whole = self.steps.step(ahead).filter(|_| ahead == 0)?;
        if self.halvings == 0 {
            return Some(whole);
        }
        let parts = 1u64 << self.halvings;
        let dt = whole.dt / parts as f64;
        let at = |part: u64| if part == parts { whole.to } else { whole.from + part as f64 * dt };
        Some(Step { from: at(self.part), dt, to: at(self.part + 1) })
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

    fn rejected(&self) -> u64 {
        self.rejected
    }

    fn pass(&mut self, steps: u64) {
        self.steps.pass(steps);
        (self.halvings, self.part, self.longest) = (0, 0, None);
    }

    fn judge(&mut self, trial: &Trial) -> Result<Verdict, Error> {
        // What is not finite in an explicit step is not a matter of its length.
        let failed = !trial.finite && !self.limited;
        if failed && self.halvings < MOST_HALVINGS {
            (self.halvings, self.part) = (self.halvings + 1, 2 * self.part);
            self.rejected += 1;
            return Ok(Verdict::Rejected);
        }
        if failed {
            let Step { from: time, dt, .. } = trial.step;
            return Err(Error::StepTooShort { time, dt, step: 0, why: TooLong::NotFinite });
        }
        self.part += 1;
        self.longest = None;
        while self.halvings > 0 && self.part.is_multiple_of(2) {
            (self.halvings, self.part) = (self.halvings - 1, self.part / 2);
        }
        if self.halvings == 0 {
            self.pass(1);
        }
        Ok(Verdict::Accepted)
    }

    fn save(&self) -> Vec<u8> {
        let own = [self.rejected, u64::from(self.halvings), self.part];
        self.steps.save().into_iter().chain(own.into_iter().flat_map(u64::to_le_bytes)).collect()
    }

    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error> {
        let foreign = Error::ForeignState { what: "a clock of steps that are tried" };
        let own = saved.len().checked_sub(3 * size_of::<u64>()).map(|at| saved.split_at(at));
        let Some((steps, own)) = own else { return Err(foreign) };
        let (&[rejected, halvings, part], []) = own.as_chunks::<8>() else { return Err(foreign) };
        let [rejected, halvings, part] = [rejected, halvings, part].map(u64::from_le_bytes);
        if halvings > u64::from(MOST_HALVINGS) || part >> halvings > 0 {
            return Err(foreign);
        }
        self.steps.restore(time, steps)?;
        (self.halvings, self.part, self.rejected) = (halvings as u32, part, rejected);
        self.longest = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> TriedSteps {
        TriedSteps::new(EqualSteps::new(0.0, 0.5).unwrap())
    }

    /// Judges the next step; its beginning and its length.
    fn next(clock: &mut TriedSteps, solved: bool) -> (f64, f64) {
        let step = clock.next().unwrap();
        assert!((step.to - step.from - step.dt).abs() < 1e-15, "{step:?}");
        let verdict = clock.judge(&Trial::new(step, solved)).unwrap();
        assert_eq!(verdict == Verdict::Accepted, solved);
        (step.from, step.dt)
    }

    #[test]
    fn a_step_that_fails_is_halved_and_the_next_one_is_whole_again() {
        let mut clock = clock();
        assert_eq!(next(&mut clock, true), (0.0, 0.5));
        assert_eq!(next(&mut clock, false), (0.5, 0.5));
        assert_eq!(next(&mut clock, false), (0.5, 0.25));
        assert_eq!(next(&mut clock, true), (0.5, 0.125));
        assert_eq!(next(&mut clock, true), (0.625, 0.125));
        assert_eq!(next(&mut clock, false), (0.75, 0.25));
        assert_eq!(next(&mut clock, true), (0.75, 0.125));
        // A run that is saved here goes on with the same steps.
        let mut other = self::clock();
        other.restore(0.875, &clock.save()).unwrap();
        assert_eq!(other, clock);
        assert_eq!(next(&mut clock, true), (0.875, 0.125));
        assert_eq!(next(&mut clock, true), (1.0, 0.5));
        assert_eq!(clock.rejected(), 3);
    }

    #[test]
    fn halving_ends() {
        let mut clock = clock();
        for halvings in 0..MOST_HALVINGS {
            assert_eq!(next(&mut clock, false), (0.0, 0.5 / f64::from(1u32 << halvings)));
        }
        let step = clock.next().unwrap();
        assert!(clock.judge(&Trial::new(step, false)).is_err());
        assert!(clock.restore(0.0, &[0; 24]).is_err());
        assert!(clock.restore(0.0, &[255; 48]).is_err());
    }
}
