//! When something is due.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How often something happens. Whatever the interval, it also happens at the first state of a
/// simulation and at the last one of each run.
#[derive(Clone, Debug, PartialEq)]
pub enum Every {
    /// Each time that this much simulated time has passed. What is seen is the state at exactly that time, which a
    /// shorter step or a polynomial finds where it lies within a step. Steps do not change for it, unless a scheme
    /// with a tolerance knows no polynomial: such steps end there.
    Time(f64),
    /// At these times, likewise. They are the times of the states that are seen, to the bit.
    Times(Vec<f64>),
    /// After this many steps.
    Steps(u64),
    /// About ten times a second, at the same steps on all ranks. For showing progress: which
    /// steps these are differs from run to run.
    Moment,
}

/// How far before its time something may happen, in steps: the rounding of times.
const EARLY: f64 = 1e-6;

/// A state of a simulation, as schedules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    time: f64,
    /// Times as far as this one have come.
    reach: f64,
    /// Steps since the beginning of the simulation.
    steps: u64,
}

impl Now {
    /// The state at a time, after so many steps of about the length `dt`.
    pub(crate) fn new(time: f64, steps: u64, dt: f64) -> Self {
        Now { time, reach: time + EARLY * dt, steps }
    }

    /// Whether this is the state at a time at the end of a step of the length `dt`, but for rounding.
    pub(crate) fn is_at(&self, time: f64, dt: f64) -> bool {
        (self.reach - time).abs() <= EARLY * dt
    }
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Due {
    /// At the first state at this time or later.
    Time(f64),
    /// After so many steps since the beginning of the simulation.
    Steps(u64),
    /// At no time that can be told.
    Unknown,
}

impl Due {
    /// Whether the time has come.
    pub(crate) fn has_come(self, now: &Now) -> bool {
        match self {
            Due::Time(time) => time <= now.reach,
            Due::Steps(steps) => steps == now.steps,
            Due::Unknown => false,
        }
    }
}

/// How far a schedule is, as plain numbers that can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// The time from which intervals are counted.
    pub origin: f64,
    /// Which of the due times is next.
    pub next: u64,
    /// The number of steps after which it happened last.
    pub last: Option<u64>,
}

/// What happens when, and when it happened last.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    every: Every,
    state: ScheduleState,
    /// Whether it happens only when it is due, not at the first and the last state too.
    strictly: bool,
}

impl Schedule {
    /// A schedule whose intervals are counted from a time.
    ///
    /// # Errors
    /// If an interval is not positive, or a time is not a number.
    pub(crate) fn new(mut every: Every, origin: f64) -> Result<Self, Error> {
        let bad = |what, must, value| Err(Error::BadTime { what, must, value });
        match &mut every {
            Every::Time(interval) if !(interval.is_finite() && *interval > 0.0) => {
                return bad("the interval of a tracker", "positive and finite", *interval);
            }
            Every::Steps(0) => {
                return bad("the number of steps between calls of a tracker", "positive", 0.0);
            }
            Every::Times(times) => {
                if let Some(time) = times.iter().find(|time| time.is_nan()) {
                    return bad("a time at which a tracker is due", "a number", *time);
                }
                times.sort_by(f64::total_cmp);
            }
            Every::Time(_) | Every::Steps(_) | Every::Moment => {}
        }
        let state = ScheduleState { origin, next: 0, last: None };
        Ok(Schedule { every, state, strictly: false })
    }

    /// The schedule of changes: they happen only when they are due, for the first time after an interval or after as
    /// many steps.
    ///
    /// # Errors
    /// As for other schedules.
    pub(crate) fn of_changes(every: Every, origin: f64) -> Result<Self, Error> {
        let mut schedule = Schedule::new(every, origin)?;
        schedule.strictly = true;
        if let Every::Time(_) = schedule.every {
            schedule.state.next = 1;
        }
        Ok(schedule)
    }

    /// Whether it is one of changes.
    pub(crate) fn is_of_changes(&self) -> bool {
        self.strictly
    }

    /// When it is due next, at the earliest after `steps` steps since the beginning.
    pub(crate) fn due(&self, steps: u64) -> Due {
        let ScheduleState { origin, next, .. } = self.state;
        match &self.every {
            Every::Steps(n) => Due::Steps(steps.next_multiple_of(*n)),
            Every::Moment => Due::Unknown,
            Every::Time(interval) => Due::Time(origin + next as f64 * interval),
            Every::Times(times) => times.get(next as usize).map_or(Due::Unknown, |t| Due::Time(*t)),
        }
    }

    /// Whether it is due in a state in any case, moments apart.
    pub(crate) fn comes(&self, then: &Now) -> bool {
        self.due(then.steps).has_come(then)
    }

    /// Whether it is due now, and has not happened yet; marks it as done. At the last state of a
    /// run it is due in any case. `moment` says whether a moment has passed. The time of the state: that of the step,
    /// or what was asked for, which may differ by rounding.
    pub(crate) fn due_now(&mut self, now: &Now, is_last: bool, moment: bool) -> Option<f64> {
        let mut due = !self.strictly && (is_last || self.state.last.is_none());
        let mut asked = now.time;
        match &self.every {
            Every::Steps(_) => due |= self.comes(now) && !(self.strictly && now.steps == 0),
            Every::Moment => due |= moment,
            Every::Time(interval) => {
                if self.comes(now) {
                    due = true;
                    // Intervals shorter than the step are skipped.
                    let passed = (now.reach - self.state.origin) / interval;
                    self.state.next = passed.floor() as u64 + 1;
                }
            }
            Every::Times(times) => {
                while let Some(time) = times.get(self.state.next as usize)
                    && Due::Time(*time).has_come(now)
                {
                    // Times before the beginning are past, not due.
                    due |= *time >= self.state.origin;
                    let is_rounded = (time - now.time).abs() <= now.reach - now.time;
                    asked = if is_rounded && !is_last { *time } else { asked };
                    self.state.next += 1;
                }
            }
        }
        (due && self.state.last.replace(now.steps) != Some(now.steps)).then_some(asked)
    }

    /// Whether it is due at a time within a step; marks it as done.
    pub(crate) fn is_due_within(&mut self, now: &Now) -> bool {
        let mut due = false;
        while let Due::Time(time) = self.due(now.steps)
            && Due::Time(time).has_come(now)
        {
            // Times before the beginning are past, not due.
            due |= time >= self.state.origin;
            self.state.next += 1;
        }
        due
    }

    /// How far it is.
    pub(crate) fn state(&self) -> ScheduleState {
        self.state
    }

    /// Goes on from a state that was saved.
    pub(crate) fn restore(&mut self, state: ScheduleState) {
        self.state = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::clock::Clock;
    use crate::simulation::equal_steps::EqualSteps;

    /// The states of a run, the first one included.
    fn states(end: f64, dt: f64) -> Vec<Now> {
        let mut clock = EqualSteps::new(0.0, dt).unwrap();
        clock.set_end(Some(end)).unwrap();
        let times = (0..).map_while(|ahead| clock.step(ahead)).map(|step| step.to);
        let all = std::iter::once(0.0).chain(times).zip(0..);
        all.map(|(time, steps)| Now::new(time, steps, dt)).collect()
    }

    fn called(schedule: &mut Schedule, states: &[Now], last: u64) -> Vec<u64> {
        let due =
            states.iter().filter(|now| schedule.due_now(now, now.steps == last, false).is_some());
        due.map(|now| now.steps).collect()
    }

    fn steps(every: Every, end: f64, dt: f64) -> Vec<u64> {
        let states = states(end, dt);
        called(&mut Schedule::new(every, 0.0).unwrap(), &states, states.len() as u64 - 1)
    }

    #[test]
    fn intervals_count_from_the_start_and_do_not_drift() {
        let expected: Vec<u64> = (0..=100).step_by(3).chain([100]).collect();
        assert_eq!(steps(Every::Time(0.3), 10.0, 0.1), expected);
        assert_eq!(steps(Every::Steps(40), 10.0, 0.1), [0, 40, 80, 100]);
    }

    #[test]
    fn what_lies_between_steps_and_was_not_seen_there_happens_at_the_next_one() {
        assert_eq!(steps(Every::Time(0.25), 1.0, 0.1), [0, 3, 5, 8, 10]);
        let times = Every::Times(vec![0.31, -2.0, 0.3, 77.0, 0.32]);
        assert_eq!(steps(times, 1.0, 0.1), [0, 3, 4, 10]);
        assert_eq!(steps(Every::Time(0.01), 1.0, 0.1), (0..=10).collect::<Vec<_>>());
    }

    #[test]
    fn the_time_of_a_state_is_the_time_in_a_list_that_it_stands_for() {
        // 3·0.1 is another number than 0.3.
        let (asked, list) = ([0.3, 0.5], states(1.0, 0.1));
        assert_ne!(list[3].time, asked[0]);
        let mut schedule = Schedule::new(Every::Times(asked.into()), 0.0).unwrap();
        let mut seen = |now: &Now| schedule.due_now(now, now.steps == 10, false);
        assert_eq!(list.iter().filter_map(&mut seen).collect::<Vec<_>>(), [0.0, 0.3, 0.5, 1.0]);
    }

    #[test]
    fn a_shortened_last_step_is_the_last_state() {
        assert_eq!(steps(Every::Time(0.6), 1.0, 0.3), [0, 2, 4]);
    }

    #[test]
    fn the_next_due_time_is_known_before() {
        let mut schedule = Schedule::new(Every::Time(0.25), 0.0).unwrap();
        called(&mut schedule, &states(0.4, 0.1), 9);
        assert_eq!(schedule.due(5), Due::Time(0.5));
        assert_eq!(Schedule::new(Every::Steps(4), 0.0).unwrap().due(5), Due::Steps(8));
        assert_eq!(Schedule::new(Every::Times(vec![]), 0.0).unwrap().due(5), Due::Unknown);
    }

    #[test]
    fn a_saved_schedule_goes_on_with_the_same_times() {
        let list = [0.31, 0.3, 0.82];
        let all = states(2.0, 0.1);
        for every in [Every::Time(0.23), Every::Times(list.into()), Every::Steps(3)] {
            let new = |origin: f64| Schedule::new(every.clone(), origin).unwrap();
            let expected = called(&mut new(0.0), &all, 20);
            for cut in 1..20 {
                let mut first = new(0.0);
                let mut found = called(&mut first, &all[..cut], 20);
                let mut second = new(77.0);
                second.restore(first.state());
                // The state at which it was saved is seen once more.
                found.extend(called(&mut second, &all[cut - 1..], 20));
                assert_eq!(found, expected, "{every:?} after {cut} states");
            }
        }
    }

    #[test]
    fn intervals_that_make_no_sense_are_errors() {
        for every in [
            Every::Time(0.0),
            Every::Time(-1.0),
            Every::Time(f64::NAN),
            Every::Time(f64::INFINITY),
            Every::Times(vec![0.0, f64::NAN]),
            Every::Steps(0),
        ] {
            assert!(Schedule::new(every.clone(), 0.0).is_err(), "{every:?}");
        }
    }
}
