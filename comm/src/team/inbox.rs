//! The inbox of a rank thread: messages that nobody has asked for yet, and receipts that no message has come for yet.
//!
//! A message goes to the first receipt that takes it, and a receipt takes the first message that it may, both in the order in
//! which they came. So messages between two ranks do not overtake each other, as MPI demands (MPI 4.0, section 3.5).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::peer::{Source, Tag};
use crate::team::failure::lock;

/// A message on its way.
pub(crate) struct Envelope {
    pub(crate) source: usize,
    pub(crate) tag: usize,
    pub(crate) bytes: Vec<u8>,
    /// Becomes true when a receipt has taken the message.
    pub(crate) taken: Option<Arc<AtomicBool>>,
}

impl Envelope {
    fn mark(&self) {
        if let Some(taken) = &self.taken {
            taken.store(true, Ordering::Release);
        }
    }
}

/// A receipt that waits for its message.
pub(crate) struct Posted {
    source: Source,
    tag: Tag,
    filled: AtomicBool,
    message: Mutex<Option<Envelope>>,
}

impl Posted {
    fn takes(&self, envelope: &Envelope) -> bool {
        self.source.takes(envelope.source) && self.tag.takes(envelope.tag)
    }

    fn put(&self, envelope: Envelope) {
        envelope.mark();
        *lock(&self.message) = Some(envelope);
        self.filled.store(true, Ordering::Release);
    }

    /// Whether the message is there.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// The message, once.
    pub(crate) fn take(&self) -> Option<Envelope> {
        lock(&self.message).take()
    }
}

/// The inbox of a rank.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Envelope>,
    receipts: VecDeque<Arc<Posted>>,
}

impl Inbox {
    /// Puts a message in.
    pub(crate) fn deliver(&self, envelope: Envelope) {
        let mut waiting = lock(&self.0);
        let receipt = waiting.receipts.iter().position(|receipt| receipt.takes(&envelope));
        match receipt.and_then(|place| waiting.receipts.remove(place)) {
            Some(receipt) => receipt.put(envelope),
            None => waiting.messages.push_back(envelope),
        }
    }

    /// Asks for a message. Whether one that is there was taken.
    pub(crate) fn post(&self, source: Source, tag: Tag) -> Arc<Posted> {
        let receipt =
            Posted { source, tag, filled: AtomicBool::new(false), message: Mutex::default() };
        let receipt = Arc::new(receipt);
        let mut waiting = lock(&self.0);
        let message = waiting.messages.iter().position(|message| receipt.takes(message));
        match message.and_then(|place| waiting.messages.remove(place)) {
            Some(message) => receipt.put(message),
            None => waiting.receipts.push_back(receipt.clone()),
        }
        receipt
    }

    /// Asks no longer for a message.
    pub(crate) fn withdraw(&self, receipt: &Arc<Posted>) {
        lock(&self.0).receipts.retain(|other| !Arc::ptr_eq(other, receipt));
    }

    /// The source, tag and number of bytes of the first message that is there.
    pub(crate) fn peek(&self, source: Source, tag: Tag) -> Option<(usize, usize, usize)> {
        let waiting = lock(&self.0);
        let message =
            waiting.messages.iter().find(|m| source.takes(m.source) && tag.takes(m.tag))?;
        Some((message.source, message.tag, message.bytes.len()))
    }

    /// Takes the first message that is there.
    pub(crate) fn take(&self, source: Source, tag: Tag) -> Option<Envelope> {
        let mut waiting = lock(&self.0);
        let messages = &mut waiting.messages;
        let place = messages.iter().position(|m| source.takes(m.source) && tag.takes(m.tag))?;
        let message = messages.remove(place)?;
        message.mark();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(source: usize, tag: usize, byte: u8) -> Envelope {
        Envelope { source, tag, bytes: vec![byte], taken: None }
    }

    #[test]
    fn receipts_and_messages_meet_in_their_order() {
        let inbox = Inbox::default();
        inbox.deliver(message(0, 1, 10));
        inbox.deliver(message(0, 2, 20));
        inbox.deliver(message(0, 1, 11));
        assert_eq!(inbox.peek(Source::Any, Tag::Is(2)), Some((0, 2, 1)));
        let first = inbox.post(Source::Rank(0), Tag::Any);
        let second = inbox.post(Source::Any, Tag::Is(1));
        let third = inbox.post(Source::Any, Tag::Is(1));
        let fourth = inbox.post(Source::Any, Tag::Any);
        let byte = |receipt: &Posted| receipt.take().unwrap().bytes[0];
        assert_eq!((byte(&second), byte(&first)), (11, 10));
        // The message with tag 2 was taken by the fourth receipt.
        assert!(fourth.is_filled() && !third.is_filled());
        inbox.withdraw(&third);
        inbox.deliver(message(3, 1, 30));
        assert!(!third.is_filled());
        assert_eq!(inbox.take(Source::Any, Tag::Any).unwrap().source, 3);
    }
}
