//! Steps that are a share of the longest stable one, which is found anew as the solution changes.

use crate::error::Error;
use crate::simulation::clock::{Clock, Step, Trial, Verdict};
use crate::simulation::equal_steps::EqualSteps;
use crate::simulation::stable_limit::StableDt;

/// Steps stay as they are while they are a share of the longest stable one in this range, so that
/// small changes of the solution do not change them.
const KEPT: std::ops::RangeInclusive<f64> = 0.7..=0.9;
/// The longest stable step is found anew when it may have changed by this much.
const CHANGE: f64 = 0.05;
/// It is found anew after this many steps at the latest.
const MOST: u64 = 100;

/// Steps of equal length for a while, until the longest stable step is found again: the sooner the
/// faster it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StableSteps {
    /// The steps as long as they are now.
    steps: EqualSteps,
    /// The longest step that is taken, whatever is stable.
    most: f64,
    /// The longest stable step when it was last found; infinite before.
    longest: f64,
    /// After how many steps it is found again, and how many of them are left.
    interval: u64,
    left: u64,
}

impl StableSteps {
    /// Steps from a time on, the first of them of the length `first`, none of them longer than `most`.
    ///
    /// # Errors
    /// If the start is not finite, or a length is not positive and finite.
    pub(crate) fn new(start: f64, first: f64, most: f64) -> Result<Self, Error> {
        EqualSteps::new(start, most)?;
        let steps = EqualSteps::new(start, first.min(most))?;
        Ok(StableSteps { steps, most, longest: f64::INFINITY, interval: 1, left: 0 })
    }
}

impl Clock for StableSteps {
    fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
        self.steps.set_end(end)
    }

    fn needs_limit(&self) -> bool {
        self.left == 0
    }

    fn limit(&mut self, longest: f64) -> Result<(), Error> {
        // By how much it has changed in a step.
        let change = (longest / self.longest - 1.0).abs() / self.interval as f64;
        let steps = if change.is_nan() { 1.0 } else { (CHANGE / change).floor() };
        self.interval = (steps.clamp(1.0, MOST as f64) as u64).min(2 * self.interval);
        self.left = self.interval;
        self.longest = longest;
        if longest.is_finite() && !KEPT.contains(&(self.steps.dt() / longest)) {
            let mut changed = self.steps;
            changed.change((StableDt::SHARE * longest).min(self.most))?;
            // What is left of a run may be rounding beside a longer step.
            if changed.next().is_some() {
                self.steps = changed;
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        (self.left, self.interval) = (0, 1);
    }

    fn step(&self, ahead: u64) -> Option<Step> {
        self.steps.step(ahead).filter(|_| ahead < self.left.max(1))
    }

    fn is_cut(&self) -> bool {
        self.steps.is_cut()
    }

    fn remaining(&self) -> Option<u64> {
        self.steps.remaining()
    }

    fn certain(&self) -> u64 {
        self.steps.certain().min(self.left)
    }

    fn dt(&self) -> f64 {
        self.steps.dt()
    }

    fn pass(&mut self, steps: u64) {
        self.steps.pass(steps);
        self.left -= steps;
    }

    fn judge(&mut self, _: &Trial) -> Result<Verdict, Error> {
        self.pass(1);
        Ok(Verdict::Accepted)
    }

    fn save(&self) -> Vec<u8> {
        let StableSteps { longest, interval, left, .. } = *self;
        let own = [self.steps.dt().to_bits(), longest.to_bits(), interval, left];
        let own = own.iter().flat_map(|number| number.to_le_bytes());
        self.steps.save().into_iter().chain(own).collect()
    }

    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error> {
        let foreign = Error::ForeignState { what: "a clock of stable steps" };
        let own = saved.len().checked_sub(4 * size_of::<u64>()).map(|at| saved.split_at(at));
        let Some((steps, own)) = own else { return Err(foreign) };
        let (&[dt, longest, interval, left], []) = own.as_chunks::<8>() else {
            return Err(foreign);
        };
        let (dt, longest) = (f64::from_le_bytes(dt), f64::from_le_bytes(longest));
        let (interval, left) = (u64::from_le_bytes(interval), u64::from_le_bytes(left));
        if left > interval || !(1..=MOST).contains(&interval) || longest.is_nan() {
            return Err(foreign);
        }
        let mut equal = EqualSteps::new(time, dt).map_err(|_| foreign)?;
        equal.restore(time, steps)?;
        *self = StableSteps { steps: equal, most: self.most, longest, interval, left };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps to an end, where the longest stable one is a function of the time, and how often it
    /// was found.
    fn steps(end: f64, most: f64, longest: impl Fn(f64) -> f64) -> (Vec<Step>, usize) {
        let mut clock = StableSteps::new(0.0, 0.1, most).unwrap();
        clock.set_end(Some(end)).unwrap();
        let (mut list, mut found) = (Vec::new(), 0);
        while let Some(step) = clock.next() {
            if clock.needs_limit() {
                clock.limit(longest(step.from)).unwrap();
                found += 1;
            }
            let certain = clock.certain().min(3);
            list.extend((0..certain).map(|ahead| clock.step(ahead).unwrap()));
            clock.pass(certain);
        }
        (list, found)
    }

    #[test]
    fn steps_stay_as_they_are_where_nothing_changes() {
        let (list, found) = steps(40.0, 1.0, |_| 0.125);
        assert_eq!(list.len(), 400);
        assert!(list.iter().all(|step| step.dt == 0.1));
        assert_eq!(list.last().unwrap().to, 40.0);
        // After 1, 2, 4, … steps.
        assert_eq!(found, 10);
    }

    #[test]
    fn steps_follow_what_is_stable_and_meet_the_end() {
        let longest = |t: f64| 0.2 / (1.0 + t);
        let (list, found) = steps(10.0, 1.0, longest);
        for (step, next) in list.iter().zip(&list[1..]) {
            assert_eq!(step.to, next.from);
        }
        assert!(list.iter().all(|step| step.dt < longest(step.from)), "{list:?}");
        let shares = list.iter().map(|step| step.dt / longest(step.from));
        assert!(shares.rev().skip(1).all(|share| share > 0.65));
        assert_eq!(list.last().unwrap().to, 10.0);
        assert!(found < list.len() / 2, "{found} of {}", list.len());
    }

    /// Beside a step that is allowed there, what is left to the end is rounding.
    #[test]
    fn the_end_is_met_where_steps_become_much_longer_just_before_it() {
        let end = 0.1 + 1e-9;
        let (list, _) = steps(end, 10.0, |t| if t < 0.05 { 0.125 } else { 1e3 });
        assert_eq!(list.last().unwrap().to, end);
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn no_step_is_longer_than_the_most() {
        let (list, _) = steps(10.0, 0.5, |t| if t < 1.0 { 0.1 } else { f64::INFINITY });
        assert!(list.iter().all(|step| step.dt <= 0.5));
        let (list, _) = steps(10.0, 0.5, |_| 100.0);
        assert_eq!(list.last().unwrap().dt, 0.5);
    }

    #[test]
    fn a_clock_goes_on_from_what_was_saved() {
        let longest = |t: f64| 0.2 / (1.0 + t);
        let run = |clock: &mut StableSteps, steps: usize| {
            let mut list = Vec::new();
            for _ in 0..steps {
                let step = clock.next().unwrap();
                if clock.needs_limit() {
                    clock.limit(longest(step.from)).unwrap();
                }
                list.push(clock.next().unwrap());
                clock.pass(1);
            }
            list
        };
        let new = || StableSteps::new(0.0, 0.1, 1.0).unwrap();
        let (mut whole, mut first, mut second) = (new(), new(), new());
        let expected = run(&mut whole, 60);
        let done = run(&mut first, 17);
        second.restore(done[16].to, &first.save()).unwrap();
        assert_eq!([done, run(&mut second, 43)].concat(), expected);
        assert!(new().restore(0.0, &[1; 24]).is_err());
        assert!(new().restore(0.0, &[255; 56]).is_err());
        assert!(EqualSteps::new(0.0, 1.0).unwrap().restore(0.0, &whole.save()).is_err());
    }
}
