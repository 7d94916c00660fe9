//! Polynomials, and sums and products with what rounding leaves of them.

use super::Lanes;

/// Σ cₖ·xᵏ as E(x²) + x·O(x²), both by Horner's scheme: two chains that go on side by side, with one
/// operation for each coefficient.
#[inline(always)]
pub(super) fn polynomial<L: Lanes, const N: usize>(
    l: &mut L,
    x: L::Real,
    coefficients: [f64; N],
) -> L::Real {
    const { assert!(N >= 2) };
    let terms = coefficients.map(|c| l.number(c));
    let square = l.mul(x, x);
    // The last coefficient of each chain, then the earlier ones.
    let (mut last, mut other) = (terms[N - 1], terms[N - 2]);
    for k in (0..N - 2).rev() {
        let next = l.fma(last, square, terms[k]);
        (last, other) = (other, next);
    }
    // One step after another the chains change places: `last` is that of coefficient 1, `other`
    // that of 0.
    l.fma(last, x, other)
}

/// A number as the sum of two: its rounded value and what that leaves.
pub(super) type Sum<L> = (<L as Lanes>::Real, <L as Lanes>::Real);

/// a + b and what rounding leaves, where |a| ≥ |b| or a = 0.
///
/// T. J. Dekker, Numer. Math. 18, 224 (1971), section 4.
#[inline(always)]
pub(super) fn quick_sum<L: Lanes>(l: &mut L, a: L::Real, b: L::Real) -> Sum<L> {
    let sum = l.add(a, b);
    let most_of_b = l.sub(sum, a);
    (sum, l.sub(b, most_of_b))
}

/// a + b and what rounding leaves.
///
/// D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
#[inline(always)]
pub(super) fn exact_sum<L: Lanes>(l: &mut L, a: L::Real, b: L::Real) -> Sum<L> {
    let sum = l.add(a, b);
    let b_part = l.sub(sum, a);
    let a_part = l.sub(sum, b_part);
    let (of_a, of_b) = (l.sub(a, a_part), l.sub(b, b_part));
    (sum, l.add(of_a, of_b))
}

/// a·b and what rounding leaves, unless that underflows.
#[inline(always)]
pub(super) fn exact_product<L: Lanes>(l: &mut L, a: L::Real, b: L::Real) -> Sum<L> {
    let product = l.mul(a, b);
    let minus = l.negate(product);
    (product, l.fma(a, b, minus))
}

/// 2^exponent, for exponents of normal numbers.
pub(super) const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// x, but not below `low` and not above `high`; NaN of NaN.
#[inline(always)]
pub(super) fn clamp<L: Lanes>(l: &mut L, x: L::Real, low: f64, high: f64) -> L::Real {
    let (low, high) = (l.number(low), l.number(high));
    let above = l.less(high, x);
    let x = l.select(above, high, x);
    let below = l.less(x, low);
    l.select(below, low, x)
}
