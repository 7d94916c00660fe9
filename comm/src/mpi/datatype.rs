//! The types of MPI, and its operators.

use std::any::TypeId;
use std::os::raw::c_int;

use mpi::ffi;
use num_complex::Complex;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::counted::count;
use crate::operator::BuiltIn;
use crate::waiting::Call;

/// The type of MPI for elements of a type, and how many of it make an element. Structs and arrays go as unsigned integers
/// of the largest size that divides theirs.
#[inline]
pub(super) fn datatype<T: Data>() -> (ffi::MPI_Datatype, usize) {
    let is = |other: TypeId| TypeId::of::<T>() == other;
    macro_rules! simple {
        ($($type:ty => $handle:ident),*) => {
            // SAFETY: these are constants of the MPI library, which are only read.
            $(if is(TypeId::of::<$type>()) { return (unsafe { ffi::$handle }, 1); })*
        };
    }
    simple!(
        f64 => RSMPI_DOUBLE, f32 => RSMPI_FLOAT,
        i64 => RSMPI_INT64_T, i32 => RSMPI_INT32_T, i16 => RSMPI_INT16_T, i8 => RSMPI_INT8_T,
        u64 => RSMPI_UINT64_T, u32 => RSMPI_UINT32_T, u16 => RSMPI_UINT16_T, u8 => RSMPI_UINT8_T,
        bool => RSMPI_C_BOOL,
        Complex<f64> => RSMPI_DOUBLE_COMPLEX, Complex<f32> => RSMPI_FLOAT_COMPLEX
    );
    #[cfg(target_pointer_width = "64")]
    simple!(isize => RSMPI_INT64_T, usize => RSMPI_UINT64_T);
    let size = size_of::<T>();
    // SAFETY: as above.
    unsafe {
        match size {
            _ if size.is_multiple_of(8) => (ffi::RSMPI_UINT64_T, size / 8),
            _ if size.is_multiple_of(4) => (ffi::RSMPI_UINT32_T, size / 4),
            _ if size.is_multiple_of(2) => (ffi::RSMPI_UINT16_T, size / 2),
            _ => (ffi::RSMPI_UINT8_T, size),
        }
    }
}

/// Numbers of elements, and where in a list each part begins.
pub(crate) struct Partition {
    counts: Vec<c_int>,
    starts: Vec<c_int>,
}

impl Partition {
    /// Where both lists are, which are not moved with the partition.
    pub(super) fn places(&self) -> (*const c_int, *const c_int) {
        (self.counts.as_ptr(), self.starts.as_ptr())
    }
}

/// The partition of a list by numbers of elements.
pub(super) fn partition<T: Data>(counts: &[usize], call: Call) -> Result<Partition, Error> {
    count::<T>(counts.iter().fold(0usize, |sum, n| sum.saturating_add(*n)), call)?;
    let counts: Vec<c_int> =
        counts.iter().map(|n| count::<T>(*n, call)).collect::<Result<_, _>>()?;
    let starts = counts.iter().scan(0, |next, n| Some(std::mem::replace(next, *next + n)));
    let starts = starts.collect();
    Ok(Partition { counts, starts })
}

/// MPI's operator.
pub(super) fn operator(operator: BuiltIn) -> ffi::MPI_Op {
    // SAFETY: these are constants of the MPI library, which are only read.
    unsafe {
        match operator {
            BuiltIn::Sum => ffi::RSMPI_SUM,
            BuiltIn::Prod => ffi::RSMPI_PROD,
            BuiltIn::Min => ffi::RSMPI_MIN,
            BuiltIn::Max => ffi::RSMPI_MAX,
            BuiltIn::And => ffi::RSMPI_LAND,
            BuiltIn::Or => ffi::RSMPI_LOR,
            BuiltIn::Xor => ffi::RSMPI_LXOR,
            BuiltIn::BitAnd => ffi::RSMPI_BAND,
            BuiltIn::BitOr => ffi::RSMPI_BOR,
            BuiltIn::BitXor => ffi::RSMPI_BXOR,
        }
    }
}
