//! The logarithms log x, log(1 + x), log₂ x and log₁₀ x.
//!
//! x = 2ᵏ·(1 + f) with √½ ≤ 1 + f ≤ √2, so that log x = k·log 2 + log(1 + f). With s = f/(2 + f),
//! log(1 + f) = 2·artanh s = 2s + s³·p(s²), where p is a polynomial (M. Abramowitz and I. A.
//! Stegun, Handbook of Mathematical Functions, 4.1.27). Since 2s = f − s·f, this is f − s·(f −
//! s²·p(s²)), where f is exact.

use std::f64::consts::{LOG2_E, LOG10_E};

use super::Lanes;
use super::exponential::{LN_2_REST, LN_2_SHORT, ONE};
use super::polynomial::{exact_product, exact_sum, polynomial, quick_sum};

/// The coefficients of p, from `scripts/minimax.py log`.
const LOG: [f64; 7] = [
    0.666_666_666_666_673_4,
    0.399_999_999_994_174_85,
    0.285_714_287_420_589_46,
    0.222_221_985_847_133_1,
    0.181_835_646_434_397_1,
    0.153_140_228_315_823_86,
    0.147_963_968_062_681_44,
];
/// log₂ e minus LOG2_E.
const LOG2_E_REST: f64 = 2.035_527_374_093_103_3e-17;
/// log₁₀ e minus LOG10_E.
const LOG10_E_REST: f64 = 1.098_319_650_216_765e-17;
/// The leading 42 bits of log₁₀ 2.
const LOG10_2_SHORT: f64 = 0.301_029_995_663_952_83;
/// log₁₀ 2 minus [`LOG10_2_SHORT`].
const LOG10_2_REST: f64 = 2.836_339_455_104_496_4e-14;
/// The bits of a number near √½.
const ROOT: i64 = 0x3fe6_a09e_0000_0000;
/// 2⁵². An integer that is added to it stands in the lowest bits of the sum.
const INTEGERS: f64 = 4_503_599_627_370_496.0;

/// The parts of x = 2ᵏ·(1 + f).
pub(super) struct Split<L: Lanes> {
    pub(super) k: L::Real,
    /// 1 + f
    pub(super) significand: L::Real,
    /// The bits of 2^−k.
    inverse: L::Bits,
}

impl<L: Lanes> Split<L> {
    /// Splits a positive normal number.
    #[inline(always)]
    pub(super) fn of(l: &mut L, x: L::Real) -> Self {
        let bits = l.to_bits(x);
        // From √2 on the exponent is greater by 1, so that the significand begins at √½.
        let (shift, root) = (l.integer(ONE - ROOT), l.integer(ROOT));
        let moved = l.add_bits(bits, shift);
        let exponent = l.shift_right(moved, 52);
        let of_sum = l.integer(INTEGERS.to_bits() as i64);
        let sum = l.or_bits(exponent, of_sum);
        let (sum, bias) = (l.from_bits(sum), l.number(INTEGERS + 1023.0));
        let k = l.sub(sum, bias);
        let mask = l.integer((1 << 52) - 1);
        let fraction = l.and_bits(moved, mask);
        let significand = l.add_bits(fraction, root);
        let significand = l.from_bits(significand);
        let exponent = l.shift_left(exponent, 52);
        let twice = l.integer((2 * 1023) << 52);
        Split { k, significand, inverse: l.sub_bits(twice, exponent) }
    }

    /// Splits any positive number.
    #[inline(always)]
    pub(super) fn of_any(l: &mut L, x: L::Real) -> Self {
        let (normal, much) = (l.number(f64::MIN_POSITIVE), l.number(2f64.powi(54)));
        let subnormal = l.less(x, normal);
        let larger = l.mul(x, much);
        let x = l.select(subnormal, larger, x);
        let (zero, less) = (l.number(0.0), l.number(54.0));
        let less = l.select(subnormal, less, zero);
        let split = Split::of(l, x);
        Split { k: l.sub(split.k, less), ..split }
    }
}

/// f − log(1 + f), which is s·(f − s²·p(s²)).
#[inline(always)]
fn one_plus<L: Lanes>(l: &mut L, f: L::Real) -> L::Real {
    let two = l.number(2.0);
    let sum = l.add(two, f);
    let s = l.div(f, sum);
    let z = l.mul(s, s);
    let p = polynomial(l, z, LOG);
    let minus = l.negate(z);
    let inner = l.fma(minus, p, f);
    l.mul(s, inner)
}

/// `y` for positive finite x, and the limits of the logarithm at 0, below 0, at ∞ and at NaN.
#[inline(always)]
fn with_limits<L: Lanes>(l: &mut L, x: L::Real, y: L::Real) -> L::Real {
    let (zero, infinity) = (l.number(0.0), l.number(f64::INFINITY));
    let (least, none) = (l.number(f64::NEG_INFINITY), l.number(f64::NAN));
    let finite = l.less(x, infinity);
    let y = l.select(finite, y, x);
    let (is_zero, positive) = (l.equal(x, zero), l.less(zero, x));
    let other = l.select(is_zero, least, none);
    l.select(positive, y, other)
}

/// k·log 2 + log(1 + f + rest)
#[inline(always)]
fn sum_of<L: Lanes>(l: &mut L, k: L::Real, f: L::Real, rest: L::Real) -> L::Real {
    let small = one_plus(l, f);
    let (short, left) = (l.number(LN_2_SHORT), l.number(LN_2_REST));
    let whole = l.mul(k, short);
    let (sum, lost) = quick_sum(l, whole, f);
    let small = l.sub(rest, small);
    let left = l.fma(k, left, lost);
    let small = l.add(small, left);
    l.add(sum, small)
}

/// log x
#[inline(always)]
pub(super) fn log<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let split = Split::of_any(l, x);
    let (one, zero) = (l.number(1.0), l.number(0.0));
    let f = l.sub(split.significand, one);
    let y = sum_of(l, split.k, f, zero);
    with_limits(l, x, y)
}

/// k·(short + rest) + log(1 + f)·(factor + left). The product k·`short` must be exact.
#[inline(always)]
fn to_base<L: Lanes>(
    l: &mut L,
    x: L::Real,
    [short, rest]: [f64; 2],
    [factor, left]: [f64; 2],
) -> L::Real {
    let split = Split::of_any(l, x);
    let one = l.number(1.0);
    let f = l.sub(split.significand, one);
    let small = one_plus(l, f);
    let (factor, left) = (l.number(factor), l.number(left));
    let (most, lost) = exact_product(l, f, factor);
    let (short, rest) = (l.number(short), l.number(rest));
    let whole = l.mul(split.k, short);
    let (sum, dropped) = quick_sum(l, whole, most);
    let lost = l.fma(f, left, lost);
    let minus = l.negate(factor);
    let curved = l.fma(small, minus, lost);
    let dropped = l.fma(split.k, rest, dropped);
    let small = l.add(curved, dropped);
    let y = l.add(sum, small);
    with_limits(l, x, y)
}

/// log₂ x
#[inline(always)]
pub(super) fn log2<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    to_base(l, x, [1.0, 0.0], [LOG2_E, LOG2_E_REST])
}

/// log₁₀ x
#[inline(always)]
pub(super) fn log10<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    to_base(l, x, [LOG10_2_SHORT, LOG10_2_REST], [LOG10_E, LOG10_E_REST])
}

/// log(1 + x + rest) + extra·log 2, where `rest` is small beside x. The sum 1 + x + rest must be a
/// normal number or 0; for other sums the result is wrong or NaN.
#[inline(always)]
pub(super) fn log_of_one_plus<L: Lanes>(
    l: &mut L,
    x: L::Real,
    rest: L::Real,
    extra: L::Real,
) -> L::Real {
    let one = l.number(1.0);
    let (sum, lost) = exact_sum(l, one, x);
    let lost = l.add(lost, rest);
    let split = Split::of(l, sum);
    // What was lost is multiplied by 2^−k. From 2⁶⁰ on it does not matter, and 2^−k may be
    // subnormal.
    let (large, zero) = (l.number(2f64.powi(60)), l.number(0.0));
    let (inverse, counts) = (l.from_bits(split.inverse), l.less(sum, large));
    let inverse = l.select(counts, inverse, zero);
    let most = l.sub(split.significand, one);
    let f = l.fma(lost, inverse, most);
    let taken = l.sub(f, most);
    let minus = l.negate(taken);
    let rest = l.fma(lost, inverse, minus);
    let k = l.add(split.k, extra);
    sum_of(l, k, f, rest)
}

/// log(1 + x)
#[inline(always)]
pub(super) fn log1p<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let (one, zero) = (l.number(1.0), l.number(0.0));
    let y = log_of_one_plus(l, x, zero, zero);
    let y = l.copysign(y, x);
    let sum = l.add(one, x);
    with_limits(l, sum, y)
}
