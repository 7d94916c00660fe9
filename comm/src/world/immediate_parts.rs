//! Operations of all ranks with parts of different lengths that go on while a rank does other things.
//!
//! They own what is sent and the room for what arrives, and give back the room.

use crate::buffer::Owned;
use crate::error::Error;
use crate::request::Request;
#[cfg(feature = "mpi")]
use crate::request::State;
use crate::team::{Needed, exchanged, gathered, part_of};
use crate::waiting::{Call, Operation};
use crate::world::collective::{expect, total};
use crate::world::immediate::begin;
use crate::world::{Inner, World};

impl World {
    /// Begins a [`scatterv_into`](World::scatterv_into). Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(3, |world| {
    ///     let all = if world.rank() == 0 { vec![1, 2, 2] } else { Vec::new() };
    ///     let mine = world.iscatterv(all, &[0, 1, 2], vec![0; world.rank()], 0)?;
    ///     // … something else …
    ///     assert_eq!(mine.wait()?.0, vec![world.rank(); world.rank()]);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`scatterv_into`](World::scatterv_into).
    pub fn iscatterv<B: Owned>(
        &self,
        data: Vec<B::Item>,
        counts: &[usize],
        into: B,
        root: usize,
    ) -> Result<Request<B>, Error> {
        let into = into.into_vector();
        let call = Call::rooted(Operation::Scatter, root, into.len());
        self.check_root(root, call)?;
        let (data, counts) = match self.rank() == root {
            true => {
                expect("the list to send", data.len(), total(counts, self.size(), call)?, call)?;
                expect("the room of the root", into.len(), counts[root], call)?;
                (data, counts)
            }
            false => (Vec::new(), &[][..]),
        };
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let (here, needed) = ((root, *rank), Needed::Rank(root));
                let sent = (&data[..], counts.to_vec());
                begin((team, *rank), call, sent, needed, into, move |ticket, into| {
                    part_of(ticket, here, into)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                State::Mpi(communicator.iscatterv((data, counts), into, root, call)?, None)
            }
        }))
    }

    /// Begins a [`gatherv_into`](World::gatherv_into). On the root it gives back the elements of all ranks, elsewhere its room
    /// as it was. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(3, |world| {
    ///     let room = vec![0; if world.rank() == 1 { 3 } else { 0 }];
    ///     let all = world.igatherv(vec![world.rank(); world.rank()], room, &[0, 1, 2], 1)?;
    ///     // … something else …
    ///     let (all, _) = all.wait()?;
    ///     assert!(world.rank() != 1 || all == [1, 2, 2]);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`gatherv_into`](World::gatherv_into).
    pub fn igatherv<B: Owned>(
        &self,
        data: Vec<B::Item>,
        into: B,
        counts: &[usize],
        root: usize,
    ) -> Result<Request<B>, Error> {
        let into = into.into_vector();
        let call = Call::rooted(Operation::Gather, root, data.len());
        self.check_root(root, call)?;
        let is_root = self.rank() == root;
        let counts = match is_root {
            true => {
                expect("the room", into.len(), total(counts, self.size(), call)?, call)?;
                expect("the list of the root", data.len(), counts[root], call)?;
                counts
            }
            false => &[],
        };
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let needed = if is_root { Needed::All } else { Needed::Nobody };
                let (sent, counts) = ((&data[..], Vec::new()), counts.to_vec());
                begin((team, *rank), call, sent, needed, into, move |ticket, all| match is_root {
                    true => gathered(ticket, &counts, all),
                    false => Ok(()),
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                State::Mpi(communicator.igatherv(data, (into, counts), root, call)?, None)
            }
        }))
    }

    /// Begins an [`allgatherv_into`](World::allgatherv_into). It gives back the elements of all ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let mine = vec![world.rank(); world.rank()];
    ///     let all = world.iallgatherv(mine, vec![0; 3], &[0, 1, 2])?;
    ///     // … something else …
    ///     Ok::<_, Error>(all.wait()?.0)
    /// })?;
    /// assert_eq!(found, [[1, 2, 2]; 3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`allgatherv_into`](World::allgatherv_into).
    pub fn iallgatherv<B: Owned>(
        &self,
        data: Vec<B::Item>,
        into: B,
        counts: &[usize],
    ) -> Result<Request<B>, Error> {
        let into = into.into_vector();
        let call = Call::of_all(Operation::Allgather, data.len());
        expect("the room", into.len(), total(counts, self.size(), call)?, call)?;
        expect("the list to send", data.len(), counts[self.rank()], call)?;
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let (sent, counts) = ((&data[..], Vec::new()), counts.to_vec());
                begin((team, *rank), call, sent, Needed::All, into, move |ticket, all| {
                    gathered(ticket, &counts, all)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                State::Mpi(communicator.iallgatherv(data, (into, counts), call)?, None)
            }
        }))
    }

    /// Begins an [`alltoallv_into`](World::alltoallv_into). It gives back the parts for this rank. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// // Nothing for rank 0, two elements for rank 1.
    /// let found = threads::run(2, |world| {
    ///     let rank = world.rank();
    ///     let mine = world.ialltoallv(vec![rank, 7], &[0, 2], vec![9; 4 * rank], &[2 * rank; 2])?;
    ///     // … something else …
    ///     Ok::<_, Error>(mine.wait()?.0)
    /// })?;
    /// assert_eq!(found, [vec![], vec![0, 7, 1, 7]]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`alltoallv_into`](World::alltoallv_into).
    pub fn ialltoallv<B: Owned>(
        &self,
        data: Vec<B::Item>,
        to: &[usize],
        into: B,
        from: &[usize],
    ) -> Result<Request<B>, Error> {
        let into = into.into_vector();
        let call = Call::of_all(Operation::Alltoall, data.len());
        expect("the list to send", data.len(), total(to, self.size(), call)?, call)?;
        expect("the room", into.len(), total(from, self.size(), call)?, call)?;
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let (here, sent, from) = (*rank, (&data[..], to.to_vec()), from.to_vec());
                begin((team, here), call, sent, Needed::All, into, move |ticket, into| {
                    exchanged(ticket, here, &from, into)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                State::Mpi(communicator.ialltoallv((data, to), (into, from), call)?, None)
            }
        }))
    }
}
