//! The world: all ranks that solve one problem, as one of them sees it.

use std::sync::Arc;
use std::time::Duration;

use crate::combine::Combine;
use crate::error::{Disagreement, Error};
use crate::exact_sum::ExactSum;
use crate::launcher::launched_ranks;
use crate::message::{Channel, Incoming, Outgoing};
#[cfg(feature = "mpi")]
use crate::mpi::{Process, RawComm};
use crate::order::{from_ordered, to_ordered};
use crate::team::Team;
use crate::waiting::{Call, Limit};

/// All ranks that solve one problem, as one of them sees it. A copy stands for the same rank.
#[derive(Clone)]
pub struct World(Inner);

#[derive(Clone)]
enum Inner {
    Solo,
    Thread {
        team: Arc<Team>,
        rank: usize,
    },
    #[cfg(feature = "mpi")]
    Mpi(std::rc::Rc<Process>),
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
    /// With MPI, from this call on a panic ends all processes of the job.
    ///
    /// # Errors
    /// If a launcher started several processes and the program was built without MPI or with another MPI than that of the
    /// launcher, or if MPI is already in use.
    pub fn start() -> Result<Self, Error> {
        match launched_ranks() {
            None => Ok(Self::solo()),
            #[cfg(feature = "mpi")]
            Some(ranks) => {
                let process = Process::start()?;
                if process.size() == 1 && ranks > 1 {
                    return Err(Error::WrongLauncher { ranks, library: Process::library() });
                }
                Ok(World(Inner::Mpi(std::rc::Rc::new(process))))
            }
            #[cfg(not(feature = "mpi"))]
            Some(1) => Ok(Self::solo()),
            #[cfg(not(feature = "mpi"))]
            Some(ranks) => Err(Error::BuiltWithoutMpi { ranks }),
        }
    }

    /// A world of one rank.
    pub fn solo() -> Self {
        World(Inner::Solo)
    }

    pub(crate) fn of_team(team: Arc<Team>, rank: usize) -> Self {
        World(Inner::Thread { team, rank })
    }

    /// Limits the time for which this rank may wait for others, from now on. Without a limit, a rank waits for ever for one
    /// that was stopped or whose network is cut.
    ///
    /// What waits cannot be given up. So when the time is over, `last_words` is called with [`Error::TimedOut`], from a thread of
    /// its own under MPI, and this process ends with the exit code that it returns, which ends the job.
    pub fn limit_waits(
        &self,
        most: Duration,
        last_words: impl Fn(&Error) -> i32 + Send + Sync + 'static,
    ) {
        let limit = Limit { most, last_words: Box::new(last_words) };
        match &self.0 {
            Inner::Solo => {}
            Inner::Thread { team, .. } => team.watch.limit(limit),
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => process.limit_waits(limit),
        }
    }

    /// The kind of the ranks.
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Inner::Solo => Kind::Solo,
            Inner::Thread { .. } => Kind::Threads,
            #[cfg(feature = "mpi")]
            Inner::Mpi(_) => Kind::Mpi,
        }
    }

    /// The number of this rank, counted from 0.
    pub fn rank(&self) -> usize {
        match &self.0 {
            Inner::Solo => 0,
            Inner::Thread { rank, .. } => *rank,
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => process.rank(),
        }
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        match &self.0 {
            Inner::Solo => 1,
            Inner::Thread { team, .. } => team.size,
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => process.size(),
        }
    }

    /// Whether this is rank 0, which acts for all ranks where one has to.
    pub fn is_root(&self) -> bool {
        self.rank() == 0
    }

    /// Waits until every rank has called this. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn barrier(&self) -> Result<(), Error> {
        match &self.0 {
            Inner::Solo => Ok(()),
            Inner::Thread { team, rank } => team.meet(*rank, Call::Barrier),
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => {
                process.barrier();
                Ok(())
            }
        }
    }

    /// Replaces each integer by its sum, maximum or minimum over all ranks. Collective.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn combine(&self, how: Combine, values: &mut [i64]) -> Result<(), Error> {
        match &self.0 {
            Inner::Solo => Ok(()),
            Inner::Thread { team, rank } => team.combine(*rank, how, values),
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => {
                process.combine(how, values);
                Ok(())
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
            Inner::Solo => Ok(Some(mine.to_vec())),
            Inner::Thread { team, rank } => team.gather(*rank, mine),
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => Ok(process.gather(mine, counts)),
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
            Inner::Solo => Ok(mine),
            Inner::Thread { team, rank } => team.exchange(*rank, mine, to, from),
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => Ok(process.exchange(&mine, to, from)),
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
    pub fn outgoing(&self, to: usize, tag: usize, length: usize) -> Outgoing {
        Outgoing(match &self.0 {
            Inner::Solo => unreachable!("a world of one has nobody to send to"),
            Inner::Thread { team, rank } => {
                Channel::Thread(team.mailbox_end((*rank, to), *rank, tag, length))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => Channel::Mpi(Process::outgoing(process, to, tag, length)),
        })
    }

    /// Sets up the receipt of a message of `length` numbers from rank `from`.
    pub fn incoming(&self, from: usize, tag: usize, length: usize) -> Incoming {
        Incoming(match &self.0 {
            Inner::Solo => unreachable!("a world of one has nobody to receive from"),
            Inner::Thread { team, rank } => {
                Channel::Thread(team.mailbox_end((from, *rank), *rank, tag, length))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(process) => Channel::Mpi(Process::incoming(process, from, tag, length)),
        })
    }

    /// MPI's handle of the world, for libraries that call MPI themselves.
    #[cfg(feature = "mpi")]
    pub fn raw(&self) -> Option<RawComm> {
        match &self.0 {
            Inner::Mpi(process) => Some(process.raw()),
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
