//! Unknowns without space in implicit steps.
//!
//! In a stage of an implicit scheme they are what they should be, N = base + factor·g(u, N), together with the fields. For
//! given numbers the fields are found as if these were parameters; a few corrections by Broyden's method bring both
//! together (Broyden 1965, Math. Comput. 19, 577; Dennis & Schnabel 1996, section 8.1). It begins with the derivatives of g
//! with respect to the numbers themselves, by differences, so that numbers may decay as fast as they wish. Where only a part
//! of the fields is treated implicitly, numbers are treated explicitly.

use crate::error::Error;
use crate::schemes::tolerance::Tolerance;
use crate::solvers::diagonal::invert;
use crate::solvers::number_rates::NumberRates;
use crate::solvers::place::Place;
use crate::system::pde::Pde;

/// How many corrections a stage may take.
pub(super) const MOST_CORRECTIONS: usize = 30;

/// What implicit steps know of unknowns without space.
pub(super) struct ImplicitNumbers {
    rates: NumberRates,
    names: Vec<String>,
    /// At the beginning of the step.
    pub(super) old: Vec<f64>,
    /// The slopes of the stages.
    pub(super) slopes: Vec<Vec<f64>>,
    /// The inverse of the derivatives of N − factor·g, once there is one for this stage.
    inverse: Vec<Vec<f64>>,
}

impl ImplicitNumbers {
    /// Those of a system, with what computes their rates.
    pub(super) fn new(pde: &Pde, rates: NumberRates) -> Self {
        let names: Vec<String> = pde.globals().iter().map(|global| global.name.clone()).collect();
        let none = vec![0.0; names.len()];
        let (old, slopes, inverse) = (none, Vec::new(), Vec::new());
        ImplicitNumbers { rates, names, old, slopes, inverse }
    }

    /// Their rates in the present state. Collective.
    pub(super) fn rates(&mut self, place: &mut Place<'_>, time: f64) -> Result<Vec<f64>, Error> {
        self.rates.now(place, time)
    }

    /// The numbers at the beginning, with these weights of slopes times the length of the step.
    pub(super) fn base(&self, weights: &[f64], dt: f64) -> Vec<f64> {
        let mut base = self.old.clone();
        for (weight, slope) in weights.iter().zip(&self.slopes) {
            base.iter_mut().zip(slope).for_each(|(x, slope)| *x += weight * dt * slope);
        }
        base
    }

    /// Begins the corrections of a stage with the derivatives of the rates in the present state. Collective.
    pub(super) fn begin_stage(
        &mut self,
        place: &mut Place<'_>,
        factor: f64,
        time: f64,
    ) -> Result<(), Error> {
        let rates = self.rates.now(place, time)?;
        let mut matrix = self.rates.derivatives(place, time, &rates)?;
        for (i, row) in matrix.iter_mut().enumerate() {
            row.iter_mut().for_each(|derivative| *derivative *= -factor);
            row[i] += 1.0;
        }
        self.inverse = inverse(matrix);
        Ok(())
    }

    /// By how much the numbers have to be corrected that miss what they should be by this much.
    pub(super) fn correction(&self, missing: &[f64]) -> Vec<f64> {
        let row = |row: &Vec<f64>| row.iter().zip(missing).map(|(a, x)| -a * x).sum();
        self.inverse.iter().map(row).collect()
    }

    /// Learns from a correction after which the numbers missed what they should be by `change` more.
    pub(super) fn learn(&mut self, correction: &[f64], change: &[f64]) {
        // H ← H + (s − H·y)·(sᵀ·H)/(sᵀ·H·y)
        let product = |v: &[f64]| -> Vec<f64> {
            let row = |row: &Vec<f64>| row.iter().zip(v).map(|(a, x)| a * x).sum();
            self.inverse.iter().map(row).collect()
        };
        let predicted = product(change);
        let n = correction.len();
        let left: Vec<f64> =
            (0..n).map(|j| (0..n).map(|i| correction[i] * self.inverse[i][j]).sum()).collect();
        let scale: f64 = left.iter().zip(change).map(|(a, y)| a * y).sum();
        if scale == 0.0 || !scale.is_finite() {
            return;
        }
        for i in 0..n {
            let missed = (correction[i] - predicted[i]) / scale;
            (0..n).for_each(|j| self.inverse[i][j] += missed * left[j]);
        }
    }

    /// The largest of these numbers beside the bounds of a tolerance, for numbers that are as large as these; infinite
    /// where one is not a number.
    pub(super) fn beside(&self, error: &[f64], numbers: &[f64], tolerance: &Tolerance) -> f64 {
        let one = |k: usize| {
            let bounds = tolerance.of(&self.names[k]);
            let ratio = error[k].abs() / (bounds.absolute + bounds.relative * numbers[k].abs());
            if ratio.is_nan() { f64::INFINITY } else { ratio }
        };
        (0..error.len()).map(one).fold(0.0, f64::max)
    }

    /// Whether those of them that have to stay positive are.
    pub(super) fn stay_positive(&self, numbers: &[f64], tolerance: &Tolerance) -> bool {
        let mut both = self.names.iter().zip(numbers);
        both.all(|(name, number)| *number >= 0.0 || !tolerance.keeps_positive(name))
    }

    /// The error of the numbers of a step: that of a second result with these weights beside those of the first, damped as
    /// fast modes are.
    pub(super) fn error(
        &self,
        weights: &[f64],
        embedded: &[f64],
        dt: f64,
        damps: bool,
    ) -> Vec<f64> {
        let mut error = vec![0.0; self.names.len()];
        for ((b, other), slope) in weights.iter().zip(embedded).zip(&self.slopes) {
            error.iter_mut().zip(slope).for_each(|(x, slope)| *x += dt * (b - other) * slope);
        }
        if damps { self.correction(&error) } else { error }
    }
}

/// The inverse of a small matrix; of what has none, the identity.
fn inverse(matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = matrix.len();
    let mut found = vec![0.0; n * n];
    invert(&mut matrix.concat(), &mut found, n);
    found.chunks(n).map(<[f64]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_undo_their_matrices() {
        let matrix = vec![vec![0.0, 2.0, 1.0], vec![1.0, -1.0, 3.0], vec![4.0, 0.5, -2.0]];
        let inverse = inverse(matrix.clone());
        for i in 0..3 {
            for j in 0..3 {
                let sum: f64 = (0..3).map(|k| matrix[i][k] * inverse[k][j]).sum();
                assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-14, "{i} {j} {sum}");
            }
        }
        assert_eq!(super::inverse(vec![vec![0.0]]), [[1.0]]);
    }
}
