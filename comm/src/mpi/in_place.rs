//! Messages from and into a list of numbers, whose rows are described by MPI's derived types (MPI 4.0, section 5.1).

use std::collections::VecDeque;
use std::os::raw::{c_int, c_void};
use std::rc::Rc;

use mpi::ffi;

use crate::error::{Class, Error};
use crate::mpi::communicator::Communicator;
use crate::mpi::counted::count;
use crate::mpi::datatype::datatype;
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
    rank: c_int,
    tag: c_int,
    call: Call,
}

impl Leg {
    fn new(part: &Part, call: Call) -> Result<Self, Error> {
        let rows = part.rows.joined();
        let numbers = count::<f64>(rows.numbers(), call)?;
        let is_derived = rows.counts != [1, 1] && numbers > 0;
        let (kind, length) = match is_derived {
            false => (datatype::<f64>().0, numbers),
            true => (derived(&rows, call)?, 1),
        };
        Ok(Leg {
            kind,
            is_derived,
            length,
            start: rows.start,
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
    /// The requests of the last calls, by where the lists were.
    requests: VecDeque<Requests>,
    /// The receipts, and then what is sent.
    legs: Vec<Leg>,
    receipts: usize,
    communicator: Rc<Communicator>,
}

/// For how many places of lists requests are kept: arrays that change places come by the same ones again.
const KEPT: usize = 8;

/// Persistent requests for lists at some places: those of the receipts, and then those of what is sent, list by list.
struct Requests {
    numbers: *mut f64,
    starts: Vec<usize>,
    /// The requests, each with the number of its leg.
    all: Vec<(ffi::MPI_Request, usize)>,
}

impl Drop for Requests {
    fn drop(&mut self) {
        for (request, _) in &mut self.all {
            // SAFETY: the request is inactive and is not used again.
            unsafe { ffi::MPI_Request_free(request) };
        }
    }
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
        for part in sent {
            communicator.notice(part.rank, part.rows.numbers() * size_of::<f64>());
        }
        Ok(InPlace {
            requests: VecDeque::with_capacity(KEPT),
            legs: received.iter().map(from).chain(sent.iter().map(to)).collect::<Result<_, _>>()?,
            receipts: received.len(),
            communicator: communicator.clone(),
        })
    }

    /// Exchanges the parts of the lists that begin at `starts`, which lie within the numbers.
    pub(crate) fn exchange(&mut self, numbers: &mut [f64], starts: &[usize]) -> Result<(), Error> {
        // Requests of earlier calls read and write at this place too: the compiler is not to take it for untouched.
        let numbers = std::hint::black_box(numbers.as_mut_ptr());
        let known = |kept: &Requests| kept.numbers == numbers && kept.starts == starts;
        let place = match self.requests.iter().position(known) {
            Some(place) => place,
            None => {
                let new = self.set_up(numbers, starts)?;
                if self.requests.len() == KEPT {
                    self.requests.pop_front();
                }
                self.requests.push_back(new);
                self.requests.len() - 1
            }
        };
        let (mut result, mut begun) = (Ok(()), 0);
        for (request, leg) in &mut self.requests[place].all {
            // SAFETY: the request is persistent and inactive. It is that of a list at the same address. Its part lies within the
            // numbers, which are lent to this call alone until it returns; then no request is active.
            let code = unsafe { ffi::MPI_Start(request) };
            if code != ffi::MPI_SUCCESS as c_int {
                result = outcome(code, self.legs[*leg].call);
                break;
            }
            begun += 1;
        }
        let is_cancelled = result.is_err();
        for (request, number) in &mut self.requests[place].all[..begun] {
            let (leg, is_receipt) = (&self.legs[*number], *number < self.receipts);
            if is_cancelled && is_receipt {
                // SAFETY: the request is active. A receipt that is cancelled ends, with or without a message.
                unsafe { ffi::MPI_Cancel(request) };
            }
            let (code, found) = wait(request, &self.communicator, leg.call);
            if code != ffi::MPI_SUCCESS as c_int {
                result = result.and(outcome(code, leg.call));
            } else if is_receipt && !is_whole(&found, leg) {
                result = result.and(Err(too_short(leg.call)));
            }
        }
        result
    }

    /// Sets up the requests for lists that begin at `starts`.
    fn set_up(&self, numbers: *mut f64, starts: &[usize]) -> Result<Requests, Error> {
        let raw = self.communicator.raw;
        let mut new = Requests { numbers, starts: starts.to_vec(), all: Vec::new() };
        let (receipts, sent) = (0..self.receipts, self.receipts..self.legs.len());
        for (legs, is_receipt) in [(receipts, true), (sent, false)] {
            let each = |start| legs.clone().map(move |number| (start, number));
            for (start, number) in starts.iter().flat_map(each) {
                let leg = &self.legs[number];
                let place = leg.place(numbers, *start);
                let (length, kind, rank, tag) = (leg.length, leg.kind, leg.rank, leg.tag);
                // SAFETY: the constant is only read; nothing is read or written at the place before the request is started.
                let (code, request) = unsafe {
                    let mut request = ffi::RSMPI_REQUEST_NULL;
                    let code = match is_receipt {
                        true => {
                            ffi::MPI_Recv_init(place, length, kind, rank, tag, raw, &mut request)
                        }
                        false => {
                            ffi::MPI_Send_init(place, length, kind, rank, tag, raw, &mut request)
                        }
                    };
                    (code, request)
                };
                outcome(code, leg.call)?;
                new.all.push((request, number));
            }
        }
        Ok(new)
    }
}

/// Whether all of a part has arrived.
#[inline]
fn is_whole(found: &ffi::MPI_Status, leg: &Leg) -> bool {
    let mut length = 0;
    // SAFETY: the status was written by MPI, and the type is that of the receipt.
    unsafe { ffi::MPI_Get_count(found, leg.kind, &mut length) };
    length == leg.length
}

#[cold]
fn too_short(call: Call) -> Error {
    Error::failed(call, Class::Count, "the message is too short")
}
