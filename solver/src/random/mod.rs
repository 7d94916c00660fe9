//! Random numbers that depend neither on the ranks nor on the machine.

pub(crate) mod array;
mod colored;
mod fourier;
pub(crate) mod power_spectrum;
pub(crate) mod source;
pub(crate) mod stream;
