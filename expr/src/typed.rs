//! The checked expression, in which every name has a meaning, every call has the right arguments
//! and every part has a type. Comparisons give 1 or 0.

use std::hash::{Hash, Hasher};

use crate::function::Function;
use crate::math::{Binary, Unary};
use crate::native::Native;
use crate::operator::{Operator, Product, Reduction, Transform};
use crate::span::Span;
use crate::types::Type;

/// A checked expression. Two of them are equal if they mean the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Expr {
    /// The node, with the parts of the expression.
    pub node: Node,
    /// The type of the expression's value.
    pub ty: Type,
    /// The text from which the expression came.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        match (&self.node, &other.node) {
            // A NaN equals itself here, and 0 differs from −0.
            (Node::Number(a), Node::Number(b)) => a.to_bits() == b.to_bits(),
            (a, b) => self.ty == other.ty && a == b,
        }
    }
}

impl Eq for Expr {}

impl Hash for Expr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(&self.node).hash(state);
        match &self.node {
            Node::Number(value) => value.to_bits().hash(state),
            Node::Field(k)
            | Node::Define(k)
            | Node::Coordinate(k)
            | Node::Inwards(k)
            | Node::Component(_, k) => k.hash(state),
            Node::Call(function, _) => function.hash(state),
            Node::Chain(functions, _) => functions.hash(state),
            Node::Native(native, _) => native.name().hash(state),
            Node::Operator(operator, _) => operator.hash(state),
            Node::Reduce(reduction, _) => reduction.hash(state),
            Node::Random(_, _, site) => site.hash(state),
            // What is left out is compared when the hashes are equal.
            _ => {}
        }
        self.children().hash(state);
    }
}

/// The kinds of checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A constant, such as a literal, a parameter or π.
    Number(f64),
    /// The imaginary unit.
    Imaginary,
    /// The value of the field of this number in this cell.
    Field(usize),
    /// The unknown of this number that has one value in the whole domain.
    Global(usize),
    /// The value of the named sub-expression of this number in this cell.
    Define(usize),
    /// The coordinate of the cell's centre along this axis. In a condition it is that of the wall.
    Coordinate(usize),
    /// The time.
    Time,
    /// In a condition, the quantity's own value at the wall.
    AtWall,
    /// In a condition, the quantity's own value in the cell that lies as far within the wall as the
    /// ghost cell lies beyond it: for the first layer the cell at the wall.
    Mirrored,
    /// In a condition, the value in the cell that lies this many cells further inwards than the one
    /// at the wall.
    Inwards(usize),
    /// In a condition, the value of an expression in the cell at the wall.
    InCell(Box<Expr>),
    /// In an output, what flows out of the domain through a face.
    Flow {
        /// The number of the axis among the grid's axes.
        axis: usize,
        /// Whether it is the face at the upper end of the axis.
        upper: bool,
        /// A field, whose equation tells what flows, or the rate of change by what flows.
        of: Box<Expr>,
    },
    /// In a condition, the layer of ghost cells, counted from 1 at the wall.
    Layer,
    /// In a condition, the spacing of cells normal to the wall.
    Spacing,
    /// A function of values in one cell.
    Call(Function, Vec<Expr>),
    /// At least two functions of two values, one after another, as in a − b + c: the first function
    /// of the first two parts, the second one of that and of the third part, and so on. Only
    /// functions that are written between their operands and group from the left are in such
    /// chains, and no first part is such a function or a chain itself.
    Chain(Vec<Binary>, Vec<Expr>),
    /// A native function of real numbers in one cell.
    Native(Native, Vec<Expr>),
    /// A vector made of scalars, or a tensor made of its rows.
    List(Vec<Expr>),
    /// The part of a vector or tensor at this first index.
    Component(Box<Expr>, usize),
    /// A product of vectors or tensors.
    Product(Product, Box<[Expr; 2]>),
    /// A rearrangement of a vector's or tensor's components.
    Transform(Transform, Box<Expr>),
    /// An operator on neighbouring cells. All arguments are used in neighbouring cells, except for
    /// the velocity of an advection, which is the first argument.
    Operator(Operator, Vec<Expr>),
    /// A number that is computed from the whole domain.
    Reduce(Reduction, Box<Expr>),
    /// A random number per cell. Its stream belongs to the expression in which it stands, and this
    /// number tells the streams of that expression apart.
    Random(Distribution, Vec<Expr>, u32),
}

/// Distributions of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Uniform between the first argument (included) and the second (excluded).
    Uniform,
    /// Gaussian with a mean and a standard deviation.
    Normal,
    /// Gaussian with mean 0, variance 1 and a power spectrum that is the wave number to the power
    /// of half the first argument. The second argument scales it.
    Colored,
    /// A product over the axes of sums of cosines with random amplitudes. The argument is the
    /// number of cosines.
    Harmonic,
}

impl Expr {
    /// A real number.
    pub fn number(value: f64) -> Self {
        Expr { node: Node::Number(value), ty: Type::REAL, span: Span::default() }
    }

    /// A function of two values. If it groups from the left, it joins those in its first operand,
    /// so that a sum or product of any length is one node.
    pub(crate) fn binary(f: Binary, a: Expr, b: Expr, ty: Type, span: Span) -> Self {
        let groups = |f: Binary| {
            use Binary::{Add, And, Divide, Multiply, Or, Remainder, Subtract};
            matches!(f, Add | Subtract | Multiply | Divide | Remainder | And | Or)
        };
        let node = match a.node {
            Node::Chain(mut functions, mut parts) if groups(f) => {
                functions.push(f);
                parts.push(b);
                Node::Chain(functions, parts)
            }
            Node::Call(Function::Binary(first), mut parts) if groups(f) && groups(first) => {
                parts.push(b);
                Node::Chain(vec![first, f], parts)
            }
            node => Node::Call(Function::Binary(f), vec![Expr { node, ..a }, b]),
        };
        Expr { node, ty, span }
    }

    /// What stands before function `k` of a chain: its first operand.
    ///
    /// # Panics
    /// If the expression is no chain, or has no such function.
    pub fn before(&self, k: usize) -> Expr {
        let Node::Chain(functions, parts) = &self.node else { panic!("not a chain: {self:?}") };
        if k == 0 {
            return parts[0].clone();
        }
        let node = Node::Chain(functions[..k].to_vec(), parts[..=k].to_vec());
        Expr { node, ty: self.ty, span: parts[0].span.to(parts[k].span) }
    }

    /// The sub-expressions of this expression.
    pub fn children(&self) -> &[Expr] {
        match &self.node {
            Node::Call(_, parts)
            | Node::Chain(_, parts)
            | Node::Native(_, parts)
            | Node::List(parts)
            | Node::Operator(_, parts)
            | Node::Random(_, parts, _) => parts,
            Node::Component(part, _)
            | Node::Transform(_, part)
            | Node::Reduce(_, part)
            | Node::Flow { of: part, .. }
            | Node::InCell(part) => std::slice::from_ref(part),
            Node::Product(_, parts) => parts.as_slice(),
            _ => &[],
        }
    }

    /// The sub-expressions of this expression, mutable.
    pub(crate) fn children_mut(&mut self) -> &mut [Expr] {
        match &mut self.node {
            Node::Call(_, parts)
            | Node::Chain(_, parts)
            | Node::Native(_, parts)
            | Node::List(parts)
            | Node::Operator(_, parts)
            | Node::Random(_, parts, _) => parts,
            Node::Component(part, _)
            | Node::Transform(_, part)
            | Node::Reduce(_, part)
            | Node::Flow { of: part, .. }
            | Node::InCell(part) => std::slice::from_mut(part),
            Node::Product(_, parts) => parts.as_mut_slice(),
            _ => &mut [],
        }
    }

    /// Calls `visit` with this expression and all sub-expressions in it, outermost first.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        self.children().iter().for_each(|child| child.walk(visit));
    }

    /// The expression with each of its direct sub-expressions replaced by what `f` returns for it,
    /// which must be of the same type.
    ///
    /// # Errors
    /// The first error that `f` returns.
    pub fn try_map<E>(mut self, mut f: impl FnMut(Expr) -> Result<Expr, E>) -> Result<Self, E> {
        for child in self.children_mut() {
            *child = f(std::mem::replace(child, Expr::number(0.0)))?;
        }
        Ok(self)
    }

    /// −a
    #[must_use]
    pub fn negated(self) -> Self {
        let (ty, span) = (self.ty, self.span);
        Expr { node: Node::Call(Function::Unary(Unary::Negate), vec![self]), ty, span }
    }

    /// The sum a + b, or the difference if `negative`, of two values of one type.
    #[must_use]
    pub fn plus(self, b: Expr, negative: bool) -> Self {
        let (ty, span) = (self.ty.with_complex(self.ty.complex || b.ty.complex), self.span);
        let f = if negative { Binary::Subtract } else { Binary::Add };
        Expr::binary(f, self, b, ty, span)
    }

    /// The quotient a/b by a scalar.
    #[must_use]
    pub fn over(self, b: Expr) -> Self {
        let (ty, span) = (self.ty.with_complex(self.ty.complex || b.ty.complex), self.span);
        Expr::binary(Binary::Divide, self, b, ty, span)
    }

    /// The product a·b with a scalar.
    #[must_use]
    pub fn times(self, b: Expr) -> Self {
        let (ty, span) = (self.ty.with_complex(self.ty.complex || b.ty.complex), self.span);
        Expr::binary(Binary::Multiply, self, b, ty, span)
    }

    /// Gives the items of a list, which were checked one by one, random streams of their own. They
    /// are numbered from `next` on, and the number after the last one is returned. Two equal
    /// streams within an item stay equal.
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

    /// The number of nodes of the expression, and the number of their levels.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let children = self.children().iter().map(Expr::extent);
        let (size, depth) = children.fold((0, 0), |(n, d), (size, depth)| (n + size, d.max(depth)));
        (size + 1, depth + 1)
    }

    /// The expression with every span in it replaced by `span`. This is for an expression that is
    /// used in another place than it was written.
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
