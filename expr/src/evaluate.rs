//! The values of expressions that need no cells: constants of problem files and parameters.

use crate::builder::Builder;
use crate::error::Error;
use crate::lower::{Parts, lower};
use crate::resolve::resolve;
use crate::scope::{Place, Scope};
use crate::space::Space;
use crate::typed::Expr;
use crate::types::Rank;

/// The value of a constant expression such as `2*pi`. It may use the names in `scope`, whose place
/// must be [`Place::Constant`].
///
/// # Errors
/// The mistakes in the text, or a value that is not finite.
pub fn evaluate(text: &str, scope: &Scope) -> Result<f64, Vec<Error>> {
    debug_assert_eq!(scope.place(), Place::Constant);
    let ast = crate::parse(text).map_err(|error| vec![error])?;
    let (expr, _) = resolve(&ast, text, scope)?;
    if expr.ty.complex {
        return Err(vec![Error::ComplexConstant { span: ast.span }]);
    }
    if expr.ty.rank != Rank::Scalar {
        let (what, found, span) = ("a constant".to_string(), expr.ty, ast.span);
        return Err(vec![Error::ScalarWanted { what, found, span }]);
    }
    let value = number(&expr, scope.space());
    if value.is_finite() {
        Ok(value)
    } else {
        Err(vec![Error::NotFinite { value, span: ast.span }])
    }
}

/// The real numbers that a value in one cell is made of, in the order of [`Parts::numbers`]. `leaf`
/// gives those of every node that is not computed within the cell.
pub fn numbers_in_cell(
    expr: &Expr,
    space: &Space,
    leaf: &mut dyn FnMut(&Expr) -> Vec<f64>,
) -> Vec<f64> {
    let mut builder = Builder::new();
    let mut constants = |part: &Expr, b: &mut Builder| {
        let numbers: Vec<_> = leaf(part).into_iter().map(|x| b.constant(x)).collect();
        Parts::of_numbers(part.ty, &numbers)
    };
    let parts = lower(expr, space, &mut builder, &mut constants);
    let numbers = parts.numbers(expr.ty, space.dimension(), &mut builder);
    let value = |number| builder.as_constant(number).expect("what is made of numbers is a number");
    numbers.into_iter().map(value).collect()
}

/// The value of a real scalar that consists of numbers only.
pub(crate) fn number(expr: &Expr, space: &Space) -> f64 {
    let mut builder = Builder::new();
    // A constant has no leaves.
    let mut leaf = |_: &Expr, b: &mut Builder| Parts::real(b.constant(f64::NAN));
    match lower(expr, space, &mut builder, &mut leaf).only().re {
        Some(value) => builder.as_constant(value).expect("what is made of numbers is a number"),
        None => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::Native;

    fn value(text: &str) -> Result<f64, Vec<Error>> {
        let mut scope = Scope::new(Place::Constant, &Space::nowhere());
        scope.number("L", 3.0);
        evaluate(text, &scope)
    }

    #[test]
    fn constants_have_their_values() {
        assert_eq!(value("2*pi"), Ok(2.0 * std::f64::consts::PI));
        assert_eq!(value("L^2 % 4"), Ok(1.0));
        assert_eq!(value("1.5**2"), Ok(2.25));
        assert_eq!(value("Piecewise((1, L < 2), (2, L < 4), (3, True))"), Ok(2.0));
        assert_eq!(value("heaviside(0) + heaviside(-1, 7) + heaviside(0, 2)"), Ok(2.5));
        assert_eq!(value("max(1, L, 2) + min(4)"), Ok(7.0));
        assert_eq!(value("not (1 > 2 or 2 == 3) and 5"), Ok(1.0));
        assert_eq!(value("abs(3 + 4*I) + real((1 + i)^2)"), Ok(5.0));
        assert_eq!(value("log(8, 2)"), Ok(8f64.ln() / 2f64.ln()));
    }

    #[test]
    fn a_constant_may_be_made_of_vectors_and_closures() {
        let mut scope = Scope::new(Place::Constant, &Space::cartesian(&["x", "y"]));
        scope.native(Native::new("twice", |x: f64| 2.0 * x));
        assert_eq!(evaluate("twice(dot([1, 2], [3, 4])) + [5, 6].y", &scope), Ok(28.0));
        assert_eq!(evaluate("norm([[1, 2], [2, 4]])", &scope), Ok(5.0));
    }

    #[test]
    fn what_is_not_finite_is_an_error() {
        assert!(matches!(value("1/0").unwrap_err()[..], [Error::NotFinite { .. }]));
        assert!(matches!(value("sqrt(-1)").unwrap_err()[..], [Error::NotFinite { .. }]));
    }
}
