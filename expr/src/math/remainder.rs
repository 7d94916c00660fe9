//! The remainder of a division.

use super::Lanes;
use super::polynomial::power_of_two;

/// The exact remainder of x/y with the sign of x, as C's `fmod`.
///
/// The remainder is a double, so one fused operation gives it without rounding once the whole quotient is known. The rounded
/// quotient is never below a whole number that the exact one reaches, but may have been rounded up to one: then the rest
/// is negative, and the quotient one less. Quotients with more digits than a double are rare.
#[inline(always)]
pub(super) fn remainder<L: Lanes>(l: &mut L, x: L::Real, y: L::Real) -> L::Real {
    let (a, b) = (l.abs(x), l.abs(y));
    let quotient = l.div(a, b);
    let whole = l.truncate(quotient);
    let (zero, one) = (l.number(0.0), l.number(1.0));
    let negative = l.negate(whole);
    let rest = l.fma(negative, b, a);
    let one_less = l.sub(one, whole);
    let other = l.fma(one_less, b, a);
    let below = l.less(rest, zero);
    let rest = l.select(below, other, rest);
    let rest = l.copysign(rest, x);
    let (most, infinity) = (l.number(power_of_two(52)), l.number(f64::INFINITY));
    let (few, finite) = (l.less(quotient, most), l.less(b, infinity));
    let usual = l.both(few, finite);
    let rare = l.not(usual);
    l.rare_pair(rare, x, y, rest, |x, y| x % y)
}

#[cfg(test)]
mod tests {
    use crate::math::Binary;

    #[test]
    fn remainders_are_those_of_exact_division() {
        let mut bits = 1u64;
        let mut next = || {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bits ^ bits >> 29
        };
        let mut all: Vec<(f64, f64)> =
            (0..20_000).map(|_| (f64::from_bits(next()), f64::from_bits(next()))).collect();
        // Quotients near whole numbers, and of all sizes.
        for k in 0..20_000 {
            let y = f64::from_bits(next() >> 12 | 1023 << 52) * [1.0, 1e-310, 1e300][k % 3];
            let n = (next() % (1 << (k % 50))) as f64;
            let x = n * y;
            all.extend([
                (x, y),
                (f64::from_bits(x.to_bits() + 1), y),
                (-f64::from_bits(x.to_bits().saturating_sub(1)), y),
            ]);
        }
        let special = [
            0.0,
            -0.0,
            1.0,
            3.0,
            -7.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
        ];
        all.extend(special.iter().flat_map(|x| special.iter().map(|y| (*x, *y))));
        for (x, y) in all {
            let (found, expected) = (Binary::Remainder.eval(x, y), x % y);
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(same, "{x:e} % {y:e}: {found:e} {expected:e}");
        }
    }
}
