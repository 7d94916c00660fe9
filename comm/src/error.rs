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
