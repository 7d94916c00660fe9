//! The cube root, and the square root of a sum of squares.

use super::Lanes;
use super::polynomial::{exact_product, polynomial, power_of_two};

/// The coefficients of ((1 − h)^(−1/3) − 1)/h in powers of h, for |h| ≤ 0.11, from
/// `scripts/minimax.py cbrt`.
const CBRT: [f64; 4] = [
    0.333_331_021_313_060_5,
    0.222_213_963_927_547_86,
    0.174_363_864_866_606_24,
    0.146_071_641_553_447_57,
];

/// The number C in bits(r) = C − bits(x)/3, which gives r = x^(−1/3)·(1 ± 0.035), since the bits of
/// a number are almost linear in its logarithm. C is four thirds of the bits of 1, moved so that h
/// is positive as often as negative.
const GUESS: f64 = 6_142_603_538_476_737_024.0;

/// The cube root, within 1 ulp.
///
/// A first guess of r = x^(−1/3) is improved by two steps of the binomial series of (1 − h)^(−1/3)
/// with h = 1 − x·r³. Then follows one of Newton's steps for y = x·r², in which the residual x − y³
/// has twice the precision.
#[inline(always)]
pub(super) fn cbrt<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let (zero, one, infinity) = (l.number(0.0), l.number(1.0), l.number(f64::INFINITY));
    // Small numbers are scaled so that neither they nor the residual are subnormal.
    let small = l.number(power_of_two(-800));
    let small = l.less(magnitude, small);
    let (up, down) = (l.number(power_of_two(300)), l.number(power_of_two(-100)));
    let up = l.select(small, up, one);
    let down = l.select(small, down, one);
    let a = l.mul(magnitude, up);

    // The first 42 bits as a number. They fit below the leading bit of 2^52.
    let (frame, frame_bits) = (l.number(power_of_two(52)), l.integer(0x4330_0000_0000_0000));
    let bits = l.to_bits(a);
    let bits = l.shift_right(bits, 21);
    let bits = l.or_bits(bits, frame_bits);
    let bits = l.from_bits(bits);
    let bits = l.sub(bits, frame);
    let (third, guess) = (l.number(-1.0 / 3.0), l.number(GUESS / 2_097_152.0 + power_of_two(52)));
    let bits = l.fma(bits, third, guess);
    let bits = l.to_bits(bits);
    let bits = l.shift_left(bits, 21);
    let r = l.from_bits(bits);

    let h = defect(l, a, r);
    let p = polynomial(l, h, CBRT);
    let step = l.mul(r, h);
    let r = l.fma(step, p, r);

    let h = defect(l, a, r);
    let (first, second) = (l.number(1.0 / 3.0), l.number(2.0 / 9.0));
    let p = l.fma(h, second, first);
    let step = l.mul(r, h);
    let r = l.fma(step, p, r);

    let r2 = l.mul(r, r);
    let y = l.mul(a, r2);
    let minus_y = l.negate(y);
    let (y2, y2_low) = exact_product(l, y, y);
    let minus_y2 = l.negate(y2);
    let residual = l.fma(minus_y2, y, a);
    let residual = l.fma(minus_y, y2_low, residual);
    let slope = l.mul(r2, first);
    let y = l.fma(residual, slope, y);
    let value = l.mul(y, down);
    let value = l.copysign(value, x);
    let (some, finite) = (l.less(zero, magnitude), l.less(magnitude, infinity));
    let usual = l.both(some, finite);
    l.select(usual, value, x)
}

/// 1 − a·r³
#[inline(always)]
fn defect<L: Lanes>(l: &mut L, a: L::Real, r: L::Real) -> L::Real {
    let one = l.number(1.0);
    let minus_ar = l.mul(a, r);
    let minus_ar = l.negate(minus_ar);
    let r2 = l.mul(r, r);
    l.fma(minus_ar, r2, one)
}

/// √(x² + y²) without spurious overflow, within 1 ulp. It is infinite where x or y is.
///
/// Source: C. F. Borges, "Algorithm 1014: An improved algorithm for hypot(x, y)", ACM Transactions
/// on Mathematical Software 47 (2021), 9. The root h is corrected by the residual x² + y² − h²,
/// whose squares fma gives exactly.
#[inline(always)]
pub(super) fn hypot<L: Lanes>(l: &mut L, x: L::Real, y: L::Real) -> L::Real {
    let (x, y) = (l.abs(x), l.abs(y));
    let x_less = l.less(x, y);
    let (most, least) = (l.select(x_less, y, x), l.select(x_less, x, y));
    let (zero, one) = (l.number(0.0), l.number(1.0));

    let (large, small) = (l.number(power_of_two(500)), l.number(power_of_two(-450)));
    let (down, up) = (l.number(power_of_two(-600)), l.number(power_of_two(600)));
    let (is_large, is_small) = (l.less(large, most), l.less(most, small));
    let scale = l.select(is_large, down, one);
    let scale = l.select(is_small, up, scale);
    let back = l.select(is_large, up, one);
    let back = l.select(is_small, down, back);
    let (a, b) = (l.mul(most, scale), l.mul(least, scale));

    let b2 = l.mul(b, b);
    let sum = l.fma(a, a, b2);
    let h = l.sqrt(sum);
    let minus_h = l.negate(h);
    // a² + b² − h² is summed from the rounded squares and from what each lost in rounding.
    let (h2, a2) = (l.mul(h, h), l.mul(a, a));
    let minus_a2 = l.negate(a2);
    let main = l.sub(a2, h2);
    let main = l.fma(b, b, main);
    let h_low = l.fma(minus_h, h, h2);
    let a_low = l.fma(a, a, minus_a2);
    let residual = l.add(main, h_low);
    let residual = l.add(residual, a_low);
    let twice = l.add(h, h);
    let correction = l.div(residual, twice);
    let h = l.add(h, correction);
    let value = l.mul(h, back);

    let origin = l.equal(most, zero);
    let value = l.select(origin, zero, value);
    let infinity = l.number(f64::INFINITY);
    let (x_infinite, y_infinite) = (l.equal(x, infinity), l.equal(y, infinity));
    let infinite = l.either(x_infinite, y_infinite);
    l.select(infinite, infinity, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Scalar;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn cube_roots_of_cubes_are_exact() {
        let l = &mut Scalar;
        for k in 1..10_000 {
            let k = f64::from(k);
            assert_eq!(cbrt(l, k * k * k), k);
            assert_eq!(cbrt(l, -k * k * k), -k);
        }
        assert_eq!(cbrt(l, power_of_two(1020)), power_of_two(340));
        assert_eq!(cbrt(l, 5e-324), 1.703_183_936_003_260_3e-108);
        assert_eq!(cbrt(l, f64::MAX), 5.643_803_094_122_362e102);
        for x in [0.0, -0.0, INF, -INF] {
            assert_eq!(cbrt(l, x).to_bits(), f64::to_bits(x));
        }
        assert!(cbrt(l, f64::NAN).is_nan());
    }

    #[test]
    fn hypotenuses_of_all_magnitudes() {
        let l = &mut Scalar;
        for exponent in [-1022, -700, -500, -449, 0, 499, 500, 501, 1020] {
            let unit = power_of_two(exponent);
            assert_eq!(hypot(l, 3.0 * unit, -4.0 * unit), 5.0 * unit);
            assert_eq!(hypot(l, 5.0 * unit, 12.0 * unit), 13.0 * unit);
            assert_eq!(hypot(l, 0.0, -unit), unit);
        }
        assert_eq!(hypot(l, 3.0 * 5e-324, 4.0 * 5e-324), 5.0 * 5e-324);
        assert_eq!(hypot(l, 0.0, -0.0).to_bits(), 0);
        assert_eq!((hypot(l, INF, f64::NAN), hypot(l, f64::NAN, -INF)), (INF, INF));
        assert!(hypot(l, 1.0, f64::NAN).is_nan() && hypot(l, f64::NAN, 0.0).is_nan());
        assert_eq!((hypot(l, f64::MAX, 1.0), hypot(l, f64::MAX, f64::MAX)), (f64::MAX, INF));
    }
}
