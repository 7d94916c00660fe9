//! The rates of change of unknowns without space, and how these depend on the unknowns themselves.

use crate::error::Error;
use crate::run::executor::Executor;
use crate::solvers::place::Place;

/// By how much numbers are changed for difference quotients, beside their magnitude.
const DIFFERENCE: f64 = 1e-7;
/// The magnitude of what is next to 0, for this.
const SMALL: f64 = 1e-3;

/// The length of a difference, for values of this magnitude.
pub(super) fn difference(magnitude: f64) -> f64 {
    DIFFERENCE * magnitude.max(SMALL)
}

/// Computes the rates of change of unknowns without space.
pub(crate) struct NumberRates {
    /// Leaves the rates in its parameters from `first` on.
    executor: Executor,
    first: usize,
    count: usize,
}

impl NumberRates {
    /// Those of so many unknowns, whose rates a plan stores in parameters from `first` on.
    pub(crate) fn new(executor: Executor, first: usize, count: usize) -> Self {
        NumberRates { executor, first, count }
    }

    /// The rates in the present state. Collective.
    pub(crate) fn now(&mut self, place: &mut Place<'_>, time: f64) -> Result<Vec<f64>, Error> {
        let Place { world, block, memory } = place;
        self.executor.run(world, block, memory, time, 0.0)?;
        Ok(self.executor.parameters()[self.first..][..self.count].to_vec())
    }

    /// The derivatives of the rates with respect to the unknowns by difference quotients: a row for each rate. `rates` are those
    /// of the present state. Collective.
    pub(crate) fn derivatives(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        rates: &[f64],
    ) -> Result<Vec<Vec<f64>>, Error> {
        let numbers = place.memory.globals().to_vec();
        let mut matrix = vec![vec![0.0; self.count]; self.count];
        for j in 0..self.count {
            let mut changed = numbers.clone();
            let change = difference(numbers[j].abs());
            changed[j] += change;
            place.memory.set_globals(&changed);
            let there = self.now(place, time)?;
            for i in 0..self.count {
                matrix[i][j] = (there[i] - rates[i]) / change;
            }
        }
        place.memory.set_globals(&numbers);
        Ok(matrix)
    }
}
