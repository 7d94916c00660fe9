//! The error of a step, as its plan computes it: one result for each field and number.

use fluxions_expr::{Binary, Builder, Reduction, Unary, Value};

use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::program::ArrayRef;
use crate::schemes::by_hand::{by_hand, extra};
use crate::schemes::globals::Globals;
use crate::schemes::tolerance::{ErrorBounds, Tolerance};
use crate::system::pde::Pde;

/// Adds to a plan the largest error of each field beside its bounds. `old` and `new` are the first
/// arrays of the states before and after the step; `error` loads the error of an array of the state.
pub(super) fn of_fields(
    plan: &mut PlanBuilder,
    (pde, tolerance): (&Pde, &Tolerance),
    (old, new): (usize, usize),
    error: impl Fn(&mut PassBuilder<'_, '_>, usize) -> Value,
) {
    let stepped = pde.fields().iter().enumerate().filter(|(field, _)| {
        // Unknowns follow from the fields that are stepped.
        !pde.unknowns().contains(field)
    });
    for (field, name) in stepped {
        let pass = by_hand(pde, |pass| {
            let mut largest = pass.builder.constant(0.0);
            for k in pde.arrays_of(field) {
                let error = error(pass, k);
                let [old, new] = [old, new].map(|first| pass.load(ArrayRef::Extra(first + k)));
                let asked = Asked::of(tolerance, name);
                let ratio = ratio(&mut pass.builder, asked, error, old, new);
                largest = pass.builder.binary(Binary::Max, largest, ratio);
            }
            pass.builder.output(largest);
        });
        let inputs = pass.inputs.iter().map(|input| extra(*input)).collect();
        plan.reduce(pass.kernel, inputs, Reduction::Max);
    }
}

/// Adds to a plan the error of each unknown without space beside its bounds. `families` are those of the
/// error, of the state and of the result.
pub(super) fn of_numbers(
    plan: &mut PlanBuilder,
    (pde, tolerance): (&Pde, &Tolerance),
    unknowns: &Globals<'_>,
    families: [usize; 3],
) {
    for (number, global) in pde.globals().iter().enumerate() {
        let mut builder = Builder::new();
        let [error, old, new] = families.map(|f| builder.parameter(unknowns.at(f, number)));
        let asked = Asked::of(tolerance, &global.name);
        let ratio = ratio(&mut builder, asked, error, old, new);
        builder.output(ratio);
        plan.reduce(builder.finish(), Vec::new(), Reduction::Max);
    }
}

/// What is asked of a field or number.
struct Asked {
    bounds: ErrorBounds,
    positive: bool,
}

impl Asked {
    fn of(tolerance: &Tolerance, name: &str) -> Self {
        Asked { bounds: tolerance.of(name), positive: tolerance.keeps_positive(name) }
    }
}

/// |error|/(absolute + relative·max(|old|, |new|)); infinite where a new value is below 0 that has to stay positive.
fn ratio(b: &mut Builder, asked: Asked, error: Value, old: Value, new: Value) -> Value {
    let Asked { bounds, positive } = asked;
    let error = match positive {
        true => {
            let (zero, infinite) = (b.constant(0.0), b.constant(f64::INFINITY));
            let falls = b.binary(Binary::Less, new, zero);
            b.select(falls, infinite, error)
        }
        false => error,
    };
    let [error, old, new] = [error, old, new].map(|value| b.unary(Unary::Abs, value));
    let largest = b.binary(Binary::Max, old, new);
    let [relative, absolute] = [bounds.relative, bounds.absolute].map(|bound| b.constant(bound));
    let bound = b.fused(relative, largest, absolute);
    let ratio = b.binary(Binary::Divide, error, bound);
    b.or_infinity(ratio)
}
