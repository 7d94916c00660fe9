//! The times of steps.

use crate::error::Error;

/// How far from a whole number of steps a span may be to count as one, relative to that number.
const WHOLE: f64 = 1e-9;

/// The times of steps of equal length from a start to an end: step n begins at start + n·dt, not
/// at a sum, and the last one is shortened where dt does not divide the span, so that the end is
/// met exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    start: f64,
    end: f64,
    dt: f64,
    steps: u64,
    whole: bool,
}

impl Clock {
    /// The clock of a run.
    ///
    /// # Errors
    /// If a time is not finite, the step not positive, or the end before the start.
    pub fn new(start: f64, end: f64, dt: f64) -> Result<Self, Error> {
        let bad = |what, must, value| Err(Error::BadTime { what, must, value });
        if !start.is_finite() {
            return bad("the start", "a finite time", start);
        }
        if !(end.is_finite() && end >= start) {
            return bad("the end", "a finite time, not before the start", end);
        }
        if !(dt.is_finite() && dt > 0.0) {
            return bad("the time step", "positive and finite", dt);
        }
        let ratio = (end - start) / dt;
        if ratio > 1e15 {
            return bad("the time step", "long enough for fewer than 1e15 steps", dt);
        }
        let whole = (ratio - ratio.round()).abs() <= WHOLE * ratio.max(1.0);
        let steps = if whole { ratio.round() } else { ratio.ceil() } as u64;
        Ok(Clock { start, end, dt, steps, whole })
    }

    /// The beginning of the first step.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// The end of the last step.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// The length of all steps but perhaps the last.
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// How many steps there are.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The time after `step` steps.
    pub fn time(&self, step: u64) -> f64 {
        if step == self.steps { self.end } else { self.start + step as f64 * self.dt }
    }

    /// The length of the step that begins after `step` steps.
    pub fn step_size(&self, step: u64) -> f64 {
        let last = step + 1 == self.steps;
        if last && !self.whole { self.end - self.time(step) } else { self.dt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_products_and_the_end_is_exact() {
        let clock = Clock::new(0.0, 1.0, 0.1).unwrap();
        assert_eq!(clock.steps(), 10);
        assert_eq!(clock.time(3), 3.0 * 0.1);
        assert_eq!((clock.time(10), clock.step_size(9)), (1.0, 0.1));
        // A sum of a million tenths is off by 1e-6.
        let long = Clock::new(0.0, 1e5, 0.1).unwrap();
        assert_eq!((long.steps(), long.time(999_999)), (1_000_000, 999_999.0 * 0.1));
    }

    #[test]
    fn the_last_step_is_shortened_where_the_step_does_not_divide() {
        let clock = Clock::new(0.5, 1.5, 0.3).unwrap();
        assert_eq!(clock.steps(), 4);
        assert_eq!(clock.step_size(2), 0.3);
        assert_eq!(clock.step_size(3), 1.5 - (0.5 + 3.0 * 0.3));
        assert_eq!(clock.time(4), 1.5);
    }

    #[test]
    fn no_time_no_steps() {
        assert_eq!(Clock::new(1.0, 1.0, 0.1).unwrap().steps(), 0);
        for (start, end, dt) in
            [(0.0, -1.0, 0.1), (0.0, 1.0, 0.0), (0.0, 1.0, f64::NAN), (f64::NAN, 1.0, 0.1)]
        {
            assert!(Clock::new(start, end, dt).is_err());
        }
    }
}
