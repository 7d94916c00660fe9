//! One boundary condition as it was given, checked by itself.

use fluxions_expr::{Expr, Place, Rank, Type};
use fluxions_grid::{Condition, Grid, Side};

use crate::error::Error;
use crate::system::boundary::conditions::Unfit;
use crate::system::formula::Formula;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::pde::Pde;
use crate::system::resolve::resolve;

/// A boundary condition as it was given.
#[derive(Clone, Debug)]
pub(crate) struct GivenCondition {
    pub(crate) of: Option<String>,
    pub(crate) at: String,
    pub(crate) condition: Condition<Formula>,
}

/// An entry that was checked by itself.
pub(crate) struct CheckedCondition {
    pub(crate) of: Option<String>,
    pub(crate) at: String,
    pub(crate) axis: usize,
    pub(crate) sides: Vec<Side>,
    /// For quantities of real numbers.
    pub(crate) condition: Condition<Expr>,
    /// The same where `value` is complex, unless that makes no sense.
    pub(crate) of_complex: Option<Condition<Expr>>,
}

impl CheckedCondition {
    /// That it does not fit, for this reason.
    pub(crate) fn unfit(&self, reason: String) -> Unfit {
        Unfit { at: self.at.clone(), condition: self.condition.name(), reason }
    }
}

/// The entry with its face found and its numbers checked.
pub(crate) fn check(pde: &Pde, entry: &GivenCondition) -> Result<CheckedCondition, Vec<Error>> {
    let grid = pde.grid();
    let (name, sides) = match entry.at.strip_suffix(['-', '+']) {
        Some(name) if entry.at.ends_with('-') => (name, vec![Side::Lower]),
        Some(name) => (name, vec![Side::Upper]),
        None => (entry.at.as_str(), Side::BOTH.to_vec()),
    };
    let Some(named) = grid.axes().iter().position(|axis| axis.name() == name) else {
        let faces = |axis: &str| format!("{axis}, {axis}-, {axis}+");
        let known: Vec<_> = grid.axis_names().iter().map(|axis| faces(axis)).collect();
        return Err(vec![Error::NoSuchFace {
            origin: origin(entry, ConditionPart::Whole),
            at: entry.at.clone(),
            known: known.join(", "),
        }]);
    };
    let axis = &grid.axes()[named];
    let unfit = |reason: String| {
        let condition = entry.condition.name();
        let origin = origin(entry, ConditionPart::Whole);
        let (at, reason) = (entry.at.clone(), reason.into());
        Err(vec![Error::UnfitCondition { origin, at, condition, reason }])
    };
    match (axis.is_periodic(), entry.condition.joins_ends()) {
        (true, false) => {
            return unfit(format!("the axis {name} is periodic, so that it has no walls"));
        }
        (false, true) => return unfit(format!("the axis {name} is not periodic in [grid]")),
        _ => {}
    }
    let needed = entry.condition.depth();
    if axis.cells() < needed {
        let there = match axis.cells() {
            1 => "is 1".into(),
            cells => format!("are {cells}"),
        };
        return unfit(format!("it needs {needed} cells along {name}, and there {there}"));
    }
    let condition = expressions(pde, entry, false)?;
    Ok(CheckedCondition {
        of: entry.of.clone(),
        at: entry.at.clone(),
        axis: grid.missing() + named,
        sides,
        condition,
        of_complex: expressions(pde, entry, true).ok(),
    })
}

/// The condition with its numbers checked; `complex` says whether `value` is.
fn expressions(
    pde: &Pde,
    entry: &GivenCondition,
    complex: bool,
) -> Result<Condition<Expr>, Vec<Error>> {
    let mut errors = Vec::new();
    let mut parts = match entry.condition {
        Condition::Mixed { .. } | Condition::NormalMixed { .. } => {
            vec![ConditionPart::Value, ConditionPart::Coefficient]
        }
        _ => vec![ConditionPart::Value],
    };
    let condition = entry.condition.clone().try_map(|formula| {
        let origin = origin(entry, parts.pop().unwrap_or(ConditionPart::Value));
        let mut scope = pde.scope(Place::Condition);
        scope.complex_value(complex);
        match resolve(&origin, &formula, &scope) {
            Ok((expr, _)) => Ok(expr),
            Err(found) => {
                errors.extend(found);
                Err(())
            }
        }
    });
    condition.map_err(|()| errors)
}

/// Values beyond the walls on a straight line through the last two cells.
pub(crate) fn straight_entries(grid: &Grid) -> Vec<CheckedCondition> {
    let bounded = grid.axes().iter().enumerate().filter(|(_, axis)| !axis.is_periodic());
    let entry = |(named, axis): (usize, &fluxions_grid::Axis)| {
        let condition = match axis.cells() {
            1 => Condition::Derivative(Expr::number(0.0)),
            _ => Condition::Curvature(Expr::number(0.0)),
        };
        CheckedCondition {
            of: None,
            at: axis.name().into(),
            axis: grid.missing() + named,
            sides: Side::BOTH.to_vec(),
            of_complex: Some(condition.clone()),
            condition,
        }
    };
    bounded.map(entry).collect()
}

/// Which component of its numbers an entry holds for a component of a quantity, if it holds any.
pub(crate) fn covered(
    pde: &Pde,
    entry: &CheckedCondition,
    ty: Type,
    component: usize,
) -> Result<Option<usize>, Unfit> {
    let n = pde.space().dimension();
    let normal = entry.axis - pde.grid().missing();
    let is_normal = entry.condition.is_normal();
    let (mine, wanted) = match (is_normal, ty.rank) {
        (false, _) => (component, ty.rank),
        (true, Rank::Vector) if component == normal => (0, Rank::Scalar),
        (true, Rank::Tensor) if component % n == normal => (component / n, Rank::Vector),
        _ => return Ok(None),
    };
    let mut wrong = None;
    for expr in entry.condition.numbers() {
        if expr.ty.rank != Rank::Scalar && expr.ty.rank != wanted {
            let wanted = Type::real(wanted);
            wrong = Some(format!("its value is {}, and {wanted} is needed", expr.ty));
        }
        if expr.ty.complex && !ty.complex {
            wrong = Some("its value is complex, and the quantity is real".into());
        }
    }
    match wrong {
        Some(reason) => Err(entry.unfit(reason)),
        None => Ok(Some(mine)),
    }
}

/// Where a part of an entry stands.
pub(crate) fn origin(entry: &GivenCondition, part: ConditionPart) -> Origin {
    Origin::Boundary { of: entry.of.clone(), at: entry.at.clone(), part }
}
