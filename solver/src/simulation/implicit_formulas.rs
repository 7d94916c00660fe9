//! The formulas of implicit schemes: which equations a step solves.

use crate::error::Error;
use crate::schemes::implicit::ImplicitRegisters;
use crate::simulation::clock::Step;
use crate::simulation::implicit_steps::{Attempt, Explicit, ImplicitStepper};
use crate::solvers::place::Place;
use crate::solvers::registers::STATE;
use crate::system::pde::Pde;

/// How many steps of `crank-nicolson` are made of halves by backward Euler where the state is rough (Rannacher 1984, Numer.
/// Math. 43, 309).
const DAMPED: u8 = 2;
/// How much of the slopes has to be lost in a step that turns most of them around, beside what remains of their sum, for
/// them to be those of modes that decay. Modes that oscillate lose nothing.
const LOSS: f64 = 0.1;

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
        self.stage(place, pde, (*base, of_numbers), scale * dt, from + dt)
    }

    /// A step of the trapezoidal rule; two of backward Euler where the state is rough, at first.
    pub(super) fn trapezoidal(
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
