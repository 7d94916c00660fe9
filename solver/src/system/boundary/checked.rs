//! One boundary condition, checked by itself: its face found, its numbers resolved.

use fluxions_expr::{Binary, Expr, Place, Rank};
use fluxions_grid::{Condition, Face, Grid, Side};

use crate::error::Error;
use crate::system::boundary::array_condition::depth;
use crate::system::boundary::given::GivenCondition;
use crate::system::boundary::seen;
use crate::system::flow::binary;
use crate::system::formula::Formula;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::resolve::resolve;
use crate::system::symbols::Symbols;

/// A boundary condition that was checked by itself.
pub(crate) struct CheckedCondition {
    /// The field or definition that it is for; for all if none.
    pub(crate) of: Option<String>,
    /// The axis or face, such as `x` or `x-`.
    pub(crate) at: String,
    /// The number of the inner axis.
    pub(crate) axis: usize,
    pub(crate) sides: Vec<Side>,
    /// The name of the condition as it was given.
    pub(crate) name: &'static str,
    /// For quantities of real numbers.
    pub(crate) condition: Condition<Expr>,
    /// For quantities of complex numbers, unless its formula makes no sense for them.
    pub(crate) of_complex: Option<Condition<Expr>>,
}

/// Why a condition has no meaning for a quantity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mismatch {
    /// The axis or face.
    pub(crate) at: String,
    /// The name of the condition.
    pub(crate) condition: &'static str,
    /// The reason, in words.
    pub(crate) reason: String,
}

impl Mismatch {
    /// The mistake in a condition that stands there.
    pub(crate) fn error(&self, origin: Origin) -> Error {
        let (at, condition, reason) = (self.at.clone(), self.condition, self.reason.clone());
        Error::UnfitCondition { origin, at, condition, reason: reason.into() }
    }
}

impl CheckedCondition {
    /// That it has no meaning for a quantity, for this reason.
    pub(crate) fn mismatch(&self, reason: String) -> Mismatch {
        Mismatch { at: self.at.clone(), condition: self.name, reason }
    }

    /// Whether it is for this face.
    pub(crate) fn is_at(&self, face: Face) -> bool {
        self.axis == face.axis && self.sides.contains(&face.side)
    }

    /// Where it stands.
    pub(crate) fn origin(&self) -> Origin {
        let (of, at) = (self.of.clone(), self.at.clone());
        Origin::Boundary { of, at, part: ConditionPart::Whole }
    }
}

/// Finds the face of a condition and checks its numbers.
///
/// `equations` are the right-hand sides of the fields, if all of them make sense.
pub(crate) fn check(
    symbols: &Symbols,
    equations: Option<&[Expr]>,
    given: &GivenCondition,
) -> Result<CheckedCondition, Vec<Error>> {
    let grid = symbols.grid();
    let (name, sides) = match given.at.strip_suffix(['-', '+']) {
        Some(name) if given.at.ends_with('-') => (name, vec![Side::Lower]),
        Some(name) => (name, vec![Side::Upper]),
        None => (given.at.as_str(), Side::BOTH.to_vec()),
    };
    let Some(named) = grid.axes().iter().position(|axis| axis.name() == name) else {
        let faces = |axis: &str| format!("{axis}, {axis}-, {axis}+");
        let known: Vec<_> = grid.axis_names().iter().map(|axis| faces(axis)).collect();
        return Err(vec![Error::NoSuchFace {
            origin: given.origin(ConditionPart::Whole),
            at: given.at.clone(),
            known: known.join(", "),
        }]);
    };
    let axis = &grid.axes()[named];
    let unfit = |reason: String| {
        let condition = given.condition.name();
        let origin = given.origin(ConditionPart::Whole);
        let (at, reason) = (given.at.clone(), reason.into());
        Err(vec![Error::UnfitCondition { origin, at, condition, reason }])
    };
    match (axis.is_periodic(), given.condition.joins_ends()) {
        (true, false) => {
            return unfit(format!("the axis {name} is periodic, so that it has no walls"));
        }
        (false, true) => return unfit(format!("the axis {name} of the grid is not periodic")),
        _ => {}
    }
    if matches!(given.condition, Condition::Continued) {
        return unfit(
            "it cannot be given: arguments of operators go on like this by themselves".into(),
        );
    }
    let rate = match (&given.condition, equations) {
        (Condition::Absorbing(_), Some(equations)) => {
            let field = given.of.as_ref().and_then(|name| symbols.field_named(name));
            let Some(field) = field else {
                return unfit("it depends on the equation of a field, so that it is given for one field by its name".into());
            };
            Some(&equations[field])
        }
        _ => None,
    };
    let condition = expressions(symbols, given, false)?;
    if let Condition::Absorbing(speed) = &condition
        && speed.ty.rank != Rank::Scalar
    {
        return unfit(format!("the speed is {}, and a scalar is needed", speed.ty));
    }
    let condition = absorbed(condition, rate);
    if let Some(reason) = seen::unfit(symbols, axis, &condition) {
        return unfit(reason);
    }
    let needed = depth(symbols, &condition);
    if axis.cells() < needed {
        let there = match axis.cells() {
            1 => "is 1".into(),
            cells => format!("are {cells}"),
        };
        return unfit(format!("it needs {needed} cells along {name}, and there {there}"));
    }
    Ok(CheckedCondition {
        of: given.of.clone(),
        at: given.at.clone(),
        axis: grid.missing() + named,
        sides,
        name: given.condition.name(),
        condition,
        of_complex: expressions(symbols, given, true).ok().map(|c| absorbed(c, rate)),
    })
}

/// What a condition means at whose wall waves are absorbed, of a field with this rate of change.
fn absorbed(condition: Condition<Expr>, rate: Option<&Expr>) -> Condition<Expr> {
    match (condition, rate) {
        (Condition::Absorbing(speed), Some(rate)) => {
            Condition::Derivative(binary(Binary::Divide, rate, &speed).negated())
        }
        // One of the equations has a mistake, which is told.
        (Condition::Absorbing(speed), None) => Condition::Derivative(speed),
        (condition, _) => condition,
    }
}

/// Which part of the condition each of its numbers is.
fn parts<T>(condition: &Condition<T>) -> &'static [ConditionPart] {
    match condition {
        Condition::Mixed { .. } | Condition::NormalMixed { .. } => {
            &[ConditionPart::Coefficient, ConditionPart::Value]
        }
        Condition::Clamped { .. } => &[ConditionPart::Value, ConditionPart::Derivative],
        Condition::Supported { .. } => &[ConditionPart::Value, ConditionPart::Curvature],
        _ => &[ConditionPart::Value],
    }
}

/// The condition with its numbers checked; `complex` says whether `value` is.
fn expressions(
    symbols: &Symbols,
    given: &GivenCondition,
    complex: bool,
) -> Result<Condition<Expr>, Vec<Error>> {
    let mut errors = Vec::new();
    let mut parts = parts(&given.condition).iter();
    let condition = given.condition.try_map(|formula| {
        let part = parts.next().expect("each number of a condition is one of its parts");
        let origin = given.origin(*part);
        if let (Condition::Function(_), Formula::Wall(function)) = (&given.condition, formula) {
            // The function is one of real numbers.
            return if complex { Err(()) } else { Ok(function.expr(symbols.grid().dimension())) };
        }
        let mut scope = symbols.scope(Place::Condition);
        scope.complex_value(complex);
        if let Condition::Ghost(_) = given.condition {
            scope.value_is_cell();
        }
        match resolve(&origin, formula, &scope) {
            Ok((expr, _)) => Ok(expr),
            Err(found) => {
                errors.extend(found);
                Err(())
            }
        }
    });
    condition.map_err(|()| errors)
}

/// The conditions by which values beyond the walls lie on a straight line through the last two
/// cells.
pub(crate) fn straight(grid: &Grid) -> Vec<CheckedCondition> {
    let bounded = grid.axes().iter().enumerate().filter(|(_, axis)| !axis.is_periodic());
    let one = |(named, axis): (usize, &fluxions_grid::Axis)| {
        let condition = match axis.cells() {
            1 => Condition::Derivative(Expr::number(0.0)),
            _ => Condition::Curvature(Expr::number(0.0)),
        };
        CheckedCondition {
            of: None,
            at: axis.name().into(),
            axis: grid.missing() + named,
            sides: Side::BOTH.to_vec(),
            name: condition.name(),
            of_complex: Some(condition.clone()),
            condition,
        }
    };
    bounded.map(one).collect()
}
