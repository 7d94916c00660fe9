//! From whom a message is taken, and with which tag.

use std::fmt;

/// Any source, or any tag.
///
/// ```
/// use fluxions_comm::{Any, Error, threads};
///
/// threads::run(3, |world| {
///     if world.rank() > 0 {
///         return world.send(&[world.rank() as i32], 0, 10 + world.rank());
///     }
///     for _ in 1..world.size() {
///         let mut found = [0i32];
///         let status = world.recv(&mut found, Any, Any)?;
///         assert_eq!(status.source, Some(found[0] as usize));
///         assert_eq!(status.tag, 10 + found[0] as usize);
///     }
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Any;

/// From whom a message is taken: a rank, [`Any`] rank, or nobody (`None`), who sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This rank.
    Rank(usize),
    /// Whichever rank sends first.
    Any,
    /// Nobody: nothing arrives, at once. It is what is beyond the edge of a grid of ranks.
    Nobody,
}

impl Source {
    pub(crate) fn takes(self, rank: usize) -> bool {
        self == Source::Any || self == Source::Rank(rank)
    }

    pub(crate) fn rank(self) -> Option<usize> {
        match self {
            Source::Rank(rank) => Some(rank),
            Source::Any | Source::Nobody => None,
        }
    }
}

impl From<usize> for Source {
    fn from(rank: usize) -> Self {
        Source::Rank(rank)
    }
}

impl From<Option<usize>> for Source {
    fn from(rank: Option<usize>) -> Self {
        rank.map_or(Source::Nobody, Source::Rank)
    }
}

impl From<Any> for Source {
    fn from(_: Any) -> Self {
        Source::Any
    }
}

/// The tag of the messages that are taken: one, or [`Any`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// This one.
    Is(usize),
    /// Any.
    Any,
}

impl Tag {
    pub(crate) fn takes(self, tag: usize) -> bool {
        self == Tag::Any || self == Tag::Is(tag)
    }

    pub(crate) fn number(self) -> Option<usize> {
        match self {
            Tag::Is(tag) => Some(tag),
            Tag::Any => None,
        }
    }
}

impl From<usize> for Tag {
    fn from(tag: usize) -> Self {
        Tag::Is(tag)
    }
}

impl From<Any> for Tag {
    fn from(_: Any) -> Self {
        Tag::Any
    }
}

/// What is known of a message that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The rank that sent it. Nothing for what comes from nobody and for operations of all ranks.
    pub source: Option<usize>,
    /// Its tag.
    pub tag: usize,
    /// How many elements it has.
    pub length: usize,
}

impl Status {
    /// The status of what was sent, or comes from nobody.
    pub(crate) const NONE: Status = Status { source: None, tag: 0, length: 0 };
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(rank) => {
                write!(f, "{} element(s) from rank {rank} with tag {}", self.length, self.tag)
            }
            None => write!(f, "{} element(s)", self.length),
        }
    }
}
