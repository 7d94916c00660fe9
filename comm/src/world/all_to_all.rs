//! Operations in which all ranks receive from all, but for reductions.

use crate::buffer::{Buffer, BufferMut};
use crate::error::Error;
use crate::team::{Needed, exchanged, gathered};
use crate::waiting::{Call, Operation};
use crate::world::collective::{expect, post, total};
use crate::world::{Inner, World};

impl World {
    /// Collects the elements of all ranks on all ranks, in the order of the ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let mut all = [0.0; 3];
    ///     world.allgather_into(&[0.5 * world.rank() as f64], &mut all)?;
    ///     Ok::<_, Error>(all)
    /// })?;
    /// assert_eq!(found, [[0.0, 0.5, 1.0]; 3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, or if another rank has failed.
    pub fn allgather_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Allgather, data.length());
        expect("the room", into.length(), data.length() * self.size(), call)?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let ticket = post((team, *rank), call, &data, Vec::new(), Needed::All);
                ticket.wait()?;
                gathered(&ticket, &vec![data.len(); team.size], into)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.allgather(&data, into, call),
        })
    }

    /// Collects the elements of all ranks on all ranks, from each rank as many as `counts` says. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// // Rank 0 has one element, rank 1 two, rank 2 three.
    /// let mine = vec![world.rank(); world.rank() + 1];
    /// let mut all = [0; 6];
    /// world.allgatherv_into(&mine, &mut all, &[1, 2, 3])?;
    /// assert_eq!(all, [0, 1, 1, 2, 2, 2]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, or if another rank has failed.
    pub fn allgatherv_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        counts: &[usize],
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Allgather, data.length());
        expect("the room", into.length(), total(counts, self.size(), call)?, call)?;
        expect("the list to send", data.length(), counts[self.rank()], call)?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let ticket = post((team, *rank), call, &data, Vec::new(), Needed::All);
                ticket.wait()?;
                gathered(&ticket, counts, into)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.allgatherv(&data, into, counts, call),
        })
    }

    /// Sends to every rank its part of the elements, equally many to each, and collects the parts for this rank, in the order
    /// of the ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(2, |world| {
    ///     let r = world.rank();
    ///     let mut columns = [0; 2];
    ///     world.alltoall_into(&[10 * r, 10 * r + 1], &mut columns)?;
    ///     Ok::<_, Error>(columns)
    /// })?;
    /// assert_eq!(found, [[0, 10], [1, 11]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, or if another rank has failed.
    pub fn alltoall_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Alltoall, data.length());
        let each = data.length() / self.size();
        expect("the list to send", data.length(), each * self.size(), call)?;
        expect("the room", into.length(), data.length(), call)?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let counts = vec![each; team.size];
                let ticket = post((team, *rank), call, &data, counts.clone(), Needed::All);
                ticket.wait()?;
                exchanged(&ticket, *rank, &counts, into)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.alltoall(&data, into, call),
        })
    }

    /// Sends to every rank its part of the elements, as many as `to` says, and collects the parts for this rank, as many from
    /// each as `from` says. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// // Each rank keeps one element and sends two to the other.
    /// let (to, from) = if world.is_root() { ([1, 2], [1, 2]) } else { ([2, 1], [2, 1]) };
    /// let mut found = [0; 3];
    /// world.alltoallv_into(&[world.rank(); 3], &to, &mut found, &from)?;
    /// assert_eq!(found, if world.is_root() { [0, 1, 1] } else { [0, 0, 1] });
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, or if another rank has failed.
    pub fn alltoallv_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        to: &[usize],
        into: &mut C,
        from: &[usize],
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Alltoall, data.length());
        expect("the list to send", data.length(), total(to, self.size(), call)?, call)?;
        expect("the room", into.length(), total(from, self.size(), call)?, call)?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let ticket = post((team, *rank), call, &data, to.to_vec(), Needed::All);
                ticket.wait()?;
                exchanged(&ticket, *rank, from, into)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.alltoallv((&data, to), (into, from), call),
        })
    }
}
