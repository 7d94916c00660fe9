//! Sums with what they lose in rounding, and powers of two.

use super::Lanes;

/// 2^exponent, for exponents of normal numbers.
pub(super) const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The sum rounded, and what rounding cut off (O. Møller, "Quasi double-precision in floating point
/// addition", BIT 5 (1965), 37–50).
#[inline(always)]
pub(super) fn two_sum<L: Lanes>(l: &mut L, a: L::Number, b: L::Number) -> (L::Number, L::Number) {
    let sum = l.add(a, b);
    let b_there = l.sub(sum, a);
    let a_there = l.sub(sum, b_there);
    let (b_lost, a_lost) = (l.sub(b, b_there), l.sub(a, a_there));
    (sum, l.add(a_lost, b_lost))
}

/// The same for |a| ≥ |b| or a = 0 (T. J. Dekker, "A floating-point technique for extending the
/// available precision", Numerische Mathematik 18 (1971), 224–242).
#[inline(always)]
pub(super) fn fast_two_sum<L: Lanes>(
    l: &mut L,
    a: L::Number,
    b: L::Number,
) -> (L::Number, L::Number) {
    let sum = l.add(a, b);
    let there = l.sub(sum, a);
    (sum, l.sub(b, there))
}
