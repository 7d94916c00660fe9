//! Numbers in files: of 8 or 4 bytes. Complex ones are compounds of `r` and `i`, as in h5py.

use hdf5::H5Type;
use hdf5::types::OwnedDynValue;
use num_complex::{Complex, Complex64};

use crate::problem::Precision;

/// A type of numbers in files.
pub(crate) trait Stored: H5Type {
    /// Converts a real and an imaginary part, which is 0 for real numbers.
    fn from_parts(re: f64, im: f64) -> Self;
}

impl Stored for f64 {
    fn from_parts(re: f64, _: f64) -> Self {
        re
    }
}

impl Stored for f32 {
    fn from_parts(re: f64, _: f64) -> Self {
        re as f32
    }
}

impl<T: Stored> Stored for Complex<T> {
    fn from_parts(re: f64, im: f64) -> Self {
        Complex::new(T::from_parts(re, 0.0), T::from_parts(im, 0.0))
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
