//! Operations in which all processes of a communicator take part, but for reductions.

use std::os::raw::c_int;
use std::rc::Rc;

use mpi::ffi;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::communicator::Communicator;
use crate::mpi::counted::{count, counted, counted_of};
use crate::mpi::datatype::{datatype, partition};
use crate::mpi::landing::address;
use crate::mpi::outcome::outcome;
use crate::mpi::pending::{Buffers, Pending, Sort};
use crate::waiting::{Call, Operation};

// SAFETY of all calls here: lists have as many elements as MPI is told, or as the counts say, which World checks before; roots
// are ranks of the communicator; lists that are read and written do not overlap.

impl Communicator {
    pub(crate) fn barrier(&self) -> Result<(), Error> {
        let call = Call::of_all(Operation::Barrier, 0);
        // SAFETY: the communicator is valid.
        outcome(self.during(call, || unsafe { ffi::MPI_Barrier(self.raw) }), call)
    }

    pub(crate) fn bcast<T: Data>(
        &self,
        data: &mut [T],
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        let list = counted::<T>(data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        self.write_to(data, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Bcast(place, length, kind, root as c_int, self.raw) }
        })
    }

    /// To each rank as many elements as it has room for.
    pub(crate) fn scatter<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        let list = counted_of::<T>(into.len(), into.len() * self.size(), call)?;
        let (length, kind) = (list.length, list.kind);
        let from = address(data);
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Scatter(from, length, kind, place, length, kind, root as c_int, self.raw)
            }
        })
    }

    /// To each rank as many elements as `counts` says on the root.
    pub(crate) fn scatterv<T: Data>(
        &self,
        data: &[T],
        counts: &[usize],
        into: &mut [T],
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        let (length, kind) = (count::<T>(into.len(), call)?, datatype::<T>().0);
        let parts = partition::<T>(counts, call)?;
        let (from, (counts, starts)) = (address(data), parts.places());
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe {
                let root = root as c_int;
                ffi::MPI_Scatterv(from, counts, starts, kind, place, length, kind, root, self.raw)
            }
        })
    }

    /// From each rank the same number of elements.
    pub(crate) fn gather<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        let list = counted_of::<T>(data.len(), data.len() * self.size(), call)?;
        let (length, kind) = (list.length, list.kind);
        let from = address(data);
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Gather(from, length, kind, place, length, kind, root as c_int, self.raw)
            }
        })
    }

    /// From each rank as many elements as `counts` says on the root.
    pub(crate) fn gatherv<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        counts: &[usize],
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let parts = partition::<T>(counts, call)?;
        let (from, (counts, starts)) = (address(data), parts.places());
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe {
                let root = root as c_int;
                ffi::MPI_Gatherv(from, length, kind, place, counts, starts, kind, root, self.raw)
            }
        })
    }

    pub(crate) fn allgather<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        call: Call,
    ) -> Result<(), Error> {
        let list = counted_of::<T>(data.len(), into.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        let from = address(data);
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Allgather(from, length, kind, place, length, kind, self.raw) }
        })
    }

    pub(crate) fn allgatherv<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        counts: &[usize],
        call: Call,
    ) -> Result<(), Error> {
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let parts = partition::<T>(counts, call)?;
        let (from, (counts, starts)) = (address(data), parts.places());
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Allgatherv(from, length, kind, place, counts, starts, kind, self.raw)
            }
        })
    }

    pub(crate) fn alltoall<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        call: Call,
    ) -> Result<(), Error> {
        let list = counted_of::<T>(data.len() / self.size(), data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        let from = address(data);
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Alltoall(from, length, kind, place, length, kind, self.raw) }
        })
    }

    pub(crate) fn alltoallv<T: Data>(
        &self,
        (data, to): (&[T], &[usize]),
        (into, from): (&mut [T], &[usize]),
        call: Call,
    ) -> Result<(), Error> {
        let kind = datatype::<T>().0;
        let (sent, received) = (partition::<T>(to, call)?, partition::<T>(from, call)?);
        let ((to, to_starts), (from, from_starts)) = (sent.places(), received.places());
        let mine = address(data);
        self.write_to(into, call, |place| {
            let raw = self.raw;
            // SAFETY: see above.
            unsafe {
                ffi::MPI_Alltoallv(mine, to, to_starts, kind, place, from, from_starts, kind, raw)
            }
        })
    }

    pub(crate) fn ibarrier(self: &Rc<Self>) -> Result<Pending<u8>, Error> {
        let call = Call::of_all(Operation::Barrier, 0);
        let buffers = Buffers::of(Vec::new());
        Pending::begin(self, Sort::Collective, call, buffers, |_, _, request| {
            // SAFETY: the communicator is valid.
            unsafe { ffi::MPI_Ibarrier(self.raw, request) }
        })
    }

    pub(crate) fn ibcast<T: Data>(
        self: &Rc<Self>,
        data: Vec<T>,
        root: usize,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let list = counted::<T>(data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        let buffers = Buffers::of(data);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), _, request| {
            // SAFETY: see above; the buffers are kept until the request is over.
            unsafe { ffi::MPI_Ibcast(place, length, kind, root as c_int, self.raw, request) }
        })
    }

    pub(crate) fn iscatter<T: Data>(
        self: &Rc<Self>,
        buffers: Buffers<T>,
        root: usize,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let list = counted_of::<T>(buffers.data.len(), buffers.data.len() * self.size(), call)?;
        let (length, kind) = (list.length, list.kind);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            let root = root as c_int;
            // SAFETY: see above; the buffers are kept until the request is over.
            unsafe {
                ffi::MPI_Iscatter(from, length, kind, place, length, kind, root, self.raw, request)
            }
        })
    }

    pub(crate) fn igather<T: Data>(
        self: &Rc<Self>,
        buffers: Buffers<T>,
        root: usize,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let list = counted_of::<T>(buffers.other.len(), buffers.other.len() * self.size(), call)?;
        let (length, kind) = (list.length, list.kind);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            let root = root as c_int;
            // SAFETY: see above; the buffers are kept until the request is over.
            unsafe {
                ffi::MPI_Igather(from, length, kind, place, length, kind, root, self.raw, request)
            }
        })
    }

    pub(crate) fn iallgather<T: Data>(
        self: &Rc<Self>,
        buffers: Buffers<T>,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let list = counted_of::<T>(buffers.other.len(), buffers.data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            // SAFETY: see above; the buffers are kept until the request is over.
            unsafe {
                ffi::MPI_Iallgather(from, length, kind, place, length, kind, self.raw, request)
            }
        })
    }

    pub(crate) fn ialltoall<T: Data>(
        self: &Rc<Self>,
        buffers: Buffers<T>,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let each = buffers.other.len() / self.size();
        let list = counted_of::<T>(each, buffers.data.len(), call)?;
        let (length, kind) = (list.length, list.kind);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), from, request| {
            // SAFETY: see above; the buffers are kept until the request is over.
            unsafe {
                ffi::MPI_Ialltoall(from, length, kind, place, length, kind, self.raw, request)
            }
        })
    }
}
