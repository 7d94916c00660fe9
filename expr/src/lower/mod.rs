//! Turns checked expressions into operations of a kernel. They compute the value in one cell,
//! component by component, as real and imaginary parts.

mod complex;
mod tensor;

use crate::builder::Builder;
use crate::function::Function;
use crate::kernel::Value;
use crate::math::{Binary, Unary};
use crate::space::Space;
use crate::typed::{Expr, Node};
use crate::types::{Rank, Type};

/// A complex number in a kernel. A missing part is zero and costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComplexValue {
    /// The real part.
    pub re: Option<Value>,
    /// The imaginary part.
    pub im: Option<Value>,
}

impl ComplexValue {
    /// Zero.
    pub const ZERO: ComplexValue = ComplexValue { re: None, im: None };

    /// A real number.
    pub fn real(re: Value) -> Self {
        ComplexValue { re: Some(re), im: None }
    }

    /// Whether the form of the expression shows that the number is zero.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

/// The components of a value: those of a vector in order, those of a tensor row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// The number of indices of the value.
    pub rank: Rank,
    /// The components.
    pub items: Vec<ComplexValue>,
}

impl Parts {
    /// A real scalar.
    pub fn real(value: Value) -> Self {
        Self::scalar(ComplexValue::real(value))
    }

    /// A scalar.
    pub fn scalar(number: ComplexValue) -> Self {
        Parts { rank: Rank::Scalar, items: vec![number] }
    }

    /// A value of this type, made of its real numbers in the order of [`Parts::numbers`].
    pub fn of_numbers(ty: Type, numbers: &[Value]) -> Self {
        let item = |n: &[Value]| ComplexValue { re: Some(n[0]), im: n.get(1).copied() };
        let items = numbers.chunks_exact(ty.per_component()).map(item).collect();
        Parts { rank: ty.rank, items }
    }

    /// The only component of a scalar.
    pub fn only(&self) -> ComplexValue {
        self.items[0]
    }

    /// The real numbers that make up a value of type `ty` in a space of this dimension. For each
    /// component they are its real part and then, if the type is complex, its imaginary part. A
    /// scalar stands for every component of a vector or tensor.
    pub fn numbers(&self, ty: Type, dimension: usize, builder: &mut Builder) -> Vec<Value> {
        let count = ty.rank.components(dimension);
        let mut numbers = Vec::with_capacity(count * ty.per_component());
        for k in 0..count {
            let item = if self.rank == ty.rank { self.items[k] } else { self.items[0] };
            let mut push = |part: Option<Value>| {
                numbers.push(part.unwrap_or_else(|| builder.constant(0.0)));
            };
            push(item.re);
            if ty.complex {
                push(item.im);
            }
        }
        numbers
    }

    fn map(&self, mut f: impl FnMut(ComplexValue) -> ComplexValue) -> Self {
        Parts { rank: self.rank, items: self.items.iter().map(|item| f(*item)).collect() }
    }

    fn zip(
        &self,
        other: &Parts,
        mut f: impl FnMut(ComplexValue, ComplexValue) -> ComplexValue,
    ) -> Self {
        let pairs = self.items.iter().zip(&other.items);
        Parts { rank: self.rank, items: pairs.map(|(a, b)| f(*a, *b)).collect() }
    }
}

/// The operations of an expression. `leaf` gives the value of every node that is not computed
/// within the cell: fields, coordinates, operators, reductions and random numbers.
pub fn lower(
    expr: &Expr,
    space: &Space,
    builder: &mut Builder,
    leaf: &mut dyn FnMut(&Expr, &mut Builder) -> Parts,
) -> Parts {
    let mut go = |expr: &Expr, builder: &mut Builder| lower(expr, space, builder, leaf);
    match &expr.node {
        Node::Number(value) => Parts::real(builder.constant(*value)),
        Node::Imaginary => {
            let one = builder.constant(1.0);
            Parts::scalar(ComplexValue { re: None, im: Some(one) })
        }
        Node::Call(Function::Where, arguments) => {
            let condition = go(&arguments[0], builder).only();
            let condition = builder.part(condition.re);
            let (a, b) = (go(&arguments[1], builder), go(&arguments[2], builder));
            a.zip(&b, |a, b| builder.choose(condition, a, b))
        }
        Node::Call(function, arguments) => {
            if let Some(square) = square_of_magnitude(*function, arguments) {
                let z = go(square, builder).only();
                return Parts::scalar(builder.magnitude_squared(z));
            }
            let values: Vec<_> = arguments.iter().map(|a| go(a, builder)).collect();
            let complex = arguments.iter().any(|argument| argument.ty.complex);
            call(*function, complex, &values, builder)
        }
        Node::Chain(functions, parts) => {
            let first = go(&parts[0], builder);
            functions.iter().zip(&parts[1..]).fold(first, |left, (function, right)| {
                let right = go(right, builder);
                // The functions that are not defined for components take real numbers only.
                call(Function::Binary(*function), false, &[left, right], builder)
            })
        }
        Node::Native(native, arguments) => {
            let values: Vec<_> = arguments.iter().map(|a| go(a, builder).only()).collect();
            let values: Vec<_> = values.into_iter().map(|v| builder.part(v.re)).collect();
            Parts::real(builder.native(native, &values))
        }
        Node::List(items) => {
            let rows: Vec<_> = items.iter().map(|item| go(item, builder)).collect();
            let items = rows.into_iter().flat_map(|row| row.items).collect();
            Parts { rank: expr.ty.rank, items }
        }
        Node::Component(of, k) => {
            let of = go(of, builder);
            let size = expr.ty.rank.components(space.dimension());
            Parts { rank: expr.ty.rank, items: of.items[k * size..][..size].to_vec() }
        }
        Node::Product(product, factors) => {
            let (a, b) = (go(&factors[0], builder), go(&factors[1], builder));
            tensor::product(*product, &a, &b, space, builder)
        }
        Node::Transform(transform, of) => {
            let of = go(of, builder);
            tensor::transform(*transform, &of, space.dimension(), builder)
        }
        _ => leaf(expr, builder),
    }
}

/// The argument z, if the call is |z|² of a complex number.
fn square_of_magnitude(function: Function, arguments: &[Expr]) -> Option<&Expr> {
    let Function::Binary(Binary::Power) = function else { return None };
    let Node::Number(2.0) = arguments[1].node else { return None };
    let Node::Call(Function::Unary(Unary::Abs), inner) = &arguments[0].node else { return None };
    inner[0].ty.complex.then_some(&inner[0])
}

/// A function of these values. `complex` says whether any of them is complex by its type.
fn call(function: Function, complex: bool, values: &[Parts], b: &mut Builder) -> Parts {
    match function {
        Function::Unary(Unary::Negate) => values[0].map(|a| b.negate(a)),
        Function::Conjugate => values[0].map(|a| b.conjugate(a)),
        Function::RealPart => values[0].map(|a| ComplexValue { re: a.re, im: None }),
        Function::ImaginaryPart => values[0].map(|a| ComplexValue { re: a.im, im: None }),
        Function::Binary(Binary::Add) => values[0].zip(&values[1], |x, y| b.sum(x, y)),
        Function::Binary(Binary::Subtract) => values[0].zip(&values[1], |x, y| b.difference(x, y)),
        Function::Binary(Binary::Multiply) => match values[1].rank {
            Rank::Scalar => values[0].map(|x| b.times(x, values[1].only())),
            _ => values[1].map(|y| b.times(values[0].only(), y)),
        },
        Function::Binary(Binary::Divide) => values[0].map(|x| b.over(x, values[1].only())),
        _ if complex => {
            let numbers: Vec<ComplexValue> = values.iter().map(Parts::only).collect();
            Parts::scalar(complex::call(function, &numbers, b))
        }
        _ => {
            let numbers: Vec<Value> = values.iter().map(|v| b.part(v.only().re)).collect();
            Parts::real(b.call(function, &numbers))
        }
    }
}

#[cfg(test)]
mod tests;
