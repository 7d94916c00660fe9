//! How fast the equations of a system change with the state: bounds of the derivatives of their
//! right-hand sides.
//!
//! The right-hand sides are differentiated with respect to every value that they load, in every
//! cell of a state. The sum of the magnitudes of the derivatives over the cells of one field bounds
//! a block of the Jacobian in the maximum norm. What of them is even and odd about the cell along
//! each axis bounds the symbol that waves see (symbol.rs). For nested operators such bounds are
//! multiplied. The matrix of these bounds, field by field, says where the eigenvalues of the
//! Jacobian lie (spectrum.rs). Integrals in the equations are left out, since they affect single
//! modes only.

use std::collections::{BTreeMap, HashMap};

use fluxions_expr::derivative::{Partial, parameter_partials, partials};
use fluxions_expr::{Binary, Builder, Expr, Reduction, Type, Unary, Value};

use crate::plan::action::Slot;
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, rates as rates_of};
use crate::plan::program::{ArrayRef, GLOBALS, OwnedExpr, Program, TIME};
use crate::schemes::globals;
use crate::schemes::spectrum::Spectrum;
use crate::schemes::symbol::{Part, Symbols, UNDAMPED};
use crate::system::definition::MadeOf;
use crate::system::pde::Pde;
use crate::system::transport::Advector;
use crate::system::transport::advected::Advected;

/// How the right-hand sides depend on the values that they load: the entries of a matrix of bounds,
/// whose rows and columns are the arrays of fields, followed by those of quantities.
pub(crate) struct Sensitivities {
    /// A plan whose reductions give the largest sums of magnitudes of derivatives.
    pub(crate) plan: Plan,
    /// The parts of entries that are the results of the reductions, in their order.
    reduced: Vec<(usize, usize, Part)>,
    /// Those that are the same in all cells.
    constant: Vec<(usize, usize, Part, f64)>,
    /// For each unknown without space the sum of magnitudes of derivatives of its rate with respect to
    /// all of these; if it is not the same always, it is one of the last results of the plan.
    of_numbers: Vec<Option<f64>>,
    rows: usize,
    /// The arrays of the fields.
    arrays: usize,
    /// Whether the bounds depend on the state or the time.
    pub(crate) changes: bool,
    /// Whether they depend on the time itself.
    pub(crate) timed: bool,
    /// The arrays in which bounds of a term are stored that differ from cell to cell.
    pub(crate) stored: Vec<usize>,
    /// The flows of advected arrays, whose rows follow those of quantities.
    flows: Vec<Flow>,
}

/// What an array is advected with along an axis: its flux is v·u.
struct Flow {
    array: usize,
    /// 1 beside the length of a cell.
    per_cell: f64,
    /// The row of the flux.
    row: usize,
    /// The largest magnitude of v: it, or the number of the result that it is.
    speed: Result<f64, usize>,
}

/// An expression whose derivatives are bounded.
struct Body {
    /// The row of each number of the value, where that number is stored.
    rows: Vec<Option<usize>>,
    expr: Expr,
    ty: Type,
    owner: usize,
    /// The level of the pass that computes the expression.
    level: usize,
}

/// What is left of a bound beside rounding.
const ROUNDING: f64 = 1e-9;

/// The rates of fields, those of unknowns without space, and the velocities of advected fields along each axis.
type Targets<'e> =
    (&'e [(usize, OwnedExpr<'e>)], &'e [OwnedExpr<'e>], &'e [(usize, Vec<OwnedExpr<'e>>)]);

/// What the plan finds beside the bounds.
#[derive(Clone, Copy, PartialEq)]
enum Beside {
    Nothing,
    /// The largest magnitude of the rate of each array.
    Rates,
    /// The bounds cell by cell, where they differ.
    Cells,
}

impl Sensitivities {
    /// The sensitivities of a system. `kept` gives the names of the arrays that the scheme keeps
    /// between steps.
    pub(crate) fn new(pde: &Pde, kept: &[String]) -> Self {
        Self::of_system(pde, kept, Beside::Nothing)
    }

    /// The same, with the largest magnitude of the rate of each array.
    pub(crate) fn with_rates(pde: &Pde, kept: &[String]) -> Self {
        Self::of_system(pde, kept, Beside::Rates)
    }

    fn of_system(pde: &Pde, kept: &[String], beside: Beside) -> Self {
        let targets: Vec<_> = rates_of(pde).into_iter().enumerate().collect();
        let velocities = velocities(pde);
        Self::of(pde, kept, (&targets, &globals::equations(pde), &velocities), beside)
    }

    /// Those of a term in the rate of a field, whose bounds the plan stores cell by cell where they differ.
    pub(crate) fn of_term(pde: &Pde, kept: &[String], field: usize, term: OwnedExpr<'_>) -> Self {
        Self::of(pde, kept, (&[(field, term)], &[], &[]), Beside::Cells)
    }

    /// Those of these rates of fields, and of unknowns without space; and of the fluxes of fields with these velocities
    /// along each axis.
    fn of(
        pde: &Pde,
        kept: &[String],
        (targets, numbers, velocities): Targets<'_>,
        beside: Beside,
    ) -> Self {
        let n = pde.all_arrays() + kept.len();
        let rates = targets.iter().map(|(_, target)| target).chain(numbers);
        let all: Vec<OwnedExpr<'_>> =
            rates.chain(velocities.iter().flat_map(|(_, along)| along)).copied().collect();
        let mut program = Program::new(pde, &all);
        let mut plan = PlanBuilder::new(pde, kept, &[&program]);
        plan.add_arrays(program.array_names());
        let slot = move |reference: ArrayRef| match reference {
            ArrayRef::Quantity(array) => Slot::Array(n + array),
            ArrayRef::Field(k) | ArrayRef::Extra(k) | ArrayRef::Random(k) => Slot::Array(k),
        };
        let prepared = plan.prepare(&mut program);
        plan.push(&prepared, &slot);

        // The arrays in the order of their levels, so that each is computed from earlier ones.
        let mut order: Vec<usize> = (0..program.quantities.len()).collect();
        order.sort_by_key(|q| program.quantities[*q].level);
        let arrays_of = |q: usize| program.quantities[q].arrays.iter().flatten().copied();
        let columns: Vec<usize> = order.iter().flat_map(|q| arrays_of(*q)).collect();
        let places: HashMap<usize, usize> = columns.iter().copied().zip(n..).collect();
        let row_of = |array: usize| places[&array];
        let rows = n + columns.len();
        let (mut reduced, mut constant) = (Vec::new(), Vec::new());
        let (mut changes, mut timed) = (false, false);
        let mut stored = Vec::new();
        let mut bodies = Vec::new();
        for (field, target) in targets {
            let rows = pde.arrays_of(*field).map(Some).collect();
            let (expr, ty) = (target.expr.clone(), pde.types()[*field]);
            bodies.push(Body { rows, expr, ty, owner: target.owner, level: usize::MAX });
        }
        for (q, quantity) in program.quantities.iter().enumerate() {
            let body = program.body(q);
            let rows = quantity.arrays.iter().map(|array| array.map(row_of)).collect();
            let (expr, ty) = (body.expr.clone(), body.expr.ty);
            bodies.push(Body { rows, expr, ty, owner: body.owner, level: quantity.level - 1 });
        }
        // What is read of quantities that are made of places alone stays as it is.
        let external = pde.arrays()..pde.all_arrays();
        let fixed: Vec<usize> = (0..program.quantities.len())
            .filter(|q| {
                let made_of = MadeOf::new(program.body(*q).expr, pde.definitions());
                let is_external = |field: &usize| *field >= pde.fields().len();
                let of_state = !made_of.fields.iter().all(is_external);
                !of_state && !made_of.timed && !made_of.reductions
            })
            .flat_map(&arrays_of)
            .collect();
        let is_fixed = |input: &ArrayRef| match input {
            ArrayRef::Field(array) => external.contains(array),
            ArrayRef::Quantity(array) => fixed.contains(array),
            ArrayRef::Extra(_) | ArrayRef::Random(_) => false,
        };
        let column_of = |input: &ArrayRef| match input {
            ArrayRef::Field(array) => Some(*array),
            ArrayRef::Quantity(array) => (!is_fixed(input)).then(|| row_of(*array)),
            ArrayRef::Extra(_) | ArrayRef::Random(_) => None,
        };
        for Body { rows, expr, ty, owner, level } in bodies {
            let mut pass = PassBuilder::new(&mut program, level);
            let parts = pass.value(OwnedExpr { expr: &expr, owner, name: "" });
            let dimension = pde.space().dimension();
            let numbers = parts.numbers(ty, dimension, &mut pass.builder);
            for (row, value) in rows.into_iter().zip(numbers) {
                let Some(row) = row else { continue };
                if row < n && beside == Beside::Rates {
                    let builder = &mut pass.builder;
                    let magnitude = builder.unary(Unary::Abs, value);
                    let (kernel, inputs) = builder.kernel_of(magnitude);
                    let inputs = inputs.into_iter().map(|input| slot(pass.inputs()[input]));
                    plan.reduce(kernel, inputs.collect(), Reduction::Max);
                    reduced.push((row, row, Part::Rate));
                }
                for (input, derivatives) in derivatives(&mut pass.builder, value) {
                    let Some(column) = column_of(&pass.inputs()[input]) else { continue };
                    let builder = &mut pass.builder;
                    // Of what an array does to another one only the size is used.
                    let parts = match row >= n || column >= n || row == column {
                        true => symbol_of(builder, &derivatives, row == column),
                        false => vec![(Part::Total, total(builder, &derivatives))],
                    };
                    for (part, value) in parts {
                        let builder = &mut pass.builder;
                        let value = finite_or_0(builder, value);
                        if let Some(same) = builder.as_constant(value) {
                            constant.push((row, column, part, same));
                            continue;
                        }
                        let (kernel, inputs) = builder.kernel_of(value);
                        let inputs: Vec<ArrayRef> =
                            inputs.into_iter().map(|input| pass.inputs()[input]).collect();
                        changes |= kernel.uses_parameters() || !inputs.iter().all(is_fixed);
                        timed |= kernel.uses_parameter(TIME);
                        let inputs: Vec<Slot> = inputs.into_iter().map(slot).collect();
                        if beside == Beside::Cells && part == Part::Total {
                            let array = plan.add_arrays([format!("bound {}", stored.len())]);
                            let kernel = plan.add_kernel(kernel.clone(), "bound".into());
                            plan.sweep_again(kernel, inputs.clone(), vec![Slot::Array(array)]);
                            stored.push(array);
                        }
                        plan.reduce(kernel, inputs, Reduction::Max);
                        reduced.push((row, column, part));
                    }
                }
            }
        }
        let (mut flows, mut next_row) = (Vec::new(), rows);
        for (field, along) in velocities {
            for (velocity, spacing) in along.iter().zip(spacings(pde)) {
                let mut pass = PassBuilder::last(&mut program);
                let speed = pass.value(*velocity).only().re;
                let speed = speed.unwrap_or_else(|| pass.builder.constant(0.0));
                let magnitude = pass.builder.unary(Unary::Abs, speed);
                let most = match pass.builder.as_constant(magnitude) {
                    Some(most) => Ok(most),
                    None => {
                        let (kernel, inputs) = pass.builder.kernel_of(magnitude);
                        let inputs: Vec<_> =
                            inputs.into_iter().map(|input| pass.inputs()[input]).collect();
                        changes |= kernel.uses_parameters() || !inputs.iter().all(is_fixed);
                        timed |= kernel.uses_parameter(TIME);
                        plan.reduce(kernel, inputs.into_iter().map(slot).collect(), Reduction::Max);
                        reduced.push((next_row, next_row, Part::Rate));
                        Err(reduced.len() - 1)
                    }
                };
                for array in pde.arrays_of(*field) {
                    let value = pass.load(ArrayRef::Field(array));
                    let flux = pass.builder.binary(Binary::Multiply, speed, value);
                    for (input, derivatives) in derivatives(&mut pass.builder, flux) {
                        let Some(column) = column_of(&pass.inputs()[input]) else { continue };
                        let size = total(&mut pass.builder, &derivatives);
                        let size = finite_or_0(&mut pass.builder, size);
                        if let Some(same) = pass.builder.as_constant(size) {
                            constant.push((next_row, column, Part::Total, same));
                            continue;
                        }
                        let (kernel, inputs) = pass.builder.kernel_of(size);
                        let inputs = inputs.into_iter().map(|input| slot(pass.inputs()[input]));
                        plan.reduce(kernel, inputs.collect(), Reduction::Max);
                        reduced.push((next_row, column, Part::Total));
                    }
                    let per_cell = 1.0 / spacing;
                    flows.push(Flow { array, per_cell, row: next_row, speed: most });
                    next_row += 1;
                }
            }
        }
        let mut of_numbers = Vec::new();
        for equation in numbers {
            let mut pass = PassBuilder::last(&mut program);
            let value = pass.value(*equation).only().re;
            let builder = &mut pass.builder;
            let mut sum = builder.constant(0.0);
            let numbers = GLOBALS..GLOBALS + pde.globals().len();
            let value = value.unwrap_or(sum);
            for (number, derivative) in parameter_partials(builder, value) {
                if numbers.contains(&number) {
                    let magnitude = builder.unary(Unary::Abs, derivative);
                    sum = builder.binary(Binary::Add, sum, magnitude);
                }
            }
            let sum = finite_or_0(builder, sum);
            of_numbers.push(builder.as_constant(sum));
            if of_numbers.last() == Some(&None) {
                let (kernel, _) = builder.kernel_of(sum);
                plan.reduce(kernel, Vec::new(), Reduction::Max);
            }
        }
        changes |= of_numbers.contains(&None);
        for advected in pde.advected.iter().filter(|_| !velocities.is_empty()) {
            timed |= advected.is_timed(pde.symbols());
            changes |= advected.is_timed(pde.symbols()) || advected.is_of_state(pde.symbols());
        }
        let arrays = pde.arrays();
        let plan = plan.finish();
        Sensitivities {
            plan,
            reduced,
            constant,
            of_numbers,
            rows,
            arrays,
            changes,
            timed,
            stored,
            flows,
        }
    }

    /// Where the eigenvalues of the equations lie, linearised about a state for which the plan gives these
    /// results.
    pub(crate) fn spectrum(&self, results: &[f64]) -> Spectrum {
        let of_numbers = &results[self.reduced.len()..];
        // How numbers and fields act on each other is left out, as are other numbers of the domain.
        let mut last = of_numbers.iter().copied();
        let of_number = |known: &Option<f64>| known.or_else(|| last.next()).unwrap_or(0.0);
        let fastest = self.of_numbers.iter().map(of_number).fold(0.0, f64::max);
        let waves = if self.flows.is_empty() { 0.0 } else { self.waves(results) };
        Spectrum::new(&self.symbols(results), fastest).with_waves(waves)
    }

    /// A bound of the frequencies of waves that advected fields make of each other by their flows and sources, as a flow
    /// sees them that goes with the field. What sources alone make of fields is left out.
    fn waves(&self, results: &[f64]) -> f64 {
        let n = self.arrays;
        let all = self.reduced.iter().zip(results).map(|((r, c, p), bound)| (*r, *c, *p, *bound));
        let all = all.chain(self.constant.iter().copied());
        let rows = self.flows.iter().map(|flow| flow.row + 1).max().unwrap_or(self.rows);
        let mut of_flows = Symbols::new(rows);
        for (row, column, part, bound) in all.filter(|(row, _, p, _)| *row >= n && *p != Part::Rate)
        {
            of_flows.set(row, column, part, bound);
        }
        let mut speeds = vec![0.0; n];
        for Flow { array, per_cell, row, speed, .. } in &self.flows {
            of_flows.set(*array, *row, Part::Total, *per_cell);
            speeds[*array] += per_cell * speed.unwrap_or_else(|result| results[result]);
        }
        let mut sum = self.symbols(results).totals(false);
        let mut by_flows = Vec::new();
        for (row, entries) in of_flows.leading(n).entries().into_iter().enumerate() {
            for (column, bound) in entries.into_iter().enumerate() {
                let advection = if row == column { speeds[row] } else { 0.0 };
                let excess = bound - advection;
                if excess > ROUNDING * bound {
                    sum.add(row, column, excess);
                    by_flows.push((row, column));
                }
            }
        }
        sum.radius_of_blocks(|block| {
            by_flows.iter().any(|(row, column)| block.contains(row) && block.contains(column))
        })
    }

    /// How the arrays of fields act on their rates in such a state.
    pub(crate) fn symbols(&self, results: &[f64]) -> Symbols {
        // Quantities are replaced by the arrays from which they are computed, beginning with those
        // of high levels.
        let mut symbols = Symbols::new(self.rows);
        let is_known = |row: &usize| *row < self.rows;
        for ((row, column, part), bound) in self.reduced.iter().zip(results) {
            if is_known(row) {
                symbols.set(*row, *column, *part, *bound);
            }
        }
        for (row, column, part, bound) in self.constant.iter().filter(|(row, ..)| is_known(row)) {
            symbols.set(*row, *column, *part, *bound);
        }
        symbols.leading(self.arrays)
    }
}

/// The velocities of advected fields, along each axis, where they are given as such.
fn velocities(pde: &Pde) -> Vec<(usize, Vec<OwnedExpr<'_>>)> {
    let mut all = Vec::new();
    for Advected { field, advector, .. } in &pde.advected {
        if let Advector::Velocity(along) = advector {
            let owner = pde.conditions().owner_of_field(*field);
            let along = along.iter().map(|expr| OwnedExpr { expr, owner, name: "" });
            all.push((*field, along.collect()));
        }
    }
    all
}

/// The lengths of cells along the axes that the grid has.
fn spacings(pde: &Pde) -> impl Iterator<Item = f64> {
    pde.grid().axes().iter().map(|axis| axis.spacing())
}

/// The derivatives of a value with respect to what it loads, input by input.
fn derivatives(builder: &mut Builder, value: Value) -> BTreeMap<usize, Vec<Partial>> {
    let mut derivatives: BTreeMap<usize, Vec<Partial>> = BTreeMap::new();
    for partial in partials(builder, value) {
        derivatives.entry(partial.input).or_default().push(partial);
    }
    derivatives
}

/// The sum of the magnitudes of derivatives.
fn total(builder: &mut Builder, derivatives: &[Partial]) -> Value {
    let magnitudes = derivatives.iter().map(|partial| partial.derivative).collect::<Vec<_>>();
    sum_of_magnitudes(builder, &magnitudes)
}

fn sum_of_magnitudes(builder: &mut Builder, values: &[Value]) -> Value {
    let mut sum = builder.constant(0.0);
    for value in values {
        let magnitude = builder.unary(Unary::Abs, *value);
        sum = builder.binary(Binary::Add, sum, magnitude);
    }
    sum
}

/// The bounds of the symbol of derivatives with respect to the values of one array, `own`: in the rate of the same
/// array. Those that are 0 in all cells are left out.
fn symbol_of(builder: &mut Builder, derivatives: &[Partial], own: bool) -> Vec<(Part, Value)> {
    let at = |offset: [i32; 3]| {
        let here = derivatives.iter().find(|partial| partial.offset == offset);
        here.map(|partial| partial.derivative)
    };
    let (mut even, mut odd): ([Vec<Value>; 4], [Vec<Value>; 4]) = Default::default();
    let mut centre = Vec::new();
    for Partial { offset, derivative, .. } in derivatives {
        let opposite = offset.map(|k| -k);
        if *offset == opposite {
            centre.push(*derivative);
            continue;
        }
        let partner = at(opposite);
        if partner.is_some() && *offset < opposite {
            continue;
        }
        let other = partner.unwrap_or_else(|| builder.constant(0.0));
        let mut along = (0..3).filter(|axis| offset[*axis] != 0);
        // Differences beside all axes come last.
        let axis = along.next().filter(|_| along.next().is_none()).unwrap_or(3);
        even[axis].push(builder.binary(Binary::Add, *derivative, other));
        odd[axis].push(builder.binary(Binary::Subtract, *derivative, other));
    }
    let mut all = vec![(Part::Total, total(builder, derivatives))];
    all.push((Part::Centre, sum_of_magnitudes(builder, &centre)));
    let mut slow = builder.constant(0.0);
    for partial in derivatives {
        slow = builder.binary(Binary::Add, slow, partial.derivative);
    }
    all.push((Part::Slow, if own { slow } else { builder.unary(Unary::Abs, slow) }));
    for axis in 0..4 {
        let [of_even, of_odd] =
            [&even[axis], &odd[axis]].map(|list| sum_of_magnitudes(builder, list));
        let [named_even, named_odd] = match axis {
            3 => [Part::MixedEven, Part::MixedOdd],
            _ => [Part::Even(axis), Part::Odd(axis)],
        };
        all.extend([(named_even, of_even), (named_odd, of_odd)]);
        let known = [of_even, of_odd].map(|value| builder.as_constant(value));
        let is_constant = known.iter().all(Option::is_some);
        let is_zero = known.contains(&Some(0.0));
        if axis < 3 && !is_constant && !is_zero {
            let square = builder.binary(Binary::Multiply, of_odd, of_odd);
            let quotient = builder.binary(Binary::Divide, square, of_even);
            let most = builder.constant(UNDAMPED);
            all.push((Part::Ratio(axis), builder.binary(Binary::Min, quotient, most)));
        }
    }
    all.retain(|(_, value)| builder.as_constant(*value) != Some(0.0));
    all
}

/// A sum of magnitudes of derivatives, or 0 where it is not finite: at a corner, such as that of
/// sqrt(u) at 0, a derivative may be infinite.
fn finite_or_0(builder: &mut Builder, sum: Value) -> Value {
    let most = builder.constant(f64::MAX);
    let finite = builder.binary(Binary::LessEqual, sum, most);
    let zero = builder.constant(0.0);
    builder.select(finite, sum, zero)
}
