//! The scheme of Euler and Maruyama: noise that is added after a deterministic step.
//!
//! A field with noise of variance V (per unit of time and volume) gets, after each deterministic
//! step, √(V·dt/cell volume)·N(0, 1) in each cell, with V taken at the beginning of the step: the
//! scheme of Euler and Maruyama (Kloeden & Platen 1992, "Numerical Solution of Stochastic
//! Differential Equations", eq. 10.2.4). Stratonovich's interpretation adds the drift
//! ¼·(dV/dc)·dt/cell volume (eq. 4.9.11 there, with b = √V). Of complex fields real and imaginary
//! part get half of the variance each.

use fluxions_expr::derivative::partials;
use fluxions_expr::{Binary, Distribution, Type, Unary, Value};

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::slots;
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::random::array::RandomArray;
use crate::system::noise::{Interpretation, Noise};
use crate::system::pde::Pde;

/// The program of the variances, each with the conditions of its field.
pub(crate) fn program(pde: &Pde) -> Program<'_> {
    let mut targets = Vec::new();
    for (field, expr) in &pde.noise().fields {
        let owner = pde.conditions().owner_of_field(*field);
        targets.push(OwnedExpr { expr, owner, name: "" });
    }
    Program::new(pde, &targets)
}

/// Adds noise to the result of a step, which is in the arrays from `result` on; the state at the
/// beginning of the step is in the first ones. `program` is that of the variances.
pub(crate) fn add_noise(
    plan: &mut PlanBuilder,
    pde: &Pde,
    mut program: Program<'_>,
    result: usize,
) {
    plan.at(0.0);
    let first_quantity = plan.add_arrays(program.array_names());
    let slot = slots(pde.arrays(), 0, first_quantity);
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    let dt = plan.add_factor(1.0);

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
    plan.sweep(pass, &slot, outputs, Extent::Block, "noise".into());
    plan.set_randoms(program.randoms);
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
