//! How rates of change become new values of the arrays of a state.

use fluxions_expr::{Binary, Value};

use crate::plan::pass::PassBuilder;
use crate::plan::program::{ArrayRef, OwnedExpr};
use crate::system::pde::Pde;

/// The rate of change of each array of a field, with the array, from the field's equation.
pub(crate) fn of_field(
    pass: &mut PassBuilder<'_, '_>,
    pde: &Pde,
    field: usize,
    equation: OwnedExpr<'_>,
) -> Vec<(usize, Value)> {
    let rate = pass.value(equation);
    let (ty, dimension) = (pde.types()[field], pde.space().dimension());
    let rates = rate.numbers(ty, dimension, &mut pass.builder);
    pde.arrays_of(field).zip(rates).collect()
}

/// new ← base + factor·rate
pub(crate) struct Update {
    /// What is added to, if anything.
    pub(crate) base: Option<ArrayRef>,
    /// The parameter that is the factor.
    pub(crate) factor: usize,
    /// The array that is overwritten, if the kernel reads it.
    pub(crate) in_place: Option<ArrayRef>,
    /// Whether the new values are checked for being finite.
    pub(crate) checked: bool,
}

impl Update {
    /// Adds the new value to the outputs of a pass.
    pub(crate) fn output(self, pass: &mut PassBuilder<'_, '_>, rate: Value) {
        let base = self.base.map(|base| pass.load(base));
        let in_place = self.in_place.map(|array| pass.input(array));
        let factor = pass.builder.parameter(self.factor);
        let new = match base {
            Some(base) => pass.builder.fused(factor, rate, base),
            None => pass.builder.binary(Binary::Multiply, factor, rate),
        };
        pass.builder.output_with(new, in_place, self.checked);
    }
}
