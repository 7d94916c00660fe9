//! Random arrays: the random numbers that expressions ask for.

use fluxions_expr::Distribution;

/// An array of random numbers, one per cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RandomArray {
    /// The field or definition whose expression contains the random numbers.
    pub(crate) name: String,
    /// The number of these random numbers among those in the expression.
    pub(crate) site: u32,
    pub(crate) distribution: Distribution,
    /// The exponent of a coloured field, or the number of modes of a harmonic one.
    pub(crate) shape: f64,
    /// Whether each step has new random numbers.
    pub(crate) each_step: bool,
}
