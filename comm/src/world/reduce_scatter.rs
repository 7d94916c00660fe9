//! Reductions of which each rank gets its part.

use crate::buffer::{Buffer, BufferMut};
use crate::data::Data;
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
use crate::world::collective::{expect, post, total};
use crate::world::immediate::begin;
#[cfg(feature = "mpi")]
use crate::world::reduction::built_in;
use crate::world::{Inner, World};

impl World {
    /// Combines the lists of all ranks, and gives each rank its part of the result, as many elements as `counts` says for it,
    /// which is the same on all ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Sum, threads};
    ///
    /// // Nothing for rank 0, three numbers for rank 1.
    /// let found = threads::run(2, |world| {
    ///     let mut mine = vec![0; 3 * world.rank()];
    ///     world.reduce_scatter_into(&[1, 2, 10 + world.rank()], &[0, 3], &mut mine, Sum)?;
    ///     Ok::<_, Error>(mine)
    /// })?;
    /// assert_eq!(found, [vec![], vec![2, 4, 21]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If a list has the wrong length, or if another rank has failed.
    pub fn reduce_scatter_into<B: Buffer + ?Sized, C: BufferMut<Item = B::Item> + ?Sized>(
        &self,
        data: &B,
        counts: &[usize],
        into: &mut C,
        operator: impl Operator<B::Item>,
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::ReduceScatter, data.length());
        expect("the list to send", data.length(), total(counts, self.size(), call)?, call)?;
        expect("the room", into.length(), counts[self.rank()], call)?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                let ticket = post((team, *rank), call, &data, Vec::new(), Needed::All);
                ticket.wait()?;
                let start: usize = counts[..*rank].iter().sum();
                folded(&ticket, &operator, 0..team.size, start..start + into.len(), into)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => match built_in(&operator, communicator.size()) {
                Some(how) => communicator.reduce_scatter(&data, counts, into, how, call),
                None => {
                    let ranks = communicator.size();
                    // As many as all ranks send here; what is in them does not matter.
                    let mut all = into.repeat(ranks);
                    let from = vec![into.len(); ranks];
                    communicator.alltoallv((&data, counts), (&mut all, &from), call)?;
                    fold(&all, into.len(), &operator, into);
                    Ok(())
                }
            },
        })
    }

    /// Begins a [`reduce_scatter_block_into`](World::reduce_scatter_block_into) of lists that are divided equally. It gives back
    /// the part of this rank. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, Sum, threads};
    ///
    /// let found = threads::run(2, |world| {
    ///     let mine = world.ireduce_scatter_block(vec![1, 10 + world.rank()], Sum)?;
    ///     // … something else …
    ///     Ok::<_, Error>(mine.wait()?.0)
    /// })?;
    /// assert_eq!(found, [[2], [21]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`reduce_scatter_block_into`](World::reduce_scatter_block_into).
    pub fn ireduce_scatter_block<T: Data>(
        &self,
        data: Vec<T>,
        operator: impl Operator<T> + 'static,
    ) -> Result<Request<Vec<T>>, Error> {
        let call = Call::of_all(Operation::ReduceScatter, data.len());
        let each = data.len() / self.size();
        expect("the list to send", data.len(), each * self.size(), call)?;
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let (part, ranks) = (rank * each..(rank + 1) * each, 0..team.size);
                let (sent, mine) = ((&data[..], Vec::new()), data[part.clone()].to_vec());
                begin((team, *rank), call, sent, Needed::All, mine, move |ticket, mine| {
                    folded(ticket, &operator, ranks, part, mine)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let pending = communicator.ialltoall(Buffers::with(data.clone(), data), call)?;
                let finish = move |all: Vec<T>| {
                    let mut mine = all[..each].to_vec();
                    fold(&all, each, &operator, &mut mine);
                    mine
                };
                State::Mpi(pending, Some(Box::new(finish)))
            }
        }))
    }
}
