//! The value of an expression at a point: a number of the whole domain.

use std::f64::consts::PI;

use super::{Resolver, Typed, call::is_number};
use crate::ast::Ast;
use crate::error::Error;
use crate::evaluate;
use crate::function::Function;
use crate::math::{Binary, Unary};
use crate::operator::Reduction;
use crate::scope::AxisPoints;
use crate::space::Coordinates;
use crate::span::Span;
use crate::typed::{Expr, Node};
use crate::types::Type;

/// The function that gives the value of an expression at a point.
pub(super) const AT: &str = "at";

/// The two cells along an axis between which a point lies: their centres with their weights.
type Pair = [(f64, f64); 2];

/// The cells along an axis whose values count at a coordinate, on the line through the two nearest
/// centres, which goes on to the ends of the axis. `None` outside the axis.
fn pair(axis: &AxisPoints, coordinate: f64) -> Option<Pair> {
    let AxisPoints { first, spacing, cells, periodic } = *axis;
    let (low, high) = (first - spacing / 2.0, first + (cells as f64 - 0.5) * spacing);
    let room = 1e-9 * spacing;
    if !(low - room..=high + room).contains(&coordinate) {
        return None;
    }
    let centre = |cell: f64| first + cell * spacing;
    let place = (coordinate - first) / spacing;
    let n = cells as f64;
    if cells == 1 {
        return Some([(first, 1.0), (first, 0.0)]);
    }
    let before = if periodic { place.floor() } else { place.floor().clamp(0.0, n - 2.0) };
    let after = place - before;
    let cell = |number: f64| centre(if periodic { number.rem_euclid(n) } else { number });
    Some([(cell(before), 1.0 - after), (cell(before + 1.0), after)])
}

impl Resolver<'_> {
    /// `at(c, x, y)`: the value on the line, plane or space through the nearest centres.
    pub(super) fn at(&mut self, name_span: Span, args: &[Ast], span: Span) -> Option<Typed> {
        let axes = self.scope.points().to_vec();
        let count = 1 + axes.len();
        self.count(AT, args, count..=count, span)?;
        let of = self.over_domain(&args[0]);
        let places = self.arguments(&args[1..]);
        if !self.scope.place().allows_operators() {
            return self.not_allowed(format!("`{AT}`"), name_span, None);
        }
        self.uses.operator.get_or_insert(AT.into());
        let (of, places) = (of?, places?);
        self.scalar(&of, &format!("`{AT}`"))?;
        let mut pairs = Vec::new();
        for (place, axis) in places.iter().zip(&axes) {
            if !is_number(place) {
                return self.fail(Error::NumberWanted { name: AT.into(), span: place.span });
            }
            let coordinate = evaluate::number(place, self.scope.space());
            match pair(axis, coordinate) {
                Some(pair) => pairs.push(pair),
                None => {
                    let name = self.scope.space().axes[pairs.len()].clone();
                    let span = place.span;
                    return self.fail(Error::Outside { axis: name, coordinate, span });
                }
            }
        }
        let ty = of.ty;
        let coordinates = self.scope.space().coordinates;
        let density = density(of, &axes, &pairs, coordinates);
        Some((Node::Reduce(Reduction::Integral, Box::new(density)), ty))
    }
}

/// A density whose integral is the value of an expression at a point: what the cells around it have,
/// times their weights and over their volumes.
fn density(of: Expr, axes: &[AxisPoints], pairs: &[Pair], coordinates: Coordinates) -> Expr {
    let span = of.span;
    let real = |node: Node| Expr { node, ty: Type::REAL, span };
    let number = |value: f64| Expr { span, ..Expr::number(value) };
    let call = |f: Binary, a: Expr, b: Expr| {
        let ty = a.ty.with_complex(a.ty.complex || b.ty.complex);
        Expr::binary(f, a, b, ty, span)
    };
    let choose = |condition: Expr, yes: Expr, no: Expr| {
        let ty = yes.ty;
        Expr { node: Node::Call(Function::Where, vec![condition, yes, no]), ty, span }
    };
    let spacings: f64 = axes.iter().map(|axis| axis.spacing).product();
    let r = || real(Node::Coordinate(0));
    // The volume of a cell, from the radius of its centre.
    let volume = match coordinates {
        Coordinates::Cartesian => number(spacings),
        Coordinates::Polar | Coordinates::Cylindrical => {
            call(Binary::Multiply, number(2.0 * PI * spacings), r())
        }
        Coordinates::Spherical => {
            let square = call(Binary::Multiply, r(), r());
            let sum = call(Binary::Add, square, number(axes[0].spacing.powi(2) / 12.0));
            call(Binary::Multiply, number(4.0 * PI * spacings), sum)
        }
    };
    let ty = of.ty;
    let mut value = call(Binary::Divide, of, volume);
    for (axis, ([near, far], points)) in pairs.iter().zip(axes).enumerate() {
        let is_at = |centre: f64| {
            let apart = call(Binary::Subtract, real(Node::Coordinate(axis)), number(centre));
            let apart = real(Node::Call(Function::Unary(Unary::Abs), vec![apart]));
            real(Node::Call(
                Function::Binary(Binary::Less),
                vec![apart, number(0.25 * points.spacing)],
            ))
        };
        let weighted = |weight: f64| call(Binary::Multiply, value.clone(), number(weight));
        let zero = Expr { node: Node::Number(0.0), ty, span };
        let other = choose(is_at(far.0), weighted(far.1), zero);
        value = choose(is_at(near.0), weighted(near.1), other);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: AxisPoints = AxisPoints { first: 0.5, spacing: 1.0, cells: 4, periodic: false };

    #[test]
    fn a_point_lies_between_two_centres_and_goes_on_to_the_ends() {
        assert_eq!(pair(&AXIS, 1.75), Some([(1.5, 0.75), (2.5, 0.25)]));
        assert_eq!(pair(&AXIS, 0.0), Some([(0.5, 1.5), (1.5, -0.5)]));
        assert_eq!(pair(&AXIS, 4.0), Some([(2.5, -0.5), (3.5, 1.5)]));
        assert_eq!(pair(&AXIS, 4.1), None);
        assert_eq!(pair(&AXIS, f64::NAN), None);
        let around = AxisPoints { periodic: true, ..AXIS };
        assert_eq!(pair(&around, 4.0), Some([(3.5, 0.5), (0.5, 0.5)]));
        assert_eq!(pair(&around, 0.25), Some([(3.5, 0.25), (0.5, 0.75)]));
        let one = AxisPoints { cells: 1, ..AXIS };
        assert_eq!(pair(&one, 0.9), Some([(0.5, 1.0), (0.5, 0.0)]));
    }
}
