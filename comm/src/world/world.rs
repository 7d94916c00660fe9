//! The world: all ranks that solve one problem, as one of them sees it.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Class, Error};
use crate::message::{Channel, Incoming, Outgoing};
#[cfg(feature = "mpi")]
use crate::mpi::{Communicator, Environment, Persistent, RawComm, ThreadLevel};
#[cfg(feature = "mpi")]
use crate::peer::{Source, Tag};
use crate::team::Team;
use crate::waiting::{Call, Limit, Operation};

/// All ranks that solve one problem, as one of them sees it: a communicator. A copy stands for the same rank.
///
/// The ranks of MPI are those of the processes, and messages go as MPI says. Ranks that are threads, and a
/// single rank, behave in the same way, with the same errors.
#[derive(Clone)]
pub struct World(pub(crate) Inner);

#[derive(Clone)]
pub(crate) enum Inner {
    Team(Arc<Team>, usize),
    #[cfg(feature = "mpi")]
    Mpi(std::rc::Rc<Communicator>),
}

/// The kinds of ranks that a world can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is a single rank.
    Solo,
    /// The ranks are threads of this process.
    Threads,
    /// The ranks are MPI processes.
    Mpi,
}

impl World {
    /// Limits the time for which this rank may wait for others, from now on. Without a limit, a rank waits for ever for one
    /// that was stopped or whose network is cut.
    ///
    /// What waits cannot be given up. So when the time is over, `last_words` is called with [`Error::TimedOut`], from a thread of
    /// its own under MPI, and this process ends with the exit code that it returns, which ends the job. A program that has
    /// said that it has no other threads ([`ThreadLevel::Single`]) cannot limit waits.
    pub fn limit_waits(
        &self,
        most: Duration,
        last_words: impl Fn(&Error) -> i32 + Send + Sync + 'static,
    ) {
        let limit = Limit { most, last_words: Box::new(last_words) };
        match &self.0 {
            Inner::Team(team, _) => team.watch.limit(limit),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                if communicator.environment().level > ThreadLevel::Single {
                    communicator.limit_waits(limit);
                }
            }
        }
    }

    /// The kind of the ranks.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// assert_eq!(world.kind(), Kind::Threads);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Inner::Team(team, _) => team.kind,
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => Kind::Mpi,
        }
    }

    /// The number of this rank, counted from 0.
    #[inline]
    pub fn rank(&self) -> usize {
        match &self.0 {
            Inner::Team(_, rank) => *rank,
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.rank(),
        }
    }

    /// The number of ranks.
    #[inline]
    pub fn size(&self) -> usize {
        match &self.0 {
            Inner::Team(team, _) => team.size,
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.size(),
        }
    }

    /// Whether this is rank 0, which acts for all ranks where one has to.
    pub fn is_root(&self) -> bool {
        self.rank() == 0
    }

    /// The largest tag that a message may have: 32767 at least.
    pub fn highest_tag(&self) -> usize {
        match &self.0 {
            // As in Open MPI.
            Inner::Team(..) => i32::MAX as usize,
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.highest_tag(),
        }
    }

    /// Checks a rank.
    #[inline]
    pub(crate) fn check_rank(&self, rank: Option<usize>, call: Call) -> Result<(), Error> {
        match rank {
            Some(rank) if rank >= self.size() => {
                let text = format!("there are {} rank(s)", self.size());
                Err(Error::failed(call, Class::Rank, text))
            }
            _ => Ok(()),
        }
    }

    /// Panics if there is no such rank or no such tag.
    fn expect_channel(&self, rank: usize, call: Call) {
        let checked =
            self.check_rank(Some(rank), call).and_then(|()| self.check_tag(call.tag, call));
        checked.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Checks a tag.
    #[inline]
    pub(crate) fn check_tag(&self, tag: Option<usize>, call: Call) -> Result<(), Error> {
        match tag {
            Some(tag) if tag > self.highest_tag() => {
                let text = format!("tags end at {}", self.highest_tag());
                Err(Error::failed(call, Class::Tag, text))
            }
            _ => Ok(()),
        }
    }

    /// Waits until every rank has called this. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// // No rank goes on before both are here.
    /// world.barrier()?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn barrier(&self) -> Result<(), Error> {
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(()),
            Inner::Team(team, rank) => team.meet(*rank, Call::of_all(Operation::Barrier, 0)),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.barrier(),
        }
    }

    /// Sets up a message of `length` numbers to rank `to`. That rank sets up its receipt with the
    /// same tag.
    ///
    /// # Panics
    /// If there is no such rank, or the tag is too large.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let other = 1 - world.rank();
    /// let (mut to, mut from) = (world.outgoing(other, 0, 2), world.incoming(other, 0, 2));
    /// for step in 0..3 {
    ///     from.start();
    ///     to.buffer().fill(step as f64);
    ///     to.start()?;
    ///     assert_eq!(from.finish()?, [step as f64; 2]);
    ///     to.finish()?;
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn outgoing(&self, to: usize, tag: usize, length: usize) -> Outgoing {
        self.expect_channel(to, Call::send(Some(to), tag, length));
        Outgoing(match &self.0 {
            Inner::Team(team, rank) => {
                Channel::Thread(team.mailbox_end((*rank, to), *rank, tag, length))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let buffer = vec![0.0; length];
                let message = Persistent::outgoing(communicator, buffer, Some(to), tag);
                Channel::Mpi(message.unwrap_or_else(|error| panic!("{error}")))
            }
        })
    }

    /// Sets up the receipt of a message of `length` numbers from rank `from`.
    ///
    /// # Panics
    /// If there is no such rank, or the tag is too large.
    pub fn incoming(&self, from: usize, tag: usize, length: usize) -> Incoming {
        self.expect_channel(from, Call::recv(Some(from), Some(tag), length));
        Incoming(match &self.0 {
            Inner::Team(team, rank) => {
                Channel::Thread(team.mailbox_end((from, *rank), *rank, tag, length))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let (buffer, from) = (vec![0.0; length], Source::Rank(from));
                let message = Persistent::incoming(communicator, buffer, from, Tag::Is(tag));
                Channel::Mpi(message.unwrap_or_else(|error| panic!("{error}")))
            }
        })
    }

    /// The name and version of the MPI library, such as `Open MPI v4.1.4`; nothing if the ranks are no processes of MPI.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// assert_eq!(world.mpi_library(), None); // These are threads.
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn mpi_library(&self) -> Option<String> {
        match &self.0 {
            Inner::Team(..) => None,
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => Some(Environment::library()),
        }
    }

    /// The name of the machine on which this rank runs, as MPI or the system tells it.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(1, |world| {
    /// assert!(!world.host().is_empty());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn host(&self) -> String {
        match &self.0 {
            Inner::Team(..) => {
                let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
                name.map_or("localhost".into(), |name| name.trim().to_string())
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => Environment::host(),
        }
    }

    /// Does what makes this rank wait for others without this crate, such as a call of a library that has [`World::raw`]. Under
    /// MPI the time counts for [`World::limit_waits`]. What is done must not use this world.
    pub fn within_library<T>(&self, call: impl FnOnce() -> T) -> T {
        match &self.0 {
            Inner::Team(..) => call(),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                communicator.during(Call::of_all(Operation::Library, 0), call)
            }
        }
    }

    /// MPI's handle of the world, for libraries that call MPI themselves. Their calls belong into [`World::within_library`].
    #[cfg(feature = "mpi")]
    pub fn raw(&self) -> Option<RawComm> {
        match &self.0 {
            Inner::Mpi(communicator) => Some(communicator.raw()),
            _ => None,
        }
    }

    /// Ends the whole job now, on all ranks, with this exit code. It is meant for errors of which
    /// the other ranks cannot know.
    pub fn abort(&self, code: i32) -> ! {
        match &self.0 {
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => crate::mpi::abort(code),
            _ => std::process::exit(code),
        }
    }
}
