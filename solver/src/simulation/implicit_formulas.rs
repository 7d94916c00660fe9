//! The formulas of implicit schemes: which equations a step solves.

use crate::error::Error;
use crate::schemes::implicit::ImplicitRegisters;
use crate::simulation::clock::Step;
use crate::simulation::implicit_steps::{Attempt, Explicit, ImplicitStepper};
use crate::solvers::place::Place;
use crate::solvers::registers::STATE;
use crate::system::pde::Pde;

/// How the slope of each stage follows from those before it, near enough to begin with: with these weights of up to three of
/// them, those with which differences between them count least.
pub(super) fn predictions(times: &[f64]) -> Vec<Vec<f64>> {
    let of_stage = |stage: usize| {
        let before: Vec<usize> = (0..stage).filter(|k| !times[..*k].contains(&times[*k])).collect();
        let most = before.len().min(3);
        let subsets = (0..1usize << before.len()).filter(|set| set.count_ones() as usize == most);
        let weights = subsets.map(|set| {
            let chosen = before.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            let chosen: Vec<usize> = chosen.map(|(_, k)| *k).collect();
            let at: Vec<f64> = chosen.iter().map(|k| times[*k]).collect();
            let mut weights = vec![0.0; stage];
            for (k, weight) in chosen.into_iter().zip(extrapolation(&at, times[stage])) {
                weights[k] = weight;
            }
            weights
        });
        let size = |weights: &Vec<f64>| weights.iter().map(|weight| weight.abs()).sum::<f64>();
        weights.min_by(|a, b| size(a).total_cmp(&size(b))).unwrap_or_default()
    };
    (0..times.len()).map(of_stage).collect()
}

/// The weights of values at some times in the polynomial through them at another time.
fn extrapolation(times: &[f64], at: f64) -> Vec<f64> {
    let weight = |i: usize| {
        let others = times.iter().enumerate().filter(|(j, _)| *j != i);
        others.map(|(_, other)| (at - other) / (times[i] - other)).product()
    };
    (0..times.len()).map(weight).collect()
}

impl ImplicitStepper {
    /// A step by the two-step formula, after one of length `last`.
    pub(super) fn two_step(
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
        let (base, old) = (*base, *old);
        let predicted = self.extrapolate(place, dt).then_some(old);
        self.stage_from(predicted, place, pde, (base, of_numbers), scale * dt, from + dt)
    }

    /// Solves the equations of a stage from the present state on; if that is `predicted` and does not help, from that in these
    /// arrays: what is predicted may lie where the rates have no value.
    fn stage_from(
        &mut self,
        predicted: Option<usize>,
        place: &mut Place<'_>,
        pde: &Pde,
        (base, of_numbers): (usize, Option<Vec<f64>>),
        factor: f64,
        time: f64,
    ) -> Result<Attempt, Error> {
        let numbers = place.memory.globals().to_vec();
        let attempt = self.stage(place, pde, (base, of_numbers.clone()), factor, time)?;
        let Some(certain) = predicted.filter(|_| !attempt.solved) else { return Ok(attempt) };
        self.newton.vectors.copy(place, STATE, certain);
        place.memory.set_globals(&numbers);
        self.stage(place, pde, (base, of_numbers), factor, time)
    }

    /// Makes the state that which a parabola through the last states has after this time, near the solution, if so many are
    /// known and steps follow a tolerance; whether that was done.
    fn extrapolate(&self, place: &mut Place<'_>, after: f64) -> bool {
        let (&[last, before], Some(_)) = (self.history.lengths(), &self.tolerance) else {
            return false;
        };
        let weights = extrapolation(&[0.0, -last, -last - before], after);
        let arrays = self.history.arrays().iter().copied();
        let others: Vec<_> = weights[1..].iter().copied().zip(arrays).collect();
        let old = (weights[0], self.registers.old);
        self.newton.vectors.combine(place, STATE, old, &others);
        true
    }

    /// Two steps of backward Euler instead of one.
    pub(super) fn halves(
        &mut self,
        place: &mut Place<'_>,
        pde: &Pde,
        step: Step,
    ) -> Result<Attempt, Error> {
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

    /// A step by the stages of the scheme.
    pub(super) fn by_stages(
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
            let mut is_predicted = self.extrapolate(place, self.stages.c[stage] * dt);
            if !is_predicted {
                for (weight, slope) in self.predictions[stage].iter().zip(&slopes) {
                    self.newton.vectors.add(place, STATE, factor * weight, *slope);
                    is_predicted = true;
                }
            }
            let predicted = is_predicted.then_some(base);
            let implicit = of_numbers.clone().filter(|_| self.explicit.is_none());
            let attempt = self.stage_from(predicted, place, pde, (base, implicit), factor, time)?;
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

    /// Takes the rates of numbers in the present state for the slopes of a stage.
    fn find_slopes_of_numbers(&mut self, place: &mut Place<'_>, time: f64) -> Result<(), Error> {
        if let Some(numbers) = &mut self.numbers {
            let rates = numbers.rates(place, time)?;
            numbers.slopes.push(rates);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_of_stages_are_extrapolated_from_those_far_apart() {
        let found = predictions(&[0.25, 0.75, 0.55, 0.5, 1.0]);
        assert_eq!(found[..2], [vec![], vec![1.0]]);
        assert!(found[4][1] > 0.0 && found[4].iter().map(|w| w.abs()).sum::<f64>() < 20.0);
        // Of slopes that are a parabola.
        let slope = |t: f64| 1.0 - 2.0 * t + 3.0 * t * t;
        let times = [0.25, 0.75, 0.55, 0.5, 1.0];
        for stage in 3..5 {
            let all = found[stage].iter().zip(times).map(|(weight, t)| weight * slope(t));
            assert!((all.sum::<f64>() - slope(times[stage])).abs() < 1e-12);
        }
        // A time that two stages share counts once.
        assert_eq!(predictions(&[0.0, 1.0, 1.0, 0.5])[3], [0.5, 0.5, 0.0]);
    }
}
