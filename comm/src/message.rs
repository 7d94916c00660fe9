//! Messages that are set up once and sent many times, with their buffers.

use crate::error::Error;
#[cfg(feature = "mpi")]
use crate::mpi::Persistent;
use crate::team::MailboxEnd;

/// A message to another rank, which can be sent any number of times.
pub struct Outgoing(pub(crate) Channel);

/// A message from another rank, which can be received any number of times.
pub struct Incoming(pub(crate) Channel);

/// One end of the channel that carries a message.
pub(crate) enum Channel {
    Thread(MailboxEnd),
    #[cfg(feature = "mpi")]
    Mpi(Persistent<f64>),
}

impl Channel {
    fn buffer(&self) -> &[f64] {
        match self {
            Channel::Thread(end) => &end.buffer,
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => message.buffer(),
        }
    }
}

impl Outgoing {
    /// The numbers to be sent. The previous sending must be finished.
    pub fn buffer(&mut self) -> &mut [f64] {
        match &mut self.0 {
            Channel::Thread(end) => &mut end.buffer,
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => message.buffer_mut(),
        }
    }

    /// Starts to send the buffer.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn start(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Channel::Thread(end) => end.put(),
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => message.start(),
        }
    }

    /// Waits until the buffer may be used again.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn finish(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Channel::Thread(_) => Ok(()),
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => message.wait().map(drop),
        }
    }

    /// The number of doubles in the message.
    pub fn length(&self) -> usize {
        self.0.buffer().len()
    }
}

impl Incoming {
    /// Makes this rank ready to receive the message.
    pub fn start(&mut self) {
        match &mut self.0 {
            Channel::Thread(_) => {}
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => message.start_or_fail_later(),
        }
    }

    /// Gives a message that is on its way a chance to make progress.
    pub fn poll(&mut self) {
        match &mut self.0 {
            Channel::Thread(_) => {}
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => _ = message.test(),
        }
    }

    /// Waits for the message and returns its numbers.
    ///
    /// # Errors
    /// If another rank has failed.
    pub fn finish(&mut self) -> Result<&[f64], Error> {
        match &mut self.0 {
            Channel::Thread(end) => end.take()?,
            #[cfg(feature = "mpi")]
            Channel::Mpi(message) => _ = message.wait()?,
        }
        Ok(self.0.buffer())
    }
}
