//! Operations of all processes with parts of different lengths, which go on while a process does other things.

use std::os::raw::c_int;
use std::rc::Rc;

use mpi::ffi;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::communicator::Communicator;
use crate::mpi::counted::count;
use crate::mpi::datatype::{datatype, partition};
use crate::mpi::pending::{Buffers, Pending, Sort};
use crate::waiting::Call;

// SAFETY of all calls here: lists have as many elements as MPI is told, or as the counts say, which World checks before; roots
// are ranks of the communicator. The lists and the counts belong to `Pending`, which keeps them until the request is over.

impl Communicator {
    /// To each process as many elements as `counts` says on the root.
    pub(crate) fn iscatterv<T: Data>(
        self: &Rc<Self>,
        (data, counts): (Vec<T>, &[usize]),
        into: Vec<T>,
        root: usize,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let (length, kind) = (count::<T>(into.len(), call)?, datatype::<T>().0);
        let parts = partition::<T>(counts, call)?;
        let (counts, starts) = parts.places();
        let buffers = Buffers::divided(into, data, vec![parts]);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            let (root, raw) = (root as c_int, self.raw);
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Iscatterv(
                    from, counts, starts, kind, place, length, kind, root, raw, request,
                )
            }
        })
    }

    /// From each process as many elements as `counts` says on the root.
    pub(crate) fn igatherv<T: Data>(
        self: &Rc<Self>,
        data: Vec<T>,
        (into, counts): (Vec<T>, &[usize]),
        root: usize,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let parts = partition::<T>(counts, call)?;
        let (counts, starts) = parts.places();
        let buffers = Buffers::divided(into, data, vec![parts]);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            let (root, raw) = (root as c_int, self.raw);
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Igatherv(
                    from, length, kind, place, counts, starts, kind, root, raw, request,
                )
            }
        })
    }

    /// From each process as many elements as `counts` says.
    pub(crate) fn iallgatherv<T: Data>(
        self: &Rc<Self>,
        data: Vec<T>,
        (into, counts): (Vec<T>, &[usize]),
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let parts = partition::<T>(counts, call)?;
        let (counts, starts) = parts.places();
        let buffers = Buffers::divided(into, data, vec![parts]);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            let raw = self.raw;
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Iallgatherv(from, length, kind, place, counts, starts, kind, raw, request)
            }
        })
    }

    /// To each process as many elements as `to` says, and from each as many as `from` says.
    pub(crate) fn ialltoallv<T: Data>(
        self: &Rc<Self>,
        (data, to): (Vec<T>, &[usize]),
        (into, from): (Vec<T>, &[usize]),
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let kind = datatype::<T>().0;
        let (sent, received) = (partition::<T>(to, call)?, partition::<T>(from, call)?);
        let ((to, to_starts), (from, from_starts)) = (sent.places(), received.places());
        let buffers = Buffers::divided(into, data, vec![sent, received]);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), mine, request| {
            let raw = self.raw;
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Ialltoallv(
                    mine,
                    to,
                    to_starts,
                    kind,
                    place,
                    from,
                    from_starts,
                    kind,
                    raw,
                    request,
                )
            }
        })
    }
}
