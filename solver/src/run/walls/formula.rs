//! The formulas of ghost cells, which express boundary conditions by operations of a kernel.

use std::collections::HashMap;

use fluxions_expr::{Binary, Builder, ComplexValue, Expr, Node, Parts, Rank, Unary, Value, lower};
use fluxions_grid::{Condition, Face};

use crate::operators::at_wall;
use crate::system::boundary::array_condition::ArrayCondition;
use crate::system::boundary::ghost_value::{WallCell, ghost_value};
use crate::system::pde::Pde;

/// The number of the kernel's only parameter, the time.
pub(crate) const TIME: usize = 0;
/// The first inputs of the kernel, which are the real and the imaginary part of the mirrored cell.
/// This cell lies as far inwards as the ghost cell lies beyond the wall.
pub(crate) const MIRRORED: [usize; 2] = [0, 1];
/// The real and the imaginary part of the first and of the second cell at the wall.
pub(crate) const FIRST: [usize; 2] = [2, 3];
pub(crate) const SECOND: [usize; 2] = [4, 5];
/// The next inputs, which are the first three cells inwards of the array itself.
pub(crate) const INNER: [usize; 3] = [6, 7, 8];
/// The first of those inputs whose numbers were computed before.
pub(crate) const FIRST_STATIC: usize = 9;

/// A number of a condition, such as its value or coefficient.
pub(crate) enum ConditionNumber {
    /// The number is computed by the kernel.
    Expression(Expr),
    /// The number was computed before. These inputs hold its parts.
    Static { re: Option<usize>, im: Option<usize> },
}

/// The rule for one layer of ghost cells: a condition with the place where it holds.
pub(crate) struct GhostRule<'a> {
    pub(crate) pde: &'a Pde,
    pub(crate) face: Face,
    /// The axes along the wall, in order.
    pub(crate) across: [usize; 2],
    /// The layer of ghost cells that is filled, counted from 1 at the wall.
    pub(crate) layer: isize,
    pub(crate) condition: &'a ArrayCondition,
}

impl GhostRule<'_> {
    fn spacing(&self) -> f64 {
        let axis = self.pde.grid().inner_axis(self.face.axis);
        axis.expect("walls lie across named axes").spacing()
    }

    /// The value that has its parts in these inputs.
    fn load(&self, [re, im]: [usize; 2], builder: &mut Builder) -> ComplexValue {
        let re = Some(builder.load(re, [0; 3]));
        ComplexValue { re, im: self.condition.complex.then(|| builder.load(im, [0; 3])) }
    }

    /// That component of a condition's expression which belongs to the array.
    pub(crate) fn component(&self, expr: &Expr, builder: &mut Builder) -> ComplexValue {
        let parts = self.lower(expr, builder, &mut HashMap::new());
        let component = if parts.rank == Rank::Scalar { 0 } else { self.condition.component };
        parts.items[component]
    }

    /// The operations of a condition's expression. `known` holds the values of definitions that
    /// were already computed.
    fn lower(
        &self,
        expr: &Expr,
        builder: &mut Builder,
        known: &mut HashMap<usize, Parts>,
    ) -> Parts {
        let space = self.pde.space();
        lower(expr, space, builder, &mut |leaf, builder| match &leaf.node {
            Node::Time => Parts::real(builder.parameter(TIME)),
            Node::Mirrored => Parts::scalar(self.load(MIRRORED, builder)),
            Node::AtWall => {
                let first = self.load(FIRST, builder);
                let second = self.load(SECOND, builder);
                Parts::scalar(at_wall(first, second, builder))
            }
            Node::Inwards(cells) => Parts::real(builder.load(INNER[*cells], [0; 3])),
            Node::Layer => Parts::real(builder.constant(self.layer as f64)),
            Node::Spacing => Parts::real(builder.constant(self.spacing())),
            Node::Coordinate(named) => {
                let axis = self.pde.grid().missing() + named;
                Parts::real(match self.across.iter().position(|other| *other == axis) {
                    Some(along) => builder.profile(1 + along, axis),
                    None => {
                        let named = &self.pde.grid().axes()[*named];
                        builder.constant(named.bounds()[self.face.side.index()])
                    }
                })
            }
            Node::Define(d) => {
                if !known.contains_key(d) {
                    let value = self.lower(&self.pde.definitions()[*d].expr, builder, known);
                    known.insert(*d, value);
                }
                known[d].clone()
            }
            other => unreachable!("conditions were checked to be without {other:?}"),
        })
    }

    fn part(&self, part: &ConditionNumber, builder: &mut Builder) -> ComplexValue {
        match part {
            ConditionNumber::Expression(expr) => self.component(expr, builder),
            ConditionNumber::Static { re, im } => {
                let mut load = |input: &Option<usize>| input.map(|i| builder.load(i, [0; 3]));
                ComplexValue { re: load(re), im: load(im) }
            }
        }
    }

    /// The value of the ghost cell by the formulas of [`Condition`].
    pub(crate) fn ghost(
        &self,
        condition: &Condition<ConditionNumber>,
        b: &mut Builder,
    ) -> ComplexValue {
        let Ok(numbers) =
            condition.try_map(|number| Ok::<_, std::convert::Infallible>(self.part(number, b)));
        match numbers {
            Condition::Open => ComplexValue::real(self.open(b)),
            // Beyond a pole, the mirrored cell is already turned when it is read.
            Condition::Pole => self.load(MIRRORED, b),
            numbers => {
                let cell = |b: &mut Builder, cell: WallCell| match cell {
                    WallCell::Mirrored => self.load(MIRRORED, b),
                    WallCell::First => self.load(FIRST, b),
                    WallCell::Second => self.load(SECOND, b),
                };
                let found = ghost_value(&numbers, self.layer as usize, self.spacing(), cell, b);
                found.expect("walls have none of the ghost cells that sweeps and messages fill")
            }
        }
    }

    /// The value of the ghost cell beyond an open end. Slopes continue with the ratio of the last
    /// two slopes, unless these are mere rounding errors (Bartman et al. 2022, J. Open Source
    /// Softw. 7, 3896). The values of a field that is nowhere negative do not fall below 0. Where
    /// negative values may occur, slopes do not grow.
    fn open(&self, b: &mut Builder) -> Value {
        const LEAST_SLOPE: f64 = 1e-10;
        let [zero, one, least] = [0.0, 1.0, LEAST_SLOPE].map(|number| b.constant(number));
        let [p0, p1, p2] = INNER.map(|input| b.load(input, [0; 3]));
        let (last, before) =
            (b.binary(Binary::Subtract, p1, p0), b.binary(Binary::Subtract, p2, p1));
        let ratio = b.binary(Binary::Divide, last, before);
        let size = b.unary(Unary::Abs, before);
        let steep = b.binary(Binary::Greater, size, least);
        let ratio = b.select(steep, ratio, zero);
        let positive = b.binary(Binary::Max, ratio, zero);
        let bounded = b.binary(Binary::Min, positive, one);
        let mut go_on = |ratio: Value, floor: Option<Value>| {
            let (mut value, mut inner) = (p0, p1);
            for _ in 0..self.layer {
                let slope = b.binary(Binary::Subtract, inner, value);
                let change = b.binary(Binary::Multiply, slope, ratio);
                let mut next = b.binary(Binary::Subtract, value, change);
                if let Some(floor) = floor {
                    next = b.binary(Binary::Max, next, floor);
                }
                (value, inner) = (next, value);
            }
            value
        };
        let signed = go_on(bounded, None);
        if self.condition.signed {
            return signed;
        }
        let positive = go_on(ratio, Some(zero));
        let negative = b.binary(Binary::Less, p0, zero);
        b.select(negative, signed, positive)
    }
}
