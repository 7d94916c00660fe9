//! Sums of ratios in antidiffusive velocities.

use fluxions_expr::{Binary, Unary, Value};

use crate::plan::pass::PassBuilder;

/// A difference over a sum. With an infinite gauge the difference is not divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    pub(super) above: Value,
    pub(super) below: Option<Value>,
}

/// The sum of products of a factor and a ratio. Some ratios at a time are brought to a common
/// denominator, since a division takes as long as many products.
pub(super) fn sum(pass: &mut PassBuilder, terms: &[(Value, Ratio)]) -> Value {
    /// So few that the denominator does not overflow for numbers below 1e100.
    const TOGETHER: usize = 3;
    let b = &mut pass.builder;
    let mut all = None;
    for terms in terms.chunks(TOGETHER) {
        let mut whole: Option<Ratio> = None;
        for (factor, fraction) in terms {
            let above = b.binary(Binary::Multiply, *factor, fraction.above);
            whole = Some(match whole {
                None => Ratio { above, ..*fraction },
                Some(before) => match (before.below, fraction.below) {
                    (Some(left), Some(right)) => {
                        let one = b.binary(Binary::Multiply, before.above, right);
                        let two = b.binary(Binary::Multiply, above, left);
                        let above = b.binary(Binary::Add, one, two);
                        Ratio { above, below: Some(b.binary(Binary::Multiply, left, right)) }
                    }
                    _ => {
                        let above = b.binary(Binary::Add, before.above, above);
                        Ratio { above, below: None }
                    }
                },
            });
        }
        let Some(Ratio { above, below }) = whole else { continue };
        let value = below.map_or(above, |below| b.binary(Binary::Divide, above, below));
        all = Some(all.map_or(value, |all| b.binary(Binary::Add, all, value)));
    }
    all.unwrap_or_else(|| b.constant(0.0))
}

/// The sum of all further corrections: W·(W·b + a), a = 1/(1 − |A|), b = −A·a/(1 − A²) (Beason &
/// Margolin 1988, Preprint UCRL-99249). Where one of
/// the cells is empty the sum has no limit, and the first correction is left as it is.
pub(super) fn summed(pass: &mut PassBuilder, w: Value, a: Value) -> Value {
    let b = &mut pass.builder;
    let one = b.constant(1.0);
    let size = b.unary(Unary::Abs, a);
    let rest = b.binary(Binary::Subtract, one, size);
    let zero = b.constant(0.0);
    let there = b.binary(Binary::Greater, rest, zero);
    let rest = b.select(there, rest, one);
    let first = b.binary(Binary::Divide, one, rest);
    let square = b.binary(Binary::Multiply, a, a);
    let other = b.binary(Binary::Subtract, one, square);
    let other = b.select(there, other, one);
    let second = b.binary(Binary::Multiply, a, first);
    let second = b.binary(Binary::Divide, second, other);
    let second = b.binary(Binary::Multiply, w, second);
    let factor = b.binary(Binary::Subtract, first, second);
    let all = b.binary(Binary::Multiply, w, factor);
    b.select(there, all, w)
}
