//! Values that can be sent: plain data, whose bytes say everything about them.

use bytemuck::checked::{self, CheckedCastError};
use bytemuck::{CheckedBitPattern, NoUninit};

/// Plain data, which can be sent as its bytes: all integers and floats of Rust, `bool`, `char`, complex numbers
/// (`num_complex`), arrays of them, and structs and enums that derive `bytemuck::Pod`, or `NoUninit` and
/// `CheckedBitPattern`. It is implemented for all of these; there is nothing to be done for it.
///
/// Bytes that arrive are checked: those that are no value of the type, such as a `bool` of 2, are an error.
///
/// ```
/// #[derive(Clone, Copy, PartialEq, Debug, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Particle {
///     position: [f64; 3],
///     charge: i64,
/// }
///
/// let world = fluxions_comm::World::solo();
/// let sent = [Particle { position: [0.0, 1.0, 2.0], charge: -1 }];
/// let mut received = [Particle { position: [0.0; 3], charge: 0 }];
/// world.sendrecv(&sent, 0, 7, &mut received, 0, 7)?;
/// assert_eq!(received, sent);
/// # Ok::<(), fluxions_comm::Error>(())
/// ```
pub trait Data: NoUninit + CheckedBitPattern + Send + Sync + 'static {}

impl<T: NoUninit + CheckedBitPattern + Send + Sync + 'static> Data for T {}

/// Bytes that are no value of the type that they were to become.
#[derive(Debug)]
pub(crate) struct NoValue;

/// The bytes of some values.
pub(crate) fn bytes<T: Data>(values: &[T]) -> &[u8] {
    const { assert!(size_of::<T>() > 0, "values without bytes cannot be sent") }
    bytemuck::cast_slice(values)
}

/// Replaces the first values by those that these bytes are.
pub(crate) fn read<T: Data>(bytes: &[u8], into: &mut [T]) -> Result<(), NoValue> {
    let length = into.len().min(bytes.len() / size_of::<T>());
    match checked::try_cast_slice(&bytes[..length * size_of::<T>()]) {
        Ok(values) => {
            into[..length].copy_from_slice(values);
            return Ok(());
        }
        Err(CheckedCastError::InvalidBitPattern) => return Err(NoValue),
        // They do not lie in memory as values of this type do.
        Err(CheckedCastError::PodCastError(_)) => {}
    }
    for (value, bytes) in into.iter_mut().zip(bytes.chunks_exact(size_of::<T>())) {
        *value = checked::try_pod_read_unaligned(bytes).map_err(|_| NoValue)?;
    }
    Ok(())
}

/// The values that these bytes are.
pub(crate) fn read_all<T: Data>(bytes: &[u8]) -> Result<Vec<T>, NoValue> {
    bytes
        .chunks_exact(size_of::<T>())
        .map(|bytes| checked::try_pod_read_unaligned(bytes).map_err(|_| NoValue))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_bytes_and_values_again() {
        let sent = [1.5f64, f64::NAN, -0.0];
        let mut back = [0.0f64; 3];
        read(bytes(&sent), &mut back).unwrap();
        assert_eq!(back.map(f64::to_bits), sent.map(f64::to_bits));
        // At any place in memory.
        let mut shifted = vec![0];
        shifted.extend_from_slice(bytes(&sent));
        back = [0.0; 3];
        read(&shifted[1..], &mut back).unwrap();
        assert_eq!(back.map(f64::to_bits), sent.map(f64::to_bits));
        assert_eq!(read_all::<[i16; 2]>(bytes(&[1i16, 2, 3, 4])).unwrap(), [[1, 2], [3, 4]]);
    }

    #[test]
    fn bytes_that_are_no_value_are_refused() {
        assert!(read_all::<bool>(&[0, 1, 2]).is_err());
        assert!(read_all::<char>(bytes(&[0xd800u32])).is_err());
        let mut kept = [true];
        assert!(read(&[7], &mut kept).is_err());
        assert_eq!(kept, [true]);
    }
}
