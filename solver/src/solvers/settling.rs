//! The way to a steady state, along the solution in time.
//!
//! Steps of the implicit Euler scheme become longer as rates become smaller: pseudo-transient continuation (Kelley & Keyes
//! 1998, SIAM J. Numer. Anal. 35, 508, algorithm PTC). Unknowns without space, N with the rates g(u, N), take part by
//! elimination in blocks: with A = I − dt·∂F/∂u and w = A⁻¹·dt·∂F/∂N, the change of the numbers solves
//! (I − dt·(∂g/∂u·w + ∂g/∂N))·δN = dt·(g + ∂g/∂u·A⁻¹·dt·F). Derivatives along directions are difference quotients.

use crate::error::Error;
use crate::solvers::balance::{Balance, Rounding};
use crate::solvers::diagonal::invert;
use crate::solvers::newton::Newton;
use crate::solvers::number_rates::{NumberRates, difference};
use crate::solvers::place::Place;
use crate::solvers::registers::Registers;
use crate::system::solver_options::SolverOptions;

/// The most steps towards a steady state.
const MOST_STEPS: u64 = 400;
/// The longest step beside the first one: the mode that decays slowest is much faster in most problems.
const LONGEST: f64 = 1e13;
/// Rates this many times as large as at first belong to a solution without bounds.
const RUN_AWAY: f64 = 1e20;
/// What may be left of the residual of the linear system of a step.
const LEFT: f64 = 0.01;

impl Newton {
    /// Goes from the present state to a steady one. Unless the way matters (`forwards`), it leads back in time where modes decay in
    /// that direction. `numbers` are the unknowns without space, if there are any. `rounding` is known from a search that has led here.
    /// Collective.
    pub(crate) fn settle(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        rounding: Option<Rounding>,
        forwards: bool,
        mut numbers: Option<&mut NumberRates>,
    ) -> Result<Balance, Error> {
        let before = self.iterations;
        self.jacobian.rates(place, time)?;
        let (first, mut of_numbers) = self.left(place, time, numbers.as_deref_mut())?;
        let (mut norm, mut scale) = (first, first);
        self.begin_history(norm / first);
        if !norm.is_finite() {
            return Err(self.not_solved(Error::NO_STEADY_STATE, norm, 0, None));
        }
        let tolerance = self.options.tolerance.unwrap_or(SolverOptions::TOLERANCE);
        self.prepare(place, time, (1.0, 0.0))?;
        // A first step as an explicit scheme would make it.
        let fastest = self.fastest(place)?;
        let mut step = if fastest > 0.0 { 1.0 / fastest } else { 1.0 };
        let longest = LONGEST * step;
        if !forwards && self.vectors.averages(place, self.preconditioner.diagonal.own(0))?[0] > 0.0
        {
            step = -step;
        }
        let (mut made, mut failed) = (0, 0);
        let mut rounding = rounding.unwrap_or(Rounding::beside(first));
        let has_run_away = |norm: f64| norm > RUN_AWAY * first;
        while norm > tolerance * scale && made + failed < MOST_STEPS && !has_run_away(norm) {
            self.prepare(place, time, (1.0, -step))?;
            if self.is_rounding(place, time, (norm, 1.0), &[], &mut rounding)? {
                break;
            }
            self.vectors.copy(place, self.registers.before, self.registers.state);
            let numbers_before = place.memory.globals().to_vec();
            let is_solved = match numbers.as_deref_mut() {
                Some(numbers) => self.step_with(place, time, step, numbers, &of_numbers)?,
                None => {
                    self.right_from_rates(place, step);
                    self.step_of_fields(place, time, step)?
                }
            };
            let Registers { rates, correction, .. } = self.registers;
            let along = step * self.vectors.product(place, rates, correction)?;
            self.vectors.add(place, self.registers.state, 1.0, self.registers.correction);
            self.jacobian.rates(place, time)?;
            let (reached, rates) = self.left(place, time, numbers.as_deref_mut())?;
            // A step against the rates has jumped over a mode that grows: it does not follow the solution.
            let most = if along > 0.0 { 3.0 * norm } else { norm };
            let is_better = reached.is_finite() && reached <= most;
            if !is_better || !is_solved {
                self.restore_state(place, time, &numbers_before)?;
                step /= 4.0;
                failed += 1;
                self.preconditioner.forget();
                continue;
            }
            self.iterations.nonlinear += 1;
            made += 1;
            let growth = (2.0 * norm / reached).clamp(0.5, 10.0);
            step = (step * growth).clamp(-longest, longest);
            (norm, of_numbers) = (reached, rates);
            self.history.push(norm / first);
            scale = scale.max(norm.min(10.0 * first));
        }
        let corrections = self.iterations.nonlinear - before.nonlinear;
        if norm > tolerance * scale
            && !self.is_rounding(place, time, (norm, 1.0), &[], &mut rounding)?
        {
            return Err(self.not_solved(Error::NO_STEADY_STATE, norm / first, made + failed, None));
        }
        Ok(Balance {
            corrections,
            iterations: self.iterations.linear - before.linear,
            residuals: [first, norm],
            excess: Vec::new(),
        })
    }

    /// The norm of the last rates and those of the numbers, and the latter themselves. Collective.
    fn left(
        &self,
        place: &mut Place<'_>,
        time: f64,
        numbers: Option<&mut NumberRates>,
    ) -> Result<(f64, Vec<f64>), Error> {
        let of_fields = self.remaining(place, &[])?;
        let Some(numbers) = numbers else { return Ok((of_fields, Vec::new())) };
        let rates = numbers.now(place, time)?;
        Ok((rates.iter().fold(of_fields, |norm: f64, rate| norm.hypot(*rate)), rates))
    }

    /// The correction whose product with A is the right side. Whether it was found. Collective.
    fn step_of_fields(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        step: f64,
    ) -> Result<bool, Error> {
        let balanced = match &self.balanced {
            Some(known) => known.clone(),
            None => self.balanced(place, time)?,
        };
        // Long steps would make a change of the amount out of the rounding of its rate.
        let least = step.abs() * self.rounding(place)?;
        let mut kept = Vec::new();
        for k in balanced {
            if self.vectors.average(place, self.registers.right + k)?.abs() <= least {
                kept.push(self.registers.correction + k);
            }
        }
        let right = self.vectors.norm(place, self.registers.right)?;
        let solved = self.linear(place, time, (1.0, -step), LEFT * right)?;
        for array in kept {
            self.vectors.remove_average(place, array)?;
        }
        Ok(solved.residual <= 0.5 * right)
    }

    /// The correction of the fields together with a change of the numbers, whose rates are known. Whether it was found.
    /// Collective.
    fn step_with(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        step: f64,
        numbers: &mut NumberRates,
        rates: &[f64],
    ) -> Result<bool, Error> {
        let (n, before) = (rates.len(), place.memory.globals().to_vec());
        self.right_from_rates(place, step);
        let mut is_solved = self.step_of_fields(place, time, step)?;
        let slope = self.slope(place, time, numbers, rates)?;
        let right: Vec<f64> =
            rates.iter().zip(slope).map(|(rate, slope)| step * (rate + slope)).collect();
        self.restore_state(place, time, &before)?;
        let own = numbers.derivatives(place, time, rates)?;
        let mut matrix = vec![0.0; n * n];
        for j in 0..n {
            let mut direction = vec![0.0; n];
            direction[j] = 1.0;
            self.right_from_numbers(place, time, step, (&before, &direction), 0.0)?;
            is_solved &= self.step_of_fields(place, time, step)?;
            let slope = self.slope(place, time, numbers, rates)?;
            self.restore_state(place, time, &before)?;
            for i in 0..n {
                matrix[i * n + j] = f64::from(u8::from(i == j)) - step * (slope[i] + own[i][j]);
            }
        }
        let mut inverse = vec![0.0; n * n];
        invert(&mut matrix, &mut inverse, n);
        let row = |row: &[f64]| row.iter().zip(&right).map(|(a, x)| a * x).sum();
        let change: Vec<f64> = inverse.chunks(n).map(row).collect();
        self.right_from_numbers(place, time, step, (&before, &change), 1.0)?;
        is_solved &= self.step_of_fields(place, time, step)?;
        let changed: Vec<f64> = before.iter().zip(&change).map(|(x, dx)| x + dx).collect();
        place.memory.set_globals(&changed);
        Ok(is_solved)
    }

    /// right ← step·(share·F + ∂F/∂N·direction), where F are the rates of the present state. Collective.
    fn right_from_numbers(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        step: f64,
        (numbers, direction): (&[f64], &[f64]),
        share: f64,
    ) -> Result<(), Error> {
        let magnitude = |values: &[f64]| values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let along = magnitude(direction);
        if along == 0.0 {
            self.right_from_rates(place, step * share);
            return Ok(());
        }
        let length = difference(magnitude(numbers)) / along;
        let there: Vec<f64> = numbers.iter().zip(direction).map(|(x, d)| x + length * d).collect();
        place.memory.set_globals(&there);
        self.jacobian.rates(place, time)?;
        self.right_from_rates(place, step / length);
        place.memory.set_globals(numbers);
        self.jacobian.rates(place, time)?;
        let here = step * (share - 1.0 / length);
        self.vectors.add(place, self.registers.right, here, self.registers.rates);
        Ok(())
    }

    /// How the rates of the numbers change along the correction of the fields. The state is another one afterwards.
    /// Collective.
    fn slope(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        numbers: &mut NumberRates,
        rates: &[f64],
    ) -> Result<Vec<f64>, Error> {
        let (mut state, mut along) = (0.0f64, 0.0f64);
        for k in 0..self.vectors.arrays {
            state = state.max(self.vectors.magnitude(place, self.registers.state + k)?);
            along = along.max(self.vectors.magnitude(place, self.registers.correction + k)?);
        }
        if along == 0.0 {
            return Ok(vec![0.0; rates.len()]);
        }
        let length = difference(state) / along;
        self.vectors.add(place, self.registers.state, length, self.registers.correction);
        let there = numbers.now(place, time)?;
        Ok(there.iter().zip(rates).map(|(there, here)| (there - here) / length).collect())
    }

    /// The state and the numbers as they were, with their rates. Collective.
    fn restore_state(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        numbers: &[f64],
    ) -> Result<(), Error> {
        self.vectors.copy(place, self.registers.state, self.registers.before);
        place.memory.set_globals(numbers);
        self.jacobian.rates(place, time).map(drop)
    }
}
