//! e^x and e^x − 1.
//!
//! x = n·ln 2 + r with an integer n and |r| ≤ ½ ln 2, so that e^x = 2ⁿ·e^r. Here e^r = 1 + r +
//! r²·p(r) with a polynomial p.

use super::Lanes;
use super::polynomial::{clamp, polynomial, quick_sum};

/// Adding this to a number below 2⁵¹ rounds the number to an integer, which then stands in the
/// lowest bits of the sum.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// The leading 42 bits of ln 2. Their products with the exponents of doubles are exact.
pub(super) const LN_2_SHORT: f64 = 0.693_147_180_559_890_3;
/// ln 2 minus [`LN_2_SHORT`].
pub(super) const LN_2_REST: f64 = 5.497_923_018_708_371e-14;
/// The bits of 1.
pub(super) const ONE: i64 = 0x3ff0_0000_0000_0000;

/// The coefficients of p in e^r = 1 + r + r²·p(r), from `scripts/minimax.py exp`.
const EXP: [f64; 11] = [
    0.5,
    0.166_666_666_666_666_77,
    0.041_666_666_666_666_7,
    0.008_333_333_333_321_627,
    0.001_388_888_888_886_672_2,
    0.000_198_412_698_861_328_59,
    2.480_158_736_073_717_4e-05,
    2.755_724_420_518_233_6e-06,
    2.755_724_262_480_653_4e-07,
    2.510_903_750_154_711e-08,
    2.092_448_161_278_315_2e-09,
];

/// The parts n and r of x = n·ln 2 + r.
pub(super) struct Reduced<L: Lanes> {
    /// n plus [`ROUNDING`].
    sum: L::Real,
    n: L::Real,
    pub(super) r: L::Real,
    /// What r has lost in rounding.
    pub(super) rest: L::Real,
}

impl<L: Lanes> Reduced<L> {
    /// Splits x, for |x| below about 2⁵⁰.
    #[inline(always)]
    pub(super) fn of(l: &mut L, x: L::Real) -> Self {
        let (rounding, per_ln_2) = (l.number(ROUNDING), l.number(std::f64::consts::LOG2_E));
        let (short, rest) = (l.number(-LN_2_SHORT), l.number(LN_2_REST));
        let sum = l.fma(x, per_ln_2, rounding);
        let n = l.sub(sum, rounding);
        let most = l.fma(n, short, x);
        let small = l.mul(n, rest);
        let r = l.sub(most, small);
        let left = l.sub(most, r);
        Reduced { sum, n, r, rest: l.sub(left, small) }
    }

    /// 2^(n + shift), where that is a normal number.
    #[inline(always)]
    pub(super) fn power(&self, l: &mut L, shift: i64) -> L::Real {
        let bits = l.to_bits(self.sum);
        let exponent = l.shift_left(bits, 52);
        let one = l.integer(ONE + (shift << 52));
        let bits = l.add_bits(exponent, one);
        l.from_bits(bits)
    }

    /// 2^(shift − n), where that is a normal number.
    #[inline(always)]
    pub(super) fn inverse_power(&self, l: &mut L, shift: i64) -> L::Real {
        let bits = l.to_bits(self.sum);
        let exponent = l.shift_left(bits, 52);
        let one = l.integer(ONE + (shift << 52));
        let bits = l.sub_bits(one, exponent);
        l.from_bits(bits)
    }

    /// The same r with an n that is greater by `by`.
    #[inline(always)]
    pub(super) fn shifted(self, l: &mut L, by: L::Real) -> Self {
        Reduced { sum: l.add(self.sum, by), ..self }
    }

    /// e^r − 1 − r
    #[inline(always)]
    fn curved(&self, l: &mut L) -> L::Real {
        let p = polynomial(l, self.r, EXP);
        let square = l.mul(self.r, self.r);
        l.mul(square, p)
    }

    /// 2ⁿ·y, rounded once where the result is subnormal. y must not be very far from 1.
    #[inline(always)]
    pub(super) fn scale(self, l: &mut L, y: L::Real) -> L::Real {
        let zero = l.number(0.0);
        let negative = l.less(self.n, zero);
        let (up, down) = (l.number(256.0), l.number(-256.0));
        let by = l.select(negative, up, down);
        let (much, little) = (l.number(2f64.powi(256)), l.number(2f64.powi(-256)));
        let back = l.select(negative, little, much);
        let power = self.shifted(l, by).power(l, 0);
        let y = l.mul(y, power);
        l.mul(y, back)
    }
}

/// e^x
#[inline(always)]
pub(super) fn exp<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let x = clamp(l, x, -746.0, 710.0);
    let reduced = Reduced::of(l, x);
    let curved = reduced.curved(l);
    let (one, sum) = (l.number(1.0), l.add(curved, reduced.r));
    let y = l.add(one, sum);
    reduced.scale(l, y)
}

/// e^(x + rest)·2⁻ⁿ and the parts that hold n, for a small `rest`. An x below −800 or above 710 is
/// replaced by that bound.
#[inline(always)]
pub(super) fn exp_of_sum<L: Lanes>(l: &mut L, x: L::Real, rest: L::Real) -> (L::Real, Reduced<L>) {
    let x = clamp(l, x, -800.0, 710.0);
    let reduced = Reduced::of(l, x);
    let rest = l.add(reduced.rest, rest);
    let r = l.add(reduced.r, rest);
    let left = l.sub(reduced.r, r);
    let reduced = Reduced { r, rest: l.add(left, rest), ..reduced };
    let curved = reduced.curved(l);
    let one = l.number(1.0);
    let (sum, left) = quick_sum(l, one, r);
    let small = l.add(curved, reduced.rest);
    let small = l.add(left, small);
    (l.add(sum, small), reduced)
}

/// (e^x − 1)/2 as a sum of two numbers, for x ≥ −64 that is not so small that x is subnormal. The
/// second number is at most about half an ulp of the first.
#[inline(always)]
pub(super) fn half_expm1<L: Lanes>(l: &mut L, x: L::Real) -> (L::Real, L::Real) {
    let reduced = Reduced::of(l, x);
    let (power, half) = (reduced.power(l, -1), l.number(0.5));
    // 2ⁿ − 1 is 0 or larger than 2ⁿ·r.
    let (whole, linear) = (l.sub(power, half), l.mul(power, reduced.r));
    let (sum, left) = quick_sum(l, whole, linear);
    let curved = reduced.curved(l);
    let small = l.add(curved, reduced.rest);
    (sum, l.fma(power, small, left))
}

/// e^x − 1
#[inline(always)]
pub(super) fn expm1<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let inside = clamp(l, x, -64.0, 710.0);
    let (sum, rest) = half_expm1(l, inside);
    let half = l.add(sum, rest);
    let y = l.add(half, half);
    // Zeros keep their sign, and subnormal numbers keep their bits.
    let (magnitude, tiny) = (l.abs(x), l.number(2f64.powi(-60)));
    let is_tiny = l.less(magnitude, tiny);
    l.select(is_tiny, x, y)
}
