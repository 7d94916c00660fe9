//! A stage of a step by an implicit scheme: the solution of its equations.

use crate::error::Error;
use crate::schemes::tolerance::Tolerance;
use crate::simulation::implicit_numbers::{self, ImplicitNumbers};
use crate::simulation::implicit_steps::{Attempt, ImplicitStepper};
use crate::solvers::newton::Bounds;
use crate::solvers::place::Place;
use crate::system::pde::Pde;
use crate::system::solver_options::SolverOptions;

/// How exact stages are beside the tolerance of a step.
const BESIDE_STEP: f64 = 0.03;

impl ImplicitStepper {
    /// Solves the equations of a stage, for the numbers too where these have a base.
    pub(super) fn stage(
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
