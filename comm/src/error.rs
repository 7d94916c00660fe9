//! What can go wrong between ranks.

use std::fmt;
use std::time::Duration;

use crate::waiting::Call;

/// A failure of communication.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another rank failed, so this rank cannot go on.
    #[error("rank {rank} failed: {message}")]
    RankFailed {
        /// The rank that failed first.
        rank: usize,
        /// The message of its error.
        message: String,
    },
    /// The program was started by an MPI launcher but was built without MPI.
    #[error(
        "started as {ranks} MPI processes, but this program was built without MPI: every process \
         would solve the whole problem by itself"
    )]
    BuiltWithoutMpi {
        /// How many processes the launcher started.
        ranks: usize,
    },
    /// The processes that a launcher started do not know of each other.
    #[error(
        "{ranks} processes were started, but they do not know of each other: every one would solve \
         the whole problem by itself. The launcher is not the one of the MPI that this program was \
         built with, {library}"
    )]
    WrongLauncher {
        /// How many processes the launcher started.
        ranks: usize,
        /// The MPI of this program.
        library: String,
    },
    /// A rank has waited for others as long as it may.
    #[error("rank {rank} has waited {} for {call}", in_words(*.waited))]
    TimedOut {
        /// The rank that has waited.
        rank: usize,
        /// What for.
        call: Call,
        /// How long.
        waited: Duration,
    },
    /// MPI is already in use by something else in this process.
    #[error("MPI was already initialised in this process")]
    AlreadyStarted,
    /// MPI is not in use in this process, or no longer, or may not be called from this thread.
    #[error("there is no MPI to attach to: {reason}")]
    NotStarted {
        /// Why.
        reason: &'static str,
    },
    /// A call failed.
    #[error("{}: {text}", call.in_words())]
    Failed {
        /// What was called.
        call: Call,
        /// The kind of the mistake.
        class: Class,
        /// What is wrong, in MPI's words where MPI found it.
        text: String,
    },
}

impl Error {
    /// The kind of the mistake, if a call failed.
    ///
    /// ```
    /// use fluxions_comm::{Class, World};
    ///
    /// let world = World::solo();
    /// let error = world.send(&[1.0], 5, 0).unwrap_err();
    /// assert_eq!(error.class(), Some(Class::Rank));
    /// assert_eq!(error.to_string(), "send of 1 element(s) to rank 5 with tag 0: there are 1 rank(s)");
    /// ```
    pub fn class(&self) -> Option<Class> {
        match self {
            Error::Failed { class, .. } => Some(*class),
            _ => None,
        }
    }

    pub(crate) fn failed(call: Call, class: Class, text: impl Into<String>) -> Self {
        Error::Failed { call, class, text: text.into() }
    }
}

/// The kinds of mistakes for which a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// There is no such rank.
    Rank,
    /// There is no such root.
    Root,
    /// A tag is too large.
    Tag,
    /// A number of elements does not fit what it is for, or is larger than MPI counts.
    Count,
    /// A message is longer than the room for it. The message is lost.
    Truncated,
    /// A message is no whole number of elements of the type that was to be received.
    Type,
    /// Bytes that arrived are no value of their type.
    Value,
    /// The ranks called different operations, or the same one with different roots, types or lengths.
    Mismatch,
    /// A message is on its way and is to be started or looked at, or a window is used in the wrong phase.
    Active,
    /// Numbers that are received overlap with others that are sent or received.
    Overlap,
    /// The only rank waits for itself.
    Deadlock,
    /// The dimensions of a grid of ranks do not fit.
    Dimensions,
    /// There is not so much memory, or ranks that are to share it are on different nodes.
    Memory,
    /// Another error of MPI, with the number of its class.
    Other(i32),
}

/// A length of time in seconds.
fn in_words(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// The outcome of a step in which at least one rank failed. It is the same on all ranks.
#[derive(Clone, Debug, PartialEq)]
pub enum Disagreement<E> {
    /// This rank is the lowest one that failed, and this is its error.
    Here(E),
    /// The lowest rank that failed is another one, which has the error.
    There {
        /// The lowest rank that failed.
        rank: usize,
    },
    /// The ranks could not communicate.
    Lost(Error),
}

impl<E: fmt::Display> fmt::Display for Disagreement<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Disagreement::Here(error) => error.fmt(f),
            Disagreement::There { rank } => write!(f, "rank {rank} failed"),
            Disagreement::Lost(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for Disagreement<E> {}
