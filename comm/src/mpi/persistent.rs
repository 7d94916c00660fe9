//! Messages that are set up once and carried out many times (MPI 4.0, section 3.9), which rsmpi lacks.

use std::os::raw::c_int;
use std::rc::Rc;

use mpi::ffi;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::communicator::Communicator;
use crate::mpi::counted::counted;
use crate::mpi::landing::{address, fitting, place, staged, take_over};
use crate::mpi::outcome::outcome;
use crate::mpi::pending::{test, wait};
use crate::mpi::point_to_point::{source_of, status, tag_of};
use crate::peer::{Source, Status, Tag};
use crate::waiting::Call;

/// A persistent request with its elements.
pub(crate) struct Persistent<T: Data> {
    buffer: Vec<T>,
    /// Where elements land that must be checked.
    staged: Vec<u8>,
    request: ffi::MPI_Request,
    is_active: bool,
    is_receipt: bool,
    /// What a rank waits for in this request.
    call: Call,
    /// What is known of the message that was received last.
    found: Status,
    /// What went wrong before the next wait, which tells it.
    error: Option<Box<Error>>,
    communicator: Rc<Communicator>,
}

impl<T: Data> Persistent<T> {
    /// Sets up a message to a rank.
    pub(crate) fn outgoing(
        communicator: &Rc<Communicator>,
        buffer: Vec<T>,
        to: Option<usize>,
        tag: usize,
    ) -> Result<Self, Error> {
        let call = Call::send(to, tag, buffer.len());
        let list = counted::<T>(buffer.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        if let Some(to) = to {
            communicator.notice(to, size_of_val(&buffer[..]));
        }
        let (to, place) = (source_of(to.into()), address(&buffer));
        // SAFETY: the buffer has so many elements and lives as long as the request. Both belong to the `Persistent`, which
        // never moves the elements. The constant is only read.
        let (code, request) = unsafe {
            let mut request = ffi::RSMPI_REQUEST_NULL;
            let raw = communicator.raw;
            let code = ffi::MPI_Send_init(place, length, kind, to, tag as c_int, raw, &mut request);
            (code, request)
        };
        outcome(code, call)?;
        Ok(Self::new(communicator, buffer, Vec::new(), request, false, call))
    }

    /// Sets up the receipt of a message.
    pub(crate) fn incoming(
        communicator: &Rc<Communicator>,
        mut buffer: Vec<T>,
        from: Source,
        tag: Tag,
    ) -> Result<Self, Error> {
        let call = Call::recv(from.rank(), tag.number(), buffer.len());
        let mut staged = staged(&buffer);
        let room = communicator.room(&mut buffer, &mut staged, from);
        let list = counted::<T>(room, call)?;
        let (length, kind) = (list.length, list.kind);
        let place = place(&mut buffer, &mut staged);
        // SAFETY: the place has room for so many elements, though it may not hold as many, and lives as long as
        // the request. MPI writes to it only while the request is active, and then `Persistent` lets nobody access it. The
        // constant is only read.
        let (code, request) = unsafe {
            let mut request = ffi::RSMPI_REQUEST_NULL;
            let (from, tag, raw) = (source_of(from), tag_of(tag), communicator.raw);
            let code = ffi::MPI_Recv_init(place, length, kind, from, tag, raw, &mut request);
            (code, request)
        };
        outcome(code, call)?;
        Ok(Self::new(communicator, buffer, staged, request, true, call))
    }

    fn new(
        communicator: &Rc<Communicator>,
        buffer: Vec<T>,
        staged: Vec<u8>,
        request: ffi::MPI_Request,
        is_receipt: bool,
        call: Call,
    ) -> Self {
        Persistent {
            buffer,
            staged,
            request,
            is_active: false,
            is_receipt,
            call,
            found: Status::NONE,
            error: None,
            communicator: communicator.clone(),
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.is_active
    }

    /// The elements. MPI does not touch them unless the message is on its way.
    #[inline]
    pub(crate) fn buffer(&self) -> &[T] {
        assert!(!self.is_active, "the buffer of a message on its way");
        &self.buffer
    }

    #[inline]
    pub(crate) fn buffer_mut(&mut self) -> &mut [T] {
        assert!(!self.is_active, "the buffer of a message on its way");
        &mut self.buffer
    }

    #[inline]
    pub(crate) fn start(&mut self) -> Result<(), Error> {
        assert!(!self.is_active, "a message is started twice");
        // SAFETY: the request is persistent and inactive.
        outcome(unsafe { ffi::MPI_Start(&mut self.request) }, self.call)?;
        self.is_active = true;
        Ok(())
    }

    /// Starts; an error is told by the wait that follows.
    #[inline]
    pub(crate) fn start_or_fail_later(&mut self) {
        if let Err(error) = self.start() {
            self.error = Some(Box::new(error));
        }
    }

    /// Whether the message is no longer on its way.
    #[inline]
    pub(crate) fn test(&mut self) -> bool {
        if self.is_active
            && let Some((code, found)) = test(&mut self.request)
        {
            match self.end(code, &found) {
                Ok(status) => self.found = status,
                Err(error) => self.error = Some(Box::new(error)),
            }
        }
        !self.is_active
    }

    /// Waits until it is not.
    #[inline]
    pub(crate) fn wait(&mut self) -> Result<Status, Error> {
        if self.is_active {
            let (code, found) = wait(&mut self.request, &self.communicator, self.call);
            return self.end(code, &found);
        }
        match self.error.take() {
            None => Ok(std::mem::replace(&mut self.found, Status::NONE)),
            Some(error) => Err(*error),
        }
    }

    #[inline]
    fn end(&mut self, code: c_int, found: &ffi::MPI_Status) -> Result<Status, Error> {
        self.is_active = false;
        outcome(code, self.call)?;
        if !self.is_receipt {
            return Ok(Status::NONE);
        }
        let status = fitting(status::<T>(found, self.call)?, self.buffer.len(), self.call)?;
        take_over(&mut self.buffer, &self.staged, self.call)?;
        Ok(status)
    }
}

impl<T: Data> Drop for Persistent<T> {
    fn drop(&mut self) {
        if self.is_active && self.is_receipt {
            // SAFETY: the request is active. A receipt that is cancelled ends, with or without a message.
            unsafe { ffi::MPI_Cancel(&mut self.request) };
            let _ = self.wait();
        } else if self.is_active {
            // MPI may still read the elements.
            let elements = Box::new(std::mem::take(&mut self.buffer));
            return self.communicator.environment.left_behind.add(self.request, elements);
        }
        // SAFETY: the request is inactive and not used again, and MPI is not finalised yet.
        unsafe { ffi::MPI_Request_free(&mut self.request) };
    }
}
