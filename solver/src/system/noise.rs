//! White noise in the equations: what is asked for. How a step adds it is the business of the scheme
//! (schemes/euler_maruyama.rs).

use fluxions_expr::{Builder, Expr, Node, Parts, Place, Rank, Type, Uses, lower};

use crate::error::Error;
use crate::system::check::Checks;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::resolve::{fit, resolve};
use crate::system::symbols::Symbols;

/// How multiplicative noise is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpretation {
    /// The variance is that at the beginning of a step (Itô).
    #[default]
    Ito,
    /// The variance is that in the middle of a step (Stratonovich).
    Stratonovich,
}

impl Interpretation {
    /// Its name, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Interpretation::Ito => "ito",
            Interpretation::Stratonovich => "stratonovich",
        }
    }

    /// The interpretation of that name.
    pub fn find(name: &str) -> Option<Self> {
        [Interpretation::Ito, Interpretation::Stratonovich].into_iter().find(|i| i.name() == name)
    }
}

/// The noise of all fields.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    pub(crate) interpretation: Interpretation,
    /// Fields with the variance of their noise.
    pub(crate) fields: Vec<(usize, Expr)>,
}

impl Noise {
    /// The noise that these variances of fields ask for, with the mistakes in them. Of several
    /// variances for a field the last one counts.
    pub(crate) fn new(
        symbols: &Symbols,
        interpretation: Interpretation,
        given: &[(String, Formula)],
    ) -> (Self, Vec<Error>) {
        let mut noise = Noise { interpretation, fields: Vec::new() };
        let mut errors = Vec::new();
        for (name, formula) in given {
            match noise.variance(symbols, name, formula) {
                Ok((field, variance)) => noise.set(field, variance),
                Err(found) => errors.extend(found),
            }
        }
        (noise, errors)
    }

    /// The field of that name and the variance of its noise.
    fn variance(
        &self,
        symbols: &Symbols,
        name: &str,
        formula: &Formula,
    ) -> Result<(usize, Expr), Vec<Error>> {
        let origin = Origin::Noise(name.into());
        let field = symbols.field(&origin, name).map_err(|error| vec![error])?;
        let (expr, uses) = resolve(&origin, formula, &symbols.scope(Place::Equation))?;
        let rank = match expr.ty.rank {
            Rank::Scalar => Rank::Scalar,
            _ => symbols.types()[field].rank,
        };
        let expr = fit(&origin, formula, expr, Type::real(rank))?;
        self.check_form(symbols, origin, &expr, &uses).map_err(|error| vec![error])?;
        Ok((field, expr))
    }

    /// What is wrong with a variance as far as its form shows it.
    fn check_form(
        &self,
        symbols: &Symbols,
        origin: Origin,
        variance: &Expr,
        uses: &Uses,
    ) -> Result<(), Error> {
        if let (Interpretation::Stratonovich, Some(operator), Some(_)) =
            (self.interpretation, &uses.operator, &uses.field)
        {
            return Err(Error::NonlocalNoise { origin, operator: operator.clone() });
        }
        let space = symbols.space();
        let mut builder = Builder::new();
        let mut unknowns = 0..;
        let mut unknown = |expr: &Expr, b: &mut Builder| {
            let count = expr.ty.numbers(space.dimension());
            let numbers: Vec<_> = unknowns.by_ref().take(count).map(|k| b.parameter(k)).collect();
            Parts::of_numbers(expr.ty, &numbers)
        };
        let parts = lower(variance, space, &mut builder, &mut unknown);
        let mut numbers = parts.items.iter().filter_map(|item| builder.as_constant(item.re?));
        match numbers.find(|number| *number < 0.0 || number.is_nan()) {
            Some(value) => Err(Error::NegativeVariance { origin, value }),
            None => Ok(()),
        }
    }

    /// Sets the noise of a field; a variance of 0 is no noise.
    fn set(&mut self, field: usize, variance: Expr) {
        self.fields.retain(|(noisy, _)| *noisy != field);
        if variance.node != Node::Number(0.0) {
            self.fields.push((field, variance));
        }
    }

    /// The operators in variances that cannot be applied.
    pub(crate) fn check_operators(
        &self,
        checks: Checks<'_>,
        given: &[(String, Formula)],
    ) -> Vec<Error> {
        let mut errors = Vec::new();
        for (field, variance) in &self.fields {
            let name = &checks.symbols.fields()[*field];
            let owner = checks.conditions.owner_of_field(*field);
            for (_, formula) in given.iter().filter(|(given, _)| given == name) {
                let origin = Origin::Noise(name.clone());
                let found = checks.operators(&origin, formula, variance, owner);
                errors.extend(found.err().into_iter().flatten());
            }
        }
        errors
    }

    /// Whether a field has noise.
    pub(crate) fn is_on(&self, field: usize) -> bool {
        self.fields.iter().any(|(noisy, _)| *noisy == field)
    }

    /// The stream of random numbers of a field.
    pub(crate) fn stream_name(field: &str) -> String {
        format!("noise of {field}")
    }
}
