//! The primitive operations of which the elementary functions consist.
//!
//! A function is defined once, as a sequence of these operations. It is generic over what carries
//! them out: [`Scalar`] computes one number, and a back end emits instructions on vectors. Each
//! operation is exact or rounded once, to nearest, as IEEE 754 says, so all of them give the same
//! bits. Definitions have no branches: both sides are computed and one is selected.

/// What carries out primitive operations, on some number of lanes at once.
#[allow(clippy::wrong_self_convention)] // `from_bits` is an operation, not a constructor.
pub(crate) trait Lanes {
    /// Doubles.
    type Real: Copy;
    /// 64-bit integers.
    type Bits: Copy;
    /// Truth values.
    type Mask: Copy;

    /// A number that is the same in all lanes.
    fn number(&mut self, x: f64) -> Self::Real;
    fn add(&mut self, a: Self::Real, b: Self::Real) -> Self::Real;
    fn sub(&mut self, a: Self::Real, b: Self::Real) -> Self::Real;
    fn mul(&mut self, a: Self::Real, b: Self::Real) -> Self::Real;
    fn div(&mut self, a: Self::Real, b: Self::Real) -> Self::Real;
    /// a·b + c, rounded once.
    fn fma(&mut self, a: Self::Real, b: Self::Real, c: Self::Real) -> Self::Real;
    fn sqrt(&mut self, a: Self::Real) -> Self::Real;
    /// The number with its sign bit flipped.
    fn negate(&mut self, a: Self::Real) -> Self::Real;
    /// The number with its sign bit cleared.
    fn abs(&mut self, a: Self::Real) -> Self::Real;
    /// The magnitude of `a` with the sign bit of `b`.
    fn copysign(&mut self, a: Self::Real, b: Self::Real) -> Self::Real;
    fn floor(&mut self, a: Self::Real) -> Self::Real;
    fn ceil(&mut self, a: Self::Real) -> Self::Real;
    fn truncate(&mut self, a: Self::Real) -> Self::Real;

    /// Whether a < b. It is false where a or b is NaN.
    fn less(&mut self, a: Self::Real, b: Self::Real) -> Self::Mask;
    /// Whether a ≤ b. It is false where a or b is NaN.
    fn less_equal(&mut self, a: Self::Real, b: Self::Real) -> Self::Mask;
    /// Whether a = b. It is false where a or b is NaN.
    fn equal(&mut self, a: Self::Real, b: Self::Real) -> Self::Mask;
    fn both(&mut self, a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn either(&mut self, a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn not(&mut self, a: Self::Mask) -> Self::Mask;
    /// `mask ? yes : no`
    fn select(&mut self, mask: Self::Mask, yes: Self::Real, no: Self::Real) -> Self::Real;

    /// An integer that is the same in all lanes.
    fn integer(&mut self, x: i64) -> Self::Bits;
    /// The bits of a double.
    fn to_bits(&mut self, a: Self::Real) -> Self::Bits;
    /// The double of these bits.
    fn from_bits(&mut self, a: Self::Bits) -> Self::Real;
    /// a + b modulo 2^64.
    fn add_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// a − b modulo 2^64.
    fn sub_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn and_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn or_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    fn xor_bits(&mut self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// The bits shifted to the left by a number of places below 64.
    fn shift_left(&mut self, a: Self::Bits, by: u32) -> Self::Bits;
    /// The bits shifted to the right by a number of places below 64, with zeros coming in.
    fn shift_right(&mut self, a: Self::Bits, by: u32) -> Self::Bits;
    /// Whether all bits are 0.
    fn is_zero(&mut self, a: Self::Bits) -> Self::Mask;

    /// `function` of `x`, number by number, where `rare` holds, and `usual` elsewhere. It is meant
    /// for arguments that hardly ever occur and would slow down all others.
    fn rare(
        &mut self,
        rare: Self::Mask,
        x: Self::Real,
        usual: Self::Real,
        function: fn(f64) -> f64,
    ) -> Self::Real;
    /// The same for a function of two numbers.
    fn rare_pair(
        &mut self,
        rare: Self::Mask,
        x: Self::Real,
        y: Self::Real,
        usual: Self::Real,
        function: fn(f64, f64) -> f64,
    ) -> Self::Real;
}

/// Computes one number at a time.
pub(crate) struct Scalar;

/// Computes one number at a time, in loops that are meant to be vectorised. It only notes that an
/// argument was rare; the value for a rare argument is useless.
#[derive(Default)]
pub(crate) struct Usual {
    /// This is not 0 after a rare argument. It is as wide as a double, which suits vectors.
    rare: u64,
}

impl Usual {
    /// Whether any argument was rare.
    #[inline(always)]
    pub(crate) fn met_rare(&self) -> bool {
        self.rare != 0
    }
}

/// The operations that `Scalar` and `Usual` have in common.
macro_rules! operations_on_f64 {
    () => {
        type Real = f64;
        type Bits = u64;
        type Mask = bool;

        #[inline(always)]
        fn number(&mut self, x: f64) -> f64 {
            x
        }
        #[inline(always)]
        fn add(&mut self, a: f64, b: f64) -> f64 {
            a + b
        }
        #[inline(always)]
        fn sub(&mut self, a: f64, b: f64) -> f64 {
            a - b
        }
        #[inline(always)]
        fn mul(&mut self, a: f64, b: f64) -> f64 {
            a * b
        }
        #[inline(always)]
        fn div(&mut self, a: f64, b: f64) -> f64 {
            a / b
        }
        #[inline(always)]
        fn fma(&mut self, a: f64, b: f64, c: f64) -> f64 {
            a.mul_add(b, c)
        }
        #[inline(always)]
        fn sqrt(&mut self, a: f64) -> f64 {
            a.sqrt()
        }
        #[inline(always)]
        fn negate(&mut self, a: f64) -> f64 {
            -a
        }
        #[inline(always)]
        fn abs(&mut self, a: f64) -> f64 {
            a.abs()
        }
        #[inline(always)]
        fn copysign(&mut self, a: f64, b: f64) -> f64 {
            a.copysign(b)
        }
        #[inline(always)]
        fn floor(&mut self, a: f64) -> f64 {
            a.floor()
        }
        #[inline(always)]
        fn ceil(&mut self, a: f64) -> f64 {
            a.ceil()
        }
        #[inline(always)]
        fn truncate(&mut self, a: f64) -> f64 {
            a.trunc()
        }
        #[inline(always)]
        fn less(&mut self, a: f64, b: f64) -> bool {
            a < b
        }
        #[inline(always)]
        fn less_equal(&mut self, a: f64, b: f64) -> bool {
            a <= b
        }
        #[inline(always)]
        fn equal(&mut self, a: f64, b: f64) -> bool {
            a == b
        }
        #[inline(always)]
        fn both(&mut self, a: bool, b: bool) -> bool {
            a & b
        }
        #[inline(always)]
        fn either(&mut self, a: bool, b: bool) -> bool {
            a | b
        }
        #[inline(always)]
        fn not(&mut self, a: bool) -> bool {
            !a
        }
        #[inline(always)]
        fn select(&mut self, mask: bool, yes: f64, no: f64) -> f64 {
            if mask { yes } else { no }
        }
        #[inline(always)]
        fn integer(&mut self, x: i64) -> u64 {
            x as u64
        }
        #[inline(always)]
        fn to_bits(&mut self, a: f64) -> u64 {
            a.to_bits()
        }
        #[inline(always)]
        fn from_bits(&mut self, a: u64) -> f64 {
            f64::from_bits(a)
        }
        #[inline(always)]
        fn add_bits(&mut self, a: u64, b: u64) -> u64 {
            a.wrapping_add(b)
        }
        #[inline(always)]
        fn sub_bits(&mut self, a: u64, b: u64) -> u64 {
            a.wrapping_sub(b)
        }
        #[inline(always)]
        fn and_bits(&mut self, a: u64, b: u64) -> u64 {
            a & b
        }
        #[inline(always)]
        fn or_bits(&mut self, a: u64, b: u64) -> u64 {
            a | b
        }
        #[inline(always)]
        fn xor_bits(&mut self, a: u64, b: u64) -> u64 {
            a ^ b
        }
        #[inline(always)]
        fn shift_left(&mut self, a: u64, by: u32) -> u64 {
            a << by
        }
        #[inline(always)]
        fn shift_right(&mut self, a: u64, by: u32) -> u64 {
            a >> by
        }
        #[inline(always)]
        fn is_zero(&mut self, a: u64) -> bool {
            a == 0
        }
    };
}

impl Lanes for Scalar {
    operations_on_f64!();

    #[inline(always)]
    fn rare(&mut self, rare: bool, x: f64, usual: f64, function: fn(f64) -> f64) -> f64 {
        if rare { function(x) } else { usual }
    }

    #[inline(always)]
    fn rare_pair(
        &mut self,
        rare: bool,
        x: f64,
        y: f64,
        usual: f64,
        function: fn(f64, f64) -> f64,
    ) -> f64 {
        if rare { function(x, y) } else { usual }
    }
}

impl Lanes for Usual {
    operations_on_f64!();

    #[inline(always)]
    fn rare(&mut self, rare: bool, _: f64, usual: f64, _: fn(f64) -> f64) -> f64 {
        self.rare |= u64::from(rare);
        usual
    }

    #[inline(always)]
    fn rare_pair(&mut self, rare: bool, _: f64, _: f64, usual: f64, _: fn(f64, f64) -> f64) -> f64 {
        self.rare |= u64::from(rare);
        usual
    }
}
