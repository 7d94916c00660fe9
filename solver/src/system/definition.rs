//! Named sub-expressions, and what expressions are made of by their use.

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
}

/// What an expression is made of, with definitions looked into.
#[derive(Clone, Debug, Default)]
pub(crate) struct MadeOf {
    /// The fields in it.
    pub(crate) fields: Vec<usize>,
    /// Whether its value depends on the equation in which it stands: it does where an operator is
    /// applied to a compound expression.
    pub(crate) depends_on_owner: bool,
    /// Whether a condition with it changes with the time or the state.
    pub(crate) changes: bool,
    /// Whether it depends on the time.
    pub(crate) timed: bool,
}

impl MadeOf {
    /// What an expression is made of that may use these definitions.
    pub(crate) fn new(expr: &Expr, definitions: &[Definition]) -> Self {
        let mut all = MadeOf::default();
        let compound = |expr: &Expr| base(expr).is_none();
        expr.walk(&mut |part| match &part.node {
            Node::Field(field) if !all.fields.contains(field) => all.fields.push(*field),
            Node::Time => (all.changes, all.timed) = (true, true),
            Node::Adjacent | Node::Inwards(_) => all.changes = true,
            Node::Operator(_, arguments) => {
                all.depends_on_owner |= arguments.iter().any(compound);
            }
            Node::Define(d) => {
                let MadeOf { fields, depends_on_owner, changes, timed } = &definitions[*d].made_of;
                all.fields.extend(fields);
                all.depends_on_owner |= depends_on_owner;
                all.changes |= changes;
                all.timed |= timed;
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
