//! What a simulation is made of, collected call by call and checked as a whole.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use fluxions_comm::World;
use fluxions_expr::Backend;
use fluxions_halo::{Decomposition, Halos};

use crate::error::{Error, Errors};
use crate::plan::evaluation;
use crate::plan::plan::Plan;
use crate::run::blocking::options::Blocking;
use crate::run::guard::Causes;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::implicit::Implicit;
use crate::schemes::rates;
use crate::schemes::scheme::Starting;
use crate::schemes::sensitivities::Sensitivities;
use crate::simulation::after_step::AfterStep;
use crate::simulation::assembly::{Assembly, Stepping};
use crate::simulation::balancing::Balancing;
use crate::simulation::changes::Changes;
use crate::simulation::checkpoint::CheckpointWriter;
use crate::simulation::clock::Clock;
use crate::simulation::dense_output::DenseOutput;
use crate::simulation::equal_steps::EqualSteps;
use crate::simulation::error_control::ErrorControl;
use crate::simulation::first_steps::FirstSteps;
use crate::simulation::health::Health;
use crate::simulation::implicit_numbers::ImplicitNumbers;
use crate::simulation::implicit_steps::{ImplicitStepper, MOST_GROWTH};
use crate::simulation::report::Durations;
use crate::simulation::schedule::{Every, Schedule};
use crate::simulation::setup::{Request, Setup};
use crate::simulation::simulation::Simulation;
use crate::simulation::solving::{Solved, Solving};
use crate::simulation::stable_limit::{StableDt, StableLimit};
use crate::simulation::stable_steps::StableSteps;
use crate::simulation::staged::Staged;
use crate::simulation::state::State;
use crate::simulation::tracker::{Tracker, Trackers};
use crate::simulation::tried_steps::TriedSteps;
use crate::solvers::constraint::Constraint;
use crate::solvers::number_rates::NumberRates;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::switches::Switches;
use crate::system::transport::limits;

/// Collects what a [`Simulation`] is made of.
pub struct SimulationBuilder<'a> {
    pde: &'a Pde,
    world: &'a World,
    initial: Vec<(String, Formula)>,
    after_step: Vec<(String, Formula)>,
    scheme: SchemeChoice,
    dt: Option<f64>,
    stable: Option<StableDt>,
    start: f64,
    max_steps: Option<u64>,
    seed: u64,
    dims: Vec<usize>,
    fields: Vec<(String, Formula)>,
    numbers: Vec<(String, Formula)>,
    rates: bool,
    /// Each with whether it may change the state.
    trackers: Vec<(Every, Box<dyn Tracker>, bool)>,
    checkpoints: Option<Box<dyn CheckpointWriter>>,
    other_plans: Vec<Plan>,
    backend: Backend,
    blocking: Blocking,
    halos: Halos,
    began: Instant,
}

impl Simulation {
    /// A simulation of a system on all ranks of a world.
    pub fn builder<'a>(pde: &'a Pde, world: &'a World) -> SimulationBuilder<'a> {
        SimulationBuilder::new(pde, world)
    }
}

impl<'a> SimulationBuilder<'a> {
    fn new(pde: &'a Pde, world: &'a World) -> Self {
        SimulationBuilder {
            pde,
            world,
            initial: Vec::new(),
            after_step: Vec::new(),
            scheme: SchemeChoice::default(),
            dt: None,
            stable: None,
            start: 0.0,
            max_steps: None,
            seed: 0,
            dims: Vec::new(),
            fields: Vec::new(),
            numbers: Vec::new(),
            rates: false,
            trackers: Vec::new(),
            checkpoints: None,
            other_plans: Vec::new(),
            backend: Backend::default(),
            blocking: Blocking::default(),
            halos: Halos::default(),
            began: Instant::now(),
        }
    }

    /// The initial value of a field: an expression of the coordinates, or external values.
    #[must_use]
    pub fn initial(mut self, field: &str, value: impl Into<Formula>) -> Self {
        self.initial.push((field.into(), value.into()));
        self
    }

    /// The value that a field is given after each step, such as `max(u, 0)`: an expression of the state that the
    /// step has led to, at its time. Where several fields are given values, all of these are computed before
    /// any field changes. Steps are then made one by one.
    #[must_use]
    pub fn after_step(mut self, field: &str, value: impl Into<Formula>) -> Self {
        self.after_step.push((field.into(), value.into()));
        self
    }

    /// The time stepping scheme, such as a [`Tableau`](crate::Tableau); [`SchemeChoice::Usual`] if
    /// not given.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<SchemeChoice>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// The length of all time steps, or that of the first one where the scheme controls the error. This has
    /// to be given, or how steps follow the solution.
    #[must_use]
    pub fn dt(mut self, dt: f64) -> Self {
        (self.dt, self.stable) = (Some(dt), None);
        self
    }

    /// Time steps of 0.8 times the longest stable one, which is found anew as the solution changes;
    /// instead of [`dt`](Self::dt). Where fields are advected, they all have the length of the first.
    #[must_use]
    pub fn stable_dt(mut self, steps: StableDt) -> Self {
        (self.dt, self.stable) = (Some(steps.first), Some(steps));
        self
    }

    /// The time of the initial state; 0 if not given.
    #[must_use]
    pub fn start(mut self, time: f64) -> Self {
        self.start = time;
        self
    }

    /// How many steps are allowed; as many as it takes if not given.
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

    /// Ranks along each named axis; 0 leaves the number along an axis open, no list all of them.
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

    /// Says that trackers will ask for the largest rate of change
    /// ([`Snapshot::largest_rate`](crate::Snapshot::largest_rate)).
    #[must_use]
    pub fn rates(mut self) -> Self {
        self.rates = true;
        self
    }

    /// Calls a tracker every so often. Trackers are called in the order in which they are given.
    #[must_use]
    pub fn track(mut self, every: Every, tracker: impl Tracker + 'static) -> Self {
        self.trackers.push((every, Box::new(tracker), false));
        self
    }

    /// Calls a tracker every so often that may change the state between steps ([`Snapshot::field_mut`]), such as by a kick,
    /// a rescaling, or something that is injected. It is called when it is due only: after the first interval or as
    /// many steps, and not at the last state of a run unless it is due there. Steps end at the times at which it is due,
    /// and multistep schemes begin anew. Trackers given before it see the state as it was, those given after it the one
    /// that was changed.
    ///
    /// [`Snapshot::field_mut`]: crate::Snapshot::field_mut
    #[must_use]
    pub fn change(mut self, every: Every, tracker: impl Tracker + 'static) -> Self {
        self.trackers.push((every, Box::new(tracker), true));
        self
    }

    /// Stores checkpoints, from which another run can go on ([`Simulation::resume`]).
    #[must_use]
    pub fn checkpoints(mut self, writer: impl CheckpointWriter + 'static) -> Self {
        self.checkpoints = Some(Box::new(writer));
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

    /// How halos go between ranks; measured if not given. It changes no bit of the results.
    #[must_use]
    pub fn halos(mut self, halos: Halos) -> Self {
        self.halos = halos;
        self
    }

    /// The initial values of fields.
    pub(crate) fn initials(self, values: &[(String, Formula)]) -> Self {
        values.iter().fold(self, |builder, (field, value)| builder.initial(field, value.clone()))
    }

    /// For few steps, or for none: kernels are not compiled for speed, and nothing is measured.
    pub(crate) fn uncompiled(self) -> Self {
        let by_pass = Blocking { steps: Some(0), stream: Some(false), ..Blocking::default() };
        self.backend(Backend::Closures).blocking(by_pass)
    }

    /// Makes room for a plan that will be run beside the stepping.
    pub(crate) fn with_room_for(mut self, plan: &Plan) -> Self {
        self.other_plans.push(plan.clone());
        self
    }

    /// What plans are made of.
    fn request(&self) -> Request<'_> {
        let SimulationBuilder { pde, scheme, initial, after_step, fields, numbers, .. } = self;
        let other_plans = &self.other_plans;
        Request { pde, scheme, initial, after_step, fields, numbers, other_plans }
    }

    /// The largest number of ranks, up to `most`, for which the grid can be cut into blocks, if
    /// there is one.
    ///
    /// # Errors
    /// Every mistake found in the expressions.
    pub fn most_ranks(&self, most: usize) -> Result<Option<usize>, Errors> {
        let least = Setup::new(&self.request())?.least;
        let dims = limits::ranks_along(self.pde, &self.dims)?;
        let fits =
            |ranks: &usize| Decomposition::new(self.pde.grid(), *ranks, &dims, least).is_ok();
        Ok((1..=most).rev().find(fits))
    }

    /// The clock, and the schedules of the trackers; every mistake in times and intervals is added
    /// to `errors`.
    fn times(&mut self, errors: &mut Vec<Error>) -> Option<(Box<dyn Clock>, Trackers)> {
        let dt = self.dt.or(self.scheme.balances().then_some(1.0)).ok_or(Error::NoTimeStep);
        let clock = dt.and_then(|dt| -> Result<Box<dyn Clock>, Error> {
            Ok(match (&self.scheme, self.stable) {
                (SchemeChoice::ErrorControlled(tableau, _), _) => {
                    let order = tableau.error_order().unwrap_or(tableau.order());
                    Box::new(ErrorControl::new(self.start, dt, order)?)
                }
                (SchemeChoice::Stabilised(_, None), _) => {
                    Box::new(TriedSteps::new(EqualSteps::new(self.start, dt)?).limited())
                }
                (SchemeChoice::Implicit(implicit, Some(_), _), _) => {
                    let steps = ErrorControl::new(self.start, dt, implicit.error_order())?;
                    Box::new(match implicit {
                        Implicit::Bdf2 => steps.growing(MOST_GROWTH),
                        _ => steps,
                    })
                }
                (SchemeChoice::Imex(imex, Some(_), _), _) => {
                    Box::new(ErrorControl::new(self.start, dt, imex.order() - 1)?)
                }
                (SchemeChoice::Implicit(_, None, _) | SchemeChoice::Imex(_, None, _), _) => {
                    Box::new(TriedSteps::new(EqualSteps::new(self.start, dt)?))
                }
                (SchemeChoice::Elliptic(_) | SchemeChoice::Steady(_), _) => {
                    Box::new(EqualSteps::new(self.start, dt)?)
                }
                (SchemeChoice::Stabilised(_, Some(_)), _) => {
                    Box::new(ErrorControl::new(self.start, dt, 2)?.limited())
                }
                (_, Some(StableDt { first, most, .. })) => {
                    Box::new(StableSteps::new(self.start, first, most)?.with_signed(self.signed()))
                }
                (_, None) => Box::new(EqualSteps::new(self.start, dt)?),
            })
        });
        let clock = clock.map_err(|error| errors.push(error)).ok();
        let mut trackers = Vec::new();
        for (every, tracker, changes) in std::mem::take(&mut self.trackers) {
            let schedule = match changes {
                true => Schedule::of_changes(every, self.start),
                false => Schedule::new(every, self.start),
            };
            match schedule {
                Ok(schedule) => trackers.push((schedule, tracker)),
                Err(error) => errors.push(error),
            }
        }
        clock.filter(|_| errors.is_empty()).map(|clock| (clock, Trackers::new(trackers)))
    }

    /// The arrays that may be negative, a bit for each: those of advected fields that are said to be.
    fn signed(&self) -> u64 {
        let advected = self.pde.advected.iter();
        let signed = advected.filter(|a| a.options.signed || a.options.infinite_gauge);
        let arrays = signed.flat_map(|advected| self.pde.arrays_of(advected.field));
        arrays.fold(0, |all, array| all | 1 << array.min(63))
    }

    /// The simulation, in its initial state. Collective.
    ///
    /// # Errors
    /// Every mistake found in the expressions, times and intervals, before ranks communicate at
    /// all; a grid that cannot be cut into as many blocks; an initial value that is not finite.
    pub fn build(mut self) -> Result<Simulation, Errors> {
        let is_staged = matches!(self.scheme, SchemeChoice::Stabilised(..));
        let controls = matches!(self.scheme, SchemeChoice::ErrorControlled(..));
        self.stable = self.stable.filter(|_| !controls);
        let faster = match self.stable {
            None if is_staged => Some(1.0),
            stable => stable.map(|stable| stable.faster),
        };
        if controls || is_staged || !self.after_step.is_empty() {
            // Every step is judged, or changed, before the next one is made.
            self.blocking.steps = Some(0);
        }
        let solving = Solving::new(self.pde, &self.scheme);
        if let Some(solving) = &solving {
            self.stable = None;
            self.blocking.steps = Some(0);
            self.other_plans.extend(solving.all_plans().cloned());
        }
        let scheme = scheme_for(self.pde, &self.scheme).ok();
        let of_unknowns = scheme.as_ref().filter(|_| self.pde.has_constraints());
        let of_unknowns = of_unknowns.and_then(|scheme| {
            Solving::of_unknowns(self.pde, &scheme.step(self.pde), solving.as_ref())
        });
        if let Some(solving) = &of_unknowns {
            self.other_plans.extend(solving.all_plans().cloned());
        }
        let starting = scheme.as_ref().and_then(|scheme| scheme.starting(self.pde));
        if let Some(starting) = &starting {
            // The plan of first steps is another one than that of the steps after them.
            self.blocking.steps = Some(0);
            self.other_plans.push(starting.plan.clone());
        }
        let rates = scheme.as_ref().filter(|_| self.rates);
        let rates = rates.map(|scheme| rates::plan_of_largest(self.pde, &scheme.kept(self.pde)));
        self.other_plans.extend(rates.clone());
        let sensitivities = faster.zip(scheme).map(|(faster, scheme)| {
            let kept = scheme.kept(self.pde);
            // Steps that follow the longest stable one are judged by the rates, too, where these are all that changes
            // the state.
            let sensitivities = match is_staged || !self.pde.advected.is_empty() {
                true => Sensitivities::new(self.pde, &kept),
                false => Sensitivities::with_rates(self.pde, &kept),
            };
            let flow = scheme.flow(self.pde);
            self.other_plans.push(sensitivities.plan.clone());
            self.other_plans.extend(flow.as_ref().map(|(plan, _)| plan.clone()));
            (sensitivities, flow, scheme, faster)
        });
        let may_change = self.trackers.iter().any(|(.., changes)| *changes);
        let setup = Setup::new(&self.request());
        let (mut errors, setup) = match setup {
            Ok(setup) => (Vec::new(), Some(setup)),
            Err(Errors(errors)) => (errors, None),
        };
        let times = self.times(&mut errors);
        let (Some(mut setup), Some((clock, trackers))) = (setup, times) else {
            return Err(Errors(errors));
        };
        let dt = clock.dt();
        setup.step.set_usual_step(dt);
        let dims = limits::ranks_along(self.pde, &self.dims)?;
        let solves = self.scheme.solves(self.pde);
        let (problem, run) = ((self.pde, self.world), (self.seed, self.start));
        let how = (self.blocking, self.halos);
        let mut assembly = Assembly::new(problem, run, &setup, (&dims, solves), how)?;
        let Setup { step, before, dense, initial, held, after_step, observables, .. } = setup;
        let Stepping { stepper, wavefront, streams } =
            assembly.stepping(step, self.backend, self.blocking)?;
        if let Some(solving) = of_unknowns {
            let newton = solving.newton(&assembly, self.backend)?;
            let response = solving.response.clone();
            let response =
                response.map(|plan| assembly.executor(plan, self.backend)).transpose()?;
            if let Solved::Unknowns(names) = solving.what {
                let constraint = Constraint::new(newton, names, response);
                assembly.unknowns = Some(Rc::new(RefCell::new(constraint)));
            }
        }
        // Steps that were timed before have found no unknowns.
        let stepper = stepper.with_unknowns(assembly.unknowns.clone());
        assembly.load_external()?;
        let follows = match may_change {
            true => assembly.after_changes(&held, &before, dt, self.backend)?,
            false => Vec::new(),
        };
        assembly.set_initial(initial, &self.initial, held)?;
        let measured = assembly.measure(before, dt)?;
        let (limit, staged) = match sensitivities {
            Some((sensitivities, flow, scheme, faster)) => {
                let executor = assembly.executor(sensitivities.plan.clone(), self.backend)?;
                let flow = match flow {
                    Some((plan, rate)) => Some((assembly.executor(plan, self.backend)?, rate)),
                    None => None,
                };
                let limit = StableLimit::new((sensitivities, executor), flow, &*scheme, faster);
                let (seed, backend, stages, others) =
                    (self.seed, self.backend, None, HashMap::new());
                let staged = Staged { scheme, seed, backend, stages, others };
                (Some(limit), is_staged.then_some(staged))
            }
            None => (None, None),
        };
        let first_steps = match starting {
            Some(Starting { mut plan, steps }) => {
                plan.set_usual_step(dt);
                Some(FirstSteps::new(assembly.executor(plan, self.backend)?, steps))
            }
            None => None,
        };
        let dense = match dense {
            Some((start, within)) => Some(DenseOutput {
                start: assembly.executor(start, Backend::Closures)?,
                unknowns: match self.pde.has_constraints() {
                    true => {
                        let plan = evaluation::unknowns(self.pde);
                        Some(assembly.executor(plan, Backend::Closures)?)
                    }
                    false => None,
                },
                within: assembly.executor(within.plan, Backend::Closures)?,
                swaps: within.swaps,
                knows_slopes: false,
                last: None,
            }),
            None => None,
        };
        let (mut implicit, mut balancing) = (None, None);
        if let Some(solving) = solving {
            let newton = solving.newton(&assembly, self.backend)?;
            let numbers = match solving.numbers {
                Some((plan, first)) => {
                    let rates = assembly.executor(plan, self.backend)?;
                    Some(NumberRates::new(rates, first, self.pde.globals().len()))
                }
                None => None,
            };
            match solving.what {
                Solved::Steps(stepping) => {
                    let (scheme, registers) = *stepping;
                    let explicit = match solving.explicit {
                        Some(plan) => Some(assembly.executor(plan, self.backend)?),
                        None => None,
                    };
                    let find = match self.pde.has_constraints() {
                        true => {
                            let plan = evaluation::unknowns(self.pde);
                            Some(assembly.executor(plan, self.backend)?)
                        }
                        false => None,
                    };
                    let numbers = numbers.map(|rates| ImplicitNumbers::new(self.pde, rates));
                    let parts = (explicit, find, numbers);
                    implicit = Some(ImplicitStepper::new(scheme, newton, parts, registers));
                }
                Solved::Unknowns(_) => {}
                Solved::Balance(scheme) => {
                    let steady = scheme.steady;
                    balancing = Some(Balancing { newton, numbers, steady, found: None });
                }
            }
        }
        let rates = rates.map(|plan| assembly.executor(plan, self.backend)).transpose()?;
        let ready = |plan: Plan| assembly.executor(plan, self.backend);
        let mut plans = after_step.into_iter();
        let after_step = match plans.next() {
            Some(change) => Some(AfterStep {
                change: ready(change)?,
                then: plans.map(ready).collect::<Result<_, _>>()?,
            }),
            None => None,
        };
        // Polynomials between states know neither changes nor bounds.
        let is_bounded = self.scheme.tolerance().is_some_and(|t| !t.positive.is_empty());
        let looks_within = dense.is_some() && after_step.is_none() && !is_bounded;
        let state = State { rates, ..assembly.state(observables)? };
        let mut health = Health::new(wavefront.as_ref().map_or(1, |w| w.steps as u64));
        if !state.is_finite() {
            health.note(0, self.start, state.first_not_finite(), Causes::default());
        }
        health.meet(&state, 0)?;
        if let Some(tolerance) = self.scheme.tolerance() {
            state.check_positive(tolerance)?;
        }
        let durations = Durations {
            began: self.began,
            setup: self.began.elapsed().as_secs_f64(),
            stepping: 0.0,
            output: 0.0,
        };
        Ok(Simulation {
            measured,
            state,
            stepper,
            wavefront,
            streams,
            trackers,
            clock,
            switches: self.scheme.tolerance().and_then(|_| Switches::new(self.pde)),
            limit,
            staged,
            first_steps,
            implicit,
            balancing,
            dense,
            looks_within,
            after_step,
            undo: None,
            aside: None,
            changes: may_change.then_some(Changes { then: follows, end: None }),
            health,
            checkpoints: self.checkpoints,
            resumed_at: 0,
            before: Default::default(),
            max_steps: self.max_steps,
            time: self.start,
            last_dt: None,
            steps: 0,
            stopped: None,
            durations,
        })
    }
}
