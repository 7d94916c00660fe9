//! What boundary conditions mean for a field that is advected.

use fluxions_expr::{Expr, Rank, Type};
use fluxions_grid::{Condition, Face, Side};

use crate::system::boundary::array_condition::{ArrayCondition, FaceConditions};
use crate::system::boundary::checked::{CheckedCondition, Mismatch};
use crate::system::boundary::faces::{faces_by, wall_condition};
use crate::system::boundary::sets::Sets;
use crate::system::definition::MadeOf;
use crate::system::symbols::Symbols;

/// How the flow goes on beyond an end of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The other end of the axis is there.
    Joined,
    /// Values are given at the wall; nothing moves along the wall beyond it.
    Given,
    /// Values are given in the cells beyond; nothing moves along the wall there.
    GivenBeyond,
    /// It is there as it is at the end.
    Free,
    /// It is there as it is at the end, and values go on with their slope.
    Open,
    /// Everything is mirrored: nothing passes.
    Wall,
    /// Cells beyond lie on the other side of a pole.
    Pole,
}

impl Edge {
    /// Whether values are given there.
    pub(crate) fn is_given(self) -> bool {
        matches!(self, Edge::Given | Edge::GivenBeyond)
    }
}

/// The ends of the three inner axes.
pub(crate) type Edges = [[Edge; 2]; 3];

/// What the conditions of a field mean for its transport.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AdvectedConditions {
    /// The numbers of the conditions of its arrays.
    pub(crate) arrays: Vec<usize>,
    /// The number of the conditions of the limits of its fluxes.
    pub(crate) limits: usize,
    /// The number of the conditions of velocities that are found from the fields.
    pub(crate) free: usize,
    pub(crate) edges: Edges,
    /// Whether a value that is given at a wall changes with time.
    pub(crate) is_timed: bool,
}

impl AdvectedConditions {
    /// The meaning of these conditions for a field of this type, which may be negative if `signed`.
    /// Where the flow has walls, ends are `closed` that would be free.
    pub(crate) fn new(
        symbols: &Symbols,
        sets: &mut Sets,
        (conditions, closed): (&[&CheckedCondition], &[Face]),
        ty: Type,
        signed: bool,
    ) -> Result<Self, Mismatch> {
        let mut edges = edges(symbols, conditions);
        for face in closed {
            let edge = &mut edges[face.axis][face.side.index()];
            if *edge == Edge::Free {
                *edge = Edge::Wall;
            }
        }
        let mut arrays = Vec::new();
        for k in 0..ty.numbers(symbols.space().dimension()) {
            let mut faces = faces_by(symbols, conditions, ty, k, |checked, condition| {
                by_layers(symbols, checked, condition, ty, k)
            })?;
            faces.iter_mut().flatten().for_each(|face| face.signed = signed);
            arrays.push(sets.number(faces));
        }
        let limit = |edge| {
            let zero = Expr::number(0.0);
            let condition = match edge {
                Edge::Joined => Condition::Periodic,
                // Fluxes through the wall are not corrected.
                Edge::Given | Edge::GivenBeyond => Condition::Ghost(zero),
                Edge::Open => Condition::Open,
                Edge::Free | Edge::Wall => Condition::Derivative(zero),
                Edge::Pole => Condition::Pole,
            };
            let mut condition = ArrayCondition::new(symbols, condition, 0, false, false);
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
        let (limits, free) = (sets.number(limits), sets.number(free));
        let is_timed = conditions.iter().any(|checked| match &checked.condition {
            Condition::Value(value) => MadeOf::new(value, symbols.definitions()).timed,
            _ => false,
        });
        Ok(AdvectedConditions { arrays, limits, free, edges, is_timed })
    }
}

impl AdvectedConditions {
    /// Whether there is a pole at an end of an axis.
    pub(crate) fn has_pole(&self) -> bool {
        self.edges.iter().flatten().any(|edge| *edge == Edge::Pole)
    }
}

/// What a condition means for array `k` of a field, layer by layer of ghost cells.
fn by_layers(
    symbols: &Symbols,
    checked: &CheckedCondition,
    condition: Condition<Expr>,
    ty: Type,
    k: usize,
) -> Result<Condition<Expr>, Mismatch> {
    if let Condition::Flux(_) = condition {
        if ty.rank != Rank::Scalar {
            return Err(checked.mismatch("the flux of an advected field is for scalars".into()));
        }
        // Nothing passes by advection; what is given is a source in the cells at the wall.
        return Ok(Condition::Derivative(Expr::number(0.0)));
    }
    let made_of = |expr: &&Expr| MadeOf::new(expr, symbols.definitions());
    if condition.numbers().iter().any(|expr| made_of(expr).sees_others()) {
        let reason = "conditions of a field that is advected do not depend on fields; a flux may: \
                      `flux = …` says what passes the wall";
        return Err(checked.mismatch(reason.into()));
    }
    Ok(match condition {
        Condition::Value(v) => Condition::Ghost(v),
        Condition::Wall => wall_condition(symbols, checked, ty, k),
        Condition::Derivative(_)
        | Condition::Ghost(_)
        | Condition::Open
        | Condition::Pole
        | Condition::Periodic => condition,
        _ => {
            return Err(checked.mismatch(
                "a field that is advected has value, derivative, flux, ghost, open, wall, pole or periodic"
                    .into(),
            ));
        }
    })
}

/// How the flow goes on beyond the ends. Of several conditions for an end the last one counts.
fn edges(symbols: &Symbols, conditions: &[&CheckedCondition]) -> Edges {
    let mut edges: Edges = std::array::from_fn(|axis| match symbols.grid().inner_axis(axis) {
        Some(axis) if !axis.is_periodic() => [Edge::Free; 2],
        _ => [Edge::Joined; 2],
    });
    for checked in conditions {
        for side in Side::BOTH.into_iter().filter(|side| checked.sides.contains(side)) {
            edges[checked.axis][side.index()] = match checked.condition {
                Condition::Value(_) => Edge::Given,
                Condition::Ghost(_) => Edge::GivenBeyond,
                Condition::Wall | Condition::Flux(_) => Edge::Wall,
                Condition::Pole => Edge::Pole,
                Condition::Periodic | Condition::Antiperiodic => Edge::Joined,
                Condition::Open => Edge::Open,
                _ => Edge::Free,
            };
        }
    }
    edges
}
