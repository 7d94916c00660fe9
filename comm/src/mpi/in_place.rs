//! Messages from and into a list of numbers, whose rows are described by MPI's derived types (MPI 4.0, section 5.1).

use std::os::raw::{c_int, c_void};
use std::rc::Rc;

use mpi::ffi;

use crate::error::{Class, Error};
use crate::mpi::communicator::Communicator;
use crate::mpi::datatype::{count, datatype};
use crate::mpi::outcome::outcome;
use crate::mpi::pending::wait;
use crate::rows::{Part, Rows};
use crate::waiting::Call;

/// A part of a list as MPI sees it.
struct Leg {
    kind: ffi::MPI_Datatype,
    /// Whether the type was made here.
    is_derived: bool,
    /// How many of it the part is.
    length: c_int,
    start: usize,
    end: usize,
    rank: c_int,
    tag: c_int,
    call: Call,
}

impl Leg {
    fn new(part: &Part, call: Call) -> Result<Self, Error> {
        let rows = part.rows.joined();
        let numbers = count::<f64>(rows.numbers(), call)?;
        let is_derived = rows.counts != [1, 1];
        let (kind, length) = match is_derived {
            false => (datatype::<f64>().0, numbers),
            true => (derived(&rows, call)?, 1),
        };
        Ok(Leg {
            kind,
            is_derived,
            length,
            start: rows.start,
            end: rows.end(),
            rank: part.rank as c_int,
            tag: part.tag as c_int,
            call,
        })
    }

    /// The place of the part in the list that begins at `start`.
    #[inline]
    fn place(&self, numbers: *mut f64, start: usize) -> *mut c_void {
        numbers.wrapping_add(start + self.start).cast()
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        if self.is_derived {
            // SAFETY: the type was made here and is not used again.
            unsafe { ffi::MPI_Type_free(&mut self.kind) };
        }
    }
}

/// The type of rows, counted from where the first one begins.
fn derived(rows: &Rows, call: Call) -> Result<ffi::MPI_Datatype, Error> {
    let number = |n: usize| {
        c_int::try_from(n).map_err(|_| Error::failed(call, Class::Count, "rows are too far apart"))
    };
    let (length, inner, stride) =
        (number(rows.length)?, number(rows.counts[1])?, number(rows.strides[1])?);
    let (outer, far) = (number(rows.counts[0])?, rows.strides[0] * size_of::<f64>());
    let double = datatype::<f64>().0;
    // SAFETY: types of rows may be made of any numbers; those that are not returned are freed.
    unsafe {
        let mut kind = double;
        outcome(ffi::MPI_Type_vector(inner, length, stride, double, &mut kind), call)?;
        if outer > 1 {
            let mut plane = kind;
            let code =
                ffi::MPI_Type_create_hvector(outer, 1, far as ffi::MPI_Aint, plane, &mut kind);
            ffi::MPI_Type_free(&mut plane);
            outcome(code, call)?;
        }
        let code = ffi::MPI_Type_commit(&mut kind);
        if let Err(error) = outcome(code, call) {
            ffi::MPI_Type_free(&mut kind);
            return Err(error);
        }
        Ok(kind)
    }
}

/// Parts of a list that are sent and received in one call.
pub(crate) struct InPlace {
    sent: Vec<Leg>,
    received: Vec<Leg>,
    /// The requests of the call that goes on, and whose they are.
    requests: Vec<(ffi::MPI_Request, usize)>,
    communicator: Rc<Communicator>,
}

impl InPlace {
    pub(crate) fn new(
        communicator: &Rc<Communicator>,
        sent: &[Part],
        received: &[Part],
    ) -> Result<Self, Error> {
        let to = |part: &Part| {
            Leg::new(part, Call::send(Some(part.rank), part.tag, part.rows.numbers()))
        };
        let from = |part: &Part| {
            Leg::new(part, Call::recv(Some(part.rank), Some(part.tag), part.rows.numbers()))
        };
        Ok(InPlace {
            sent: sent.iter().map(to).collect::<Result<_, _>>()?,
            received: received.iter().map(from).collect::<Result<_, _>>()?,
            requests: Vec::new(),
            communicator: communicator.clone(),
        })
    }

    /// One past the last number of the parts.
    pub(crate) fn end(&self) -> usize {
        self.sent.iter().chain(&self.received).map(|leg| leg.end).max().unwrap_or(0)
    }

    /// Exchanges the parts of the lists that begin at `starts`, which lie within the numbers.
    pub(crate) fn exchange(&mut self, numbers: &mut [f64], starts: &[usize]) -> Result<(), Error> {
        // The numbers are lent to this call alone until it returns, and no request is left when it does.
        let receipts = self.received.len() * starts.len();
        let begun = self.begin(numbers.as_mut_ptr(), starts);
        let is_cancelled = begun.is_err();
        let mut result = begun;
        let (received, sent) = (&self.received, &self.sent);
        for (place, (request, leg)) in self.requests.iter_mut().enumerate() {
            let is_receipt = place < receipts;
            let leg = if is_receipt { &received[*leg] } else { &sent[*leg] };
            if is_cancelled && is_receipt {
                // SAFETY: the request is active. A receipt that is cancelled ends, with or without a message.
                unsafe { ffi::MPI_Cancel(request) };
            }
            let (code, found) = wait(request, &self.communicator, leg.call);
            let ended = outcome(code, leg.call).and_then(|()| match is_receipt {
                true => whole(&found, leg),
                false => Ok(()),
            });
            result = result.and(ended);
        }
        self.requests.clear();
        result
    }

    /// Begins to receive and to send everything.
    fn begin(&mut self, numbers: *mut f64, starts: &[usize]) -> Result<(), Error> {
        let raw = self.communicator.raw;
        // SAFETY: this is a constant of the MPI library, which is only read.
        let null = unsafe { ffi::RSMPI_REQUEST_NULL };
        for start in starts {
            for (number, leg) in self.received.iter().enumerate() {
                let (place, mut request) = (leg.place(numbers, *start), null);
                // SAFETY: the part lies within the numbers, which nobody else uses until the request is over.
                let code = unsafe {
                    ffi::MPI_Irecv(
                        place,
                        leg.length,
                        leg.kind,
                        leg.rank,
                        leg.tag,
                        raw,
                        &mut request,
                    )
                };
                outcome(code, leg.call)?;
                self.requests.push((request, number));
            }
        }
        for start in starts {
            for (number, leg) in self.sent.iter().enumerate() {
                let (place, mut request) = (leg.place(numbers, *start), null);
                // SAFETY: as above.
                let code = unsafe {
                    ffi::MPI_Isend(
                        place,
                        leg.length,
                        leg.kind,
                        leg.rank,
                        leg.tag,
                        raw,
                        &mut request,
                    )
                };
                outcome(code, leg.call)?;
                self.requests.push((request, number));
            }
        }
        Ok(())
    }
}

/// Checks that all of a part has arrived.
#[inline]
fn whole(found: &ffi::MPI_Status, leg: &Leg) -> Result<(), Error> {
    let mut length = 0;
    // SAFETY: the status was written by MPI, and the type is that of the receipt.
    unsafe { ffi::MPI_Get_count(found, leg.kind, &mut length) };
    match length == leg.length {
        true => Ok(()),
        false => Err(Error::failed(leg.call, Class::Count, "the message is too short")),
    }
}
