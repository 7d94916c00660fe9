//! Named sub-expressions, and what expressions are made of by their use.

use std::collections::HashSet;

use fluxions_expr::{Expr, Node, Uses};

/// A named sub-expression.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub expr: Expr,
    /// What the expression uses.
    pub uses: Uses,
    /// What the expression is made of, other definitions looked into.
    pub(crate) made_of: MadeOf,
    /// The definitions in the expression itself, in ascending order.
    pub(crate) uses_directly: Vec<usize>,
    /// Those of them whose values in the same cell are used.
    pub(crate) uses_here: Vec<usize>,
    /// How many definitions, this one included, use each other at most in a row.
    depth: usize,
}

/// How many definitions are looked into by recursion, each from within the one before.
const MOST_IN_A_ROW: usize = 64;

/// How many definitions in a row an equation is looked into for terms of a sum, each of them there as often as it is used.
const FEW_IN_A_ROW: usize = 3;

impl Definition {
    /// Whether it is made of few definitions in a row.
    pub(crate) fn is_shallow(&self) -> bool {
        self.depth <= FEW_IN_A_ROW
    }

    /// A definition that may use these.
    pub(crate) fn new(name: &str, expr: Expr, uses: Uses, others: &[Definition]) -> Self {
        let made_of = MadeOf::new(&expr, others);
        let uses_directly = used_in(&expr, false);
        let depth = uses_directly.iter().map(|d| others[*d].depth).max().unwrap_or(0) + 1;
        let uses_here = used_in(&expr, true);
        Definition { name: name.into(), expr, uses, made_of, uses_directly, uses_here, depth }
    }
}

/// The definitions in an expression itself, in ascending order. If `here`, only those whose values
/// in the same cell are used.
fn used_in(expr: &Expr, here: bool) -> Vec<usize> {
    fn collect(expr: &Expr, here: bool, found: &mut Vec<usize>) {
        match &expr.node {
            Node::Define(d) => found.push(*d),
            Node::Operator(..) | Node::Reduce(..) if here => {}
            _ => expr.children().iter().for_each(|child| collect(child, here, found)),
        }
    }
    let mut found = Vec::new();
    collect(expr, here, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// Some of the definitions that an expression uses through others, in ascending order. Whoever looks
/// into these first, one after another, never finds more than [`MOST_IN_A_ROW`] new ones in a row.
/// There are none unless many definitions use each other in a row. If `here`, only values in the
/// same cell count, and nothing is looked for in definitions that are `known`.
pub(crate) fn milestones(
    expr: &Expr,
    definitions: &[Definition],
    here: bool,
    known: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let part = |d: usize| definitions[d].depth / MOST_IN_A_ROW;
    let mut open = used_in(expr, here);
    open.retain(|d| part(*d) > 0);
    let mut seen: HashSet<usize> = open.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(d) = open.pop() {
        if known(d) {
            continue;
        }
        let Definition { uses_directly, uses_here, .. } = &definitions[d];
        for used in if here { uses_here } else { uses_directly } {
            if part(*used) < part(d) {
                found.push(*used);
            }
            if part(*used) > 0 && seen.insert(*used) {
                open.push(*used);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What an expression is made of, with definitions looked into.
#[derive(Clone, Debug, Default)]
pub(crate) struct MadeOf {
    /// The fields in it.
    pub(crate) fields: Vec<usize>,
    /// Whether its value depends on the equation in which it stands: it does where an operator is
    /// applied to a compound expression.
    pub(crate) depends_on_owner: bool,
    /// Whether there are values in cells at a wall in it.
    pub(crate) cells: bool,
    /// Whether there are operators in it.
    pub(crate) operators: bool,
    /// Whether there are numbers of the whole domain in it.
    pub(crate) reductions: bool,
    /// Whether a condition with it changes with the time or the state.
    pub(crate) changes: bool,
    /// Whether it depends on the time.
    pub(crate) timed: bool,
}

impl MadeOf {
    /// Whether it depends on more than the place, the time and the quantity itself at a wall.
    pub(crate) fn sees_others(&self) -> bool {
        !self.fields.is_empty() || self.cells || self.operators || self.reductions
    }

    /// What an expression is made of that may use these definitions.
    pub(crate) fn new(expr: &Expr, definitions: &[Definition]) -> Self {
        let mut all = MadeOf::default();
        let compound = |expr: &Expr| base(expr).is_none();
        expr.walk(&mut |part| match &part.node {
            Node::Field(field) => {
                all.fields.push(*field);
                all.changes = true;
            }
            Node::Time => (all.changes, all.timed) = (true, true),
            Node::AtWall | Node::Mirrored | Node::Inwards(_) => all.changes = true,
            Node::Operator(_, arguments) => {
                (all.operators, all.changes) = (true, true);
                all.depends_on_owner |= arguments.iter().any(compound);
            }
            Node::InCell(_) => (all.cells, all.changes) = (true, true),
            Node::Global(_) | Node::Reduce(..) => (all.reductions, all.changes) = (true, true),
            Node::Define(d) => {
                let inner = &definitions[*d].made_of;
                all.fields.extend(&inner.fields);
                all.depends_on_owner |= inner.depends_on_owner;
                all.operators |= inner.operators;
                all.reductions |= inner.reductions;
                all.changes |= inner.changes;
                all.timed |= inner.timed;
            }
            _ => {}
        });
        all.fields.sort_unstable();
        all.fields.dedup();
        all
    }
}

/// The field or definition that an expression is, or is a component of.
pub(crate) fn base(expr: &Expr) -> Option<&Expr> {
    match &expr.node {
        Node::Field(_) | Node::Define(_) => Some(expr),
        Node::Component(of, _) => base(of),
        _ => None,
    }
}
