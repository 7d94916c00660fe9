//! Ranks as MPI processes. This folder is the only part of the crate that calls MPI, and the only one with `unsafe`.
//!
//! All calls are those of C, whose return codes are looked at (rsmpi throws them away): every communicator of ours returns
//! errors. What is sent or received without waiting is owned by what waits for it, so that MPI never reads or writes memory
//! that is used elsewhere.

mod collective;
mod communicator;
mod counted;
mod datatype;
mod environment;
mod immediate_parts;
mod in_place;
mod landing;
mod left_behind;
mod outcome;
mod pending;
mod persistent;
mod point_to_point;
mod reduction;
mod wait_watch;
mod window;

pub(crate) use communicator::Communicator;
pub use communicator::RawComm;
pub use environment::ThreadLevel;
pub(crate) use environment::{Environment, abort};
pub(crate) use in_place::InPlace;
pub(crate) use pending::{Buffers, Pending};
pub(crate) use persistent::Persistent;
pub(crate) use point_to_point::Matched;
pub(crate) use window::MpiWindow;
