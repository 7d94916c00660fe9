//! Messages between two ranks.

#[cfg(feature = "mpi")]
use std::rc::Rc;

use crate::buffer::{Buffer, BufferMut, Owned};
use crate::data::{Data, bytes};
use crate::error::Error;
use crate::peer::{Source, Status, Tag};
use crate::request::{Request, State};
use crate::team::{Task, Work, unpack};
use crate::waiting::{Call, Operation};
use crate::world::{Inner, World};

impl World {
    /// Sends elements to a rank. It may return before they are received, or wait until they are: so a rank that sends to itself
    /// uses [`isend`](World::isend) or [`sendrecv`](World::sendrecv). Nothing is sent to nobody (`None`), who is beyond
    /// the edge of a grid of ranks.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(2, |world| {
    ///     let mut numbers = [1.0, 2.0, 3.0];
    ///     if world.rank() == 0 {
    ///         world.send(&numbers, 1, 7)?;
    ///     } else {
    ///         numbers = [0.0; 3];
    ///         let status = world.recv(&mut numbers, 0, 7)?;
    ///         assert_eq!((numbers, status.length), ([1.0, 2.0, 3.0], 3));
    ///     }
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or the tag is too large, or if another rank has failed.
    #[inline]
    pub fn send<B: Buffer + ?Sized>(
        &self,
        data: &B,
        to: impl Into<Option<usize>>,
        tag: usize,
    ) -> Result<(), Error> {
        self.send_as(Operation::Send, &data.packed(), to.into(), tag)
    }

    /// Sends elements to a rank, and waits until their receipt has begun.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// if world.is_root() {
    ///     world.ssend(&[1.5], 1, 0)?; // Rank 1 has begun to receive.
    /// } else {
    ///     world.recv(&mut [0.0], 0, 0)?;
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](World::send).
    pub fn ssend<B: Buffer + ?Sized>(
        &self,
        data: &B,
        to: impl Into<Option<usize>>,
        tag: usize,
    ) -> Result<(), Error> {
        self.send_as(Operation::Ssend, &data.packed(), to.into(), tag)
    }

    /// Sends elements and never waits: they are copied, and the copy is kept until they are received.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// // All send before anyone receives.
    /// threads::run(2, |world| {
    ///     let mut numbers = vec![world.rank() as f64; 100_000];
    ///     world.bsend(&numbers, 1 - world.rank(), 0)?;
    ///     world.recv(&mut numbers, 1 - world.rank(), 0)?;
    ///     assert_eq!(numbers[99_999], (1 - world.rank()) as f64);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](World::send).
    pub fn bsend<B: Buffer + ?Sized>(
        &self,
        data: &B,
        to: impl Into<Option<usize>>,
        tag: usize,
    ) -> Result<(), Error> {
        self.isend(data.packed().into_owned(), to, tag).map(drop)
    }

    #[inline]
    fn send_as<T: Data>(
        &self,
        operation: Operation,
        data: &[T],
        to: Option<usize>,
        tag: usize,
    ) -> Result<(), Error> {
        let call = Call { operation, ..Call::send(to, tag, data.len()) };
        self.check_rank(to, call)?;
        self.check_tag(Some(tag), call)?;
        let Some(to) = to else { return Ok(()) };
        match &self.0 {
            Inner::Team(team, rank) if operation == Operation::Ssend => {
                let taken = team.deliver_told(*rank, to, tag, bytes(data).to_vec());
                team.wait_taken(*rank, to, &taken, call)
            }
            Inner::Team(team, rank) => {
                team.deliver(*rank, to, tag, bytes(data).to_vec());
                Ok(())
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.send(data, to, tag, call),
        }
    }

    /// Receives elements: at most as many as there is room for. Those beyond the message stay as they are.
    ///
    /// ```
    /// use fluxions_comm::{Any, World};
    /// use ndarray::{Array2, array, s};
    ///
    /// let world = World::solo();
    /// let mut sent = world.isend(vec![1, 2], 0, 3)?;
    /// let mut found = Array2::<i32>::zeros((2, 2));
    /// world.recv(&mut found.slice_mut(s![..;-1, 1]), Any, 3)?;
    /// assert_eq!(found, array![[0, 2], [0, 1]]);
    /// # Ok::<(), fluxions_comm::Error>(())
    /// ```
    ///
    /// A message that is longer than the room for it is an error, and lost. [`probe`](World::probe) tells lengths that are not known,
    /// and [`recv_vec`](World::recv_vec) makes the room that is needed.
    ///
    /// # Errors
    /// If the message is longer than the room for it, is no whole number of elements, or has bytes that are no value of their type;
    /// if there is no such rank or the tag is too large; or if another rank has failed.
    #[inline]
    pub fn recv<B: BufferMut + ?Sized>(
        &self,
        into: &mut B,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status, Error> {
        let (from, tag) = (from.into(), tag.into());
        let call = Call::recv(from.rank(), tag.number(), into.length());
        self.check_source(from, tag, call)?;
        if from == Source::Nobody {
            return Ok(Status::NONE);
        }
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => unpack(&team.recv(*rank, from, tag, call)?, into, call),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.recv(into, from, tag, call),
        })
    }

    #[inline]
    pub(crate) fn check_source(&self, from: Source, tag: Tag, call: Call) -> Result<(), Error> {
        self.check_rank(from.rank(), call)?;
        self.check_tag(tag.number(), call)
    }

    /// Sends elements to a rank and receives others from one, at the same time: no two ranks wait for each other.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// let found = threads::run(3, |world| {
    ///     let (rank, n) = (world.rank(), world.size());
    ///     let mut left = [0usize];
    ///     world.sendrecv(&[rank], (rank + 1) % n, 0, &mut left, (rank + n - 1) % n, 0)?;
    ///     Ok::<_, Error>(left[0])
    /// })?;
    /// assert_eq!(found, [2, 0, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](World::send) and [`recv`](World::recv).
    #[inline]
    pub fn sendrecv<B: Buffer + ?Sized, C: BufferMut + ?Sized>(
        &self,
        data: &B,
        to: impl Into<Option<usize>>,
        sent_tag: usize,
        into: &mut C,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status, Error> {
        let (to, from, tag) = (to.into(), from.into(), tag.into());
        let peer = from.rank().or(to);
        let call = Call {
            operation: Operation::Sendrecv,
            peer,
            tag: Some(sent_tag),
            length: data.length(),
        };
        self.check_rank(to, Call { peer: to, ..call })?;
        self.check_tag(Some(sent_tag), call)?;
        self.check_source(from, tag, Call { tag: tag.number(), length: into.length(), ..call })?;
        let data = data.packed();
        into.receive(|into| match &self.0 {
            Inner::Team(team, rank) => {
                if let Some(to) = to {
                    team.deliver(*rank, to, sent_tag, bytes(&data).to_vec());
                }
                if from == Source::Nobody {
                    return Ok(Status::NONE);
                }
                let call = Call { tag: tag.number(), length: into.len(), ..call };
                unpack(&team.recv(*rank, from, tag, call)?, into, call)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                communicator.sendrecv((&data, to, sent_tag), (into, from, tag), call)
            }
        })
    }

    /// Sends elements to a rank and receives as many or fewer from one in their place.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(3, |world| {
    /// let (rank, n) = (world.rank(), world.size());
    /// let mut token = [rank];
    /// world.sendrecv_replace(&mut token, (rank + 1) % n, 0, (rank + n - 1) % n, 0)?;
    /// assert_eq!(token, [(rank + n - 1) % n]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`sendrecv`](World::sendrecv).
    pub fn sendrecv_replace<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        to: impl Into<Option<usize>>,
        sent_tag: usize,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status, Error> {
        let sent = data.packed().into_owned();
        self.sendrecv(&sent, to, sent_tag, data, from, tag)
    }

    /// Begins to send elements to a rank.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let sent = world.isend(vec![world.rank(); 3], 1 - world.rank(), 0)?;
    /// let (found, _) = world.recv_vec::<usize>(1 - world.rank(), 0)?;
    /// assert_eq!(found, [1 - world.rank(); 3]);
    /// let (numbers, _) = sent.wait()?; // They come back.
    /// assert_eq!(numbers, [world.rank(); 3]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](World::send).
    #[inline]
    pub fn isend<B: Owned>(
        &self,
        data: B,
        to: impl Into<Option<usize>>,
        tag: usize,
    ) -> Result<Request<B>, Error> {
        self.isend_as(Operation::Send, data, to.into(), tag)
    }

    /// Begins to send elements to a rank. The request is over when their receipt has begun.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let mut sent = world.issend(vec![1.0], 1 - world.rank(), 0)?;
    /// world.recv(&mut [0.0], 1 - world.rank(), 0)?;
    /// while !sent.test()? {} // The other rank has begun to receive.
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](World::send).
    #[inline]
    pub fn issend<B: Owned>(
        &self,
        data: B,
        to: impl Into<Option<usize>>,
        tag: usize,
    ) -> Result<Request<B>, Error> {
        self.isend_as(Operation::Ssend, data, to.into(), tag)
    }

    #[inline]
    fn isend_as<B: Owned>(
        &self,
        operation: Operation,
        data: B,
        to: Option<usize>,
        tag: usize,
    ) -> Result<Request<B>, Error> {
        let data = data.into_vector();
        let call = Call { operation, ..Call::send(to, tag, data.len()) };
        self.check_rank(to, call)?;
        self.check_tag(Some(tag), call)?;
        let Some(to) = to else { return Ok(Request(State::Over(data, Status::NONE))) };
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) if operation == Operation::Ssend => {
                let taken = team.deliver_told(*rank, to, tag, bytes(&data).to_vec());
                let task = Task::Taken { to, taken };
                State::Team(Work { team: team.clone(), rank: *rank, call, data, task })
            }
            Inner::Team(team, rank) => {
                team.deliver(*rank, to, tag, bytes(&data).to_vec());
                State::Over(data, Status::NONE)
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                State::Mpi(Rc::clone(communicator).isend(data, to, tag, call)?, None)
            }
        }))
    }

    /// Begins to receive elements: at most as many as the buffer has. With Open MPI, no more may be sent
    /// ([Lengths](crate#lengths)).
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let receipt = world.irecv(vec![0.0; 10], 1 - world.rank(), 0)?;
    /// world.send(&[2.5; 4], 1 - world.rank(), 0)?;
    /// let (numbers, status) = receipt.wait()?;
    /// assert_eq!(numbers[..status.length], [2.5; 4]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or the tag is too large. What goes wrong with the message is told by
    /// [`wait`](Request::wait).
    #[inline]
    pub fn irecv<B: Owned>(
        &self,
        into: B,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Request<B>, Error> {
        let (data, from, tag) = (into.into_vector(), from.into(), tag.into());
        let call = Call::recv(from.rank(), tag.number(), data.len());
        self.check_source(from, tag, call)?;
        if from == Source::Nobody {
            return Ok(Request(State::Over(data, Status::NONE)));
        }
        Ok(Request(match &self.0 {
            Inner::Team(team, rank) => {
                let receipt = team.post(*rank, from, tag);
                let task = Task::Receipt { source: from, receipt };
                State::Team(Work { team: team.clone(), rank: *rank, call, data, task })
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                State::Mpi(communicator.irecv(data, from, tag, call)?, None)
            }
        }))
    }
}
