//! Numbers as files hold them: of 8 or 4 bytes; complex ones as h5py reads them, a compound of `r`
//! and `i`.

use hdf5::H5Type;
use hdf5::types::OwnedDynValue;
use num_complex::{Complex, Complex64};

use crate::problem::Precision;

/// A number as a file holds it.
pub(crate) trait Stored: H5Type {
    /// From real and imaginary part, which is 0 where there is none.
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

/// What stands where nothing was written, which has the type of the numbers, too.
pub(crate) fn missing(precision: Precision, complex: bool) -> OwnedDynValue {
    const NONE: Complex64 = Complex::new(f64::NAN, f64::NAN);
    match (precision, complex) {
        (Precision::F64, false) => NONE.re.into(),
        (Precision::F32, false) => (NONE.re as f32).into(),
        (Precision::F64, true) => NONE.into(),
        (Precision::F32, true) => Complex::new(NONE.re as f32, NONE.im as f32).into(),
    }
}
