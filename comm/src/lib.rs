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

mod combine;
mod error;
mod exact_sum;
mod failure;
mod launch;
mod launcher;
mod mailbox;
mod message;
#[cfg(feature = "mpi")]
mod mpi;
mod order;
mod team;
pub mod threads;
#[cfg(feature = "mpi")]
mod wait_watch;
mod waiting;
mod world;

pub use combine::Combine;
pub use error::{Disagreement, Error};
pub use exact_sum::ExactSum;
pub use launch::launch;
pub use launcher::{launched_rank, launched_ranks};
pub use message::{Incoming, Outgoing};
#[cfg(feature = "mpi")]
pub use mpi::RawComm;
pub use waiting::Call;
pub use world::{Kind, World};
