//! Steps by an implicit scheme.

use serde::{Deserialize, Serialize};

use crate::error::{Error, FailedStep};
use crate::run::counts::Counts;
use crate::run::executor::Executor;
use crate::schemes::imex::ImexStages;
use crate::schemes::implicit::{
    Implicit, ImplicitRegisters, ImplicitScheme, ImplicitStages, Solving,
};
use crate::schemes::tolerance::Tolerance;
use crate::simulation::clock::{Step, Trial, Verdict};
use crate::simulation::implicit_formulas::predictions;
use crate::simulation::implicit_numbers::ImplicitNumbers;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::simulation::step_history::{Known, StepHistory};
use crate::solvers::newton::{Newton, SavedNewton};
use crate::solvers::place::Place;
use crate::solvers::registers::STATE;
use crate::system::pde::Pde;

/// By how much a step of `bdf2` may be longer than the one before: from 1 + √2 on, steps that go on growing are not stable
/// (Hairer, Nørsett & Wanner 1993, III.5).
const LONGEST_RATIO: f64 = 2.4;
/// How many steps of Rannacher's start there are.
const HALVED: u8 = 2;
/// The squares of larger numbers have sums that are not finite, so that nothing is known of residuals.
const OVERFLOWING: f64 = 1e145;
/// By how much steps of `bdf2` grow.
pub(super) const MOST_GROWTH: f64 = 2.0;

/// What makes steps by an implicit scheme.
pub(crate) struct ImplicitStepper {
    pub(super) solving: Solving,
    pub(super) stages: ImplicitStages,
    /// How the slopes of stages are predicted.
    pub(super) predictions: Vec<Vec<f64>>,
    /// What is treated explicitly, where that is a part of the rates.
    pub(super) explicit: Option<Explicit>,
    /// Finds the unknowns of a state to which slopes of both kinds have led, if there are any.
    pub(super) find: Option<Executor>,
    /// Unknowns without space, if there are any.
    pub(super) numbers: Option<ImplicitNumbers>,
    pub(super) newton: Newton,
    pub(super) registers: ImplicitRegisters,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) history: StepHistory,
    /// How many steps from now on are made of halves by backward Euler.
    halved: u8,
}

/// What an implicit scheme knows beside the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedImplicit {
    history: Known,
    halved: u8,
    newton: SavedNewton,
}

/// What is treated explicitly of the rates.
pub(super) struct Explicit {
    /// Stores it where products of the solver are stored.
    pub(super) rates: Executor,
    pub(super) a: Vec<Vec<f64>>,
    /// The weights of the result for both parts.
    pub(super) b: [Vec<f64>; 2],
    pub(super) evaluations: u64,
}

/// What came of a step: whether its equations could be solved, its error beside the tolerance, if the scheme
/// tells it, and the residual where the equations could not be solved.
pub(super) struct Attempt {
    pub(super) solved: bool,
    pub(super) error: Option<f64>,
    pub(super) residual: f64,
}

impl ImplicitStepper {
    /// What makes steps by a scheme; `explicit` stores what is treated explicitly, where that is a part of the
    /// rates, and `find` finds unknowns then.
    pub(super) fn new(
        scheme: ImplicitScheme,
        newton: Newton,
        (explicit, find, numbers): (Option<Executor>, Option<Executor>, Option<ImplicitNumbers>),
        registers: ImplicitRegisters,
    ) -> Self {
        let ImplicitScheme { solving, tolerance, .. } = scheme;
        let explicit = match (solving, explicit) {
            (Solving::Part(imex), Some(rates)) => {
                let ImexStages { a, b, .. } = imex.stages();
                Some(Explicit { rates, a, b, evaluations: 0 })
            }
            _ => None,
        };
        let history = StepHistory::new(registers.earlier.clone());
        let stages = solving.stages();
        ImplicitStepper {
            solving,
            predictions: predictions(&stages.c),
            stages,
            explicit,
            find,
            numbers,
            newton,
            registers,
            tolerance,
            history,
            halved: HALVED,
        }
    }

    /// What evaluations and products did on this rank.
    fn counts(&self) -> Counts {
        let mut counts = self.newton.jacobian.counts();
        if let Some(Explicit { rates, evaluations, .. }) = &self.explicit {
            counts = counts.with(rates.counts);
            counts.rhs_evaluations += evaluations;
        }
        counts
    }

    /// What is known beside the state, for a run that goes on from here.
    pub(super) fn save(&self) -> SavedImplicit {
        let (history, halved) = (self.history.save(), self.halved);
        SavedImplicit { history, halved, newton: self.newton.save() }
    }

    /// The arrays that such a run needs beside the state.
    pub(super) fn kept(&self, arrays: usize) -> impl Iterator<Item = usize> + use<> {
        let earlier = self.registers.earlier.clone().into_iter();
        let earlier = earlier.flat_map(move |first| first..first + arrays);
        earlier.chain(self.newton.kept())
    }

    /// Goes on from what was known, with these arrays as they were. Collective.
    pub(super) fn restore(
        &mut self,
        place: &mut Place<'_>,
        saved: SavedImplicit,
    ) -> Result<(), Error> {
        self.history.restore(saved.history);
        self.halved = saved.halved;
        self.newton.restore(place, saved.newton)
    }

    /// Forgets the steps before, which have not led to the present state.
    pub(super) fn forget(&mut self) {
        self.history.forget();
    }

    /// Forgets all that is known of the state: it is another one.
    pub(super) fn begin_anew(&mut self) {
        self.forget();
        self.halved = HALVED;
    }

    /// Makes the state that at the end of a step, with its error if there is a tolerance, or leaves something else if that
    /// cannot be found.
    fn attempt(&mut self, place: &mut Place<'_>, pde: &Pde, step: Step) -> Result<Attempt, Error> {
        self.newton.vectors.copy(place, self.registers.old, STATE);
        if let Some(numbers) = &mut self.numbers {
            numbers.old = place.memory.globals().to_vec();
        }
        let last = self.history.lengths().first().copied();
        let last = last.filter(|last| step.dt <= LONGEST_RATIO * last);
        let (made, attempt) = match (self.solving, last) {
            (Solving::All(Implicit::Bdf2), Some(last)) => {
                (self.solving, self.two_step(place, pde, step, last)?)
            }
            (Solving::All(Implicit::Bdf2), None) => {
                (Solving::All(Implicit::BackwardEuler), self.by_stages(place, pde, step)?)
            }
            (Solving::All(Implicit::Rannacher), _)
                if self.tolerance.is_none() && self.halved > 0 =>
            {
                (self.solving, self.halves(place, pde, step)?)
            }
            _ => (self.solving, self.by_stages(place, pde, step)?),
        };
        match self.tolerance.clone() {
            Some(tolerance) if attempt.solved => {
                let error = self.error(place, pde, (step, made), &tolerance)?;
                Ok(Attempt { error: Some(error), ..attempt })
            }
            _ => Ok(attempt),
        }
    }

    /// The failure to solve the equations of the step after `steps`; there were `before` corrections before it.
    fn not_solved(&self, attempt: &Attempt, step: Step, steps: u64, before: u64) -> Error {
        Error::NotSolved {
            what: "the equations of a step could not be solved",
            at: Some(FailedStep { time: step.from, dt: step.dt, number: steps }),
            residual: attempt.residual,
            corrections: self.newton.iterations.nonlinear - before,
            stuck: self.newton.stuck,
            history: self.newton.history.clone(),
        }
    }

    /// Whether what has to stay positive does so in the state. Collective.
    pub(super) fn stays_positive(
        &self,
        place: &Place<'_>,
        pde: &Pde,
        tolerance: &Tolerance,
    ) -> Result<bool, Error> {
        if tolerance.positive.is_empty() {
            return Ok(true);
        }
        let of_numbers =
            |numbers: &ImplicitNumbers| numbers.stay_positive(place.memory.globals(), tolerance);
        if !self.numbers.as_ref().is_none_or(of_numbers) {
            return Ok(false);
        }
        let fields = pde.fields().iter().enumerate();
        let asked = fields.filter(|(_, name)| tolerance.keeps_positive(name));
        let arrays: Vec<usize> = asked.flat_map(|(field, _)| pde.arrays_of(field)).collect();
        let below = |k: usize, [x]: [f64; 1]| if arrays.contains(&k) { -x } else { 0.0 };
        let lowest = self.newton.vectors.largest(place, |k| [STATE + k], below)?;
        Ok(lowest <= 0.0)
    }
}

impl Simulation {
    /// Makes a step by an implicit scheme that neither the clock nor the number of steps knows of. Collective.
    pub(super) fn implicit_step_aside(&mut self, step: Step) -> Result<(), Error> {
        let Some(stepper) = &mut self.implicit else { return Ok(()) };
        let State { pde, world, block, memory, .. } = &mut self.state;
        let before = stepper.newton.iterations.nonlinear;
        let attempt = stepper.attempt(&mut Place { world, block, memory }, pde, step)?;
        self.stepper.counts = stepper.counts();
        match attempt.solved {
            true => Ok(()),
            false => Err(stepper.not_solved(&attempt, step, self.steps, before)),
        }
    }

    /// Makes a step by an implicit scheme: as often as it takes until the clock accepts it.
    pub(super) fn try_implicit_step(&mut self) -> Result<(), Error> {
        loop {
            let step = self.next_step();
            let Some(stepper) = &mut self.implicit else { return Ok(()) };
            let State { pde, world, block, memory, .. } = &mut self.state;
            let mut place = Place { world, block, memory };
            let before = stepper.newton.iterations.nonlinear;
            let attempt = stepper.attempt(&mut place, pde, step)?;
            let failed = !attempt.solved && stepper.tolerance.is_none();
            let trial = Trial { error: attempt.error, ..Trial::new(step, attempt.solved) };
            let verdict = self.clock.judge(&trial).map_err(|error| match failed {
                true => stepper.not_solved(&attempt, step, self.steps, before),
                false => error,
            });
            self.stepper.counts = stepper.counts();
            if *verdict.as_ref().unwrap_or(&Verdict::Rejected) == Verdict::Rejected {
                stepper.newton.vectors.copy(&mut place, STATE, stepper.registers.old);
                if let Some(numbers) = &stepper.numbers {
                    place.memory.set_globals(&numbers.old);
                }
                stepper.newton.preconditioner.forget();
                verdict?;
                let largest =
                    stepper.newton.vectors.largest(&place, |k| [STATE + k], |_, [x]| x.abs())?;
                if largest > OVERFLOWING {
                    // Shorter steps would be rejected for ever.
                    return Err(stepper.not_solved(&attempt, step, self.steps, before));
                }
                continue;
            }
            let numbers = stepper.numbers.as_ref().map(|numbers| &numbers.old[..]);
            let began = (stepper.registers.old, step.dt);
            stepper.history.note((&stepper.newton.vectors, &mut place), began, numbers);
            stepper.halved = stepper.halved.saturating_sub(1);
            (self.time, self.steps) = (step.to, self.steps + 1);
            return Ok(());
        }
    }
}
