//! Memory that processes on one node share (MPI 4.0, section 12.2.3).

use std::os::raw::{c_int, c_void};
use std::ptr::NonNull;
use std::rc::Rc;

use bytemuck::AnyBitPattern;
use mpi::ffi;

use crate::data::Data;
use crate::error::{Class, Error};
use crate::mpi::communicator::Communicator;
use crate::mpi::outcome::outcome;
use crate::phase::Phase;
use crate::waiting::{Call, Operation};

/// The parts of all processes, as this one sees them.
pub(crate) struct MpiWindow<T> {
    raw: ffi::MPI_Win,
    /// Where the part of each process is, and how many elements it has.
    parts: Vec<(NonNull<T>, usize)>,
    phase: Phase,
    /// Its own: nobody else meets in it.
    communicator: Rc<Communicator>,
}

impl<T: Data + AnyBitPattern> MpiWindow<T> {
    /// A window of processes that share memory, with so many zeros on this one.
    pub(crate) fn new(communicator: Rc<Communicator>, length: usize) -> Result<Self, Error> {
        let call = Call::of_all(Operation::Window, length);
        let bytes =
            length.checked_mul(size_of::<T>()).and_then(|n| ffi::MPI_Aint::try_from(n).ok());
        let bytes = bytes.ok_or_else(|| {
            Error::failed(call, Class::Memory, "there is no memory for so many elements")
        })?;
        let mut place = std::ptr::null_mut::<c_void>();
        // SAFETY: the communicator is valid, and so is the place of the address, which MPI asks for as `void *`. The constants
        // are only read.
        let (code, raw) = communicator.during(call, || unsafe {
            let (mut raw, address) = (ffi::RSMPI_WIN_NULL, (&raw mut place).cast::<c_void>());
            let (info, of) = (ffi::RSMPI_INFO_NULL, communicator.raw);
            (ffi::MPI_Win_allocate_shared(bytes, 1, info, of, address, &mut raw), raw)
        });
        outcome(code, call)?;
        let mut window = MpiWindow { raw, parts: Vec::new(), phase: Phase::Closed, communicator };
        // SAFETY: the window is valid, and nothing is locked yet.
        outcome(unsafe { ffi::MPI_Win_set_errhandler(raw, ffi::RSMPI_ERRORS_RETURN) }, call)?;
        // SAFETY: as above. MPI_Win_sync wants an epoch, which this one begins for the whole life of the window.
        outcome(unsafe { ffi::MPI_Win_lock_all(0, raw) }, call)?;
        let found = (0..window.communicator.size()).map(|rank| window.find(rank, call));
        window.parts = found.collect::<Result<_, _>>()?;
        let (mine, length) = window.parts[window.communicator.rank()];
        // SAFETY: it is memory of this process for so many elements, which others do not look at before they have met.
        unsafe { mine.write_bytes(0, length) };
        Ok(window)
    }

    /// The part of a process.
    fn find(&self, rank: usize, call: Call) -> Result<(NonNull<T>, usize), Error> {
        let (mut bytes, mut unit, mut place) = (0, 0 as c_int, std::ptr::null_mut::<T>());
        // SAFETY: the window is valid and has such a process. MPI asks for the place of the address as `void *`.
        let code = unsafe {
            let address = (&raw mut place).cast::<c_void>();
            ffi::MPI_Win_shared_query(self.raw, rank as c_int, &mut bytes, &mut unit, address)
        };
        outcome(code, call)?;
        let length = usize::try_from(bytes).unwrap_or(0) / size_of::<T>();
        match NonNull::new(place) {
            _ if length == 0 => Ok((NonNull::dangling(), 0)),
            Some(place) if place.is_aligned() => Ok((place, length)),
            _ => {
                let text = format!("the elements of rank {rank} have another type");
                Err(Error::failed(call, Class::Mismatch, text))
            }
        }
    }
}

impl<T> MpiWindow<T> {
    fn call(&self) -> Call {
        let mine = self.parts.get(self.communicator.rank());
        Call::of_all(Operation::Window, mine.map_or(0, |(_, length)| *length))
    }

    /// The part of a process of the communicator.
    #[inline]
    pub(crate) fn part(&self, rank: usize) -> Result<&[T], Error> {
        self.phase.check_read(rank == self.communicator.rank())?;
        let (place, length) = self.parts[rank];
        // SAFETY: there are so many elements, aligned, of a type of which any bits are a value. While the window is open, nobody
        // writes to them: this process met all others when it opened the window, with no part lent for writing, and none of them
        // closes it before this one does, which takes back what is lent here. While it is closed, only the own part is lent,
        // which nobody else uses.
        Ok(unsafe { std::slice::from_raw_parts(place.as_ptr(), length) })
    }

    /// The part of this process, to be changed.
    #[inline]
    pub(crate) fn mine_mut(&mut self) -> Result<&mut [T], Error> {
        self.phase.check(Phase::Closed)?;
        let (place, length) = self.parts[self.communicator.rank()];
        // SAFETY: as above. While the window is closed, nobody else reads or writes this part, and here it is lent once.
        Ok(unsafe { std::slice::from_raw_parts_mut(place.as_ptr(), length) })
    }

    /// Lets all processes read, as soon as all are here.
    pub(crate) fn open(&mut self) -> Result<(), Error> {
        self.pass(Phase::Closed, Phase::Open)
    }

    /// Ends the reading, and waits until it is over everywhere.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.pass(Phase::Open, Phase::Closed)
    }

    /// Waits until all processes are here. What each wrote before is then seen by all (MPI 4.0, section 12.7.3).
    fn pass(&mut self, from: Phase, to: Phase) -> Result<(), Error> {
        self.phase.check(from)?;
        self.phase = Phase::Lost;
        self.synchronise()?;
        self.communicator.barrier()?;
        self.synchronise()?;
        self.phase = to;
        Ok(())
    }

    fn synchronise(&mut self) -> Result<(), Error> {
        // What was written through references is in memory before MPI's barrier, and what is read is read after it.
        std::hint::black_box(&mut self.parts);
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        // SAFETY: the window is valid and in an epoch.
        outcome(unsafe { ffi::MPI_Win_sync(self.raw) }, self.call())
    }
}

impl<T> Drop for MpiWindow<T> {
    fn drop(&mut self) {
        let (call, raw) = (self.call(), &mut self.raw);
        // SAFETY: the window is valid and not used again. Its memory is not taken away before all processes free it, and none
        // of them has a reference into it then.
        self.communicator.during(call, || unsafe {
            ffi::MPI_Win_unlock_all(*raw);
            ffi::MPI_Win_free(raw);
        });
    }
}
