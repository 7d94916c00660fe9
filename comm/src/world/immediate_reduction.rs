//! Reductions that go on while a rank does other things.

use std::ops::Range;

use crate::buffer::Owned;
use crate::error::Error;
#[cfg(feature = "mpi")]
use crate::mpi::Buffers;
use crate::operator::Operator;
#[cfg(feature = "mpi")]
use crate::operator::fold;
use crate::request::Request;
#[cfg(feature = "mpi")]
use crate::request::State;
use crate::team::{Needed, folded};
use crate::waiting::{Call, Operation};
use crate::world::immediate::begin;
#[cfg(feature = "mpi")]
use crate::world::reduction::built_in;
use crate::world::{Inner, World};

impl World {
    /// Begins an [`allreduce`](World::allreduce). Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Sum, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let sum = world.iallreduce(vec![world.rank(); 2], Sum)?;
    ///     // … something else …
    ///     Ok::<_, Error>(sum.wait()?.0)
    /// })?;
    /// assert_eq!(found, [[3, 3]; 3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`allreduce`](World::allreduce).
    pub fn iallreduce<B: Owned>(
        &self,
        data: B,
        operator: impl Operator<B::Item> + 'static,
    ) -> Result<Request<B>, Error> {
        let data = data.into_vector();
        let call = Call::of_all(Operation::Allreduce, data.len());
        #[cfg(feature = "mpi")]
        if let Inner::Mpi(communicator) = &self.0
            && let Some(how) = built_in(&operator, communicator.size())
        {
            return Ok(Request(State::Mpi(communicator.iallreduce(data, how, call)?, None)));
        }
        self.combined(data, operator, 0..self.size(), call)
    }

    /// Begins a [`reduce`](World::reduce). Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let (sum, _) = world.ireduce(vec![1 << world.rank()], Sum, 1)?.wait()?;
    /// if world.rank() == 1 {
    ///     assert_eq!(sum, [7]);
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`reduce`](World::reduce).
    pub fn ireduce<B: Owned>(
        &self,
        data: B,
        operator: impl Operator<B::Item> + 'static,
        root: usize,
    ) -> Result<Request<B>, Error> {
        let data = data.into_vector();
        let call = Call::rooted(Operation::Reduce, root, data.len());
        self.check_root(root, call)?;
        let length = data.len();
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let (sent, ranks) = ((&data.clone()[..], Vec::new()), 0..team.size);
                let is_root = *rank == root;
                let needed = if is_root { Needed::All } else { Needed::Nobody };
                begin((team, *rank), call, sent, needed, data, move |ticket, data| match is_root {
                    true => folded(ticket, &operator, ranks, 0..length, data),
                    false => Ok(()),
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let is_root = communicator.rank() == root;
                let mine = data.clone();
                let all = if is_root { data.repeat(communicator.size()) } else { Vec::new() };
                let buffers = Buffers::with(all, data);
                let pending = communicator.igather(buffers, root, call)?;
                let finish = move |all: Vec<B::Item>| {
                    let mut result = mine;
                    if is_root {
                        fold(&all, length, &operator, &mut result);
                    }
                    result
                };
                State::Mpi(pending, Some(Box::new(finish)))
            }
        }))
    }

    /// Begins a [`scan`](World::scan). Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let (sum, _) = world.iscan(vec![1], Sum)?.wait()?;
    /// assert_eq!(sum, [world.rank() + 1]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`scan`](World::scan).
    pub fn iscan<B: Owned>(
        &self,
        data: B,
        operator: impl Operator<B::Item> + 'static,
    ) -> Result<Request<B>, Error> {
        let data = data.into_vector();
        let call = Call::of_all(Operation::Scan, data.len());
        self.combined(data, operator, 0..self.rank() + 1, call)
    }

    /// Begins an [`exscan`](World::exscan). Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let (sum, _) = world.iexscan(vec![1], Sum)?.wait()?;
    /// if world.rank() > 0 {
    ///     assert_eq!(sum, [world.rank()]);
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`exscan`](World::exscan).
    pub fn iexscan<B: Owned>(
        &self,
        data: B,
        operator: impl Operator<B::Item> + 'static,
    ) -> Result<Request<B>, Error> {
        let data = data.into_vector();
        let call = Call::of_all(Operation::Exscan, data.len());
        self.combined(data, operator, 0..self.rank(), call)
    }

    /// Begins to combine the elements of some ranks, in their order.
    fn combined<B: Owned>(
        &self,
        data: Vec<B::Item>,
        operator: impl Operator<B::Item> + 'static,
        ranks: Range<usize>,
        call: Call,
    ) -> Result<Request<B>, Error> {
        let length = data.len();
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let sent = (&data.clone()[..], Vec::new());
                begin((team, *rank), call, sent, Needed::All, data, move |ticket, data| {
                    folded(ticket, &operator, ranks, 0..length, data)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let mine = data.clone();
                let buffers = Buffers::with(data.repeat(communicator.size()), data);
                let pending = communicator.iallgather(buffers, call)?;
                let finish = move |all: Vec<B::Item>| {
                    let mut result = mine;
                    let lists = &all[ranks.start * length..ranks.end * length];
                    fold(lists, length, &operator, &mut result);
                    result
                };
                State::Mpi(pending, Some(Box::new(finish)))
            }
        }))
    }
}
