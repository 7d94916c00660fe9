//! Steps of equal length.

use crate::error::Error;
use crate::simulation::clock::{Clock, Step, Trial, Verdict};

/// How far from a whole number of steps a span may be to count as one, relative to that number.
const WHOLE: f64 = 1e-9;
/// Most steps to an end.
const MOST: f64 = 1e15;

/// Steps of equal length: step n begins at start + n·dt, not at a sum. The last step before an end
/// is shortened where dt does not divide the span, so that the end is met exactly; the steps after
/// that are counted from there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EqualSteps {
    /// The time from which steps are counted.
    origin: f64,
    dt: f64,
    /// Steps made since the origin.
    done: u64,
    end: Option<End>,
}

/// An end of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    time: f64,
    /// The number of steps from the origin to it.
    steps: u64,
    /// Whether the last of them is as long as the others.
    whole: bool,
}

impl EqualSteps {
    /// Steps that go on for ever.
    ///
    /// # Errors
    /// If the start is not finite, or the step not positive and finite.
    pub fn new(start: f64, dt: f64) -> Result<Self, Error> {
        let bad = |what, must, value| Err(Error::BadTime { what, must, value });
        if !start.is_finite() {
            return bad("the start", "a finite time", start);
        }
        if !(dt.is_finite() && dt > 0.0) {
            return bad("the time step", "positive and finite", dt);
        }
        Ok(EqualSteps { origin: start, dt, done: 0, end: None })
    }

    /// How many steps there are to an end.
    ///
    /// # Errors
    /// If the end is not finite or lies before the start, or if there are too many steps to it.
    pub fn steps_to(&self, end: f64) -> Result<u64, Error> {
        let mut ended = *self;
        ended.go_to(end, "a finite time, not before the start")?;
        Ok(ended.certain())
    }

    /// Goes on with steps of another length.
    ///
    /// # Errors
    /// If it is not positive and finite, or if there are too many steps to the end.
    pub(super) fn change(&mut self, dt: f64) -> Result<(), Error> {
        let end = self.end.map(|end| end.time);
        *self = EqualSteps::new(self.time(self.done), dt)?;
        self.set_end(end)
    }

    /// The time of the present state.
    pub(super) fn present(&self) -> f64 {
        self.time(self.done)
    }

    /// The time after so many steps from the origin.
    fn time(&self, steps: u64) -> f64 {
        match self.end {
            Some(end) if end.steps == steps => end.time,
            _ => self.origin + steps as f64 * self.dt,
        }
    }

    fn go_to(&mut self, end: f64, must: &'static str) -> Result<(), Error> {
        let present = self.time(self.done);
        if !(end.is_finite() && end >= present) {
            return Err(Error::BadTime { what: "the end", must, value: end });
        }
        let found = self.steps_between(self.origin, end)?;
        if found.steps > self.done {
            self.end = Some(found);
            return Ok(());
        }
        // The end lies within the rounding of the present time, or not a whole step beyond it.
        let found = self.steps_between(present, end)?;
        if found.steps == 0 {
            self.end = Some(End { steps: self.done, ..found });
        } else {
            *self = EqualSteps { origin: present, done: 0, end: Some(found), ..*self };
        }
        Ok(())
    }

    fn steps_between(&self, start: f64, end: f64) -> Result<End, Error> {
        let ratio = (end - start) / self.dt;
        if ratio > MOST {
            let must = "long enough for fewer than 1e15 steps";
            return Err(Error::BadTime { what: "the time step", must, value: self.dt });
        }
        let whole = (ratio - ratio.round()).abs() <= WHOLE * ratio.max(1.0);
        let steps = if whole { ratio.round() } else { ratio.ceil() } as u64;
        Ok(End { time: end, steps, whole })
    }
}

impl Clock for EqualSteps {
    fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
        match end {
            Some(end) => self.go_to(end, "a finite time, not before the present one"),
            None => {
                self.end = None;
                Ok(())
            }
        }
    }

    fn step(&self, ahead: u64) -> Option<Step> {
        let number = self.done + ahead;
        let (from, to) = (self.time(number), self.time(number + 1));
        match self.end {
            Some(end) if number >= end.steps => None,
            Some(end) if number + 1 == end.steps && !end.whole => {
                Some(Step { from, dt: end.time - from, to })
            }
            _ => Some(Step { from, dt: self.dt, to }),
        }
    }

    fn is_cut(&self) -> bool {
        self.end.is_some_and(|end| self.done + 1 >= end.steps)
    }

    fn remaining(&self) -> Option<u64> {
        self.end.map(|end| end.steps - self.done)
    }

    fn certain(&self) -> u64 {
        self.remaining().unwrap_or(u64::MAX)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn pass(&mut self, steps: u64) {
        self.done += steps;
        if let Some(end) = &mut self.end
            && end.steps == self.done
            && !end.whole
        {
            (self.origin, self.done) = (end.time, 0);
            (end.steps, end.whole) = (0, true);
        }
    }

    fn judge(&mut self, _: &Trial) -> Result<Verdict, Error> {
        self.pass(1);
        Ok(Verdict::Accepted)
    }

    fn save(&self) -> Vec<u8> {
        let numbers = [self.origin.to_bits(), self.dt.to_bits(), self.done];
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error> {
        let (numbers, rest) = saved.as_chunks::<8>();
        let foreign = || Err(Error::ForeignState { what: "a clock of equal steps" });
        let (&[origin, dt, done], []) = (numbers, rest) else { return foreign() };
        let (origin, dt) = (f64::from_le_bytes(origin), f64::from_le_bytes(dt));
        let done = u64::from_le_bytes(done);
        if !origin.is_finite() || done > MOST as u64 {
            return foreign();
        }
        // Steps of another length are counted from the present time.
        let (origin, done) = if dt == self.dt { (origin, done) } else { (time, 0) };
        *self = EqualSteps { origin, done, end: None, dt: self.dt };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(start: f64, end: f64, dt: f64) -> Result<EqualSteps, Error> {
        let mut clock = EqualSteps::new(start, dt)?;
        clock.set_end(Some(end))?;
        Ok(clock)
    }

    fn steps(clock: &EqualSteps) -> Vec<Step> {
        (0..).map_while(|ahead| clock.step(ahead)).collect()
    }

    #[test]
    fn times_are_products_and_the_end_is_exact() {
        let clock = until(0.0, 1.0, 0.1).unwrap();
        let list = steps(&clock);
        assert_eq!((list.len(), clock.remaining()), (10, Some(10)));
        assert_eq!(list[3], Step { from: 3.0 * 0.1, dt: 0.1, to: 4.0 * 0.1 });
        assert_eq!(list[9], Step { from: 9.0 * 0.1, dt: 0.1, to: 1.0 });
        // A sum of a million tenths is off by 1e-6.
        let long = until(0.0, 1e5, 0.1).unwrap();
        assert_eq!(long.remaining(), Some(1_000_000));
        assert_eq!(long.step(999_999).unwrap().from, 999_999.0 * 0.1);
    }

    #[test]
    fn the_last_step_is_shortened_where_the_step_does_not_divide() {
        let list = steps(&until(0.5, 1.5, 0.3).unwrap());
        assert_eq!(list.len(), 4);
        assert_eq!(list[2].dt, 0.3);
        let from = 0.5 + 3.0 * 0.3;
        assert_eq!(list[3], Step { from, dt: 1.5 - from, to: 1.5 });
    }

    #[test]
    fn no_time_no_steps() {
        assert_eq!(until(1.0, 1.0, 0.1).unwrap().remaining(), Some(0));
        for (start, end, dt) in [
            (0.0, -1.0, 0.1),
            (0.0, 1.0, 0.0),
            (0.0, 1.0, f64::NAN),
            (f64::NAN, 1.0, 0.1),
            (0.0, f64::INFINITY, 0.1),
            (0.0, 1e6, 1e-10),
        ] {
            assert!(until(start, end, dt).is_err(), "{start} {end} {dt}");
            let steps = EqualSteps::new(start, dt).and_then(|steps| steps.steps_to(end));
            assert!(steps.is_err(), "{start} {end} {dt}");
        }
    }

    #[test]
    fn steps_go_on_as_if_there_had_been_no_end_if_that_was_after_a_whole_step() {
        let endless = EqualSteps::new(0.5, 0.1).unwrap();
        let mut clock = endless;
        for end in [0.8, 0.8, 1.5] {
            clock.set_end(Some(end)).unwrap();
            clock.pass(clock.certain());
            assert!(clock.next().is_none());
        }
        clock.set_end(None).unwrap();
        assert_eq!(clock.next(), endless.step(10));
        assert!(clock.set_end(Some(1.4)).is_err());
    }

    #[test]
    fn steps_are_counted_anew_from_an_end_within_a_step() {
        let mut clock = EqualSteps::new(0.0, 0.3).unwrap();
        for end in [1.0, 1.1] {
            clock.set_end(Some(end)).unwrap();
            clock.pass(clock.certain());
        }
        clock.set_end(None).unwrap();
        assert_eq!(clock.step(2).unwrap().from, 1.1 + 2.0 * 0.3);
    }

    #[test]
    fn a_saved_clock_goes_on_with_the_same_steps() {
        let mut clock = EqualSteps::new(0.5, 0.1).unwrap();
        clock.pass(7);
        let mut other = EqualSteps::new(7.0, 0.1).unwrap();
        other.restore(1.2, &clock.save()).unwrap();
        assert_eq!(other, clock);
        let mut longer = EqualSteps::new(7.0, 0.2).unwrap();
        longer.restore(1.2, &clock.save()).unwrap();
        assert_eq!(longer, EqualSteps::new(1.2, 0.2).unwrap());
        for foreign in [vec![0; 23], vec![0; 32], vec![255; 24]] {
            assert!(other.restore(1.2, &foreign).is_err());
        }
    }
}
