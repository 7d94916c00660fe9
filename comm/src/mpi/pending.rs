//! Operations of MPI that are under way, with what they read and write.

use std::os::raw::{c_int, c_void};
use std::rc::Rc;

use mpi::ffi;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::communicator::Communicator;
use crate::mpi::datatype::Partition;
use crate::mpi::landing::{address, fitting, place, staged, take_over};
use crate::mpi::outcome::outcome;
use crate::mpi::point_to_point::{blank, status};
use crate::peer::{Source, Status};
use crate::waiting::Call;

/// The sorts of operations, which differ in how they are given up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Send,
    Receive(Source),
    Collective,
}

/// What an operation uses.
pub(crate) struct Buffers<T> {
    /// What it is to give back: what was sent, or what is received.
    pub(crate) data: Vec<T>,
    /// What it reads besides.
    pub(crate) other: Vec<T>,
    /// How these are divided among the ranks, where that is not equally: MPI reads it until the operation is over.
    _parts: Vec<Partition>,
}

impl<T> Buffers<T> {
    /// One list alone.
    pub(crate) fn of(data: Vec<T>) -> Self {
        Self::with(data, Vec::new())
    }

    /// A list that is given back, and one that is read besides.
    pub(crate) fn with(data: Vec<T>, other: Vec<T>) -> Self {
        Self::divided(data, other, Vec::new())
    }

    /// The same, with what says how they are divided.
    pub(super) fn divided(data: Vec<T>, other: Vec<T>, parts: Vec<Partition>) -> Self {
        Buffers { data, other, _parts: parts }
    }
}

/// An operation that is under way.
pub(crate) struct Pending<T: Data> {
    request: ffi::MPI_Request,
    is_active: bool,
    sort: Sort,
    call: Call,
    buffers: Buffers<T>,
    /// Where elements land that must be checked.
    staged: Vec<u8>,
    outcome: Result<Status, Error>,
    communicator: Rc<Communicator>,
}

/// Looks whether what a request that is active stands for is over, or has failed: MPI's return code, and what it says of a
/// message.
#[inline]
pub(super) fn test(request: &mut ffi::MPI_Request) -> Option<(c_int, ffi::MPI_Status)> {
    let (mut found, mut is_over) = (blank(), 0);
    // SAFETY: the request is active. If the test completes it, it becomes null, or inactive if it is persistent.
    let code = unsafe { ffi::MPI_Test(request, &mut is_over, &mut found) };
    (is_over != 0 || code != ffi::MPI_SUCCESS as c_int).then_some((code, found))
}

/// Waits until it is over.
#[inline]
pub(super) fn wait(
    request: &mut ffi::MPI_Request,
    communicator: &Communicator,
    call: Call,
) -> (c_int, ffi::MPI_Status) {
    let mut found = blank();
    // SAFETY: the request is active, and is not afterwards.
    let code = communicator.during(call, || unsafe { ffi::MPI_Wait(request, &mut found) });
    (code, found)
}

impl<T: Data> Pending<T> {
    /// Begins an operation with the places of the two buffers, and for how many elements there is room in the first.
    pub(super) fn begin(
        communicator: &Rc<Communicator>,
        sort: Sort,
        call: Call,
        mut buffers: Buffers<T>,
        begin: impl FnOnce((*mut c_void, usize), *const c_void, *mut ffi::MPI_Request) -> c_int,
    ) -> Result<Self, Error> {
        let mut staged = match sort {
            Sort::Send => Vec::new(),
            Sort::Receive(_) | Sort::Collective => staged(&buffers.data),
        };
        let length = match sort {
            Sort::Receive(from) => communicator.room(&mut buffers.data, &mut staged, from),
            Sort::Send | Sort::Collective => buffers.data.len(),
        };
        let place = match sort {
            Sort::Send => address(&buffers.data).cast_mut(),
            Sort::Receive(_) | Sort::Collective => place(&mut buffers.data, &mut staged),
        };
        // SAFETY: this is a constant of the MPI library, which is only read.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        let code = begin((place, length), address(&buffers.other), &mut request);
        outcome(code, call)?;
        Ok(Pending {
            request,
            is_active: true,
            sort,
            call,
            buffers,
            staged,
            outcome: Ok(Status::NONE),
            communicator: communicator.clone(),
        })
    }

    pub(crate) fn call(&self) -> Call {
        self.call
    }

    pub(crate) fn communicator(&self) -> &Rc<Communicator> {
        &self.communicator
    }

    /// Whether the operation is over.
    pub(crate) fn test(&mut self) -> bool {
        if self.is_active
            && let Some((code, found)) = test(&mut self.request)
        {
            self.end(code, &found);
        }
        !self.is_active
    }

    /// Waits until it is.
    pub(crate) fn wait(&mut self) {
        if self.is_active {
            let (code, found) = wait(&mut self.request, &self.communicator, self.call);
            self.end(code, &found);
        }
    }

    /// The request has become null.
    fn end(&mut self, code: c_int, found: &ffi::MPI_Status) {
        self.is_active = false;
        self.outcome = outcome(code, self.call).and_then(|()| {
            let status = match self.sort {
                Sort::Receive(_) => {
                    let most = self.buffers.data.len();
                    fitting(status::<T>(found, self.call)?, most, self.call)?
                }
                Sort::Send | Sort::Collective => Status::NONE,
            };
            if self.sort != Sort::Send {
                take_over(&mut self.buffers.data, &self.staged, self.call)?;
            }
            Ok(status)
        });
    }

    /// What an operation that is over gives back.
    pub(crate) fn finish(mut self) -> Result<(Vec<T>, Status), Error> {
        self.wait();
        let outcome = std::mem::replace(&mut self.outcome, Ok(Status::NONE));
        outcome.map(|status| (std::mem::take(&mut self.buffers.data), status))
    }
}

impl<T: Data> Drop for Pending<T> {
    fn drop(&mut self) {
        if !self.is_active {
            return;
        }
        match self.sort {
            Sort::Receive(_) => {
                // SAFETY: the request is active. A receipt that is cancelled ends, with or without a message.
                unsafe { ffi::MPI_Cancel(&mut self.request) };
                self.wait();
            }
            Sort::Send => {
                // MPI still reads the elements.
                let elements = Box::new(std::mem::take(&mut self.buffers.data));
                self.communicator.environment.left_behind.add(self.request, elements);
            }
            Sort::Collective => self.wait(),
        }
    }
}
