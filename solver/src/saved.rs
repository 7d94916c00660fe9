//! What a run needs to go on, as bytes that can be stored.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Plain data as bytes.
pub(crate) fn to_bytes(saved: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(saved).expect("plain data can be written to memory")
}

/// The data in bytes.
///
/// # Errors
/// If they are not those of `what`, as a whole.
pub(crate) fn from_bytes<T: DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T, Error> {
    match postcard::take_from_bytes(bytes) {
        Ok((saved, [])) => Ok(saved),
        _ => Err(Error::ForeignState { what }),
    }
}
