//! How fast the equations of a system change with the state: bounds of the derivatives of their
//! right-hand sides.
//!
//! The right-hand sides are differentiated with respect to every value that they load, in every
//! cell of a state. The sum of the magnitudes of the derivatives over the cells of one field bounds
//! a block of the Jacobian in the maximum norm. For nested operators such bounds are multiplied.
//! The spectral radius of the small matrix of these bounds, field by field, bounds that of the
//! Jacobian (Gershgorin's theorem for blocks: Feingold & Varga 1962, Pacific J. Math. 12, 1241).
//! Integrals in the equations are left out, since they affect single modes only.

use std::collections::{BTreeMap, HashMap};

use fluxions_expr::derivative::{parameter_partials, partials};
use fluxions_expr::{Binary, Builder, Expr, Reduction, Type, Unary, Value};

use crate::plan::action::Slot;
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, rates as rates_of};
use crate::plan::program::{ArrayRef, GLOBALS, OwnedExpr, Program};
use crate::schemes::globals;
use crate::schemes::matrix::Matrix;
use crate::system::definition::MadeOf;
use crate::system::pde::Pde;

/// How the right-hand sides depend on the values that they load: the entries of a matrix of bounds,
/// whose rows and columns are the arrays of fields, followed by those of quantities.
pub(crate) struct Sensitivities {
    /// A plan whose reductions give the largest sums of magnitudes of derivatives.
    pub(crate) plan: Plan,
    /// The entries that are the results of the reductions, in their order.
    reduced: Vec<(usize, usize)>,
    /// The entries that are the same in all cells.
    constant: Vec<((usize, usize), f64)>,
    /// For each unknown without space the sum of magnitudes of derivatives of its rate with respect to
    /// all of these; if it is not the same always, it is one of the last results of the plan.
    of_numbers: Vec<Option<f64>>,
    rows: usize,
    /// The arrays of the fields.
    arrays: usize,
    /// Whether the bounds depend on the state or the time.
    pub(crate) changes: bool,
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

impl Sensitivities {
    /// The sensitivities of a system. `kept` gives the names of the arrays that the scheme keeps
    /// between steps.
    pub(crate) fn new(pde: &Pde, kept: &[String]) -> Self {
        let n = pde.all_arrays() + kept.len();
        let targets = rates_of(pde);
        let all: Vec<OwnedExpr<'_>> =
            targets.iter().copied().chain(globals::equations(pde)).collect();
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
        let (mut reduced, mut constant, mut changes) = (Vec::new(), Vec::new(), false);
        let mut bodies = Vec::new();
        for (field, target) in targets.iter().enumerate() {
            let rows = pde.arrays_of(field).map(Some).collect();
            let (expr, ty) = (target.expr.clone(), pde.types()[field]);
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
        for Body { rows, expr, ty, owner, level } in bodies {
            let mut pass = PassBuilder::new(&mut program, level);
            let parts = pass.value(OwnedExpr { expr: &expr, owner, name: "" });
            let dimension = pde.space().dimension();
            let numbers = parts.numbers(ty, dimension, &mut pass.builder);
            for (row, value) in rows.into_iter().zip(numbers) {
                let Some(row) = row else { continue };
                let mut derivatives: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
                for partial in partials(&mut pass.builder, value) {
                    derivatives.entry(partial.input).or_default().push(partial.derivative);
                }
                for (input, derivatives) in derivatives {
                    let array = &pass.inputs()[input];
                    let column = match array {
                        ArrayRef::Field(array) => *array,
                        array if is_fixed(array) => continue,
                        ArrayRef::Quantity(array) => row_of(*array),
                        ArrayRef::Extra(_) | ArrayRef::Random(_) => continue,
                    };
                    let builder = &mut pass.builder;
                    let mut sum = builder.constant(0.0);
                    for derivative in derivatives {
                        let magnitude = builder.unary(Unary::Abs, derivative);
                        sum = builder.binary(Binary::Add, sum, magnitude);
                    }
                    let sum = finite_or_0(builder, sum);
                    if let Some(same) = builder.as_constant(sum) {
                        constant.push(((row, column), same));
                        continue;
                    }
                    let (kernel, inputs) = builder.kernel_of(sum);
                    let inputs: Vec<ArrayRef> =
                        inputs.into_iter().map(|input| pass.inputs()[input]).collect();
                    changes |= kernel.uses_parameters() || !inputs.iter().all(is_fixed);
                    let inputs = inputs.into_iter().map(slot).collect();
                    plan.reduce(kernel, inputs, Reduction::Max);
                    reduced.push((row, column));
                }
            }
        }
        let mut of_numbers = Vec::new();
        for equation in globals::equations(pde) {
            let mut pass = PassBuilder::last(&mut program);
            let value = pass.value(equation).only().re;
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
        let arrays = pde.arrays();
        Sensitivities { plan: plan.finish(), reduced, constant, of_numbers, rows, arrays, changes }
    }

    /// A bound of the magnitude of the eigenvalues of the equations, linearised about a state for which
    /// the plan gives these results.
    pub(crate) fn rate(&self, results: &[f64]) -> f64 {
        let (bounds, of_numbers) = results.split_at(self.reduced.len());
        // Quantities are replaced by the arrays from which they are computed, beginning with those
        // of high levels.
        let mut matrix = Matrix::new(self.rows);
        let measured = self.reduced.iter().copied().zip(bounds.iter().copied());
        for ((row, column), bound) in measured.chain(self.constant.iter().copied()) {
            matrix.add(row, column, bound);
        }
        // How numbers and fields act on each other is left out, as are other numbers of the domain.
        let mut last = of_numbers.iter().copied();
        let of_number = |known: &Option<f64>| known.or_else(|| last.next()).unwrap_or(0.0);
        let fastest = self.of_numbers.iter().map(of_number).fold(0.0, f64::max);
        matrix.leading(self.arrays).spectral_radius().max(fastest)
    }
}

/// A sum of magnitudes of derivatives, or 0 where it is not finite: at a corner, such as that of
/// sqrt(u) at 0, a derivative may be infinite.
fn finite_or_0(builder: &mut Builder, sum: Value) -> Value {
    let most = builder.constant(f64::MAX);
    let finite = builder.binary(Binary::LessEqual, sum, most);
    let zero = builder.constant(0.0);
    builder.select(finite, sum, zero)
}
