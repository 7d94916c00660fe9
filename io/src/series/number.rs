//! Numbers in files: of 8 or 4 bytes. Complex ones are compounds of `r` and `i`, as in h5py.

use std::marker::PhantomData;

use hdf5::H5Type;
use hdf5::types::OwnedDynValue;
use num_complex::{Complex, Complex32, Complex64};
use pulp::{Arch, NullaryFnOnce};

use super::checksum;
use crate::problem::Precision;

/// A type of numbers in files.
pub(crate) trait Stored: H5Type + Copy {
    /// Converts a real and an imaginary part, which is 0 for real numbers.
    fn from_parts(re: f64, im: f64) -> Self;

    /// The bits that a checksum is made of.
    fn bits(self) -> u64;

    /// Writes it as it is in a file, to a slice of as many bytes.
    fn put(self, bytes: &mut [u8]);

    /// Reads it from its bytes.
    fn take(bytes: &[u8]) -> Self;
}

impl Stored for f64 {
    fn from_parts(re: f64, _: f64) -> Self {
        re
    }

    #[inline(always)]
    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn put(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_le_bytes());
    }

    #[inline(always)]
    fn take(bytes: &[u8]) -> Self {
        f64::from_le_bytes(bytes.try_into().expect("the bytes of one number"))
    }
}

impl Stored for f32 {
    fn from_parts(re: f64, _: f64) -> Self {
        re as f32
    }

    #[inline(always)]
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }

    fn put(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_le_bytes());
    }

    #[inline(always)]
    fn take(bytes: &[u8]) -> Self {
        f32::from_le_bytes(bytes.try_into().expect("the bytes of one number"))
    }
}

impl<T: Stored> Stored for Complex<T>
where
    Complex<T>: H5Type,
{
    fn from_parts(re: f64, im: f64) -> Self {
        Complex::new(T::from_parts(re, 0.0), T::from_parts(im, 0.0))
    }

    #[inline(always)]
    fn bits(self) -> u64 {
        self.re.bits() ^ self.im.bits().rotate_left(31).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn put(self, bytes: &mut [u8]) {
        let (re, im) = bytes.split_at_mut(size_of::<T>());
        self.re.put(re);
        self.im.put(im);
    }

    #[inline(always)]
    fn take(bytes: &[u8]) -> Self {
        let (re, im) = bytes.split_at(size_of::<T>());
        Complex::new(T::take(re), T::take(im))
    }
}

/// What numbers of a type are in a file, where the type is not known before a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberType {
    /// Bytes of a number.
    pub(crate) size: usize,
    put_row: fn(&[f64], Option<&[f64]>, &mut [u8]),
    sum_row: fn(&[u8], u64) -> u64,
}

impl NumberType {
    /// Numbers of this precision.
    pub(crate) fn new(precision: Precision, complex: bool) -> Self {
        match (precision, complex) {
            (Precision::F64, false) => NumberType::of::<f64>(),
            (Precision::F32, false) => NumberType::of::<f32>(),
            (Precision::F64, true) => NumberType::of::<Complex64>(),
            (Precision::F32, true) => NumberType::of::<Complex32>(),
        }
    }

    fn of<T: Stored>() -> Self {
        NumberType { size: size_of::<T>(), put_row: put_row::<T>, sum_row: sum_row::<T> }
    }

    /// Writes numbers with these real parts, and imaginary ones if they are complex, to as many bytes as they take.
    pub(crate) fn put(&self, re: &[f64], im: Option<&[f64]>, bytes: &mut [u8]) {
        (self.put_row)(re, im, bytes);
    }

    /// The checksum of numbers in a row of cells, whose first has this number in the grid.
    pub(crate) fn checksum(&self, bytes: &[u8], first: u64) -> u64 {
        (self.sum_row)(bytes, first)
    }
}

fn put_row<T: Stored>(re: &[f64], im: Option<&[f64]>, bytes: &mut [u8]) {
    let places = bytes.chunks_exact_mut(size_of::<T>());
    match im {
        None => places.zip(re).for_each(|(place, re)| T::from_parts(*re, 0.0).put(place)),
        Some(im) => (places.zip(re).zip(im))
            .for_each(|((place, re), im)| T::from_parts(*re, *im).put(place)),
    }
}

fn sum_row<T: Stored>(bytes: &[u8], first: u64) -> u64 {
    Arch::new().dispatch(SumRow::<T> { bytes, first, of: PhantomData })
}

/// The checksum of a row, by the widest vectors that the processor has.
struct SumRow<'b, T> {
    bytes: &'b [u8],
    first: u64,
    of: PhantomData<T>,
}

impl<T: Stored> NullaryFnOnce for SumRow<'_, T> {
    type Output = u64;

    #[inline(always)]
    fn call(self) -> u64 {
        let numbers = self.bytes.chunks_exact(size_of::<T>());
        checksum::of_row(numbers.map(|bytes| T::take(bytes).bits()), self.first)
    }
}

/// The fill value, which stands where nothing was written. Its type is that of the numbers.
pub(crate) fn missing(precision: Precision, complex: bool) -> OwnedDynValue {
    const NONE: Complex64 = Complex::new(f64::NAN, f64::NAN);
    match (precision, complex) {
        (Precision::F64, false) => NONE.re.into(),
        (Precision::F32, false) => (NONE.re as f32).into(),
        (Precision::F64, true) => NONE.into(),
        (Precision::F32, true) => Complex::new(NONE.re as f32, NONE.im as f32).into(),
    }
}
