//! Messages that have arrived and are looked at before they are received.

use crate::buffer::BufferMut;
use crate::data::{Data, read_all};
use crate::error::{Class, Error};
#[cfg(feature = "mpi")]
use crate::mpi::Matched;
use crate::peer::{Source, Status, Tag};
use crate::team::{Envelope, unpack};
use crate::waiting::{Call, Operation};
use crate::world::{Inner, World};

/// A message that has arrived, which only its owner can receive. One that is dropped is lost.
pub struct Message {
    /// With its length in bytes.
    status: Status,
    found: Found,
}

enum Found {
    Thread(Envelope),
    #[cfg(feature = "mpi")]
    Mpi(Matched),
}

impl Message {
    /// What is known of it, as a message of elements of this type.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(1, |world| {
    /// world.bsend(&[1.0, 2.0], 0, 5)?;
    /// let message = world.mprobe(Any, Any)?;
    /// assert_eq!(message.status::<f64>()?.length, 2);
    /// message.recv(&mut [0.0; 2])?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is no whole number of elements.
    pub fn status<T: Data>(&self) -> Result<Status, Error> {
        counted::<T>(self.status, self.call(self.status.length))
    }

    fn call(&self, length: usize) -> Call {
        Call::recv(self.status.source, Some(self.status.tag), length)
    }

    /// Receives it.
    ///
    /// # Errors
    /// As [`World::recv`].
    pub fn recv<B: BufferMut + ?Sized>(self, into: &mut B) -> Result<Status, Error> {
        let call = self.call(into.length());
        into.receive(|into| match self.found {
            Found::Thread(envelope) => unpack(&envelope, into, call),
            #[cfg(feature = "mpi")]
            Found::Mpi(matched) => matched.recv(into, call),
        })
    }

    /// Receives it, however long it is.
    ///
    /// # Errors
    /// As [`World::recv`].
    pub fn recv_vec<T: Data>(self) -> Result<(Vec<T>, Status), Error> {
        let status = self.status::<T>()?;
        let call = self.call(status.length);
        let mut into = zeros(status.length, call)?;
        self.recv(&mut into).map(|status| (into, status))
    }
}

/// Room for elements. That all bits are 0 is a value of most types.
fn zeros<T: Data>(length: usize, call: Call) -> Result<Vec<T>, Error> {
    read_all(&vec![0; length * size_of::<T>()]).map_err(|_| {
        let text =
            "values of this type need room that is given: there is none whose bits are all 0";
        Error::failed(call, Class::Value, text)
    })
}

/// A status in elements of a type instead of bytes.
fn counted<T: Data>(status: Status, call: Call) -> Result<Status, Error> {
    if !status.length.is_multiple_of(size_of::<T>()) {
        let size = size_of::<T>();
        let text = format!("a message is no whole number of elements of {size} bytes");
        return Err(Error::failed(call, Class::Type, text));
    }
    Ok(Status { length: status.length / size_of::<T>(), ..status })
}

impl World {
    /// Waits for a message and says what is known of it, as one of elements of this type, without receiving it.
    ///
    /// ```
    /// use fluxions_comm::{Any, World};
    ///
    /// let world = World::solo();
    /// world.send(&[1.0; 5], 0, 8)?;
    /// let status = world.probe::<f64>(Any, Any)?;
    /// let mut numbers = vec![0.0; status.length];
    /// world.recv(&mut numbers, status.source, status.tag)?;
    /// assert_eq!((numbers, status.tag), (vec![1.0; 5], 8));
    /// # Ok::<(), fluxions_comm::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank or the tag is too large, if the message is no whole number of elements, or if another rank has
    /// failed.
    pub fn probe<T: Data>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status, Error> {
        let (from, tag) = (from.into(), tag.into());
        let call = self.probing(from, tag)?;
        if from == Source::Nobody {
            return Ok(Status::NONE);
        }
        let status = match &self.0 {
            Inner::Team(team, rank) => team.probe(*rank, from, tag, call)?,
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.probe(from, tag, call)?,
        };
        counted::<T>(status, call)
    }

    /// Says what is known of a message if one is there.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(1, |world| {
    /// assert!(world.iprobe::<i32>(0, 7)?.is_none());
    /// let sent = world.isend(vec![1, 2, 3], 0, 7)?;
    /// assert_eq!(world.iprobe::<i32>(0, 7)?.unwrap().length, 3);
    /// world.recv(&mut [0; 3], 0, 7)?;
    /// sent.wait()?;
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`probe`](World::probe).
    pub fn iprobe<T: Data>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Option<Status>, Error> {
        let (from, tag) = (from.into(), tag.into());
        let call = self.probing(from, tag)?;
        if from == Source::Nobody {
            return Ok(Some(Status::NONE));
        }
        let status = match &self.0 {
            Inner::Team(team, rank) => team.iprobe(*rank, from, tag),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => communicator.iprobe(from, tag, call)?,
        };
        status.map(|status| counted::<T>(status, call)).transpose()
    }

    /// Waits for a message and takes it, to be received later. Nothing else can receive it.
    ///
    /// ```
    /// use fluxions_comm::{Any, World};
    ///
    /// let world = World::solo();
    /// world.send(&[2.0; 5], 0, 8)?;
    /// let (numbers, status) = world.mprobe(0, Any)?.recv_vec::<f64>()?;
    /// assert_eq!((numbers, status.tag), (vec![2.0; 5], 8));
    /// # Ok::<(), fluxions_comm::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such rank, or the source is nobody, or the tag is too large, or if another rank has failed.
    pub fn mprobe(&self, from: impl Into<Source>, tag: impl Into<Tag>) -> Result<Message, Error> {
        let (from, tag) = (from.into(), tag.into());
        let call = self.probing(from, tag)?;
        match &self.0 {
            Inner::Team(team, rank) => {
                self.somebody(from, call)?;
                let envelope = team.recv(*rank, from, tag, call)?;
                Ok(Message::of(envelope))
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                self.somebody(from, call)?;
                let found = communicator.mprobe(from, tag, true, call)?;
                let (matched, status) = found
                    .ok_or_else(|| Error::failed(call, Class::Deadlock, "there is no message"))?;
                Ok(Message { status, found: Found::Mpi(matched) })
            }
        }
    }

    /// Takes a message if one is there.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(1, |world| {
    /// assert!(world.improbe(Any, Any)?.is_none());
    /// world.bsend(&[4i64, 5], 0, 9)?;
    /// let message = world.improbe(Any, Any)?.unwrap();
    /// assert_eq!(message.recv_vec::<i64>()?.0, [4, 5]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`mprobe`](World::mprobe).
    pub fn improbe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Option<Message>, Error> {
        let (from, tag) = (from.into(), tag.into());
        let call = self.probing(from, tag)?;
        self.somebody(from, call)?;
        match &self.0 {
            Inner::Team(team, rank) => Ok(team.take(*rank, from, tag).map(Message::of)),
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                let found = communicator.mprobe(from, tag, false, call)?;
                Ok(found.map(|(matched, status)| Message { status, found: Found::Mpi(matched) }))
            }
        }
    }

    /// Receives a message of any length.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// if world.is_root() {
    ///     world.send(&[1.0, 2.0, 3.0], 1, 0)?;
    /// } else {
    ///     let (numbers, _) = world.recv_vec::<f64>(0, 0)?;
    ///     assert_eq!(numbers, [1.0, 2.0, 3.0]);
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`recv`](World::recv).
    pub fn recv_vec<T: Data>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<(Vec<T>, Status), Error> {
        let (from, tag) = (from.into(), tag.into());
        match from {
            Source::Nobody => Ok((Vec::new(), Status::NONE)),
            _ => self.mprobe(from, tag)?.recv_vec(),
        }
    }

    fn probing(&self, from: Source, tag: Tag) -> Result<Call, Error> {
        let (peer, tag) = (from.rank(), tag.number());
        let call = Call { operation: Operation::Probe, peer, tag, length: 0 };
        self.check_rank(peer, call)?;
        self.check_tag(tag, call)?;
        Ok(call)
    }

    fn somebody(&self, from: Source, call: Call) -> Result<(), Error> {
        match from == Source::Nobody {
            true => Err(Error::failed(call, Class::Rank, "nobody sends no message to be taken")),
            false => Ok(()),
        }
    }
}

impl Message {
    fn of(envelope: Envelope) -> Self {
        let (source, tag, length) = (Some(envelope.source), envelope.tag, envelope.bytes.len());
        Message { status: Status { source, tag, length }, found: Found::Thread(envelope) }
    }
}
