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
use crate::simulation::implicit_numbers::{self, ImplicitNumbers};
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::simulation::step_history::{Known, StepHistory};
use crate::solvers::newton::{Bounds, Newton, SavedNewton};
use crate::solvers::place::Place;
use crate::solvers::registers::STATE;
use crate::system::pde::Pde;
use crate::system::solver_options::SolverOptions;

/// How exact stages are beside the tolerance of a step.
const BESIDE_STEP: f64 = 0.03;
/// By how much a step of `bdf2` may be longer than the one before: from 1 + √2 on, steps that go on growing are not stable
/// (Hairer, Nørsett & Wanner 1993, III.5).
const LONGEST_RATIO: f64 = 2.4;
/// By how much steps of `bdf2` grow.
pub(super) const MOST_GROWTH: f64 = 2.0;
/// How many steps of `crank-nicolson` are made of halves by backward Euler where the state is rough (Rannacher 1984, Numer.
/// Math. 43, 309).
const DAMPED: u8 = 2;
/// How much of the slopes has to be lost in a step that turns most of them around, beside what remains of their sum, for
/// them to be those of modes that decay. Modes that oscillate lose nothing.
const LOSS: f64 = 0.1;

/// What makes steps by an implicit scheme.
pub(crate) struct ImplicitStepper {
    solving: Solving,
    pub(super) stages: ImplicitStages,
    /// What is treated explicitly, where that is a part of the rates.
    pub(super) explicit: Option<Explicit>,
    /// Finds the unknowns of a state to which slopes of both kinds have led, if there are any.
    find: Option<Executor>,
    /// Unknowns without space, if there are any.
    pub(super) numbers: Option<ImplicitNumbers>,
    pub(super) newton: Newton,
    pub(super) registers: ImplicitRegisters,
    tolerance: Option<Tolerance>,
    pub(super) history: StepHistory,
    /// How many steps from now on are damped; not known before the first step from a state.
    damped: Option<u8>,
}

/// What an implicit scheme knows beside the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedImplicit {
    history: Known,
    damped: Option<u8>,
    newton: SavedNewton,
}

/// What is treated explicitly of the rates.
pub(super) struct Explicit {
    /// Stores it where products of the solver are stored.
    rates: Executor,
    a: Vec<Vec<f64>>,
    /// The weights of the result for both parts.
    pub(super) b: [Vec<f64>; 2],
    evaluations: u64,
}

/// What came of a step: whether its equations could be solved, its error beside the tolerance, if the scheme
/// tells it, and the residual where the equations could not be solved.
struct Attempt {
    solved: bool,
    error: Option<f64>,
    residual: f64,
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
        ImplicitStepper {
            solving,
            stages: solving.stages(),
            explicit,
            find,
            numbers,
            newton,
            registers,
            tolerance,
            history,
            damped: None,
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

    /// Stores what is treated explicitly of the rates of the state, if anything is.
    fn find_explicit(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        stage: usize,
    ) -> Result<(), Error> {
        if let Some(Explicit { rates, evaluations, .. }) = &mut self.explicit {
            rates.run(place.world, place.block, place.memory, time, 0.0)?;
            *evaluations += 1;
            let (to, from) = (self.registers.explicit[stage], self.registers.solver.to);
            self.newton.vectors.copy(place, to, from);
        }
        Ok(())
    }

    /// What is known beside the state, for a run that goes on from here.
    pub(super) fn save(&self) -> SavedImplicit {
        let (history, damped) = (self.history.save(), self.damped);
        SavedImplicit { history, damped, newton: self.newton.save() }
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
        self.damped = saved.damped;
        self.newton.restore(place, saved.newton)
    }

    /// Forgets the steps before, which have not led to the present state.
    pub(super) fn forget(&mut self) {
        self.history.forget();
    }

    /// Forgets all that is known of the state: it is another one.
    pub(super) fn begin_anew(&mut self) {
        self.forget();
        self.damped = None;
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
            (Solving::All(Implicit::CrankNicolson), _) if self.tolerance.is_none() => {
                (self.solving, self.trapezoidal(place, pde, step)?)
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

    /// A step by the two-step formula, after one of length `last`.
    fn two_step(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        Step { from, dt, .. }: Step,
        last: f64,
    ) -> Result<Attempt, Error> {
        // (1 + 2ω)/(1 + ω)·u_n+1 = (1 + ω)·u_n − ω²/(1 + ω)·u_n−1 + dt·F(u_n+1), ω = dt/dt_before
        let ratio = dt / last;
        let scale = (1.0 + ratio) / (1.0 + 2.0 * ratio);
        let (vectors, ImplicitRegisters { old, base, earlier, .. }) =
            (&self.newton.vectors, &self.registers);
        vectors.copy_scaled(place, *base, scale * (1.0 + ratio), *old);
        vectors.add(place, *base, -scale * ratio * ratio / (1.0 + ratio), earlier[0]);
        let of_numbers = self.numbers.as_ref().map(|numbers| {
            let both = numbers.old.iter().zip(&self.history.numbers()[0]);
            let share = ratio * ratio / (1.0 + ratio);
            both.map(|(old, earlier)| scale * ((1.0 + ratio) * old - share * earlier)).collect()
        });
        self.stage(place, pde, (*base, of_numbers), scale * dt, from + dt)
    }

    /// A step of the trapezoidal rule; two of backward Euler where the state is rough, at first.
    fn trapezoidal(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        step: Step,
    ) -> Result<Attempt, Error> {
        if self.damped.is_none_or(|left| left == 0) {
            let attempt = self.by_stages(place, pde, step)?;
            if self.damped.is_some() || !attempt.solved {
                return Ok(attempt);
            }
            self.damped = Some(if self.turns_decaying_slopes(place)? { DAMPED } else { 0 });
            if self.damped == Some(0) {
                return Ok(attempt);
            }
            self.newton.vectors.copy(place, STATE, self.registers.old);
            if let Some(numbers) = &self.numbers {
                place.memory.set_globals(&numbers.old);
            }
        }
        let (base, half) = (self.registers.base, step.dt / 2.0);
        let mut attempt = Attempt { solved: true, error: None, residual: 0.0 };
        for time in [step.from + half, step.from + step.dt] {
            self.newton.vectors.copy(place, base, STATE);
            let of_numbers = self.numbers.as_ref().map(|_| place.memory.globals().to_vec());
            attempt = self.stage(place, pde, (base, of_numbers), half, time)?;
            if !attempt.solved {
                break;
            }
        }
        Ok(attempt)
    }

    /// Whether the last step by the trapezoidal rule has turned around most of the slopes, and they are those of modes that
    /// should have decayed. Collective.
    fn turns_decaying_slopes(&self, place: &Place<'_>) -> Result<bool, Error> {
        let [before, after] = [self.registers.slopes[0], self.registers.slopes[1]];
        let pairs = [(before, before), (before, after), (after, after)];
        let [old, mixed, new] = self.newton.vectors.products(place, &pairs)?[..] else {
            return Ok(false);
        };
        let (sum, difference) = (old + 2.0 * mixed + new, old - 2.0 * mixed + new);
        let [sum, difference] = [sum, difference].map(|square| square.max(0.0).sqrt());
        Ok(sum < difference && (old - new) * difference > LOSS * sum * old)
    }

    /// A step by the stages of the scheme.
    fn by_stages(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        Step { from, dt, .. }: Step,
    ) -> Result<Attempt, Error> {
        let ImplicitRegisters { old, base, slopes, .. } = self.registers.clone();
        if let Some(numbers) = &mut self.numbers {
            numbers.slopes.clear();
        }
        let count = self.stages.a.len();
        for stage in 0..count {
            let (row, time) = (self.stages.a[stage].clone(), from + self.stages.c[stage] * dt);
            let vectors = &self.newton.vectors;
            let explicit = self.explicit.as_ref().map(|explicit| &explicit.a[stage][..]);
            let of_explicit = explicit.unwrap_or_default().iter().zip(&self.registers.explicit);
            let all = row[..stage].iter().zip(&slopes).chain(of_explicit);
            let all = all.map(|(weight, slope)| (weight * dt, *slope)).filter(|(w, _)| *w != 0.0);
            vectors.combine(place, base, (1.0, old), &all.collect::<Vec<_>>());
            vectors.copy(place, STATE, base);
            let factor = row[stage] * dt;
            let of_numbers = self.numbers.as_ref().map(|numbers| {
                let of_explicit = self.explicit.as_ref().map(|explicit| &explicit.a[stage][..]);
                numbers.base(of_explicit.unwrap_or(&row[..stage]), dt)
            });
            if let Some(of_numbers) = &of_numbers {
                place.memory.set_globals(of_numbers);
            }
            if factor == 0.0 {
                self.find_slopes_of_numbers(place, time)?;
                let rates = self.newton.jacobian.rates(place, time)?;
                self.newton.vectors.copy(place, slopes[stage], rates);
                self.find_explicit(place, time, stage)?;
                continue;
            }
            if stage > 0 {
                // The slope of the stage before leads near the solution.
                self.newton.vectors.add(place, STATE, factor, slopes[stage - 1]);
            }
            let implicit = of_numbers.clone().filter(|_| self.explicit.is_none());
            let attempt = self.stage(place, pde, (base, implicit), factor, time)?;
            if !attempt.solved {
                return Ok(attempt);
            }
            match (&mut self.numbers, of_numbers, self.explicit.is_some()) {
                (Some(numbers), Some(base), false) => {
                    let both = place.memory.globals().iter().zip(base);
                    numbers.slopes.push(both.map(|(new, base)| (new - base) / factor).collect());
                }
                _ => self.find_slopes_of_numbers(place, time)?,
            }
            let vectors = &self.newton.vectors;
            let scale = 1.0 / factor;
            vectors.combine(place, slopes[stage], (scale, STATE), &[(-scale, base)]);
            self.newton.clear_unknowns(place, slopes[stage]);
            self.find_explicit(place, time, stage)?;
        }
        if let Some(Explicit { b, .. }) = &self.explicit {
            let vectors = &self.newton.vectors;
            let slopes = [&self.registers.explicit, &slopes].into_iter().flatten();
            let all = b.iter().flatten().zip(slopes).filter(|(weight, _)| **weight != 0.0);
            let all: Vec<_> = all.map(|(weight, slope)| (weight * dt, *slope)).collect();
            vectors.combine(place, STATE, (1.0, old), &all);
            if let Some(numbers) = &self.numbers {
                let found = numbers.base(&b[0], dt);
                if !found.iter().all(|number| number.is_finite()) {
                    let residual = f64::INFINITY;
                    return Ok(Attempt { solved: false, error: None, residual });
                }
                place.memory.set_globals(&found);
            }
            if let Some(find) = &mut self.find {
                find.run(place.world, place.block, place.memory, from + dt, 0.0)?;
            }
            let vectors = &self.newton.vectors;
            let largest = vectors.largest(place, |k| [STATE + k], |_, [x]| x.abs())?;
            if !largest.is_finite() {
                return Ok(Attempt { solved: false, error: None, residual: largest });
            }
        }
        Ok(Attempt { solved: true, error: None, residual: 0.0 })
    }

    /// Takes the rates of numbers in the present state for the slopes of a stage.
    fn find_slopes_of_numbers(&mut self, place: &mut Place<'_>, time: f64) -> Result<(), Error> {
        if let Some(numbers) = &mut self.numbers {
            let rates = numbers.rates(place, time)?;
            numbers.slopes.push(rates);
        }
        Ok(())
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

    /// Solves the equations of a stage, for the numbers too where these have a base.
    fn stage(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        (base, of_numbers): (usize, Option<Vec<f64>>),
        factor: f64,
        time: f64,
    ) -> Result<Attempt, Error> {
        let Some(of_numbers) = of_numbers else {
            return self.stage_of_fields(place, pde, base, factor, time);
        };
        let Some(mut numbers) = self.numbers.take() else {
            return self.stage_of_fields(place, pde, base, factor, time);
        };
        let solved = self.stage_with(&mut numbers, place, pde, (base, &of_numbers), (factor, time));
        self.numbers = Some(numbers);
        solved
    }

    /// The same with these numbers.
    fn stage_with(
        &mut self,
        numbers: &mut ImplicitNumbers,
        place: &mut Place<'_>,
        pde: &Pde,
        (base, of_numbers): (usize, &[f64]),
        (factor, time): (f64, f64),
    ) -> Result<Attempt, Error> {
        numbers.begin_stage(place, factor, time)?;
        let share = match (&self.tolerance, self.newton.options.tolerance) {
            (Some(tolerance), None) => (tolerance.clone(), BESIDE_STEP),
            (_, given) => {
                let relative = given.unwrap_or(SolverOptions::TOLERANCE);
                (Tolerance::new(relative, relative), 1.0)
            }
        };
        let mut before: Option<(Vec<f64>, Vec<f64>)> = None;
        let mut residual = f64::INFINITY;
        for _ in 0..implicit_numbers::MOST_CORRECTIONS {
            let attempt = self.stage_of_fields(place, pde, base, factor, time)?;
            if !attempt.solved {
                return Ok(attempt);
            }
            let now = place.memory.globals().to_vec();
            let rates = numbers.rates(place, time)?;
            let all = now.iter().zip(of_numbers).zip(&rates);
            let missing: Vec<f64> =
                all.map(|((now, base), rate)| now - base - factor * rate).collect();
            residual = numbers.beside(&missing, &now, &share.0) / share.1;
            if residual <= 1.0 {
                return Ok(attempt);
            }
            if !residual.is_finite() {
                break;
            }
            if let Some((correction, missed)) = before {
                let change: Vec<f64> = missing.iter().zip(missed).map(|(a, b)| a - b).collect();
                numbers.learn(&correction, &change);
            }
            let correction = numbers.correction(&missing);
            let next: Vec<f64> = now.iter().zip(&correction).map(|(x, c)| x + c).collect();
            place.memory.set_globals(&next);
            before = Some((correction, missing));
        }
        Ok(Attempt { solved: false, error: None, residual })
    }

    fn stage_of_fields(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        base: usize,
        factor: f64,
        time: f64,
    ) -> Result<Attempt, Error> {
        let bounds = match (&self.tolerance, self.newton.options.tolerance) {
            (Some(tolerance), None) => bounds_of(pde, tolerance, BESIDE_STEP),
            (_, given) => {
                let relative = given.unwrap_or(SolverOptions::TOLERANCE);
                self.bounds_beside(place, base, relative)?
            }
        };
        let corrected = self.newton.stage(place, base, factor, time, &bounds)?;
        let (solved, residual) = (corrected.converged, corrected.residual);
        Ok(Attempt { solved, error: None, residual })
    }

    /// Bounds that are a share of the largest magnitude of each array of a vector; of the largest of all where
    /// an array is 0.
    fn bounds_beside(&self, place: &Place<'_>, vector: usize, share: f64) -> Result<Bounds, Error> {
        let mut magnitudes = Vec::new();
        for k in 0..self.newton.vectors.arrays {
            magnitudes.push(self.newton.vectors.magnitude(place, vector + k)?);
        }
        let all = magnitudes.iter().copied().fold(0.0, f64::max);
        let all = if all > 0.0 { all } else { 1.0 };
        let bound = |magnitude: f64| if magnitude > 0.0 { magnitude } else { all };
        Ok(Bounds(magnitudes.into_iter().map(|m| (share * bound(m), 0.0)).collect()))
    }
}

/// Bounds for each array of the state by the tolerance of its field, times a factor.
pub(super) fn bounds_of(pde: &Pde, tolerance: &Tolerance, factor: f64) -> Bounds {
    let of_field = |(field, name): (usize, &String)| {
        let bounds = tolerance.of(name);
        let bounds = (factor * bounds.absolute, factor * bounds.relative);
        pde.arrays_of(field).map(move |_| bounds)
    };
    Bounds(pde.fields().iter().enumerate().flat_map(of_field).collect())
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
            let controls = stepper.tolerance.is_some() && stepper.solving.estimates_error();
            let failed = !attempt.solved && !controls;
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
                continue;
            }
            let numbers = stepper.numbers.as_ref().map(|numbers| &numbers.old[..]);
            let began = (stepper.registers.old, step.dt);
            stepper.history.note((&stepper.newton.vectors, &mut place), began, numbers);
            stepper.damped = stepper.damped.map(|left| left.saturating_sub(1));
            (self.time, self.steps) = (step.to, self.steps + 1);
            return Ok(());
        }
    }
}
