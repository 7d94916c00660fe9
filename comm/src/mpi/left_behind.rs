//! What is sent and no longer waited for.

use std::any::Any;
use std::cell::RefCell;

use mpi::ffi;

use crate::mpi::pending::test;

/// Messages that go on without a request of the program, with what MPI still reads. It is freed when they are over, of
/// which the next one that is left behind makes sure, and the end.
#[derive(Default)]
pub(super) struct LeftBehind(RefCell<Vec<Message>>);

struct Message {
    request: ffi::MPI_Request,
    elements: Box<dyn Any>,
}

impl LeftBehind {
    /// Takes over a request that is active and reads these elements.
    pub(super) fn add(&self, request: ffi::MPI_Request, elements: Box<dyn Any>) {
        let mut all = self.0.borrow_mut();
        all.retain_mut(|message| !message.is_over());
        let mut message = Message { request, elements };
        if !message.is_over() {
            all.push(message);
        }
    }

    /// Lets go of all before the end of MPI.
    pub(super) fn end(&self) {
        for mut message in self.0.take() {
            if !message.is_over() {
                // Nobody has received it, so that MPI may read its elements until the process ends.
                std::mem::forget(message.elements);
                // SAFETY: the request is active and not used again; the message goes on without it.
                unsafe { ffi::MPI_Request_free(&mut message.request) };
            }
        }
    }
}

impl Message {
    /// Whether it is over; then its request is freed.
    fn is_over(&mut self) -> bool {
        if test(&mut self.request).is_none() {
            return false;
        }
        // SAFETY: the constant is only read. A request that is over and not null is persistent, inactive and not used again.
        unsafe {
            if self.request != ffi::RSMPI_REQUEST_NULL {
                ffi::MPI_Request_free(&mut self.request);
            }
        }
        true
    }
}
