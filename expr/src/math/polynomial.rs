//! Polynomials, and sums and products together with their rounding errors.

use super::Lanes;

/// Σ cₖ·xᵏ as E(x²) + x·O(x²), where both are computed by Horner's scheme. The two chains are
/// independent of each other, and there is one operation per coefficient.
#[inline(always)]
pub(super) fn polynomial<L: Lanes, const N: usize>(
    l: &mut L,
    x: L::Real,
    coefficients: [f64; N],
) -> L::Real {
    const { assert!(N >= 2) };
    let terms = coefficients.map(|c| l.number(c));
    let square = l.mul(x, x);
    // Each chain begins with its last coefficient and goes on with the earlier ones.
    let (mut last, mut other) = (terms[N - 1], terms[N - 2]);
    for k in (0..N - 2).rev() {
        let next = l.fma(last, square, terms[k]);
        (last, other) = (other, next);
    }
    // The chains change places at each step. At the end `last` belongs to coefficient 1 and `other`
    // to coefficient 0.
    l.fma(last, x, other)
}

/// A number as a sum of two: the rounded value and its rounding error.
pub(super) type Sum<L> = (<L as Lanes>::Real, <L as Lanes>::Real);

/// a + b and its rounding error, where |a| ≥ |b| or a = 0.
///
/// Source: T. J. Dekker, Numer. Math. 18, 224 (1971), section 4.
#[inline(always)]
pub(super) fn quick_sum<L: Lanes>(l: &mut L, a: L::Real, b: L::Real) -> Sum<L> {
    let sum = l.add(a, b);
    let most_of_b = l.sub(sum, a);
    (sum, l.sub(b, most_of_b))
}

/// a + b and its rounding error.
///
/// Source: D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
#[inline(always)]
pub(super) fn exact_sum<L: Lanes>(l: &mut L, a: L::Real, b: L::Real) -> Sum<L> {
    let sum = l.add(a, b);
    let b_part = l.sub(sum, a);
    let a_part = l.sub(sum, b_part);
    let (of_a, of_b) = (l.sub(a, a_part), l.sub(b, b_part));
    (sum, l.add(of_a, of_b))
}

/// a·b and its rounding error, where that does not underflow.
#[inline(always)]
pub(super) fn exact_product<L: Lanes>(l: &mut L, a: L::Real, b: L::Real) -> Sum<L> {
    let product = l.mul(a, b);
    let minus = l.negate(product);
    (product, l.fma(a, b, minus))
}

/// 2^exponent, for the exponents of normal numbers.
pub(super) const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// x, but at least `low` and at most `high`; NaN for NaN.
#[inline(always)]
pub(super) fn clamp<L: Lanes>(l: &mut L, x: L::Real, low: f64, high: f64) -> L::Real {
    let (low, high) = (l.number(low), l.number(high));
    let above = l.less(high, x);
    let x = l.select(above, high, x);
    let below = l.less(x, low);
    l.select(below, low, x)
}
