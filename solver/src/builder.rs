//! What a simulation is made of, collected call by call and checked as a whole.

use std::sync::Arc;
use std::time::Instant;

use fluxions_comm::{Kind, World};
use fluxions_expr::Place;
use fluxions_halo::{Decomposition, HaloWidth, Subdomain};

use crate::clock::Clock;
use crate::data::Source;
use crate::error::{Error, Errors};
use crate::executor::Executor;
use crate::formula::Formula;
use crate::machine::total_memory;
use crate::memory::Memory;
use crate::origin::Origin;
use crate::pde::Pde;
use crate::plan::{Observable, Plan};
use crate::pulse::Pulse;
use crate::schedule::{Every, Schedule};
use crate::simulation::Simulation;
use crate::state::State;
use crate::symmetry;
use crate::tableau::Tableau;
use crate::tracker::Tracker;

/// Collects what a [`Simulation`] is made of.
pub struct SimulationBuilder<'a> {
    pde: &'a Pde,
    world: &'a World,
    initial: Vec<(String, Formula)>,
    scheme: Tableau,
    dt: Option<f64>,
    start: f64,
    max_steps: Option<u64>,
    seed: u64,
    dims: Vec<usize>,
    fields: Vec<(String, Formula)>,
    numbers: Vec<(String, Formula)>,
    trackers: Vec<(Every, Box<dyn Tracker>)>,
    other_plans: Vec<Plan>,
    began: Instant,
}

impl<'a> SimulationBuilder<'a> {
    pub(crate) fn new(pde: &'a Pde, world: &'a World) -> Self {
        SimulationBuilder {
            pde,
            world,
            initial: Vec::new(),
            scheme: Tableau::RK4,
            dt: None,
            start: 0.0,
            max_steps: None,
            seed: 0,
            dims: Vec::new(),
            fields: Vec::new(),
            numbers: Vec::new(),
            trackers: Vec::new(),
            other_plans: Vec::new(),
            began: Instant::now(),
        }
    }

    /// The initial value of a field: an expression of the coordinates, or given values.
    #[must_use]
    pub fn initial(mut self, field: &str, value: impl Into<Formula>) -> Self {
        self.initial.push((field.into(), value.into()));
        self
    }

    /// The time stepping scheme; [`Tableau::RK4`] if not given.
    #[must_use]
    pub fn scheme(mut self, tableau: Tableau) -> Self {
        self.scheme = tableau;
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

    /// Makes room for a plan that will be run beside the stepping.
    pub(crate) fn with_room_for(mut self, plan: &Plan) -> Self {
        self.other_plans.push(plan.clone());
        self
    }

    /// The simulation, in its initial state. Collective.
    ///
    /// # Errors
    /// Every mistake found in the expressions, before ranks communicate at all; a grid that
    /// cannot be cut into as many blocks; an initial value that is not finite.
    pub fn build(self) -> Result<Simulation, Errors> {
        let pde = self.pde;
        let mut errors = Vec::new();
        let mut initial = self.initial_plans(&mut errors);
        let mut observables = Vec::new();
        let lists = [(&self.fields, false), (&self.numbers, true)];
        for (name, text, number) in lists
            .into_iter()
            .flat_map(|(list, number)| list.iter().map(move |(n, t)| (n, t, number)))
        {
            match Observable::new(pde, name, text, number) {
                Ok(observable) => observables.push(observable),
                Err(found) => errors.extend(found),
            }
        }
        let dt = self.dt.unwrap_or(f64::NAN);
        if let Err(error) = Clock::new(self.start, self.start, dt) {
            errors.push(error);
        }
        if !errors.is_empty() {
            return Err(Errors(errors));
        }

        let plan = Plan::step(pde, &self.scheme);
        let plans =
            || [&plan].into_iter().chain(&initial).chain(observables.iter().map(|o| &o.plan));
        let most = |a: [usize; 3], b: [usize; 3]| std::array::from_fn(|k: usize| a[k].max(b[k]));
        let mut widths = vec![HaloWidth::default(); pde.all_arrays() - pde.arrays()];
        for plan in plans() {
            let both = widths.iter_mut().zip(&plan.data_widths);
            both.for_each(|(width, other)| *width = width.union(other));
        }
        let data = Plan::of_data(pde, &widths);
        let plans = || plans().chain([&data]);
        let halo = plans().map(Plan::halo).fold([0; 3], most);
        let least = plans().map(|p| p.least_cells(pde)).fold([0; 3], most);
        let arrays = plans().map(|p| p.arrays).max().unwrap_or(0);
        let rows = plans().map(|p| p.rows).max().unwrap_or(0);
        let world = self.world;
        let decomposition =
            Decomposition::new(pde.grid(), world.size(), &self.dims, least).map_err(Error::from)?;
        let block = decomposition.subdomain(world.rank());
        let layout = block.layout(halo);
        let enough = enough_memory(Memory::bytes(layout, arrays, rows), world);
        world.agree(enough).map_err(crate::error::elsewhere)?;
        let mut memory = Memory::new(layout, arrays, rows);

        let executor =
            |memory: &Memory, plan| Executor::new(pde, world, &block, memory, plan, self.seed);
        let given = pde.data().iter().enumerate().map(|(k, d)| (pde.fields().len() + k, &d.source));
        for (field, source) in given {
            let loaded = load(pde, &block, &mut memory, field, source);
            world.agree(loaded).map_err(crate::error::elsewhere)?;
        }
        executor(&memory, data)?.run(world, &block, &mut memory, self.start, 0.0)?;
        // Initial values may use arrays of fields that are set later, as working space only.
        for plan in initial.drain(..) {
            let mut setter = executor(&memory, plan)?;
            setter.run(world, &block, &mut memory, self.start, 0.0)?;
        }
        for (name, value) in &self.initial {
            let Formula::Values(source) = value else { continue };
            let field = pde.field(&Origin::Initial(name.clone()), name)?;
            let loaded = load(pde, &block, &mut memory, field, source);
            world.agree(loaded).map_err(crate::error::elsewhere)?;
        }
        let stepper = executor(&memory, plan)?;
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
        let mut pulse = Pulse::new();
        if !state.is_finite() {
            pulse.note(0, state.first_not_finite());
        }
        pulse.meet(&state, 0, |_| self.start)?;
        let schedule = |(every, tracker)| (Schedule::new(every, self.start), tracker);
        Ok(Simulation {
            swaps: Plan::swaps(pde, &self.scheme),
            state,
            stepper,
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

    fn initial_plans(&self, errors: &mut Vec<Error>) -> Vec<Plan> {
        let pde = self.pde;
        for (name, _) in &self.initial {
            if let Err(error) = pde.field(&Origin::Initial(name.clone()), name) {
                errors.push(error);
            }
        }
        let mut plans = Vec::new();
        for (number, field) in pde.fields().iter().enumerate() {
            let Some((_, value)) = self.initial.iter().find(|(name, _)| name == field) else {
                errors.push(Error::NoInitialValue { field: field.clone() });
                continue;
            };
            if let Formula::Values(source) = value {
                let (found, wanted) = (source.ty(), pde.types()[number]);
                if found != wanted {
                    errors.push(Error::UnfitValues { field: field.clone(), found, wanted });
                }
                continue;
            }
            let origin = Origin::Initial(field.clone());
            match pde.check_value(&origin, value, Place::Initial, number) {
                Ok((expr, _)) => {
                    errors.extend(symmetry::check_initial(pde, number, value, &expr).err());
                    plans.push(Plan::initial(pde, number, &expr));
                }
                Err(found) => errors.extend(found),
            }
        }
        plans
    }
}

/// Copies what a source gives for a block to the arrays of a field.
fn load(
    pde: &Pde,
    block: &Subdomain,
    memory: &mut Memory,
    field: usize,
    source: &Arc<dyn Source>,
) -> Result<(), Error> {
    let missing = pde.grid().missing();
    let (start, shape) = (block.start(), block.shape());
    for (number, array) in pde.arrays_of(field).enumerate() {
        let values = source.read(&start[missing..], &shape[missing..], number);
        let values = values.map_err(Error::Source)?;
        if values.len() != shape.iter().product::<usize>() {
            return Err(Error::Source("as many values as cells are needed".into()));
        }
        let layout = memory.layout();
        let mut view = layout.view_mut(memory.of_array_mut(array));
        view.iter_mut().zip(values).for_each(|(cell, value)| *cell = value);
    }
    Ok(())
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
