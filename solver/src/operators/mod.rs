//! The operators as operations of a kernel on neighbouring cells, for each geometry.
//!
//! Differences are of second order, on cell centres. On curvilinear grids they include the metric
//! terms of the coordinates (Batchelor 1967, "An Introduction to Fluid Dynamics", appendix 2).
//! Where the usual form in a geometry conserves integrals, so does the form here; see
//! [`fluxions_grid::Metric`].

mod custom;
mod faces;
mod neighbours;
mod scalars;
mod tensors;
mod vectors;

use fluxions_expr::{
    Binary, Builder, ComplexValue, Expr, FacePart, Operator, Parts, Rank, Type, Upwind,
};
use fluxions_grid::Grid;
use fluxions_halo::HaloWidth;

pub use custom::{FieldOperator, StencilCells};
pub(crate) use faces::at_wall;
use neighbours::Neighbours;
pub(crate) use neighbours::{Argument, Load};

/// The number of the first kernel profile that is a metric factor. The profiles before it are the
/// coordinates.
pub(crate) const FIRST_METRIC: usize = 3;

/// The value of an operator, which may be one that the program defines. `load` gives the numbers of
/// its stored arguments in neighbouring cells.
pub(crate) fn apply(
    operator: Operator,
    defined: &[FieldOperator],
    grid: &Grid,
    arguments: &[Argument],
    builder: &mut Builder,
    load: Load<'_>,
) -> Parts {
    // Arguments after the operator's own tell where these are closed, and where an edge is.
    let (arguments, masks) = arguments.split_at(operator.arguments());
    let edge = match operator {
        Operator::AtEdge { .. } => masks.len().checked_sub(1),
        _ => None,
    };
    let of_arguments = &masks[..edge.unwrap_or(masks.len())];
    let edge = edge.map(|edge| arguments.len() + edge);
    let mut closed =
        |b: &mut Builder, k: usize, number: usize, offset: [i32; 3], from: [i32; 3]| {
            let there = load(b, k, number, offset);
            if offset == from || !matches!(of_arguments.get(k), Some(Argument::Stored(_))) {
                return there;
            }
            let mask = arguments.len() + k;
            let (own, other) = (load(b, mask, 0, from), load(b, mask, 0, offset));
            let same = b.binary(Binary::Equal, own, other);
            let here = load(b, k, number, from);
            b.select(same, there, here)
        };
    let mut n = Neighbours { grid, arguments, builder, load: &mut closed };
    let last = arguments.len() - 1;
    let n = &mut n;
    match operator {
        Operator::Laplace => Parts::scalar(n.laplace(last, 0)),
        Operator::GradientSquared(squared) => Parts::scalar(n.gradient_squared(squared)),
        Operator::First { axis, side } => n.each(last, |n, k| n.first(last, k, axis, side)),
        Operator::Second { axis } => n.each(last, |n, k| n.second(last, k, axis)),
        Operator::Gradient(side) => n.gradient(side),
        Operator::Divergence(side) => Parts::scalar(n.divergence(side)),
        Operator::VectorGradient(side) => n.vector_gradient(side),
        Operator::VectorLaplace => n.vector_laplace(),
        Operator::TensorDivergence => n.tensor_divergence(),
        Operator::TensorDoubleDivergence => Parts::scalar(n.tensor_double_divergence()),
        Operator::Curl => n.curl(),
        Operator::Diffusion(mean) => Parts::scalar(n.diffusion(mean)),
        Operator::Advect(upwind) => n.advect(upwind),
        Operator::AtFace { axis, upper, part } => n.at_face(axis, upper, part),
        Operator::AtEdge { axis, upper, part } => {
            n.at_edge(axis, upper, part, edge.expect("an edge is told by the last argument"))
        }
        Operator::Custom { number, .. } => Parts::scalar(defined[number].apply(n)),
    }
}

impl Neighbours<'_> {
    /// v·∇c for each component of c.
    fn advect(&mut self, upwind: Upwind) -> Parts {
        let axes = self.grid.dimension();
        self.each(1, |n, k| {
            let mut sum = ComplexValue::ZERO;
            for axis in 0..axes {
                let velocity = n.value(0).items[axis];
                let term = match upwind {
                    Upwind::No => {
                        let slope = n.first(1, k, axis, fluxions_expr::FirstDifference::Central);
                        n.builder.times(velocity, slope)
                    }
                    Upwind::Yes => n.upwind(velocity, k, axis),
                };
                sum = n.builder.sum(sum, term);
            }
            sum
        })
    }
}

/// How an operator uses an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reach {
    /// For each number of the argument, how far the operator looks, or `None` if it does not use
    /// the number.
    pub(crate) numbers: Vec<Option<HaloWidth>>,
}

/// The most numbers that an argument has.
const MOST_NUMBERS: usize = 32;

/// The input of [`on_inputs`] that is a number of an argument.
pub(crate) fn input_of(argument: usize, number: usize) -> usize {
    argument * MOST_NUMBERS + number
}

/// An operator by itself, whose arguments, of these types, are the inputs [`input_of`] each number.
pub(crate) fn on_inputs(
    operator: Operator,
    defined: &[FieldOperator],
    grid: &Grid,
    types: &[Type],
) -> (Builder, Parts) {
    let dimension = grid.components().len();
    let mut builder = Builder::new();
    let mut argument = |(k, ty): (usize, &Type)| match is_stored(operator, k) {
        true => Argument::Stored(*ty),
        false => {
            let number = |number| builder.load(input_of(k, number), [0; 3]);
            let numbers: Vec<_> = (0..ty.numbers(dimension)).map(number).collect();
            Argument::Value(Parts::of_numbers(*ty, &numbers))
        }
    };
    let arguments: Vec<Argument> = types.iter().enumerate().map(&mut argument).collect();
    let mut load = |b: &mut Builder, argument: usize, number: usize, offset: [i32; 3]| {
        b.load(input_of(argument, number), offset)
    };
    let parts = apply(operator, defined, grid, &arguments, &mut builder, &mut load);
    (builder, parts)
}

/// How an operator uses each of its arguments. Arguments that are not stored count as unused.
pub(crate) fn reach(
    operator: Operator,
    defined: &[FieldOperator],
    grid: &Grid,
    types: &[Type],
) -> Vec<Reach> {
    let (mut builder, parts) = on_inputs(operator, defined, grid, types);
    let used = parts.items.iter().flat_map(|item| [item.re, item.im]).flatten();
    used.for_each(|value| builder.output(value));
    let kernel = builder.finish();
    let dimension = grid.components().len();
    let reach = |(k, ty): (usize, &Type)| {
        let numbers = (0..ty.numbers(dimension)).map(|number| {
            let input = input_of(k, number) as u32;
            let width = || HaloWidth {
                layers: kernel.reach(input),
                corners: kernel.reaches_corners(input),
            };
            (is_stored(operator, k) && kernel.loads(input)).then(width)
        });
        Reach { numbers: numbers.collect() }
    };
    types.iter().enumerate().map(reach).collect()
}

/// Whether an operator uses an argument in neighbouring cells.
fn is_stored(operator: Operator, argument: usize) -> bool {
    let given = |part| part == FacePart::Given;
    !matches!((operator, argument), (Operator::Advect(_), 0))
        && !matches!(operator, Operator::AtFace { part, .. } if given(part))
}

/// The arguments of an operator that are stored with halos, with their positions. They are those
/// that it uses in neighbouring cells, except for coefficients that are the same everywhere.
pub(crate) fn stored(
    operator: Operator,
    arguments: &[Expr],
) -> impl Iterator<Item = (usize, &Expr)> {
    let is = move |(k, argument): &(usize, &Expr)| {
        let constant = is_coefficient(operator, *k) || *k >= operator.arguments();
        is_stored(operator, *k) && !(constant && is_same(argument))
    };
    arguments.iter().enumerate().filter(is)
}

/// Whether an argument is a coefficient, which continues beyond walls in a straight line.
pub(crate) fn is_coefficient(operator: Operator, argument: usize) -> bool {
    let diffuses = match operator {
        Operator::AtFace { part, .. } | Operator::AtEdge { part, .. } => {
            matches!(part, FacePart::Diffusion(_) | FacePart::AlongFace)
        }
        operator => matches!(operator, Operator::Diffusion(_)),
    };
    diffuses && argument == 0
}

/// Whether the form of an expression shows that its value is the same in all cells.
fn is_same(expr: &Expr) -> bool {
    use fluxions_expr::Node;
    match &expr.node {
        Node::Number(_) | Node::Imaginary | Node::Time | Node::Global(_) | Node::Reduce(..) => true,
        Node::Call(..) | Node::Chain(..) | Node::List(_) => expr.children().iter().all(is_same),
        _ => false,
    }
}

/// A value of this rank with these components.
fn parts(rank: Rank, items: Vec<ComplexValue>) -> Parts {
    Parts { rank, items }
}
