//! The failure watch, by which rank threads that wait for others learn that these have failed.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;

/// How many times a waiting rank looks again before it goes to sleep.
const SPINS: usize = 2000;
/// How often a sleeping rank checks whether another one has failed.
const PATIENCE: Duration = Duration::from_millis(20);

/// Locks a mutex. Even if a rank panicked while it held the lock, the data are consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records which ranks of a team have failed or ended.
pub(crate) struct FailureWatch {
    /// The first rank that failed and the message of its error.
    failure: Mutex<Option<(usize, String)>>,
    failed: AtomicBool,
    /// Which ranks have ended. It is useless to wait for them.
    ended: Vec<AtomicBool>,
    spins: usize,
}

impl FailureWatch {
    /// A watch over this many ranks.
    pub(crate) fn new(ranks: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        FailureWatch {
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            ended: (0..ranks).map(|_| AtomicBool::new(false)).collect(),
            // With more ranks than cores, a rank that keeps looking would keep others from working.
            spins: if ranks <= cores { SPINS } else { 0 },
        }
    }

    /// Records that a rank has failed, with the message of its error.
    pub(crate) fn fail(&self, rank: usize, message: String) {
        lock(&self.failure).get_or_insert((rank, message));
        self.failed.store(true, Ordering::Release);
    }

    /// Records that a rank has ended without failure.
    pub(crate) fn end(&self, rank: usize) {
        self.ended[rank].store(true, Ordering::Release);
    }

    /// The rank that failed first, if any did.
    pub(crate) fn first_failed(&self) -> Option<usize> {
        lock(&self.failure).as_ref().map(|(rank, _)| *rank)
    }

    /// Returns an error if a rank has failed, or if one of the ranks `awaited` has ended before
    /// what this rank waits for has `happened`.
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

    /// Waits until `happened` holds. The ranks `awaited` bring it about while they hold this mutex,
    /// and then notify `changed`.
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
