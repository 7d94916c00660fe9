//! Why a number is not finite: finds the operation that made it out of finite ones, by evaluating an
//! expression part by part in a cell.

use std::ops::Range;

use fluxions_comm::Combine;
use fluxions_expr::{Expr, Function, Node, Span, numbers_in_cell};
use fluxions_grid::Axis;

use crate::error::{Error, Errors};
use crate::plan::evaluation;
use crate::run::not_finite;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::simulation::builder::SimulationBuilder;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// A part of an expression that is not finite, although all that it is made of is.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Where the expression stands.
    pub origin: Origin,
    /// The part of its text.
    pub span: Span,
    /// The operation with the values of its operands, such as `log(-1)`, where these are known.
    pub operation: Option<String>,
    /// Its value: a NaN or an infinity.
    pub value: f64,
    /// The names of the axes.
    pub axes: Box<[String]>,
    /// The cell's indices along the axes, counted from 0 over the whole grid.
    pub cell: Vec<usize>,
    /// The cell's coordinates.
    pub coordinates: Vec<f64>,
}

/// What makes the initial value of an array (such as `u`, `v.x` or `re psi`) not finite in a cell.
pub fn cause_in_initial(
    pde: &Pde,
    initial: &[(String, Formula)],
    array: &str,
    cell: &[usize],
) -> Option<Cause> {
    let number = pde.array_names().iter().position(|name| name == array)?;
    let field = (0..pde.fields().len()).find(|f| pde.arrays_of(*f).contains(&number))?;
    let name = &pde.fields()[field];
    let (_, formula) = initial.iter().find(|(given, _)| given == name)?;
    let origin = Origin::Initial(name.clone());
    let place = fluxions_expr::Place::Initial;
    let (expr, _) = pde.check_value(&origin, formula, place, field).ok()?;
    let missing = pde.grid().missing();
    let mut at = [0; 3];
    at[missing..].copy_from_slice(cell);
    let mut search = Search { pde, state: None };
    search.find(&Within { origin, owner: 0 }, &expr, at).ok().flatten()
}

/// What is not finite in the equations, evaluated in the initial state, if anything is. `builder`
/// makes the simulation anew. Collective.
///
/// # Errors
/// If the simulation cannot be built again, or another rank has failed.
pub fn cause_in_equations(
    pde: &Pde,
    scheme: &SchemeChoice,
    builder: SimulationBuilder<'_>,
) -> Result<Option<Cause>, Errors> {
    let kept = scheme_for(pde, scheme)?.kept(pde);
    let builder = with_room_to_search(pde, &kept, builder);
    let mut simulation = builder.uncompiled().build()?;
    Ok(cause_in_state(pde, kept, &mut simulation)?)
}

/// A builder of simulations in whose states causes can be searched for.
pub(super) fn with_room_to_search<'b>(
    pde: &Pde,
    kept: &[String],
    builder: SimulationBuilder<'b>,
) -> SimulationBuilder<'b> {
    let mut parts = Vec::new();
    for (field, expr) in pde.equations().iter().enumerate() {
        let owner = pde.conditions.owner_of_field(field);
        parts.push((expr.clone(), owner));
        parts_evaluated(pde, expr, owner, &mut parts);
    }
    let plans = parts.iter().map(|(expr, owner)| evaluation::of_part(pde, kept, expr, *owner));
    plans.fold(builder, |builder, plan| builder.with_room_for(&plan))
}

/// What is not finite in the equations, evaluated in the present state, if anything is. Collective.
pub(super) fn cause_in_state(
    pde: &Pde,
    kept: Vec<String>,
    simulation: &mut Simulation,
) -> Result<Option<Cause>, Error> {
    let mut search = Search { pde, state: Some(Evaluated { simulation, kept }) };
    for (field, expr) in pde.equations().iter().enumerate() {
        let owner = pde.conditions.owner_of_field(field);
        if let Some(cell) = search.first(expr, owner)? {
            let origin = Origin::Equation(pde.fields()[field].clone());
            return search.find(&Within { origin, owner }, expr, cell);
        }
    }
    Ok(None)
}

/// Adds the parts of an expression that are evaluated in the whole grid: operators and reductions
/// with their arguments.
fn parts_evaluated(pde: &Pde, expr: &Expr, owner: usize, parts: &mut Vec<(Expr, usize)>) {
    expr.walk(&mut |part| match &part.node {
        Node::Operator(..) | Node::Reduce(..) => {
            parts.push((part.clone(), owner));
            parts.extend(part.children().iter().map(|argument| (argument.clone(), owner)));
        }
        Node::Define(d) => {
            let owner = owner_in(pde, *d, owner);
            let known = (part.clone(), owner);
            if !parts.contains(&known) {
                parts.push(known);
                parts_evaluated(pde, &pde.definitions()[*d].expr, owner, parts);
            }
        }
        _ => {}
    });
}

/// Whose conditions hold in a definition that is used where those of `owner` do.
fn owner_in(pde: &Pde, definition: usize, owner: usize) -> usize {
    match pde.conditions.is_definition_named(definition) {
        true => pde.conditions.owner_of_definition(definition),
        false => owner,
    }
}

/// An expression that is searched: where it stands, and whose conditions hold in it.
struct Within {
    origin: Origin,
    owner: usize,
}

/// The state in which expressions are evaluated.
struct Evaluated<'a> {
    simulation: &'a mut Simulation,
    kept: Vec<String>,
}

struct Search<'a> {
    pde: &'a Pde,
    /// Without it only what coordinates and external data decide is known.
    state: Option<Evaluated<'a>>,
}

/// In chains of more functions than this the whole chain counts as one operation.
const LONG: usize = 200;

/// A cell of the whole grid.
type Cell = [usize; 3];

impl Search<'_> {
    /// The innermost part of an expression that is not finite in a cell, given that the whole is not.
    fn find(&mut self, within: &Within, expr: &Expr, cell: Cell) -> Result<Option<Cause>, Error> {
        let owner = within.owner;
        let parts: Vec<&Expr> = match &expr.node {
            Node::Define(d) => {
                let definition = &self.pde.definitions()[*d];
                let origin = Origin::Define(definition.name.clone());
                let owner = owner_in(self.pde, *d, owner);
                return self.find(&Within { origin, owner }, &definition.expr, cell);
            }
            Node::Operator(..) | Node::Reduce(..) if self.state.is_some() => {
                // What makes its value may lie in a cell beside this one.
                for argument in expr.children() {
                    if let Some(beside) = self.first(argument, owner)? {
                        return self.find(within, argument, beside);
                    }
                }
                Vec::new()
            }
            Node::Chain(functions, parts) if functions.len() <= LONG => {
                for (k, function) in functions.iter().enumerate() {
                    let (before, after) = (expr.before(k), parts[k + 1].clone());
                    let span = Span::new(before.span.start, after.span.end);
                    let node = Node::Call(Function::Binary(*function), vec![before, after]);
                    let link = Expr { node, ty: expr.ty, span };
                    let numbers = self.numbers(&link, owner, cell)?;
                    if numbers.is_some_and(|numbers| numbers.iter().any(|x| !x.is_finite())) {
                        return self.find(within, &link, cell);
                    }
                }
                Vec::new()
            }
            Node::Call(Function::Where, parts) => {
                let chosen = match self.numbers(&parts[0], owner, cell)? {
                    Some(condition) if condition == [0.0] => &parts[2],
                    Some(_) => &parts[1],
                    None => return Ok(Some(self.cause(within, expr, cell)?)),
                };
                vec![&parts[0], chosen]
            }
            _ => expr.children().iter().collect(),
        };
        for (k, part) in parts.into_iter().enumerate() {
            let numbers = self.numbers(part, owner, cell)?;
            if numbers.is_some_and(|numbers| numbers.iter().any(|x| !x.is_finite())) {
                // The items of a list in the file are texts of their own.
                let item = matches!(expr.node, Node::List(_)) && expr.span == Span::default();
                let origin = if item { within.origin.item(k) } else { within.origin.clone() };
                return self.find(&Within { origin, owner }, part, cell);
            }
        }
        Ok(Some(self.cause(within, expr, cell)?))
    }

    fn cause(&mut self, within: &Within, expr: &Expr, cell: Cell) -> Result<Cause, Error> {
        let (pde, grid) = (self.pde, self.pde.grid());
        let numbers = self.numbers(expr, within.owner, cell)?.unwrap_or_default();
        let value = numbers.into_iter().find(|x| !x.is_finite()).unwrap_or(f64::NAN);
        let mut operands = Vec::new();
        for part in expr.children() {
            let numbers = self.numbers(part, within.owner, cell)?;
            operands.extend(numbers.and_then(|numbers| as_text(&numbers)));
        }
        let known = operands.len() == expr.children().len();
        let operation = match &expr.node {
            Node::Call(function, _) if known => Some(function.applied(&operands)),
            Node::Native(native, _) if known => {
                Some(format!("{}({})", native.name(), operands.join(", ")))
            }
            _ => None,
        };
        let cell = cell[grid.missing()..].to_vec();
        let centre = |(axis, index): (&Axis, &usize)| axis.centre(*index as isize);
        let coordinates = grid.axes().iter().zip(&cell).map(centre).collect();
        let axes = pde.grid().axis_names().into();
        let (origin, span) = (within.origin.clone(), expr.span);
        Ok(Cause { origin, span, operation, value, axes, cell, coordinates })
    }

    /// The numbers that a value in a cell is made of, if they can be known.
    fn numbers(
        &mut self,
        expr: &Expr,
        owner: usize,
        cell: Cell,
    ) -> Result<Option<Vec<f64>>, Error> {
        let dimension = self.pde.space().dimension();
        let space = self.pde.space().clone();
        let mut unknown = Ok(false);
        let numbers = numbers_in_cell(expr, &space, &mut |leaf| {
            let count = leaf.ty.numbers(dimension);
            match self.leaf(leaf, owner, cell) {
                Ok(Some(numbers)) if numbers.len() == count => return numbers,
                Ok(_) if unknown.is_ok() => unknown = Ok(true),
                Ok(_) => {}
                Err(error) => unknown = Err(error),
            }
            vec![f64::NAN; count]
        });
        Ok((!unknown?).then_some(numbers))
    }

    /// The same for what is not computed within the cell.
    fn leaf(&mut self, expr: &Expr, owner: usize, cell: Cell) -> Result<Option<Vec<f64>>, Error> {
        let (pde, missing) = (self.pde, self.pde.grid().missing());
        Ok(match &expr.node {
            Node::Coordinate(axis) => {
                let centre = pde.grid().axes()[*axis].centre(cell[missing + axis] as isize);
                Some(vec![centre])
            }
            Node::Define(d) => {
                let owner = owner_in(pde, *d, owner);
                self.numbers(&pde.definitions()[*d].expr, owner, cell)?
            }
            Node::Field(field) if self.state.is_some() => {
                Some(self.at(pde.arrays_of(*field), cell)?)
            }
            Node::Field(field) => {
                let external = field.checked_sub(pde.fields().len());
                let Some(data) = external.and_then(|k| pde.external().get(k)) else {
                    return Ok(None);
                };
                let (start, shape) = (&cell[missing..], vec![1; 3 - missing]);
                let one = |number| data.source.read(start, &shape, number).ok()?.first().copied();
                (0..pde.arrays_of(*field).len()).map(one).collect()
            }
            Node::Time => self.state.as_ref().map(|state| vec![state.simulation.time()]),
            Node::Global(number) => {
                self.state.as_ref().map(|state| vec![state.simulation.globals()[*number]])
            }
            Node::Operator(..) | Node::Reduce(..) if self.state.is_some() => {
                let arrays = self.evaluate(expr, owner)?;
                Some(self.at(arrays, cell)?)
            }
            _ => None,
        })
    }

    /// The arrays with the values of an expression. Collective.
    fn evaluate(&mut self, expr: &Expr, owner: usize) -> Result<Range<usize>, Error> {
        let Some(Evaluated { simulation, kept }) = &mut self.state else { return Ok(0..0) };
        let plan = evaluation::of_part(self.pde, kept, expr, owner);
        let mut executor = simulation.executor(plan)?;
        simulation.run_beside(&mut executor)?;
        let first = self.pde.all_arrays() + kept.len();
        Ok(first..first + expr.ty.numbers(self.pde.space().dimension()))
    }

    /// The first cell in which an expression is not finite. Collective.
    fn first(&mut self, expr: &Expr, owner: usize) -> Result<Option<Cell>, Error> {
        let arrays = self.evaluate(expr, owner)?;
        let Some(Evaluated { simulation, .. }) = &self.state else { return Ok(None) };
        let state = &simulation.state;
        let layout = state.memory.layout();
        let found = arrays.filter_map(|array| {
            let numbers = state.memory.of_array(array);
            not_finite::first(&state.block, &layout, numbers, &state.block.domain())
        });
        let mut first = [found.min().map_or(i64::MAX, |cell| cell as i64)];
        state.world.combine(Combine::Min, &mut first)?;
        let [_, n1, n2] = self.pde.grid().shape();
        let number = first[0] as usize;
        Ok((first[0] < i64::MAX).then(|| [number / (n1 * n2), number / n2 % n1, number % n2]))
    }

    /// The numbers in a cell of arrays, from the rank whose cell it is. Collective.
    fn at(&self, arrays: Range<usize>, cell: Cell) -> Result<Vec<f64>, Error> {
        let Some(Evaluated { simulation, .. }) = &self.state else { return Ok(Vec::new()) };
        let state = &simulation.state;
        let (start, shape) = (state.block.start(), state.block.shape());
        let here = (0..3).all(|a| (start[a]..start[a] + shape[a]).contains(&cell[a]));
        let index = std::array::from_fn(|a| cell[a] as isize - start[a] as isize);
        let layout = state.memory.layout();
        // Every rank but one adds nothing, so that the bits stay as they are.
        let bits = |array: usize| match here {
            true => state.memory.of_array(array)[layout.index(index)].to_bits() as i64,
            false => 0,
        };
        let mut all: Vec<i64> = arrays.map(bits).collect();
        state.world.combine(Combine::Sum, &mut all)?;
        Ok(all.into_iter().map(|bits| f64::from_bits(bits as u64)).collect())
    }
}

/// A scalar as text; nothing for vectors and tensors.
fn as_text(numbers: &[f64]) -> Option<String> {
    let one = |x: f64| match x == 0.0 || !x.is_finite() || (1e-4..1e6).contains(&x.abs()) {
        true => format!("{x}"),
        false => format!("{x:e}"),
    };
    match numbers {
        [x] => Some(one(*x)),
        [re, im] => Some(format!("({} + {}*i)", one(*re), one(*im))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fluxions_comm::threads::run as on_threads;
    use fluxions_expr::{Rank, Type};
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::schemes::tableau::Tableau;
    use crate::system::builder::PdeBuilder;

    fn grid() -> Grid {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 10, Ends::Bounded);
        grid.axis("y", 0.0..1.0, 4, Ends::Periodic).build().unwrap()
    }

    /// The operation, where its text begins and ends, and its cell: the same on 1 to 3 ranks.
    fn found(builder: PdeBuilder, initial: &[(&str, &str)]) -> (Option<String>, Span, Vec<usize>) {
        let pde = builder.build().unwrap();
        let scheme: SchemeChoice = Tableau::RK4.into();
        let mut all = Vec::new();
        for ranks in 1..=3 {
            let causes = on_threads(ranks, |world| {
                let builder = Simulation::builder(&pde, world).scheme(&scheme).dt(1e-3);
                let builder = initial.iter().fold(builder, |b, (f, text)| b.initial(f, *text));
                Ok::<_, Error>(cause_in_equations(&pde, &scheme, builder).unwrap())
            });
            all.extend(causes.unwrap());
        }
        // As texts: a NaN is not equal to itself.
        let texts: Vec<String> = all.iter().map(|cause| format!("{cause:?}")).collect();
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        let cause = all.swap_remove(0).unwrap();
        (cause.operation, cause.span, cause.cell)
    }

    #[test]
    fn the_operation_is_found_where_it_stands_on_1_to_3_ranks() {
        let of = |text: &str, at: &str| {
            let start = text.find(at).unwrap();
            Span::new(start, start + at.len())
        };
        let text = "laplace(u) + 2*log(u - 1)";
        let cause = found(Pde::on(&grid()).equation("u", text), &[("u", "1.6 - x")]);
        assert_eq!(cause.0.unwrap(), "log(-0.04999999999999993)");
        assert_eq!((cause.1, cause.2), (of(text, "log(u - 1)"), vec![6, 0]));

        let text = "u/(x - 0.05)";
        let cause = found(Pde::on(&grid()).equation("u", text), &[("u", "3")]);
        assert_eq!(cause, (Some("3/0".into()), of(text, text), vec![0, 0]));

        // In the midst of a chain of operations.
        let text = "u/(x - 0.05)*2 - 1";
        let cause = found(Pde::on(&grid()).equation("u", text), &[("u", "3")]);
        assert_eq!(cause, (Some("3/0".into()), of(text, "u/(x - 0.05)"), vec![0, 0]));

        // In the argument of an operator, in another cell than the one where it is noticed first.
        let text = "d_dx(sqrt(0.5 - y))";
        let cause = found(Pde::on(&grid()).equation("u", text), &[("u", "0")]);
        assert_eq!(cause, (Some("sqrt(-0.125)".into()), of(text, "sqrt(0.5 - y)"), vec![0, 2]));

        // Only the choice that is made counts.
        let text = "where(u > 0, log(u), u^0.5)";
        let cause = found(Pde::on(&grid()).equation("u", text), &[("u", "-1")]);
        assert_eq!(cause, (Some("(-1)^0.5".into()), of(text, "u^0.5"), vec![0, 0]));

        // What an operator itself makes has no operands in the cell.
        let text = "1e300*u*laplace(1e306*x^2)";
        let cause = found(Pde::on(&grid()).equation("u", text), &[("u", "1")]);
        assert_eq!((cause.1, cause.2), (of(text, text), vec![0, 0]));
    }

    #[test]
    fn definitions_and_vectors_are_looked_into() {
        let equations = Pde::on(&grid())
            .field("v", Type::real(Rank::Vector))
            .define("w", "integral(x) - 0.5 + acos(2*x)")
            .equation("v", Formula::List(vec!["0".into(), "1/w".into()]));
        let pde = equations.clone().build().unwrap();
        let cause = found(equations, &[("v", "1")]);
        assert_eq!((cause.0.as_deref(), cause.2), (Some("acos(1.1)"), vec![5, 0]));
        assert_eq!(pde.definitions()[0].name, "w");
    }

    #[test]
    fn nothing_is_found_where_all_is_finite() {
        let pde = Pde::on(&grid()).equation("u", "laplace(u)").build().unwrap();
        let world = fluxions_comm::World::solo();
        let scheme: SchemeChoice = Tableau::RK4.into();
        let builder = Simulation::builder(&pde, &world).scheme(&scheme).dt(1.0).initial("u", "x");
        assert_eq!(cause_in_equations(&pde, &scheme, builder).unwrap(), None);
    }

    #[test]
    fn initial_values_are_evaluated_in_their_cell() {
        let pde = Pde::on(&grid()).equation("u", "0").define("d", "x - 0.25").build().unwrap();
        let cause = |text: &str, cell: [usize; 2]| {
            let initial = [("u".to_string(), Formula::from(text))];
            let cause = cause_in_initial(&pde, &initial, "u", &cell).unwrap();
            (cause.origin, cause.operation)
        };
        let here = Origin::Initial("u".into());
        assert_eq!(cause("1 + sqrt(d)", [0, 1]), (here.clone(), Some("sqrt(-0.2)".into())));
        assert_eq!(cause("1/floor(x)", [3, 1]), (here.clone(), Some("1/0".into())));
        // The operands are not known here.
        assert_eq!(cause("sqrt(random_normal(-9, 1))", [3, 1]), (here, None));
    }
}
