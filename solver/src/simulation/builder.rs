//! What a simulation is made of, collected call by call and checked as a whole.

use std::time::Instant;

use fluxions_comm::{Kind, World};
use fluxions_expr::Backend;
use fluxions_halo::Decomposition;

use crate::error::{Error, Errors};
use crate::inspect::machine::total_memory;
use crate::plan::evaluation;
use crate::plan::halo_group::widen;
use crate::plan::plan::Plan;
use crate::run::blocking::tuning::{Blocked, Blocking};
use crate::run::blocking::wavefront::Wavefront;
use crate::run::executor::Executor;
use crate::run::guard::Causes;
use crate::run::memory::Memory;
use crate::run::streaming;
use crate::schemes::choice::SchemeChoice;
use crate::schemes::mpdata::measures::Measured;
use crate::schemes::scheme::Preparation;
use crate::simulation::clock::Clock;
use crate::simulation::health::Health;
use crate::simulation::schedule::{Every, Schedule};
use crate::simulation::setup::{Setup, load};
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::simulation::tracker::Tracker;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::transport::advected;

/// Collects what a [`Simulation`] is made of.
pub struct SimulationBuilder<'a> {
    pub(crate) pde: &'a Pde,
    world: &'a World,
    pub(crate) initial: Vec<(String, Formula)>,
    pub(crate) scheme: SchemeChoice,
    dt: Option<f64>,
    start: f64,
    max_steps: Option<u64>,
    seed: u64,
    dims: Vec<usize>,
    pub(crate) fields: Vec<(String, Formula)>,
    pub(crate) numbers: Vec<(String, Formula)>,
    trackers: Vec<(Every, Box<dyn Tracker>)>,
    pub(crate) other_plans: Vec<Plan>,
    backend: Backend,
    blocking: Blocking,
    began: Instant,
}

impl<'a> SimulationBuilder<'a> {
    pub(crate) fn new(pde: &'a Pde, world: &'a World) -> Self {
        SimulationBuilder {
            pde,
            world,
            initial: Vec::new(),
            scheme: SchemeChoice::default(),
            dt: None,
            start: 0.0,
            max_steps: None,
            seed: 0,
            dims: Vec::new(),
            fields: Vec::new(),
            numbers: Vec::new(),
            trackers: Vec::new(),
            other_plans: Vec::new(),
            backend: Backend::default(),
            blocking: Blocking::default(),
            began: Instant::now(),
        }
    }

    /// The initial value of a field: an expression of the coordinates, or given values.
    #[must_use]
    pub fn initial(mut self, field: &str, value: impl Into<Formula>) -> Self {
        self.initial.push((field.into(), value.into()));
        self
    }

    /// The time stepping scheme, such as a [`Tableau`](crate::Tableau); [`SchemeChoice::Usual`] if
    /// not given.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<SchemeChoice>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// The length of a time step.
    #[must_use]
    pub fn dt(mut self, dt: f64) -> Self {
        self.dt = Some(dt);
        self
    }

    /// The time of the initial state; 0 if not given.
    #[must_use]
    pub fn start(mut self, time: f64) -> Self {
        self.start = time;
        self
    }

    /// How many steps are allowed.
    #[must_use]
    pub fn max_steps(mut self, steps: Option<u64>) -> Self {
        self.max_steps = steps;
        self
    }

    /// The seed of random numbers; 0 if not given.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Ranks along each named axis; 0, or none given, where free.
    #[must_use]
    pub fn dims(mut self, dims: &[usize]) -> Self {
        self.dims = dims.to_vec();
        self
    }

    /// An expression with a value in each cell that trackers will ask for by name.
    #[must_use]
    pub fn field(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.fields.push((name.into(), formula.into()));
        self
    }

    /// An expression for one number that trackers will ask for by name.
    #[must_use]
    pub fn number(mut self, name: &str, formula: impl Into<Formula>) -> Self {
        self.numbers.push((name.into(), formula.into()));
        self
    }

    /// Calls a tracker every so often.
    #[must_use]
    pub fn track(mut self, every: Every, tracker: impl Tracker + 'static) -> Self {
        self.trackers.push((every, Box::new(tracker)));
        self
    }

    /// What the kernels of the time steps are compiled to; the fastest there is if not given.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// How many steps are made in one sweep over memory; measured if not given.
    #[must_use]
    pub fn blocking(mut self, blocking: Blocking) -> Self {
        self.blocking = blocking;
        self
    }

    /// Makes room for a plan that will be run beside the stepping.
    pub(crate) fn with_room_for(mut self, plan: &Plan) -> Self {
        self.other_plans.push(plan.clone());
        self
    }

    /// The largest number of ranks up to `most` into as many blocks of which the grid can be cut,
    /// if there is one.
    ///
    /// # Errors
    /// Every mistake found in the expressions.
    pub fn most_ranks(&self, most: usize) -> Result<Option<usize>, Errors> {
        let least = Setup::new(self)?.least;
        let dims = advected::ranks_along(self.pde, &self.dims)?;
        let fits =
            |ranks: &usize| Decomposition::new(self.pde.grid(), *ranks, &dims, least).is_ok();
        Ok((1..=most).rev().find(fits))
    }

    /// The simulation, in its initial state. Collective.
    ///
    /// # Errors
    /// Every mistake found in the expressions, before ranks communicate at all; a grid that
    /// cannot be cut into as many blocks; an initial value that is not finite.
    pub fn build(self) -> Result<Simulation, Errors> {
        let (pde, world) = (self.pde, self.world);
        let dt = self.dt.unwrap_or(f64::NAN);
        let setup = match (Setup::new(&self), Clock::new(self.start, self.start, dt)) {
            (Ok(setup), Ok(_)) => setup,
            (Err(errors), Ok(_)) => return Err(errors),
            (Ok(_), Err(error)) => return Err(error.into()),
            (Err(Errors(mut errors)), Err(error)) => {
                errors.push(error);
                return Err(Errors(errors));
            }
        };
        let Setup {
            mut step,
            before,
            initial,
            observables,
            mut data_widths,
            mut halo,
            least,
            arrays,
            rows,
        } = setup;
        let dims = advected::ranks_along(pde, &self.dims)?;
        let decomposition =
            Decomposition::new(pde.grid(), world.size(), &dims, least).map_err(Error::from)?;
        step.know_step(dt);
        let blocked = Blocked::new(pde, &step, &decomposition, self.blocking);
        if let Some(blocked) = &blocked {
            let deep = blocked.halo();
            halo = std::array::from_fn(|axis| halo[axis].max(deep[axis]));
            widen(&mut data_widths, &blocked.data_widths(pde));
        }
        let block = decomposition.subdomain(world.rank());
        let layout = block.layout(halo);
        let enough = enough_memory(Memory::bytes(layout, arrays, rows), world);
        world.agree(enough).map_err(crate::error::elsewhere)?;
        let memory = world.agree(Memory::new(layout, arrays, rows));
        let mut memory = memory.map_err(crate::error::elsewhere)?;

        let executor = |memory: &Memory, plan, backend| {
            Executor::new(pde, world, &block, memory, plan, self.seed, backend)
        };
        let mut stepper = executor(&memory, step, self.backend)?;
        let mut wavefront = None;
        if let Some(blocked) = blocked {
            let mut made = Wavefront::new(pde, world, &block, &memory, &stepper, &blocked);
            blocked.tune(world, &block, &mut memory, &mut made)?;
            if made.steps < blocked.pipeline.steps() {
                // Halos no deeper than what was chosen needs.
                let shortened = blocked.shortened(stepper.plan(), made.steps);
                let (slabs, tile) = (made.slabs, made.tile);
                made = Wavefront::new(pde, world, &block, &memory, &stepper, &shortened);
                (made.slabs, made.tile) = (slabs, tile);
            }
            wavefront = made.is_worth_while().then_some(made);
        }
        let mut streams = false;
        if wavefront.is_none() {
            let (backend, asked) = (self.backend, self.blocking.stream);
            let stepper = &mut stepper;
            streams = streaming::tune(world, &block, &mut memory, stepper, backend, asked)?;
        }
        // What is computed once is not worth the time of an optimising compiler.
        let executor = |memory: &Memory, plan| executor(memory, plan, Backend::Closures);
        let data_sources = pde.external().iter().map(|data| &data.source);
        for (field, source) in (pde.fields().len()..).zip(data_sources) {
            let loaded = load(pde, &block, &mut memory, field, source);
            world.agree(loaded).map_err(crate::error::elsewhere)?;
        }
        let data = evaluation::external_halos(pde, &data_widths);
        executor(&memory, data)?.run(world, &block, &mut memory, self.start, 0.0)?;
        // Initial values may use arrays of fields that are set later, as working space only.
        for plan in initial {
            let mut setter = executor(&memory, plan)?;
            setter.run(world, &block, &mut memory, self.start, 0.0)?;
        }
        for (name, value) in &self.initial {
            let Formula::Values(source) = value else { continue };
            let field = pde.field(&Origin::Initial(name.clone()), name)?;
            let loaded = load(pde, &block, &mut memory, field, source);
            world.agree(loaded).map_err(crate::error::elsewhere)?;
        }
        let mut measured = Measured::default();
        if let Some(Preparation { mut plan, measures }) = before {
            plan.know_step(dt);
            let results = plan.results();
            let mut before = executor(&memory, plan)?;
            before.run(world, &block, &mut memory, self.start, dt)?;
            measured = Measured::new(measures, &before.parameters()[results], dt);
            measured.check(pde)?;
        }
        let observables = observables
            .into_iter()
            .map(|observable| {
                let executor = executor(&memory, observable.plan.clone())?;
                Ok((observable, executor))
            })
            .collect::<Result<_, Error>>()?;
        let state = State {
            pde: pde.clone(),
            world: world.clone(),
            decomposition,
            block,
            memory,
            observables,
        };
        let mut health = Health::new(1);
        if !state.is_finite() {
            health.note(0, state.first_not_finite(), Causes::default());
        }
        health.meet(&state, 0, |_| self.start)?;
        let schedule = |(every, tracker)| (Schedule::new(every, self.start), tracker);
        Ok(Simulation {
            measured,
            state,
            stepper,
            wavefront,
            streams,
            trackers: self.trackers.into_iter().map(schedule).collect(),
            dt,
            max_steps: self.max_steps,
            time: self.start,
            steps: 0,
            began: self.began,
            setup_seconds: self.began.elapsed().as_secs_f64(),
            stepping_seconds: 0.0,
            output_seconds: 0.0,
        })
    }
}

/// Whether this machine has as much memory. Threads share it; how many processes run on it is not
/// known.
fn enough_memory(bytes: usize, world: &World) -> Result<(), Error> {
    let here = if world.kind() == Kind::Threads { world.size() } else { 1 };
    let needed = (bytes * here) as u64;
    match total_memory() {
        Some(available) if needed > available => Err(Error::Memory { needed, available }),
        _ => Ok(()),
    }
}
