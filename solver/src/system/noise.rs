//! White noise in the equations.
//!
//! A field with noise of variance V (per unit of time and volume) gets, after each deterministic
//! step, √(V·dt/cell volume)·N(0, 1) in each cell, with V taken at the beginning of the step: the
//! scheme of Euler and Maruyama (Kloeden & Platen 1992, "Numerical Solution of Stochastic
//! Differential Equations", eq. 10.2.4). Stratonovich's interpretation adds the drift
//! ¼·(dV/dc)·dt/cell volume (eq. 4.9.11 there, with b = √V). Of complex fields real and imaginary
//! part get half of the variance each.

use fluxions_expr::derivative::partials;
use fluxions_expr::{
    Binary, Builder, Distribution, Expr, Node, Parts, Place, Rank, Space, Type, Unary, Uses, Value,
    lower,
};

use crate::error::Error;
use crate::plan::halo_group::widen;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Action, Extent, Plan, Slot, slots};
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::random::array::RandomArray;
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

impl Plan {
    /// Adds noise to the result of a step, which is in the arrays from `result` on; the state at
    /// the beginning of the step is in the first ones.
    pub(crate) fn push_noise(&mut self, pde: &Pde, result: usize) {
        self.actions.push(Action::At(0.0));
        let mut program = noise_program(pde);
        let preparations = program.preparations();
        let first_quantity = self.arrays;
        self.array_names.extend(program.array_names());
        self.arrays = self.array_names.len();
        let slot = slots(pde.arrays(), 0, first_quantity);
        widen(&mut self.data_widths, program.data_widths());
        let prepared = self.add_preparations(&program, preparations);
        self.push_preparations(&prepared, &slot);
        self.factors.push(1.0);
        let dt = self.first_factor + self.factors.len() - 1;

        let mut pass = PassBuilder::last(&mut program);
        let mut outputs = Vec::new();
        for (field, variance) in &pde.noise().fields {
            let owner = pde.conditions().owner_of_field(*field);
            let ty = pde.types()[*field];
            let parts = pass.value(OwnedExpr { expr: variance, owner, name: "" });
            let dimension = pde.space().dimension();
            let variances = parts.numbers(Type::real(ty.rank), dimension, &mut pass.builder);
            for (k, array) in pde.arrays_of(*field).enumerate() {
                let mut variance = variances[k / ty.per_component()];
                if ty.complex {
                    let half = pass.builder.constant(0.5);
                    variance = pass.builder.binary(Binary::Multiply, half, variance);
                }
                let random = pass.random_array(RandomArray {
                    name: Noise::stream_name(&pde.fields()[*field]),
                    site: k as u32,
                    distribution: Distribution::Normal,
                    shape: 0.0,
                    each_step: true,
                });
                let from = ArrayRef::Extra(result + array);
                let new = pass.load(from);
                let drift = match pde.noise().interpretation {
                    Interpretation::Ito => None,
                    Interpretation::Stratonovich => slope(&mut pass, variance, array),
                };
                let new = noisy(&mut pass, [new, variance, random], drift, dt);
                let in_place = pass.input(from);
                pass.builder.output_with(new, Some(in_place), true);
                outputs.push(Slot::Array(result + array));
            }
        }
        let pass = pass.finish();
        self.push_sweep(pass, &slot, outputs, Extent::Block, "noise".into());
        self.rows = 1 + program.randoms.len();
        self.randoms = program.randoms;
    }
}

/// The program of the variances, each with the conditions of its field.
pub(crate) fn noise_program(pde: &Pde) -> Program<'_> {
    let mut targets = Vec::new();
    for (field, expr) in &pde.noise().fields {
        let owner = pde.conditions().owner_of_field(*field);
        targets.push(OwnedExpr { expr, owner, name: "" });
    }
    Program::new(pde, &targets)
}

/// The derivative of a value with respect to an array of the fields in the cell itself; nothing
/// where it does not depend on it.
fn slope(pass: &mut PassBuilder<'_, '_>, value: Value, array: usize) -> Option<Value> {
    let input = pass.input(ArrayRef::Field(array));
    let found = partials(&mut pass.builder, value);
    let own = found.iter().find(|partial| partial.input == input && partial.offset == [0; 3]);
    own.map(|partial| partial.derivative)
}

/// value + √(variance·dt/volume)·random + ¼·slope·dt/volume
fn noisy(
    pass: &mut PassBuilder<'_, '_>,
    [value, variance, random]: [Value; 3],
    slope: Option<Value>,
    dt: usize,
) -> Value {
    let dt = pass.builder.parameter(dt);
    let per_volume = pass.per_volume(dt);
    let b = &mut pass.builder;
    let square = b.binary(Binary::Multiply, variance, per_volume);
    let size = b.unary(Unary::Sqrt, square);
    let kick = b.binary(Binary::Multiply, size, random);
    let value = b.binary(Binary::Add, value, kick);
    let Some(slope) = slope else { return value };
    let quarter = b.constant(0.25);
    let drift = b.binary(Binary::Multiply, quarter, slope);
    let drift = b.binary(Binary::Multiply, drift, per_volume);
    b.binary(Binary::Add, value, drift)
}
