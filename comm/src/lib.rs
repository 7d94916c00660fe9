//! Communication between ranks. There is one interface, [`World`], for three kinds of ranks: a
//! single rank, threads of this process, and MPI processes. This is the only crate that calls MPI.
//!
//! All results that ranks compute together are exact, since they are integers or sums of doubles
//! without rounding ([`ExactSum`]). So they depend neither on the number of ranks nor on their
//! order.
//!
//! ```
//! use fluxions_comm::{Error, threads};
//!
//! let sums = threads::run(3, |world| world.sum(&[0.1 * world.rank() as f64]))?;
//! assert_eq!(sums, [0.30000000000000004; 3]);
//! # Ok::<(), Error>(())
//! ```

mod buffer;
mod combine;
mod data;
mod error;
mod exact_sum;
mod launch;
mod launcher;
mod message;
#[cfg(feature = "mpi")]
mod mpi;
mod operator;
mod order;
mod peer;
mod request;
mod requests;
mod team;
pub mod threads;
mod waiting;
mod world;

pub use buffer::{Buffer, BufferMut, Owned};
pub use combine::Combine;
pub use data::Data;
pub use error::{Class, Disagreement, Error};
pub use exact_sum::ExactSum;
pub use launch::launch;
pub use launcher::{launched_rank, launched_ranks};
pub use message::{Incoming, Outgoing};
#[cfg(feature = "mpi")]
pub use mpi::{RawComm, ThreadLevel};
pub use operator::{
    And, BitAnd, BitOr, BitXor, Max, MaxLoc, Min, MinLoc, Operator, Or, Prod, Sum, Xor,
};
pub use peer::{Any, Source, Status, Tag};
pub use request::Request;
pub use requests::{Completed, Requests};
pub use waiting::{Call, Operation};
pub use world::{Cartesian, Kind, Message, RecvChannel, SendChannel, World, balanced_dimensions};
