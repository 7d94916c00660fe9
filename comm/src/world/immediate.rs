//! Operations of all ranks, but for reductions, that go on while a rank does other things. They own their elements, and give back the result.
//!
//! They are begun in the same order on all ranks. All of them must begin before any rank has to wait.

use crate::buffer::Owned;
use crate::data::{Data, bytes};
use crate::error::Error;
#[cfg(feature = "mpi")]
use crate::mpi::Buffers;
use crate::request::{Request, State};
use crate::team::{
    Contribution, Needed, Task, Team, Ticket, Work, all_of, exchanged, gathered, part_of, told,
};
use crate::waiting::{Call, Operation};
use crate::world::collective::expect;
use crate::world::{Inner, World};

/// Begins an operation of rank threads. `room` is what `finish` fills.
pub(super) fn begin<T: Data>(
    (team, rank): (&std::sync::Arc<Team>, usize),
    call: Call,
    (data, counts): (&[T], Vec<usize>),
    needed: Needed,
    room: Vec<T>,
    finish: impl FnOnce(&Ticket, &mut [T]) -> Result<(), Error> + 'static,
) -> State<T> {
    let bytes = bytes(data).to_vec();
    let contribution = Contribution { call, item: size_of::<T>(), bytes, counts };
    let ticket = Ticket::new(team, rank, contribution, needed);
    let finish = Box::new(|ticket: &Ticket, mut room: Vec<T>| {
        finish(ticket, &mut room)?;
        Ok(room)
    });
    let task = Task::Collective { ticket, finish };
    State::Team(Work { team: team.clone(), rank, call, data: room, task })
}

impl World {
    /// Begins to wait until every rank has called this. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(3, |world| {
    ///     let mut all_are_here = world.ibarrier()?;
    ///     while !all_are_here.test()? {
    ///         // … something else …
    ///     }
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn ibarrier(&self) -> Result<Request<()>, Error> {
        let call = Call::of_all(Operation::Barrier, 0);
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let nothing = (&[][..], Vec::new());
                begin((team, *rank), call, nothing, Needed::All, Vec::new(), |ticket, _| {
                    all_of(ticket)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => State::Mpi(communicator.ibarrier()?, None),
        }))
    }

    /// Begins a [`bcast`](World::bcast). Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let numbers = if world.rank() == 2 { vec![7, 8] } else { vec![0, 0] };
    /// let request = world.ibcast(numbers, 2)?;
    /// assert_eq!(request.wait()?.0, [7, 8]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`bcast`](World::bcast).
    pub fn ibcast<B: Owned>(&self, data: B, root: usize) -> Result<Request<B>, Error> {
        let data = data.into_vector();
        let call = Call::rooted(Operation::Bcast, root, data.len());
        self.check_root(root, call)?;
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) if *rank == root => {
                let sent = (&data.clone()[..], Vec::new());
                begin((team, *rank), call, sent, Needed::Nobody, data, |_, _| Ok(()))
            }
            Inner::Team(team, rank) => {
                let (nothing, needed) = ((&[][..], Vec::new()), Needed::Rank(root));
                begin((team, *rank), call, nothing, needed, data, move |ticket, data| {
                    told(ticket, root, data)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => State::Mpi(communicator.ibcast(data, root, call)?, None),
        }))
    }

    /// Begins a [`scatter_into`](World::scatter_into). Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let all = if world.is_root() { vec![1, 2] } else { vec![] };
    /// let (mine, _) = world.iscatter(all, vec![0], 0)?.wait()?;
    /// assert_eq!(mine, [world.rank() as i32 + 1]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`scatter_into`](World::scatter_into).
    pub fn iscatter<B: Owned>(
        &self,
        data: Vec<B::Item>,
        into: B,
        root: usize,
    ) -> Result<Request<B>, Error> {
        let into = into.into_vector();
        let call = Call::rooted(Operation::Scatter, root, into.len());
        self.check_root(root, call)?;
        if self.rank() == root {
            expect("the list to send", data.len(), into.len() * self.size(), call)?;
        }
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let is_root = *rank == root;
                let sent: &[B::Item] = if is_root { &data } else { &[] };
                let counts = vec![into.len(); team.size];
                let (here, needed) = ((root, *rank), Needed::Rank(root));
                begin((team, *rank), call, (sent, counts), needed, into, move |ticket, into| {
                    part_of(ticket, here, into)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let buffers = Buffers::with(into, data);
                State::Mpi(communicator.iscatter(buffers, root, call)?, None)
            }
        }))
    }

    /// Begins a [`gather_into`](World::gather_into). On the root it gives back the elements of all ranks, elsewhere
    /// none. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let (all, _) = world.igather(vec![world.rank()], 0)?.wait()?;
    /// if world.is_root() {
    ///     assert_eq!(all, [0, 1]);
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`gather_into`](World::gather_into).
    pub fn igather<T: Data>(&self, data: Vec<T>, root: usize) -> Result<Request<Vec<T>>, Error> {
        let call = Call::rooted(Operation::Gather, root, data.len());
        self.check_root(root, call)?;
        let is_root = self.rank() == root;
        let all = if is_root { data.repeat(self.size()) } else { Vec::new() };
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let needed = if is_root { Needed::All } else { Needed::Nobody };
                let counts = vec![data.len(); if is_root { team.size } else { 0 }];
                let sent = (&data[..], Vec::new());
                begin((team, *rank), call, sent, needed, all, move |ticket, all| {
                    gathered(ticket, &counts, all)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let buffers = Buffers::with(all, data);
                State::Mpi(communicator.igather(buffers, root, call)?, None)
            }
        }))
    }

    /// Begins an [`allgather_into`](World::allgather_into). It gives back the elements of all ranks. Collective.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let (all, _) = world.iallgather(vec![world.rank()])?.wait()?;
    ///     Ok::<_, Error>(all)
    /// })?;
    /// assert_eq!(found, [[0, 1, 2]; 3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`allgather_into`](World::allgather_into).
    pub fn iallgather<T: Data>(&self, data: Vec<T>) -> Result<Request<Vec<T>>, Error> {
        let call = Call::of_all(Operation::Allgather, data.len());
        let all = data.repeat(self.size());
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let counts = vec![data.len(); team.size];
                let sent = (&data[..], Vec::new());
                begin((team, *rank), call, sent, Needed::All, all, move |ticket, all| {
                    gathered(ticket, &counts, all)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let buffers = Buffers::with(all, data);
                State::Mpi(communicator.iallgather(buffers, call)?, None)
            }
        }))
    }

    /// Begins an [`alltoall_into`](World::alltoall_into). It gives back the parts for this rank. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let here = 10 * world.rank();
    /// let (found, _) = world.ialltoall(vec![here, here + 1])?.wait()?;
    /// assert_eq!(found, [world.rank(), 10 + world.rank()]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`alltoall_into`](World::alltoall_into).
    pub fn ialltoall<T: Data>(&self, data: Vec<T>) -> Result<Request<Vec<T>>, Error> {
        let call = Call::of_all(Operation::Alltoall, data.len());
        let each = data.len() / self.size();
        expect("the list to send", data.len(), each * self.size(), call)?;
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let counts = vec![each; team.size];
                let (here, sent) = (*rank, (&data.clone()[..], counts.clone()));
                begin((team, here), call, sent, Needed::All, data, move |ticket, into| {
                    exchanged(ticket, here, &counts, into)
                })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let buffers = Buffers::with(data.clone(), data);
                State::Mpi(communicator.ialltoall(buffers, call)?, None)
            }
        }))
    }
}
