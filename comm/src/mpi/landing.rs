//! Where MPI writes elements that arrive.

use std::any::TypeId;
use std::os::raw::c_void;

use crate::data::{Data, bytes, read};
use crate::error::{Class, Error};
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

/// The place where MPI writes the elements.
#[inline]
pub(super) fn place<T: Data>(elements: &mut [T], staged: &mut [u8]) -> *mut c_void {
    match takes_any_bytes::<T>() {
        true => elements.as_mut_ptr().cast(),
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
