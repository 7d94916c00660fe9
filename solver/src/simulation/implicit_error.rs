//! The error of a step by an implicit scheme, beside its tolerance.

use crate::error::Error;
use crate::schemes::implicit::{Implicit, Solving};
use crate::schemes::tolerance::Tolerance;
use crate::simulation::clock::Step;
use crate::simulation::implicit_stage::bounds_of;
use crate::simulation::implicit_steps::{Explicit, ImplicitStepper};
use crate::simulation::step_history::divided_difference;
use crate::solvers::newton::Newton;
use crate::solvers::place::Place;
use crate::solvers::registers::STATE;
use crate::system::pde::Pde;

impl ImplicitStepper {
    /// The error of a step of this kind that has led to the state; infinite where what has to stay positive does not.
    /// Collective.
    pub(super) fn error(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        (step, made): (Step, Solving),
        tolerance: &Tolerance,
    ) -> Result<f64, Error> {
        if !self.stays_positive(place, pde, tolerance)? {
            return Ok(f64::INFINITY);
        }
        let of_numbers = match (made, self.stages.embedded.clone()) {
            (_, Some(embedded)) => self.error_of_stages(place, step, &embedded)?,
            (Solving::All(implicit), None) => self.error_of_history(place, step, implicit)?,
            (Solving::Part(_), None) => return Ok(0.0),
        };
        let Some(of_numbers) = of_numbers else { return Ok(f64::INFINITY) };
        let of_numbers = self.numbers.as_ref().map_or(0.0, |numbers| {
            let both = place.memory.globals().iter().zip(&numbers.old);
            let largest: Vec<f64> = both.map(|(new, old)| new.abs().max(old.abs())).collect();
            numbers.beside(&of_numbers, &largest, tolerance)
        });
        let bounds = bounds_of(pde, tolerance, 1.0);
        let (old, error) = (self.registers.old, self.newton.registers.correction);
        let arrays = |k: usize| [error + k, old + k, STATE + k];
        let of_fields = self.newton.vectors.largest(place, arrays, |k, numbers| {
            let [error, old, new] = numbers.map(f64::abs);
            let (absolute, relative) = bounds.0[k];
            error / (absolute + relative * old.max(new))
        })?;
        Ok(of_fields.max(of_numbers))
    }

    /// Stores the difference from a second result with these weights, damped as fast modes are in a step (Hosea &
    /// Shampine 1996, section 4); that of the unknowns without space, or nothing if it cannot be damped. Collective.
    fn error_of_stages(
        &mut self,
        place: &mut Place<'_>,
        step: Step,
        embedded: &[f64],
    ) -> Result<Option<Vec<f64>>, Error> {
        let right = self.newton.registers.right;
        if self.explicit.is_some() {
            // The state is no longer that of the last stage.
            self.newton.jacobian.rates(place, step.from + step.dt)?;
        }
        let row = &self.stages.a[self.stages.a.len() - 1];
        let b = match &self.explicit {
            Some(Explicit { b: [_, b], .. }) => b,
            None => row,
        };
        let differences = b.iter().zip(embedded).map(|(b, other)| step.dt * (b - other));
        let of_slopes = differences.clone().zip(&self.registers.slopes);
        let all = of_slopes.chain(differences.zip(&self.registers.explicit));
        let all = all.map(|(weight, slope)| (weight, *slope)).filter(|(weight, _)| *weight != 0.0);
        let all: Vec<_> = all.collect();
        let vectors = &self.newton.vectors;
        match all.split_first() {
            Some((first, others)) => vectors.combine(place, right, *first, others),
            None => vectors.set(place, right, 0.0),
        }
        let of_numbers = self.numbers.as_ref().map_or(Vec::new(), |numbers| {
            let b = match &self.explicit {
                Some(Explicit { b: [b, _], .. }) => b,
                None => row,
            };
            numbers.error(b, embedded, step.dt, self.explicit.is_none())
        });
        let factor = row[row.len() - 1] * step.dt;
        Ok(self.damp(place, step, factor)?.then_some(of_numbers))
    }

    /// Stores what former states tell of the error: the leading term of that of the scheme, from the divided difference
    /// of the states. These lie on a smooth curve beside the solution, with the same difference to leading order. As long
    /// as there are too few of them, it is the error that a step of backward Euler would have. Collective.
    fn error_of_history(
        &mut self,
        place: &mut Place<'_>,
        step: Step,
        made: Implicit,
    ) -> Result<Option<Vec<f64>>, Error> {
        let lengths = self.history.lengths();
        if lengths.is_empty() {
            return self.error_of_first(place, step);
        }
        let known = if lengths.len() < made.order() { Implicit::BackwardEuler } else { made };
        let mut times = vec![step.dt, 0.0];
        for length in &lengths[..known.order()] {
            times.push(times[times.len() - 1] - length);
        }
        let weights = divided_difference(&times);
        let unit = known.leading_error(step.dt, lengths[0]).unwrap_or(0.0);
        let weights: Vec<f64> = weights.iter().map(|weight| unit * weight).collect();
        let states = [self.registers.old].into_iter().chain(self.history.arrays().to_vec());
        let others: Vec<_> = weights[1..].iter().copied().zip(states).collect();
        let to = self.newton.registers.correction;
        self.newton.vectors.combine(place, to, (weights[0], STATE), &others);
        self.newton.clear_unknowns(place, to);
        let of_numbers = self.numbers.as_ref().map_or(Vec::new(), |numbers| {
            let all = [place.memory.globals(), &numbers.old].into_iter();
            let all = all.chain(self.history.numbers().iter().map(|numbers| &numbers[..]));
            let mut error = vec![0.0; numbers.old.len()];
            for (weight, numbers) in weights.iter().zip(all) {
                error.iter_mut().zip(numbers).for_each(|(error, x)| *error += weight * x);
            }
            error
        });
        Ok(Some(of_numbers))
    }

    /// The same for a step that begins with the first state that is known: half of what it differs from a step of
    /// Euler's explicit scheme, damped as fast modes are. Collective.
    fn error_of_first(
        &mut self,
        place: &mut Place<'_>,
        step: Step,
    ) -> Result<Option<Vec<f64>>, Error> {
        let (old, kept) = (self.registers.old, self.registers.base);
        let vectors = &self.newton.vectors;
        vectors.copy(place, kept, STATE);
        vectors.copy(place, STATE, old);
        let new = place.memory.globals().to_vec();
        let mut of_numbers = Vec::new();
        if let Some(numbers) = &mut self.numbers {
            place.memory.set_globals(&numbers.old);
            let slopes = numbers.rates(place, step.from)?;
            let all = new.iter().zip(&numbers.old).zip(slopes);
            let error = all.map(|((new, old), slope)| (new - old - step.dt * slope) / 2.0);
            of_numbers = numbers.correction(&error.collect::<Vec<_>>());
        }
        let rates = self.newton.jacobian.rates(place, step.from)?;
        let (vectors, right) = (&self.newton.vectors, self.newton.registers.right);
        let others = [(-0.5, old), (-0.5 * step.dt, rates)];
        vectors.combine(place, right, (0.5, kept), &others);
        vectors.copy(place, STATE, kept);
        self.newton.clear_unknowns(place, right);
        place.memory.set_globals(&new);
        self.newton.jacobian.rates(place, step.from + step.dt)?;
        Ok(self.damp(place, step, step.dt)?.then_some(of_numbers))
    }

    /// Stores (1 − factor·J)⁻¹ of the right-hand side of the solver as its correction; whether that is possible.
    /// Collective.
    fn damp(&mut self, place: &mut Place<'_>, step: Step, factor: f64) -> Result<bool, Error> {
        let Newton { vectors, registers, .. } = &self.newton;
        let (right, correction) = (registers.right, registers.correction);
        let norm = vectors.norm(place, right)?;
        if !(norm > 0.0 && norm.is_finite()) {
            vectors.copy(place, correction, right);
            return Ok(true);
        }
        let (matrix, time) = ((1.0, -factor), step.from + step.dt);
        self.newton.prepare(place, time, matrix)?;
        let solved = self.newton.linear(place, time, matrix, 0.03 * norm)?;
        Ok(solved.converged || solved.residual <= 0.5 * norm)
    }
}
