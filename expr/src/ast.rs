//! The syntax tree: an expression as it was written, with spans, before its names have a meaning.

use std::fmt;

use crate::span::Span;

/// A node of the syntax tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    /// The kind of the node, with its parts.
    pub kind: AstKind,
    /// The text that it came from.
    pub span: Span,
    /// The number of levels of nodes from this one to the deepest leaf, both included.
    depth: usize,
}

/// The kinds of syntax node.
#[derive(Clone, Debug, PartialEq)]
pub enum AstKind {
    /// A literal.
    Number(f64),
    /// A name that is not called.
    Name(String),
    /// `-a`, `+a`, `not a`.
    Prefix(Prefix, Box<Ast>),
    /// `a + b - c`: a first operand, then operators with their right operands. They apply one after
    /// another from the left, and all bind equally tightly. Powers and comparisons stand alone.
    Infix(Box<Ast>, Vec<(Infix, Ast)>),
    /// `name(arguments)`. The span is that of the name.
    Call(String, Span, Vec<Ast>),
    /// `[a, b]`
    List(Vec<Ast>),
    /// `(a, b)`, which is allowed only as an argument of `Piecewise`.
    Tuple(Vec<Ast>),
    /// `a[0]`, `a[0, 1]`
    Index(Box<Ast>, Vec<Ast>),
    /// `a.x`. The span is that of the member.
    Member(Box<Ast>, String, Span),
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `-a`
    Negate,
    /// `+a`
    Plus,
    /// `not a`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Infix {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a % b`: the remainder with the sign of a
    Remainder,
    /// `a ^ b`, `a ** b`
    Power,
    /// `a < b`
    Less,
    /// `a <= b`
    LessEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterEqual,
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a and b`
    And,
    /// `a or b`
    Or,
}

impl Infix {
    fn is_sum(self) -> bool {
        matches!(self, Infix::Add | Infix::Subtract)
    }
}

impl Ast {
    pub(crate) fn new(kind: AstKind, span: Span) -> Self {
        let deepest = |nodes: &[Ast]| nodes.iter().map(|n| n.depth).max().unwrap_or(0);
        let below = match &kind {
            AstKind::Number(_) | AstKind::Name(_) => 0,
            AstKind::Prefix(_, a) | AstKind::Member(a, _, _) => a.depth,
            AstKind::Infix(a, rest) => rest.iter().map(|(_, b)| b.depth).fold(a.depth, usize::max),
            AstKind::Index(a, indices) => a.depth.max(deepest(indices)),
            AstKind::Call(_, _, nodes) | AstKind::List(nodes) | AstKind::Tuple(nodes) => {
                deepest(nodes)
            }
        };
        Ast { kind, span, depth: below + 1 }
    }

    /// Visits this node and all nodes below it, each before its children.
    pub fn walk(&self, visit: &mut dyn FnMut(&Ast)) {
        visit(self);
        match &self.kind {
            AstKind::Number(_) | AstKind::Name(_) => {}
            AstKind::Prefix(_, a) | AstKind::Member(a, _, _) => a.walk(visit),
            AstKind::Infix(a, rest) => {
                a.walk(visit);
                rest.iter().for_each(|(_, b)| b.walk(visit));
            }
            AstKind::Index(a, nodes) => {
                a.walk(visit);
                nodes.iter().for_each(|node| node.walk(visit));
            }
            AstKind::Call(_, _, nodes) | AstKind::List(nodes) | AstKind::Tuple(nodes) => {
                nodes.iter().for_each(|node| node.walk(visit));
            }
        }
    }

    /// The number of levels of nodes from this one to the deepest leaf, both included.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// This operand with one more operator and its right operand. They join the operators that it
    /// has itself if `joins`, which must bind as tightly.
    pub(crate) fn then(self, operator: Infix, right: Ast, joins: bool) -> Self {
        let span = self.span.to(right.span);
        match self.kind {
            AstKind::Infix(first, mut rest) if joins => {
                let depth = self.depth.max(right.depth + 1);
                rest.push((operator, right));
                Ast { kind: AstKind::Infix(first, rest), span, depth }
            }
            _ => Ast::new(AstKind::Infix(Box::new(self), vec![(operator, right)]), span),
        }
    }

    /// Writes the node after `before`, and then its children, one line each.
    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize, before: &str) -> fmt::Result {
        let pad = "  ".repeat(indent);
        let (head, children): (String, Vec<&Ast>) = match &self.kind {
            AstKind::Number(value) => (format!("{value}"), vec![]),
            AstKind::Name(name) => (name.clone(), vec![]),
            AstKind::Prefix(op, a) => (format!("{op:?}").to_lowercase(), vec![a]),
            AstKind::Infix(first, rest) => {
                let name = |op: &Infix| format!("{op:?}").to_lowercase();
                let start = &rest[0].0;
                if rest.iter().all(|(op, _)| op == start) {
                    (name(start), [&**first].into_iter().chain(rest.iter().map(|r| &r.1)).collect())
                } else {
                    let head = if start.is_sum() { "sum" } else { "product" };
                    writeln!(f, "{pad}{before}{head}  [{}..{}]", self.span.start, self.span.end)?;
                    first.write(f, indent + 1, "")?;
                    return rest.iter().try_for_each(|(op, operand)| {
                        operand.write(f, indent + 1, &format!("{}: ", name(op)))
                    });
                }
            }
            AstKind::Call(name, _, args) => (format!("{name}(…)"), args.iter().collect()),
            AstKind::List(items) => ("list".into(), items.iter().collect()),
            AstKind::Tuple(items) => ("tuple".into(), items.iter().collect()),
            AstKind::Index(a, indices) => {
                ("index".into(), [&**a].into_iter().chain(indices).collect())
            }
            AstKind::Member(a, name, _) => (format!(".{name}"), vec![a]),
        };
        writeln!(f, "{pad}{before}{head}  [{}..{}]", self.span.start, self.span.end)?;
        children.iter().try_for_each(|child| child.write(f, indent + 1, ""))
    }
}

/// Prints one node per line, with its children indented and its span in brackets.
impl fmt::Display for Ast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0, "")
    }
}
