//! The world: all ranks that solve one problem, as one of them sees it.

use std::sync::Arc;
use std::time::Duration;

use crate::combine::Combine;
use crate::error::{Class, Disagreement, Error};
use crate::exact_sum::ExactSum;
use crate::launcher::launched_ranks;
use crate::message::{Channel, Incoming, Outgoing};
#[cfg(feature = "mpi")]
use crate::mpi::{Communicator, Environment, Persistent, RawComm, ThreadLevel};
use crate::order::{from_ordered, to_ordered};
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
    /// The world in which the program was started: that of MPI if a launcher such as mpirun started
    /// it, and otherwise that of a single rank.
    ///
    /// With MPI, from this call on a panic ends all processes of the job. MPI is finalised when the last copy of the world,
    /// and all that was made from it, are dropped.
    ///
    /// # Errors
    /// If a launcher started several processes and the program was built without MPI or with another MPI than that of the
    /// launcher, or if MPI is already in use.
    pub fn start() -> Result<Self, Error> {
        #[cfg(feature = "mpi")]
        return Self::start_at(ThreadLevel::Funneled);
        #[cfg(not(feature = "mpi"))]
        match launched_ranks() {
            None | Some(1) => Ok(Self::solo()),
            Some(ranks) => Err(Error::BuiltWithoutMpi { ranks }),
        }
    }

    /// The world in which the program was started, for a program with these threads.
    ///
    /// # Errors
    /// As [`start`](World::start).
    #[cfg(feature = "mpi")]
    pub fn start_at(level: ThreadLevel) -> Result<Self, Error> {
        let Some(ranks) = launched_ranks() else { return Ok(Self::solo()) };
        let communicator = Communicator::world(Environment::start(level)?)?;
        if communicator.size() == 1 && ranks > 1 {
            return Err(Error::WrongLauncher { ranks, library: Environment::library() });
        }
        Ok(World(Inner::Mpi(communicator)))
    }

    /// All processes of a program that has initialised MPI itself, and will finalise it after all worlds are dropped. Messages of
    /// this world are apart from all others of the program. Collective.
    ///
    /// ```no_run
    /// let of_rsmpi = mpi::initialize().unwrap();
    /// let world = fluxions_comm::World::attach()?;
    /// println!("rank {} of {}", world.rank(), world.size());
    /// # Ok::<(), fluxions_comm::Error>(())
    /// ```
    ///
    /// # Errors
    /// If MPI is not in use, or may not be called from this thread.
    #[cfg(feature = "mpi")]
    pub fn attach() -> Result<Self, Error> {
        Communicator::attach().map(|communicator| World(Inner::Mpi(communicator)))
    }

    /// A world of one rank.
    pub fn solo() -> Self {
        World(Inner::Team(Arc::new(Team::solo()), 0))
    }

    pub(crate) fn of_team(team: Arc<Team>, rank: usize) -> Self {
        World(Inner::Team(team, rank))
    }

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

    /// Replaces each integer by its sum, maximum or minimum over all ranks. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn combine(&self, how: Combine, values: &mut [i64]) -> Result<(), Error> {
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(()),
            Inner::Team(team, rank) => team.combine(*rank, how, values),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let call = Call::of_all(Operation::Allreduce, values.len());
                communicator.allreduce(values, how.built_in(), call)
            }
        }
    }

    /// Adds up the sums of all ranks exactly. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn combine_sum(&self, sum: &mut ExactSum) -> Result<(), Error> {
        self.combine(Combine::Sum, sum.limbs_to_combine())
    }

    /// The sum of the numbers of all ranks, rounded once. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn sum(&self, numbers: &[f64]) -> Result<f64, Error> {
        let mut sum = ExactSum::new();
        sum.extend(numbers);
        self.combine_sum(&mut sum)?;
        Ok(sum.value())
    }

    /// The largest of the numbers of all ranks, or NaN if one of them is NaN. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn max(&self, number: f64) -> Result<f64, Error> {
        let mut value = [to_ordered(number, i64::MAX)];
        self.combine(Combine::Max, &mut value)?;
        Ok(from_ordered(value[0]))
    }

    /// The smallest of the numbers of all ranks, or NaN if one of them is NaN. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn min(&self, number: f64) -> Result<f64, Error> {
        let mut value = [to_ordered(number, i64::MIN)];
        self.combine(Combine::Min, &mut value)?;
        Ok(from_ordered(value[0]))
    }

    /// On rank 0, the numbers of all ranks in the order of the ranks. `counts` gives how many
    /// numbers each rank has. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn gather(&self, mine: &[f64], counts: &[usize]) -> Result<Option<Vec<f64>>, Error> {
        debug_assert_eq!(counts.get(self.rank()), Some(&mine.len()));
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(Some(mine.to_vec())),
            Inner::Team(team, rank) => team.gather(*rank, mine),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let call = Call::rooted(Operation::Gather, 0, mine.len());
                let total = if self.is_root() { counts.iter().sum() } else { 0 };
                let mut all = vec![0.0; total];
                communicator.gatherv(mine, &mut all, counts, 0, call)?;
                Ok(self.is_root().then_some(all))
            }
        }
    }

    /// Sends numbers to every rank and returns the numbers that the ranks sent to this one. Both
    /// are in the order of the ranks. `to` and `from` give how many numbers go to and come from
    /// each. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn exchange(
        &self,
        mine: Vec<f64>,
        to: &[usize],
        from: &[usize],
    ) -> Result<Vec<f64>, Error> {
        debug_assert_eq!(to.iter().sum::<usize>(), mine.len());
        match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(mine),
            Inner::Team(team, rank) => team.exchange(*rank, mine, to, from),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let call = Call::of_all(Operation::Alltoall, mine.len());
                let mut all = vec![0.0; from.iter().sum()];
                communicator.alltoallv((&mine, to), (&mut all, from), call)?;
                Ok(all)
            }
        }
    }

    /// Finds out whether all ranks succeeded at something. If so, every rank gets its own result
    /// back; otherwise it learns the lowest rank that failed. Collective.
    ///
    /// # Errors
    /// If any rank failed.
    pub fn agree<T, E>(&self, result: Result<T, E>) -> Result<T, Disagreement<E>> {
        let rank = self.rank() as i64;
        let mut lowest = [if result.is_err() { rank } else { i64::MAX }];
        self.combine(Combine::Min, &mut lowest).map_err(Disagreement::Lost)?;
        match (lowest[0], result) {
            (i64::MAX, Ok(value)) => Ok(value),
            (lowest, Err(error)) if lowest == rank => Err(Disagreement::Here(error)),
            (lowest, _) => Err(Disagreement::There { rank: lowest as usize }),
        }
    }

    /// Calls `action` on one rank after the other, in their order. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn in_turn<T>(&self, action: impl FnOnce() -> T) -> Result<T, Error> {
        for _ in 0..self.rank() {
            self.barrier()?;
        }
        let result = action();
        for _ in self.rank()..self.size() {
            self.barrier()?;
        }
        Ok(result)
    }

    /// Sets up a message of `length` numbers to rank `to`. That rank sets up its receipt with the
    /// same tag.
    ///
    /// # Panics
    /// If there is no such rank, or the message is too long for MPI.
    pub fn outgoing(&self, to: usize, tag: usize, length: usize) -> Outgoing {
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
    /// If there is no such rank, or the message is too long for MPI.
    pub fn incoming(&self, from: usize, tag: usize, length: usize) -> Incoming {
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
    pub fn mpi_library(&self) -> Option<String> {
        match &self.0 {
            Inner::Team(..) => None,
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => Some(Environment::library()),
        }
    }

    /// MPI's handle of the world, for libraries that call MPI themselves.
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
