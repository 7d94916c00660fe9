//! The failure watch: how rank threads that wait for others learn that these have failed.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;

/// How many times a waiting rank looks again before it goes to sleep.
const SPINS: usize = 2000;
/// How often a sleeping rank looks whether another has failed.
const PATIENCE: Duration = Duration::from_millis(20);

/// Locks a mutex. A rank that panicked while holding it left nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which of the ranks of a team have failed or ended.
pub(crate) struct FailureWatch {
    /// The first rank that failed and the message of its error.
    failure: Mutex<Option<(usize, String)>>,
    failed: AtomicBool,
    /// Which ranks have ended: waiting for them is of no use any more.
    ended: Vec<AtomicBool>,
    spins: usize,
}

impl FailureWatch {
    /// Watches this many ranks.
    pub(crate) fn new(ranks: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        FailureWatch {
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            ended: (0..ranks).map(|_| AtomicBool::new(false)).collect(),
            // With more ranks than cores, looking again keeps others from working.
            spins: if ranks <= cores { SPINS } else { 0 },
        }
    }

    /// A rank has failed, with this message.
    pub(crate) fn fail(&self, rank: usize, message: String) {
        lock(&self.failure).get_or_insert((rank, message));
        self.failed.store(true, Ordering::Release);
    }

    /// A rank has ended without failure.
    pub(crate) fn end(&self, rank: usize) {
        self.ended[rank].store(true, Ordering::Release);
    }

    /// The rank that failed first.
    pub(crate) fn first_failed(&self) -> Option<usize> {
        lock(&self.failure).as_ref().map(|(rank, _)| *rank)
    }

    /// An error if a rank has failed, or one of `awaited` has ended, so that what this rank waits
    /// for cannot happen any more. `happened` tells whether it did after all.
    fn check(&self, mut awaited: Range<usize>, happened: &impl Fn() -> bool) -> Result<(), Error> {
        if self.failed.load(Ordering::Acquire)
            && let Some((rank, message)) = lock(&self.failure).clone()
        {
            return Err(Error::RankFailed { rank, message });
        }
        match awaited.find(|rank| self.ended[*rank].load(Ordering::Acquire)) {
            Some(rank) if !happened() => {
                let message = "it ended while others waited for it".into();
                Err(Error::RankFailed { rank, message })
            }
            _ => Ok(()),
        }
    }

    /// Waits until something has happened that the ranks `awaited` do under this mutex, after
    /// which they notify `changed`.
    pub(crate) fn wait<'a, T>(
        &self,
        mutex: &'a Mutex<T>,
        changed: &Condvar,
        awaited: Range<usize>,
        happened: impl Fn() -> bool,
    ) -> Result<MutexGuard<'a, T>, Error> {
        for _ in 0..self.spins {
            if happened() {
                break;
            }
            std::hint::spin_loop();
        }
        let mut guard = lock(mutex);
        while !happened() {
            self.check(awaited.clone(), &happened)?;
            let wait = changed.wait_timeout(guard, PATIENCE);
            guard = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(guard)
    }
}
