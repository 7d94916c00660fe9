//! The checked expression: every name has a meaning, every call the right arguments.
//!
//! All values are real scalars, one per cell; comparisons give 1 or 0.

use crate::function::Function;
use crate::operator::{Operator, Reduction};
use crate::span::Span;

/// A checked expression. Two are equal when they mean the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// The text that it came from.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// The kinds of checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A constant: a literal, a parameter, π, …
    Number(f64),
    /// The field of this number, in this cell.
    Field(usize),
    /// The named sub-expression of this number, in this cell.
    Define(usize),
    /// The cell centre's coordinate along this axis; in a condition the wall's.
    Coordinate(usize),
    /// The time.
    Time,
    /// In a condition: the value of the cell next to the wall.
    Adjacent,
    /// In a condition: the spacing of cells normal to the wall.
    Spacing,
    /// A function of values in the same cell.
    Call(Function, Vec<Expr>),
    /// A difference operator.
    Operator(Operator, Box<Expr>),
    /// A number made of the whole domain.
    Reduce(Reduction, Box<Expr>),
    /// A random number per cell. Its stream is that of the expression that holds it, and this
    /// number counts the streams within it.
    Random(Distribution, Box<[Expr; 2]>, u32),
}

/// Distributions of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Between the first argument (included) and the second (excluded).
    Uniform,
    /// Gaussian: mean and standard deviation.
    Normal,
}

impl Expr {
    /// The parts that this expression is made of.
    pub fn children(&self) -> &[Expr] {
        match &self.node {
            Node::Call(_, arguments) => arguments,
            Node::Operator(_, argument) | Node::Reduce(_, argument) => {
                std::slice::from_ref(argument)
            }
            Node::Random(_, arguments, _) => arguments.as_slice(),
            _ => &[],
        }
    }

    /// Calls `visit` with this expression and everything in it, outermost first.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        self.children().iter().for_each(|child| child.walk(visit));
    }
}
