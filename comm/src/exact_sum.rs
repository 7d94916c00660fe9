//! Sums of doubles without rounding, so that neither the order nor the grouping of the terms
//! matters.
//!
//! The sum is kept as one long fixed-point number. Its unit is the smallest subnormal, 2^−1074, and
//! its digits of 32 bits are held in 64-bit integers. An addition changes three digits. Carries
//! collect in the upper halves of the integers and are propagated now and then (Neal 2015, "Fast
//! exact summation using small and large superaccumulators", arXiv:1505.05571, section 2).
//!
//! Many numbers are first cut into pieces, at places that follow from the largest of them: adding a large number
//! and subtracting it again rounds a number to a multiple of a power of 2, and such pieces add up in doubles without
//! rounding (Rump, Ogita & Oishi 2008, "Accurate floating-point summation part I", SIAM J. Sci. Comput. 31, 189,
//! algorithm 3.3). So two numbers are added to the long one instead of hundreds.

/// The number of bits in a digit.
const DIGIT: u32 = 32;
/// The number of digits that the largest doubles reach, (2045 + 53)/32, with room for carries.
const DIGITS: usize = 68;
/// The number of additions after which carries must be propagated. Each adds less than 2^32 to a
/// digit.
const MOST_PENDING: u32 = 1 << 30;

/// How many numbers are cut at a time, and the bits of a piece. A sum of 2^9 pieces of 44 bits has 53.
const CHUNK: usize = 512;
const PIECE: u64 = 44;
/// Numbers that are cut side by side.
const LANES: usize = 8;
/// Fewer numbers are added one by one.
const FEW: usize = 32;
/// Between these exponents, as they stand in the bits of a double, numbers can be cut.
const CUT: std::ops::RangeInclusive<u64> = 130..=2030;

/// A sum of doubles that is exact until it is read.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// The digits, followed by the counts of +∞, −∞ and NaN.
    limbs: [i64; DIGITS + 3],
    pending: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        ExactSum { limbs: [0; DIGITS + 3], pending: 0 }
    }
}

impl ExactSum {
    /// The empty sum.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = (bits >> 52) as u32 & 0x7ff;
        if exponent == 0x7ff {
            let which = if x.is_nan() { 2 } else { usize::from(x < 0.0) };
            self.limbs[DIGITS + which] += 1;
            return;
        }
        if self.pending == MOST_PENDING {
            self.carry();
        }
        self.pending += 1;
        // Subnormals have no hidden bit, and their exponent is that of the smallest normal numbers.
        let hidden = u64::from(exponent != 0) << 52;
        let mantissa = bits & ((1 << 52) - 1) | hidden;
        let position = exponent.max(1) - 1;
        let wide = u128::from(mantissa) << (position % DIGIT);
        let low = wide as u64;
        let parts = [low & 0xffff_ffff, low >> DIGIT, (wide >> 64) as u64];
        let sign = (bits as i64) >> 63;
        let first = (position / DIGIT) as usize;
        for (limb, part) in self.limbs[first..first + 3].iter_mut().zip(parts) {
            // Where the sign is −1, this is negation in two's complement.
            *limb += (part as i64 ^ sign) - sign;
        }
    }

    /// Adds every number of a slice.
    pub fn extend(&mut self, numbers: &[f64]) {
        for chunk in numbers.chunks(CHUNK) {
            let (rows, others) = chunk.as_chunks::<LANES>();
            if chunk.len() < FEW || !self.add_pieces(rows) {
                rows.as_flattened().iter().for_each(|x| self.add(*x));
            }
            others.iter().for_each(|x| self.add(*x));
        }
    }

    /// Adds at most [`CHUNK`] numbers piece by piece. Whether it could: not where some are tiny, huge or not finite.
    fn add_pieces(&mut self, rows: &[[f64; LANES]]) -> bool {
        let mut largest = [0.0f64; LANES];
        for row in rows {
            for (largest, x) in largest.iter_mut().zip(row) {
                *largest = if x.abs() > *largest { x.abs() } else { *largest };
            }
        }
        let largest = largest.into_iter().fold(0.0, f64::max);
        let exponent = largest.to_bits() >> 52;
        if !CUT.contains(&exponent) {
            return false;
        }
        // 1.5·2^52 times the unit of a piece, of which the largest number has 2^43 to 2^44.
        let [first, second] = [exponent + 53 - PIECE, exponent + 53 - 2 * PIECE]
            .map(|exponent| f64::from_bits(exponent << 52 | 1 << 51));
        let mut sums = [[0.0; LANES]; 2];
        let mut rests = [[0.0; LANES]; CHUNK / LANES];
        let mut remains = [0u64; LANES];
        for (row, rest) in rows.iter().zip(&mut rests) {
            for lane in 0..LANES {
                let x = row[lane];
                let high = (x + first) - first;
                let low = x - high;
                let middle = (low + second) - second;
                sums[0][lane] += high;
                sums[1][lane] += middle;
                rest[lane] = low - middle;
                remains[lane] |= rest[lane].to_bits() << 1;
            }
        }
        let sums = sums.map(|lanes| lanes.into_iter().sum::<f64>());
        if !(sums[0].is_finite() && sums[1].is_finite()) {
            return false;
        }
        sums.into_iter().for_each(|sum| self.add(sum));
        let rests = &rests[..rows.len()];
        if remains != [0; LANES] && !self.add_pieces(rests) {
            rests.as_flattened().iter().for_each(|x| self.add(*x));
        }
        true
    }

    /// Propagates carries, so that every digit but the last lies in 0 … 2^32 − 1.
    fn carry(&mut self) {
        self.pending = 0;
        for k in 0..DIGITS - 1 {
            let carry = self.limbs[k] >> DIGIT;
            self.limbs[k] &= 0xffff_ffff;
            self.limbs[k + 1] += carry;
        }
    }

    /// The integers that are added up over all ranks.
    pub(crate) fn limbs_to_combine(&mut self) -> &mut [i64] {
        self.carry();
        &mut self.limbs
    }

    /// The double nearest to the sum, with ties to even. It is infinite if the sum is too large for
    /// a double or holds infinities of one sign. It is NaN if the sum holds NaN or infinities of
    /// both signs.
    pub fn value(&self) -> f64 {
        let [infinite, minus_infinite, nan] =
            std::array::from_fn(|which| self.limbs[DIGITS + which] > 0);
        if nan || (infinite && minus_infinite) {
            return f64::NAN;
        }
        if infinite || minus_infinite {
            return if infinite { f64::INFINITY } else { f64::NEG_INFINITY };
        }
        let mut sum = self.clone();
        sum.carry();
        let negative = sum.limbs[DIGITS - 1] < 0;
        if negative {
            sum.limbs[..DIGITS].iter_mut().for_each(|limb| *limb = -*limb);
            sum.carry();
        }
        let Some(top) = sum.limbs[..DIGITS].iter().rposition(|limb| *limb != 0) else {
            return 0.0;
        };
        // The top three digits hold at least 65 significant bits, or all bits that there are. A one
        // at the end stands for all lower bits, so that the rounding takes them into account.
        let low = top.saturating_sub(2);
        let mut wide =
            sum.limbs[low..=top].iter().rev().fold(0u128, |w, limb| w << DIGIT | *limb as u128);
        if sum.limbs[..low].iter().any(|limb| *limb != 0) {
            wide |= 1;
        }
        // The power is applied in two steps, since it may not be a normal number by itself.
        let exponent = (DIGIT as usize * low) as i32 - 1074;
        let half = exponent / 2;
        let magnitude = wide as f64 * 2f64.powi(half) * 2f64.powi(exponent - half);
        if negative { -magnitude } else { magnitude }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::new();
        sum.extend(numbers);
        sum.value()
    }

    #[test]
    fn sums_where_rounding_would_lose_everything() {
        assert_eq!(sum(&[1e300, 1.0, -1e300]), 1.0);
        assert_eq!(sum(&[1e16, 1.0, 1.0, -1e16]), 2.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(sum(&[5e-324, 5e-324]), 1e-323);
        assert_eq!(sum(&[2.0f64.powi(-1022), -5e-324]), 2.225073858507201e-308);
        assert_eq!(sum(&[]), 0.0);
        // Ties go to even, and anything smaller breaks them.
        assert_eq!(sum(&[1.0, 2f64.powi(-53)]), 1.0);
        assert_eq!(sum(&[1.0, 2f64.powi(-53), 5e-324]), 1.0 + f64::EPSILON);
    }

    #[test]
    fn infinities_and_nan_come_through() {
        assert_eq!(sum(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert_eq!(sum(&[1.0, f64::NEG_INFINITY]), f64::NEG_INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[1.0, f64::NAN]).is_nan());
    }

    /// Numbers of very different sizes, in rows of any length, and what is not finite among them.
    #[test]
    fn rows_add_up_as_their_numbers_do() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state >> 11
        };
        for (spread, around) in
            [(0, 1023), (3, 1023), (60, 900), (400, 1000), (2046, 0), (30, 2010), (40, 100)]
        {
            for length in [1, 31, 32, 33, 500, 512, 513, 2000] {
                let mut numbers: Vec<f64> = (0..length)
                    .map(|_| {
                        let exponent = (around + random() % (spread + 1)).min(2046);
                        f64::from_bits(random() << 63 | exponent << 52 | (random() % (1 << 52)))
                    })
                    .collect();
                for odd in [0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324] {
                    numbers[length / 2] = odd;
                    let mut one_by_one = ExactSum::new();
                    numbers.iter().for_each(|x| one_by_one.add(*x));
                    let (found, expected) = (sum(&numbers), one_by_one.value());
                    let alike = found.to_bits() == expected.to_bits();
                    assert!(alike || found.is_nan() && expected.is_nan(), "{found} {expected}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn one_number_is_itself(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            prop_assume!(!x.is_nan());
            // The sum of −0 alone is +0, as is that of no numbers.
            prop_assert_eq!(sum(&[x]), x);
        }

        #[test]
        fn order_and_grouping_do_not_matter(
            numbers in prop::collection::vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), 0..40),
            cut in 0usize..40,
        ) {
            let cut = cut.min(numbers.len());
            let whole = sum(&numbers);
            let reversed: Vec<f64> = numbers.iter().rev().copied().collect();
            prop_assert_eq!(sum(&reversed).to_bits(), whole.to_bits());
            let (mut a, mut b) = (ExactSum::new(), ExactSum::new());
            a.extend(&numbers[..cut]);
            b.extend(&numbers[cut..]);
            let b = b.limbs_to_combine().to_vec();
            a.limbs_to_combine().iter_mut().zip(b).for_each(|(a, b)| *a += b);
            prop_assert_eq!(a.value().to_bits(), whole.to_bits());
        }

        #[test]
        fn integers_add_up_exactly(numbers in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 0..200)) {
            let doubles: Vec<f64> = numbers.iter().map(|n| *n as f64).collect();
            prop_assert_eq!(sum(&doubles), numbers.iter().sum::<i64>() as f64);
        }

        #[test]
        fn two_numbers_round_as_the_processor_does(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            prop_assert_eq!(sum(&[a, b]), a + b);
        }
    }
}
