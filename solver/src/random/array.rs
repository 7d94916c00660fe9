//! A random array: which random numbers an expression asks for.

use fluxions_expr::Distribution;

/// Random numbers, one per cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RandomArray {
    /// The field or definition whose expression holds them.
    pub(crate) name: String,
    /// Which of the random numbers in that expression.
    pub(crate) site: u32,
    pub(crate) distribution: Distribution,
    /// The exponent of a coloured field, the modes of a harmonic one.
    pub(crate) shape: f64,
    /// Whether there are new ones at each step.
    pub(crate) each_step: bool,
}
