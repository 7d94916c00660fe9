//! Values of expressions without cells: constants of problem files, parameters.

use crate::builder::Builder;
use crate::error::Error;
use crate::kernel::Value;
use crate::resolve::resolve;
use crate::scope::{Place, Scope};
use crate::typed::{Expr, Node};

/// The value of a constant expression such as `2*pi`. The names it may use are those of `scope`,
/// which stands at [`Place::Constant`].
///
/// # Errors
/// The mistakes in the text, or that its value is not finite.
pub fn evaluate(text: &str, scope: &Scope) -> Result<f64, Vec<Error>> {
    debug_assert_eq!(scope.place(), Place::Constant);
    let ast = crate::parse(text).map_err(|error| vec![error])?;
    let (expr, _) = resolve(&ast, text, scope)?;
    let mut builder = Builder::new();
    let value = constant(&expr, &mut builder);
    // Everything that a constant may use folds to a number.
    let value = builder.as_constant(value).unwrap_or(f64::NAN);
    if value.is_finite() {
        Ok(value)
    } else {
        Err(vec![Error::NotFinite { value, span: ast.span }])
    }
}

fn constant(expr: &Expr, builder: &mut Builder) -> Value {
    match &expr.node {
        Node::Number(value) => builder.constant(*value),
        Node::Call(function, arguments) => {
            let arguments: Vec<_> = arguments.iter().map(|a| constant(a, builder)).collect();
            builder.call(*function, &arguments)
        }
        // The scope of a constant has no other nodes.
        _ => builder.constant(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<f64, Vec<Error>> {
        let mut scope = Scope::new(Place::Constant, &[]);
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
        assert_eq!(value("log(8, 2)"), Ok(8f64.ln() / 2f64.ln()));
    }

    #[test]
    fn what_is_not_finite_is_an_error() {
        assert!(matches!(value("1/0").unwrap_err()[..], [Error::NotFinite { .. }]));
        assert!(matches!(value("sqrt(-1)").unwrap_err()[..], [Error::NotFinite { .. }]));
    }
}
