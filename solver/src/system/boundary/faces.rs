//! What checked conditions mean for one array of a quantity, at each face.

use fluxions_expr::{Expr, Rank, Type};
use fluxions_grid::{Condition, Side};

use crate::system::boundary::array_condition::{ArrayCondition, FaceConditions};
use crate::system::boundary::checked::{CheckedCondition, Mismatch};
use crate::system::symbols::Symbols;

/// The conditions of array `k` of a quantity of this type. Of several conditions for a face the
/// last one counts.
pub(crate) fn faces_of(
    symbols: &Symbols,
    given: &[&CheckedCondition],
    ty: Type,
    k: usize,
) -> Result<FaceConditions, Mismatch> {
    faces_by(symbols, given, ty, k, |checked, condition| match condition {
        Condition::Open => Ok(Condition::Curvature(Expr::number(0.0))),
        Condition::Wall => Ok(wall_condition(symbols, checked, ty, k)),
        condition => Ok(condition),
    })
}

/// What a wall means for array `k` of a quantity of this type: of a vector the component normal to
/// it changes its sign.
pub(crate) fn wall_condition(
    symbols: &Symbols,
    checked: &CheckedCondition,
    ty: Type,
    k: usize,
) -> Condition<Expr> {
    let normal = checked.axis - symbols.grid().missing();
    let (n, component) = (symbols.space().dimension(), k / ty.per_component());
    let turned = match ty.rank {
        Rank::Scalar => false,
        Rank::Vector => component == normal,
        Rank::Tensor => (component / n == normal) != (component % n == normal),
    };
    let zero = Expr::number(0.0);
    if turned { Condition::Value(zero) } else { Condition::Derivative(zero) }
}

/// What a flux outwards means for array `k` of a quantity of this type: a scalar mirrors itself, and
/// of a vector the component normal to the wall is given, and no other.
fn through(
    symbols: &Symbols,
    checked: &CheckedCondition,
    (ty, k): (Type, usize),
    side: Side,
    flux: Expr,
) -> Result<Option<Condition<Expr>>, Mismatch> {
    let normal = checked.axis - symbols.grid().missing();
    match ty.rank {
        Rank::Scalar => Ok(Some(Condition::Derivative(Expr::number(0.0)))),
        Rank::Vector if k / ty.per_component() == normal => {
            Ok(Some(Condition::Value(match side {
                Side::Upper => flux,
                Side::Lower => flux.negated(),
            })))
        }
        Rank::Vector => Ok(None),
        Rank::Tensor => Err(checked.mismatch("it is for scalars and vectors".into())),
    }
}

/// The conditions of array `k` of a quantity of this type, where `translate` says what a condition
/// means for the array.
pub(crate) fn faces_by(
    symbols: &Symbols,
    given: &[&CheckedCondition],
    ty: Type,
    k: usize,
    translate: impl Fn(&CheckedCondition, Condition<Expr>) -> Result<Condition<Expr>, Mismatch>,
) -> Result<FaceConditions, Mismatch> {
    let grid = symbols.grid();
    let (component, imaginary) = (k / ty.per_component(), k % ty.per_component() == 1);
    let array = |condition, component| {
        ArrayCondition::new(symbols, condition, component, imaginary, ty.complex)
    };
    let default = |axis: usize| match grid.inner_axis(axis) {
        Some(axis) if !axis.is_periodic() => array(Condition::Derivative(Expr::number(0.0)), 0),
        _ => array(Condition::Periodic, 0),
    };
    let mut faces: FaceConditions = std::array::from_fn(|axis| [default(axis), default(axis)]);
    for checked in given {
        if let Some(component) = component_for(symbols, checked, ty, component)? {
            let condition = match ty.complex {
                false => checked.condition.clone(),
                true => checked.of_complex.clone().ok_or_else(|| {
                    checked.mismatch("its formula makes no sense for complex numbers".into())
                })?,
            };
            let condition = translate(checked, condition)?.of_component();
            for side in &checked.sides {
                let condition = match condition.clone() {
                    Condition::Flux(flux) => {
                        match through(symbols, checked, (ty, k), *side, flux)? {
                            Some(condition) => condition,
                            None => continue,
                        }
                    }
                    condition => condition,
                };
                faces[checked.axis][side.index()] = array(condition, component);
            }
        }
    }
    for (k, [lower, upper]) in faces.iter().enumerate() {
        if let Some(axis) = grid.inner_axis(k)
            && axis.is_periodic()
            && lower != upper
        {
            // They differ because of a condition for one of them.
            let one = given.iter().rfind(|checked| checked.axis == k);
            return Err(Mismatch {
                at: one.map_or_else(|| axis.name().into(), |checked| checked.at.clone()),
                condition: lower.condition.name(),
                reason: "both ends of a periodic axis are joined in the same way".into(),
            });
        }
    }
    Ok(faces)
}

/// Which component of a condition's numbers holds for a component of a quantity; none where the
/// condition is for other components only.
fn component_for(
    symbols: &Symbols,
    checked: &CheckedCondition,
    ty: Type,
    component: usize,
) -> Result<Option<usize>, Mismatch> {
    let n = symbols.space().dimension();
    let normal = checked.axis - symbols.grid().missing();
    let is_normal = checked.condition.is_normal();
    let (held, wanted) = match (is_normal, ty.rank) {
        (false, _) => (component, ty.rank),
        (true, Rank::Vector) if component == normal => (0, Rank::Scalar),
        (true, Rank::Tensor) if component % n == normal => (component / n, Rank::Vector),
        _ => return Ok(None),
    };
    let mut wrong = None;
    for expr in checked.condition.numbers() {
        if expr.ty.rank != Rank::Scalar && expr.ty.rank != wanted {
            let wanted = Type::real(wanted);
            wrong = Some(format!("its value is {}, and {wanted} is needed", expr.ty));
        }
        if expr.ty.complex && !ty.complex {
            wrong = Some("its value is complex, and the quantity is real".into());
        }
    }
    match wrong {
        Some(reason) => Err(checked.mismatch(reason)),
        None => Ok(Some(held)),
    }
}
