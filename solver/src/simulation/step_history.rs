//! The states before the last steps, on which steps of several former states and estimates of errors look back.

use serde::{Deserialize, Serialize};

use crate::solvers::place::Place;
use crate::solvers::vectors::Vectors;

/// The states at the beginnings of the last steps, the latest first.
pub(super) struct StepHistory {
    /// Their arrays: as many as are ever needed.
    arrays: Vec<usize>,
    known: Known,
}

/// What is known of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    /// The lengths of the steps that began with them.
    lengths: Vec<f64>,
    /// The unknowns without space in them.
    numbers: Vec<Vec<f64>>,
}

impl StepHistory {
    /// An empty one, with room for a state in the arrays that begin at each of `arrays`.
    pub(super) fn new(arrays: Vec<usize>) -> Self {
        StepHistory { arrays, known: Known::default() }
    }

    /// Forgets all states, which have not led to the present one.
    pub(super) fn forget(&mut self) {
        self.known = Known::default();
    }

    /// The lengths of the steps that began with the states.
    pub(super) fn lengths(&self) -> &[f64] {
        &self.known.lengths
    }

    /// The arrays of the states.
    pub(super) fn arrays(&self) -> &[usize] {
        &self.arrays
    }

    /// The unknowns without space in the states.
    pub(super) fn numbers(&self) -> &[Vec<f64>] {
        &self.known.numbers
    }

    /// Takes note of a step of this length that was accepted: of the state in which it began and of its numbers.
    pub(super) fn note(
        &mut self,
        (vectors, place): (&Vectors, &mut Place<'_>),
        (old, dt): (usize, f64),
        numbers: Option<&[f64]>,
    ) {
        let most = self.arrays.len();
        if most == 0 {
            return;
        }
        for k in (1..most).rev() {
            vectors.copy(place, self.arrays[k], self.arrays[k - 1]);
        }
        vectors.copy(place, self.arrays[0], old);
        let Known { lengths, numbers: all } = &mut self.known;
        lengths.insert(0, dt);
        lengths.truncate(most);
        all.insert(0, numbers.unwrap_or_default().to_vec());
        all.truncate(most);
    }

    /// What is known, for a run that goes on from here.
    pub(super) fn save(&self) -> Known {
        self.known.clone()
    }

    /// Goes on from there, with the arrays as they were.
    pub(super) fn restore(&mut self, known: Known) {
        self.known = known;
    }
}

/// The weights of values at these times in their divided difference.
pub(super) fn divided_difference(times: &[f64]) -> Vec<f64> {
    let weight = |i: usize| {
        let others = times.iter().enumerate().filter(|(j, _)| *j != i);
        1.0 / others.map(|(_, other)| times[i] - other).product::<f64>()
    };
    (0..times.len()).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divided_differences_are_derivatives_of_polynomials() {
        let cube = |t: f64| 5.0 * t.powi(3) - t.powi(2) + 2.0;
        let times = [0.7, 0.4, -0.1, -0.3];
        let weights = divided_difference(&times);
        let found: f64 = weights.iter().zip(times).map(|(weight, t)| weight * cube(t)).sum();
        assert!((found - 5.0).abs() < 1e-12, "{found}");
        assert_eq!(divided_difference(&[2.0, 1.0]), [1.0, -1.0]);
    }
}
