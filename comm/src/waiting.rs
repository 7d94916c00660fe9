//! How long a rank may wait for others, and what it waits for.

use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// The operations of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Operation {
    Send,
    Ssend,
    Recv,
    Sendrecv,
    Probe,
    Barrier,
    Bcast,
    Scatter,
    Gather,
    Allgather,
    Alltoall,
    Reduce,
    Allreduce,
    Scan,
    Exscan,
    ReduceScatter,
    Dup,
    Split,
    Cartesian,
    Neighbours,
    Window,
    Library,
    Start,
    End,
}

impl Operation {
    const ALL: [Operation; 24] = [
        Operation::Send,
        Operation::Ssend,
        Operation::Recv,
        Operation::Sendrecv,
        Operation::Probe,
        Operation::Barrier,
        Operation::Bcast,
        Operation::Scatter,
        Operation::Gather,
        Operation::Allgather,
        Operation::Alltoall,
        Operation::Reduce,
        Operation::Allreduce,
        Operation::Scan,
        Operation::Exscan,
        Operation::ReduceScatter,
        Operation::Dup,
        Operation::Split,
        Operation::Cartesian,
        Operation::Neighbours,
        Operation::Window,
        Operation::Library,
        Operation::Start,
        Operation::End,
    ];

    /// The operation of this number.
    #[cfg(feature = "mpi")]
    pub(crate) fn of_number(number: u64) -> Self {
        Self::ALL.get(number as usize).copied().unwrap_or(Operation::End)
    }

    /// Its name, such as `send`.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; Operation::ALL.len()] = [
            "send",
            "ssend",
            "recv",
            "sendrecv",
            "probe",
            "barrier",
            "bcast",
            "scatter",
            "gather",
            "allgather",
            "alltoall",
            "reduce",
            "allreduce",
            "scan",
            "exscan",
            "reduce_scatter",
            "dup",
            "split",
            "cartesian",
            "an exchange with neighbours",
            "a shared window",
            "a call of another library",
            "the start",
            "the end",
        ];
        NAMES[self as usize]
    }
}

/// A call of an operation: what a rank waits for, or what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation.
    pub operation: Operation,
    /// The rank at the other end, or the root of an operation of all ranks, if there is one.
    pub peer: Option<usize>,
    /// The tag of the message, if it has one.
    pub tag: Option<usize>,
    /// How many elements this rank sends, or has room for.
    pub length: usize,
}

impl Call {
    /// The call of an operation of all ranks that has no root.
    pub(crate) const fn of_all(operation: Operation, length: usize) -> Self {
        Call { operation, peer: None, tag: None, length }
    }

    /// The call of an operation of all ranks with a root.
    pub(crate) const fn rooted(operation: Operation, root: usize, length: usize) -> Self {
        Call { operation, peer: Some(root), tag: None, length }
    }

    /// A message to a rank.
    pub(crate) fn send(to: Option<usize>, tag: usize, length: usize) -> Self {
        Call { operation: Operation::Send, peer: to, tag: Some(tag), length }
    }

    /// A message from a rank.
    pub(crate) fn recv(from: Option<usize>, tag: Option<usize>, length: usize) -> Self {
        Call { operation: Operation::Recv, peer: from, tag, length }
    }

    /// The call in the words of an error: `recv of 3 element(s) from rank 1 with tag 5`.
    pub(crate) fn in_words(&self) -> String {
        use Operation::*;
        let elements = match self.operation {
            Barrier | Dup | Split | Start | End | Probe | Cartesian | Library => String::new(),
            Window if self.length == 0 => String::new(),
            _ => format!(" of {} element(s)", self.length),
        };
        let peer = match (self.peer, self.operation) {
            (Some(root), Bcast | Scatter | Gather | Reduce) => format!(" with root {root}"),
            (Some(peer), Send | Ssend) => format!(" to rank {peer}"),
            (Some(peer), Recv | Probe) => format!(" from rank {peer}"),
            (Some(peer), _) => format!(" with rank {peer}"),
            (None, Recv | Probe) => " from any rank".into(),
            (None, _) => String::new(),
        };
        let tag = self.tag.map_or(String::new(), |tag| format!(" with tag {tag}"));
        format!("{}{elements}{peer}{tag}", self.operation.name())
    }
}

impl fmt::Display for Call {
    /// What a rank waits for: "rank 3 to send a message of 5 element(s)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Operation::*;
        let length = self.length;
        let tag = self.tag.map_or(String::new(), |tag| format!(" with tag {tag}"));
        let peer = self.peer.map_or("any rank".into(), |rank| format!("rank {rank}"));
        match self.operation {
            Barrier => write!(f, "all ranks to meet at a barrier"),
            Allreduce => write!(f, "all ranks to take part in a reduction of {length} element(s)"),
            Send | Ssend => write!(f, "{peer} to take a message of {length} element(s){tag}"),
            Recv | Sendrecv => {
                write!(f, "{peer} to send a message of {length} element(s){tag}")
            }
            Probe => write!(f, "{peer} to send a message{tag}"),
            Bcast | Scatter => write!(f, "{peer} to send its elements to all ranks"),
            Gather | Reduce => write!(f, "all ranks to send their elements to {peer}"),
            Allgather | Alltoall => write!(f, "all ranks to send elements to each other"),
            Scan | Exscan | ReduceScatter | Dup | Split | Cartesian | Neighbours | Window => {
                write!(f, "all ranks to take part in {}", self.operation.name())
            }
            Library => write!(f, "all ranks within another library, such as HDF5"),
            Start => write!(f, "all ranks to start"),
            End => write!(f, "all ranks to end"),
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
    #[cfg(feature = "mpi")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_in_words() {
        let call = Call::recv(Some(1), Some(5), 3);
        assert_eq!(call.in_words(), "recv of 3 element(s) from rank 1 with tag 5");
        assert_eq!(call.to_string(), "rank 1 to send a message of 3 element(s) with tag 5");
        let call = Call::rooted(Operation::Bcast, 2, 4);
        assert_eq!(call.in_words(), "bcast of 4 element(s) with root 2");
        let of_a_rank = Call::rooted(Operation::Cartesian, 7, 0);
        assert_eq!(of_a_rank.in_words(), "cartesian with rank 7");
        assert_eq!(Call::of_all(Operation::Barrier, 0).in_words(), "barrier");
        let any = Call { operation: Operation::Probe, peer: None, tag: None, length: 0 };
        assert_eq!(any.in_words(), "probe from any rank");
        for (number, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, number);
        }
    }
}
