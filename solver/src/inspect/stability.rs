//! The longest stable time step, estimated from the equations.
//!
//! The right-hand sides are differentiated with respect to every value that they load, in every
//! cell of a state. The sum of the magnitudes of the derivatives over the cells of one field bounds
//! a block of the Jacobian in the maximum norm. For nested operators such bounds are multiplied.
//! The spectral radius of the small matrix of these bounds, field by field, bounds that of the
//! Jacobian (Gershgorin's theorem for blocks: Feingold & Varga 1962, Pacific J. Math. 12, 1241).
//! Integrals in the equations are left out, since they affect single modes only.

use std::collections::{BTreeMap, HashMap};

use fluxions_comm::World;
use fluxions_expr::derivative::{parameter_partials, partials};
use fluxions_expr::{Backend, Binary, Builder, Expr, Reduction, Type, Unary, Value};

use crate::error::{Error, Errors};
use crate::inspect::matrix::Matrix;
use crate::inspect::wall_rate::wall_rate;
use crate::plan::action::Slot;
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, equations};
use crate::plan::program::{ArrayRef, GLOBALS, OwnedExpr, Program};
use crate::run::blocking::options::Blocking;
use crate::run::executor::Executor;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::globals;
use crate::schemes::scheme::Scheme;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells in which derivatives are evaluated, at each of a few places of a large grid.
const MOST_CELLS: usize = 1 << 18;

/// The longest stable time step of a scheme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableStep {
    /// A bound of the magnitude of the eigenvalues of the linearised equations, per unit of time.
    pub rate: f64,
    /// The longest step that is stable for modes that decay, and in which no more flows out of a
    /// cell than is in it. It is infinite where nothing changes.
    pub decaying: f64,
    /// The longest step that is stable for modes that oscillate. It is 0 where the scheme is
    /// unstable for them.
    pub oscillating: f64,
}

/// Estimates the longest stable step of a scheme, from the initial values.
///
/// # Errors
/// The mistakes in the initial values, or the reason why the scheme cannot step the system.
pub fn stable_step(
    pde: &Pde,
    initial: &[(String, Formula)],
    scheme: impl Into<SchemeChoice>,
) -> Result<StableStep, Errors> {
    let scheme = scheme_for(pde, &scheme.into())?;
    let (mut rate, mut advected): (f64, f64) = (0.0, 0.0);
    let whole = pde.grid().cells() <= MOST_CELLS;
    let places: &[f64] = if whole { &[0.0] } else { &[0.0, 0.5, 1.0] };
    for place in places {
        let part = pde.cropped(MOST_CELLS, *place);
        let offset = pde.grid().offset_of(part.grid());
        let initial = Shifted::initial(initial, &offset);
        let (of_equations, of_transport) = bounds(&part, &initial, whole)?;
        (rate, advected) = (rate.max(of_equations), advected.max(of_transport));
    }
    rate = rate.max(wall_rate(pde, initial, rate)?);
    Ok(StableStep::new(&*scheme, rate, advected))
}

impl StableStep {
    /// The step of a scheme for equations and a transport with these bounds per unit of time.
    fn new(scheme: &dyn Scheme, rate: f64, advected: f64) -> Self {
        let over = |limit: f64| if rate > 0.0 { limit / rate } else { f64::INFINITY };
        let decaying = over(scheme.real_limit()).min(1.0 / advected);
        StableStep { rate, decaying, oscillating: over(scheme.imaginary_limit()) }
    }
}

/// The bounds of the equations and of transport for the whole grid of `pde`, on one rank.
fn bounds(pde: &Pde, initial: &[(String, Formula)], whole: bool) -> Result<(f64, f64), Errors> {
    // This step is short enough for any flow.
    const SHORT: f64 = 1e-30;
    let world = World::solo();
    let kept = scheme_for(pde, &SchemeChoice::Usual)?.kept(pde);
    let sensitivities = Sensitivities::new(pde, &kept);
    // No step is made, so that the way in which it would be made need not be the fastest.
    let by_pass = Blocking { steps: Some(0), stream: Some(false), ..Blocking::default() };
    let mut builder = Simulation::builder(pde, &world).dt(SHORT);
    builder = builder.backend(Backend::Closures).blocking(by_pass);
    for (field, value) in initial {
        builder = builder.initial(field, value.clone());
    }
    // The derivatives are evaluated once, and no steps are made: code would take longer to compile.
    let one_by_one = Blocking { steps: Some(0), stream: Some(false), ..Blocking::default() };
    let builder = builder.backend(Backend::Closures).blocking(one_by_one);
    let mut simulation = builder.with_room_for(&sensitivities.plan).build()?;
    let of_equations = sensitivities.rate(&mut simulation).map_err(Errors::from)?;
    Ok((of_equations, simulation.measured().rate(pde, whole)))
}

/// How the right-hand sides depend on the values that they load: the entries of a matrix of bounds,
/// whose rows and columns are the arrays of fields, followed by those of quantities.
pub(super) struct Sensitivities {
    /// A plan whose reductions give the largest sums of magnitudes of derivatives.
    pub(super) plan: Plan,
    /// The entries that are the results of the reductions, in their order.
    reduced: Vec<(usize, usize)>,
    /// The entries that are the same in all cells.
    constant: Vec<((usize, usize), f64)>,
    /// For each unknown without space the sum of magnitudes of derivatives of its rate with respect to
    /// all of these; if it is not the same always, it is one of the last results of the plan.
    of_numbers: Vec<Option<f64>>,
    rows: usize,
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
    pub(super) fn new(pde: &Pde, kept: &[String]) -> Self {
        let n = pde.all_arrays() + kept.len();
        let targets = equations(pde);
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
        let (mut reduced, mut constant) = (Vec::new(), Vec::new());
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
                        ArrayRef::Field(array) if *array >= pde.arrays() => continue,
                        ArrayRef::Field(array) => *array,
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
                    let inputs =
                        inputs.into_iter().map(|input| slot(pass.inputs()[input])).collect();
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
        Sensitivities { plan: plan.finish(), reduced, constant, of_numbers, rows }
    }

    /// A bound of the magnitude of the eigenvalues of the equations, linearised about the present
    /// state of a simulation that has room for the plan. Collective.
    pub(super) fn rate(&self, simulation: &mut Simulation) -> Result<f64, Error> {
        let mut bounds = simulation.reduce_all(self.plan.clone())?;
        let of_numbers = bounds.split_off(self.reduced.len());
        // Quantities are replaced by the arrays from which they are computed, beginning with those
        // of high levels.
        let mut matrix = Matrix::new(self.rows);
        let measured = self.reduced.iter().copied().zip(bounds);
        for ((row, column), bound) in measured.chain(self.constant.iter().copied()) {
            matrix.add(row, column, bound);
        }
        let arrays = simulation.pde().arrays();
        // How numbers and fields act on each other is left out, as are other numbers of the domain.
        let mut last = of_numbers.into_iter();
        let of_number = |known: &Option<f64>| known.or_else(|| last.next()).unwrap_or(0.0);
        let fastest = self.of_numbers.iter().map(of_number).fold(0.0, f64::max);
        Ok(matrix.leading(arrays).spectral_radius().max(fastest))
    }

    /// The longest stable step of a scheme in the present state of a simulation that has room for
    /// the plan; of transport what was known before the first step counts. Collective.
    pub(super) fn stable_step(
        &self,
        scheme: &dyn Scheme,
        simulation: &mut Simulation,
    ) -> Result<StableStep, Error> {
        let rate = self.rate(simulation)?;
        let advected = simulation.measured().rate(simulation.pde(), true);
        Ok(StableStep::new(scheme, rate, advected))
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

impl Simulation {
    /// Runs a plan and returns its results.
    fn reduce_all(&mut self, plan: Plan) -> Result<Vec<f64>, Error> {
        let results = plan.results();
        let mut executor: Executor = self.executor(plan)?;
        self.run_beside(&mut executor)?;
        Ok(executor.parameters()[results].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::tableau::Tableau;
    use fluxions_grid::{Ends, Grid};

    fn rate(cells: usize, equations: &[(&str, &str)], initial: &[(&str, &str)]) -> f64 {
        let grid = Grid::cartesian()
            .axis("x", 0.0..1.0, cells, Ends::Periodic)
            .axis("y", 0.0..1.0, cells, Ends::Periodic)
            .build()
            .unwrap();
        let builder = equations.iter().fold(Pde::on(&grid), |b, (f, text)| b.equation(f, *text));
        let pde = builder.build().unwrap();
        let initial: Vec<_> =
            initial.iter().map(|(f, text)| (f.to_string(), Formula::from(*text))).collect();
        stable_step(&pde, &initial, &Tableau::EULER).unwrap().rate
    }

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn diffusion_has_the_rate_of_its_shortest_wave() {
        near(rate(32, &[("u", "0.3*laplace(u)")], &[("u", "1")]), 0.3 * 8.0 * 32.0 * 32.0);
        near(rate(32, &[("u", "0.3*d2_dx2(u)")], &[("u", "1")]), 0.3 * 4.0 * 32.0 * 32.0);
    }

    #[test]
    fn nested_operators_multiply() {
        let lap = 8.0 * 32.0 * 32.0;
        near(rate(32, &[("u", "-laplace(laplace(u))")], &[("u", "1")]), lap * lap);
        let found = rate(32, &[("c", "laplace(c^3 - c - laplace(c))")], &[("c", "0.5")]);
        near(found, lap * (lap - 0.25));
    }

    #[test]
    fn waves_have_their_frequency_though_one_coefficient_is_large() {
        let equations = [("u", "v"), ("v", "9*laplace(u)")];
        near(rate(32, &equations, &[("u", "x"), ("v", "0")]), 3.0 * (8.0f64).sqrt() * 32.0);
    }

    #[test]
    fn the_largest_rate_of_all_cells_counts() {
        near(rate(16, &[("u", "-(1 + 3*x)*u")], &[("u", "1")]), 1.0 + 3.0 * (1.0 - 0.5 / 16.0));
        near(rate(16, &[("u", "-u^2/2")], &[("u", "2 + y")]), 2.0 + 1.0 - 0.5 / 16.0);
        // Where the slope of the root is infinite, it counts as 0.
        near(rate(16, &[("u", "-sqrt(u)")], &[("u", "where(x < 0.5, 0, 4)")]), 0.25);
    }
}
