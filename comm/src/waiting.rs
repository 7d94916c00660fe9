//! How long a rank may wait for others, and what it waits for.

use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// What a rank waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// All ranks to come to the same point.
    Barrier,
    /// All ranks to contribute integers to a sum, a maximum or a minimum.
    Combine {
        /// How many integers each contributes.
        integers: usize,
    },
    /// All ranks to send their numbers to rank 0.
    Gather,
    /// All ranks to send numbers to each other.
    Exchange,
    /// A message.
    Receive {
        /// The rank that sends it.
        from: usize,
        /// How many numbers it has.
        length: usize,
    },
    /// A message to be taken.
    Send {
        /// The rank that takes it.
        to: usize,
        /// How many numbers it has.
        length: usize,
    },
    /// All ranks to end.
    End,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Call::Barrier => write!(f, "all ranks to meet at a barrier"),
            Call::Combine { integers } => {
                write!(f, "all ranks to take part in a reduction of {integers} integer(s)")
            }
            Call::Gather => write!(f, "all ranks to send their numbers to rank 0"),
            Call::Exchange => write!(f, "all ranks to send numbers to each other"),
            Call::Receive { from, length } => {
                write!(f, "rank {from} to send a message of {length} number(s)")
            }
            Call::Send { to, length } => {
                write!(f, "rank {to} to take a message of {length} number(s)")
            }
            Call::End => write!(f, "all ranks to end"),
        }
    }
}

/// The longest time that ranks wait, and what is done when it is over.
pub(crate) struct Limit {
    pub(crate) most: Duration,
    /// Called with the error; the exit code.
    pub(crate) last_words: Box<dyn Fn(&Error) -> i32 + Send + Sync>,
}

impl Limit {
    /// How often it is looked whether the time is over.
    pub(crate) fn tick(&self) -> Duration {
        (self.most / 20).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }

    /// Ends this process, and with it the job.
    pub(crate) fn end(&self, rank: usize, call: Call) -> ! {
        // The last words may be written to a disk that does not answer, and what libraries do at the exit may wait for
        // other ranks, too.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(Duration::from_secs(5));
            std::process::abort();
        });
        let code = (self.last_words)(&Error::TimedOut { rank, call, waited: self.most });
        std::process::exit(code)
    }
}
