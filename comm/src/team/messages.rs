//! Messages between rank threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::{Data, read};
use crate::error::{Class, Error};
use crate::peer::{Source, Status, Tag};
use crate::team::failure::Awaited;
use crate::team::inbox::{Envelope, Posted};
use crate::team::team::Team;
use crate::waiting::Call;

impl Team {
    /// The ranks from which a message may come.
    pub(super) fn senders(&self, rank: usize, source: Source) -> Awaited<'_> {
        match source {
            Source::Rank(from) => Awaited::All(&self.members[from..from + 1]),
            Source::Any | Source::Nobody => Awaited::AnyBut(&self.members, self.members[rank]),
        }
    }

    /// Sends a message.
    pub(crate) fn deliver(&self, rank: usize, to: usize, tag: usize, bytes: Vec<u8>) {
        self.inbox(to).deliver(Envelope { source: rank, tag, bytes, taken: None });
        self.ring();
    }

    /// Sends a message, and tells when it is taken.
    pub(crate) fn deliver_told(
        &self,
        rank: usize,
        to: usize,
        tag: usize,
        bytes: Vec<u8>,
    ) -> Arc<AtomicBool> {
        let taken = Arc::new(AtomicBool::new(false));
        let envelope = Envelope { source: rank, tag, bytes, taken: Some(taken.clone()) };
        self.inbox(to).deliver(envelope);
        self.ring();
        taken
    }

    /// Waits until a message was taken.
    pub(crate) fn wait_taken(
        &self,
        rank: usize,
        to: usize,
        taken: &AtomicBool,
        call: Call,
    ) -> Result<(), Error> {
        let awaited = Awaited::All(&self.members[to..to + 1]);
        self.wait(rank, call, awaited, || taken.load(Ordering::Acquire))
    }

    /// Asks for a message. A sender that waits for this learns of it.
    pub(crate) fn post(&self, rank: usize, source: Source, tag: Tag) -> Arc<Posted> {
        let receipt = self.inbox(rank).post(source, tag);
        if receipt.is_filled() {
            self.ring();
        }
        receipt
    }

    /// Waits for a message that was asked for.
    pub(crate) fn wait_filled(
        &self,
        rank: usize,
        source: Source,
        receipt: &Arc<Posted>,
        call: Call,
    ) -> Result<Envelope, Error> {
        let waited = self.wait(rank, call, self.senders(rank, source), || receipt.is_filled());
        if let Some(envelope) = receipt.take() {
            return Ok(envelope);
        }
        self.inbox(rank).withdraw(receipt);
        Err(waited.err().unwrap_or_else(|| {
            Error::failed(call, Class::Deadlock, "the message was received already")
        }))
    }

    /// Waits for a message and takes it.
    pub(crate) fn recv(
        &self,
        rank: usize,
        source: Source,
        tag: Tag,
        call: Call,
    ) -> Result<Envelope, Error> {
        let receipt = self.post(rank, source, tag);
        self.wait_filled(rank, source, &receipt, call)
    }

    /// Waits for a message without taking it; its source, tag and number of bytes.
    pub(crate) fn probe(
        &self,
        rank: usize,
        source: Source,
        tag: Tag,
        call: Call,
    ) -> Result<Status, Error> {
        let is_there = || self.inbox(rank).peek(source, tag).is_some();
        self.wait(rank, call, self.senders(rank, source), is_there)?;
        // Only this rank takes messages out.
        Ok(self.iprobe(rank, source, tag).unwrap_or(Status::NONE))
    }

    /// The source, tag and number of bytes of a message, if there is one.
    pub(crate) fn iprobe(&self, rank: usize, source: Source, tag: Tag) -> Option<Status> {
        let (source, tag, length) = self.inbox(rank).peek(source, tag)?;
        Some(Status { source: Some(source), tag, length })
    }

    /// Takes the first message that is there.
    pub(crate) fn take(&self, rank: usize, source: Source, tag: Tag) -> Option<Envelope> {
        let envelope = self.inbox(rank).take(source, tag)?;
        self.ring();
        Some(envelope)
    }
}

/// Puts what has arrived in its place.
pub(crate) fn unpack<T: Data>(
    envelope: &Envelope,
    into: &mut [T],
    call: Call,
) -> Result<Status, Error> {
    let (bytes, size) = (&envelope.bytes, size_of::<T>());
    let length = bytes.len() / size;
    if bytes.len() > size_of_val(into) {
        let text = format!("the message has {} bytes, the room {}", bytes.len(), size_of_val(into));
        return Err(Error::failed(call, Class::Truncated, text));
    }
    if bytes.len() % size != 0 {
        let text = format!("a message is no whole number of elements of {size} bytes");
        return Err(Error::failed(call, Class::Type, text));
    }
    read(bytes, into).map_err(|_| {
        Error::failed(call, Class::Value, "bytes arrived that are no value of the type")
    })?;
    Ok(Status { source: Some(envelope.source), tag: envelope.tag, length })
}
