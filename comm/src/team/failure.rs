//! The failure watch, by which rank threads that wait for others learn that these have failed.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::waiting::{Call, Limit};

/// How many times a waiting rank looks again before it gives way: for a few microseconds. The rank for which it waits may have to
/// run on the same core.
const SPINS: usize = 100;
/// How long a rank then lets other threads run before it goes to sleep, where there are cores for all ranks. To be woken takes
/// about 50 µs, and a rank for which others wait meanwhile makes them go to sleep, too.
const AWAKE: Duration = Duration::from_micros(300);
/// How many times a rank lets other threads run before it goes to sleep, where there are more
/// ranks than cores: it is cheaper to let another rank go on than to be woken by it.
const YIELDS: usize = 200;
/// A rank that did not get its core back within this time shares it with other programs. Then ranks
/// go to sleep at once the next so many times that they wait, since sleepers are preferred when they
/// wake up.
const CROWDED: Duration = Duration::from_micros(500);
const ASLEEP: u32 = 2000;
/// How often a sleeping rank checks whether another one has failed.
const PATIENCE: Duration = Duration::from_millis(20);

/// Locks a mutex. Even if a rank panicked while it held the lock, the data are consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ranks that bring about what a rank waits for.
#[derive(Clone, Copy)]
pub(crate) enum Awaited<'a> {
    /// All of these.
    All(&'a [usize]),
    /// Any of these but the rank that waits.
    AnyBut(&'a [usize], usize),
}

/// Records which ranks of a team have failed or ended.
pub(crate) struct FailureWatch {
    /// The first rank that failed and the message of its error.
    failure: Mutex<Option<(usize, String)>>,
    failed: AtomicBool,
    /// How long ranks may wait, if that is limited.
    limit: Mutex<Option<Limit>>,
    /// Which ranks have ended. It is useless to wait for them.
    ended: Vec<AtomicBool>,
    /// Whether there are more ranks than cores.
    crowded: bool,
    /// How many more times ranks go to sleep at once, where there are more of them than cores.
    asleep: AtomicU32,
}

impl FailureWatch {
    /// A watch over this many ranks.
    pub(crate) fn new(ranks: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        FailureWatch {
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            limit: Mutex::new(None),
            ended: (0..ranks).map(|_| AtomicBool::new(false)).collect(),
            crowded: ranks > cores,
            asleep: AtomicU32::new(0),
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

    /// Sets the limit of all waits.
    pub(crate) fn limit(&self, limit: Limit) {
        *lock(&self.limit) = Some(limit);
    }

    /// The rank that failed first, if any did.
    pub(crate) fn first_failed(&self) -> Option<usize> {
        lock(&self.failure).as_ref().map(|(rank, _)| *rank)
    }

    /// Returns an error if a rank has failed, or if ranks `awaited` have ended before what this rank waits for has
    /// `happened`.
    pub(crate) fn check(
        &self,
        awaited: Awaited<'_>,
        happened: &impl Fn() -> bool,
    ) -> Result<(), Error> {
        if self.failed.load(Ordering::Acquire)
            && let Some((rank, message)) = lock(&self.failure).clone()
        {
            return Err(Error::RankFailed { rank, message });
        }
        let has_ended = |rank: &&usize| self.ended[**rank].load(Ordering::Acquire);
        let gone = match awaited {
            Awaited::All(ranks) => ranks.iter().find(has_ended),
            Awaited::AnyBut(ranks, here) => {
                let mut others = ranks.iter().filter(|rank| **rank != here);
                let first = others.clone().next();
                first.filter(|_| others.all(|rank| has_ended(&rank)))
            }
        };
        match gone {
            Some(&rank) if !happened() => {
                let message = "it ended while others waited for it".into();
                Err(Error::RankFailed { rank, message })
            }
            _ => Ok(()),
        }
    }

    /// Looks a while whether `happened` holds, without going to sleep.
    fn give_way(&self, happened: &impl Fn() -> bool) {
        if !self.crowded {
            for _ in 0..SPINS {
                if happened() {
                    return;
                }
                std::hint::spin_loop();
            }
            let began = Instant::now();
            while !happened() && began.elapsed() < AWAKE {
                std::thread::yield_now();
            }
            return;
        }
        let left = self.asleep.load(Ordering::Relaxed);
        if left > 0 {
            self.asleep.store(left - 1, Ordering::Relaxed);
            return;
        }
        // A rank that kept looking would keep others from working.
        let began = Instant::now();
        for _ in 0..YIELDS {
            if happened() {
                return;
            }
            if began.elapsed() > CROWDED {
                self.asleep.store(ASLEEP, Ordering::Relaxed);
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Waits on rank `here` until `happened` holds. The ranks `awaited` bring it about while they hold this mutex,
    /// and then notify `changed`.
    pub(crate) fn wait<'a, T>(
        &self,
        mutex: &'a Mutex<T>,
        changed: &Condvar,
        (here, call): (usize, Call),
        awaited: Awaited<'_>,
        happened: impl Fn() -> bool,
    ) -> Result<MutexGuard<'a, T>, Error> {
        self.give_way(&happened);
        let mut guard = lock(mutex);
        let mut waited = Duration::ZERO;
        while !happened() {
            self.check(awaited, &happened)?;
            let began = Instant::now();
            let wait = changed.wait_timeout(guard, PATIENCE);
            guard = wait.unwrap_or_else(PoisonError::into_inner).0;
            // Time for which the whole process was stopped does not count.
            waited += began.elapsed().min(2 * PATIENCE);
            self.end_if_over(waited, here, call);
        }
        Ok(guard)
    }

    /// Ends this process if a rank has waited as long as it may.
    pub(crate) fn end_if_over(&self, waited: Duration, here: usize, call: Call) {
        if let Some(limit) = lock(&self.limit).as_ref().filter(|limit| waited >= limit.most) {
            limit.end(here, call);
        }
    }
}
