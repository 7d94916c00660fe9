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
    /// Whether the condition changes with the time, or with other fields.
    pub(crate) changes: bool,
    /// Whether its numbers depend on other fields, or on numbers of the whole domain.
    pub(crate) sees_others: bool,
    /// How many cells, counted from the wall, determine the first ghost cell.
    pub(crate) depth: usize,
}

/// The conditions of one array at the lower and the upper side of each of the three inner axes.
pub type FaceConditions = [[ArrayCondition; 2]; 3];

/// The axes at whose ends the sign changes.
pub(crate) fn antiperiodic(conditions: &FaceConditions) -> [bool; 3] {
    let turned = |axis: usize| matches!(conditions[axis][0].condition, Condition::Antiperiodic);
    std::array::from_fn(turned)
}

/// How many cells, counted from the wall, determine the first ghost cell by a condition.
pub(crate) fn depth(symbols: &Symbols, condition: &Condition<Expr>) -> usize {
    let of_number = |expr: &&Expr| {
        let mut at_wall = false;
        expr.walk(&mut |part| at_wall |= part.node == Node::AtWall);
        let made_of = MadeOf::new(expr, symbols.definitions());
        match (made_of.operators, at_wall || !made_of.fields.is_empty()) {
            // Operators in two cells look one cell further.
            (true, _) => 3,
            // Values at the wall lie on the line through two cells.
            (false, true) => 2,
            (false, false) => 1,
        }
    };
    condition.numbers().iter().map(of_number).fold(condition.depth(), usize::max)
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
        let made_of = |expr: &&Expr| MadeOf::new(expr, symbols.definitions());
        let all: Vec<MadeOf> = condition.numbers().iter().map(made_of).collect();
        let sees_others = all.iter().any(MadeOf::sees_others);
        let changes = sees_others || all.iter().any(|made_of| made_of.timed);
        let component = if scalar { 0 } else { component };
        let depth = depth(symbols, &condition);
        ArrayCondition {
            condition,
            component,
            imaginary,
            complex,
            signed: true,
            changes,
            sees_others,
            depth,
        }
    }

    /// The condition by which ghost cells mirror the cells within, for the same array.
    pub(crate) fn mirrored(&self, symbols: &Symbols) -> Self {
        let condition = Condition::Derivative(Expr::number(0.0));
        Self::new(symbols, condition, 0, self.imaginary, self.complex)
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
            expr.walk(&mut |part| uses |= matches!(part.node, Node::AtWall | Node::Mirrored));
            uses
        };
        match &self.condition {
            Condition::Mixed { coefficient, .. } if coefficient.ty.complex => true,
            condition => condition.numbers().iter().any(uses_value),
        }
    }
}
