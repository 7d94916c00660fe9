//! Communication between ranks: MPI, typed and safe, and the same on threads and on a single rank.
//!
//! There is one interface, [`World`], for three kinds of ranks: processes of MPI, threads of this process, and a single
//! rank. All have the same operations, the same errors and the same order of messages, so that a program is tried on
//! threads and run on a cluster. This is the only crate of Fluxions that calls MPI.
//!
//! Every rank of a program says hello; `mpirun -n 4 hello` starts it on four:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     fluxions_comm::launch(|world| {
//!         println!("hello from rank {} of {}", world.rank(), world.size());
//!         Ok::<(), fluxions_comm::Error>(())
//!     })
//! }
//! ```
//!
//! π as an integral, of which each rank computes a part:
//!
//! ```
//! use fluxions_comm::{Error, Sum, World, threads};
//!
//! fn pi(world: &World, intervals: usize) -> Result<f64, Error> {
//!     let h = 1.0 / intervals as f64;
//!     let mine = (world.rank()..intervals).step_by(world.size());
//!     let mut sum = [mine.map(|k| 4.0 * h / (1.0 + ((k as f64 + 0.5) * h).powi(2))).sum::<f64>()];
//!     world.allreduce(&mut sum, Sum)?;
//!     Ok(sum[0])
//! }
//!
//! let found = threads::run(3, |world| pi(world, 1000))?;
//! assert!((found[0] - std::f64::consts::PI).abs() < 1e-6);
//! # Ok::<(), Error>(())
//! ```
//!
//! A ring, in which everyone sends to the next one and receives from the one before:
//!
//! ```
//! use fluxions_comm::{Error, threads};
//!
//! let found = threads::run(4, |world| {
//!     let (rank, n) = (world.rank(), world.size());
//!     let mut token = [rank];
//!     for _ in 0..n - 1 {
//!         world.sendrecv_replace(&mut token, (rank + 1) % n, 0, (rank + n - 1) % n, 0)?;
//!     }
//!     Ok::<_, Error>(token[0])
//! })?;
//! assert_eq!(found, [1, 2, 3, 0]);
//! # Ok::<(), Error>(())
//! ```
//!
//! The halo of an array in two dimensions, cut into blocks. Rows and columns go as they are, whatever their strides, and nothing
//! is sent beyond the edge:
//!
//! ```
//! use fluxions_comm::{Error, balanced_dimensions, threads};
//! use ndarray::{Array2, s};
//!
//! let found = threads::run(4, |world| {
//!     let grid = world.cartesian(&balanced_dimensions(4, &[0, 0])?, &[true, false])?.unwrap();
//!     // A block of 3 by 3, and a cell beyond each side.
//!     let mut a = Array2::from_elem((5, 5), -1.0);
//!     a.slice_mut(s![1..4, 1..4]).fill(grid.rank() as f64);
//!     for axis in 0..2 {
//!         let (below, above) = grid.shift(axis, 1)?;
//!         if axis == 1 {
//!             a.swap_axes(0, 1);
//!         }
//!         for (to, sent, from, received) in [(above, 3, below, 0), (below, 1, above, 4)] {
//!             let face = a.slice(s![sent, ..]).to_owned();
//!             grid.sendrecv(&face, to, axis, &mut a.slice_mut(s![received, ..]), from, axis)?;
//!         }
//!         if axis == 1 {
//!             a.swap_axes(0, 1);
//!         }
//!     }
//!     Ok::<_, Error>((a[[0, 1]], a[[1, 0]], a[[1, 4]]))
//! })?;
//! // Periodic along the first axis; beyond the ends of the second one nothing arrives.
//! assert_eq!(found[0], (2.0, -1.0, 1.0));
//! assert_eq!(found[3], (1.0, 2.0, -1.0));
//! # Ok::<(), Error>(())
//! ```
//!
//! # What is what
//!
//! | MPI, mpi4py, numba-mpi | here |
//! |---|---|
//! | `COMM_WORLD`, `Init`, `Finalize` | [`World::start`], [`launch`]; finalised when the last world is dropped |
//! | a program that has called `MPI_Init` itself | [`World::attach`], [`World::from_raw`] |
//! | `Is_initialized`, `initialized`; `Query_thread` | [`Error::AlreadyStarted`], [`Error::NotStarted`]; [`ThreadLevel`], asked for by [`World::start_at`] |
//! | `Abort` | [`abort`](World::abort) |
//! | `rank`, `size`, `Barrier` | [`rank`](World::rank), [`size`](World::size), [`barrier`](World::barrier) |
//! | `Send`, `Ssend`, `Recv`, `Sendrecv` | [`send`](World::send), [`ssend`](World::ssend), [`recv`](World::recv), [`sendrecv`](World::sendrecv), [`sendrecv_replace`](World::sendrecv_replace) |
//! | `Status`, `Get_count` | [`Status`] |
//! | `Bsend`, `Rsend` | [`bsend`](World::bsend); [`send`](World::send), as MPI itself may take a ready one |
//! | `ANY_SOURCE`, `ANY_TAG`, `PROC_NULL` | [`Any`], `None` |
//! | `Isend`, `Issend`, `Irecv` | [`isend`](World::isend), [`issend`](World::issend), [`irecv`](World::irecv): they own the elements, as `Ibsend` does |
//! | `Wait`, `Test`; `Waitall`, `Waitany`, `Testany`, … | [`Request`]; [`Requests`], which may be empty |
//! | `Cancel`, `Free` of requests and communicators | they are dropped |
//! | `send`, `recv`, `bcast` of pickled objects | plain data ([`Data`]), or bytes and [`recv_vec`](World::recv_vec) |
//! | `Send_init`, `Recv_init`, `Start` | [`send_init`](World::send_init), [`recv_init`](World::recv_init) |
//! | `Probe`, `Iprobe`, `Mprobe`, `Improbe` | [`probe`](World::probe), [`iprobe`](World::iprobe), [`mprobe`](World::mprobe), [`improbe`](World::improbe) |
//! | `Bcast` | [`bcast`](World::bcast) |
//! | `Scatter(v)`, `Gather(v)` | [`scatter_into`](World::scatter_into), [`scatterv_into`](World::scatterv_into), [`gather_into`](World::gather_into), [`gatherv_into`](World::gatherv_into) |
//! | `Allgather(v)`, `Alltoall(v)` | [`allgather_into`](World::allgather_into), [`allgatherv_into`](World::allgatherv_into), [`alltoall_into`](World::alltoall_into), [`alltoallv_into`](World::alltoallv_into) |
//! | `Neighbor_allgather(v)`, `Neighbor_alltoall(v)`, `Create_dist_graph_adjacent` | [`neighbourhood`](World::neighbourhood), [`Cartesian::neighbourhood`]: [`Neighbourhood`] |
//! | `Reduce`, `Allreduce` | in place: [`reduce`](World::reduce), [`allreduce`](World::allreduce); [`reduce_into`](World::reduce_into), [`allreduce_into`](World::allreduce_into) |
//! | `Scan`, `Exscan`, `Reduce_scatter_block` | [`scan`](World::scan), [`exscan`](World::exscan), [`reduce_scatter_block_into`](World::reduce_scatter_block_into) |
//! | `Reduce_scatter`, `Ireduce_scatter_block` | [`reduce_scatter_into`](World::reduce_scatter_into), [`ireduce_scatter_block`](World::ireduce_scatter_block) |
//! | `Ibarrier`, `Ibcast`, `Iallreduce`, … | [`ibarrier`](World::ibarrier), [`ibcast`](World::ibcast), [`iallreduce`](World::iallreduce), … |
//! | `Iscatterv`, `Igatherv`, `Iallgatherv`, `Ialltoallv` | [`iscatterv`](World::iscatterv), [`igatherv`](World::igatherv), [`iallgatherv`](World::iallgatherv), [`ialltoallv`](World::ialltoallv) |
//! | `Win.Allocate_shared`, `Shared_query`, `Sync` | [`shared_window`](World::shared_window): [`SharedWindow`] |
//! | `SUM`, `MAXLOC`, …, `Op.Create` | [`Sum`], [`MaxLoc`], …, a closure: see [`Operator`] |
//! | `Dup`, `Split`, `Split_type` | [`dup`](World::dup), [`split`](World::split), [`split_shared`](World::split_shared) |
//! | `Group.Incl`, `Create` | [`subset`](World::subset); groups are lists of ranks |
//! | `Create_cart`, `Shift`, `Sub`, `Compute_dims` | [`cartesian`](World::cartesian), [`Cartesian`], [`balanced_dimensions`] |
//! | derived types, `Pack` | structs, views of ndarray with any strides; [`in_place`](World::in_place) |
//! | `Get_processor_name`, `Get_library_version`, `Wtime` | [`host`](World::host), [`mpi_library`](World::mpi_library), `std::time::Instant` |
//! | status codes, exceptions | [`Error`], with its [`Class`] |
//!
//! numba-mpi's functions take the world and whole arrays: `allreduce(a, b, operator=Operator.MAX)` is
//! `world.allreduce_into(&a, &mut b, Max)`, and counts are the lengths of slices.
//!
//! What is not here: names, attributes and comparisons of communicators, parts of different types in one call (`Alltoallw`),
//! communicators between groups, processes that are started later, put and get into the memory of ranks that do not share it, files
//! (`fluxions_io` writes them, by parallel HDF5), sessions, messages in partitions, which Open MPI 4 has not either, and going on
//! after a process has died. [`World::raw`] is MPI's handle for all of that.
//!
//! # Order and bits
//!
//! Results of reductions are the same on all ranks and in every run on so many ranks: elements are combined in the order of the
//! ranks, or by operators that do not depend on it ([`Operator`]). [`World::sum`] adds up doubles exactly ([`ExactSum`]), to the same
//! bits on any number of ranks.
//!
//! # Lengths
//!
//! Lists may have more than 2³¹ elements. In operations with parts of different lengths, in reductions that go on meanwhile, in
//! `reduce_scatter_block_into` and in what is exchanged in place, MPI does not count so far: there they are errors of [`Class::Count`].
//!
//! A message may be longer than the room for it by mistake. **Open MPI** (4.1.4 and 5.0.11 were seen to) fetches messages of more than 1
//! to 64 KiB without a look at the room, and writes beyond its end. So [`recv`](World::recv), [`sendrecv`](World::sendrecv) and what is
//! made of them take a message first and look how long it is, which costs about 0.04 µs; a rank that receives from itself
//! knows how long its messages are. The mistake remains where receipts begin before their messages are there, in
//! [`irecv`](World::irecv), [`recv_init`](World::recv_init) and [`in_place`](World::in_place), and within operations of all ranks that
//! are called with different lengths. If that may happen, let Open MPI 4.1 copy long messages, which then take up to six times as
//! long:
//!
//! ```text
//! mpirun --mca btl_self_flags send,inplace --mca btl_vader_flags send,inplace --mca btl_tcp_flags send,inplace …
//! ```
//!
//! # Errors
//!
//! Wrong arguments and messages that do not fit are values ([`Error::Failed`]), and the world goes on. Each rank finds its
//! own mistakes: where one rank does not take part in an operation of all, the others wait, until the limit of
//! [`World::limit_waits`] ends the job.

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
mod phase;
mod request;
mod requests;
mod rows;
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
pub use rows::{Part, Rows};
pub use waiting::{Call, Operation};
pub use world::{
    Cartesian, InPlace, Kind, Message, Neighbourhood, RecvChannel, SendChannel, SharedWindow,
    World, balanced_dimensions,
};
