//! White noise in the equations: which fields have it, and how large it is.
//!
//! How steps add it is in schemes/euler_maruyama.rs.

use fluxions_expr::{Builder, Expr, Node, Parts, Place, Rank, Space, Type, Uses, lower};

use crate::error::Error;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::resolve::{fit, resolve};

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
    /// Its name, as problem files use it.
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
    pub(crate) fn none(interpretation: Interpretation) -> Self {
        Noise { interpretation, fields: Vec::new() }
    }

    /// What is wrong with a variance as far as its form shows it.
    pub(crate) fn check(
        &self,
        origin: Origin,
        variance: &Expr,
        uses: &Uses,
        space: &Space,
    ) -> Result<(), Vec<Error>> {
        if let (Interpretation::Stratonovich, Some(operator), Some(_)) =
            (self.interpretation, &uses.operator, &uses.field)
        {
            return Err(vec![Error::NonlocalNoise { origin, operator: operator.clone() }]);
        }
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
            Some(value) => Err(vec![Error::NegativeVariance { origin, value }]),
            None => Ok(()),
        }
    }

    /// Whether a field has noise.
    pub(crate) fn is_on(&self, field: usize) -> bool {
        self.fields.iter().any(|(noisy, _)| *noisy == field)
    }

    /// Sets the noise of a field, unless it is nothing.
    pub(crate) fn add(&mut self, field: usize, variance: Expr) {
        self.fields.retain(|(noisy, _)| *noisy != field);
        if variance.node != Node::Number(0.0) {
            self.fields.push((field, variance));
        }
    }

    /// The stream of random numbers of a field.
    pub(crate) fn stream_name(field: &str) -> String {
        format!("noise of {field}")
    }
}

impl Pde {
    /// Adds the noise that was given; the mistakes in it.
    pub(crate) fn add_noise(&mut self, given: &[(String, Formula)]) -> Vec<Error> {
        let mut errors = Vec::new();
        for (name, formula) in given {
            let origin = Origin::Noise(name.clone());
            let field = match self.field(&origin, name) {
                Ok(field) => field,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            let scope = self.scope(Place::Equation);
            let found = resolve(&origin, formula, &scope).and_then(|(expr, uses)| {
                let rank = match expr.ty.rank {
                    Rank::Scalar => Rank::Scalar,
                    _ => self.types[field].rank,
                };
                let expr = fit(&origin, formula, expr, Type::real(rank))?;
                self.noise.check(origin, &expr, &uses, &self.space)?;
                Ok(expr)
            });
            match found {
                Ok(variance) => self.noise.add(field, variance),
                Err(found) => errors.extend(found),
            }
        }
        errors
    }

    /// Whether every operator in the noise can be applied.
    pub(crate) fn check_noise(&self, given: &[(String, Formula)]) -> Vec<Error> {
        let mut errors = Vec::new();
        for (field, variance) in &self.noise.fields {
            let name = &self.fields[*field];
            let owner = self.conditions.owner_of_field(*field);
            for (_, formula) in given.iter().filter(|(given, _)| given == name) {
                let origin = Origin::Noise(name.clone());
                let found = self.check_operators(&origin, formula, variance, owner);
                errors.extend(found.err().unwrap_or_default());
            }
        }
        errors
    }
}
