//! The arcsine, the arccosine, and the arctangent of a number and of a quotient.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::Lanes;
use super::polynomial::{exact_sum, polynomial, power_of_two, quick_sum};

/// What the doubles of π, π/2, π/4 and 3π/4 lack.
const PI_LOW: f64 = 1.224_646_799_147_353_2e-16;
const FRAC_PI_2_LOW: f64 = PI_LOW / 2.0;
const FRAC_PI_4_LOW: f64 = PI_LOW / 4.0;
const THREE_QUARTERS: f64 = 2.356_194_490_192_345;
const THREE_QUARTERS_LOW: f64 = 9.184_850_993_605_148e-17;

/// tan(π/8) = √2 − 1 and tan(3π/8) = √2 + 1.
const TAN_EIGHTH: f64 = 0.414_213_562_373_095_03;
const TAN_THREE_EIGHTHS: f64 = 2.414_213_562_373_095;

/// The coefficients of (atan t − t)/t³ in powers of t², for |t| ≤ tan(π/8), from
/// `scripts/minimax.py atan`.
const ATAN: [f64; 12] = [
    -0.333_333_333_333_333_26,
    0.199_999_999_999_970_53,
    -0.142_857_142_853_086_07,
    0.111_111_110_831_753_04,
    -0.090_909_079_632_740_68,
    0.076_922_786_549_660_95,
    -0.066_661_662_012_854_69,
    0.058_764_290_371_970_62,
    -0.052_145_766_343_379_196,
    0.044_878_373_482_111_96,
    -0.033_102_265_312_833_3,
    0.014_807_353_854_590_543,
];

/// The coefficients of (asin s − s)/s³ in powers of s², for |s| ≤ ½, from `scripts/minimax.py
/// asin`.
const ASIN: [f64; 13] = [
    0.166_666_666_666_667_57,
    0.074_999_999_999_712_21,
    0.044_642_857_174_437_83,
    0.030_381_942_708_986_243,
    0.022_372_215_101_833_73,
    0.017_351_607_856_179_858,
    0.013_980_890_968_267_02,
    0.011_398_199_420_913_269,
    0.010_784_850_414_565_502,
    0.003_687_355_581_362_397_7,
    0.021_756_533_205_898_283,
    -0.021_070_530_961_263_22,
    0.032_673_479_442_076_506,
];

/// The arctangent, within 1 ulp.
#[inline(always)]
pub(super) fn atan<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    // Beyond 2^60 the value is π/2. Infinity must not get into the quotients.
    let (one, large) = (l.number(1.0), l.number(power_of_two(60)));
    let beyond = l.less(large, magnitude);
    let magnitude = l.select(beyond, large, magnitude);
    let left = l.less(one, one);
    let value = angle(l, magnitude, one, left);
    l.copysign(value, x)
}

/// The angle of the point (x, y), as C99's `atan2`. It is within 1 ulp where it is not subnormal.
#[inline(always)]
pub(super) fn atan2<L: Lanes>(l: &mut L, y: L::Real, x: L::Real) -> L::Real {
    let (zero, one) = (l.number(0.0), l.number(1.0));
    let (across, up) = (l.abs(x), l.abs(y));
    let flat = l.less(up, across);
    let most = l.select(flat, across, up);

    // Of an infinite point only the direction matters. Infinite coordinates become 1 and finite
    // ones 0.
    let infinity = l.number(f64::INFINITY);
    let infinite = l.equal(most, infinity);
    let direction = |l: &mut L, a: L::Real| {
        let is = l.equal(a, infinity);
        let direction = l.select(is, one, zero);
        l.select(infinite, direction, a)
    };
    let (across_, up_) = (direction(l, across), direction(l, up));

    // The sums and reciprocals below must be neither infinite nor subnormal.
    let (large, small) = (l.number(power_of_two(900)), l.number(power_of_two(-700)));
    let (down, upwards) = (l.number(power_of_two(-100)), l.number(power_of_two(300)));
    let (is_large, is_small) = (l.less(large, most), l.less(most, small));
    let scale = l.select(is_large, down, one);
    let scale = l.select(is_small, upwards, scale);
    let (across_, up_) = (l.mul(across_, scale), l.mul(up_, scale));

    // The origin is treated as the point (1, 0) or (−1, 0).
    let origin = l.equal(most, zero);
    let across_ = l.select(origin, one, across_);

    let sign = l.to_bits(x);
    let sign = l.shift_right(sign, 63);
    let right = l.is_zero(sign);
    let left = l.not(right);
    let value = angle(l, up_, across_, left);
    let value = l.copysign(value, y);
    let (x_there, y_there) = (l.equal(x, x), l.equal(y, y));
    let there = l.both(x_there, y_there);
    let nan = l.add(x, y);
    l.select(there, value, nan)
}

/// atan(y/x), or π minus that where the point is on the left. Here x, y ≥ 0, they are not both 0,
/// and their sum is finite.
///
/// The angle is computed from a quotient t with |t| ≤ tan(π/8). It is atan t with t = y/x, π/4 +
/// atan t with t = (y − x)/(y + x), or π/2 + atan t with t = −x/y.
#[inline(always)]
fn angle<L: Lanes>(l: &mut L, y: L::Real, x: L::Real, left: L::Mask) -> L::Real {
    let zero = l.number(0.0);
    let (eighth, three) = (l.number(TAN_EIGHTH), l.number(TAN_THREE_EIGHTHS));
    let (low_bound, high_bound) = (l.mul(x, eighth), l.mul(x, three));
    let flat = l.less(y, low_bound);
    let steep = l.less(high_bound, y);

    // The difference and the sum, each with what it loses in rounding.
    let minus_x = l.negate(x);
    let (difference, difference_low) = exact_sum(l, y, minus_x);
    let (sum, sum_low) = exact_sum(l, y, x);

    let top = l.select(flat, y, difference);
    let top = l.select(steep, minus_x, top);
    let bottom = l.select(flat, x, sum);
    let bottom = l.select(steep, y, bottom);
    let pure = l.either(flat, steep);
    let top_low = l.select(pure, zero, difference_low);
    let bottom_low = l.select(pure, zero, sum_low);

    // t + t_low = (top + top_low)/(bottom + bottom_low)
    let one = l.number(1.0);
    let inverse = l.div(one, bottom);
    let t = l.mul(top, inverse);
    let minus_t = l.negate(t);
    let rest = l.fma(minus_t, bottom, top);
    let rest = l.add(rest, top_low);
    let rest = l.fma(minus_t, bottom_low, rest);
    let t_low = l.mul(rest, inverse);

    let z = l.mul(t, t);
    let p = polynomial(l, z, ATAN);
    let cube = l.mul(t, z);
    let rest = l.fma(cube, p, t_low);

    // On the left the angle is π minus this one.
    let constant = |l: &mut L, [a, b, c]: [f64; 3]| {
        let (a, b, c) = (l.number(a), l.number(b), l.number(c));
        let value = l.select(flat, a, b);
        l.select(steep, c, value)
    };
    let right_base = constant(l, [0.0, FRAC_PI_4, FRAC_PI_2]);
    let right_low = constant(l, [0.0, FRAC_PI_4_LOW, FRAC_PI_2_LOW]);
    let left_base = constant(l, [PI, THREE_QUARTERS, FRAC_PI_2]);
    let left_low = constant(l, [PI_LOW, THREE_QUARTERS_LOW, FRAC_PI_2_LOW]);
    let base = l.select(left, left_base, right_base);
    let base_low = l.select(left, left_low, right_low);
    let rest_negative = l.negate(rest);
    let t = l.select(left, minus_t, t);
    let rest = l.select(left, rest_negative, rest);

    let (high, low) = quick_sum(l, base, t);
    let low = l.add(low, base_low);
    let low = l.add(low, rest);
    l.add(high, low)
}

/// The arcsine, within 1.1 ulp.
#[inline(always)]
pub(super) fn asin<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    // asin x = π/2 − 2 asin √((1 − x)/2) for x > ½.
    let part = ArcsinePart::of(l, x);
    let (quarter, quarter_low) = (l.number(FRAC_PI_2), l.number(FRAC_PI_2_LOW));
    let minus_two = l.number(-2.0);
    let double = l.mul(minus_two, part.s);
    let (high, low) = quick_sum(l, quarter, double);
    let low = l.add(low, quarter_low);
    let low = l.fma(minus_two, part.rest, low);
    let large = l.add(high, low);
    let small = l.add(part.s, part.rest);
    let value = l.select(part.large, large, small);
    l.copysign(value, x)
}

/// The arccosine, within 1.1 ulp.
#[inline(always)]
pub(super) fn acos<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    // acos x is 2 asin √((1 − x)/2) for x > ½, π − acos(−x) for x < −½, and π/2 − asin x otherwise.
    let part = ArcsinePart::of(l, x);
    let zero = l.number(0.0);
    let negative = l.less(x, zero);
    let two = l.number(2.0);
    let (double, double_rest) = (l.mul(two, part.s), l.mul(two, part.rest));
    let (half, half_low) = (l.number(PI), l.number(PI_LOW));
    let (quarter, quarter_low) = (l.number(FRAC_PI_2), l.number(FRAC_PI_2_LOW));

    let base = l.select(negative, half, zero);
    let base = l.select(part.large, base, quarter);
    let base_low = l.select(negative, half_low, zero);
    let base_low = l.select(part.large, base_low, quarter_low);
    let s = l.select(part.large, double, part.s);
    let rest = l.select(part.large, double_rest, part.rest);
    // It is subtracted for positive x unless |x| is large, and for negative x if |x| is large.
    let (positive, small) = (l.not(negative), l.not(part.large));
    let down = l.both(positive, small);
    let turned = l.both(negative, part.large);
    let down = l.either(down, turned);
    let (minus_s, minus_rest) = (l.negate(s), l.negate(rest));
    let s = l.select(down, minus_s, s);
    let rest = l.select(down, minus_rest, rest);

    let (high, low) = quick_sum(l, base, s);
    let low = l.add(low, base_low);
    let low = l.add(low, rest);
    l.add(high, low)
}

/// asin s = s + rest, where s = |x|, or s = √((1 − |x|)/2) if |x| is large.
struct ArcsinePart<L: Lanes> {
    large: L::Mask,
    s: L::Real,
    rest: L::Real,
}

impl<L: Lanes> ArcsinePart<L> {
    #[inline(always)]
    fn of(l: &mut L, x: L::Real) -> Self {
        let magnitude = l.abs(x);
        let (half, one) = (l.number(0.5), l.number(1.0));
        let large = l.less(half, magnitude);
        let away = l.sub(one, magnitude);
        let away = l.mul(half, away);
        let square = l.mul(magnitude, magnitude);
        let z = l.select(large, away, square);
        let root = l.sqrt(away);
        let s = l.select(large, root, magnitude);
        let p = polynomial(l, z, ASIN);
        let cube = l.mul(s, z);
        let rest = l.mul(cube, p);
        ArcsinePart { large, s, rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Scalar;

    const INF: f64 = f64::INFINITY;

    fn angle_of(y: f64, x: f64) -> f64 {
        atan2(&mut Scalar, y, x)
    }

    #[test]
    fn the_angle_of_special_points_is_as_in_c99() {
        // Triples (y, x, angle) for y with sign bit 0, from C99 annex F.9.1.4.
        let points = [
            (0.0, 1.0, 0.0),
            (0.0, 0.0, 0.0),
            (0.0, INF, 0.0),
            (0.0, -0.0, PI),
            (0.0, -1.0, PI),
            (0.0, -INF, PI),
            (1.0, 0.0, FRAC_PI_2),
            (1.0, -0.0, FRAC_PI_2),
            (1.0, INF, 0.0),
            (1.0, -INF, PI),
            (INF, 1.0, FRAC_PI_2),
            (INF, -1.0, FRAC_PI_2),
            (INF, INF, FRAC_PI_4),
            (INF, -INF, 3.0 * FRAC_PI_4),
            (1e308, 1.7e308, 0.531_724_067_258_805_6),
            (5e-324, 5e-324, FRAC_PI_4),
            (5e-324, -5e-324, 3.0 * FRAC_PI_4),
            (5e-324, 1e308, 0.0),
            (1e308, 5e-324, FRAC_PI_2),
            (5e-324, 1.0, 5e-324),
        ];
        for (y, x, angle) in points {
            assert_eq!(angle_of(y, x).to_bits(), f64::to_bits(angle), "({y}, {x})");
            assert_eq!(angle_of(-y, x).to_bits(), (-angle).to_bits(), "({}, {x})", -y);
        }
        for other in [0.0, 1.0, INF, f64::NAN] {
            assert!(angle_of(f64::NAN, other).is_nan() && angle_of(other, f64::NAN).is_nan());
        }
    }

    #[test]
    fn inverse_functions_at_the_ends() {
        let l = &mut Scalar;
        assert_eq!((asin(l, 1.0), asin(l, -1.0)), (FRAC_PI_2, -FRAC_PI_2));
        assert_eq!((acos(l, 1.0), acos(l, -1.0), acos(l, 0.0)), (0.0, PI, FRAC_PI_2));
        assert_eq!((atan(l, INF), atan(l, -INF), atan(l, 1.0)), (FRAC_PI_2, -FRAC_PI_2, FRAC_PI_4));
        for outside in [1.000_000_000_000_000_2, -2.0, INF, f64::NAN] {
            assert!(asin(l, outside).is_nan() && acos(l, outside).is_nan());
        }
        assert!(atan(l, f64::NAN).is_nan());
        for small in [0.0, 5e-324, 1e-300] {
            for x in [small, -small] {
                assert_eq!(asin(l, x).to_bits(), x.to_bits());
                assert_eq!(atan(l, x).to_bits(), x.to_bits());
            }
        }
    }

    #[test]
    fn pieces_meet_without_a_step() {
        let l = &mut Scalar;
        for border in [TAN_EIGHTH, TAN_THREE_EIGHTHS, 0.5] {
            let (below, above) = (border * (1.0 - 1e-15), border * (1.0 + 1e-15));
            assert!(atan(l, above) - atan(l, below) < 4e-15 && atan(l, below) <= atan(l, above));
            if border == 0.5 {
                assert!(asin(l, above) - asin(l, below) < 4e-15);
                assert!(acos(l, below) - acos(l, above) < 4e-15);
            }
        }
    }
}
