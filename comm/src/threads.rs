//! Ranks as threads of this process.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::error::Error;
use crate::mailbox::{End, Mailbox, PATIENCE, lock};
use crate::world::{Combine, World};

/// Stack of a rank thread: expressions are walked by recursion.
const STACK: usize = 16 << 20;
/// How many times a waiting rank looks again before it goes to sleep.
const SPINS: usize = 2000;

/// Runs `rank` on `ranks` threads, each with its own [`World`], and gives their results in the
/// order of the ranks.
///
/// # Errors
/// If a rank returns an error, the others stop at their next communication, and the error of the
/// rank that failed first is returned.
///
/// # Panics
/// If a rank panics, the others stop likewise, and the panic goes on here.
pub fn run<T, E>(ranks: usize, rank: impl Fn(&World) -> Result<T, E> + Sync) -> Result<Vec<T>, E>
where
    T: Send,
    E: Display + Send,
{
    let team = Arc::new(Team::new(ranks));
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..ranks)
            .map(|number| {
                let (team, rank) = (&team, &rank);
                let body = move || {
                    let world = World::of_team(team.clone(), number);
                    let outcome = catch_unwind(AssertUnwindSafe(|| rank(&world)));
                    match &outcome {
                        Ok(Ok(_)) => team.end(number),
                        Ok(Err(error)) => team.fail(number, error.to_string()),
                        Err(_) => team.fail(number, "it panicked".into()),
                    }
                    outcome
                };
                let builder = std::thread::Builder::new().name(format!("rank {number}"));
                builder.stack_size(STACK).spawn_scoped(scope, body).unwrap_or_else(|error| {
                    // The ranks that run already would wait for this one for ever.
                    team.fail(number, format!("no thread could be started: {error}"));
                    panic!("no thread could be started for rank {number}: {error}")
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let first = lock(&team.failure).as_ref().map(|(rank, _)| *rank);
    let mut results = Vec::with_capacity(ranks);
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match outcome.unwrap_or_else(Err) {
            Ok(Ok(result)) => results.push(result),
            Ok(Err(error)) if first == Some(number) => return Err(error),
            Err(panic) if first == Some(number) => resume_unwind(panic),
            // This rank only followed the first one.
            Ok(Err(_)) | Err(_) => {}
        }
    }
    Ok(results)
}

/// From, to, tag and length of a mailbox's messages.
type MailboxName = (usize, usize, usize, usize);

/// What the ranks of one [`run`] share.
pub(crate) struct Team {
    pub(crate) size: usize,
    /// The first rank that failed and what it said.
    failure: Mutex<Option<(usize, String)>>,
    failed: AtomicBool,
    /// Which ranks have ended: nobody needs to wait for them any more.
    ended: Vec<AtomicBool>,
    mailboxes: Mutex<HashMap<MailboxName, Arc<Mailbox>>>,
    /// What each rank brings to a collective operation.
    integers: Vec<Mutex<Vec<i64>>>,
    numbers: Vec<Mutex<Vec<f64>>>,
    arrived: Mutex<usize>,
    /// How many times all ranks have met.
    meetings: AtomicUsize,
    met: Condvar,
    spins: usize,
}

impl Team {
    fn new(size: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Team {
            size,
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            ended: (0..size).map(|_| AtomicBool::new(false)).collect(),
            mailboxes: Mutex::default(),
            integers: (0..size).map(|_| Mutex::default()).collect(),
            numbers: (0..size).map(|_| Mutex::default()).collect(),
            arrived: Mutex::new(0),
            meetings: AtomicUsize::new(0),
            met: Condvar::new(),
            // With more ranks than cores, looking again keeps others from working.
            spins: if size <= cores { SPINS } else { 0 },
        }
    }

    fn fail(&self, rank: usize, message: String) {
        lock(&self.failure).get_or_insert((rank, message));
        self.failed.store(true, Ordering::Release);
    }

    fn end(&self, rank: usize) {
        self.ended[rank].store(true, Ordering::Release);
    }

    /// An error if a rank has failed, or one of `awaited` has ended, so that what this rank waits
    /// for cannot happen any more. `happened` tells whether it did after all.
    pub(crate) fn check(
        &self,
        mut awaited: Range<usize>,
        happened: impl Fn() -> bool,
    ) -> Result<(), Error> {
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

    /// Looks a while whether something has happened.
    pub(crate) fn spin(&self, happened: impl Fn() -> bool) {
        for _ in 0..self.spins {
            if happened() {
                return;
            }
            std::hint::spin_loop();
        }
    }

    /// The end at `here` of the mailbox for messages of this tag and length between two ranks.
    pub(crate) fn mailbox_end(
        self: &Arc<Self>,
        (from, to): (usize, usize),
        here: usize,
        tag: usize,
        length: usize,
    ) -> End {
        let mailbox = lock(&self.mailboxes)
            .entry((from, to, tag, length))
            .or_insert_with(|| Arc::new(Mailbox::new(length)))
            .clone();
        let other = if here == from { to } else { from };
        End::new(length, mailbox, self.clone(), other)
    }

    /// Waits until every rank is here.
    pub(crate) fn meet(&self) -> Result<(), Error> {
        let mut arrived = lock(&self.arrived);
        let meeting = self.meetings.load(Ordering::Acquire);
        *arrived += 1;
        if *arrived == self.size {
            *arrived = 0;
            self.meetings.store(meeting + 1, Ordering::Release);
            drop(arrived);
            self.met.notify_all();
            return Ok(());
        }
        drop(arrived);
        let over = || self.meetings.load(Ordering::Acquire) != meeting;
        self.spin(over);
        let mut arrived = lock(&self.arrived);
        while !over() {
            self.check(0..self.size, over)?;
            let wait = self.met.wait_timeout(arrived, PATIENCE);
            arrived = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Combines the integers of all ranks, element by element.
    pub(crate) fn combine(
        &self,
        rank: usize,
        how: Combine,
        values: &mut [i64],
    ) -> Result<(), Error> {
        {
            let mut mine = lock(&self.integers[rank]);
            mine.clear();
            mine.extend_from_slice(values);
        }
        self.meet()?;
        for other in (0..self.size).filter(|other| *other != rank) {
            let theirs = lock(&self.integers[other]);
            values.iter_mut().zip(theirs.iter()).for_each(|(a, b)| *a = how.apply(*a, *b));
        }
        // Nobody brings the next values before all have read these.
        self.meet()
    }

    /// The numbers of all ranks, one after the other, on rank 0.
    pub(crate) fn gather(&self, rank: usize, mine: &[f64]) -> Result<Option<Vec<f64>>, Error> {
        {
            let mut slot = lock(&self.numbers[rank]);
            slot.clear();
            slot.extend_from_slice(mine);
        }
        self.meet()?;
        let all = (rank == 0).then(|| {
            (0..self.size)
                .flat_map(|other| std::mem::take(&mut *lock(&self.numbers[other])))
                .collect()
        });
        self.meet()?;
        Ok(all)
    }

    /// The numbers that all ranks have for this one.
    pub(crate) fn exchange(
        &self,
        rank: usize,
        mine: Vec<f64>,
        to: &[usize],
        from: &[usize],
    ) -> Result<Vec<f64>, Error> {
        *lock(&self.numbers[rank]) = mine;
        {
            // Where the numbers for each rank begin.
            let mut starts = lock(&self.integers[rank]);
            starts.clear();
            starts.extend((0..to.len()).map(|other| to[..other].iter().sum::<usize>() as i64));
        }
        self.meet()?;
        let mut all = Vec::with_capacity(from.iter().sum());
        for (other, count) in from.iter().enumerate() {
            let start = lock(&self.integers[other])[rank] as usize;
            all.extend_from_slice(&lock(&self.numbers[other])[start..start + count]);
        }
        // Nobody takes back what others still read.
        self.meet()?;
        *lock(&self.numbers[rank]) = Vec::new();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collective_operations_on_any_number_of_ranks() {
        for n in 1..=7 {
            let results = run(n, |world| {
                let r = world.rank() as f64;
                let all = world.gather(&vec![r; world.rank()], &(0..n).collect::<Vec<_>>())?;
                Ok::<_, Error>((world.sum(&[r, 0.5])?, world.max(r)?, world.min(-r)?, all))
            })
            .unwrap();
            let total = (0..n).map(|r| r as f64 + 0.5).sum::<f64>();
            let last = (n - 1) as f64;
            let gathered = (0..n).flat_map(|r| vec![r as f64; r]).collect();
            for (rank, result) in results.into_iter().enumerate() {
                let all = (rank == 0).then_some(&gathered).cloned();
                assert_eq!(result, (total, last, -last, all));
            }
        }
    }

    #[test]
    fn a_nan_on_one_rank_is_the_extreme_of_all() {
        let results = run(3, |world| {
            let x = if world.rank() == 1 { f64::NAN } else { 1.0 };
            Ok::<_, Error>(world.max(x)?.is_nan() && world.min(x)?.is_nan())
        });
        assert_eq!(results.unwrap(), [true; 3]);
    }

    #[test]
    fn messages_go_round_in_a_ring() {
        for n in [2, 3, 8] {
            let results = run(n, |world| {
                let (rank, next) = (world.rank(), (world.rank() + 1) % n);
                let mut to = world.outgoing(next, 5, 3);
                let mut from = world.incoming((rank + n - 1) % n, 5, 3);
                let mut value = rank as f64;
                for _ in 0..100 {
                    from.start();
                    to.buffer().fill(value);
                    to.start()?;
                    value = from.finish()?[2] + 1.0;
                    to.finish()?;
                }
                Ok::<_, Error>(value)
            });
            let expected: Vec<_> =
                (0..n).map(|r| ((r + 100 * n - 100) % n) as f64 + 100.0).collect();
            assert_eq!(results.unwrap(), expected);
        }
    }

    #[test]
    fn every_rank_sends_something_else_to_every_other() {
        for n in 1..=5 {
            let results = run(n, |world| {
                let rank = world.rank();
                // To rank r the number of both, r times.
                let mine = (0..n).flat_map(|r| vec![(10 * rank + r) as f64; r]).collect();
                let to: Vec<usize> = (0..n).collect();
                world.exchange(mine, &to, &vec![rank; n])
            })
            .unwrap();
            for (rank, found) in results.into_iter().enumerate() {
                let expected: Vec<f64> =
                    (0..n).flat_map(|from| vec![(10 * from + rank) as f64; rank]).collect();
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn ranks_take_their_turn() {
        let order = Mutex::new(Vec::new());
        run(5, |world| world.in_turn(|| lock(&order).push(world.rank()))).unwrap();
        assert_eq!(*lock(&order), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn ranks_agree_on_the_lowest_failure() {
        use crate::Disagreement::*;
        let results = run(4, |world| {
            let mine = if world.rank() % 2 == 1 { Err(world.rank()) } else { Ok(()) };
            Ok::<_, Error>(world.agree(mine))
        });
        let there = Err(There { rank: 1 });
        assert_eq!(results.unwrap(), [there.clone(), Err(Here(1)), there.clone(), there]);
    }

    #[test]
    fn an_error_on_one_rank_ends_the_others() {
        let outcome = run(3, |world| {
            if world.rank() == 2 {
                return Err("out of disk".to_string());
            }
            world.incoming(2, 0, 1).finish().map_err(|e| e.to_string())?;
            Ok(())
        });
        assert_eq!(outcome.unwrap_err(), "out of disk");
    }

    #[test]
    fn a_rank_that_ends_too_early_ends_the_others() {
        let outcome = run(3, |world| match world.rank() {
            1 => Ok(()),
            _ => world.barrier(),
        });
        let message = "rank 1 failed: it ended while others waited for it";
        assert_eq!(outcome.unwrap_err().to_string(), message);
    }

    #[test]
    #[should_panic(expected = "broken")]
    fn a_panic_on_one_rank_ends_the_others() {
        let _ = run(3, |world| {
            if world.rank() == 1 {
                panic!("broken");
            }
            world.barrier()
        });
    }
}
