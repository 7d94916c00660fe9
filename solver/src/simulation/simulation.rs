//! A simulation: the state of a system on one rank, and what steps it and looks at it.

use fluxions_comm::World;
use fluxions_expr::Backend;
use fluxions_halo::Decomposition;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use crate::error::Error;
use crate::plan::plan::Plan;
use crate::run::blocking::options::Blocking;
use crate::run::blocking::wavefront::Wavefront;
use crate::run::counts::Iterations;
use crate::run::executor::Executor;
use crate::schemes::mpdata::measures::Measured;
use crate::simulation::after_step::AfterStep;
use crate::simulation::balancing::Balancing;
use crate::simulation::changes::Changes;
use crate::simulation::checkpoint::CheckpointWriter;
use crate::simulation::clock::Clock;
use crate::simulation::dense_output::DenseOutput;
use crate::simulation::effort::Before;
use crate::simulation::first_steps::FirstSteps;
use crate::simulation::health::Health;
use crate::simulation::implicit_steps::ImplicitStepper;
use crate::simulation::report::{Durations, StopReason};
use crate::simulation::stable_limit::StableLimit;
use crate::simulation::staged::Staged;
use crate::simulation::state::State;
use crate::simulation::tracker::Trackers;
use crate::simulation::undo::Undo;
use crate::solvers::balance::Balance;
use crate::solvers::newton::Newton;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::switches::Switches;

/// A system of equations with its state, ready to be stepped.
pub struct Simulation {
    pub(crate) state: State,
    pub(super) stepper: Executor,
    /// Makes several steps in one sweep, where that is worth while.
    pub(super) wavefront: Option<Wavefront>,
    /// Whether steps that are made pass by pass store past the caches.
    pub(super) streams: bool,
    /// What was measured of transport before the first step.
    pub(super) measured: Measured,
    pub(super) clock: Box<dyn Clock>,
    /// The times at which rates jump or bend, where steps are to end there.
    pub(super) switches: Option<Switches>,
    /// Finds the longest stable step, for clocks that have to be told.
    pub(super) limit: Option<StableLimit>,
    /// Makes steps with as many stages as they need, where that varies.
    pub(super) staged: Option<Staged>,
    /// Makes the first steps of a multistep scheme.
    pub(super) first_steps: Option<FirstSteps>,
    /// Makes steps by an implicit scheme, if it is one.
    pub(super) implicit: Option<ImplicitStepper>,
    /// Finds the state in which rates vanish, where that is asked for instead of steps.
    pub(super) balancing: Option<Balancing>,
    /// Finds states within steps, where the scheme can.
    pub(super) dense: Option<DenseOutput>,
    /// Whether trackers look at states within steps, which otherwise end where trackers are due.
    pub(super) looks_within: bool,
    /// Changes the state after each step, if anything does.
    pub(super) after_step: Option<AfterStep>,
    /// What follows from changes by trackers, if any may change the state.
    pub(super) changes: Option<Changes>,
    /// What brings back the state before a step; made when a step may first be rejected.
    pub(super) undo: Option<Undo>,
    /// What brings back the state before a step aside, once there was one.
    pub(super) aside: Option<Undo>,
    pub(super) health: Health,
    pub(super) trackers: Trackers,
    /// What stores checkpoints, if anything does.
    pub(super) checkpoints: Option<Box<dyn CheckpointWriter>>,
    /// Steps that were made before the run went on from a checkpoint.
    pub(super) resumed_at: u64,
    /// What was spent on them.
    pub(super) before: Before,
    pub(super) max_steps: Option<u64>,
    pub(super) time: f64,
    /// The length of the last step, if a step has led to the present state.
    pub(super) last_dt: Option<f64>,
    pub(super) steps: u64,
    /// Why the last run stopped, if nothing was stepped since.
    pub(super) stopped: Option<StopReason>,
    pub(super) durations: Durations,
}

impl Simulation {
    /// What solves the equations of implicit steps, if it is such a scheme; no step can be made after that.
    pub(crate) fn take_newton(&mut self) -> Option<Newton> {
        self.implicit.take().map(|stepper| stepper.newton)
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

    /// What it took so far to solve the equations of implicit steps, of a state in which rates vanish, or of
    /// unknowns; nothing where no equations are solved.
    pub fn iterations(&self) -> Option<Iterations> {
        let implicit = self.implicit.as_ref().map(|implicit| implicit.newton.iterations);
        let balancing = || self.balancing.as_ref().map(|balancing| balancing.newton.iterations);
        let unknowns = || Some(self.stepper.unknowns()?.borrow().iterations());
        implicit.or_else(balancing).or_else(unknowns)
    }

    /// How often right-hand sides were evaluated so far.
    pub(crate) fn evaluations(&self) -> u64 {
        self.stepper.counts.rhs_evaluations
    }

    /// What came of a problem without steps, once it is solved.
    pub fn balance(&self) -> Option<&Balance> {
        self.balancing.as_ref()?.found.as_ref()
    }

    /// The ranks.
    pub fn world(&self) -> &World {
        &self.state.world
    }

    /// What was measured of transport before the first step.
    pub(crate) fn measured(&self) -> &Measured {
        &self.measured
    }

    /// The plan of a step.
    pub(crate) fn plan(&self) -> &Plan {
        self.stepper.plan()
    }

    /// The unknowns without space, in the order of [`Pde::globals`]; the same on all ranks.
    pub fn globals(&self) -> &[f64] {
        self.state.memory.globals()
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

    /// The values of a real scalar field on this rank's block, as [`field`](Self::field) gives them;
    /// they may be changed between steps.
    ///
    /// # Errors
    /// If there is no field of that name, or if it is no real scalar.
    pub fn field_mut(&mut self, name: &str) -> Result<ArrayViewMutD<'_, f64>, Error> {
        let array = self.array_of(name, 0, true)?;
        self.forget_slopes();
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

    /// The values of one of the real numbers that a field is made of, as [`part`](Self::part) gives
    /// them; they may be changed between steps.
    ///
    /// # Errors
    /// If there is no field of that name, or if it has fewer numbers.
    pub fn part_mut(&mut self, name: &str, number: usize) -> Result<ArrayViewMutD<'_, f64>, Error> {
        let array = self.array_of(name, number, false)?;
        self.forget_slopes();
        Ok(self.state.view_mut(array))
    }

    /// Takes note that the state is not what the last step has led to.
    pub(super) fn forget_slopes(&mut self) {
        self.last_dt = None;
        if let Some(dense) = &mut self.dense {
            dense.knows_slopes = false;
        }
        if let Some(first) = &mut self.first_steps {
            first.forget();
        }
        if let Some(implicit) = &mut self.implicit {
            implicit.begin_anew();
        }
        if let Some(balancing) = &mut self.balancing {
            balancing.found = None;
        }
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

    /// The present value of a number that was declared with the builder. Collective.
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
}
