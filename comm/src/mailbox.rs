//! A mailbox: room for one message from one rank thread to another.
//!
//! Buffers are swapped, never copied or allocated. A rank starts a message of the next exchange
//! only when the last one was taken; since every rank goes through the same exchanges in the same
//! order, the one that is furthest behind can always go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::error::Error;
use crate::failure::FailureWatch;

/// Room for one message.
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

    /// Waits until the mailbox is full, or empty, then swaps `buffer` with what it holds and
    /// turns it into the opposite. `other` is the rank at its other end.
    fn swap(
        &self,
        when_full: bool,
        buffer: &mut Box<[f64]>,
        watch: &FailureWatch,
        other: usize,
    ) -> Result<(), Error> {
        let ready = || self.is_full() == when_full;
        let mut slot = watch.wait(&self.slot, &self.changed, other..other + 1, ready)?;
        std::mem::swap(&mut *slot, buffer);
        self.full.store(!when_full, Ordering::Release);
        drop(slot);
        self.changed.notify_all();
        Ok(())
    }
}

/// One end of a mailbox with the buffer of the rank that holds it.
pub(crate) struct MailboxEnd {
    pub(crate) buffer: Box<[f64]>,
    mailbox: Arc<Mailbox>,
    watch: Arc<FailureWatch>,
    /// The rank at the other end.
    other: usize,
}

impl MailboxEnd {
    pub(crate) fn new(
        length: usize,
        mailbox: Arc<Mailbox>,
        watch: Arc<FailureWatch>,
        other: usize,
    ) -> Self {
        MailboxEnd { buffer: vec![0.0; length].into(), mailbox, watch, other }
    }

    /// Puts the buffer into the mailbox, as soon as that is empty.
    pub(crate) fn put(&mut self) -> Result<(), Error> {
        self.mailbox.swap(false, &mut self.buffer, &self.watch, self.other)
    }

    /// Takes what is in the mailbox, as soon as that is full.
    pub(crate) fn take(&mut self) -> Result<(), Error> {
        self.mailbox.swap(true, &mut self.buffer, &self.watch, self.other)
    }
}
