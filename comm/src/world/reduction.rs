//! Reductions: the elements of all ranks combined by an operator.
//!
//! Where MPI has an operator that gives the same bits in any order, it combines them. Everything else is collected and combined
//! here, in the order of the ranks: short lists by all ranks, of long ones a part by each.

use std::ops::Range;
use std::sync::Arc;

use crate::buffer::{Buffer, BufferMut};
use crate::data::Data;
use crate::error::Error;
use crate::operator::Operator;
#[cfg(feature = "mpi")]
use crate::operator::{BuiltIn, Native, fold};
use crate::team::{Needed, Team, folded};
use crate::waiting::{Call, Operation};
use crate::world::collective::{expect, post};
use crate::world::{Inner, World};

/// The operator of MPI that does the same on so many ranks.
#[cfg(feature = "mpi")]
pub(super) fn built_in<T>(operator: &impl Operator<T>, ranks: usize) -> Option<BuiltIn> {
    match operator.native()? {
        Native::Exact(how) => Some(how),
        Native::OfTwo(how) => (ranks == 2).then_some(how),
    }
}

impl World {
    /// Replaces the elements of each rank by those of all ranks combined, place by place. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Max, Sum, threads};
    ///
    /// let found = threads::run(4, |world| {
    ///     let mut numbers = [1.0, 0.1 * world.rank() as f64];
    ///     world.allreduce(&mut numbers, Sum)?;
    ///     let mut last = [world.rank()];
    ///     world.allreduce(&mut last, Max)?;
    ///     Ok::<_, Error>((numbers, last))
    /// })?;
    /// assert_eq!(found, [([4.0, 0.1 + 0.2 + 0.1 * 3.0], [3]); 4]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has another number of elements, or has failed.
    #[inline]
    pub fn allreduce<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        operator: impl Operator<B::Item>,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Allreduce, data.length());
        data.receive(|data| match &self.0 {
            Inner::Team(team, _) if team.size == 1 => Ok(()),
            Inner::Team(team, rank) => {
                let ticket = post((team, *rank), call, data, Vec::new(), Needed::All);
                ticket.wait()?;
                folded(&ticket, &operator, 0..team.size, 0..data.len(), data)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) if communicator.size() == 1 => Ok(()),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => match built_in(&operator, communicator.size()) {
                Some(how) => communicator.allreduce(data, how, call),
                None => communicator.allreduce_in_order(data, &operator, call),
            },
        })
    }

    /// Combines the elements of all ranks into other places. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let mut most = [0; 2];
    /// world.allreduce_into(&[world.rank(), 1], &mut most, Max)?;
    /// assert_eq!(most, [2, 1]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`allreduce`](World::allreduce), or if there is no room for as many.
    pub fn allreduce_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        operator: impl Operator<B::Item>,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Allreduce, data.length());
        expect("the room", into.length(), data.length(), call)?;
        into.receive(|into| {
            into.copy_from_slice(&data.packed());
            self.allreduce(into, operator)
        })
    }

    /// Replaces the elements of the root by those of all ranks combined; those of the others stay as they are. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Prod, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let mut number = [world.rank() + 2];
    ///     world.reduce(&mut number, Prod, 1)?;
    ///     Ok::<_, Error>(number[0])
    /// })?;
    /// assert_eq!(found, [2, 24, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank, or if another rank has another number of elements, or has failed.
    pub fn reduce<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        operator: impl Operator<B::Item>,
        root: usize,
    ) -> Result<(), Error> {
        let call = Call::rooted(Operation::Reduce, root, data.length());
        self.check_root(root, call)?;
        data.receive(|data| match &self.0 {
            Inner::Team(team, rank) if *rank == root => {
                let ticket = post((team, *rank), call, data, Vec::new(), Needed::All);
                ticket.wait()?;
                folded(&ticket, &operator, 0..team.size, 0..data.len(), data)
            }
            Inner::Team(team, rank) => {
                post((team, *rank), call, data, Vec::new(), Needed::Nobody);
                Ok(())
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) if communicator.size() == 1 => Ok(()),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => match built_in(&operator, communicator.size()) {
                Some(how) => communicator.reduce(data, how, root, call),
                None => communicator.reduce_in_order(data, &operator, root, call),
            },
        })
    }

    /// Combines the elements of all ranks into other places on the root. Elsewhere those are not looked at. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let mut product = [0];
    /// world.reduce_into(&[world.rank() + 1], &mut product, Prod, 0)?;
    /// assert_eq!(product, if world.is_root() { [6] } else { [0] });
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`reduce`](World::reduce), or if there is no room for as many on the root.
    pub fn reduce_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        operator: impl Operator<B::Item>,
        root: usize,
    ) -> Result<(), Error> {
        let call = Call::rooted(Operation::Reduce, root, data.length());
        self.check_root(root, call)?;
        if self.rank() != root {
            return self.reduce(&mut data.packed().into_owned(), operator, root);
        }
        expect("the room", into.length(), data.length(), call)?;
        into.receive(|into| {
            into.copy_from_slice(&data.packed());
            self.reduce(into, operator, root)
        })
    }

    /// Replaces the elements of each rank by those of the ranks up to it combined. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Sum, threads};
    ///
    /// let found = threads::run(4, |world| {
    ///     let (mut upto, mut below) = ([world.rank() + 1], [world.rank() + 1]);
    ///     world.scan(&mut upto, Sum)?;
    ///     world.exscan(&mut below, Sum)?;
    ///     Ok::<_, Error>((upto[0], below[0]))
    /// })?;
    /// // On rank 0 there is nothing below.
    /// assert_eq!(found, [(1, 1), (3, 1), (6, 3), (10, 6)]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has another number of elements, or has failed.
    pub fn scan<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        operator: impl Operator<B::Item>,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Scan, data.length());
        let upto = 0..self.rank() + 1;
        data.receive(|data| match &self.0 {
            Inner::Team(team, rank) => fold_threads((team, *rank), &operator, upto, data, call),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => match built_in(&operator, communicator.size()) {
                Some(how) => communicator.scan(data, how, call),
                None => communicator.scan_in_order(data, &operator, upto, call),
            },
        })
    }

    /// Replaces the elements of each rank by those of the ranks below it combined. Those of rank 0 stay as they are.
    /// Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let mut before = [10 + world.rank()];
    /// world.exscan(&mut before, Sum)?;
    /// assert!(world.is_root() || before == [[0, 10, 21][world.rank()]]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has another number of elements, or has failed.
    pub fn exscan<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        operator: impl Operator<B::Item>,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Exscan, data.length());
        let below = 0..self.rank();
        data.receive(|data| match &self.0 {
            Inner::Team(team, rank) => fold_threads((team, *rank), &operator, below, data, call),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => match built_in(&operator, communicator.size()) {
                Some(how) => {
                    let mine = data.to_vec();
                    communicator.exscan(&mine, data, how, call)?;
                    if self.rank() == 0 {
                        // What is there is then undefined.
                        data.copy_from_slice(&mine);
                    }
                    Ok(())
                }
                None => communicator.scan_in_order(data, &operator, below, call),
            },
        })
    }

    /// Combines the lists of all ranks, and gives each rank its part of the result: as many elements as it has room for, the
    /// same on all ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Sum, threads};
    ///
    /// let found = threads::run(2, |world| {
    ///     let mut mine = [0];
    ///     world.reduce_scatter_block_into(&[1, 10 + world.rank()], &mut mine, Sum)?;
    ///     Ok::<_, Error>(mine[0])
    /// })?;
    /// assert_eq!(found, [2, 21]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, or if another rank has failed.
    pub fn reduce_scatter_block_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        operator: impl Operator<B::Item>,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::ReduceScatter, data.length());
        expect("the list to send", data.length(), into.length() * self.size(), call)?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let ticket = post((team, *rank), call, &data, Vec::new(), Needed::All);
                ticket.wait()?;
                let part = rank * into.len()..(rank + 1) * into.len();
                folded(&ticket, &operator, 0..team.size, part, into)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => match built_in(&operator, communicator.size()) {
                Some(how) => communicator.reduce_scatter_block(&data, into, how, call),
                None => {
                    let mut all = data.to_vec();
                    communicator.alltoall(&data, &mut all, call)?;
                    fold(&all, into.len(), &operator, into);
                    Ok(())
                }
            },
        })
    }
}

fn fold_threads<T: Data>(
    (team, rank): (&Arc<Team>, usize),
    operator: &impl Operator<T>,
    ranks: Range<usize>,
    data: &mut [T],
    call: Call,
) -> Result<(), Error> {
    let ticket = post((team, rank), call, data, Vec::new(), Needed::All);
    ticket.wait()?;
    folded(&ticket, operator, ranks, 0..data.len(), data)
}
