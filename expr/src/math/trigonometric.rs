//! Sine, cosine and tangent.
//!
//! An argument is reduced to a remainder r = x − n·π (for the tangent r = x − n·π/2), on which a
//! polynomial is used. The remainder is kept as the sum of two numbers. The reduction subtracts n
//! times three parts of π, as in W. J. Cody and W. Waite, "Software Manual for the Elementary
//! Functions" (1980), section 8.1. With fma the first part π₁ can be a full double, since x − n·π₁
//! is a double.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI};

use super::far::Remainder;
use super::polynomial::{exact_product, polynomial};
use super::{Lanes, Scalar};

/// Arguments beyond this one are reduced exactly. Up to here n has at most 20 bits.
const FAR: f64 = 1_048_576.0;

/// 1.5·2^52. A number that is added to it loses its fraction, and its integer stands in the last
/// bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// π as a sum of the nearest double, the next 33 bits (n times which is a double) and the next 53
/// bits.
#[allow(clippy::approx_constant)]
const PI: [f64; 3] = [3.141_592_653_589_793, 1.224_646_799_076_922e-16, 7.043_119_730_366_4e-27];

/// The coefficients of (sin r − r)/r³ in powers of r², for |r| ≤ π/2, from `scripts/minimax.py
/// sin`.
const SIN: [f64; 8] = [
    -0.166_666_666_666_666_66,
    0.008_333_333_333_333_212,
    -0.000_198_412_698_412_152_6,
    2.755_731_921_210_403_6e-6,
    -2.505_210_695_415_742_8e-8,
    1.605_894_342_504_14e-10,
    -7.643_078_845_407_32e-13,
    2.721_999_967_212_893e-15,
];

/// The coefficients of (sin r − r)/r³ in powers of r², for |r| ≤ π/4, from `scripts/minimax.py
/// sin_quarter`.
const SIN_QUARTER: [f64; 6] = [
    -0.166_666_666_666_666_32,
    0.008_333_333_333_322_486,
    -0.000_198_412_698_298_523_22,
    2.755_731_370_173_456_5e-6,
    -2.505_075_867_949_183_8e-8,
    1.589_677_115_940_691_2e-10,
];

/// The coefficients of (cos r − 1 + r²/2)/r⁴ in powers of r², for |r| ≤ π/4, from
/// `scripts/minimax.py cos_quarter`.
const COS_QUARTER: [f64; 6] = [
    0.041_666_666_666_666_6,
    -0.001_388_888_888_887_444_4,
    2.480_158_728_963_745e-5,
    -2.755_731_438_754_801_7e-7,
    2.087_572_701_425_799_7e-9,
    -1.135_979_632_953_000_3e-11,
];

/// The sine.
#[inline(always)]
pub(super) fn sin<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    // sin x = (−1)^n sin(x − nπ) is computed for |x|, since the sine is odd. This holds at −0 too.
    let magnitude = l.abs(x);
    let (scale, round) = (l.number(FRAC_1_PI), l.number(ROUND));
    let shifted = l.fma(magnitude, scale, round);
    let n = l.sub(shifted, round);
    let minus_n = l.negate(n);
    let parts = PI.map(|part| l.number(part));
    let first = l.fma(minus_n, parts[0], magnitude);
    let (r, low) = subtract(l, first, minus_n, [parts[1], parts[2]]);
    let value = sin_of_remainder(l, r, low);
    let value = turned_by_parity(l, value, shifted);
    let value = with_sign_of(l, value, x);
    let far = is_far(l, magnitude);
    l.rare(far, x, value, sin_far)
}

/// The cosine.
#[inline(always)]
pub(super) fn cos<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    // cos x = sin(x + π/2) = (−1)^n sin(x − (n − ½)π)
    let magnitude = l.abs(x);
    let (scale, half, round) = (l.number(FRAC_1_PI), l.number(0.5), l.number(ROUND));
    let turns = l.fma(magnitude, scale, half);
    let shifted = l.add(turns, round);
    let n = l.sub(shifted, round);
    let minus_n = l.sub(half, n);
    let parts = PI.map(|part| l.number(part));
    let first = l.fma(minus_n, parts[0], magnitude);
    // For n − ½ = ½ the difference may have been rounded. What it lost is found here.
    let plus_n = l.negate(minus_n);
    let back = l.fma(plus_n, parts[0], first);
    let lost = l.sub(magnitude, back);
    let (r, low) = subtract(l, first, minus_n, [parts[1], parts[2]]);
    let low = l.add(low, lost);
    let value = sin_of_remainder(l, r, low);
    let value = turned_by_parity(l, value, shifted);
    let far = is_far(l, magnitude);
    l.rare(far, x, value, cos_far)
}

/// The tangent, within 1 ulp.
#[inline(always)]
pub(super) fn tan<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let (scale, round) = (l.number(FRAC_2_PI), l.number(ROUND));
    let shifted = l.fma(magnitude, scale, round);
    let n = l.sub(shifted, round);
    let minus_n = l.negate(n);
    let parts = PI.map(|part| l.number(part / 2.0));
    let first = l.fma(minus_n, parts[0], magnitude);
    let (r, low) = subtract(l, first, minus_n, [parts[1], parts[2]]);
    let parity = l.to_bits(shifted);
    let parity = l.shift_left(parity, 63);
    let value = tan_of_remainder(l, r, low, parity);
    let value = with_sign_of(l, value, x);
    let far = is_far(l, magnitude);
    l.rare(far, x, value, tan_far)
}

#[inline(always)]
fn is_far<L: Lanes>(l: &mut L, magnitude: L::Real) -> L::Mask {
    let far = l.number(FAR);
    l.less(far, magnitude)
}

/// x − n·(p₀ + p₁) as a sum of two numbers, where n·p₀ is exact.
#[inline(always)]
fn subtract<L: Lanes>(
    l: &mut L,
    x: L::Real,
    minus_n: L::Real,
    parts: [L::Real; 2],
) -> (L::Real, L::Real) {
    let r = l.fma(minus_n, parts[0], x);
    let low = l.sub(x, r);
    let low = l.fma(minus_n, parts[0], low);
    (r, l.fma(minus_n, parts[1], low))
}

/// sin(r + low) for |r| ≤ π/2, as r·q with q = 1 + r²·p. The rounding errors of p and q are added
/// at the end. The other rounding errors are those of terms that are small beside q, and near π/2
/// they are too small to make the result more than 1.
#[inline(always)]
fn sin_of_remainder<L: Lanes>(l: &mut L, r: L::Real, low: L::Real) -> L::Real {
    let z = l.mul(r, r);
    let [first, rest @ ..] = SIN;
    let (rest, first, one) = (polynomial(l, z, rest), l.number(first), l.number(1.0));
    let p = l.fma(rest, z, first);
    let p_low = l.sub(first, p);
    let p_low = l.fma(rest, z, p_low);
    let q = l.fma(z, p, one);
    let q_low = l.sub(one, q);
    let q_low = l.fma(z, p, q_low);
    let q_low = l.fma(z, p_low, q_low);
    // low·cos r is added. This approximation of the cosine is exact where it is 1 or 0.
    let bend = l.number(-FRAC_2_PI * FRAC_2_PI);
    let cos = l.fma(z, bend, one);
    let low = l.mul(low, cos);
    let low = l.fma(r, q_low, low);
    l.fma(r, q, low)
}

/// tan(r + low) for |r| ≤ π/4, or −1/tan(r + low) where bit 63 of `parity` is set.
#[inline(always)]
fn tan_of_remainder<L: Lanes>(l: &mut L, r: L::Real, low: L::Real, parity: L::Bits) -> L::Real {
    let (z, z_low) = exact_product(l, r, r);
    // The sine and the cosine are sums of two numbers, the second of which is much smaller.
    let (half, one) = (l.number(0.5), l.number(1.0));
    let p = polynomial(l, z, SIN_QUARTER);
    let cube = l.mul(r, z);
    let rest = l.fma(cube, p, low);
    let sin = l.add(r, rest);
    let sin_low = l.sub(r, sin);
    let sin_low = l.add(sin_low, rest);

    let p = polynomial(l, z, COS_QUARTER);
    let square = l.mul(z, z);
    let half_z = l.mul(half, z);
    let main = l.sub(one, half_z);
    let lost = l.sub(one, main);
    let lost = l.sub(lost, half_z);
    let minus_half = l.number(-0.5);
    let lost = l.fma(minus_half, z_low, lost);
    let minus_r = l.negate(r);
    let lost = l.fma(minus_r, low, lost);
    let rest = l.fma(square, p, lost);
    let cos = l.add(main, rest);
    let cos_low = l.sub(main, cos);
    let cos_low = l.add(cos_low, rest);

    // The quotient is sin/cos or −cos/sin.
    let even = l.is_zero(parity);
    let top = l.select(even, sin, cos);
    let top_low = l.select(even, sin_low, cos_low);
    let bottom = l.select(even, cos, sin);
    let bottom_low = l.select(even, cos_low, sin_low);
    let inverse = l.div(one, bottom);
    let quotient = l.mul(top, inverse);
    let minus_quotient = l.negate(quotient);
    let rest = l.fma(minus_quotient, bottom, top);
    let rest = l.add(rest, top_low);
    let rest = l.fma(minus_quotient, bottom_low, rest);
    let value = l.fma(rest, inverse, quotient);
    let bits = l.to_bits(value);
    let bits = l.xor_bits(bits, parity);
    l.from_bits(bits)
}

/// `value` with its sign flipped where the integer in the last bits of `shifted` is odd.
#[inline(always)]
fn turned_by_parity<L: Lanes>(l: &mut L, value: L::Real, shifted: L::Real) -> L::Real {
    let parity = l.to_bits(shifted);
    let parity = l.shift_left(parity, 63);
    let bits = l.to_bits(value);
    let bits = l.xor_bits(bits, parity);
    l.from_bits(bits)
}

/// `value` with its sign flipped where x is negative.
#[inline(always)]
fn with_sign_of<L: Lanes>(l: &mut L, value: L::Real, x: L::Real) -> L::Real {
    let (sign, bits) = (l.integer(i64::MIN), l.to_bits(x));
    let sign = l.and_bits(bits, sign);
    let bits = l.to_bits(value);
    let bits = l.xor_bits(bits, sign);
    l.from_bits(bits)
}

#[cold]
fn sin_far(x: f64) -> f64 {
    let remainder = Remainder::of(x, 0, 0);
    let value = sin_of_remainder(&mut Scalar, remainder.high, remainder.low);
    if remainder.odd { -value } else { value }
}

#[cold]
fn cos_far(x: f64) -> f64 {
    let remainder = Remainder::of(x.abs(), 0, 1);
    let value = sin_of_remainder(&mut Scalar, remainder.high, remainder.low);
    if remainder.odd { -value } else { value }
}

#[cold]
fn tan_far(x: f64) -> f64 {
    let remainder = Remainder::of(x, 1, 0);
    let parity = u64::from(remainder.odd) << 63;
    tan_of_remainder(&mut Scalar, remainder.high, remainder.low, parity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(f: fn(&mut Scalar, f64) -> f64, x: f64) -> f64 {
        f(&mut Scalar, x)
    }

    /// Asserts that at most the last bit differs.
    #[track_caller]
    fn assert_close(value: f64, expected: f64) {
        let difference = value.to_bits().abs_diff(expected.to_bits());
        assert!(difference <= 1, "{value:e} instead of {expected:e}");
    }

    #[test]
    fn at_zero_infinity_and_what_is_no_number() {
        for zero in [0.0, -0.0_f64] {
            assert_eq!(of(sin, zero).to_bits(), zero.to_bits());
            assert_eq!(of(tan, zero).to_bits(), zero.to_bits());
            assert_eq!(of(cos, zero), 1.0);
        }
        for f in [sin, cos, tan] {
            for x in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                assert!(of(f, x).is_nan());
            }
        }
        let tiny = 5e-324;
        assert_eq!((of(sin, tiny), of(tan, tiny), of(cos, tiny)), (tiny, tiny, 1.0));
    }

    #[test]
    fn arguments_that_are_far_or_near_multiples_of_half_pi() {
        // The expected values were computed with 100 digits or more and rounded.
        assert_close(of(sin, 1e22), -0.852_200_849_767_188_8);
        assert_close(of(cos, 1e22), 0.523_214_785_395_139);
        assert_close(of(tan, 1e22), -1.628_778_225_606_898_8);
        // Of all doubles this one is nearest to an odd multiple of π/2.
        let near = 6_381_956_970_095_103.0 * f64::from_bits((1023 + 797) << 52);
        assert_close(of(cos, near), -4.687_165_924_254_628e-19);
        assert_close(of(cos, -near), -4.687_165_924_254_628e-19);
        assert_close(of(tan, near).abs(), 1.0 / 4.687_165_924_254_628e-19);
        assert_close(of(sin, f64::MAX), 0.004_961_954_789_184_062);
        assert_close(of(sin, -f64::MAX), -0.004_961_954_789_184_062);
        assert_close(of(sin, std::f64::consts::PI), 1.224_646_799_147_353_2e-16);
        assert_close(of(cos, std::f64::consts::FRAC_PI_2), 6.123_233_995_736_766e-17);
    }

    #[test]
    fn near_and_far_reductions_agree() {
        for k in 0..1000 {
            let x = FAR - f64::from(k) * 1.37;
            assert_close(sin_far(x), of(sin, x));
            assert_close(cos_far(-x), of(cos, -x));
            assert_close(tan_far(-x), of(tan, -x));
        }
    }

    #[test]
    fn sine_and_cosine_do_not_exceed_one() {
        for k in 0..100_000 {
            let x = f64::from(k) * std::f64::consts::FRAC_PI_2 + f64::from(k % 100) * 1e-9;
            assert!(of(sin, x).abs() <= 1.0 && of(cos, x).abs() <= 1.0);
        }
    }
}
