//! What boundary conditions mean for a field that is advected.

use fluxions_expr::{Expr, Type};
use fluxions_grid::{Condition, Side};

use crate::system::boundary::conditions::{
    ArrayCondition, Conditions, FaceConditions, Unfit, faces_by, mirrored,
};
use crate::system::boundary::entry::CheckedCondition;
use crate::system::pde::Pde;

/// How the flow goes on beyond an end of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The other end of the axis is there.
    Joined,
    /// Values are given there; nothing moves along the wall beyond it.
    Given,
    /// As at the end.
    Free,
    /// The same, with values that go on with their slope.
    Open,
    /// Mirrored: nothing passes.
    Wall,
    /// On the other side of a pole.
    Pole,
}

/// The ends of the three axes.
pub(crate) type Edges = [[Edge; 2]; 3];

/// What the conditions of a field mean for its transport.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AdvectedConditions {
    /// The numbers of the conditions of its arrays.
    pub(crate) arrays: Vec<usize>,
    /// The number of those of the limits of its fluxes.
    pub(crate) limits: usize,
    /// The number of those of velocities that are found from the fields.
    pub(crate) free: usize,
    pub(crate) edges: Edges,
}

impl AdvectedConditions {
    /// The meaning of these entries for a field of this type, which may be negative if `signed`.
    pub(crate) fn new(
        pde: &Pde,
        conditions: &mut Conditions,
        entries: &[&CheckedCondition],
        ty: Type,
        signed: bool,
    ) -> Result<Self, Unfit> {
        let edges = edges(pde, entries);
        let mut arrays = Vec::new();
        for k in 0..ty.numbers(pde.space().dimension()) {
            let mut faces = faces_by(pde, entries, ty, k, &|entry, condition| {
                mean(pde, entry, condition, ty, k)
            })?;
            faces.iter_mut().flatten().for_each(|face| face.signed = signed);
            arrays.push(conditions.number_of(faces));
        }
        let limit = |edge| {
            let zero = Expr::number(0.0);
            let condition = match edge {
                Edge::Joined => Condition::Periodic,
                // Fluxes through the wall are not corrected.
                Edge::Given => Condition::Ghost(zero),
                Edge::Open => Condition::Open,
                Edge::Free | Edge::Wall => Condition::Derivative(zero),
                Edge::Pole => Condition::Pole,
            };
            let mut condition = ArrayCondition::new(pde, condition, 0, false, false);
            condition.signed = false;
            condition
        };
        let limits: FaceConditions = edges.map(|ends| ends.map(limit));
        let free: FaceConditions = edges.map(|ends| {
            ends.map(|edge| match edge {
                Edge::Joined => limit(edge),
                _ => limit(Edge::Free),
            })
        });
        let (limits, free) = (conditions.number_of(limits), conditions.number_of(free));
        Ok(AdvectedConditions { arrays, limits, free, edges })
    }
}

impl AdvectedConditions {
    /// Whether there is a pole at an end of an axis.
    pub(crate) fn has_pole(&self) -> bool {
        self.edges.iter().flatten().any(|edge| *edge == Edge::Pole)
    }
}

/// The condition for an array, by layers of ghost cells.
fn mean(
    pde: &Pde,
    entry: &CheckedCondition,
    condition: Condition<Expr>,
    ty: Type,
    k: usize,
) -> Result<Condition<Expr>, Unfit> {
    Ok(match condition {
        Condition::Value(v) => Condition::Ghost(v),
        Condition::Wall => mirrored(pde, entry, ty, k),
        Condition::Derivative(_)
        | Condition::Ghost(_)
        | Condition::Open
        | Condition::Pole
        | Condition::Periodic => condition,
        _ => {
            return Err(entry.unfit(
                "a field that is advected has value, derivative, ghost, open, wall, pole or periodic"
                    .into(),
            ));
        }
    })
}

/// How the flow goes on beyond the ends, by the entries that count.
fn edges(pde: &Pde, entries: &[&CheckedCondition]) -> Edges {
    let mut edges: Edges = std::array::from_fn(|axis| match pde.grid().inner_axis(axis) {
        Some(axis) if !axis.is_periodic() => [Edge::Free; 2],
        _ => [Edge::Joined; 2],
    });
    for entry in entries {
        for side in Side::BOTH.into_iter().filter(|side| entry.sides.contains(side)) {
            edges[entry.axis][side.index()] = match entry.condition {
                Condition::Value(_) | Condition::Ghost(_) => Edge::Given,
                Condition::Wall => Edge::Wall,
                Condition::Pole => Edge::Pole,
                Condition::Periodic | Condition::Antiperiodic => Edge::Joined,
                Condition::Open => Edge::Open,
                _ => Edge::Free,
            };
        }
    }
    edges
}

/// The ends of the axes that fields of a system have, each once.
pub(crate) fn distinct(edges: impl Iterator<Item = Edges>) -> Vec<Edges> {
    let mut list = Vec::new();
    for one in edges {
        if !list.contains(&one) {
            list.push(one);
        }
    }
    list
}
