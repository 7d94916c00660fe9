//! Numbers of elements as MPI counts them, whose calls count to 2³¹ − 1.

use std::os::raw::c_int;

use mpi::ffi;

use crate::data::Data;
use crate::error::{Class, Error};
use crate::mpi::datatype::datatype;
use crate::mpi::outcome::outcome;
use crate::waiting::Call;

/// How many elements of a reduction go in one call: MPI combines only types of its own, which lists longer than it counts have not.
/// Longer ones go in pieces.
pub(super) const MOST: usize = 1 << 30;

/// A number of elements as MPI counts them.
#[inline]
pub(super) fn count<T: Data>(length: usize, call: Call) -> Result<c_int, Error> {
    let units = length.checked_mul(datatype::<T>().1).and_then(|n| c_int::try_from(n).ok());
    units.ok_or_else(|| too_many(length, call))
}

#[cold]
fn too_many(length: usize, call: Call) -> Error {
    let text =
        format!("{length} elements are too many for one call of MPI, which counts to 2^31 - 1");
    Error::failed(call, Class::Count, text)
}

/// A list of elements as MPI knows it: so many of a type. Longer lists than MPI counts are one of a type of their own.
pub(super) struct Counted {
    pub(super) length: c_int,
    pub(super) kind: ffi::MPI_Datatype,
    is_derived: bool,
}

impl Drop for Counted {
    #[inline]
    fn drop(&mut self) {
        if self.is_derived {
            // SAFETY: the type was made here. Operations that go on with it keep it.
            unsafe { ffi::MPI_Type_free(&mut self.kind) };
        }
    }
}

/// A list of so many elements.
#[inline]
pub(super) fn counted<T: Data>(length: usize, call: Call) -> Result<Counted, Error> {
    counted_of::<T>(length, length, call)
}

/// A list of so many elements, one of several with so many in all: on every rank of the same type.
#[inline]
pub(super) fn counted_of<T: Data>(
    length: usize,
    total: usize,
    call: Call,
) -> Result<Counted, Error> {
    let (kind, units) = datatype::<T>();
    match total.checked_mul(units) {
        Some(all) if all <= c_int::MAX as usize => {
            Ok(Counted { length: (length * units) as c_int, kind, is_derived: false })
        }
        _ => long::<T>(length, call),
    }
}

/// The type of a long list: pieces of equal lengths, and the rest (as in BigMPI: Hammond, Schäfer, Latham, ExaMPI 2014).
#[cold]
fn long<T: Data>(length: usize, call: Call) -> Result<Counted, Error> {
    const PIECE: usize = 1 << 30;
    let (kind, units) = datatype::<T>();
    let (all, size) = (length.saturating_mul(units), size_of::<T>() / units);
    let pieces = c_int::try_from(all / PIECE).map_err(|_| too_many(length, call))?;
    let lengths = [pieces, (all % PIECE) as c_int];
    let start = all / PIECE * PIECE * size;
    let starts = [0, ffi::MPI_Aint::try_from(start).map_err(|_| too_many(length, call))?];
    let (mut piece, mut list) = (kind, kind);
    // SAFETY: the lists have two entries each, as MPI is told. Types that are not returned are freed.
    unsafe {
        outcome(ffi::MPI_Type_contiguous(PIECE as c_int, kind, &mut piece), call)?;
        let (lengths, starts, kinds) = (lengths.as_ptr(), starts.as_ptr(), [piece, kind]);
        let code = ffi::MPI_Type_create_struct(2, lengths, starts, kinds.as_ptr(), &mut list);
        ffi::MPI_Type_free(&mut piece);
        outcome(code, call)?;
        let long = Counted { length: 1, kind: list, is_derived: true };
        outcome(ffi::MPI_Type_commit(&mut list), call)?;
        Ok(long)
    }
}
