//! White noise in the equations.
//!
//! A field with noise of variance V (per unit of time and volume) gets, after each deterministic
//! step, √(V·dt/cell volume)·N(0, 1) in each cell, with V taken at the beginning of the step: the
//! scheme of Euler and Maruyama (Kloeden & Platen 1992, "Numerical Solution of Stochastic
//! Differential Equations", eq. 10.2.4). Stratonovich's interpretation adds the drift
//! ¼·(dV/dc)·dt/cell volume (eq. 4.9.11 there, with b = √V). Of complex fields real and imaginary
//! part get half of the variance each.

use fluxions_expr::{Builder, Expr, Node, Parts, Space, Uses, lower};

use crate::error::Error;
use crate::origin::Origin;

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
