//! Steps that are a share of the longest stable one, which is found anew as the solution changes.

use crate::error::{Error, TooLong};
use crate::simulation::clock::{Clock, Limit, Step, Trial, Verdict};
use crate::simulation::equal_steps::EqualSteps;
use crate::simulation::stable_limit::StableDt;

/// Steps stay as they are while they are a share of the longest stable one in this range, so that
/// small changes of the solution do not change them.
const KEPT: std::ops::RangeInclusive<f64> = 0.7..=0.9;
/// The longest stable step is found anew when it may have changed by this much.
const CHANGE: f64 = 0.05;
/// It is found anew after this many steps at the latest.
const MOST: u64 = 100;
/// It is found anew before modes that grow may have grown by the factor exp(2): the state, and with it what is stable,
/// may then be another one.
const GROWTH: f64 = 2.0;
/// It is found anew before the state may have changed by this share of its magnitude.
const CHANGE_OF_STATE: f64 = 0.5;
/// By how much a step may be longer than the one before, where what is stable changes.
const LONGER: f64 = 1.5;
/// By how much a step is shortened after one that was not stable, at most, and after one that led to numbers that
/// are not finite.
const SHORTER: f64 = 0.25;
/// How often a step is shortened one time after the other. If that does not help, it is not too long.
const RETRIES: u64 = 12;
/// To which share of its length a step is shortened in which an array becomes negative. If it still does then, it has
/// to, as many quantities have.
const SHORTEST_ABOVE_0: f64 = 1e-7;
/// A step is no longer than this beside the time in which slow modes grow by the factor e.
const FOLLOWED: f64 = 1.0;

/// Steps of equal length for a while, until the longest stable step is found again: the sooner the
/// faster it and the state change.
///
/// The last of them is tried, as are all where much changes in a step, and the first one: it is made anew, shorter, if
/// it is no longer stable in the state to which it has led, if an array that was nowhere negative has become so, or if an
/// array has hardly changed though its rate says that it should. For nonlinear equations schemes may have steady states
/// of their own next to the limit of stability (Yee, Sweby & Griffiths 1991, J. Comput. Phys. 97, 249).
/// What is stable in the middle of a fast change says nothing about what is stable a step later: u' = u (1 − u) at u =
/// 1/2. And where a quantity is used up at a rate that hardly depends on it, as in s' = −s/(K + s), a stable step may
/// lead far below 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StableSteps {
    /// The steps as long as they are now.
    steps: EqualSteps,
    /// The longest step that is taken, whatever is stable.
    most: f64,
    /// The longest stable step when it was last found; infinite before.
    longest: f64,
    /// Whether it is the same in every state.
    fixed: bool,
    /// After how many steps it is found again, and how many of them are left.
    interval: u64,
    left: u64,
    /// How many steps were rejected, and how many of them since the last one that was accepted.
    rejected: u64,
    again: u64,
    /// The length of the step in which an array became negative first; 0 once steps of this length keep them above.
    above_0: f64,
    /// The arrays that may be negative, a bit for each.
    signed: u64,
}

impl StableSteps {
    /// Steps from a time on, the first of them of the length `first`, none of them longer than `most`.
    ///
    /// # Errors
    /// If the start is not finite, or a length is not positive and finite.
    pub(crate) fn new(start: f64, first: f64, most: f64) -> Result<Self, Error> {
        EqualSteps::new(start, most)?;
        let steps = EqualSteps::new(start, first.min(most))?;
        let (longest, fixed, interval, left) = (f64::INFINITY, false, 1, 0);
        let (rejected, again, above_0, signed) = (0, 0, 0.0, 0);
        Ok(StableSteps {
            steps,
            most,
            longest,
            fixed,
            interval,
            left,
            rejected,
            again,
            above_0,
            signed,
        })
    }

    /// The same where these arrays may be negative, a bit for each.
    pub(crate) fn with_signed(self, signed: u64) -> Self {
        StableSteps { signed, ..self }
    }

    /// Goes on with steps of another length, unless only rounding is left of the run then.
    fn change(&mut self, dt: f64) -> Result<(), Error> {
        let mut changed = self.steps;
        let present = self.steps.present();
        let (dt, why) = (dt.min(self.most), TooLong::Unstable);
        let is_rounding = dt <= f64::EPSILON / 2.0 * present.abs();
        let too_short = Error::StepTooShort { time: present, dt, step: 0, why };
        changed.change(dt).ok().filter(|()| !is_rounding).ok_or(too_short)?;
        if changed.next().is_some() {
            self.steps = changed;
        }
        Ok(())
    }
}

impl Clock for StableSteps {
    fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
        self.steps.set_end(end)
    }

    fn needs_limit(&self) -> bool {
        self.left == 0
    }

    fn limit(&mut self, limit: Limit) -> Result<(), Error> {
        let Limit { longest, growth, fixed } = limit;
        let longest = longest.min(FOLLOWED / growth / StableDt::SHARE);
        let before = std::mem::replace(&mut self.longest, longest);
        let wanted = StableDt::SHARE * longest;
        let dt = self.steps.dt();
        let (mut is_cut, is_first) = (false, before.is_infinite());
        if longest.is_finite() && !KEPT.contains(&(dt / longest)) {
            is_cut = !fixed && !is_first && wanted.min(self.most) > LONGER * dt;
            self.change(if is_cut { LONGER * dt } else { wanted })?;
        }
        // By how much it has changed in a step.
        let change = (longest / before - 1.0).abs() / self.interval as f64;
        let steps = if change.is_nan() { 1.0 } else { (CHANGE / change).floor() };
        let steps = steps.min((GROWTH / (growth * self.steps.dt())).floor());
        let steps = (steps.clamp(1.0, MOST as f64) as u64).min(2 * self.interval);
        self.interval = if fixed { MOST } else { steps };
        if is_cut {
            self.interval = 1;
        }
        (self.left, self.fixed) = (self.interval, fixed);
        Ok(())
    }

    fn limit_ahead(&mut self, limit: Limit) {
        // Steps that are tried tell how far this one will do.
        if self.steps.dt() > limit.longest {
            (self.interval, self.left) = (1, self.left.min(1));
        }
    }

    fn looks_at_states(&self) -> bool {
        true
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
        let certain = self.steps.certain().min(self.left);
        if self.fixed { certain } else { certain.saturating_sub(1) }
    }

    fn dt(&self) -> f64 {
        self.steps.dt()
    }

    fn pass(&mut self, steps: u64) {
        self.steps.pass(steps);
        self.left -= steps;
    }

    fn rejected(&self) -> u64 {
        self.rejected
    }

    fn judge(&mut self, trial: &Trial) -> Result<Verdict, Error> {
        let dt = trial.step.dt;
        let longest = trial.found.map_or(f64::INFINITY, |found| found.limit.longest);
        let change = trial.found.map(|found| found.change).unwrap_or_default();
        // A shorter step leaves a steady state of the scheme. One that is still stuck meets a source that begins.
        let is_stuck = change.is_stuck && self.again == 0;
        let is_stable = trial.finite && dt <= longest && !is_stuck;
        let below_0 = change.to_negative & !self.signed;
        if is_stable && below_0 != 0 && self.above_0 == 0.0 {
            self.above_0 = dt;
        }
        let must_be_below = dt < SHORTEST_ABOVE_0 * self.above_0;
        let is_rejected = match is_stable {
            true => below_0 != 0 && !must_be_below,
            false => self.again < RETRIES,
        };
        if is_rejected {
            let is_long = trial.finite && dt > longest;
            let shorter = if is_long { StableDt::SHARE * longest } else { 0.0 };
            self.change(shorter.max(SHORTER * dt))?;
            self.rejected += 1;
            self.again += u64::from(!is_stable);
            return Ok(Verdict::Rejected);
        }
        self.again = 0;
        self.signed |= below_0;
        if below_0 != 0 || dt >= self.above_0 {
            self.above_0 = 0.0;
        }
        // One that is tried because it is the last one before an end changes nothing beyond.
        let is_last = self.left > 1;
        self.pass(1);
        if is_last {
            return Ok(Verdict::Accepted);
        }
        let Some(found) = trial.found else {
            self.forget();
            return Ok(Verdict::Accepted);
        };
        self.limit(found.limit)?;
        if !self.fixed {
            let steps = (CHANGE_OF_STATE / change.share).floor().clamp(1.0, MOST as f64);
            self.interval = self.interval.min(steps as u64);
            self.left = self.interval;
        }
        Ok(Verdict::Accepted)
    }

    fn save(&self) -> Vec<u8> {
        let StableSteps { longest, fixed, interval, left, rejected, again, signed, .. } = *self;
        let floats = [self.steps.dt(), longest, self.above_0].map(f64::to_bits);
        let counts = [u64::from(fixed), interval, left, rejected, again, signed];
        let own = floats.into_iter().chain(counts);
        self.steps.save().into_iter().chain(own.flat_map(u64::to_le_bytes)).collect()
    }

    fn restore(&mut self, time: f64, saved: &[u8]) -> Result<(), Error> {
        let foreign = Error::ForeignState { what: "a clock of stable steps" };
        let own = saved.len().checked_sub(9 * size_of::<u64>()).map(|at| saved.split_at(at));
        let Some((steps, own)) = own else { return Err(foreign) };
        let (&[dt, longest, above_0, ref counts @ ..], []) = own.as_chunks::<8>() else {
            return Err(foreign);
        };
        let [dt, longest, above_0] = [dt, longest, above_0].map(f64::from_le_bytes);
        let &[fixed, interval, left, rejected, again, signed] = counts else { return Err(foreign) };
        let [fixed, interval, left, rejected, again, signed] =
            [fixed, interval, left, rejected, again, signed].map(u64::from_le_bytes);
        if left > interval || !(1..=MOST).contains(&interval) || longest.is_nan() {
            return Err(foreign);
        }
        let mut equal = EqualSteps::new(time, dt).map_err(|_| foreign)?;
        equal.restore(time, steps)?;
        (self.steps, self.longest, self.above_0) = (equal, longest, above_0);
        (self.fixed, self.interval, self.left) = (fixed != 0, interval, left);
        (self.rejected, self.again, self.signed) = (rejected, again, signed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::clock::{Change, Found};

    fn limit(longest: f64) -> Limit {
        Limit { longest, growth: 0.0, fixed: false }
    }

    /// A step that leads to a state with this limit, and changes little.
    fn trial(step: Step, limit: Limit) -> Trial {
        let found = Found { limit, change: Change::default() };
        Trial { found: Some(found), ..Trial::new(step, true) }
    }

    /// Makes up to `most` of the coming steps, where the longest stable one is a function of the time; how often it was
    /// found.
    fn advance(
        clock: &mut StableSteps,
        longest: &impl Fn(f64) -> Limit,
        list: &mut Vec<Step>,
        most: u64,
    ) -> usize {
        let mut found = 0;
        if clock.needs_limit() {
            clock.limit(longest(clock.next().unwrap().from)).unwrap();
            found += 1;
        }
        match clock.certain().min(most) {
            0 => {
                let step = clock.next().unwrap();
                let trial = trial(step, longest(step.to));
                found += 1;
                if clock.judge(&trial).unwrap() == Verdict::Accepted {
                    list.push(step);
                }
            }
            certain => {
                list.extend((0..certain).map(|ahead| clock.step(ahead).unwrap()));
                clock.pass(certain);
            }
        }
        found
    }

    /// The steps to an end, and how often the longest stable one was found.
    fn steps(end: f64, most: f64, longest: impl Fn(f64) -> Limit) -> (Vec<Step>, usize) {
        let mut clock = StableSteps::new(0.0, 0.1, most).unwrap();
        clock.set_end(Some(end)).unwrap();
        let (mut list, mut found) = (Vec::new(), 0);
        while clock.next().is_some() {
            found += advance(&mut clock, &longest, &mut list, 3);
        }
        (list, found)
    }

    #[test]
    fn steps_stay_as_they_are_where_nothing_changes() {
        let (list, found) = steps(40.0, 1.0, |_| limit(0.125));
        assert_eq!(list.len(), 400);
        assert!(list.iter().all(|step| step.dt == 0.1));
        assert_eq!(list.last().unwrap().to, 40.0);
        // Before the first step, after it, and after 1, 2, 4, … steps.
        assert_eq!(found, 11);
        let (_, found) = steps(40.0, 1.0, |_| Limit { fixed: true, ..limit(0.125) });
        assert_eq!(found, 4);
    }

    #[test]
    fn steps_follow_what_is_stable_and_meet_the_end() {
        let longest = |t: f64| 0.2 / (1.0 + t);
        let (list, found) = steps(10.0, 1.0, |t| limit(longest(t)));
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
        let (list, _) = steps(end, 10.0, |t| limit(if t < 0.05 { 0.125 } else { 1e3 }));
        assert_eq!(list.last().unwrap().to, end);
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn no_step_is_longer_than_the_most() {
        let (list, _) = steps(10.0, 0.5, |t| limit(if t < 1.0 { 0.1 } else { f64::INFINITY }));
        assert!(list.iter().all(|step| step.dt <= 0.5));
        let (list, _) = steps(10.0, 0.5, |_| limit(100.0));
        assert_eq!(list.last().unwrap().dt, 0.5);
    }

    /// Long steps would be stable at one time only.
    #[test]
    fn steps_that_are_no_longer_stable_where_they_lead_are_made_anew() {
        let longest = |t: f64| if (0.79..0.81).contains(&t) { 5.0 } else { 0.125 };
        let (list, _) = steps(4.0, 10.0, |t| limit(longest(t)));
        assert!(list.iter().all(|step| step.dt <= longest(step.to)), "{list:?}");
        assert_eq!(list.last().unwrap().to, 4.0);
        let mut clock = StableSteps::new(0.0, 0.1, 10.0).unwrap();
        clock.limit(limit(0.125)).unwrap();
        for shorter in 1..=RETRIES {
            let step = clock.next().unwrap();
            assert_eq!(clock.judge(&Trial::new(step, false)).unwrap(), Verdict::Rejected);
            let dt = 0.1 * SHORTER.powi(shorter as i32);
            assert!((clock.dt() / dt - 1.0).abs() < 1e-12);
        }
        // Something else is wrong.
        let step = clock.next().unwrap();
        assert_eq!(clock.judge(&Trial::new(step, false)).unwrap(), Verdict::Accepted);
        assert_eq!(clock.rejected(), RETRIES);
    }

    /// A step that leads below 0 whatever its length is made in the end, and later ones of the same array at once.
    #[test]
    fn an_array_becomes_negative_in_a_short_step_first() {
        let mut clock = StableSteps::new(0.0, 0.1, 10.0).unwrap();
        clock.limit(limit(0.125)).unwrap();
        let mut rejections = |to_negative: u64| {
            let mut rejected = 0;
            loop {
                let step = clock.next().unwrap();
                let change = Change { share: 0.1, to_negative, is_stuck: false };
                let found = Some(Found { change, limit: limit(0.125) });
                match clock.judge(&Trial { found, ..Trial::new(step, true) }).unwrap() {
                    Verdict::Accepted => return (rejected, step.dt),
                    Verdict::Rejected => rejected += 1,
                }
            }
        };
        assert_eq!(rejections(1).0, 12);
        for _ in 0..60 {
            assert_eq!(rejections(0).0, 0);
        }
        assert_eq!(rejections(1).0, 0);
        let (rejected, dt) = rejections(2);
        assert!(rejected == 12 && dt < 1e-8, "{rejected} {dt}");
    }

    /// It is the rate that has changed if a shorter step is stuck too.
    #[test]
    fn a_step_that_is_stuck_is_made_anew_once() {
        let mut clock = StableSteps::new(0.0, 0.1, 10.0).unwrap();
        clock.limit(limit(0.125)).unwrap();
        for verdict in [Verdict::Rejected, Verdict::Accepted] {
            let step = clock.next().unwrap();
            let change = Change { is_stuck: true, ..Change::default() };
            let found = Some(Found { change, limit: limit(0.125) });
            let trial = Trial { found, ..Trial::new(step, true) };
            assert_eq!(clock.judge(&trial).unwrap(), verdict);
        }
        assert_eq!(clock.rejected(), 1);
    }

    /// What is stable may change with the time alone.
    #[test]
    fn steps_beyond_a_time_at_which_they_are_no_longer_stable_are_tried() {
        let mut clock = StableSteps::new(0.0, 0.1, 10.0).unwrap();
        for _ in 0..20 {
            clock.limit(limit(0.125)).unwrap();
        }
        assert!(clock.certain() > 50);
        clock.limit_ahead(limit(0.11));
        assert!(clock.certain() > 50);
        clock.limit_ahead(limit(0.09));
        assert_eq!(clock.certain(), 0);
    }

    #[test]
    fn where_nothing_becomes_stable_the_time_is_told() {
        let mut clock = StableSteps::new(1.0, 0.1, 10.0).unwrap();
        let failed = clock.limit(limit(1e-17)).unwrap_err();
        assert!(matches!(failed, Error::StepTooShort { time: 1.0, .. }), "{failed:?}");
    }

    #[test]
    fn steps_in_which_the_state_may_grow_much_are_looked_at() {
        let growing = |growth| move |_| Limit { growth, ..limit(0.125) };
        let found = |growth| steps(40.0, 1.0, growing(growth)).1;
        assert_eq!(found(0.0), 11);
        assert!((40..60).contains(&found(2.0)), "{}", found(2.0));
        assert!((390..420).contains(&found(20.0)), "{}", found(20.0));
    }

    #[test]
    fn a_clock_goes_on_from_what_was_saved() {
        let longest = |t: f64| 0.2 / (1.0 + t);
        let run = |clock: &mut StableSteps, steps: usize| {
            let mut list = Vec::new();
            while list.len() < steps {
                let most = (steps - list.len()).min(3) as u64;
                advance(clock, &|t| limit(longest(t)), &mut list, most);
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
        assert!(new().restore(0.0, &[255; 80]).is_err());
        assert!(EqualSteps::new(0.0, 1.0).unwrap().restore(0.0, &whole.save()).is_err());
    }
}
