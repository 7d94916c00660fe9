//! Steps as long as a tolerance allows.

use fluxions_expr::Binary;

use crate::error::{Error, TooLong};
use crate::simulation::clock::{Clock, Limit, Step, Trial, Verdict};

/// The share of the step that would just meet the tolerance which is tried next.
const SAFETY: f64 = 0.9;
/// By how much a step may be shorter or longer than the one before.
const FACTORS: std::ops::RangeInclusive<f64> = 0.2..=5.0;
/// By how much a step is shortened after one that led to numbers that are not finite.
const AFTER_FAILURE: f64 = 0.25;
/// Steps shorter than this, beside the magnitude of the time and the length of the first step, are
/// rounding.
const SHORTEST: f64 = 1e-14;
/// After how many steps the longest stable one is found anew.
const EVERY: u64 = 25;

/// Steps whose estimated error meets a tolerance. Those that do not meet it are rejected.
///
/// The next step follows from the errors of the last two, by proportional-integral control: h ← h·0.9·
/// err^(−0.7/p)·err_before^(0.4/p), where p is one more than the order of the error estimate
/// (Gustafsson 1991, ACM Trans. Math. Softw. 17, 533; Hairer & Wanner 1996, "Solving Ordinary
/// Differential Equations II", IV.2). Without the second factor, steps at the limit of stability would
/// be rejected again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ErrorControl {
    time: f64,
    /// The length of the step that is tried next, where nothing shortens it.
    dt: f64,
    first: f64,
    end: f64,
    /// The next time at which a tracker is due.
    due: f64,
    /// One more than the order of the error estimate.
    power: f64,
    /// The error of the last step that was accepted.
    before: f64,
    /// Whether the last step that was tried was rejected.
    again: bool,
    accepted: u64,
    rejected: u64,
    /// The longest stable step, where it has to be known, and after how many steps it was last told.
    limited: bool,
    longest: f64,
    told: Option<u64>,
    /// By how much a step may be longer than the one before.
    growth: f64,
}

impl ErrorControl {
    /// Steps from a time on, of a scheme whose estimate has this order, the first of them of the length
    /// `first`.
    ///
    /// # Errors
    /// If the start is not finite, or the step not positive and finite.
    pub(crate) fn new(start: f64, first: f64, order: usize) -> Result<Self, Error> {
        let bad = |what, must, value| Err(Error::BadTime { what, must, value });
        if !start.is_finite() {
            return bad("the start", "a finite time", start);
        }
        if !(first.is_finite() && first > 0.0) {
            return bad("the time step", "positive and finite", first);
        }
        Ok(ErrorControl {
            time: start,
            dt: first,
            first,
            end: f64::INFINITY,
            due: f64::INFINITY,
            power: (order + 1) as f64,
            before: 1.0,
            again: false,
            accepted: 0,
            rejected: 0,
            limited: false,
            longest: f64::INFINITY,
            told: None,
            growth: *FACTORS.end(),
        })
    }

    /// The same steps, of a scheme whose stages follow from the longest stable step.
    pub(crate) fn limited(self) -> Self {
        ErrorControl { limited: true, ..self }
    }

    /// The same steps, growing by no more than this factor each.
    pub(crate) fn growing(self, growth: f64) -> Self {
        ErrorControl { growth, ..self }
    }

    /// By how much the step after one with this error is longer.
    fn factor(&self, error: f64) -> f64 {
        let power = |base: f64, exponent: f64| Binary::Power.eval(base, exponent / self.power);
        let factor = match error {
            0.0 => self.growth,
            error if error > 1.0 => SAFETY * power(error, -1.0),
            error => SAFETY * power(error, -0.7) * power(self.before, 0.4),
        };
        factor.clamp(*FACTORS.start(), self.growth)
    }

    /// Whether the next step is longer than rounding; if not, the error is that of the last one.
    fn check_length(&self, error: f64) -> Result<(), Error> {
        if self.dt <= SHORTEST * self.time.abs().max(self.first) {
            let (time, step) = (self.time, self.accepted);
            let why = match error {
                error if !error.is_finite() => TooLong::NotFinite,
                error if error > 1.0 => TooLong::Tolerance,
                _ => TooLong::Rounding,
            };
            return Err(Error::StepTooShort { time, dt: self.dt, step, why });
        }
        Ok(())
    }
}

impl Clock for ErrorControl {
    fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
        let end = end.unwrap_or(f64::INFINITY);
        if end.is_nan() || end < self.time {
            let (what, must) = ("the end", "a time not before the present one");
            return Err(Error::BadTime { what, must, value: end });
        }
        self.end = end;
        Ok(())
    }

    fn expect(&mut self, due: Option<f64>) {
        self.due = due.filter(|due| *due > self.time).unwrap_or(f64::INFINITY);
    }

    fn step(&self, ahead: u64) -> Option<Step> {
        if ahead > 0 || self.time >= self.end {
            return None;
        }
        let (from, stop) = (self.time, self.end.min(self.due));
        let left = stop - from;
        if left <= self.dt {
            return Some(Step { from, dt: left, to: stop });
        }
        // Two steps of the same length instead of a long and a short one.
        let dt = if left < 2.0 * self.dt { left / 2.0 } else { self.dt };
        Some(Step { from, dt, to: from + dt })
    }

    fn needs_limit(&self) -> bool {
        self.limited && self.told.is_none_or(|told| self.accepted >= told + EVERY)
    }

    fn limit(&mut self, limit: Limit) -> Result<(), Error> {
        (self.longest, self.told) = (limit.longest, Some(self.accepted));
        self.dt = self.dt.min(limit.longest);
        self.check_length(f64::INFINITY)
    }

    fn forget(&mut self) {
        self.told = None;
    }

    fn longest(&self) -> f64 {
        self.longest
    }

    fn is_cut(&self) -> bool {
        self.end - self.time < 2.0 * self.dt
    }

    fn remaining(&self) -> Option<u64> {
        let steps = ((self.end - self.time) / self.dt).ceil();
        steps.is_finite().then_some(steps as u64)
    }

    fn certain(&self) -> u64 {
        0
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Steps that are made without being judged have the length that was planned.
    fn pass(&mut self, steps: u64) {
        for _ in 0..steps {
            self.time = self.next().map_or(self.time, |step| step.to);
        }
    }

    fn judge(&mut self, trial: &Trial) -> Result<Verdict, Error> {
        let Trial { step, finite, error, .. } = *trial;
        let error = error.filter(|error| finite && !error.is_nan()).unwrap_or(f64::INFINITY);
        let factor = if error.is_finite() { self.factor(error) } else { AFTER_FAILURE };
        if error > 1.0 {
            (self.dt, self.again) = (step.dt * factor.min(1.0), true);
            self.rejected += 1;
            self.told = None;
            self.check_length(error)?;
            return Ok(Verdict::Rejected);
        }
        // Where a solution ends each step may do, and the next one be shorter, without an end.
        self.check_length(error)?;
        // After a rejection steps do not grow at once; and one that was shortened to end at a time
        // says nothing against the length that was planned.
        let factor = if self.again { factor.min(1.0) } else { factor };
        let next = step.dt * factor;
        let next = if step.dt < self.dt { next.max(self.dt) } else { next };
        self.dt = next.min(self.longest);
        (self.time, self.again) = (step.to, false);
        self.accepted += 1;
        self.due = f64::INFINITY;
        // What is much smaller says nothing about the next step.
        self.before = error.max(1e-2);
        Ok(Verdict::Accepted)
    }

    fn save(&self) -> Vec<u8> {
        let ErrorControl { dt, first, before, longest, again, accepted, rejected, told, .. } =
            *self;
        let floats = [dt, first, before, longest].map(f64::to_bits);
        // 0 stands for what was not told.
        let counts = [u64::from(again), accepted, rejected, told.map_or(0, |told| told + 1)];
        floats.into_iter().chain(counts).flat_map(u64::to_le_bytes).collect()
    }

    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error> {
        let foreign = || Err(Error::ForeignState { what: "a clock that controls the error" });
        let (numbers, rest) = saved.as_chunks::<8>();
        let (&[dt, first, before, longest, again, accepted, rejected, told], []) = (numbers, rest)
        else {
            return foreign();
        };
        let [dt, first, before, longest] = [dt, first, before, longest].map(f64::from_le_bytes);
        let [again, accepted, rejected, told] =
            [again, accepted, rejected, told].map(u64::from_le_bytes);
        let are_positive = [dt, first, before].iter().all(|x| x.is_finite() && *x > 0.0);
        if !are_positive || again > 1 || longest.is_nan() || longest <= 0.0 {
            return foreign();
        }
        let (end, due) = (f64::INFINITY, f64::INFINITY);
        let (again, told) = (again == 1, told.checked_sub(1));
        *self = ErrorControl {
            time,
            dt,
            first,
            end,
            due,
            before,
            again,
            accepted,
            rejected,
            longest,
            told,
            ..*self
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps to an end for an error that is a function of the time and the step, with what was
    /// rejected.
    fn steps(end: f64, error: impl Fn(f64, f64) -> f64) -> (Vec<Step>, u64) {
        let mut clock = ErrorControl::new(0.0, 0.01, 4).unwrap();
        clock.set_end(Some(end)).unwrap();
        let mut list = Vec::new();
        while let Some(step) = clock.next() {
            let error = Some(error(step.from, step.dt));
            if clock.judge(&Trial { error, ..Trial::new(step, true) }).unwrap() == Verdict::Accepted
            {
                list.push(step);
            }
        }
        (list, clock.rejected())
    }

    #[test]
    fn steps_grow_to_the_tolerance_and_end_where_they_should() {
        // An error of 1 for steps of 0.5.
        let (list, rejected) = steps(20.0, |_, dt: f64| (2.0 * dt).powi(5));
        assert_eq!(list.last().unwrap().to, 20.0);
        assert!(list.iter().zip(&list[1..]).all(|(step, next)| step.to == next.from));
        assert_eq!(rejected, 0);
        let steady = &list[20..list.len() - 3];
        assert!(steady.iter().all(|step| (0.3..0.4).contains(&step.dt)), "{list:?}");
        let [.., last, end] = &list[..] else { panic!() };
        assert!((last.dt / end.dt - 1.0).abs() < 1e-9, "{last:?} {end:?}");
    }

    #[test]
    fn steps_that_miss_the_tolerance_are_rejected() {
        // From t = 1 on steps have to be 100 times as short.
        let (list, rejected) =
            steps(2.0, |t, dt| if t + dt > 1.0 { 100.0 * dt } else { dt }.powi(5));
        assert!((2..8).contains(&rejected), "{rejected}");
        let late = list.iter().filter(|step| step.from > 1.0);
        assert!(late.clone().all(|step| step.dt <= 0.01) && late.count() > 90);
    }

    #[test]
    fn no_step_is_accepted_whose_state_is_not_finite() {
        let mut clock = ErrorControl::new(1.0, 0.1, 2).unwrap();
        let (mut dt, mut error) = (0.1, None);
        while error.is_none() {
            let step = clock.next().unwrap();
            assert!((step.dt - dt).abs() < 1e-15);
            dt *= 0.25;
            error = clock.judge(&Trial { error: Some(0.0), ..Trial::new(step, false) }).err();
        }
        assert!(matches!(error, Some(Error::StepTooShort { time: 1.0, step: 0, .. })));
        let mut clock = ErrorControl::new(1.0, 0.1, 2).unwrap();
        let step = clock.next().unwrap();
        let verdict = clock.judge(&Trial { error: Some(f64::NAN), ..Trial::new(step, true) });
        assert_eq!(verdict.unwrap(), Verdict::Rejected);
    }

    /// Each step is accepted, and the next one is shorter: as towards the end of a solution.
    #[test]
    fn steps_that_only_become_shorter_come_to_an_end() {
        let mut clock = ErrorControl::new(0.0, 0.01, 4).unwrap();
        let failed = (0..1000).find_map(|_| {
            let step = clock.next().unwrap();
            clock.judge(&Trial { error: Some(0.99), ..Trial::new(step, true) }).err()
        });
        let Some(Error::StepTooShort { time, dt, .. }) = &failed else { panic!("{failed:?}") };
        assert!(*dt > 1e-16 && *time > 0.05, "{dt} {time}");
        assert!(failed.unwrap().to_string().ends_with("too short to move the time on"));
    }

    #[test]
    fn steps_end_where_a_tracker_is_due_and_go_on_as_planned() {
        let mut clock = ErrorControl::new(0.0, 0.1, 4).unwrap();
        clock.expect(Some(0.01));
        let step = clock.next().unwrap();
        assert_eq!((step.dt, step.to), (0.01, 0.01));
        clock.judge(&Trial { error: Some(0.5), ..Trial::new(step, true) }).unwrap();
        assert_eq!(clock.next().unwrap().dt, 0.1);
    }

    #[test]
    fn a_clock_goes_on_from_what_was_saved() {
        let mut clock = ErrorControl::new(0.0, 0.1, 4).unwrap();
        for error in [0.3, 2.0, 0.2, 0.5] {
            let step = clock.next().unwrap();
            clock.judge(&Trial { error: Some(error), ..Trial::new(step, true) }).unwrap();
        }
        let mut other = ErrorControl::new(0.0, 0.5, 4).unwrap();
        other.restore(clock.time, &clock.save()).unwrap();
        assert_eq!(other, clock);
        assert!(other.restore(0.0, &[0; 64]).is_err());
        assert!(other.restore(0.0, &[0; 24]).is_err());
    }
}
