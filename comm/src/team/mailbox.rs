//! Mailboxes. A mailbox holds one message from one rank thread to another.
//!
//! Buffers are swapped, and never copied or allocated. A rank can put a message into a mailbox only
//! when the last one was taken. All ranks go through the same exchanges in the same order, so the
//! rank that is furthest behind can always go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::error::Error;
use crate::team::failure::{Awaited, FailureWatch};
use crate::waiting::Call;

/// A mailbox, which holds one message.
pub(crate) struct Mailbox {
    full: AtomicBool,
    slot: Mutex<Box<[f64]>>,
    changed: Condvar,
}

impl Mailbox {
    pub(crate) fn new(length: usize) -> Self {
        Mailbox {
            full: AtomicBool::new(false),
            slot: Mutex::new(vec![0.0; length].into()),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Waits until the mailbox is full (if `when_full`) or empty, swaps `buffer` with its contents,
    /// and marks it as empty or full in turn. `here` is the rank at this end, `other` that at the other one, each counted in
    /// the whole world.
    fn swap(
        &self,
        when_full: bool,
        buffer: &mut Box<[f64]>,
        watch: &FailureWatch,
        (here, other): (usize, usize),
        tag: usize,
    ) -> Result<(), Error> {
        let length = buffer.len();
        let call = match when_full {
            true => Call::recv(Some(other), Some(tag), length),
            false => Call::send(Some(other), tag, length),
        };
        let awaited = [other];
        let awaited = Awaited::All(&awaited);
        let ready = || self.is_full() == when_full;
        let mut slot = watch.wait(&self.slot, &self.changed, (here, call), awaited, ready)?;
        std::mem::swap(&mut *slot, buffer);
        self.full.store(!when_full, Ordering::Release);
        drop(slot);
        self.changed.notify_all();
        Ok(())
    }
}

/// One end of a mailbox, with the buffer of the rank at this end.
pub(crate) struct MailboxEnd {
    pub(crate) buffer: Box<[f64]>,
    mailbox: Arc<Mailbox>,
    watch: Arc<FailureWatch>,
    /// The ranks at this end and at the other one.
    ends: (usize, usize),
    tag: usize,
}

impl MailboxEnd {
    pub(crate) fn new(
        length: usize,
        mailbox: Arc<Mailbox>,
        watch: Arc<FailureWatch>,
        ends: (usize, usize),
        tag: usize,
    ) -> Self {
        MailboxEnd { buffer: vec![0.0; length].into(), mailbox, watch, ends, tag }
    }

    /// Puts the buffer into the mailbox as soon as the mailbox is empty.
    pub(crate) fn put(&mut self) -> Result<(), Error> {
        self.mailbox.swap(false, &mut self.buffer, &self.watch, self.ends, self.tag)
    }

    /// Takes the contents of the mailbox as soon as the mailbox is full.
    pub(crate) fn take(&mut self) -> Result<(), Error> {
        self.mailbox.swap(true, &mut self.buffer, &self.watch, self.ends, self.tag)
    }
}
