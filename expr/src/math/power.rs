//! The power x^y = e^(y·log|x|), with the sign of x where y is odd.
//!
//! An error of the logarithm is multiplied by y, and y·log|x| reaches 745. So both the logarithm
//! and the product are computed as sums of two doubles.

use super::Lanes;
use super::exponential::{LN_2_REST, LN_2_SHORT, exp_of_sum};
use super::logarithm::Split;
use super::polynomial::{Sum, exact_product, polynomial, quick_sum};

/// The coefficients of q in 2·artanh s = 2s + s³·(2/3 + s²·q(s²)), from `scripts/minimax.py
/// log_second`.
const LOG: [f64; 7] = [
    0.400_000_000_000_020_84,
    0.285_714_285_701_676_2,
    0.222_222_225_096_298_71,
    0.181_817_851_481_466_37,
    0.153_867_256_228_026_16,
    0.132_574_762_837_333_6,
    0.131_908_278_234_481_67,
];
const TWO_THIRDS: f64 = 2.0 / 3.0;
/// 2/3 minus TWO_THIRDS.
const TWO_THIRDS_REST: f64 = 3.700_743_415_417_188e-17;

/// log x for positive finite x, with an error of about 2⁻⁶⁴ of its size.
///
/// The letters f, s and k are those of [`super::logarithm`]. Each letter is a sum of two numbers
/// here.
#[inline(always)]
pub(super) fn exact_log<L: Lanes>(l: &mut L, x: L::Real) -> Sum<L> {
    let split = Split::of_any(l, x);
    let (one, two) = (l.number(1.0), l.number(2.0));
    let f = l.sub(split.significand, one);
    // s = f/(1 + significand)
    let (divisor, divisor_rest) = quick_sum(l, one, split.significand);
    let reciprocal = l.div(one, divisor);
    let s = l.mul(f, reciprocal);
    let minus = l.negate(s);
    let left = l.fma(minus, divisor, f);
    let left = l.fma(minus, divisor_rest, left);
    let s_rest = l.mul(left, reciprocal);
    // z = s²
    let (z, lost) = exact_product(l, s, s);
    let twice = l.add(s_rest, s_rest);
    let z_rest = l.fma(s, twice, lost);
    // p = 2/3 + z·q
    let q = polynomial(l, z, LOG);
    let zq = l.mul(z, q);
    let (thirds, thirds_rest) = (l.number(TWO_THIRDS), l.number(TWO_THIRDS_REST));
    let (p, lost) = quick_sum(l, thirds, zq);
    let p_rest = l.add(lost, thirds_rest);
    // t = 2 + z·p
    let (w, lost) = exact_product(l, z, p);
    let w_rest = l.fma(z, p_rest, lost);
    let w_rest = l.fma(z_rest, p, w_rest);
    let (t, lost) = quick_sum(l, two, w);
    let t_rest = l.add(lost, w_rest);
    // log(1 + f) = s·t
    let (y, lost) = exact_product(l, s, t);
    let y_rest = l.fma(s, t_rest, lost);
    let y_rest = l.fma(s_rest, t, y_rest);
    // k·log 2 is larger than log(1 + f), unless it is 0.
    let (short, rest) = (l.number(LN_2_SHORT), l.number(LN_2_REST));
    let whole = l.mul(split.k, short);
    let (sum, lost) = quick_sum(l, whole, y);
    let lost = l.add(lost, y_rest);
    let rest = l.fma(split.k, rest, lost);
    quick_sum(l, sum, rest)
}

/// x^y
#[inline(always)]
pub(super) fn power<L: Lanes>(l: &mut L, x: L::Real, y: L::Real) -> L::Real {
    let (zero, one, half) = (l.number(0.0), l.number(1.0), l.number(0.5));
    let infinity = l.number(f64::INFINITY);
    let base = l.abs(x);
    let (log, rest) = exact_log(l, base);
    let (is_zero, finite) = (l.equal(base, zero), l.less(base, infinity));
    let least = l.negate(infinity);
    let log = l.select(finite, log, base);
    let log = l.select(is_zero, least, log);
    let (exponent, lost) = exact_product(l, y, log);
    let lost = l.fma(y, rest, lost);
    // Where the value is 0 or ∞, the rest may be NaN and is left out.
    let (size, limit) = (l.abs(exponent), l.number(800.0));
    let inside = l.less(size, limit);
    let lost = l.select(inside, lost, zero);
    let (value, scale) = exp_of_sum(l, exponent, lost);
    let value = scale.scale(l, value);
    // These are the values for |x| = 1 with y = ±∞.
    let is_one = l.equal(base, one);
    let there = l.equal(y, y);
    let unit = l.both(is_one, there);
    let value = l.select(unit, one, value);
    // These are the values for negative x.
    let whole = l.truncate(y);
    let integer = l.equal(whole, y);
    let halved = l.mul(y, half);
    let whole = l.truncate(halved);
    let even = l.equal(whole, halved);
    let not_even = l.not(even);
    let odd = l.both(integer, not_even);
    let signed = l.copysign(value, x);
    let value = l.select(odd, signed, value);
    let negative = l.less(x, zero);
    let between = l.not(integer);
    let (proper, no_zero) = (l.both(negative, between), l.both(there, finite));
    let undefined = l.both(proper, no_zero);
    let none = l.number(f64::NAN);
    let value = l.select(undefined, none, value);
    // The value is 1 here even for NaN.
    let (no_power, one_base) = (l.equal(y, zero), l.equal(x, one));
    let always = l.either(no_power, one_base);
    l.select(always, one, value)
}
