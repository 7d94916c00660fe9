//! The boundary condition of one array at one face.

use fluxions_expr::{Expr, Node, Parity, Rank};
use fluxions_grid::Condition;

use crate::system::definition::MadeOf;
use crate::system::symbols::Symbols;

/// The condition of one array at one face.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArrayCondition {
    /// The condition; its numbers may be vectors or tensors.
    pub condition: Condition<Expr>,
    /// Which component of the numbers counts where they are vectors or tensors.
    pub component: usize,
    /// Whether the array is one of imaginary parts.
    pub imaginary: bool,
    /// Whether the quantity is complex.
    pub complex: bool,
    /// Whether values beyond an open end may be negative.
    pub(crate) signed: bool,
    /// Whether the condition changes with the time.
    pub(crate) changes: bool,
}

/// The conditions of one array at the lower and the upper side of each of the three inner axes.
pub type FaceConditions = [[ArrayCondition; 2]; 3];

/// The axes at whose ends the sign changes.
pub(crate) fn antiperiodic(conditions: &FaceConditions) -> [bool; 3] {
    let turned = |axis: usize| matches!(conditions[axis][0].condition, Condition::Antiperiodic);
    std::array::from_fn(turned)
}

impl ArrayCondition {
    pub(crate) fn new(
        symbols: &Symbols,
        condition: Condition<Expr>,
        component: usize,
        imaginary: bool,
        complex: bool,
    ) -> Self {
        let scalar = condition.numbers().iter().all(|expr| expr.ty.rank == Rank::Scalar);
        let timed = |expr: &&Expr| MadeOf::new(expr, symbols.definitions()).timed;
        let changes = condition.numbers().iter().any(timed);
        let component = if scalar { 0 } else { component };
        ArrayCondition { condition, component, imaginary, complex, signed: true, changes }
    }

    /// How an array goes on beyond this end of an axis, if that follows from a zero number.
    pub(crate) fn parity(&self) -> Parity {
        let is_zero = |expr: &Expr| matches!(expr.node, Node::Number(0.0));
        match &self.condition {
            Condition::Derivative(v) if is_zero(v) => Parity::Even,
            Condition::Value(v) if is_zero(v) => Parity::Odd,
            Condition::Periodic | Condition::Wall => Parity::Even,
            Condition::Antiperiodic => Parity::Odd,
            _ => Parity::Unknown,
        }
    }

    /// Whether the ghost cells of one part of a complex quantity depend on the cells of the other.
    pub(crate) fn needs_partner(&self) -> bool {
        let uses_value = |expr: &&Expr| {
            let mut uses = false;
            expr.walk(&mut |part| uses |= part.node == Node::Adjacent);
            uses
        };
        match &self.condition {
            Condition::Mixed { coefficient, .. } if coefficient.ty.complex => true,
            condition => condition.numbers().iter().any(uses_value),
        }
    }
}
