//! How a world comes about.

use std::sync::Arc;

use crate::error::Error;
use crate::launcher::launched_ranks;
#[cfg(feature = "mpi")]
use crate::launcher::only_slurm_knows;
#[cfg(feature = "mpi")]
use crate::mpi::{Communicator, Environment, ThreadLevel};
use crate::team::Team;
use crate::world::{Inner, World};

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
        // Open MPI would end the job with pages of its own.
        let library = Environment::library();
        if only_slurm_knows() && library.starts_with("Open MPI") {
            return Err(Error::WrongLauncher { ranks, library });
        }
        let communicator = Communicator::world(Environment::start(level)?)?;
        if communicator.size() == 1 && ranks > 1 {
            return Err(Error::WrongLauncher { ranks, library });
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
}
