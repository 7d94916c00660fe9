//! Numbers in files: of 8 or 4 bytes. Complex ones are compounds of `r` and `i`, as in h5py.

use hdf5::H5Type;
use hdf5::types::OwnedDynValue;
use num_complex::{Complex, Complex64};

use crate::problem::Precision;

/// A type of numbers in files.
pub(crate) trait Stored: H5Type + Copy {
    /// Converts a real and an imaginary part, which is 0 for real numbers.
    fn from_parts(re: f64, im: f64) -> Self;

    /// The bits that a checksum is made of.
    fn bits(self) -> u64;

    /// Appends the bytes as they are in a file.
    fn append_to(self, bytes: &mut Vec<u8>);
}

impl Stored for f64 {
    fn from_parts(re: f64, _: f64) -> Self {
        re
    }

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn append_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl Stored for f32 {
    fn from_parts(re: f64, _: f64) -> Self {
        re as f32
    }

    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }

    fn append_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl<T: Stored> Stored for Complex<T>
where
    Complex<T>: H5Type,
{
    fn from_parts(re: f64, im: f64) -> Self {
        Complex::new(T::from_parts(re, 0.0), T::from_parts(im, 0.0))
    }

    fn bits(self) -> u64 {
        self.re.bits() ^ self.im.bits().rotate_left(31).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn append_to(self, bytes: &mut Vec<u8>) {
        self.re.append_to(bytes);
        self.im.append_to(bytes);
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
