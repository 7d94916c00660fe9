//! How rates of change become new values of the arrays of a state.

use fluxions_expr::{Binary, Reduction, Unary, Value};

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, equations, rates, slots};
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::schemes::globals;
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

/// new ← Σ weight·base + factor·rate
pub(crate) struct Update {
    /// What is added to, with weights.
    pub(crate) base: Vec<(ArrayRef, f64)>,
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
        let base: Vec<(Value, f64)> =
            self.base.into_iter().map(|(array, weight)| (pass.load(array), weight)).collect();
        let base = pass.builder.weighted_sum(&base);
        let in_place = self.in_place.map(|array| pass.input(array));
        let factor = pass.builder.parameter(self.factor);
        let new = match base {
            Some(base) => pass.builder.fused(factor, rate, base),
            None => pass.builder.binary(Binary::Multiply, factor, rate),
        };
        pass.builder.output_with(new, in_place, self.checked);
    }
}

/// Adds to a plan a sweep that stores values for these fields in arrays from `first` on, one after the other.
pub(crate) fn to_arrays(
    plan: &mut PlanBuilder,
    program: &mut Program<'_>,
    (fields, values): (&[usize], &[OwnedExpr<'_>]),
    slot: &dyn Fn(ArrayRef) -> Slot,
    first: usize,
) {
    let pde = program.pde;
    let mut pass = PassBuilder::last(program);
    let mut outputs = Vec::new();
    for (field, value) in fields.iter().zip(values) {
        for (_, rate) in of_field(&mut pass, pde, *field, *value) {
            pass.builder.output(rate);
            outputs.push(Slot::Array(first + outputs.len()));
        }
    }
    plan.sweep(pass.finish(), slot, outputs, Extent::Block, "slopes".into());
}

/// A plan in which nothing is done yet, with the program of these expressions and the slots of the program's
/// arrays.
fn begun<'a>(
    pde: &'a Pde,
    kept: &[String],
    targets: &[OwnedExpr<'_>],
) -> (PlanBuilder, Program<'a>, impl Fn(ArrayRef) -> Slot + use<>) {
    let program = Program::new(pde, targets);
    let mut plan = PlanBuilder::new(pde, kept, &[&program]);
    let first_quantity = plan.add_arrays(program.array_names());
    let slot = slots(pde.arrays(), 0, first_quantity);
    (plan, program, slot)
}

/// A plan that has done what must be done before these expressions can be computed in the present state,
/// with its program and the slots of the program's arrays.
fn prepared<'a>(
    pde: &'a Pde,
    kept: &[String],
    targets: &[OwnedExpr<'_>],
) -> (PlanBuilder, Program<'a>, impl Fn(ArrayRef) -> Slot + use<>) {
    let (mut plan, mut program, slot) = begun(pde, kept, targets);
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    (plan, program, slot)
}

/// The plan that stores the slopes in the present state in arrays from `first` on.
pub(crate) fn plan_to_arrays(pde: &Pde, kept: &[String], first: usize) -> Plan {
    let fields: Vec<usize> = (0..pde.fields().len()).collect();
    let values = rates(pde);
    let (mut plan, mut program, slot) = begun(pde, kept, &values);
    plan.solve(pde, 0);
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    to_arrays(&mut plan, &mut program, (&fields, &values), &slot, first);
    plan.finish()
}

/// The plan that stores what is treated explicitly of the slopes in arrays from `first` on.
pub(crate) fn plan_of_explicit(pde: &Pde, kept: &[String], first: usize) -> Plan {
    let fields: Vec<usize> = (0..pde.fields().len()).collect();
    let mut values = equations(pde);
    for (field, value) in values.iter_mut().enumerate() {
        let is_unknown = pde.has_constraints() && pde.unknowns().contains(&field);
        value.expr = if is_unknown { &pde.rest[field] } else { &pde.parts[field].explicit };
    }
    plan_of_values(pde, kept, (&fields, &values), first, true)
}

/// The plan that stores values for some fields, given in the order of all fields, in arrays from `first` on. If
/// `solves`, it finds the unknowns of the state before.
pub(crate) fn plan_of_values(
    pde: &Pde,
    kept: &[String],
    (fields, values): (&[usize], &[OwnedExpr<'_>]),
    first: usize,
    solves: bool,
) -> Plan {
    let (mut plan, mut program, slot) = begun(pde, kept, values);
    if solves {
        plan.solve(pde, 0);
    }
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    to_arrays(&mut plan, &mut program, (fields, values), &slot, first);
    plan.finish()
}

/// The plan that computes the rates of the unknowns without space, as parameters from the number that comes with it on.
pub(crate) fn plan_of_numbers(pde: &Pde, kept: &[String]) -> (Plan, usize) {
    let values = globals::equations(pde);
    let (mut plan, mut program, slot) = begun(pde, kept, &values);
    let first = plan.add_parameters(values.len());
    plan.solve(pde, 0);
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    let mut pass = PassBuilder::last(&mut program);
    for value in &values {
        let rate = pass.value(*value).only().re;
        let rate = rate.unwrap_or_else(|| pass.builder.constant(0.0));
        pass.builder.output(rate);
    }
    plan.compute(pass.finish().kernel, (first..first + values.len()).collect(), "numbers".into());
    (plan.finish(), first)
}

/// The plan whose result is the largest magnitude of a rate of change: of all arrays of the state, and of
/// the unknowns without space.
pub(crate) fn plan_of_largest(pde: &Pde, kept: &[String]) -> Plan {
    let (equations, numbers) = (rates(pde), globals::equations(pde));
    let targets: Vec<OwnedExpr<'_>> = equations.iter().chain(&numbers).copied().collect();
    let (mut plan, mut program, slot) = prepared(pde, kept, &targets);
    let mut pass = PassBuilder::last(&mut program);
    let mut rates = Vec::new();
    for (field, equation) in equations.iter().enumerate() {
        rates.extend(of_field(&mut pass, pde, field, *equation).into_iter().map(|(_, rate)| rate));
    }
    for equation in numbers {
        rates.extend(pass.value(equation).only().re);
    }
    let mut largest = pass.builder.constant(0.0);
    for rate in rates {
        let magnitude = pass.builder.unary(Unary::Abs, rate);
        let magnitude = pass.builder.or_infinity(magnitude);
        largest = pass.builder.binary(Binary::Max, largest, magnitude);
    }
    pass.builder.output(largest);
    let pass = pass.finish();
    let inputs = pass.inputs.iter().map(|input| slot(*input)).collect();
    plan.reduce(pass.kernel, inputs, Reduction::Max);
    plan.finish()
}
