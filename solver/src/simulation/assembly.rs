//! A simulation while it is put together: its block of the grid with the memory for that.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use fluxions_comm::{Combine, World};
use fluxions_expr::Backend;
use fluxions_halo::{Decomposition, HaloWidth, Halos, Subdomain};

use crate::error::{Error, Errors, elsewhere};
use crate::plan::evaluation;
use crate::plan::halo_group::widen;
use crate::plan::observable::Observable;
use crate::plan::plan::Plan;
use crate::run::blocking::deep_pipeline::DeepPipeline;
use crate::run::blocking::options::Blocking;
use crate::run::blocking::wavefront::Wavefront;
use crate::run::executor::{Executor, Unknowns};
use crate::run::memory::Memory;
use crate::run::streaming;
use crate::schemes::mpdata::measures::Measured;
use crate::schemes::scheme::BeforeSteps;
use crate::simulation::machine_memory;
use crate::simulation::setup::Setup;
use crate::simulation::state::State;
use crate::solvers::blocks;
use crate::system::external::ExternalSource;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::symmetry;

/// A block of the grid with memory for its arrays, in which plans are made ready.
pub(super) struct Assembly<'a> {
    pde: &'a Pde,
    world: &'a World,
    seed: u64,
    /// The time of the initial state.
    start: f64,
    decomposition: Decomposition,
    block: Subdomain,
    memory: Memory,
    /// Several steps in one sweep, where they can be made in that way.
    blocked: Option<DeepPipeline>,
    /// How wide the halos of external fields have to be.
    data_widths: Vec<HaloWidth>,
    /// What finds the unknowns of a state, if there are any.
    pub(super) unknowns: Option<Rc<RefCell<dyn Unknowns>>>,
}

/// What makes the steps.
pub(super) struct Stepping {
    pub(super) stepper: Executor,
    pub(super) wavefront: Option<Wavefront>,
    /// Whether steps that are made pass by pass store past the caches.
    pub(super) streams: bool,
}

impl<'a> Assembly<'a> {
    /// The block of this rank and its memory, zero. Where equations are solved, blocks fit coarser grids.
    /// Collective.
    pub(super) fn new(
        (pde, world): (&'a Pde, &'a World),
        (seed, start): (u64, f64),
        setup: &Setup,
        (dims, solves): (&[usize], bool),
        (blocking, halos): (Blocking, Halos),
    ) -> Result<Self, Error> {
        let decomposition = match solves {
            true => blocks::cut(pde.grid(), world.size(), dims, setup.least)?,
            false => Decomposition::new(pde.grid(), world.size(), dims, setup.least)?,
        };
        let decomposition = decomposition.with_halos(halos);
        let blocked = DeepPipeline::new(pde, &setup.step, &decomposition, blocking);
        let (mut halo, mut data_widths) = (setup.halo, setup.data_widths.clone());
        if let Some(blocked) = &blocked {
            let deep = blocked.halo();
            halo = std::array::from_fn(|axis| halo[axis].max(deep[axis]));
            widen(&mut data_widths, &blocked.data_widths(pde));
        }
        let block = decomposition.subdomain(world.rank());
        let layout = block.layout(halo);
        let enough = machine_memory::check(Memory::bytes(layout, setup.arrays, setup.rows), world);
        world.agree(enough).map_err(elsewhere)?;
        let memory = world.agree(Memory::new(layout, setup.arrays, setup.rows, world.rank()));
        let memory = memory.map_err(elsewhere)?;
        Ok(Assembly {
            pde,
            world,
            seed,
            start,
            decomposition,
            block,
            memory,
            blocked,
            data_widths,
            unknowns: None,
        })
    }

    /// The system.
    pub(super) fn pde(&self) -> &'a Pde {
        self.pde
    }

    /// How the grid is cut.
    pub(super) fn decomposition(&self) -> &Decomposition {
        &self.decomposition
    }

    /// The block of this rank.
    pub(super) fn block(&self) -> &Subdomain {
        &self.block
    }

    /// A plan made ready to be run.
    pub(super) fn executor(&self, plan: Plan, backend: Backend) -> Result<Executor, Error> {
        let Assembly { pde, world, block, memory, seed, .. } = self;
        let unknowns = self.unknowns.clone().filter(|_| plan.solves());
        let executor = Executor::new(pde, world, block, memory, plan, *seed, backend)?;
        Ok(executor.with_unknowns(unknowns))
    }

    /// A plan that is run now and then, for which an optimising compiler would take too long.
    fn closures(&self, plan: Plan) -> Result<Executor, Error> {
        self.executor(plan, Backend::Closures)
    }

    /// Runs a plan once, at the start. Collective.
    fn run_once(&mut self, plan: Plan, dt: f64) -> Result<Executor, Error> {
        let mut executor = self.closures(plan)?;
        executor.run(self.world, &self.block, &mut self.memory, self.start, dt)?;
        Ok(executor)
    }

    /// What makes the steps of a plan, in the fastest way: that is measured over what is in memory,
    /// where nothing else was asked for. Collective.
    pub(super) fn stepping(
        &mut self,
        plan: Plan,
        backend: Backend,
        asked: Blocking,
    ) -> Result<Stepping, Error> {
        let mut stepper = self.executor(plan, backend)?;
        let Assembly { pde, world, block, memory, .. } = self;
        let (pde, world) = (*pde, *world);
        if let Some(blocked) = self.blocked.take() {
            let mut made = Wavefront::new(pde, world, block, memory, &stepper, &blocked);
            blocked.tune(world, block, memory, &mut made)?;
            if made.steps < blocked.pipeline.steps() {
                // Halos no deeper than what was chosen needs.
                let shortened = blocked.shortened(stepper.plan(), made.steps);
                let (slabs, tile) = (made.slabs, made.tile);
                made = Wavefront::new(pde, world, block, memory, &stepper, &shortened);
                (made.slabs, made.tile) = (slabs, tile);
            }
            if made.is_worth_while() {
                return Ok(Stepping { stepper, wavefront: Some(made), streams: false });
            }
        }
        let streams = streaming::tune(world, block, memory, &mut stepper, backend, asked.stream)?;
        Ok(Stepping { stepper, wavefront: None, streams })
    }

    /// Loads the external fields and fills their halos. Collective.
    pub(super) fn load_external(&mut self) -> Result<(), Error> {
        let sources = self.pde.external().iter().map(|data| &data.source);
        for (field, source) in (self.pde.fields().len()..).zip(sources) {
            self.load(field, source)?;
        }
        let halos = evaluation::external_halos(self.pde, &self.data_widths);
        self.run_once(halos, 0.0)?;
        Ok(())
    }

    /// Sets the initial values of the fields, and then those that are `held` in regions. Collective.
    pub(super) fn set_initial(
        &mut self,
        plans: Vec<Plan>,
        values: &[(String, Formula)],
        held: Vec<Plan>,
    ) -> Result<(), Error> {
        let globals: Vec<f64> = self.pde.globals().iter().map(|global| global.initial).collect();
        self.memory.set_globals(&globals);
        // Plans may use arrays of fields that are set later, as working space only.
        for plan in plans {
            self.run_once(plan, 0.0)?;
        }
        for (name, value) in values {
            let Formula::Values(source) = value else { continue };
            let field = self.pde.field(&Origin::Initial(name.clone()), name)?;
            self.load(field, source)?;
        }
        for plan in held {
            self.run_once(plan, 0.0)?;
        }
        if self.unknowns.is_some() {
            self.run_once(evaluation::unknowns(self.pde), 0.0)?;
        }
        Ok(())
    }

    /// Does what comes before the first step, if there is anything: what was measured of transport.
    /// Collective.
    pub(super) fn measure(
        &mut self,
        before: Option<BeforeSteps>,
        dt: f64,
    ) -> Result<Measured, Error> {
        let Some(BeforeSteps { mut plan, measures }) = before else {
            return Ok(Measured::default());
        };
        plan.set_usual_step(dt);
        let results = plan.results();
        let before = self.run_once(plan, dt)?;
        let measured = Measured::new(measures, &before.parameters()[results], dt);
        measured.check(self.pde)?;
        Ok(measured)
    }

    /// What follows from a change of the state by a tracker: what is held in regions, unknowns, and what transport knows
    /// of the flow before a step.
    pub(super) fn after_changes(
        &self,
        held: &[Plan],
        before: &Option<BeforeSteps>,
        dt: f64,
        backend: Backend,
    ) -> Result<Vec<Executor>, Error> {
        let unknowns = self.pde.has_constraints().then(|| evaluation::unknowns(self.pde));
        let before = before.as_ref().map(|before| {
            let mut plan = before.plan.clone();
            plan.set_usual_step(dt);
            plan
        });
        let plans = held.iter().cloned().chain(unknowns).chain(before);
        plans.map(|plan| self.executor(plan, backend)).collect()
    }

    /// The state, with the expressions that trackers ask for. Collective.
    pub(super) fn state(self, observables: Vec<Observable>) -> Result<State, Errors> {
        let ready = |observable: Observable| {
            let executor = self.closures(observable.plan.clone())?;
            Ok((observable, executor))
        };
        let observables = observables.into_iter().map(ready).collect::<Result<_, Error>>()?;
        Ok(State {
            pde: self.pde.clone(),
            world: self.world.clone(),
            decomposition: self.decomposition,
            block: self.block,
            memory: self.memory,
            observables,
            rates: None,
        })
    }

    /// Copies what a source gives for the block to the arrays of a field. Collective.
    fn load(&mut self, field: usize, source: &Arc<dyn ExternalSource>) -> Result<(), Error> {
        let loaded = self.load_here(field, source);
        let bad = self.world.agree(loaded).map_err(elsewhere)?;
        let mut bad = [bad as i64];
        self.world.combine(Combine::Sum, &mut bad)?;
        match bad[0] {
            0 => Ok(()),
            bad => {
                let name = self.pde.all_fields().nth(field);
                let name = name.expect("fields are numbered in this order");
                let are = if bad == 1 { "is" } else { "are" };
                let message = format!("{bad} of the values given for `{name}` {are} not finite");
                Err(Error::Source(message.into()))
            }
        }
    }

    /// Copies what a source gives for this block; how many of the values are not finite.
    fn load_here(
        &mut self,
        field: usize,
        source: &Arc<dyn ExternalSource>,
    ) -> Result<usize, Error> {
        let (pde, missing) = (self.pde, self.pde.grid().missing());
        let (start, shape) = (self.block.start(), self.block.shape());
        let (mut all, mut bad) = (Vec::new(), 0);
        for number in 0..pde.arrays_of(field).len() {
            let values = source.read(&start[missing..], &shape[missing..], number);
            let values = values.map_err(Error::Source)?;
            if values.len() != shape.iter().product::<usize>() {
                return Err(Error::Source("as many values as cells are needed".into()));
            }
            bad += values.iter().filter(|x| !x.is_finite()).count();
            all.push(values);
        }
        if bad > 0 {
            return Ok(bad);
        }
        if pde.vanishing().is_some_and(|vanishing| !vanishing.allows_values(field, &all)) {
            let name = pde.all_fields().nth(field).expect("fields are numbered in this order");
            return Err(symmetry::broken_initial(name, &Formula::Values(Arc::clone(source))));
        }
        for (array, values) in pde.arrays_of(field).zip(all) {
            let layout = self.memory.layout();
            let mut view = layout.view_mut(self.memory.of_array_mut(array));
            view.iter_mut().zip(values).for_each(|(cell, value)| *cell = value);
        }
        Ok(0)
    }
}
