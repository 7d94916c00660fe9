//! Polynomials, always evaluated in the same order.

use super::Lanes;

/// c₀ + c₁·x + c₂·x² + …, at most 16 coefficients, by Estrin's scheme: neighbours are paired, then
/// pairs, so that few operations wait for each other.
///
/// Source: G. Estrin, "Organization of computer systems: the fixed plus variable structure
/// computer", Western Joint IRE-AIEE-ACM Computer Conference (1960), 33–40.
#[inline(always)]
pub(super) fn polynomial<L: Lanes, const N: usize>(
    l: &mut L,
    x: L::Number,
    coefficients: [f64; N],
) -> L::Number {
    const { assert!(0 < N && N <= 16) };
    let mut terms = [x; N];
    for k in 0..N {
        terms[k] = l.number(coefficients[k]);
    }
    // Straight on, with counts that the compiler knows: nothing is left of the loops in `pair`.
    let (count, x1) = (N, x);
    let (count, x2) = pair(l, &mut terms, count, x1);
    let (count, x4) = pair(l, &mut terms, count, x2);
    let (count, x8) = pair(l, &mut terms, count, x4);
    pair(l, &mut terms, count, x8);
    terms[0]
}

/// Turns `count` terms in powers of x into half as many in powers of x².
#[inline(always)]
fn pair<L: Lanes, const N: usize>(
    l: &mut L,
    terms: &mut [L::Number; N],
    count: usize,
    x: L::Number,
) -> (usize, L::Number) {
    for k in 0..count / 2 {
        terms[k] = l.fma(terms[2 * k + 1], x, terms[2 * k]);
    }
    if count % 2 == 1 {
        terms[count / 2] = terms[count - 1];
    }
    let square = if count > 2 { l.mul(x, x) } else { x };
    (count.div_ceil(2), square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Scalar;

    #[test]
    fn every_coefficient_belongs_to_its_power() {
        fn check<const N: usize>() {
            let coefficients: [f64; N] = std::array::from_fn(|k| (3 * k + 1) as f64);
            let expected = coefficients.iter().rev().fold(0.0, |sum, c| sum * 4.0 + c);
            assert_eq!(polynomial(&mut Scalar, 4.0, coefficients), expected);
        }
        check::<1>();
        check::<2>();
        check::<3>();
        check::<6>();
        check::<8>();
        check::<13>();
        check::<16>();
    }
}
