//! Arguments of operators: where their values are stored, and whose conditions hold for them.

use std::ops::Range;

use fluxions_expr::{Expr, Node, Operator, Type};

use crate::operators::is_coefficient;
use crate::system::pde::Pde;

/// What an operator looks at.
pub(crate) enum Operand {
    /// Some of the numbers of a field, with the field's conditions.
    Field { field: usize, numbers: Range<usize> },
    /// Some of the numbers of a definition, with the conditions of this owner.
    Define { definition: usize, ty: Type, numbers: Range<usize>, conditions: usize },
    /// Any other expression, with the conditions of this owner.
    Compound { conditions: usize },
}

impl Operand {
    /// What argument `k` of an operator is, in an expression of `owner`.
    ///
    /// Coefficients without conditions of their own are continued in a straight line.
    pub(crate) fn of(pde: &Pde, op: Operator, k: usize, expr: &Expr, owner: usize) -> Self {
        let conditions = pde.conditions();
        let coefficient = is_coefficient(op, k);
        let dimension = pde.space().dimension();
        match base(expr) {
            Some(Expr { node: Node::Field(field), .. })
                if !coefficient || conditions.is_field_named(*field) =>
            {
                Operand::Field { field: *field, numbers: numbers(expr, dimension) }
            }
            Some(Expr { node: Node::Define(d), ty, .. }) => {
                let straight = coefficient && !conditions.is_definition_named(*d);
                let own = conditions.owner_of_definition(*d);
                Operand::Define {
                    definition: *d,
                    ty: *ty,
                    numbers: numbers(expr, dimension),
                    conditions: if straight { conditions.straight() } else { own },
                }
            }
            _ if coefficient => Operand::Compound { conditions: conditions.straight() },
            _ => Operand::Compound { conditions: owner },
        }
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

/// Which of the numbers of the field or definition an expression is.
fn numbers(expr: &Expr, dimension: usize) -> Range<usize> {
    let count = expr.ty.numbers(dimension);
    let start = match &expr.node {
        Node::Component(of, k) => numbers(of, dimension).start + k * count,
        _ => 0,
    };
    start..start + count
}
