//! Messages between two processes.

use std::os::raw::c_int;
use std::rc::Rc;

use mpi::ffi;

use crate::data::Data;
use crate::error::{Class, Error};
use crate::mpi::communicator::Communicator;
use crate::mpi::counted::counted;
use crate::mpi::datatype::datatype;
use crate::mpi::landing::{address, fitting, land};
use crate::mpi::outcome::outcome;
use crate::mpi::pending::{Buffers, Pending, Sort};
use crate::peer::{Source, Status, Tag};
use crate::waiting::{Call, Operation};

/// A status that MPI has yet to write.
#[inline]
pub(super) fn blank() -> ffi::MPI_Status {
    // SAFETY: a status is a struct of integers, which may all be 0.
    unsafe { std::mem::zeroed() }
}

/// What MPI says of a message of elements of this type.
#[inline]
pub(super) fn status<T: Data>(status: &ffi::MPI_Status, call: Call) -> Result<Status, Error> {
    let (kind, units) = datatype::<T>();
    let mut length: c_int = 0;
    // SAFETY: the status was written by MPI. The constant is only read.
    let undefined = unsafe {
        ffi::MPI_Get_count(status, kind, &mut length);
        ffi::RSMPI_UNDEFINED
    };
    let length = match length != undefined && (length as usize).is_multiple_of(units) {
        true => length as usize / units,
        false => long_length::<T>(status, call)?,
    };
    Ok(Status {
        source: usize::try_from(status.MPI_SOURCE).ok(),
        tag: status.MPI_TAG.max(0) as usize,
        length,
    })
}

/// How many elements a message has that MPI cannot tell in a C integer.
#[cold]
fn long_length<T: Data>(status: &ffi::MPI_Status, call: Call) -> Result<usize, Error> {
    let mut bytes = 0;
    // SAFETY: the status was written by MPI. The constant is only read.
    let code = unsafe { ffi::MPI_Get_elements_x(status, ffi::RSMPI_UINT8_T, &mut bytes) };
    outcome(code, call)?;
    let length = usize::try_from(bytes).ok().filter(|bytes| bytes.is_multiple_of(size_of::<T>()));
    length.map(|bytes| bytes / size_of::<T>()).ok_or_else(|| {
        let text = format!("a message is no whole number of elements of {} bytes", size_of::<T>());
        Error::failed(call, Class::Type, text)
    })
}

#[inline]
pub(super) fn source_of(source: Source) -> c_int {
    // SAFETY: these are constants of the MPI library, which are only read.
    unsafe {
        match source {
            Source::Rank(rank) => rank as c_int,
            Source::Any => ffi::RSMPI_ANY_SOURCE,
            Source::Nobody => ffi::RSMPI_PROC_NULL,
        }
    }
}

#[inline]
pub(super) fn tag_of(tag: Tag) -> c_int {
    match tag {
        Tag::Is(tag) => tag as c_int,
        // SAFETY: this is a constant of the MPI library, which is only read.
        Tag::Any => unsafe { ffi::RSMPI_ANY_TAG },
    }
}

/// A message that was found and is this process's alone to receive.
pub(crate) struct Matched {
    /// MPI's handle, until the message is received.
    raw: Option<ffi::MPI_Message>,
    found: ffi::MPI_Status,
    communicator: Rc<Communicator>,
}

impl Matched {
    /// Receives the message. One that is longer than the room for it is lost.
    pub(crate) fn recv<T: Data>(mut self, into: &mut [T], call: Call) -> Result<Status, Error> {
        let list = counted::<T>(into.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        let status = status::<T>(&self.found, call)?;
        let status = fitting(status, into.len(), call)?;
        let Some(mut raw) = self.raw.take() else { return Ok(Status::NONE) };
        land(into, call, |place| {
            // SAFETY: the message was matched and is received once; the place has room for so many elements, which are enough. The
            // constant is only read.
            let code = self.communicator.during(call, || unsafe {
                ffi::MPI_Mrecv(place, length, kind, &mut raw, ffi::RSMPI_STATUS_IGNORE)
            });
            outcome(code, call)?;
            Ok(status)
        })
    }
}

impl Drop for Matched {
    fn drop(&mut self) {
        let Some(mut raw) = self.raw.take() else { return };
        // MPI wants every message to be received.
        let call = Call::recv(None, None, 0);
        let Ok(length) = status::<u8>(&self.found, call).map(|status| status.length) else {
            return;
        };
        let Ok(list) = counted::<u8>(length, call) else { return };
        let mut room = vec![0u8; length];
        let call = Call::recv(None, None, length);
        // SAFETY: the message was matched and is received once; the room is as long as it. The constant is only read.
        self.communicator.during(call, || unsafe {
            let (place, ignore) = (room.as_mut_ptr().cast(), ffi::RSMPI_STATUS_IGNORE);
            ffi::MPI_Mrecv(place, list.length, list.kind, &mut raw, ignore)
        });
    }
}

impl Communicator {
    /// Sends elements; `Ssend` returns when their receipt has begun.
    #[inline]
    pub(crate) fn send<T: Data>(
        &self,
        data: &[T],
        to: usize,
        tag: usize,
        call: Call,
    ) -> Result<(), Error> {
        let list = counted::<T>(data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        self.notice(to, size_of_val(data));
        let (from, to, tag) = (address(data), to as c_int, tag as c_int);
        // SAFETY: `data` has so many elements of this type; rank and tag were checked.
        let code = self.during(call, || unsafe {
            match call.operation {
                Operation::Ssend => ffi::MPI_Ssend(from, length, kind, to, tag, self.raw),
                _ => ffi::MPI_Send(from, length, kind, to, tag, self.raw),
            }
        });
        outcome(code, call)
    }

    /// Receives elements.
    #[inline]
    pub(crate) fn recv<T: Data>(
        self: &Rc<Self>,
        into: &mut [T],
        from: Source,
        tag: Tag,
        call: Call,
    ) -> Result<Status, Error> {
        if self.overruns(from, size_of_val(into)) {
            // How long the message is must be known before MPI writes it.
            return self.matched(from, tag, call)?.recv(into, call);
        }
        let list = counted::<T>(into.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        let (from, tag) = (source_of(from), tag_of(tag));
        land(into, call, |place| {
            let mut found = blank();
            // SAFETY: the place has room for so many elements; rank and tag were checked.
            let code = self.during(call, || unsafe {
                ffi::MPI_Recv(place, length, kind, from, tag, self.raw, &mut found)
            });
            outcome(code, call)?;
            status::<T>(&found, call)
        })
    }

    /// Sends and receives at the same time.
    #[inline]
    pub(crate) fn sendrecv<T: Data, U: Data>(
        self: &Rc<Self>,
        (data, to, sent_tag): (&[T], Option<usize>, usize),
        (into, from, tag): (&mut [U], Source, Tag),
        call: Call,
    ) -> Result<Status, Error> {
        if let Some(to) = to {
            self.notice(to, size_of_val(data));
            if self.overruns(from, size_of_val(into)) {
                return self.send_and_recv((data, to, sent_tag), (into, from, tag), call);
            }
        } else if self.overruns(from, size_of_val(into)) {
            return self.recv(into, from, tag, call);
        }
        let sending = counted::<T>(data.len(), call)?;
        let (sent, sent_kind) = (sending.length, sending.kind);
        let list = counted::<U>(into.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        let to = source_of(to.into());
        land(into, call, |place| {
            let mut found = blank();
            // SAFETY: as for `send` and `recv`; the two lists do not overlap.
            let code = self.during(call, || unsafe {
                ffi::MPI_Sendrecv(
                    address(data),
                    sent,
                    sent_kind,
                    to,
                    sent_tag as c_int,
                    place,
                    length,
                    kind,
                    source_of(from),
                    tag_of(tag),
                    self.raw,
                    &mut found,
                )
            });
            outcome(code, call)?;
            status::<U>(&found, call)
        })
    }

    /// Begins to send, and receives.
    fn send_and_recv<T: Data, U: Data>(
        self: &Rc<Self>,
        (data, to, sent_tag): (&[T], usize, usize),
        (into, from, tag): (&mut [U], Source, Tag),
        call: Call,
    ) -> Result<Status, Error> {
        let list = counted::<T>(data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        // SAFETY: `data` has so many elements and stays as it is until the request is over, below; rank and tag were checked. The
        // constant is only read.
        let (code, mut request) = unsafe {
            let (from, to, tag) = (address(data), to as c_int, sent_tag as c_int);
            let mut request = ffi::RSMPI_REQUEST_NULL;
            let code = ffi::MPI_Isend(from, length, kind, to, tag, self.raw, &mut request);
            (code, request)
        };
        outcome(code, call)?;
        let received = self.recv(into, from, tag, call);
        // SAFETY: the request is active.
        let code =
            self.during(call, || unsafe { ffi::MPI_Wait(&mut request, ffi::RSMPI_STATUS_IGNORE) });
        outcome(code, call)?;
        received
    }

    /// Begins to send elements.
    pub(crate) fn isend<T: Data>(
        self: &Rc<Self>,
        data: Vec<T>,
        to: usize,
        tag: usize,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let list = counted::<T>(data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        self.notice(to, size_of_val(&data[..]));
        let (to, tag) = (to as c_int, tag as c_int);
        let buffers = Buffers::of(data);
        Pending::begin(self, Sort::Send, call, buffers, |(place, _), _, request| {
            // SAFETY: the place has so many elements and stays as it is until the request is over.
            unsafe {
                match call.operation {
                    Operation::Ssend => {
                        ffi::MPI_Issend(place, length, kind, to, tag, self.raw, request)
                    }
                    _ => ffi::MPI_Isend(place, length, kind, to, tag, self.raw, request),
                }
            }
        })
    }

    /// Begins to receive elements.
    pub(crate) fn irecv<T: Data>(
        self: &Rc<Self>,
        into: Vec<T>,
        from: Source,
        tag: Tag,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let room = into.len() + usize::from(from.takes(self.rank()));
        let (list, sort) = (counted::<T>(room, call)?, Sort::Receive(from));
        let (length, kind) = (list.length, list.kind);
        let (from, tag) = (source_of(from), tag_of(tag));
        let buffers = Buffers::of(into);
        Pending::begin(self, sort, call, buffers, |(place, _), _, request| {
            // SAFETY: the place has room for so many elements, and nobody else uses it until the request is over.
            unsafe { ffi::MPI_Irecv(place, length, kind, from, tag, self.raw, request) }
        })
    }

    /// Waits for a message and says what is known of it, in bytes.
    pub(crate) fn probe(&self, from: Source, tag: Tag, call: Call) -> Result<Status, Error> {
        let mut found = blank();
        // SAFETY: the communicator is valid; rank and tag were checked.
        let code = self.during(call, || unsafe {
            ffi::MPI_Probe(source_of(from), tag_of(tag), self.raw, &mut found)
        });
        outcome(code, call)?;
        status::<u8>(&found, call)
    }

    /// Says what is known of a message, if there is one.
    pub(crate) fn iprobe(
        &self,
        from: Source,
        tag: Tag,
        call: Call,
    ) -> Result<Option<Status>, Error> {
        let (mut found, mut is_there) = (blank(), 0);
        // SAFETY: as for `probe`.
        let code = unsafe {
            ffi::MPI_Iprobe(source_of(from), tag_of(tag), self.raw, &mut is_there, &mut found)
        };
        outcome(code, call)?;
        (is_there != 0).then(|| status::<u8>(&found, call)).transpose()
    }

    /// Takes the first message, to be received later; waits for it if `waits`.
    pub(crate) fn mprobe(
        self: &Rc<Self>,
        from: Source,
        tag: Tag,
        waits: bool,
        call: Call,
    ) -> Result<Option<(Matched, Status)>, Error> {
        let matched = match waits {
            true => Some(self.matched(from, tag, call)?),
            false => self.matched_at_once(from, tag, call)?,
        };
        matched
            .map(|matched| status::<u8>(&matched.found, call).map(|status| (matched, status)))
            .transpose()
    }

    /// Waits for a message and takes it.
    #[inline]
    fn matched(self: &Rc<Self>, from: Source, tag: Tag, call: Call) -> Result<Matched, Error> {
        let (from, tag, mut found) = (source_of(from), tag_of(tag), blank());
        // SAFETY: as for `probe`. The constant is only read.
        let (code, raw) = unsafe {
            let mut raw = ffi::RSMPI_MESSAGE_NULL;
            let wait = || ffi::MPI_Mprobe(from, tag, self.raw, &mut raw, &mut found);
            (self.during(call, wait), raw)
        };
        outcome(code, call)?;
        Ok(Matched { raw: Some(raw), found, communicator: self.clone() })
    }

    /// Takes a message if one is there.
    fn matched_at_once(
        self: &Rc<Self>,
        from: Source,
        tag: Tag,
        call: Call,
    ) -> Result<Option<Matched>, Error> {
        let (from, tag, mut found, mut is_there) = (source_of(from), tag_of(tag), blank(), 0);
        // SAFETY: as for `probe`. The constant is only read.
        let (code, raw) = unsafe {
            let mut raw = ffi::RSMPI_MESSAGE_NULL;
            let code = ffi::MPI_Improbe(from, tag, self.raw, &mut is_there, &mut raw, &mut found);
            (code, raw)
        };
        outcome(code, call)?;
        let communicator = self.clone();
        Ok((is_there != 0).then(|| Matched { raw: Some(raw), found, communicator }))
    }
}
