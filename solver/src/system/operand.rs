//! Arguments of operators: where their values are stored, and whose conditions hold for them.

use std::collections::HashSet;
use std::ops::Range;

use fluxions_expr::{Expr, Node, Operator, Type};

use crate::operators::{self, is_coefficient};
use crate::system::boundary::conditions::Conditions;
use crate::system::definition::{base, milestones};
use crate::system::symbols::Symbols;

/// How something goes on beyond walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Beyond {
    /// By the conditions of this owner.
    Conditions(usize),
    /// As that goes on of which it is made.
    Continued,
}

/// What an operator looks at.
pub(crate) enum Operand {
    /// Some of the numbers of a field, with the field's conditions.
    Field { field: usize, numbers: Range<usize> },
    /// Some of the numbers of a definition.
    Define { definition: usize, ty: Type, numbers: Range<usize>, beyond: Beyond },
    /// Any other expression.
    Compound { beyond: Beyond },
}

impl Operand {
    /// What argument `k` of an operator is, in an expression of `owner`.
    ///
    /// Coefficients without conditions of their own are continued by
    /// [`Conditions::of_coefficient`].
    pub(crate) fn of(
        conditions: &Conditions,
        dimension: usize,
        op: Operator,
        k: usize,
        expr: &Expr,
        owner: usize,
    ) -> Self {
        let coefficient = is_coefficient(op, k);
        match base(expr) {
            Some(Expr { node: Node::Field(field), .. })
                if !coefficient || conditions.is_field_named(*field) =>
            {
                Operand::Field { field: *field, numbers: numbers(expr, dimension) }
            }
            Some(Expr { node: Node::Define(d), ty, .. }) => {
                let own = conditions.owner_of_definition(*d);
                let beyond = match conditions.is_definition_named(*d) {
                    true => Beyond::Conditions(own),
                    false if coefficient => Beyond::Conditions(conditions.of_coefficient(op)),
                    false if conditions.are_of_equation() => Beyond::Conditions(own),
                    false => Beyond::Continued,
                };
                Operand::Define {
                    definition: *d,
                    ty: *ty,
                    numbers: numbers(expr, dimension),
                    beyond,
                }
            }
            _ if coefficient => {
                Operand::Compound { beyond: Beyond::Conditions(conditions.of_coefficient(op)) }
            }
            _ if conditions.are_of_equation() => {
                Operand::Compound { beyond: Beyond::Conditions(owner) }
            }
            _ => Operand::Compound { beyond: Beyond::Continued },
        }
    }
}

/// Which of the numbers of the field or definition an expression is.
fn numbers(expr: &Expr, dimension: usize) -> Range<usize> {
    let count = expr.ty.numbers(dimension);
    let start = match &expr.node {
        Node::Component(of, k) => numbers(of, dimension).start + k * count,
        _ => 0,
    };
    start..start + count
}

/// An operator with one of its arguments, of which it looks at neighbouring cells.
pub(crate) struct StoredOperand<'e> {
    pub(crate) operator: Operator,
    pub(crate) arguments: &'e [Expr],
    /// Which of the arguments it is.
    pub(crate) k: usize,
    pub(crate) operand: Operand,
    /// The definition in which the operator stands, if it does not stand in the expression itself.
    pub(crate) within: Option<usize>,
}

impl<'e> StoredOperand<'e> {
    /// The argument.
    pub(crate) fn expr(&self) -> &'e Expr {
        &self.arguments[self.k]
    }
}

/// Visits all operands of operators in an expression of `owner` and in the definitions that it
/// uses, each definition once.
pub(crate) fn each_operand<'e>(
    symbols: &'e Symbols,
    conditions: &Conditions,
    expr: &'e Expr,
    owner: usize,
    visit: &mut dyn FnMut(StoredOperand<'e>),
) {
    let mut seen = HashSet::new();
    for d in milestones(expr, symbols.definitions(), false, |_| false) {
        let definition = &symbols.definitions()[d].expr;
        seen.insert(d);
        each_operand_below(symbols, conditions, definition, (owner, Some(d)), &mut seen, visit);
    }
    each_operand_below(symbols, conditions, expr, (owner, None), &mut seen, visit);
}

/// `seen` says which definitions were visited before, and `within` in which one the expression
/// stands.
fn each_operand_below<'e>(
    symbols: &'e Symbols,
    conditions: &Conditions,
    expr: &'e Expr,
    (owner, within): (usize, Option<usize>),
    seen: &mut HashSet<usize>,
    visit: &mut dyn FnMut(StoredOperand<'e>),
) {
    if let Node::Operator(operator, arguments) = &expr.node {
        let dimension = symbols.space().dimension();
        for (k, argument) in operators::stored(*operator, arguments) {
            let operand = Operand::of(conditions, dimension, *operator, k, argument, owner);
            visit(StoredOperand { operator: *operator, arguments, k, operand, within });
        }
    }
    if let Node::Define(d) = expr.node
        && seen.insert(d)
    {
        let definition = &symbols.definitions()[d].expr;
        each_operand_below(symbols, conditions, definition, (owner, Some(d)), seen, visit);
    }
    for child in expr.children() {
        each_operand_below(symbols, conditions, child, (owner, within), seen, visit);
    }
}
