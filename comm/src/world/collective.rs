//! Operations of all ranks with a root, but for reductions. In all of them a rank may go on as soon as it has what it needs.
//!
//! Lists are as long as they have to be, neither shorter nor longer: take a part of a longer one. What is received on the root
//! alone is not looked at elsewhere, and may be empty there.

use std::sync::Arc;

use crate::buffer::{Buffer, BufferMut};
use crate::data::{Data, bytes};
use crate::error::{Class, Error};
use crate::team::{Contribution, Needed, Team, Ticket, gathered, part_of, told};
use crate::waiting::{Call, Operation};
use crate::world::{Inner, World};

/// Begins an operation of rank threads.
pub(super) fn post<T: Data>(
    (team, rank): (&Arc<Team>, usize),
    call: Call,
    data: &[T],
    counts: Vec<usize>,
    needed: Needed,
) -> Ticket {
    let bytes = bytes(data).to_vec();
    let contribution = Contribution { call, item: size_of::<T>(), bytes, counts };
    Ticket::new(team, rank, contribution, needed)
}

/// Checks how long a list is.
pub(super) fn expect(list: &str, length: usize, expected: usize, call: Call) -> Result<(), Error> {
    match length == expected {
        true => Ok(()),
        false => {
            let text = format!("{list} has {length} element(s) instead of {expected}");
            Err(Error::failed(call, Class::Count, text))
        }
    }
}

/// The sum of some counts, if there is one for each rank.
pub(super) fn total(counts: &[usize], ranks: usize, call: Call) -> Result<usize, Error> {
    expect("the list of counts", counts.len(), ranks, call)?;
    counts
        .iter()
        .try_fold(0usize, |sum, n| sum.checked_add(*n))
        .ok_or_else(|| Error::failed(call, Class::Count, "the counts are too large"))
}

impl World {
    pub(super) fn check_root(&self, root: usize, call: Call) -> Result<(), Error> {
        match root < self.size() {
            true => Ok(()),
            false => {
                let text = format!("there are {} rank(s)", self.size());
                Err(Error::failed(call, Class::Root, text))
            }
        }
    }

    /// Sends the elements of one rank, the root, to all others, where they replace those there. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let mut text = if world.rank() == 1 { *b"hello" } else { [0; 5] };
    ///     world.bcast(&mut text, 1)?;
    ///     Ok::<_, Error>(text)
    /// })?;
    /// assert_eq!(found, [*b"hello"; 3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank, if another rank sends elements of another size or number, or if one has failed.
    pub fn bcast<B: BufferMut + ?Sized>(&self, data: &mut B, root: usize) -> Result<(), Error> {
        let call = Call::rooted(Operation::Bcast, root, data.length());
        self.check_root(root, call)?;
        data.receive(|data| match &self.0 {
            Inner::Team(team, rank) if *rank == root => {
                post((team, *rank), call, data, Vec::new(), Needed::Nobody);
                Ok(())
            }
            Inner::Team(team, rank) => {
                let needed = Needed::Rank(root);
                let ticket = post::<B::Item>((team, *rank), call, &[], Vec::new(), needed);
                ticket.wait()?;
                told(&ticket, root, data)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.bcast(data, root, call),
        })
    }

    /// Sends to each rank its part of the elements of the root, which has as many for each as there is room for. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let all: &[i32] = if world.rank() == 0 { &[0, 1, 10, 11, 20, 21] } else { &[] };
    ///     let mut mine = [0; 2];
    ///     world.scatter_into(all, &mut mine, 0)?;
    ///     Ok::<_, Error>(mine)
    /// })?;
    /// assert_eq!(found, [[0, 1], [10, 11], [20, 21]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or a list has the wrong length, or if another rank has failed.
    pub fn scatter_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        root: usize,
    ) -> Result<(), Error> {
        let call = Call::rooted(Operation::Scatter, root, into.length());
        self.check_root(root, call)?;
        let data = self.data_on_root(data, root);
        if self.rank() == root {
            expect("the list to send", data.len(), into.length() * self.size(), call)?;
        }
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let counts = vec![into.len(); team.size];
                scatter_threads((team, *rank), (&data, counts), into, root, call)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.scatter(&data, into, root, call),
        })
    }

    /// Sends to each rank its part of the elements of the root, as many as `counts` says there. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(3, |world| {
    ///     let mut mine = vec![0; world.rank()];
    ///     world.scatterv_into(&[1, 2, 2], &[0, 1, 2], &mut mine, 0)?;
    ///     assert_eq!(mine, vec![world.rank(); world.rank()]);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or a list has the wrong length, or if another rank has failed.
    pub fn scatterv_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        counts: &[usize],
        into: &mut C,
        root: usize,
    ) -> Result<(), Error> {
        let call = Call::rooted(Operation::Scatter, root, into.length());
        self.check_root(root, call)?;
        let data = self.data_on_root(data, root);
        let counts = match self.rank() == root {
            true => {
                expect("the list to send", data.len(), total(counts, self.size(), call)?, call)?;
                expect("the room of the root", into.length(), counts[root], call)?;
                counts
            }
            false => &[],
        };
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                scatter_threads((team, *rank), (&data, counts.to_vec()), into, root, call)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.scatterv(&data, counts, into, root, call),
        })
    }

    /// The elements that the root sends; none elsewhere.
    fn data_on_root<'a, B: Buffer + ?Sized>(
        &self,
        data: &'a B,
        root: usize,
    ) -> std::borrow::Cow<'a, [B::Item]> {
        match self.rank() == root {
            true => data.packed(),
            false => std::borrow::Cow::Borrowed(&[]),
        }
    }

    /// Collects the elements of all ranks on the root, in the order of the ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(3, |world| {
    ///     let mut all = vec![0; if world.rank() == 2 { 3 } else { 0 }];
    ///     world.gather_into(&[world.rank() * world.rank()], &mut all, 2)?;
    ///     assert!(world.rank() != 2 || all == [0, 1, 4]);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or a list has the wrong length, or if another rank has failed.
    pub fn gather_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        root: usize,
    ) -> Result<(), Error> {
        let call = Call::rooted(Operation::Gather, root, data.length());
        self.check_root(root, call)?;
        if self.rank() == root {
            expect("the room", into.length(), data.length() * self.size(), call)?;
        }
        let data = data.packed();
        self.fill_on_root(into, root, |into| match &self.0 {
            Inner::Team(team, rank) => {
                let counts = vec![data.len(); team.size];
                gather_threads((team, *rank), &data, (into, &counts), root, call)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.gather(&data, into, root, call),
        })
    }

    /// Collects the elements of all ranks on the root, from each rank as many as `counts` says there. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let mine = vec![world.rank(); world.rank() + 1];
    /// let mut all = [9; 3];
    /// world.gatherv_into(&mine, &mut all, &[1, 2], 0)?;
    /// assert_eq!(all, if world.is_root() { [0, 1, 1] } else { [9; 3] });
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or a list has the wrong length, or if another rank has failed.
    pub fn gatherv_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        into: &mut C,
        counts: &[usize],
        root: usize,
    ) -> Result<(), Error> {
        let call = Call::rooted(Operation::Gather, root, data.length());
        self.check_root(root, call)?;
        let counts = match self.rank() == root {
            true => {
                expect("the room", into.length(), total(counts, self.size(), call)?, call)?;
                expect("the list of the root", data.length(), counts[root], call)?;
                counts
            }
            false => &[],
        };
        let data = data.packed();
        self.fill_on_root(into, root, |into| match &self.0 {
            Inner::Team(team, rank) => {
                gather_threads((team, *rank), &data, (into, counts), root, call)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.gatherv(&data, into, counts, root, call),
        })
    }

    /// Lets elements arrive on the root, and nothing elsewhere.
    fn fill_on_root<C: BufferMut + ?Sized>(
        &self,
        into: &mut C,
        root: usize,
        receive: impl FnOnce(&mut [C::Item]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self.rank() == root {
            true => into.receive(receive),
            false => receive(&mut []),
        }
    }
}

fn scatter_threads<T: Data>(
    (team, rank): (&Arc<Team>, usize),
    (data, counts): (&[T], Vec<usize>),
    into: &mut [T],
    root: usize,
    call: Call,
) -> Result<(), Error> {
    let ticket = post((team, rank), call, data, counts, Needed::Rank(root));
    ticket.wait()?;
    part_of(&ticket, (root, rank), into)
}

fn gather_threads<T: Data>(
    (team, rank): (&Arc<Team>, usize),
    data: &[T],
    (into, counts): (&mut [T], &[usize]),
    root: usize,
    call: Call,
) -> Result<(), Error> {
    if rank != root {
        post((team, rank), call, data, Vec::new(), Needed::Nobody);
        return Ok(());
    }
    let ticket = post((team, rank), call, data, Vec::new(), Needed::All);
    ticket.wait()?;
    gathered(&ticket, counts, into)
}
