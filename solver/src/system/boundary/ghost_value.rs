//! The values of ghost cells by the formulas of [`Condition`].

use fluxions_expr::{Builder, ComplexValue};
use fluxions_grid::Condition;

/// The cells at a wall whose values determine a ghost cell.
#[derive(Clone, Copy)]
pub(crate) enum WallCell {
    /// The one that the ghost cell mirrors.
    Mirrored,
    /// The first or second one, counted inwards.
    First,
    Second,
}

/// The value of a cell in a layer of ghost cells, counted from 1 at the wall, by a condition whose
/// numbers are these values. `cell` gives the values of cells at the wall, which are `spacing`
/// apart.
///
/// `None` where no such formula holds: beyond open ends, poles, and ends that are joined, and where
/// the ghost cells follow from other arrays.
pub(crate) fn ghost_value(
    condition: &Condition<ComplexValue>,
    layer: usize,
    spacing: f64,
    cell: impl Fn(&mut Builder, WallCell) -> ComplexValue,
    b: &mut Builder,
) -> Option<ComplexValue> {
    let mirrored = cell(b, WallCell::Mirrored);
    let d = b.constant((2 * layer - 1) as f64 * spacing);
    let two = b.constant(2.0);
    Some(match *condition {
        Condition::Value(v) | Condition::NormalValue(v) => {
            let double = b.scaled(v, two);
            b.difference(double, mirrored)
        }
        Condition::Derivative(v) | Condition::NormalDerivative(v) => {
            let change = b.scaled(v, d);
            b.sum(mirrored, change)
        }
        Condition::Mixed { coefficient: gamma, value: beta }
        | Condition::NormalMixed { coefficient: gamma, value: beta } => {
            let (d_gamma, d_beta) = (b.scaled(gamma, d), b.scaled(beta, d));
            let source = b.scaled(d_beta, two);
            let weight = b.difference(ComplexValue::real(two), d_gamma);
            let inner = b.times(weight, mirrored);
            let above = b.sum(source, inner);
            let below = b.sum(ComplexValue::real(two), d_gamma);
            b.over(above, below)
        }
        Condition::Clamped { value, derivative } => {
            // The cubic with this value and slope at the wall, through the first two cells.
            let m = (2 * layer - 1) as f64;
            let half = 0.5 * spacing;
            let line = |b: &mut Builder, steps: f64| {
                let distance = b.constant(steps * half);
                let rise = b.scaled(derivative, distance);
                b.sum(value, rise)
            };
            let (one, three, beyond) = (line(b, -1.0), line(b, -3.0), line(b, m));
            let (first, second) = (cell(b, WallCell::First), cell(b, WallCell::Second));
            let (first, second) = (b.difference(first, one), b.difference(second, three));
            let of_first = b.constant((27.0 * m * m + 9.0 * m * m * m) / 18.0);
            let of_second = b.constant((m * m + m * m * m) / 18.0);
            let (first, second) = (b.scaled(first, of_first), b.scaled(second, of_second));
            let bend = b.difference(first, second);
            b.sum(beyond, bend)
        }
        Condition::Supported { value, curvature } => {
            let distance = (layer as f64 - 0.5) * spacing;
            let (double, square) = (b.scaled(value, two), b.constant(distance * distance));
            let odd = b.difference(double, mirrored);
            let bend = b.scaled(curvature, square);
            b.sum(odd, bend)
        }
        Condition::Curvature(v) | Condition::NormalCurvature(v) => {
            // The parabola through the first two cells.
            let k = layer as f64;
            let square = b.constant(0.5 * k * (k + 1.0) * (spacing * spacing));
            let bend = b.scaled(v, square);
            let (first, second) = (cell(b, WallCell::First), cell(b, WallCell::Second));
            let (more, times) = (b.constant(k + 1.0), b.constant(k));
            let (first, second) = (b.scaled(first, more), b.scaled(second, times));
            let line = b.difference(first, second);
            b.sum(bend, line)
        }
        Condition::Ghost(v) | Condition::Function(v) => v,
        Condition::Wall => mirrored,
        Condition::Open
        | Condition::Flux(_)
        | Condition::Absorbing(_)
        | Condition::Continued
        | Condition::Pole
        | Condition::Periodic
        | Condition::Antiperiodic => return None,
    })
}
