//! The watch over calls of MPI, which cannot be given up: a thread that ends the job where one of them takes too long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::team::lock;
use crate::waiting::{Call, Limit, Operation};

/// Knows in which call this process is.
#[derive(Default)]
pub(crate) struct WaitWatch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How often calls were entered and left: odd within a call.
    passes: AtomicU64,
    /// The call: its operation, peer, tag and length.
    call: [AtomicU64; 4],
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
        for (place, number) in self.0.call.iter().zip(encode(call)) {
            place.store(number, Ordering::Relaxed);
        }
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
            // They do not change: the call is not over.
            let call = shared.call.each_ref().map(|number| number.load(Ordering::Relaxed));
            limit.end(rank, decode(call));
        }
        (seen, before) = (passes, now);
        drop(guard);
        drop(shared);
        std::thread::sleep(tick);
    }
}

/// A call as numbers.
#[inline]
fn encode(call: Call) -> [u64; 4] {
    let some = |number: Option<usize>| number.map_or(u64::MAX, |number| number as u64);
    [call.operation as u64, some(call.peer), some(call.tag), call.length as u64]
}

fn decode([operation, peer, tag, length]: [u64; 4]) -> Call {
    let some = |number: u64| (number != u64::MAX).then_some(number as usize);
    let operation = Operation::of_number(operation);
    Call { operation, peer: some(peer), tag: some(tag), length: length as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_as_they_were_noted() {
        for call in [
            Call::of_all(Operation::Barrier, 0),
            Call::of_all(Operation::End, 0),
            Call::rooted(Operation::Gather, 0, 7),
            Call::recv(Some(70_000), None, 1 << 40),
            Call::recv(None, Some(3), 0),
            Call::send(Some(5), 0, 0),
        ] {
            assert_eq!(decode(encode(call)), call);
        }
    }
}
