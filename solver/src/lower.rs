//! Checked expressions to kernel operations: what an operator does to its neighbours.

use fluxions_expr as expr;
use fluxions_expr::{Binary, Builder, Expr, Node, Operator, Value};
use fluxions_grid::{Difference, Grid, Stencil, Term};

/// The operations of an expression. `leaf` gives the value of whatever is not computed within
/// the cell: fields, coordinates, operators, reductions.
pub(crate) fn lower(
    expr: &Expr,
    builder: &mut Builder,
    leaf: &mut dyn FnMut(&Expr, &mut Builder) -> Value,
) -> Value {
    match &expr.node {
        Node::Number(value) => builder.constant(*value),
        Node::Call(function, arguments) => {
            let values: Vec<_> = arguments.iter().map(|a| lower(a, builder, leaf)).collect();
            builder.call(*function, &values)
        }
        _ => leaf(expr, builder),
    }
}

/// The operations of an operator applied to an input.
pub(crate) fn operator(
    operator: Operator,
    grid: &Grid,
    input: usize,
    builder: &mut Builder,
) -> Value {
    let squares = |builder: &mut Builder| {
        let mut sum = None;
        for axis in 0..grid.dimension() {
            let slope = stencil(&first(grid, axis, expr::Sided::Central), input, builder);
            let square = builder.binary(Binary::Multiply, slope, slope);
            sum = Some(match sum {
                None => square,
                Some(sum) => builder.binary(Binary::Add, sum, square),
            });
        }
        sum
    };
    match operator {
        Operator::Laplace => stencil(&Stencil::laplace(grid), input, builder),
        Operator::Second { axis } => stencil(&Stencil::second(grid, axis), input, builder),
        Operator::First { axis, side } => stencil(&first(grid, axis, side), input, builder),
        Operator::GradientSquared => match squares(builder) {
            Some(sum) => sum,
            None => builder.constant(0.0),
        },
    }
}

fn first(grid: &Grid, axis: usize, side: expr::Sided) -> Stencil {
    let side = match side {
        expr::Sided::Central => fluxions_grid::Sided::Central,
        expr::Sided::Forward => fluxions_grid::Sided::Forward,
        expr::Sided::Backward => fluxions_grid::Sided::Backward,
    };
    Stencil::first(grid, axis, side)
}

/// The operations of a stencil, in the order in which it lists its terms.
fn stencil(stencil: &Stencil, input: usize, builder: &mut Builder) -> Value {
    let parts: Vec<_> = stencil.parts.iter().map(|p| difference(p, input, builder)).collect();
    sum(&parts, builder)
}

fn difference(difference: &Difference, input: usize, builder: &mut Builder) -> Value {
    let term = |term: &Term, builder: &mut Builder| {
        let (cells, weight) = match *term {
            Term::Pair { offset, weight } => {
                let before = builder.load(input, offset.map(|o| -o));
                let after = builder.load(input, offset);
                (builder.binary(Binary::Add, before, after), weight)
            }
            Term::Cell { offset, weight } => (builder.load(input, offset), weight),
        };
        let weight = builder.constant(weight);
        builder.binary(Binary::Multiply, weight, cells)
    };
    let terms: Vec<_> = difference.terms.iter().map(|t| term(t, builder)).collect();
    let sum = sum(&terms, builder);
    let scale = builder.constant(difference.scale);
    builder.binary(Binary::Multiply, scale, sum)
}

fn sum(values: &[Value], builder: &mut Builder) -> Value {
    let mut values = values.iter().copied();
    let first = values.next().unwrap_or_else(|| builder.constant(0.0));
    values.fold(first, |sum, value| builder.binary(Binary::Add, sum, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxions_expr::Op;
    use fluxions_grid::Ends;

    #[test]
    fn an_isotropic_laplacian_costs_six_operations() {
        let grid = Grid::cartesian()
            .axis("x", 0.0..1.0, 4, Ends::Periodic)
            .axis("y", 0.0..1.0, 4, Ends::Periodic)
            .build()
            .unwrap();
        let mut builder = Builder::new();
        let value = operator(Operator::Laplace, &grid, 0, &mut builder);
        builder.output(value);
        let kernel = builder.finish();
        assert_eq!(kernel.arithmetic_operations(), 6);
        assert_eq!(kernel.reach(0), [[0, 0], [1, 1], [1, 1]]);
        assert!(!kernel.reaches_corners(0));
        let loads = kernel.ops().iter().filter(|op| matches!(op, Op::Load { .. })).count();
        assert_eq!(loads, 5);
    }
}
