//! Exact remainders of the arguments of trigonometric functions that are far from 0.
//!
//! Source: M. Payne, R. Hanek, "Radian reduction for trigonometric functions", ACM SIGNUM
//! Newsletter 18 (1983), 19–24. For x/π = m·2^e/π only some bits of 1/π matter: those whose product
//! with m·2^e is not a multiple of the period and is not too small.

use std::f64::consts::PI;

use super::Scalar;
use super::polynomial::{power_of_two, quick_sum};

/// 64 zero bits, followed by the first 19·64 bits of 1/π after the point.
const INVERSE_OF_PI: [u64; 20] = [
    0,
    0x517c_c1b7_2722_0a94,
    0xfe13_abe8_fa9a_6ee0,
    0x6db1_4acc_9e21_c820,
    0xff28_b1d5_ef5d_e2b0,
    0xdb92_371d_2126_e970,
    0x0324_9775_04e8_c90e,
    0x7f0e_f58e_5894_d39f,
    0x7441_1afa_975d_a242,
    0x74ce_3813_5a2f_bf20,
    0x9cc8_eb1c_c1a9_9cfa,
    0x4e42_2fc5_defc_941d,
    0x8ffc_4bff_ef02_cc07,
    0xf797_88c5_ad05_368f,
    0xb69b_3f67_93e5_84db,
    0xa7a3_1fb3_4f2f_f516,
    0xba93_dd63_f5f2_f8bd,
    0x9e83_9cfb_c529_4975,
    0x35fd_afd8_8fc6_ae84,
    0x2b01_9823_7e3d_b5d5,
];

/// π minus the double that is nearest to it.
const PI_LOW: f64 = 1.224_646_799_147_353_2e-16;

/// x·2^d/π + s/2 minus the nearest integer n, times π/2^d.
pub(super) struct Remainder {
    /// Whether n is odd.
    pub(super) odd: bool,
    /// The remainder, rounded.
    pub(super) high: f64,
    /// What `high` has lost in rounding.
    pub(super) low: f64,
}

impl Remainder {
    /// The remainder of x, which is at least 2^20 or at most −2^20, with d = `doublings` and s =
    /// `halves`. Both d and s are at most 1.
    pub(super) fn of(x: f64, doublings: u32, halves: u64) -> Self {
        if !x.is_finite() {
            return Remainder { odd: false, high: f64::NAN, low: f64::NAN };
        }
        let bits = x.to_bits();
        let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
        let exponent = ((bits >> 52) & 0x7ff) as i32 - 1075;

        // This is x·2^d/π modulo 2, in units of 2^-127. The added ½ serves to round to the nearest
        // integer.
        let turns = product(mantissa, window(exponent + doublings as i32));
        let turns = turns.wrapping_add(u128::from(halves + 1) << 126);
        let odd = turns >> 127 == 1;
        // The integer and the ½ are removed. The rest is kept as a sign and two numbers. The
        // remainder of a double is never below about 2^-62, so 65 of its bits are certain.
        let fraction = (turns << 1 >> 1) as i128 - (1 << 126);
        let zeros = fraction.unsigned_abs().leading_zeros();
        let magnitude = fraction.unsigned_abs() << zeros;
        let split = u128::MAX >> 53;
        let scale = power_of_two(-127 - zeros as i32 - doublings as i32);
        let (high, low) = ((magnitude & !split) as f64 * scale, (magnitude & split) as f64 * scale);

        let product = high * PI;
        let rest = high.mul_add(PI, -product) + high.mul_add(PI_LOW, low * PI);
        let sign = if (fraction < 0) != (x < 0.0) { -1.0 } else { 1.0 };
        let (high, low) = quick_sum(&mut Scalar, product, rest);
        Remainder { odd, high: sign * high, low: sign * low }
    }
}

/// 192 bits of 1/π, the first of which is the bit of 2^-first.
fn window(first: i32) -> [u64; 3] {
    let start = (first + 63) as usize;
    let (word, shift) = (start / 64, start % 64);
    std::array::from_fn(|k| {
        let two =
            u128::from(INVERSE_OF_PI[word + k]) << 64 | u128::from(INVERSE_OF_PI[word + k + 1]);
        (two << shift >> 64) as u64
    })
}

/// The product modulo 2^192, without its last 64 bits.
fn product(factor: u64, [top, middle, bottom]: [u64; 3]) -> u128 {
    let factor = u128::from(factor);
    let middle = factor * u128::from(middle) + ((factor * u128::from(bottom)) >> 64);
    let top = factor * u128::from(top) + (middle >> 64);
    top << 64 | u128::from(middle as u64)
}
