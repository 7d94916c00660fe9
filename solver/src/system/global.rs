//! Unknowns without space: numbers with an equation of their own, which are stepped with the fields.

use fluxions_expr::{Expr, Place, Type, numbers_in_cell};

use crate::error::Error;
use crate::system::check::Checks;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::resolve::{fit, resolve};
use crate::system::symbols::Symbols;

/// An unknown that has one value in the whole domain.
#[derive(Clone, Debug)]
pub struct Global {
    /// Its name.
    pub name: String,
    /// Its value at the beginning.
    pub initial: f64,
    /// Its rate of change.
    pub equation: Expr,
}

/// Such an unknown as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct GivenGlobal {
    pub(crate) name: String,
    pub(crate) initial: Formula,
    pub(crate) equation: Formula,
}

impl GivenGlobal {
    /// The unknown that was asked for.
    ///
    /// # Errors
    /// Every mistake in its formulas.
    pub(crate) fn checked(
        &self,
        symbols: &Symbols,
        checks: Option<Checks<'_>>,
    ) -> Result<Global, Vec<Error>> {
        let name = self.name.clone();
        let initial = initial_value(symbols, &name, &self.initial);
        let equation = rate(symbols, checks, &name, &self.equation);
        match (initial, equation) {
            (Ok(initial), Ok(equation)) => Ok(Global { name, initial, equation }),
            (initial, equation) => {
                let found = initial.err().into_iter().chain(equation.err());
                Err(found.flatten().collect())
            }
        }
    }
}

fn initial_value(symbols: &Symbols, name: &str, formula: &Formula) -> Result<f64, Vec<Error>> {
    let origin = Origin::Initial(name.into());
    let (expr, _) = resolve(&origin, formula, &symbols.scope(Place::Constant))?;
    let expr = fit(&origin, formula, expr, Type::REAL)?;
    let value = numbers_in_cell(&expr, symbols.space(), &mut |_| vec![f64::NAN])[0];
    match value.is_finite() {
        true => Ok(value),
        false => Err(vec![Error::InfiniteNumber { origin, name: name.into(), value }]),
    }
}

fn rate(
    symbols: &Symbols,
    checks: Option<Checks<'_>>,
    name: &str,
    formula: &Formula,
) -> Result<Expr, Vec<Error>> {
    let origin = Origin::Equation(name.into());
    let (expr, uses) = resolve(&origin, formula, &symbols.scope(Place::Rate))?;
    if uses.cells || expr.ty != Type::REAL {
        let (name, ty) = (name.into(), expr.ty);
        return Err(vec![Error::NotARate { origin, name, ty }]);
    }
    if let Some(checks) = checks {
        checks.operators(&origin, formula, &expr, checks.conditions.owner_of(symbols, &expr))?;
    }
    Ok(expr)
}
