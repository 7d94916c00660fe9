//! States within a step.

use fluxions_expr::{Binary, Value};

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::program::{ArrayRef, TIME};
use crate::schemes::by_hand::{by_hand, extra};
use crate::schemes::scheme::WithinStep;
use crate::system::pde::Pde;

/// The cubic through the states at both ends of a step with their slopes there (Hairer, Nørsett & Wanner
/// 1993, "Solving Ordinary Differential Equations I", II.6, eq. 6.7):
///
/// u(θ) = u_0 + θ·Δ + θ(θ − 1)·((1 − 2θ)·Δ + (θ − 1)·h·f_0 + θ·h·f_1), Δ = u_1 − u_0
///
/// plus θ²(1 − θ)² times the bend, where that is known ([`Tableau::bend`](crate::Tableau::bend)).
/// The numbers of the first arrays of u_0, f_0, u_1 and f_1 are given, that of the bend, and that of the
/// result.
pub(super) fn within(
    pde: &Pde,
    kept: &[String],
    [old, old_slope, new, new_slope]: [usize; 4],
    bend: Option<usize>,
    to: usize,
) -> WithinStep {
    let mut plan = PlanBuilder::new(pde, kept, &[]);
    let length = plan.add_factor(1.0);
    let pass = by_hand(pde, |pass| {
        let (theta, h) = (pass.builder.parameter(TIME), pass.builder.parameter(length));
        let [one, minus_two] = [1.0, -2.0].map(|number| pass.builder.constant(number));
        let before = pass.builder.binary(Binary::Subtract, theta, one);
        let middle = pass.builder.binary(Binary::Multiply, theta, before);
        let of_change = pass.builder.fused(minus_two, theta, one);
        let of_old = pass.builder.binary(Binary::Multiply, before, h);
        let of_new = pass.builder.binary(Binary::Multiply, theta, h);
        for k in 0..pde.arrays() {
            let [old, old_slope, new, new_slope]: [Value; 4] =
                [old, old_slope, new, new_slope].map(|first| pass.load(ArrayRef::Extra(first + k)));
            let bend = bend.map(|first| pass.load(ArrayRef::Extra(first + k)));
            let b = &mut pass.builder;
            let change = b.binary(Binary::Subtract, new, old);
            let curved = b.binary(Binary::Multiply, of_change, change);
            let curved = b.fused(of_old, old_slope, curved);
            let curved = b.fused(of_new, new_slope, curved);
            let curved = match bend {
                Some(bend) => b.fused(middle, bend, curved),
                None => curved,
            };
            let straight = b.fused(theta, change, old);
            let value = b.fused(middle, curved, straight);
            b.output(value);
        }
    });
    let outputs = (0..pde.arrays()).map(|k| Slot::Array(to + k)).collect();
    plan.sweep(pass, &extra, outputs, Extent::Block, "state within the step".into());
    let swaps = (0..pde.arrays()).map(|k| (k, to + k)).collect();
    WithinStep { plan: plan.finish(), swaps }
}
