//! Reductions by MPI's own operators.

use std::os::raw::c_int;
use std::rc::Rc;

use mpi::ffi;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::communicator::Communicator;
use crate::mpi::counted::{MOST, count};
use crate::mpi::datatype::{datatype, operator, partition};
use crate::mpi::landing::{IN_PLACE, address};
use crate::mpi::pending::{Buffers, Pending, Sort};
use crate::operator::BuiltIn;
use crate::waiting::Call;

// SAFETY of all calls here: lists have as many elements as MPI is told, of a type that MPI's operator takes (`Operator::native`);
// roots are ranks of the communicator; lists that are read and written are the same one, in place, or do not overlap.

impl Communicator {
    /// Combines the elements of all ranks, in place.
    #[inline]
    pub(crate) fn allreduce<T: Data>(
        &self,
        data: &mut [T],
        how: BuiltIn,
        call: Call,
    ) -> Result<(), Error> {
        if data.len() > MOST {
            return data.chunks_mut(MOST).try_for_each(|piece| self.allreduce(piece, how, call));
        }
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let how = operator(how);
        self.write_to(data, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Allreduce(IN_PLACE, place, length, kind, how, self.raw) }
        })
    }

    /// Combines the elements of all ranks on the root, where they replace its own; those of the others stay as they are.
    pub(crate) fn reduce<T: Data>(
        &self,
        data: &mut [T],
        how: BuiltIn,
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        if data.len() > MOST {
            return data.chunks_mut(MOST).try_for_each(|piece| self.reduce(piece, how, root, call));
        }
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let (how, is_root) = (operator(how), self.rank() == root);
        // In place, MPICH 4.0 crashes on long lists where the root is not rank 0.
        let copy = if is_root { data.to_vec() } else { Vec::new() };
        let from = if is_root { address(&copy) } else { address(data) };
        self.write_to(data, call, |place| {
            // SAFETY: see above. Off the root nothing is written.
            unsafe {
                let place = if is_root { place } else { std::ptr::null_mut() };
                ffi::MPI_Reduce(from, place, length, kind, how, root as c_int, self.raw)
            }
        })
    }

    /// Combines the elements of the ranks up to this one, in place.
    pub(crate) fn scan<T: Data>(
        &self,
        data: &mut [T],
        how: BuiltIn,
        call: Call,
    ) -> Result<(), Error> {
        if data.len() > MOST {
            return data.chunks_mut(MOST).try_for_each(|piece| self.scan(piece, how, call));
        }
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let how = operator(how);
        self.write_to(data, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Scan(IN_PLACE, place, length, kind, how, self.raw) }
        })
    }

    /// Combines the elements of the ranks below this one. On rank 0 nothing is written.
    pub(crate) fn exscan<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        how: BuiltIn,
        call: Call,
    ) -> Result<(), Error> {
        if data.len() > MOST {
            let mut pieces = data.chunks(MOST).zip(into.chunks_mut(MOST));
            return pieces.try_for_each(|(from, into)| self.exscan(from, into, how, call));
        }
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let (how, from) = (operator(how), address(data));
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Exscan(from, place, length, kind, how, self.raw) }
        })
    }

    /// Combines the lists of all ranks, of which each gets its own part.
    pub(crate) fn reduce_scatter_block<T: Data>(
        &self,
        data: &[T],
        into: &mut [T],
        how: BuiltIn,
        call: Call,
    ) -> Result<(), Error> {
        count::<T>(data.len(), call)?;
        let (length, kind) = (count::<T>(into.len(), call)?, datatype::<T>().0);
        let (how, from) = (operator(how), address(data));
        self.write_to(into, call, |place| {
            // SAFETY: see above.
            unsafe { ffi::MPI_Reduce_scatter_block(from, place, length, kind, how, self.raw) }
        })
    }

    /// Combines the lists of all ranks, of which each gets as many elements as `counts` says.
    pub(crate) fn reduce_scatter<T: Data>(
        &self,
        data: &[T],
        counts: &[usize],
        into: &mut [T],
        how: BuiltIn,
        call: Call,
    ) -> Result<(), Error> {
        let (parts, kind) = (partition::<T>(counts, call)?, datatype::<T>().0);
        let (how, from, counts) = (operator(how), address(data), parts.places().0);
        self.write_to(into, call, |place| {
            // SAFETY: see above; there is a count for each rank.
            unsafe { ffi::MPI_Reduce_scatter(from, place, counts, kind, how, self.raw) }
        })
    }

    /// Begins to combine the elements of all ranks, in place.
    pub(crate) fn iallreduce<T: Data>(
        self: &Rc<Self>,
        data: Vec<T>,
        how: BuiltIn,
        call: Call,
    ) -> Result<Pending<T>, Error> {
        let (length, kind) = (count::<T>(data.len(), call)?, datatype::<T>().0);
        let how = operator(how);
        let buffers = Buffers::of(data);
        Pending::begin(self, Sort::Collective, call, buffers, |(place, _), _, request| {
            // SAFETY: see above; the buffers are kept until the request is over.
            unsafe { ffi::MPI_Iallreduce(IN_PLACE, place, length, kind, how, self.raw, request) }
        })
    }
}
