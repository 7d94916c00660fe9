//! Hyperbolic functions and their inverses.

use super::Lanes;
use super::exponential::{Reduced, half_expm1};
use super::logarithm::log_of_one_plus;
use super::polynomial::{clamp, exact_product, exact_sum, polynomial, quick_sum};

/// The coefficients of p in cosh r = 1 + r²·p(r²), from `scripts/minimax.py cosh`.
const COSH: [f64; 5] = [
    0.500_000_000_000_001_3,
    0.041_666_666_666_515_07,
    0.001_388_888_894_708_786_2,
    2.480_148_987_976_073e-05,
    2.763_129_973_744_356e-07,
];
/// The coefficients of p in sinh r = r + r³·p(r²), from `scripts/minimax.py sinh`.
const SINH: [f64; 5] = [
    0.166_666_666_666_666_77,
    0.008_333_333_333_321_676,
    0.000_198_412_698_860_269_27,
    2.755_724_430_086_871_3e-06,
    2.510_900_699_911_734_8e-08,
];

/// cosh x, or sinh x if `odd`, for x ≥ 0. With x = n·ln 2 + r it is e·cosh r + o·sinh r. For cosh
/// x, e = cosh(n·ln 2) and o = sinh(n·ln 2); for sinh x they are exchanged. These are the addition
/// theorems (M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 4.5.24 and
/// 4.5.25).
#[inline(always)]
fn of_magnitude<L: Lanes>(l: &mut L, x: L::Real, odd: bool) -> L::Real {
    let x = clamp(l, x, 0.0, 712.0);
    let reduced = Reduced::of(l, x);
    let (r, rest) = (reduced.r, reduced.rest);
    // A large value is first computed as 2⁻⁶⁴ times itself, so that nothing overflows.
    let (middle, zero, one) = (l.number(300.0), l.number(0.0), l.number(1.0));
    let large = l.less(middle, x);
    let (less, much) = (l.number(-64.0), l.number(2f64.powi(64)));
    let by = l.select(large, less, zero);
    let back = l.select(large, much, one);
    let reduced = reduced.shifted(l, by);
    let (growing, falling) = (reduced.power(l, -1), reduced.inverse_power(l, -1));
    let (sum, difference) = (l.add(growing, falling), l.sub(growing, falling));
    let (even_factor, odd_factor) = if odd { (difference, sum) } else { (sum, difference) };
    let z = l.mul(r, r);
    let even = polynomial(l, z, COSH);
    let even = l.mul(z, even);
    let cubic = polynomial(l, z, SINH);
    let cube = l.mul(z, r);
    let cubic = l.fma(cube, cubic, rest);
    // The even factor is 0 or larger than this product.
    let (linear, lost) = exact_product(l, odd_factor, r);
    let (most, left) = quick_sum(l, even_factor, linear);
    let small = l.add(left, lost);
    let small = l.fma(odd_factor, cubic, small);
    // The rest of r adds r·rest to cosh r − 1.
    let even = l.fma(r, rest, even);
    let small = l.fma(even_factor, even, small);
    let y = l.add(most, small);
    l.mul(y, back)
}

/// (e^x − e^−x)/2
#[inline(always)]
pub(super) fn sinh<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let y = of_magnitude(l, magnitude, true);
    l.copysign(y, x)
}

/// (e^x + e^−x)/2
#[inline(always)]
pub(super) fn cosh<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    of_magnitude(l, magnitude, false)
}

/// sinh x/cosh x = h/(h + 1) with h = (e^2x − 1)/2
#[inline(always)]
pub(super) fn tanh<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let inside = clamp(l, magnitude, 0.0, 22.0);
    let twice = l.add(inside, inside);
    let (sum, rest) = half_expm1(l, twice);
    let one = l.number(1.0);
    let (half, half_rest) = quick_sum(l, sum, rest);
    let (below, below_rest) = exact_sum(l, half, one);
    let reciprocal = l.div(one, below);
    let quotient = l.mul(half, reciprocal);
    let minus = l.negate(quotient);
    let left = l.fma(minus, below, half);
    let below_rest = l.add(below_rest, half_rest);
    let less = l.fma(minus, below_rest, half_rest);
    let left = l.add(left, less);
    let y = l.fma(left, reciprocal, quotient);
    // Subnormal numbers keep their bits.
    let tiny = l.number(2f64.powi(-60));
    let is_tiny = l.less(magnitude, tiny);
    let y = l.select(is_tiny, magnitude, y);
    l.copysign(y, x)
}

/// log(1 + w) with w = |x| + x²/(1 + √(1 + x²)); for large x, log 2 + log(|x|).
#[inline(always)]
pub(super) fn asinh<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let (one, zero, limit) = (l.number(1.0), l.number(0.0), l.number(2f64.powi(60)));
    let large = l.less(limit, magnitude);
    let inside = l.select(large, one, magnitude);
    let square = l.mul(inside, inside);
    let sum = l.fma(inside, inside, one);
    let root = l.sqrt(sum);
    let below = l.add(one, root);
    let beyond = l.div(square, below);
    let (w, rest) = quick_sum(l, inside, beyond);
    let w = l.select(large, magnitude, w);
    let rest = l.select(large, zero, rest);
    let extra = l.select(large, one, zero);
    let y = log_of_one_plus(l, w, rest, extra);
    // NaN and ∞ stay as they are.
    let infinity = l.number(f64::INFINITY);
    let finite = l.less(magnitude, infinity);
    let y = l.select(finite, y, magnitude);
    l.copysign(y, x)
}

/// log(1 + w) with w = t + √(2t + t²) and t = x − 1; for large x, log 2 + log(x).
#[inline(always)]
pub(super) fn acosh<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let (one, zero, limit) = (l.number(1.0), l.number(0.0), l.number(2f64.powi(60)));
    let large = l.less(limit, x);
    let inside = l.select(large, one, x);
    let t = l.sub(inside, one);
    let twice = l.add(t, t);
    let square = l.fma(t, t, twice);
    let root = l.sqrt(square);
    let (w, rest) = quick_sum(l, root, t);
    let w = l.select(large, x, w);
    let rest = l.select(large, zero, rest);
    let extra = l.select(large, one, zero);
    let y = log_of_one_plus(l, w, rest, extra);
    let infinity = l.number(f64::INFINITY);
    let finite = l.less(x, infinity);
    let y = l.select(finite, y, x);
    let below = l.less(x, one);
    let none = l.number(f64::NAN);
    l.select(below, none, y)
}

/// ½·log(1 + w) with w = 2·|x|/(1 − |x|)
#[inline(always)]
pub(super) fn atanh<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let (one, zero, half) = (l.number(1.0), l.number(0.0), l.number(0.5));
    let minus = l.negate(magnitude);
    let (below, below_rest) = quick_sum(l, one, minus);
    let reciprocal = l.div(one, below);
    let twice = l.add(magnitude, magnitude);
    let w = l.mul(twice, reciprocal);
    let minus = l.negate(w);
    let left = l.fma(minus, below, twice);
    let left = l.fma(minus, below_rest, left);
    let rest = l.mul(left, reciprocal);
    let y = log_of_one_plus(l, w, rest, zero);
    let y = l.mul(half, y);
    let (infinity, none) = (l.number(f64::INFINITY), l.number(f64::NAN));
    let inside = l.less(magnitude, one);
    let at_one = l.equal(magnitude, one);
    let outside = l.select(at_one, infinity, none);
    let y = l.select(inside, y, outside);
    // Doubling a subnormal number and halving the result loses nothing.
    l.copysign(y, x)
}
