//! When something is due.

use crate::simulation::equal_steps::Clock;

/// How often something happens. Whatever the interval, it also happens at the first and at the
/// last state of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Every {
    /// Each time that this much simulated time has passed: at the first step that ends there or
    /// later. Steps are not changed for it.
    Time(f64),
    /// At these times, likewise.
    Times(Vec<f64>),
    /// After this many steps.
    Steps(u64),
    /// About ten times a second, at the same steps on all ranks. For showing progress: which
    /// steps these are differs from run to run.
    Moment,
}

/// How far before its time something may happen, in steps: the rounding of times.
const EARLY: f64 = 1e-6;

/// When something is due next.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    every: Every,
    origin: f64,
    /// Which of the due times is next.
    next: u64,
    /// The step at which it happened last.
    last: Option<u64>,
}

impl Schedule {
    /// A schedule that begins at a time.
    pub(crate) fn new(mut every: Every, origin: f64) -> Self {
        if let Every::Times(times) = &mut every {
            times.sort_by(f64::total_cmp);
        }
        Schedule { every, origin, next: 0, last: None }
    }

    /// Whether it is due after `step` steps of the run, which are `total` steps since the
    /// beginning; marks it as done. `moment` says whether a moment has passed.
    pub(crate) fn is_due(&mut self, clock: &Clock, step: u64, total: u64, moment: bool) -> bool {
        let now = clock.time(step) + EARLY * clock.dt();
        let mut due = step == 0 || step == clock.steps();
        match &self.every {
            Every::Steps(_) => due |= self.comes(clock, step, total),
            Every::Moment => due |= moment,
            Every::Time(interval) => {
                if self.comes(clock, step, total) {
                    due = true;
                    // Intervals shorter than the step are skipped.
                    self.next = ((now - self.origin) / interval).floor() as u64 + 1;
                }
            }
            Every::Times(times) => {
                while times.get(self.next as usize).is_some_and(|time| *time <= now) {
                    // Times before the beginning are past, not due.
                    due |= times[self.next as usize] >= clock.start();
                    self.next += 1;
                }
            }
        }
        due && self.once(total)
    }

    /// Whether it will be due after a step, moments apart.
    pub(crate) fn comes(&self, clock: &Clock, step: u64, total: u64) -> bool {
        let now = clock.time(step) + EARLY * clock.dt();
        match &self.every {
            Every::Steps(n) => total.is_multiple_of((*n).max(1)),
            Every::Moment => false,
            Every::Time(interval) => {
                *interval > 0.0 && self.origin + self.next as f64 * interval <= now
            }
            Every::Times(times) => times[self.next as usize..].iter().any(|time| *time <= now),
        }
    }

    /// Whether it has not happened yet after `total` steps; marks it as done.
    pub(crate) fn once(&mut self, total: u64) -> bool {
        self.last.replace(total) != Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(every: Every, clock: Clock) -> Vec<u64> {
        let mut schedule = Schedule::new(every, clock.start());
        (0..=clock.steps()).filter(|n| schedule.is_due(&clock, *n, *n, false)).collect()
    }

    #[test]
    fn intervals_count_from_the_start_and_do_not_drift() {
        let clock = Clock::new(0.0, 10.0, 0.1).unwrap();
        let expected: Vec<u64> = (0..=100).step_by(3).chain([100]).collect();
        assert_eq!(steps(Every::Time(0.3), clock), expected);
        assert_eq!(steps(Every::Steps(40), clock), [0, 40, 80, 100]);
    }

    #[test]
    fn what_lies_between_steps_happens_at_the_next_one() {
        let clock = Clock::new(0.0, 1.0, 0.1).unwrap();
        assert_eq!(steps(Every::Time(0.25), clock), [0, 3, 5, 8, 10]);
        assert_eq!(steps(Every::Times(vec![0.31, -2.0, 0.3, 77.0, 0.32]), clock), [0, 3, 4, 10]);
        assert_eq!(steps(Every::Time(0.01), clock), (0..=10).collect::<Vec<_>>());
    }

    #[test]
    fn a_shortened_last_step_is_the_last_state() {
        let clock = Clock::new(0.0, 1.0, 0.3).unwrap();
        assert_eq!(steps(Every::Time(0.6), clock), [0, 2, 4]);
    }
}
