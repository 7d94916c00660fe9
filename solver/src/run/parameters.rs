//! The parameters of a plan's kernels in one run: the time, domain numbers, and factors times the
//! time step.

use fluxions_expr::Kernel;

use crate::plan::plan::Plan;
use crate::plan::program::{GLOBALS, TIME};

/// The values of the parameters of a plan's kernels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters(Vec<f64>);

impl Parameters {
    /// The parameters of a plan, which are all zero.
    pub(crate) fn new(plan: &Plan) -> Self {
        Parameters(vec![0.0; plan.parameters()])
    }

    /// Sets the time and the parameters that depend on the length of the time step, which is `ratio` times that of
    /// the step before.
    pub(crate) fn begin(&mut self, plan: &Plan, time: f64, step: f64, ratio: f64) {
        self.0[TIME] = time;
        let values = self.0[plan.first_factor()..].iter_mut();
        values.zip(plan.factors_at(step, ratio)).for_each(|(value, factor)| *value = factor);
    }

    /// The time.
    pub(crate) fn time(&self) -> f64 {
        self.0[TIME]
    }

    /// Sets the time.
    pub(crate) fn set_time(&mut self, time: f64) {
        self.0[TIME] = time;
    }

    /// Sets the unknowns without space.
    pub(crate) fn set_globals(&mut self, values: &[f64]) {
        self.0[GLOBALS..][..values.len()].copy_from_slice(values);
    }

    /// So many unknowns without space.
    pub(crate) fn globals(&self, count: usize) -> &[f64] {
        &self.0[GLOBALS..][..count]
    }

    /// Computes some parameters by a kernel that reads parameters alone. Whether they are finite.
    pub(crate) fn compute(&mut self, kernel: &Kernel, parameters: &[usize]) -> bool {
        let nothing = "what is computed from parameters reads nothing else";
        let values = kernel.outputs_in_cell(
            |_, _| unreachable!("{nothing}"),
            |number| self.0[number as usize],
            |_, _| unreachable!("{nothing}"),
        );
        for (parameter, value) in parameters.iter().zip(&values) {
            self.0[*parameter] = *value;
        }
        values.iter().all(|value| value.is_finite())
    }

    /// Sets one of the parameters.
    pub(crate) fn set(&mut self, parameter: usize, value: f64) {
        self.0[parameter] = value;
    }

    /// Sets the first parameters.
    pub(crate) fn adopt(&mut self, values: &[f64]) {
        self.0[..values.len()].copy_from_slice(values);
    }

    /// All parameters, in the order of their numbers.
    pub(crate) fn all(&self) -> &[f64] {
        &self.0
    }
}
