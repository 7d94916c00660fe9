//! Return codes of MPI as errors.

use std::os::raw::{c_char, c_int};

use mpi::ffi;

use crate::error::{Class, Error};
use crate::waiting::Call;

/// What a return code of MPI says about a call.
#[inline]
pub(super) fn outcome(code: c_int, call: Call) -> Result<(), Error> {
    match code == ffi::MPI_SUCCESS as c_int {
        true => Ok(()),
        false => Err(failure(code, call)),
    }
}

#[cold]
fn failure(code: c_int, call: Call) -> Error {
    let (mut class, mut length) = (code, 0);
    let mut text = [0 as c_char; ffi::MPI_MAX_ERROR_STRING as usize + 1];
    // SAFETY: both may be called at any time with any code, and the text has as much room as MPI asks for.
    unsafe {
        ffi::MPI_Error_class(code, &mut class);
        ffi::MPI_Error_string(code, text.as_mut_ptr(), &mut length);
    }
    let bytes: Vec<u8> = text.iter().take(length.max(0) as usize).map(|c| *c as u8).collect();
    // MPICH adds where in its own code the error was found.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.lines().next().unwrap_or_default().trim_end_matches(", error stack:").trim();
    Error::failed(call, class_of(class), text)
}

fn class_of(class: c_int) -> Class {
    match class as u32 {
        ffi::MPI_ERR_TRUNCATE => Class::Truncated,
        ffi::MPI_ERR_RANK => Class::Rank,
        ffi::MPI_ERR_ROOT => Class::Root,
        ffi::MPI_ERR_TAG => Class::Tag,
        ffi::MPI_ERR_COUNT => Class::Count,
        ffi::MPI_ERR_TYPE => Class::Type,
        _ => Class::Other(class),
    }
}
