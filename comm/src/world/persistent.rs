//! Messages that are set up once and carried out many times.

use std::sync::Arc;

use crate::data::{Data, bytes};
use crate::error::{Class, Error};
#[cfg(feature = "mpi")]
use crate::mpi::Persistent;
use crate::peer::{Source, Status, Tag};
use crate::team::{Task, Team, Work};
use crate::waiting::Call;
use crate::world::{Inner, World};

/// A rank of a team.
type Here = (Arc<Team>, usize);

/// A message to a rank that can be sent any number of times. It owns its elements.
pub struct SendChannel<T: Data>(Sending<T>);

enum Sending<T: Data> {
    Team {
        here: Here,
        to: Option<usize>,
        tag: usize,
        data: Vec<T>,
        is_active: bool,
    },
    #[cfg(feature = "mpi")]
    Mpi(Persistent<T>, Call),
}

/// A message from a rank that can be received any number of times. It owns the elements.
pub struct RecvChannel<T: Data>(Receiving<T>);

enum Receiving<T: Data> {
    Team {
        here: Here,
        from: Source,
        tag: Tag,
        data: Vec<T>,
        receipt: Option<Work<T>>,
    },
    #[cfg(feature = "mpi")]
    Mpi(Persistent<T>, Call),
}

/// An error where a message is on its way that must not be.
fn on_its_way(call: Call) -> Error {
    Error::failed(call, Class::Active, "the message is on its way")
}

impl World {
    /// Sets up a message to a rank. Nothing is sent yet.
    ///
    /// ```
    /// use fluxions_comm::{Error, threads};
    ///
    /// threads::run(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut to = world.send_init(vec![0.0; 4], other, 0)?;
    ///     let mut from = world.recv_init(vec![0.0; 4], other, 0)?;
    ///     for step in 0..10 {
    ///         from.start()?;
    ///         to.buffer_mut()?.fill(step as f64);
    ///         to.start()?;
    ///         from.wait()?;
    ///         assert_eq!(from.buffer()?, [step as f64; 4]);
    ///         to.wait()?;
    ///     }
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](World::send).
    pub fn send_init<T: Data>(
        &self,
        data: Vec<T>,
        to: impl Into<Option<usize>>,
        tag: usize,
    ) -> Result<SendChannel<T>, Error> {
        let to = to.into();
        let call = Call::send(to, tag, data.len());
        self.check_rank(to, call)?;
        self.check_tag(Some(tag), call)?;
        Ok(SendChannel(match &self.0 {
            Inner::Team(team, rank) => {
                let here = (team.clone(), *rank);
                Sending::Team { here, to, tag, data, is_active: false }
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                Sending::Mpi(Persistent::outgoing(communicator, data, to, tag)?, call)
            }
        }))
    }

    /// Sets up the receipt of a message of at most as many elements as the buffer has. With Open MPI, no more may be sent
    /// ([Lengths](crate#lengths)).
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(2, |world| {
    /// let mut from = world.recv_init(vec![0; 2], 1 - world.rank(), 3)?;
    /// for round in 0..3 {
    ///     from.start()?;
    ///     world.send(&[round, -round], 1 - world.rank(), 3)?;
    ///     from.wait()?;
    ///     assert_eq!(from.buffer()?, [round, -round]);
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`irecv`](World::irecv).
    pub fn recv_init<T: Data>(
        &self,
        into: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<RecvChannel<T>, Error> {
        let (from, tag) = (from.into(), tag.into());
        let call = Call::recv(from.rank(), tag.number(), into.len());
        self.check_source(from, tag, call)?;
        Ok(RecvChannel(match &self.0 {
            Inner::Team(team, rank) => {
                let here = (team.clone(), *rank);
                Receiving::Team { here, from, tag, data: into, receipt: None }
            }
            #[cfg(feature = "mpi")]
            Inner::Mpi(communicator) => {
                Receiving::Mpi(Persistent::incoming(communicator, into, from, tag)?, call)
            }
        }))
    }
}

impl<T: Data> SendChannel<T> {
    /// The elements.
    ///
    /// # Errors
    /// If the message is on its way.
    #[inline]
    pub fn buffer_mut(&mut self) -> Result<&mut [T], Error> {
        match &mut self.0 {
            Sending::Team { to, tag, data, is_active, .. } => match is_active {
                true => Err(on_its_way(Call::send(*to, *tag, data.len()))),
                false => Ok(data),
            },
            #[cfg(feature = "mpi")]
            Sending::Mpi(message, call) if message.is_active() => Err(on_its_way(*call)),
            #[cfg(feature = "mpi")]
            Sending::Mpi(message, _) => Ok(message.buffer_mut()),
        }
    }

    /// Starts to send the elements.
    ///
    /// # Errors
    /// If the message is on its way, or if another rank has failed.
    #[inline]
    pub fn start(&mut self) -> Result<(), Error> {
        self.buffer_mut()?;
        match &mut self.0 {
            Sending::Team { here: (team, rank), to, tag, data, is_active } => {
                if let Some(to) = *to {
                    team.deliver(*rank, to, *tag, bytes(data).to_vec());
                }
                *is_active = true;
                Ok(())
            }
            #[cfg(feature = "mpi")]
            Sending::Mpi(message, _) => message.start(),
        }
    }

    /// Whether the elements may be used again.
    ///
    /// # Errors
    /// If another rank has failed.
    #[inline]
    pub fn test(&mut self) -> Result<bool, Error> {
        match &mut self.0 {
            Sending::Team { is_active, .. } => {
                *is_active = false;
                Ok(true)
            }
            #[cfg(feature = "mpi")]
            Sending::Mpi(message, _) => Ok(message.test()),
        }
    }

    /// Waits until the elements may be used again.
    ///
    /// # Errors
    /// If another rank has failed.
    #[inline]
    pub fn wait(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Sending::Team { is_active, .. } => {
                *is_active = false;
                Ok(())
            }
            #[cfg(feature = "mpi")]
            Sending::Mpi(message, _) => message.wait().map(drop),
        }
    }
}

impl<T: Data> RecvChannel<T> {
    /// The elements that arrived last.
    ///
    /// # Errors
    /// If the message is on its way.
    #[inline]
    pub fn buffer(&self) -> Result<&[T], Error> {
        match &self.0 {
            Receiving::Team { from, tag, data, receipt, .. } => match receipt {
                Some(_) => Err(on_its_way(Call::recv(from.rank(), tag.number(), data.len()))),
                None => Ok(data),
            },
            #[cfg(feature = "mpi")]
            Receiving::Mpi(message, call) if message.is_active() => Err(on_its_way(*call)),
            #[cfg(feature = "mpi")]
            Receiving::Mpi(message, _) => Ok(message.buffer()),
        }
    }

    /// Makes this rank ready to receive the message.
    ///
    /// # Errors
    /// If it is ready already.
    #[inline]
    pub fn start(&mut self) -> Result<(), Error> {
        self.buffer()?;
        match &mut self.0 {
            Receiving::Team { here: (team, rank), from, tag, data, receipt } => {
                let call = Call::recv(from.rank(), tag.number(), data.len());
                let task = match from {
                    Source::Nobody => Task::Over,
                    _ => Task::Receipt { source: *from, receipt: team.post(*rank, *from, *tag) },
                };
                let (team, rank) = (team.clone(), *rank);
                *receipt = Some(Work { team, rank, call, data: Vec::new(), task });
                Ok(())
            }
            #[cfg(feature = "mpi")]
            Receiving::Mpi(message, _) => message.start(),
        }
    }

    /// Whether the message is there.
    ///
    /// # Errors
    /// If another rank has failed.
    #[inline]
    pub fn test(&mut self) -> Result<bool, Error> {
        match &mut self.0 {
            Receiving::Team { receipt: None, .. } => Ok(true),
            Receiving::Team { receipt: Some(receipt), .. } => receipt.test(),
            #[cfg(feature = "mpi")]
            Receiving::Mpi(message, _) => Ok(message.test()),
        }
    }

    /// Waits for the message.
    ///
    /// # Errors
    /// As [`recv`](World::recv).
    #[inline]
    pub fn wait(&mut self) -> Result<Status, Error> {
        match &mut self.0 {
            Receiving::Team { data, receipt, .. } => match receipt.take() {
                Some(receipt) => receipt.receive(data),
                None => Ok(Status::NONE),
            },
            #[cfg(feature = "mpi")]
            Receiving::Mpi(message, _) => message.wait(),
        }
    }
}
