//! Formulas to checked expressions: their names resolved, their type as it is wanted.

use fluxions_expr::{Expr, Node, Place, Rank, Scope, Type, Uses};

use crate::error::Error;
use crate::system::formula::Formula;
use crate::system::origin::Origin;

/// A formula with its names resolved; a list item by item, so that mistakes keep their places.
pub(crate) fn resolve(
    origin: &Origin,
    formula: &Formula,
    scope: &Scope,
) -> Result<(Expr, Uses), Vec<Error>> {
    if let Formula::Wall(_) = formula {
        return Err(vec![Error::MisplacedWallFunction { origin: origin.clone() }]);
    }
    if let Formula::Values(_) = formula {
        return Err(vec![Error::MisplacedValues { origin: origin.clone() }]);
    }
    if let Formula::Table(table) = formula {
        if matches!(scope.place(), Place::Constant | Place::Region | Place::Initial) {
            return Err(vec![Error::MisplacedTable { origin: origin.clone() }]);
        }
        return Ok((table.expr(), Uses { time: true, ..Uses::default() }));
    }
    let Formula::List(items) = formula else {
        let text = formula.to_string();
        let ast = fluxions_expr::parse(&text).map_err(|e| wrap(origin, &text, vec![e]))?;
        return fluxions_expr::resolve(&ast, &text, scope)
            .map_err(|errors| wrap(origin, &text, errors));
    };
    let (mut errors, mut exprs, mut uses) = (Vec::new(), Vec::new(), Uses::default());
    for (k, item) in items.iter().enumerate() {
        match resolve(&origin.item(k), item, scope) {
            Ok((expr, used)) => {
                uses.merge(&used);
                exprs.push(expr);
            }
            Err(found) => errors.extend(found),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut expr = fluxions_expr::list(exprs, scope)
        .map_err(|error| wrap(origin, &formula.to_string(), vec![error]))?;
    expr.renumber_random(0);
    Ok((expr, uses))
}

/// The expression as a value of this type.
///
/// A number, the same in all directions, stands for each component.
pub(crate) fn fit(
    origin: &Origin,
    formula: &Formula,
    expr: Expr,
    wanted: Type,
) -> Result<Expr, Vec<Error>> {
    let rank_fits = expr.ty.rank == wanted.rank || is_constant(&expr);
    if rank_fits && (wanted.complex || !expr.ty.complex) {
        return Ok(expr);
    }
    let text = formula.to_string();
    let whole = fluxions_expr::Span::new(0, text.len());
    let error = fluxions_expr::Error::WrongType { found: expr.ty, wanted, span: whole };
    Err(wrap(origin, &text, vec![error]))
}

/// Whether an expression is a scalar made of numbers only.
fn is_constant(expr: &Expr) -> bool {
    let number = match &expr.node {
        Node::Number(_) | Node::Imaginary => true,
        Node::Call(..) | Node::Chain(..) => !expr.children().is_empty(),
        _ => false,
    };
    expr.ty.rank == Rank::Scalar && number && expr.children().iter().all(is_constant)
}

/// The mistakes in a text, with where it stands.
pub(crate) fn wrap(origin: &Origin, text: &str, errors: Vec<fluxions_expr::Error>) -> Vec<Error> {
    let one = |error| {
        let error = Box::new(error);
        Error::Expression { origin: origin.clone(), text: text.into(), error }
    };
    errors.into_iter().map(one).collect()
}
