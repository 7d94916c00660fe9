//! A simulation: the state of a system on one rank, and the loop that steps it.

use std::time::Instant;

use fluxions_comm::{Combine, World};
use fluxions_expr::Backend;
use fluxions_halo::Decomposition;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use crate::error::Error;
use crate::plan::plan::Plan;
use crate::run::blocking::tuning::Blocking;
use crate::run::blocking::wavefront::Wavefront;
use crate::run::executor::{Counts, Executor};
use crate::schemes::mpdata::measures::Measured;
use crate::simulation::builder::SimulationBuilder;
use crate::simulation::clock::Clock;
use crate::simulation::health::Health;
use crate::simulation::report::{Report, StopReason};
use crate::simulation::schedule::Schedule;
use crate::simulation::state::State;
use crate::simulation::tracker::{Flow, Snapshot, Tracker};
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// A system of equations with its state, ready to be stepped.
pub struct Simulation {
    pub(crate) state: State,
    pub(crate) stepper: Executor,
    /// Makes several steps in one sweep, where that is worth while.
    pub(crate) wavefront: Option<Wavefront>,
    /// Whether steps that are made pass by pass store past the caches.
    pub(crate) streams: bool,
    /// What was measured of transport before the first step.
    pub(crate) measured: Measured,
    pub(crate) trackers: Vec<(Schedule, Box<dyn Tracker>)>,
    pub(crate) dt: f64,
    pub(crate) max_steps: Option<u64>,
    pub(crate) time: f64,
    pub(crate) steps: u64,
    pub(crate) began: Instant,
    pub(crate) setup_seconds: f64,
    pub(crate) stepping_seconds: f64,
    pub(crate) output_seconds: f64,
}

impl Simulation {
    /// A simulation of a system on all ranks of a world.
    pub fn builder<'a>(pde: &'a Pde, world: &'a World) -> SimulationBuilder<'a> {
        SimulationBuilder::new(pde, world)
    }

    /// Makes a plan ready for which the builder made room.
    pub(crate) fn executor(&self, plan: Plan) -> Result<Executor, Error> {
        let State { pde, world, block, memory, .. } = &self.state;
        Executor::new(pde, world, block, memory, plan, 0, Backend::Closures)
    }

    /// Runs a plan on the present state. Collective.
    pub(crate) fn run_beside(&mut self, executor: &mut Executor) -> Result<(), Error> {
        let State { world, block, memory, .. } = &mut self.state;
        executor.run(world, block, memory, self.time, 0.0)?;
        Ok(())
    }

    /// The time of the state.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How steps are made in sweeps over memory: as asked for, or as was best when it was measured.
    pub fn blocking(&self) -> Blocking {
        match &self.wavefront {
            Some(wavefront) => wavefront.blocking(),
            None => Blocking { steps: Some(0), stream: Some(self.streams), ..Blocking::default() },
        }
    }

    /// The equations.
    pub fn pde(&self) -> &Pde {
        &self.state.pde
    }

    /// How the grid is cut.
    pub fn decomposition(&self) -> &Decomposition {
        &self.state.decomposition
    }

    /// The values of a real scalar field on this rank's block, one axis per named axis of the
    /// grid.
    ///
    /// # Errors
    /// If there is no field of that name, or if it is no real scalar.
    pub fn field(&self, name: &str) -> Result<ArrayViewD<'_, f64>, Error> {
        Ok(self.state.view(self.array_of(name, 0, true)?))
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// If there is no field of that name, or if it is no real scalar.
    pub fn field_mut(&mut self, name: &str) -> Result<ArrayViewMutD<'_, f64>, Error> {
        let array = self.array_of(name, 0, true)?;
        Ok(self.state.view_mut(array))
    }

    /// The values of one of the real numbers that a field is made of, in the order of
    /// [`Type::numbers`](fluxions_expr::Type::numbers): for each component its real part, then, if
    /// the field is complex, its imaginary part.
    ///
    /// # Errors
    /// If there is no field of that name, or if it has fewer numbers.
    pub fn part(&self, name: &str, number: usize) -> Result<ArrayViewD<'_, f64>, Error> {
        Ok(self.state.view(self.array_of(name, number, false)?))
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// If there is no field of that name, or if it has fewer numbers.
    pub fn part_mut(&mut self, name: &str, number: usize) -> Result<ArrayViewMutD<'_, f64>, Error> {
        let array = self.array_of(name, number, false)?;
        Ok(self.state.view_mut(array))
    }

    fn array_of(&self, name: &str, number: usize, only: bool) -> Result<usize, Error> {
        let pde = &self.state.pde;
        let field = pde.field(&Origin::Output(name.into()), name)?;
        let mut arrays = pde.arrays_of(field);
        match arrays.nth(number) {
            Some(array) if !only || arrays.is_empty() => Ok(array),
            _ => Err(Error::NotScalar { name: name.into(), ty: pde.types()[field] }),
        }
    }

    /// The present value of a number that was announced to the builder. Collective.
    ///
    /// # Errors
    /// If there is no number of that name, or another rank has failed.
    pub fn number(&mut self, name: &str) -> Result<f64, Error> {
        self.state.number(name, self.time)
    }

    /// The values of a field on the whole grid, on rank 0: first the axes of components of a vector
    /// or tensor, then those of the grid, last, if it is complex, one for real and imaginary part.
    /// Collective.
    ///
    /// # Errors
    /// If there is no field of that name, or another rank has failed.
    pub fn gather(&mut self, name: &str) -> Result<Option<ArrayD<f64>>, Error> {
        self.state.gather(name, self.time)
    }

    /// Messages and bytes that this rank sends in a step.
    pub fn traffic_per_step(&self) -> (usize, usize) {
        self.stepper.traffic()
    }

    /// Steps to a time, which is met exactly. Collective.
    ///
    /// # Errors
    /// If a field is no longer finite, a tracker fails, or another rank has failed.
    pub fn run_until(&mut self, end: f64) -> Result<Report, Error> {
        let clock = Clock::new(self.time, end, self.dt)?;
        let before = self.steps;
        let mut health = Health::new(self.wavefront.as_ref().map_or(1, |w| w.steps as u64));
        let mut moment = true;
        let stop = loop {
            let step = self.steps - before;
            let at_end = step == clock.steps();
            let at_most = self.max_steps.is_some_and(|most| self.steps >= most);
            if health.is_due(step) || at_end || at_most {
                health.meet(&self.state, step, |total| clock.time(total - before))?;
                moment = true;
            }
            if let Some(reason) =
                self.track(&clock, &mut health, step, at_end || at_most, moment)?
            {
                break StopReason::Tracker(reason);
            }
            moment = false;
            if at_end {
                break StopReason::End;
            }
            if at_most {
                break StopReason::MaxSteps;
            }
            self.advance(&clock, step, &mut health)?;
        };
        let report = self.report(stop)?;
        for (_, tracker) in &mut self.trackers {
            tracker.finish(&report)?;
        }
        Ok(report)
    }

    /// Makes as many steps as can be made before anybody looks at the state.
    fn advance(&mut self, clock: &Clock, step: u64, health: &mut Health) -> Result<(), Error> {
        let began = Instant::now();
        let steps = self.undisturbed(clock, step, health);
        let State { world, block, memory, .. } = &mut self.state;
        let time = |k: usize| {
            let step = step + k as u64;
            (clock.time(step), clock.step_size(step))
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
                let (time, size) = time(0);
                let finite = self.stepper.run(world, block, memory, time, size)?;
                (!finite).then(|| (0, None, self.stepper.causes(block, memory, time, size)))
            }
        };
        for _ in 0..steps {
            self.state.memory.swap_all(self.stepper.plan().swaps());
        }
        if let Some((after, place, causes)) = bad {
            let place = place.or_else(|| self.state.first_not_finite());
            health.note(self.steps + 1 + after as u64, place, causes);
        }
        self.steps += steps;
        self.time = clock.time(step + steps);
        self.stepping_seconds += began.elapsed().as_secs_f64();
        Ok(())
    }

    /// How many steps can be made at once: none of those between is looked at.
    fn undisturbed(&self, clock: &Clock, step: u64, health: &Health) -> u64 {
        let Some(wavefront) = &self.wavefront else { return 1 };
        let mut most = wavefront.steps as u64;
        most = most.min(clock.steps() - step).min(health.next() - step);
        if let Some(steps) = self.max_steps {
            most = most.min(steps - self.steps);
        }
        let comes = |after: &u64| {
            let (step, total) = (step + after, self.steps + after);
            self.trackers.iter().any(|(schedule, _)| schedule.comes(clock, step, total))
        };
        (1..most).find(comes).unwrap_or(most)
    }

    /// Calls the trackers that are due; the reason to stop if one gives it.
    fn track(
        &mut self,
        clock: &Clock,
        health: &mut Health,
        step: u64,
        is_last: bool,
        moment: bool,
    ) -> Result<Option<String>, Error> {
        let began = Instant::now();
        let mut stop = None;
        let mut checked = false;
        for (schedule, tracker) in &mut self.trackers {
            let due = schedule.is_due(clock, step, self.steps, moment);
            let due = due || (is_last && schedule.once(self.steps));
            if !due {
                continue;
            }
            // No tracker sees a state that is not finite.
            if !std::mem::replace(&mut checked, true) {
                let before = self.steps - step;
                health.meet(&self.state, step, |total| clock.time(total - before))?;
            }
            let mut now = Snapshot {
                state: &mut self.state,
                clock: *clock,
                time: self.time,
                step: self.steps,
                is_last,
            };
            let outcome = tracker.record(&mut now);
            if let Flow::Break(reason) = agree(&self.state.world, outcome)? {
                stop.get_or_insert(reason);
            }
        }
        self.output_seconds += began.elapsed().as_secs_f64();
        Ok(stop)
    }

    /// The report, with the same numbers on all ranks. Collective.
    fn report(&self, stop_reason: StopReason) -> Result<Report, Error> {
        let Counts { halo_exchanges, messages, bytes_sent, rhs_evaluations } = self.stepper.counts;
        let mut sent = [messages as i64, bytes_sent as i64];
        self.state.world.combine(Combine::Sum, &mut sent)?;
        let slowest = |seconds: f64| self.state.world.max(seconds);
        let grid = self.state.pde.grid();
        Ok(Report {
            stop_reason,
            time: self.time,
            steps: self.steps,
            rhs_evaluations,
            halo_exchanges,
            messages: sent[0] as u64,
            bytes_sent: sent[1] as u64,
            wall_seconds: slowest(self.began.elapsed().as_secs_f64())?,
            setup_seconds: slowest(self.setup_seconds)?,
            stepping_seconds: slowest(self.stepping_seconds)?,
            output_seconds: slowest(self.output_seconds)?,
            cells: grid.cells() as u64,
            bytes_per_step: self.stepper.plan().bytes_per_cell() as u64 * grid.cells() as u64,
            ranks: self.state.world.size(),
            dims: self.state.decomposition.dims()[grid.missing()..].to_vec(),
            kind: self.state.world.kind(),
            backend: self.stepper.backends(),
            steps_per_sweep: self.wavefront.as_ref().map_or(1, |w| w.steps as u64),
        })
    }
}

/// What the ranks decide together about a tracker: an error of any of them ends the run on all,
/// as does the wish of any to stop. Collective.
fn agree(world: &World, outcome: Result<Flow, Error>) -> Result<Flow, Error> {
    let (rank, size) = (world.rank() as i64, world.size() as i64);
    let urgency = match &outcome {
        Err(_) => 0,
        Ok(Flow::Break(_)) => 1,
        Ok(Flow::Continue(())) => 2,
    };
    let mut first = [urgency * size + rank];
    world.combine(Combine::Min, &mut first)?;
    let (most, lowest) = (first[0] / size, first[0] % size);
    if lowest == rank || most == 2 {
        return outcome;
    }
    match most {
        0 => Err(Error::Elsewhere { rank: lowest as usize }),
        _ => Ok(Flow::Break(format!("rank {lowest} asked to stop"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::simulation::schedule::Every;
    use crate::simulation::tracker::GO_ON;

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
