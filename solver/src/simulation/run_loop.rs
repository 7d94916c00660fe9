//! The run loop: makes the steps that the clock asks for, and calls the trackers that are due.

use std::collections::BTreeSet;
use std::time::Instant;

use fluxions_comm::Combine;
use fluxions_halo::{Exchange, Way};

use crate::error::Error;
use crate::run::blocking::wavefront::Wavefront;
use crate::run::counts::Counts;
use crate::simulation::after_step::AfterStep;
use crate::simulation::checkpoint::Occasion;
use crate::simulation::clock::Step;
use crate::simulation::report::{Report, StopReason};
use crate::simulation::schedule::Now;
use crate::simulation::side_steps::is_within;
use crate::simulation::simulation::Simulation;
use crate::simulation::snapshot::Snapshot;
use crate::simulation::state::State;
use crate::simulation::tracker::{Flow, agree};

/// Of how many steps that are certain one is looked at, where what is stable depends on the time; and of all of them at
/// most so many.
const STEPS_AHEAD: u64 = 10;
const MOST_AHEAD: u64 = 4;

impl Simulation {
    /// Steps to a time, which is met exactly. Collective.
    ///
    /// Trackers see the present state, unless they have seen it already, then the states in which
    /// they are due, and the last one, which is also the one from which no further step could be made. Another run goes on from there: if the time of the end was
    /// a whole number of steps away, with the same steps as a single run to its end would make.
    ///
    /// # Errors
    /// If a field is no longer finite, a tracker fails, or another rank has failed.
    pub fn run_until(&mut self, end: f64) -> Result<Report, Error> {
        let stop = match self.run_to(end) {
            Ok(stop) => self.catch_up(true).map(|()| stop)?,
            Err(error) => {
                // A step that could not be made was undone: what was reached is worth keeping. The first error is the
                // one to tell.
                if is_of_step(&error) {
                    let _ = self.track(true, false);
                }
                // What was recorded before is right.
                let _ = self.trackers.settle(&self.state.world);
                return Err(error);
            }
        };
        self.stopped = Some(stop.clone());
        self.report(stop)
    }

    /// Steps to a time: why no further steps are made. Collective.
    fn run_to(&mut self, end: f64) -> Result<StopReason, Error> {
        self.set_end(Some(end))?;
        self.health.begin(self.steps);
        let began = Instant::now();
        self.balance_once()?;
        self.durations.stepping += began.elapsed().as_secs_f64();
        let mut moment = true;
        // Whether the checkpoint before the end is written.
        let mut stored = false;
        loop {
            self.look_to_end()?;
            let at_end = self.clock.next().is_none();
            let at_most = self.is_at_most();
            let is_last = at_end || at_most;
            if self.health.is_due(self.steps) || is_last {
                self.catch_up(false)?;
                self.health.meet(&self.state, self.steps)?;
                moment = true;
            }
            if let Some(reason) = self.look_after_checkpoints(moment, is_last, &mut stored)? {
                let _ = self.track(true, moment)?;
                return Ok(StopReason::Interrupted(reason));
            }
            if at_most && !at_end {
                // A run that goes on begins with what trackers see now.
                self.write_checkpoint()?;
            }
            if let Flow::Break(reason) = self.track(is_last, moment)? {
                if !is_last {
                    self.write_checkpoint()?;
                }
                // Those that were not due see the last state too.
                let _ = self.track(true, false)?;
                return Ok(StopReason::Tracker(reason));
            }
            moment = false;
            if at_end {
                return Ok(match self.balancing {
                    Some(_) => StopReason::Solved,
                    None => StopReason::End,
                });
            }
            if at_most {
                return Ok(StopReason::MaxSteps);
            }
            if let Flow::Break(reason) = self.advance(u64::MAX)? {
                self.write_checkpoint()?;
                let _ = self.track(true, false)?;
                return Ok(StopReason::Tracker(reason));
            }
        }
    }

    /// Lets trackers complete what goes on beside the steps. Collective.
    fn catch_up(&mut self, wait: bool) -> Result<(), Error> {
        let began = Instant::now();
        self.trackers.catch_up(&self.state.world, wait)?;
        self.durations.output += began.elapsed().as_secs_f64();
        Ok(())
    }

    /// Writes checkpoints as they are wanted: why the run is to stop, if it is. Collective.
    fn look_after_checkpoints(
        &mut self,
        moment: bool,
        is_last: bool,
        stored: &mut bool,
    ) -> Result<Option<String>, Error> {
        if self.checkpoints.is_none() || self.balancing.is_some() || is_last {
            return Ok(None);
        }
        // The longest stable step decides whether the next one is the last.
        self.tell_limit()?;
        let occasion = match (self.clock.is_cut() && !*stored, moment) {
            (true, _) => Occasion::BeforeEnd,
            (false, true) => Occasion::Meeting,
            (false, false) => Occasion::Step,
        };
        *stored |= occasion == Occasion::BeforeEnd;
        self.checkpoint_if_wanted(occasion)
    }

    /// Makes one step of the usual length, or a shorter one to where a change is due. A reason if there should be no
    /// further one: a tracker asks to stop, or no step was made since as many as allowed have been made already.
    /// Collective.
    ///
    /// Trackers are called as in the midst of a run: for the first state of the simulation before
    /// its first step, and after the step if they are due then. No state is the last one. All
    /// ranks meet after each step to learn whether all numbers are finite, so
    /// [`run_until`](Self::run_until) is faster where many steps are to be made.
    ///
    /// # Errors
    /// If a field is no longer finite, a tracker fails, or another rank has failed.
    pub fn step(&mut self) -> Result<Option<StopReason>, Error> {
        let stopped = self.make_step();
        let completed = self.catch_up(true);
        self.stopped = stopped.and_then(|stopped| completed.map(|()| stopped))?;
        Ok(self.stopped.clone())
    }

    fn make_step(&mut self) -> Result<Option<StopReason>, Error> {
        self.set_end(None)?;
        if self.balancing.is_some() {
            self.balance_once()?;
            return Ok(Some(StopReason::Solved));
        }
        if self.is_at_most() {
            return Ok(Some(StopReason::MaxSteps));
        }
        if let Flow::Break(reason) = self.track(false, false)? {
            return Ok(Some(StopReason::Tracker(reason)));
        }
        if let Flow::Break(reason) = self.advance(1)? {
            return Ok(Some(StopReason::Tracker(reason)));
        }
        let moment = self.health.is_due(self.steps);
        self.health.meet(&self.state, self.steps)?;
        match self.track(false, moment)? {
            Flow::Break(reason) => Ok(Some(StopReason::Tracker(reason))),
            Flow::Continue(()) => Ok(None),
        }
    }

    /// Ends the simulation: its trackers are told that it is over. The report of all of it.
    /// Collective.
    ///
    /// # Errors
    /// If a tracker fails, or another rank has failed.
    pub fn finish(mut self) -> Result<Report, Error> {
        let stop = self.stopped.take().unwrap_or(StopReason::Finished);
        let report = self.report(stop)?;
        self.trackers.finish(&self.state.world, &report)?;
        Ok(report)
    }

    /// The report, with the same numbers on all ranks. Collective.
    fn report(&self, stop_reason: StopReason) -> Result<Report, Error> {
        let unknowns = self.stepper.unknowns().map(|unknowns| unknowns.borrow().counts());
        let counts = self.stepper.counts.with(unknowns.unwrap_or_default());
        let changes = self.after_step.iter().flat_map(|AfterStep { change, then }| {
            [change].into_iter().chain(then).map(|executor| executor.counts)
        });
        let counts = changes.fold(counts, Counts::with);
        let Counts { halo_exchanges, messages, bytes_sent, rhs_evaluations } = counts;
        let mut sent = [messages as i64, bytes_sent as i64];
        self.state.world.combine(Combine::Sum, &mut sent)?;
        let slowest = |seconds: f64| self.state.world.max(seconds);
        let grid = self.state.pde.grid();
        Ok(Report {
            stop_reason,
            time: self.time,
            steps: self.steps,
            resumed_at: self.resumed_at,
            rejected_steps: self.clock.rejected(),
            rhs_evaluations,
            iterations: self.iterations(),
            balance: self.balance().cloned(),
            halo_exchanges,
            messages: sent[0] as u64,
            bytes_sent: sent[1] as u64,
            halo_ways: self.halo_ways(),
            wall_seconds: slowest(self.durations.began.elapsed().as_secs_f64())?,
            setup_seconds: slowest(self.durations.setup)?,
            stepping_seconds: slowest(self.durations.stepping)?,
            output_seconds: slowest(self.durations.output)?,
            cells: grid.cells() as u64,
            bytes_per_step: self.stepper.plan().bytes_per_cell() as u64 * grid.cells() as u64,
            ranks: self.state.world.size(),
            dims: self.state.decomposition.dims()[grid.missing()..].to_vec(),
            kind: self.state.world.kind(),
            backend: self.stepper.backends(),
            steps_per_sweep: self.wavefront.as_ref().map_or(1, |w| w.steps as u64),
        })
    }

    /// How the messages across each axis go.
    fn halo_ways(&self) -> Vec<String> {
        let grid = self.state.pde.grid();
        let blocked = self.wavefront.as_ref().map(Wavefront::exchange);
        let ways = blocked.into_iter().chain(self.stepper.exchanges()).flat_map(Exchange::ways);
        let in_words = |(axis, way): (usize, Way)| {
            grid.inner_axis(axis).map(|named| format!("{} {}", named.name(), way.in_words(axis)))
        };
        ways.filter_map(in_words).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether as many steps as allowed have been made.
    fn is_at_most(&self) -> bool {
        self.max_steps.is_some_and(|most| self.steps >= most)
    }

    /// Makes as many steps, up to `most`, as can be made before anybody looks at the state: whether the run goes on,
    /// for trackers that are due within a step.
    fn advance(&mut self, most: u64) -> Result<Flow, Error> {
        let began = Instant::now();
        self.aim()?;
        self.tell_limit()?;
        // States within a step are found after it.
        if !self.looks_within {
            self.clock.expect(self.trackers.next_time(self.steps));
        }
        self.durations.stepping += began.elapsed().as_secs_f64();
        // A step that may be made anew is made before anybody looks at what lies within it.
        let tries = self.clock.certain() == 0 && self.clock.looks_at_states();
        let mut ahead = if tries { Flow::Continue(()) } else { self.track_ahead()? };
        // A run that is ended from within a step ends with it.
        let most = if ahead.is_break() { 1 } else { most };
        let began = Instant::now();
        let (from, scheme) = (self.time, tries.then(|| self.saved_scheme()));
        match self.clock.certain().min(most) {
            0 => self.try_step()?,
            most => self.make_steps(self.undisturbed(most))?,
        }
        self.durations.stepping += began.elapsed().as_secs_f64();
        if let Some(scheme) = scheme {
            let step = Step { from, dt: self.time - from, to: self.time };
            ahead = self.track_behind(&step, scheme)?;
        }
        let within = self.track_within()?;
        self.change_after_step()?;
        Ok(if ahead.is_break() { ahead } else { within })
    }

    /// Tells the clock the longest stable step, if it has to know. Collective.
    pub(super) fn tell_limit(&mut self) -> Result<(), Error> {
        if let Some(limit) = self.limit.as_mut().filter(|_| self.clock.needs_limit()) {
            self.clock.limit(limit.find(&mut self.state, self.time)?)?;
            self.look_ahead()?;
        }
        Ok(())
    }

    /// Tells the clock the longest stable step at times within the steps that are certain, where it depends on the time.
    /// Collective.
    pub(super) fn look_ahead(&mut self) -> Result<(), Error> {
        let steps = self.clock.certain();
        let Some(limit) = self.limit.as_mut().filter(|limit| limit.timed && steps > 0) else {
            return Ok(());
        };
        let places = steps.div_ceil(STEPS_AHEAD).min(MOST_AHEAD);
        for place in 1..=places {
            let step = self.clock.step(place * steps / places - 1);
            let time = step.map_or(self.time, |step| step.to);
            self.clock.limit_ahead(limit.find(&mut self.state, time)?);
        }
        Ok(())
    }

    /// How many of the `most` steps that are certain can be made at once: none of the states
    /// between is looked at.
    fn undisturbed(&self, most: u64) -> u64 {
        let Some(wavefront) = &self.wavefront else { return 1 };
        let mut most = most.min(wavefront.steps as u64).min(self.health.next() - self.steps);
        if self.checkpoints.is_some()
            && let Some(remaining) = self.clock.remaining().filter(|remaining| *remaining > 1)
        {
            // The state before the last step is stored.
            most = most.min(remaining - 1);
        }
        if let Some(steps) = self.max_steps {
            most = most.min(steps - self.steps);
        }
        let step = |after| self.clock.step(after - 1).expect("steps that are certain are known");
        let is_looked_at = |after: &u64| {
            self.trackers.come(&Now::new(step(*after).to, self.steps + after, self.clock.dt()))
        };
        let Some(after) = (1..=most).find(is_looked_at) else { return most };
        let due = self.trackers.next_time(self.steps);
        // What lies within a step is looked at before it is made.
        let is_within = due.is_some_and(|due| is_within(due, &step(after)));
        if is_within { (after - 1).max(1) } else { after }
    }

    /// Makes steps that are certain: as many as a sweep can make, or one.
    fn make_steps(&mut self, steps: u64) -> Result<(), Error> {
        let first = self.clock.next().expect("steps that are certain are known");
        self.choose_first_step(first.dt);
        let State { world, block, memory, .. } = &mut self.state;
        let clock = &*self.clock;
        let step = |k: usize| clock.step(k as u64).expect("steps that are certain are known");
        let last = self.last_dt;
        let time = |k: usize| {
            let last = if k > 0 { Some(step(k - 1).dt) } else { last };
            (step(k).from, step(k).dt, ratio(step(k).dt, last))
        };
        // What is not finite, first: after which of the steps, and where if that is known already.
        let bad = match &mut self.wavefront {
            Some(wavefront) => {
                let counts = &mut self.stepper.counts;
                let bad = wavefront.advance(block, memory, steps as usize, time, counts)?;
                bad.map(|(step, place)| (step, Some(place), wavefront.causes(step)))
            }
            None => {
                self.stepper.step = self.steps;
                let (from, dt, ratio) = time(0);
                self.stepper.ratio = ratio;
                let finite = self.stepper.run(world, block, memory, from, dt)?;
                (!finite).then(|| (0, None, self.stepper.causes(block, memory, from, dt)))
            }
        };
        for _ in 0..steps {
            self.state.memory.swap_all(self.stepper.plan().swaps());
        }
        if let Some((after, place, causes)) = bad {
            let place = place.or_else(|| self.state.first_not_finite());
            let bad = self.steps + 1 + after as u64;
            self.health.note(bad, step(after).to, place, causes);
        }
        let last = step(steps as usize - 1);
        (self.time, self.last_dt) = (last.to, Some(last.dt));
        self.steps += steps;
        self.clock.pass(steps);
        Ok(())
    }

    /// Makes a step pass by pass, without looking at trackers; `done` is called after each action
    /// of the plan with its number. Collective.
    pub(crate) fn step_watched(&mut self, done: impl FnMut(usize)) -> Result<(), Error> {
        self.set_end(None)?;
        self.tell_limit()?;
        if let Some(dense) = &mut self.dense {
            dense.prepare(&mut self.state, self.time)?;
        }
        let step = self.clock.next().expect("steps without an end go on");
        self.choose_stages(step.dt)?;
        self.choose_first_step(step.dt);
        let State { world, block, memory, .. } = &mut self.state;
        self.stepper.step = self.steps;
        self.stepper.ratio = ratio(step.dt, self.last_dt);
        self.stepper.run_watched(world, block, memory, step.from, step.dt, done)?;
        memory.swap_all(self.stepper.plan().swaps());
        (self.time, self.steps, self.last_dt) = (step.to, self.steps + 1, Some(step.dt));
        if let Some(dense) = &mut self.dense {
            dense.note(step);
        }
        self.clock.pass(1);
        self.health.begin(self.steps);
        self.change_after_step()
    }

    /// Makes steps of the usual length up to this number of them, without looking at trackers, nor
    /// at whether numbers are finite. Collective.
    pub(crate) fn step_to(&mut self, steps: u64) -> Result<(), Error> {
        self.set_end(None)?;
        while self.steps < steps {
            self.health.begin(self.steps);
            let _ = self.advance(steps - self.steps)?;
        }
        Ok(())
    }

    /// Calls the trackers that are due: whether the run goes on.
    fn track(&mut self, is_last: bool, moment: bool) -> Result<Flow, Error> {
        let began = Instant::now();
        let mut flow = Flow::Continue(());
        let mut checked = false;
        let present = Now::new(self.time, self.steps, self.clock.dt());
        let effort = self.effort();
        for number in 0..self.trackers.list.len() {
            let (schedule, tracker) = &mut self.trackers.list[number];
            let Some(time) = schedule.due_now(&present, is_last, moment) else { continue };
            // No tracker sees a state that is not finite.
            if !std::mem::replace(&mut checked, true) {
                self.health.meet(&self.state, self.steps)?;
            }
            let mut now = Snapshot {
                state: &mut self.state,
                time,
                step: self.steps,
                remaining: self.clock.remaining(),
                is_last,
                effort,
                change: schedule.is_of_changes().then_some(false),
            };
            let outcome = tracker.record(&mut now);
            let change = now.change;
            let wish = agree(&self.state.world, outcome)?;
            if flow.is_continue() {
                self.trackers.asked_to_stop = wish.is_break().then_some(number);
                flow = wish;
            }
            if let Some(changed) = change {
                self.conclude_change(changed)?;
            }
        }
        self.durations.output += began.elapsed().as_secs_f64();
        Ok(flow)
    }
}

/// The length of a step divided by that of the last one; 1 where there is none.
pub(super) fn ratio(dt: f64, last: Option<f64>) -> f64 {
    last.map_or(1.0, |last| dt / last)
}

/// Whether an error says that no further step can be made from a state that is good.
fn is_of_step(error: &Error) -> bool {
    matches!(error, Error::StepTooShort { .. } | Error::NotSolved { at: Some(_), .. })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::simulation::schedule::Every;
    use crate::simulation::tracker::GO_ON;
    use crate::system::pde::Pde;

    /// Ranks that decide by times of their own may disagree, and wait for each other for ever.
    #[test]
    fn the_report_is_the_same_on_all_ranks() {
        let reports = fluxions_comm::threads::run(3, |world| {
            let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Ends::Bounded).build().unwrap();
            let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
            let busy = |now: &mut Snapshot<'_>| {
                std::thread::sleep(Duration::from_millis(3 * now.world().rank() as u64));
                Ok(GO_ON)
            };
            let builder = Simulation::builder(&pde, world).initial("u", "x").dt(1e-3);
            let mut simulation = builder.track(Every::Time(0.002), busy).build().unwrap();
            simulation.run_until(0.01)
        })
        .unwrap();
        assert_eq!(reports[0], reports[1]);
        assert_eq!(reports[0], reports[2]);
    }
}
