//! The error function and the gamma function.

use super::Lanes;
use super::exponential::{exp, exp_of_sum};
use super::polynomial::{Sum, clamp, exact_product, exact_sum, polynomial, quick_sum};
use super::power::exact_log;

/// The coefficients of p in erf x = x + x·p(x²) for x ≤ 1, from `scripts/minimax.py erf`.
const ERF: [f64; 12] = [
    0.128_379_167_095_512_56,
    -0.376_126_389_031_835_5,
    0.112_837_916_709_452_42,
    -0.026_866_170_643_274_845,
    0.005_223_977_607_414_307_5,
    -0.000_854_832_598_932_368_4,
    0.000_120_552_953_107_369_54,
    -1.492_474_449_606_678_9e-05,
    1.644_751_580_839_815_2e-06,
    -1.620_916_279_263_485_7e-07,
    1.372_292_378_946_915_4e-08,
    -7.801_097_610_697_144e-10,
];
/// The coefficients of p in erf x = 1 − e^(−x²)·p(1/(x + 3) − ¼) for 1 ≤ x ≤ 6, from
/// `scripts/minimax.py erfc`.
const ERFC: [f64; 14] = [
    0.427_583_576_155_807,
    4.371_392_236_542_328,
    22.033_550_765_003_22,
    78.302_982_868_750_43,
    185.322_668_970_067_33,
    229.321_439_976_645_73,
    -91.639_553_929_952_21,
    -698.818_225_873_946_7,
    -146.709_139_464_809_3,
    2_142.734_879_618_734_3,
    -301.253_069_953_664_35,
    -12_672.995_481_208_292,
    -13_962.220_221_830_545,
    6_144.880_491_504_268,
];
/// The coefficients of q in Γ(w) = e^((w − ½)·log w − w)·(√(2π) + t·q(t)) with t = 1/w, for w ≥
/// 4.5, from `scripts/minimax.py stirling`.
const STIRLING: [f64; 11] = [
    0.208_885_689_552_588_77,
    0.008_703_570_396_646_305,
    -0.006_721_090_348_013_542,
    -0.000_575_207_068_189_318_1,
    0.001_965_453_122_662_918_7,
    0.000_172_059_005_760_730_7,
    -0.001_453_375_023_053_879_4,
    -0.000_365_719_680_313_555_9,
    0.003_296_917_832_278_141,
    -0.003_590_292_517_160_285_7,
    0.001_317_919_016_666_966_7,
];
const ROOT_2_PI: f64 = 2.5066282746310007;
/// √(2π) minus ROOT_2_PI.
const ROOT_2_PI_REST: f64 = -1.8328579980459167e-16;
/// The coefficients of p in sin(πr)/π = r + r³·p(r²) for |r| ≤ ½, from `scripts/minimax.py sine`.
const SINE: [f64; 8] = [
    -1.644_934_066_848_226_4,
    0.811_742_425_283_342_1,
    -0.190_751_824_121_565_6,
    0.026_147_847_806_494_77,
    -0.002_346_080_902_700_421_7,
    0.000_148_427_872_907_075_23,
    -6.972_172_194_815_752_5e-06,
    2.450_981_257_917_963_6e-07,
];

/// The error function, 2/√π·∫₀ˣ e^(−t²) dt.
#[inline(always)]
pub(super) fn erf<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let magnitude = l.abs(x);
    let inside = clamp(l, magnitude, 0.0, 6.0);
    let square = l.mul(inside, inside);
    let p = polynomial(l, square, ERF);
    let small = l.fma(inside, p, inside);
    let (one, three, quarter) = (l.number(1.0), l.number(3.0), l.number(0.25));
    let below = l.add(inside, three);
    let reciprocal = l.div(one, below);
    let t = l.sub(reciprocal, quarter);
    let p = polynomial(l, t, ERFC);
    let minus = l.negate(square);
    let bell = exp(l, minus);
    let minus = l.negate(bell);
    let large = l.fma(minus, p, one);
    let is_small = l.less(inside, one);
    let y = l.select(is_small, small, large);
    l.copysign(y, x)
}

/// The product of two numbers that are sums of two.
#[inline(always)]
fn product_of<L: Lanes>(l: &mut L, a: Sum<L>, b: Sum<L>) -> Sum<L> {
    let (product, rest) = exact_product(l, a.0, b.0);
    let rest = l.fma(a.0, b.1, rest);
    (product, l.fma(a.1, b.0, rest))
}

/// The factor √(2π) + t·q(t) in Γ(w), with t = 1/w.
#[inline(always)]
fn stirling<L: Lanes>(l: &mut L, t: L::Real) -> Sum<L> {
    let p = polynomial(l, t, STIRLING);
    let (small, first) = (l.mul(t, p), l.number(ROOT_2_PI));
    let (sum, rest) = quick_sum(l, first, small);
    let first_rest = l.number(ROOT_2_PI_REST);
    (sum, l.add(rest, first_rest))
}

/// sin(πx)/π, computed from the distance of x to the nearest integer.
#[inline(always)]
fn sine<L: Lanes>(l: &mut L, x: L::Real) -> Sum<L> {
    let half = l.number(0.5);
    let up = l.add(x, half);
    let nearest = l.floor(up);
    let r = l.sub(x, nearest);
    let square = l.mul(r, r);
    let p = polynomial(l, square, SINE);
    let cube = l.mul(square, r);
    let curved = l.mul(cube, p);
    let (sum, rest) = quick_sum(l, r, curved);
    // Zeros keep their sign.
    let sum = l.copysign(sum, r);
    let halved = l.mul(nearest, half);
    let whole = l.floor(halved);
    let even = l.equal(whole, halved);
    let (minus, minus_rest) = (l.negate(sum), l.negate(rest));
    (l.select(even, sum, minus), l.select(even, rest, minus_rest))
}

/// The gamma function, ∫₀^∞ tˣ⁻¹·e^−t dt. It is ±∞ at the pole at 0, and NaN at the other poles.
///
/// Γ(z) = Γ(z + 4)/(z·(z + 1)·(z + 2)·(z + 3)), where Γ(z + 4) is computed by Stirling's formula
/// with a fitted polynomial in place of its divergent series. For x < ½, Γ(x) = π/(sin(πx)·Γ(1 −
/// x)) (M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 6.1.16, 6.1.37 and
/// 6.1.17).
#[inline(always)]
pub(super) fn gamma<L: Lanes>(l: &mut L, x: L::Real) -> L::Real {
    let (zero, half, one) = (l.number(0.0), l.number(0.5), l.number(1.0));
    let reflected = l.less(x, half);
    // z is x or 1 − x, with its rounding error.
    let limited = clamp(l, x, -189.0, 190.0);
    let minus = l.negate(limited);
    let (other, other_rest) = exact_sum(l, one, minus);
    let z = l.select(reflected, other, limited);
    let z_rest = l.select(reflected, other_rest, zero);
    let four = l.number(4.0);
    let (w, lost) = exact_sum(l, z, four);
    let w_rest = l.add(lost, z_rest);
    let t = l.div(one, w);
    // This is (z − ½)·log w − w, where z − ½ is exact. The rounding errors of z and w are
    // multiplied by its derivatives.
    let factor = l.sub(z, half);
    let (log, log_rest) = exact_log(l, w);
    let (product, lost) = exact_product(l, factor, log);
    let rest = l.fma(factor, log_rest, lost);
    let minus = l.negate(w);
    let (exponent, lost) = exact_sum(l, product, minus);
    let rest = l.add(rest, lost);
    let rest = l.fma(z_rest, log, rest);
    let minus = l.number(-1.0);
    let slope = l.fma(factor, t, minus);
    let rest = l.fma(w_rest, slope, rest);
    // For x < ½ the inverse is needed.
    let (minus, minus_rest) = (l.negate(exponent), l.negate(rest));
    let exponent = l.select(reflected, minus, exponent);
    let rest = l.select(reflected, minus_rest, rest);
    let (power, scale) = exp_of_sum(l, exponent, rest);
    // Γ(z) is this power times w⁴·p(1/w)/(z·(z + 1)·(z + 2)·(z + 3)), where z·(z + 3) = u, (z +
    // 1)·(z + 2) = u + 2, and p(t) = √(2π) + t·q(t).
    let p = stirling(l, t);
    let square = product_of(l, (w, w_rest), (w, w_rest));
    let fourth = product_of(l, square, square);
    let above = product_of(l, fourth, p);
    let (three, two) = (l.number(3.0), l.number(2.0));
    let (next, lost) = exact_sum(l, z, three);
    let next_rest = l.add(lost, z_rest);
    let u = product_of(l, (z, z_rest), (next, next_rest));
    let (more, lost) = exact_sum(l, u.0, two);
    let more_rest = l.add(lost, u.1);
    let below = product_of(l, u, (more, more_rest));
    let sine = sine(l, x);
    let inverse_below = product_of(l, above, sine);
    let top = l.select(reflected, below.0, above.0);
    let top_rest = l.select(reflected, below.1, above.1);
    let bottom = l.select(reflected, inverse_below.0, below.0);
    let bottom_rest = l.select(reflected, inverse_below.1, below.1);
    let reciprocal = l.div(one, bottom);
    let ratio = l.mul(top, reciprocal);
    let minus = l.negate(ratio);
    let left = l.fma(minus, bottom, top);
    let less = l.fma(minus, bottom_rest, top_rest);
    let left = l.add(left, less);
    let left = l.mul(left, reciprocal);
    let y = l.mul(power, ratio);
    let exact = l.fma(power, left, y);
    // At 0 the correction is NaN and is left out.
    let (size, infinity) = (l.abs(y), l.number(f64::INFINITY));
    let finite = l.less(size, infinity);
    let y = l.select(finite, exact, y);
    let y = scale.scale(l, y);
    // Small factorials are integers, and their errors are too small to change the rounding.
    let whole = l.floor(x);
    let (integer, most) = (l.equal(whole, x), l.number(18.5));
    let (few, positive) = (l.less(x, most), l.less(zero, x));
    let few = l.both(few, integer);
    let factorial = l.both(few, positive);
    let up = l.add(y, half);
    let rounded = l.floor(up);
    let y = l.select(factorial, rounded, y);
    let negative = l.less(x, zero);
    let pole = l.both(negative, integer);
    let none = l.number(f64::NAN);
    l.select(pole, none, y)
}
