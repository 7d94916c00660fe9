//! Communicators: some processes of the job, as one of them sees them.

use std::cell::Cell;
use std::os::raw::c_int;
use std::rc::Rc;

use mpi::ffi;

use crate::error::Error;
use crate::mpi::environment::Environment;
use crate::mpi::outcome::outcome;
use crate::peer::Source;
use crate::waiting::{Call, Limit, Operation};
use crate::world::{Inner, World};

/// MPI's handle of a communicator.
pub type RawComm = ffi::MPI_Comm;

/// A communicator. Its errors are returned.
pub(crate) struct Communicator {
    pub(super) raw: RawComm,
    rank: usize,
    size: usize,
    /// The bytes of the longest message that this process has sent to itself.
    longest_to_itself: Cell<usize>,
    /// Whether it is freed here.
    is_ours: bool,
    pub(super) environment: Rc<Environment>,
}

impl Drop for Communicator {
    fn drop(&mut self) {
        if self.is_ours {
            // SAFETY: the communicator was made here and is not used again, and MPI is not finalised before the
            // environment is dropped. Requests that are under way keep it.
            unsafe { ffi::MPI_Comm_free(&mut self.raw) };
        }
    }
}

impl Communicator {
    /// All processes of the job.
    pub(crate) fn world(environment: Rc<Environment>) -> Result<Rc<Self>, Error> {
        // SAFETY: this is a constant of the MPI library, which is only read.
        let raw = unsafe { ffi::RSMPI_COMM_WORLD };
        Self::new(raw, false, environment, Operation::Start)
    }

    /// A copy of a communicator of the program.
    ///
    /// # Safety
    /// The handle must be that of a communicator of processes (no intercommunicator), which this process is in.
    pub(crate) unsafe fn copy_of(
        raw: RawComm,
        environment: Rc<Environment>,
    ) -> Result<Rc<Self>, Error> {
        let mut copy = raw;
        // SAFETY: the caller vouches for the handle.
        let code = unsafe { ffi::MPI_Comm_dup(raw, &mut copy) };
        outcome(code, Call::of_all(Operation::Dup, 0))?;
        Self::new(copy, true, environment, Operation::Dup)
    }

    /// The world of a program that has initialised MPI itself: a copy.
    pub(crate) fn attach() -> Result<Rc<Self>, Error> {
        let environment = Environment::attach()?;
        // SAFETY: MPI is initialised, and then this handle is valid.
        unsafe { Self::copy_of(ffi::RSMPI_COMM_WORLD, environment) }
    }

    fn new(
        raw: RawComm,
        is_ours: bool,
        environment: Rc<Environment>,
        operation: Operation,
    ) -> Result<Rc<Self>, Error> {
        let call = Call::of_all(operation, 0);
        let (mut rank, mut size): (c_int, c_int) = (0, 0);
        // SAFETY: the communicator is valid. Error handlers are inherited when communicators are made, and set here for
        // those that are not made from ours.
        unsafe {
            outcome(ffi::MPI_Comm_set_errhandler(raw, ffi::RSMPI_ERRORS_RETURN), call)?;
            outcome(ffi::MPI_Comm_rank(raw, &mut rank), call)?;
            outcome(ffi::MPI_Comm_size(raw, &mut size), call)?;
        }
        let (rank, size) = (rank as usize, size as usize);
        let longest_to_itself = Cell::new(0);
        Ok(Rc::new(Communicator { raw, rank, size, longest_to_itself, is_ours, environment }))
    }

    #[inline]
    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Takes notice of a message to a rank.
    #[inline]
    pub(super) fn notice(&self, to: usize, bytes: usize) {
        if to == self.rank && bytes > self.longest_to_itself.get() {
            self.longest_to_itself.set(bytes);
        }
    }

    /// Whether a message that is longer than the room for it would be written beyond it, for all that is known.
    #[inline]
    pub(super) fn overruns(&self, from: Source, room: usize) -> bool {
        self.environment.overruns
            && match from {
                Source::Nobody => false,
                Source::Rank(rank) if rank != self.rank => true,
                Source::Any if self.size > 1 => true,
                Source::Rank(_) | Source::Any => room < self.longest_to_itself.get(),
            }
    }

    pub(crate) fn highest_tag(&self) -> usize {
        self.environment.highest_tag
    }

    pub(crate) fn raw(&self) -> RawComm {
        self.raw
    }

    pub(crate) fn environment(&self) -> &Rc<Environment> {
        &self.environment
    }

    pub(crate) fn limit_waits(&self, limit: Limit) {
        self.environment.watch.limit(self.rank, limit);
    }

    /// Does what may wait, under the watch.
    #[inline]
    pub(crate) fn during<R>(&self, call: Call, wait: impl FnOnce() -> R) -> R {
        self.environment.watch.during(call, wait)
    }

    /// The same processes with a communicator of their own.
    pub(crate) fn dup(&self) -> Result<Rc<Self>, Error> {
        let environment = self.environment.clone();
        let call = Call::of_all(Operation::Dup, 0);
        // SAFETY: the handle is valid as long as `self`.
        self.during(call, || unsafe { Self::copy_of(self.raw, environment) })
    }

    /// The processes of the same colour, in the order of their keys; nothing for those without a colour.
    pub(crate) fn split(&self, colour: Option<usize>, key: i32) -> Result<Option<Rc<Self>>, Error> {
        let call = Call::of_all(Operation::Split, 0);
        let mut raw = self.raw;
        // SAFETY: the communicator is valid; colours were checked. The constant is only read.
        let code = self.during(call, || unsafe {
            let colour = colour.map_or(ffi::RSMPI_UNDEFINED, |colour| colour as c_int);
            ffi::MPI_Comm_split(self.raw, colour, key, &mut raw)
        });
        outcome(code, call)?;
        match colour {
            Some(_) => Self::new(raw, true, self.environment.clone(), Operation::Split).map(Some),
            None => Ok(None),
        }
    }

    /// The processes that share memory with this one.
    pub(crate) fn split_shared(&self) -> Result<Rc<Self>, Error> {
        let call = Call::of_all(Operation::Split, 0);
        let mut raw = self.raw;
        // SAFETY: the communicator is valid. The constants are only read.
        let code = self.during(call, || unsafe {
            let kind = ffi::RSMPI_COMM_TYPE_SHARED;
            ffi::MPI_Comm_split_type(self.raw, kind, 0, ffi::RSMPI_INFO_NULL, &mut raw)
        });
        outcome(code, call)?;
        Self::new(raw, true, self.environment.clone(), Operation::Split)
    }
}

impl World {
    /// A world of the processes of a communicator that the program has made itself, with messages apart from all others. MPI is
    /// in use, and the program will finalise it after all worlds are dropped. Collective.
    ///
    /// # Safety
    /// The handle must be that of a communicator that this process is in, and no intercommunicator.
    ///
    /// # Errors
    /// As [`attach`](World::attach).
    pub unsafe fn from_raw(raw: RawComm) -> Result<Self, Error> {
        let environment = Environment::attach()?;
        // SAFETY: the caller vouches for the handle.
        unsafe { Communicator::copy_of(raw, environment) }
            .map(|communicator| World(Inner::Mpi(communicator)))
    }
}
