//! The checked expression: every name has a meaning, every call the right arguments, every part a
//! type. Comparisons give 1 or 0.

use crate::function::Function;
use crate::native::Native;
use crate::operator::{Operator, Product, Reduction, Transform};
use crate::span::Span;
use crate::types::Type;

/// A checked expression. Two are equal when they mean the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// The type of its value.
    pub ty: Type,
    /// The text that it came from.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        match (&self.node, &other.node) {
            // A NaN is the same as itself here, and 0 is not −0.
            (Node::Number(a), Node::Number(b)) => a.to_bits() == b.to_bits(),
            (a, b) => self.ty == other.ty && a == b,
        }
    }
}

/// The kinds of checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A constant: a literal, a parameter, π, …
    Number(f64),
    /// The imaginary unit.
    Imaginary,
    /// The field of this number, in this cell.
    Field(usize),
    /// The named sub-expression of this number, in this cell.
    Define(usize),
    /// The coordinate along this axis of the cell's centre; in a condition that of the wall.
    Coordinate(usize),
    /// The time.
    Time,
    /// In a condition: the value of the cell next to the wall.
    Adjacent,
    /// In a condition: the value of the cell that lies this many cells further inwards than the one
    /// at the wall.
    Inwards(usize),
    /// In a condition: the layer of ghost cells, counted from 1 at the wall.
    Layer,
    /// In a condition: the spacing of cells normal to the wall.
    Spacing,
    /// A function of values in the same cell.
    Call(Function, Vec<Expr>),
    /// A function that the program brings along, of real numbers in the same cell.
    Native(Native, Vec<Expr>),
    /// A vector of scalars, or a tensor of vectors, its rows.
    List(Vec<Expr>),
    /// The part of a vector or tensor at this first index.
    Component(Box<Expr>, usize),
    /// A product of vectors or tensors.
    Product(Product, Box<[Expr; 2]>),
    /// A rearrangement of a vector's or tensor's components.
    Transform(Transform, Box<Expr>),
    /// A difference operator. All arguments are looked at in neighbouring cells, but for the
    /// velocity of an advection, which comes first.
    Operator(Operator, Vec<Expr>),
    /// A number made of the whole domain.
    Reduce(Reduction, Box<Expr>),
    /// A random number per cell. Its stream is that of the expression that holds it, and this
    /// number counts the streams within it.
    Random(Distribution, Vec<Expr>, u32),
}

/// Distributions of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Between the first argument (included) and the second (excluded).
    Uniform,
    /// Gaussian: mean and standard deviation.
    Normal,
    /// Gaussian with mean 0, variance 1 and a power spectrum that goes with the wave number to
    /// half the power of the first argument; the second argument scales it.
    Colored,
    /// A product over the axes of sums of cosines with random amplitudes, as many as the argument
    /// says.
    Harmonic,
}

impl Expr {
    /// A real number.
    pub fn number(value: f64) -> Self {
        Expr { node: Node::Number(value), ty: Type::REAL, span: Span::default() }
    }

    /// The parts that this expression is made of.
    pub fn children(&self) -> &[Expr] {
        match &self.node {
            Node::Call(_, parts)
            | Node::Native(_, parts)
            | Node::List(parts)
            | Node::Operator(_, parts)
            | Node::Random(_, parts, _) => parts,
            Node::Component(part, _) | Node::Transform(_, part) | Node::Reduce(_, part) => {
                std::slice::from_ref(part)
            }
            Node::Product(_, parts) => parts.as_slice(),
            _ => &[],
        }
    }

    /// The parts that this expression is made of, so that they can be changed.
    pub(crate) fn children_mut(&mut self) -> &mut [Expr] {
        match &mut self.node {
            Node::Call(_, parts)
            | Node::Native(_, parts)
            | Node::List(parts)
            | Node::Operator(_, parts)
            | Node::Random(_, parts, _) => parts,
            Node::Component(part, _) | Node::Transform(_, part) | Node::Reduce(_, part) => {
                std::slice::from_mut(part)
            }
            Node::Product(_, parts) => parts.as_mut_slice(),
            _ => &mut [],
        }
    }

    /// Calls `visit` with this expression and everything in it, outermost first.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        self.children().iter().for_each(|child| child.walk(visit));
    }

    /// For a list whose items were checked one by one: gives each item random streams of its own,
    /// numbered from `next` on, and returns the number after the last one. Two equal streams within
    /// an item stay equal.
    pub fn renumber_random(&mut self, mut next: u32) -> u32 {
        for item in self.children_mut() {
            next = item.shift_random(next);
        }
        next
    }

    /// Adds `by` to the number of every random stream, and returns the number after the last one.
    fn shift_random(&mut self, by: u32) -> u32 {
        let mut next = by;
        if let Node::Random(_, _, site) = &mut self.node {
            *site += by;
            next = *site + 1;
        }
        for child in self.children_mut() {
            next = next.max(child.shift_random(by));
        }
        next
    }

    /// How many nodes it has, and how many levels of them.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let children = self.children().iter().map(Expr::extent);
        let (size, depth) = children.fold((0, 0), |(n, d), (size, depth)| (n + size, d.max(depth)));
        (size + 1, depth + 1)
    }

    /// The expression with every span in it replaced by `span`: for what was written elsewhere
    /// and is used here.
    #[must_use]
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = span;
        for child in self.children_mut() {
            let moved = std::mem::replace(child, Expr::number(0.0)).at(span);
            *child = moved;
        }
        self
    }
}
