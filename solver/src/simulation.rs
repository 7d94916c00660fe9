//! A simulation: the state of a system on one rank, and the loop that steps it.

use std::time::Instant;

use fluxions_comm::{Combine, ExactSum, Kind, World};
use fluxions_expr::{Place, Reduction};
use fluxions_halo::{Decomposition, Subdomain};
use ndarray::{Array3, ArrayD, ArrayViewD, ArrayViewMutD};

use crate::clock::Clock;
use crate::error::{Error, Errors};
use crate::executor::{Counts, Executor};
use crate::machine::total_memory;
use crate::memory::Memory;
use crate::origin::Origin;
use crate::pde::Pde;
use crate::plan::{Extent, Observable, Plan};
use crate::pulse::Pulse;
use crate::report::{Report, StopReason};
use crate::scalar::Scalar;
use crate::schedule::{Every, Schedule};
use crate::tableau::Tableau;
use crate::tracker::{Flow, Snapshot, Tracker, named_axes};

/// What is common to the run loop and the snapshots that trackers see.
pub(crate) struct State {
    pub(crate) pde: Pde,
    pub(crate) world: World,
    pub(crate) decomposition: Decomposition,
    pub(crate) block: Subdomain,
    memory: Memory,
    observables: Vec<(Observable, Executor)>,
}

/// A system of equations with its state, ready to be stepped.
pub struct Simulation {
    state: State,
    stepper: Executor,
    swaps: Vec<(usize, usize)>,
    trackers: Vec<(Schedule, Box<dyn Tracker>)>,
    dt: f64,
    max_steps: Option<u64>,
    time: f64,
    steps: u64,
    began: Instant,
    setup_seconds: f64,
    stepping_seconds: f64,
    output_seconds: f64,
}

/// Collects what a [`Simulation`] is made of.
pub struct SimulationBuilder<'a> {
    pde: &'a Pde,
    world: &'a World,
    initial: Vec<(String, Scalar)>,
    scheme: Tableau,
    dt: Option<f64>,
    start: f64,
    max_steps: Option<u64>,
    seed: u64,
    dims: Vec<usize>,
    fields: Vec<(String, String)>,
    numbers: Vec<(String, String)>,
    trackers: Vec<(Every, Box<dyn Tracker>)>,
    other_plans: Vec<Plan>,
    began: Instant,
}

impl Simulation {
    /// A simulation of a system on all ranks of a world.
    pub fn builder<'a>(pde: &'a Pde, world: &'a World) -> SimulationBuilder<'a> {
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

    /// Makes a plan ready for which the builder made room.
    pub(crate) fn executor(&self, plan: Plan) -> Executor {
        let State { pde, world, block, memory, .. } = &self.state;
        Executor::new(pde, world, block, memory, plan, 0)
    }

    /// Runs a plan on the present state. Collective.
    pub(crate) fn run_beside(&mut self, executor: &mut Executor) -> Result<(), Error> {
        let State { world, block, memory, .. } = &mut self.state;
        executor.run(world, block, memory, self.time, 0.0)?;
        Ok(())
    }
}

impl SimulationBuilder<'_> {
    /// The initial value of a field: an expression of the coordinates.
    #[must_use]
    pub fn initial(mut self, field: &str, value: impl Into<Scalar>) -> Self {
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
    pub fn field(mut self, name: &str, text: &str) -> Self {
        self.fields.push((name.into(), text.into()));
        self
    }

    /// An expression for one number that trackers will ask for by name.
    #[must_use]
    pub fn number(mut self, name: &str, text: &str) -> Self {
        self.numbers.push((name.into(), text.into()));
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
        // Initial values may use arrays of fields that are set later, as working space only.
        for plan in initial.drain(..) {
            let mut setter = executor(&memory, plan);
            setter.run(world, &block, &mut memory, self.start, 0.0)?;
        }
        let stepper = executor(&memory, plan);
        let observables = observables
            .into_iter()
            .map(|observable| {
                let executor = executor(&memory, observable.plan.clone());
                (observable, executor)
            })
            .collect();
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
            let origin = Origin::Initial(field.clone());
            match pde.check(&origin, &value.to_string(), Place::Initial) {
                Ok((expr, _)) => plans.push(Plan::initial(pde, number, &expr)),
                Err(found) => errors.extend(found),
            }
        }
        plans
    }
}

impl Simulation {
    /// The time of the state.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The equations.
    pub fn pde(&self) -> &Pde {
        &self.state.pde
    }

    /// How the grid is cut.
    pub fn decomposition(&self) -> &Decomposition {
        &self.state.decomposition
    }

    /// The values of a field on this rank's block, one axis per named axis of the grid.
    ///
    /// # Errors
    /// If there is no field of that name.
    pub fn field(&self, name: &str) -> Result<ArrayViewD<'_, f64>, Error> {
        let field = self.state.pde.field(&Origin::Output(name.into()), name)?;
        Ok(self.state.view(field))
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// If there is no field of that name.
    pub fn field_mut(&mut self, name: &str) -> Result<ArrayViewMutD<'_, f64>, Error> {
        let field = self.state.pde.field(&Origin::Output(name.into()), name)?;
        let State { memory, pde, .. } = &mut self.state;
        let layout = memory.layout();
        let view = layout.view_mut(memory.of_array_mut(field)).into_dyn();
        Ok(named_axes(view, pde.grid()))
    }

    /// The values of a field on the whole grid, on rank 0. Collective.
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
        let mut pulse = Pulse::new();
        let mut moment = true;
        let stop = loop {
            let step = self.steps - before;
            let at_end = step == clock.steps();
            let at_most = self.max_steps.is_some_and(|most| self.steps >= most);
            if pulse.is_due(step) || at_end || at_most {
                pulse.meet(&self.state, step, |total| clock.time(total - before))?;
                moment = true;
            }
            if let Some(reason) = self.track(&clock, &mut pulse, step, at_end || at_most, moment)? {
                break StopReason::Tracker(reason);
            }
            moment = false;
            if at_end {
                break StopReason::End;
            }
            if at_most {
                break StopReason::MaxSteps;
            }
            self.step(&clock, step, &mut pulse)?;
        };
        let report = self.report(stop)?;
        for (_, tracker) in &mut self.trackers {
            tracker.finish(&report)?;
        }
        Ok(report)
    }

    fn step(&mut self, clock: &Clock, step: u64, pulse: &mut Pulse) -> Result<(), Error> {
        let began = Instant::now();
        let State { world, block, memory, .. } = &mut self.state;
        let finite =
            self.stepper.run(world, block, memory, clock.time(step), clock.step_size(step))?;
        for (a, b) in &self.swaps {
            memory.swap(*a, *b);
        }
        self.steps += 1;
        self.time = clock.time(step + 1);
        if !finite {
            pulse.note(self.steps, self.state.first_not_finite());
        }
        self.stepping_seconds += began.elapsed().as_secs_f64();
        Ok(())
    }

    /// Calls the trackers that are due; the reason to stop if one gives it.
    fn track(
        &mut self,
        clock: &Clock,
        pulse: &mut Pulse,
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
                pulse.meet(&self.state, step, |total| clock.time(total - before))?;
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

    fn report(&self, stop_reason: StopReason) -> Result<Report, Error> {
        let Counts { halo_exchanges, messages, bytes_sent, rhs_evaluations } = self.stepper.counts;
        let mut sent = [messages as i64, bytes_sent as i64];
        self.state.world.combine(Combine::Sum, &mut sent)?;
        let grid = self.state.pde.grid();
        Ok(Report {
            stop_reason,
            time: self.time,
            steps: self.steps,
            rhs_evaluations,
            halo_exchanges,
            messages: sent[0] as u64,
            bytes_sent: sent[1] as u64,
            wall_seconds: self.began.elapsed().as_secs_f64(),
            setup_seconds: self.setup_seconds,
            stepping_seconds: self.stepping_seconds,
            output_seconds: self.output_seconds,
            cells: grid.cells() as u64,
            bytes_per_step: self.stepper.plan().bytes_per_cell() as u64 * grid.cells() as u64,
            ranks: self.state.world.size(),
            dims: self.state.decomposition.dims()[grid.missing()..].to_vec(),
            kind: self.state.world.kind(),
            backend: "closures",
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

impl State {
    /// The array of a field, or of an expression, which is then evaluated.
    pub(crate) fn array_of(&mut self, name: &str, time: f64) -> Result<usize, Error> {
        if let Some(field) = self.pde.fields().iter().position(|field| field == name) {
            return Ok(field);
        }
        let is_it = |o: &Observable| o.name == name && o.extent == Extent::Block;
        match self.observables.iter_mut().find(|(o, _)| is_it(o)) {
            Some((_, executor)) => {
                executor.run(&self.world, &self.block, &mut self.memory, time, 0.0)?;
                Ok(self.pde.fields().len())
            }
            None => self.pde.field(&Origin::Output(name.into()), name),
        }
    }

    pub(crate) fn number(&mut self, name: &str, time: f64) -> Result<f64, Error> {
        let is_it = |o: &Observable| o.name == name && o.extent == Extent::Once;
        match self.observables.iter_mut().find(|(o, _)| is_it(o)) {
            Some((_, executor)) => {
                executor.run(&self.world, &self.block, &mut self.memory, time, 0.0)?;
                Ok(self.memory.all()[self.memory.row(0)])
            }
            None => Err(Error::NoSuchNumber { name: name.into() }),
        }
    }

    pub(crate) fn view(&self, array: usize) -> ArrayViewD<'_, f64> {
        let view = self.memory.layout().view(self.memory.of_array(array)).into_dyn();
        named_axes(view, self.pde.grid())
    }

    pub(crate) fn reduce(&mut self, name: &str, kind: Reduction, time: f64) -> Result<f64, Error> {
        let array = self.array_of(name, time)?;
        let values = self.view(array);
        let grid = self.pde.grid();
        let nan_wins = |a: f64, b: f64, better: bool| if better || b.is_nan() { b } else { a };
        match kind {
            Reduction::Max => {
                let max = values.iter().fold(f64::NEG_INFINITY, |a, b| nan_wins(a, *b, *b > a));
                Ok(self.world.max(max)?)
            }
            Reduction::Min => {
                let min = values.iter().fold(f64::INFINITY, |a, b| nan_wins(a, *b, *b < a));
                Ok(self.world.min(min)?)
            }
            Reduction::Integral | Reduction::Average => {
                let mut sum = ExactSum::new();
                values.iter().for_each(|x| sum.add(*x));
                self.world.combine_sum(&mut sum)?;
                Ok(match kind {
                    Reduction::Integral => sum.value() * grid.cell_volume(),
                    _ => sum.value() / grid.cells() as f64,
                })
            }
        }
    }

    pub(crate) fn gather(&mut self, name: &str, time: f64) -> Result<Option<ArrayD<f64>>, Error> {
        let array = self.array_of(name, time)?;
        let mine: Vec<f64> = self.view(array).iter().copied().collect();
        let blocks: Vec<Subdomain> =
            (0..self.world.size()).map(|rank| self.decomposition.subdomain(rank)).collect();
        let counts: Vec<usize> = blocks.iter().map(Subdomain::cells).collect();
        let Some(all) = self.world.gather(&mine, &counts)? else { return Ok(None) };
        let mut whole = Array3::zeros(self.decomposition.shape());
        let mut values = all.into_iter();
        for block in &blocks {
            let [s0, s1, s2] = block.start();
            let [n0, n1, n2] = block.shape();
            let mut part = whole.slice_mut(ndarray::s![s0..s0 + n0, s1..s1 + n1, s2..s2 + n2]);
            part.iter_mut().zip(&mut values).for_each(|(cell, value)| *cell = value);
        }
        Ok(Some(named_axes(whole.into_dyn(), self.pde.grid())))
    }

    fn is_finite(&self) -> bool {
        (0..self.pde.fields().len()).all(|field| self.view(field).iter().all(|x| x.is_finite()))
    }

    /// The first field and cell of this block that is not finite: the number of the field and the
    /// cell's number in the grid.
    fn first_not_finite(&self) -> Option<(usize, u64)> {
        (0..self.pde.fields().len()).find_map(|field| {
            let cells = self.memory.layout().view(self.memory.of_array(field));
            let mut indexed = cells.indexed_iter();
            let ((i, j, k), _) = indexed.find(|(_, x)| !x.is_finite())?;
            Some((field, self.block.global_number([i, j, k])))
        })
    }
}
