//! Where MPI writes elements that arrive.

use std::any::TypeId;
use std::os::raw::{c_int, c_void};

use mpi::ffi;

use crate::data::{Data, bytes, read};
use crate::error::{Class, Error};
use crate::mpi::communicator::Communicator;
use crate::mpi::outcome::outcome;
use crate::peer::{Source, Status};
use crate::waiting::Call;

/// Whether any bytes are a value of the type. If not, they land elsewhere first and are checked.
#[inline]
pub(super) fn takes_any_bytes<T: Data>() -> bool {
    // A type whose values need not be checked is its own type of bits (bytemuck's `CheckedBitPattern`).
    TypeId::of::<T::Bits>() == TypeId::of::<T>()
}

/// Bytes beside a list of elements, in which others land that must be checked. They begin as those of the elements.
#[inline]
pub(super) fn staged<T: Data>(elements: &[T]) -> Vec<u8> {
    match takes_any_bytes::<T>() {
        true => Vec::new(),
        false => bytes(elements).to_vec(),
    }
}

/// MPI_IN_PLACE, a macro that bindgen cannot translate: −1 where handles are integers (MPICH and what is made from it), 1 where
/// they are pointers (Open MPI, and the standard ABI of MPI 5.0, section 20).
pub(super) const IN_PLACE: *const c_void = match size_of::<ffi::MPI_Comm>() {
    4 => std::ptr::without_provenance(usize::MAX),
    _ => std::ptr::without_provenance(1),
};

/// An address where nothing is read or written.
const NOWHERE: *mut c_void = std::ptr::without_provenance_mut(4096);

/// The address of elements for MPI. That of an empty list could be MPI_IN_PLACE, which is 1 in Open MPI.
#[inline]
pub(super) fn address<T>(elements: &[T]) -> *const c_void {
    match elements.as_ptr().addr() == IN_PLACE.addr() {
        true => NOWHERE,
        false => elements.as_ptr().cast(),
    }
}

/// The place where MPI writes the elements.
#[inline]
pub(super) fn place<T: Data>(elements: &mut [T], staged: &mut [u8]) -> *mut c_void {
    match takes_any_bytes::<T>() {
        true if elements.as_ptr().addr() == IN_PLACE.addr() => NOWHERE,
        true => elements.as_mut_ptr().cast(),
        false if staged.as_ptr().addr() == IN_PLACE.addr() => NOWHERE,
        false => staged.as_mut_ptr().cast(),
    }
}

/// Takes over what has landed beside the elements.
#[inline]
pub(super) fn take_over<T: Data>(
    elements: &mut [T],
    staged: &[u8],
    call: Call,
) -> Result<(), Error> {
    match takes_any_bytes::<T>() || read(staged, elements).is_ok() {
        true => Ok(()),
        false => Err(no_value(call)),
    }
}

pub(super) fn no_value(call: Call) -> Error {
    Error::failed(call, Class::Value, "bytes arrived that are no value of the type")
}

/// Calls `receive` with the place where elements land.
#[inline]
pub(super) fn land<T: Data, R>(
    elements: &mut [T],
    call: Call,
    receive: impl FnOnce(*mut c_void) -> Result<R, Error>,
) -> Result<R, Error> {
    let mut staged = staged(elements);
    let result = receive(place(elements, &mut staged))?;
    take_over(elements, &staged, call)?;
    Ok(result)
}

impl Communicator {
    /// Calls MPI with the place where elements land; `write` gives its return code.
    #[inline]
    pub(super) fn write_to<T: Data>(
        &self,
        elements: &mut [T],
        call: Call,
        write: impl FnOnce(*mut c_void) -> c_int,
    ) -> Result<(), Error> {
        land(elements, call, |place| outcome(self.during(call, || write(place)), call))
    }

    /// For how many elements there is to be room, and makes it: one more than there are elements where a message may come from
    /// the rank itself, since Open MPI 4.1 does not tell that those are too long where their receipt began first.
    pub(super) fn room<T: Data>(
        &self,
        elements: &mut Vec<T>,
        staged: &mut Vec<u8>,
        from: Source,
    ) -> usize {
        if !from.takes(self.rank()) {
            return elements.len();
        }
        match takes_any_bytes::<T>() {
            true => elements.reserve_exact(1),
            false => staged.resize(staged.len() + size_of::<T>(), 0),
        }
        elements.len() + 1
    }
}

/// Checks that a message was not longer than it may be.
#[inline]
pub(super) fn fitting(status: Status, most: usize, call: Call) -> Result<Status, Error> {
    match status.length <= most {
        true => Ok(status),
        false => {
            let text = "the message is longer than the room for it";
            Err(Error::failed(call, Class::Truncated, text))
        }
    }
}
