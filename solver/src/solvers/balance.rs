//! States in which all rates of change vanish: the solutions of elliptic problems, and steady states.

use crate::error::Error;
use crate::solvers::krylov::Solved;
use crate::solvers::newton::{DECREASE, FIRST_FORCING, Newton, ROUNDING, forcing_term};
use crate::solvers::place::Place;
use crate::system::solver_options::SolverOptions;

/// The most corrections of an elliptic problem.
const MOST_CORRECTIONS: u64 = 60;
/// How many times a correction is halved before it is given up.
const HALVINGS: u32 = 20;
const NOT_SOLVED: &str = "the equations could not be solved";
/// The largest share of the rates at first that rounding may leave in a solution.
const MOST_ROUNDED: f64 = 1e-3;
/// What is left by rounding has an average of less than this share of its norm.
const RANDOM: f64 = 0.2;
/// What a constant may change beside what a vector without order does, for constants to change nothing.
const NOTHING: f64 = 4e-15;
/// What chequers may change beside what a vector without order does, for equations that hardly see them.
const CHEQUERED: f64 = 1e-6;
/// What may be left over all of the domain, beside what there is.
const EXCESS: f64 = 1e-12;

/// What came of an elliptic problem, or of the way to a steady state.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Balance {
    /// Corrections by Newton's method.
    pub corrections: u64,
    /// Iterations of linear systems.
    pub iterations: u64,
    /// The norm of the residual at first and at last: the root of the mean square of the rates of change.
    pub residuals: [f64; 2],
    /// The average of what could not be balanced, for each field whose solution is known but for a constant.
    pub excess: Vec<(String, f64)>,
}

/// What is known of rounding from the states of a search.
#[derive(Clone, Copy)]
pub(crate) struct Rounding {
    /// The norm of the rates with which others are compared.
    scale: f64,
    /// The norm of the rates that it may have left in the state from which the search began, once that is known.
    at_first: Option<f64>,
    /// Whether the state has run away since. The further it does, the less can be told from its rates.
    has_run_away: bool,
}

impl Rounding {
    /// What is known before a search that compares rates with this norm.
    pub(super) fn beside(scale: f64) -> Self {
        Rounding { scale, at_first: None, has_run_away: false }
    }
}

impl Newton {
    /// The rates of the state, and the norm of those where the state is 0, if that is a number: a measure that does not
    /// depend on a first guess. Collective.
    fn scale(&mut self, place: &mut Place<'_>, time: f64) -> Result<f64, Error> {
        let state = self.registers.state;
        let mut is_zero = true;
        for k in 0..self.vectors.arrays {
            is_zero &= self.vectors.magnitude(place, state + k)? == 0.0;
        }
        if !is_zero {
            self.vectors.copy(place, self.registers.before, state);
            self.vectors.set(place, state, 0.0);
        }
        self.jacobian.rates(place, time)?;
        let norm = self.vectors.norm(place, self.registers.rates)?;
        if !is_zero {
            self.vectors.copy(place, state, self.registers.before);
            self.jacobian.rates(place, time)?;
        }
        Ok(if norm.is_finite() { norm } else { 0.0 })
    }

    /// Finds the state in which the rates vanish, as [`balanced_state`](Self::balanced_state) does. Collective.
    pub(crate) fn balance(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        names: &[String],
        drift: Option<f64>,
    ) -> Result<Balance, Error> {
        let mut found = self.balanced_state(place, time, names, drift);
        if let Err(Error::NotSolved { what, .. }) = &mut found
            && self.leaves_chequers(place, time)?
        {
            *what = Error::CHEQUERED;
        }
        found
    }

    /// Finds the state in which the rates vanish, from the present state on. `names` are those of the arrays.
    /// The norm of the rates is compared with that at first, or with that where the state is 0 if this is larger; and what
    /// may be in excess is `drift` beside the latter, if it is given. Collective.
    fn balanced_state(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        names: &[String],
        drift: Option<f64>,
    ) -> Result<Balance, Error> {
        let scale = self.scale(place, time)?;
        let free = self.free_constants(place, time)?;
        let drift = drift.map_or(0.0, |drift| drift * scale);
        let mut excess = Vec::new();
        for k in free.iter().copied() {
            let [average, magnitude] = self.vectors.averages(place, self.registers.rates + k)?;
            if average.abs() > (EXCESS * magnitude.max(scale)).max(drift) && !self.options.project {
                return Err(Error::Incompatible { field: names[k].clone(), excess: average });
            }
            excess.push((names[k].clone(), average));
        }
        let before = self.iterations;
        let norm_at_first = self.remaining(place, &free)?;
        let first = norm_at_first.max(scale);
        let target = self.options.tolerance.unwrap_or(SolverOptions::TOLERANCE) * first;
        let (mut norm, mut norm_before) = (norm_at_first, f64::INFINITY);
        self.begin_history(norm_at_first / first);
        if !norm.is_finite() {
            return Err(self.not_solved(NOT_SOLVED, norm, 0, None));
        }
        let mut corrections = 0;
        let mut rounding = Rounding::beside(first);
        while norm > target {
            self.prepare(place, time, (0.0, 1.0))?;
            if self.is_rounding(place, time, (norm, 1.0), &free, &mut rounding)? {
                break;
            }
            // What is left of linear equations is what the solver leaves, but for rounding.
            let (forcing, share) = match self.jacobian.is_constant {
                true => (0.0, 0.99),
                false if corrections == 0 => (FIRST_FORCING, 0.3),
                false => (forcing_term(norm, norm_before).min(FIRST_FORCING), 0.3),
            };
            let tolerance = norm * forcing.max(share * target / norm).clamp(1e-14, 0.5);
            self.right_from_rates(place, -1.0);
            let solved = self.linear(place, time, (0.0, 1.0), tolerance)?;
            corrections += 1;
            self.iterations.nonlinear += 1;
            let share = self.search(place, time, &free, norm)?;
            if share.is_none() && !self.jacobian.is_constant && free.is_empty() {
                // Newton's method is stuck far from a solution.
                let settled = self.settle(place, time, Some(rounding), false, None);
                let settled = settled.map_err(|mut error| {
                    if let Error::NotSolved { what, .. } = &mut error {
                        *what = NOT_SOLVED;
                    }
                    error
                })?;
                return Ok(Balance { residuals: [norm_at_first, settled.residuals[1]], ..settled });
            }
            let reached =
                share.filter(|(_, reached)| corrections < MOST_CORRECTIONS || *reached <= target);
            let Some((_, reached)) = reached else {
                if self.is_rounding(place, time, (norm, 30.0), &free, &mut rounding)? {
                    break;
                }
                return Err(self.not_solved(NOT_SOLVED, norm / first, corrections, Some(solved)));
            };
            (norm_before, norm) = (norm, reached);
            self.history.push(norm / first);
            // What is left when corrections no longer help is rounding, or too few iterations.
            if norm > 0.5 * norm_before && norm > target {
                if self.is_rounding(place, time, (norm, 30.0), &free, &mut rounding)? {
                    break;
                }
                if !solved.converged {
                    return Err(self.not_solved(
                        NOT_SOLVED,
                        norm / first,
                        corrections,
                        Some(solved),
                    ));
                }
            }
        }
        for k in free {
            self.vectors.remove_average(place, self.registers.state + k)?;
        }
        Ok(Balance {
            corrections,
            iterations: self.iterations.linear - before.linear,
            residuals: [norm_at_first, norm],
            excess,
        })
    }

    /// right ← factor·rates
    pub(super) fn right_from_rates(&self, place: &mut Place<'_>, factor: f64) {
        self.vectors.copy_scaled(place, self.registers.right, factor, self.registers.rates);
    }

    /// Takes the averages of these arrays away from the rates. The norm of what is left. Collective.
    pub(super) fn remaining(&self, place: &mut Place<'_>, free: &[usize]) -> Result<f64, Error> {
        for k in free {
            self.vectors.remove_average(place, self.registers.rates + k)?;
        }
        self.vectors.norm(place, self.registers.rates)
    }

    /// Whether rounding, so many times, explains that the rates have this norm, without the averages of the arrays that are
    /// `free`. It is large in a state that runs away, too: there it explains nothing if much of the rates at first is left, or
    /// if their average tells that there is no balance. Collective.
    pub(super) fn is_rounding(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        (norm, times): (f64, f64),
        free: &[usize],
        rounding: &mut Rounding,
    ) -> Result<bool, Error> {
        let now = self.rounding(place)?;
        let at_first = *rounding.at_first.get_or_insert(now);
        if norm > times * now || rounding.has_run_away {
            return Ok(false);
        }
        if norm <= 30.0 * at_first {
            return Ok(true);
        }
        if norm > MOST_ROUNDED * rounding.scale {
            rounding.has_run_away = true;
            return Ok(false);
        }
        if self.jacobian.is_constant {
            return Ok(true);
        }
        self.jacobian.rates(place, time)?;
        for k in self.without_effect(place, time, (0..self.vectors.arrays).collect())? {
            let [average, _] = self.vectors.averages(place, self.registers.rates + k)?;
            rounding.has_run_away |= !free.contains(&k) && average.abs() > RANDOM * norm;
        }
        self.remaining(place, free)?;
        Ok(!rounding.has_run_away)
    }

    /// The norm of the rates that rounding alone may leave. Collective.
    pub(super) fn rounding(&self, place: &mut Place<'_>) -> Result<f64, Error> {
        let to = self.registers.to;
        self.vectors.copy(place, to, self.registers.state);
        for k in 0..self.vectors.arrays {
            self.vectors.multiply_array(place, to + k, self.preconditioner.diagonal.own(k));
        }
        Ok(ROUNDING * self.vectors.norm(place, to)?)
    }

    /// Adds that share of the correction to the state which makes the rates smaller, and by how much they
    /// are then. Nothing if no share does; the state is what it was before. Collective.
    fn search(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        free: &[usize],
        norm: f64,
    ) -> Result<Option<(f64, f64)>, Error> {
        self.vectors.copy(place, self.registers.before, self.registers.state);
        let mut share = 1.0;
        for halvings in 0..HALVINGS {
            if halvings > 0 {
                self.vectors.copy(place, self.registers.state, self.registers.before);
            }
            self.vectors.add(place, self.registers.state, share, self.registers.correction);
            self.jacobian.rates(place, time)?;
            let reached = self.remaining(place, free)?;
            if reached <= (1.0 - DECREASE * share) * norm {
                return Ok(Some((share, reached)));
            }
            share /= 2.0;
        }
        self.vectors.copy(place, self.registers.state, self.registers.before);
        Ok(None)
    }

    /// The arrays of the state of which a constant may be added without a change of the rates, and whose rates
    /// have the average 0 whatever is added. Collective.
    fn free_constants(&mut self, place: &mut Place<'_>, time: f64) -> Result<Vec<usize>, Error> {
        if let Some(known) = self.free.as_ref().filter(|_| self.jacobian.is_constant) {
            return Ok(known.clone());
        }
        let mut free = self.free_here(place, time)?;
        if !self.jacobian.is_constant && !free.is_empty() {
            // What holds in this state only is no freedom.
            let (state, vector) = (self.registers.state, self.registers.work[0]);
            self.vectors.copy(place, self.registers.before, state);
            self.vectors.set_random(place, vector, 4);
            self.vectors.add(place, state, 1.0, vector);
            self.jacobian.rates(place, time)?;
            let elsewhere = self.free_here(place, time)?;
            self.vectors.copy(place, state, self.registers.before);
            self.jacobian.rates(place, time)?;
            free.retain(|k| elsewhere.contains(k));
        }
        self.free = Some(free.clone());
        Ok(free)
    }

    /// The same for the state of the last rates. Collective.
    fn free_here(&mut self, place: &mut Place<'_>, time: f64) -> Result<Vec<usize>, Error> {
        let balanced = self.balanced(place, time)?;
        self.without_effect(place, time, balanced)
    }

    /// Those of some arrays of which a constant may be added without a change of the rates, in the state of the last ones.
    /// Collective.
    fn without_effect(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        arrays: Vec<usize>,
    ) -> Result<Vec<usize>, Error> {
        let (vector, product) = (self.registers.correction, self.registers.to);
        let scale = self.effect_without_order(place, time)?;
        let mut found = Vec::new();
        for k in arrays {
            self.vectors.set(place, vector, 0.0);
            self.vectors.set_array(place, vector + k, 1.0);
            self.jacobian.product(place, time, vector, product)?;
            if self.vectors.norm(place, product)? <= NOTHING * scale {
                found.push(k);
            }
        }
        Ok(found)
    }

    /// The norm of the product of a vector without order beside that of the vector, in the state of the last rates. Collective.
    fn effect_without_order(&mut self, place: &mut Place<'_>, time: f64) -> Result<f64, Error> {
        let (vector, product) = (self.registers.correction, self.registers.to);
        self.vectors.set_random(place, vector, 3);
        self.jacobian.product(place, time, vector, product)?;
        Ok(self.vectors.norm(place, product)? / self.vectors.norm(place, vector)?)
    }

    /// Whether chequers may be added to an array with no change of the rates of the state. Collective.
    fn leaves_chequers(&mut self, place: &mut Place<'_>, time: f64) -> Result<bool, Error> {
        self.jacobian.rates(place, time)?;
        let (vector, product) = (self.registers.correction, self.registers.to);
        let scale = self.effect_without_order(place, time)?;
        for k in 0..self.vectors.arrays {
            self.vectors.set(place, vector, 0.0);
            self.vectors.set_chequered(place, vector + k);
            self.jacobian.product(place, time, vector, product)?;
            if self.vectors.norm(place, product)? <= CHEQUERED * scale {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn not_solved(
        &self,
        what: &'static str,
        residual: f64,
        corrections: u64,
        solved: Option<Solved>,
    ) -> Error {
        let stuck = solved.filter(|solved| !solved.converged).map(|solved| solved.iterations);
        let history = self.history.clone();
        Error::NotSolved { what, at: None, residual, corrections, stuck, history }
    }
}
