//! The watch over calls of MPI, which cannot be given up: a thread that ends the job where one of them takes too long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::failure::lock;
use crate::waiting::{Call, Limit};

/// Knows in which call this process is.
#[derive(Default)]
pub(crate) struct WaitWatch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How often calls were entered and left: odd within a call.
    passes: AtomicU64,
    /// The call, as a number.
    call: AtomicU64,
    limit: Mutex<Option<Limit>>,
}

impl WaitWatch {
    /// Does what may wait.
    #[inline]
    pub(crate) fn during<T>(&self, call: Call, wait: impl FnOnce() -> T) -> T {
        self.enter(call);
        let result = wait();
        self.pass();
        result
    }

    /// Begins what may wait and is not over before the watch is dropped.
    #[inline]
    pub(crate) fn enter(&self, call: Call) {
        self.0.call.store(encode(call), Ordering::Relaxed);
        self.pass();
    }

    #[inline]
    fn pass(&self) {
        // Only this thread changes it.
        let passes = self.0.passes.load(Ordering::Relaxed);
        self.0.passes.store(passes + 1, Ordering::Release);
    }

    /// Sets the limit of waits on this rank.
    pub(crate) fn limit(&self, rank: usize, limit: Limit) {
        let is_watched = lock(&self.0.limit).replace(limit).is_some();
        if is_watched {
            return;
        }
        let shared = Arc::downgrade(&self.0);
        let builder = std::thread::Builder::new().name("fluxions-waits".into());
        // Without a thread, waits have no limit.
        let _ = builder.spawn(move || watch(&shared, rank));
    }
}

/// Looks now and then, as long as there is something to watch.
fn watch(shared: &Weak<Shared>, rank: usize) {
    let (mut seen, mut waited, mut before) = (0, Duration::ZERO, Instant::now());
    while let Some(shared) = shared.upgrade() {
        let guard = lock(&shared.limit);
        let Some(limit) = &*guard else { return };
        let (tick, now) = (limit.tick(), Instant::now());
        let passes = shared.passes.load(Ordering::Acquire);
        waited = match passes == seen && passes % 2 == 1 {
            // Time for which the whole job was stopped does not count.
            true => waited + (now - before).min(2 * tick),
            false => Duration::ZERO,
        };
        if waited >= limit.most {
            limit.end(rank, decode(shared.call.load(Ordering::Relaxed)));
        }
        (seen, before) = (passes, now);
        drop(guard);
        drop(shared);
        std::thread::sleep(tick);
    }
}

/// A call as a number: its kind, the other rank, and how much is sent.
fn encode(call: Call) -> u64 {
    let of = |kind: u64, rank: usize, count: usize| {
        kind << 56 | (rank as u64 & 0xff_ffff) << 32 | (count as u64).min(0xffff_ffff)
    };
    match call {
        Call::Barrier => of(0, 0, 0),
        Call::Combine { integers } => of(1, 0, integers),
        Call::Gather => of(2, 0, 0),
        Call::Exchange => of(3, 0, 0),
        Call::Receive { from, length } => of(4, from, length),
        Call::Send { to, length } => of(5, to, length),
        Call::End => of(6, 0, 0),
    }
}

fn decode(call: u64) -> Call {
    let (rank, count) = ((call >> 32 & 0xff_ffff) as usize, (call & 0xffff_ffff) as usize);
    match call >> 56 {
        0 => Call::Barrier,
        1 => Call::Combine { integers: count },
        2 => Call::Gather,
        3 => Call::Exchange,
        4 => Call::Receive { from: rank, length: count },
        5 => Call::Send { to: rank, length: count },
        _ => Call::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_as_they_were_noted() {
        for call in [
            Call::Barrier,
            Call::Combine { integers: 3 },
            Call::Gather,
            Call::Exchange,
            Call::Receive { from: 70_000, length: 1 << 30 },
            Call::Send { to: 5, length: 0 },
            Call::End,
        ] {
            assert_eq!(decode(encode(call)), call);
        }
    }
}
