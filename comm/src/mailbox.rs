//! A mailbox: room for one message from one rank thread to another.
//!
//! Buffers are swapped, never copied or allocated. A rank starts a message of the next exchange
//! only when the last one was taken; since every rank goes through the same exchanges in the same
//! order, the one that is furthest behind can always go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::threads::Team;

/// How often a waiting rank looks whether another has failed.
pub(crate) const PATIENCE: Duration = Duration::from_millis(20);

/// Locks a mutex. A rank that panicked while holding it left nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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
    /// turns it into the opposite.
    fn swap(
        &self,
        when_full: bool,
        buffer: &mut Box<[f64]>,
        team: &Team,
        other: usize,
    ) -> Result<(), Error> {
        let ready = || self.is_full() == when_full;
        team.spin(ready);
        let mut slot = lock(&self.slot);
        while !ready() {
            team.check(other..other + 1, ready)?;
            let wait = self.changed.wait_timeout(slot, PATIENCE);
            slot = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut *slot, buffer);
        self.full.store(!when_full, Ordering::Release);
        drop(slot);
        self.changed.notify_all();
        Ok(())
    }
}

/// One end of a mailbox with the buffer of the rank that holds it.
pub(crate) struct End {
    pub(crate) buffer: Box<[f64]>,
    mailbox: Arc<Mailbox>,
    team: Arc<Team>,
    /// The rank at the other end.
    other: usize,
}

impl End {
    pub(crate) fn new(length: usize, mailbox: Arc<Mailbox>, team: Arc<Team>, other: usize) -> Self {
        End { buffer: vec![0.0; length].into(), mailbox, team, other }
    }

    pub(crate) fn put(&mut self) -> Result<(), Error> {
        self.mailbox.swap(false, &mut self.buffer, &self.team, self.other)
    }

    pub(crate) fn take(&mut self) -> Result<(), Error> {
        self.mailbox.swap(true, &mut self.buffer, &self.team, self.other)
    }
}
