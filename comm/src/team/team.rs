//! The team: the state that the rank threads of one communicator share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::combine::Combine;
use crate::error::{Class, Error};
use crate::team::board::Boards;
use crate::team::failure::{Awaited, FailureWatch, lock};
use crate::team::inbox::Inbox;
use crate::team::mailbox::{Mailbox, MailboxEnd};
use crate::team::shared::Shown;
use crate::waiting::{Call, Operation};
use crate::world::Kind;

/// The sender, receiver, tag and length of a mailbox's messages.
type MailboxName = (usize, usize, usize, usize);

/// The state that the rank threads of one communicator share.
pub(crate) struct Team {
    pub(crate) kind: Kind,
    pub(crate) size: usize,
    /// Which ranks of the whole world these are.
    pub(crate) members: Vec<usize>,
    pub(crate) watch: Arc<FailureWatch>,
    pub(crate) boards: Boards,
    inboxes: Vec<Inbox>,
    /// How many operations of all ranks each rank has begun.
    operations: Vec<AtomicUsize>,
    /// Rung whenever something arrives, for whom it may concern.
    bell: (Mutex<()>, Condvar),
    /// Teams that are being split off, by the operation and the colour.
    parts: Mutex<HashMap<(usize, usize), Arc<Team>>>,
    mailboxes: Mutex<HashMap<MailboxName, Arc<Mailbox>>>,
    /// The integers that each rank contributes to a collective operation.
    integers: Vec<Mutex<Vec<i64>>>,
    numbers: Vec<Mutex<Vec<f64>>>,
    /// What each rank shows in a window.
    pub(crate) shown: Vec<Shown>,
    arrived: Mutex<usize>,
    /// The number of times that all ranks have met.
    meetings: AtomicUsize,
    met: Condvar,
}

impl Team {
    /// A team of this many ranks.
    pub(crate) fn new(size: usize) -> Self {
        Team::of(Kind::Threads, Arc::new(FailureWatch::new(size)), (0..size).collect())
    }

    /// The only rank of a program without others.
    pub(crate) fn solo() -> Self {
        Team::of(Kind::Solo, Arc::new(FailureWatch::new(1)), vec![0])
    }

    /// A team of these ranks of the whole world.
    fn of(kind: Kind, watch: Arc<FailureWatch>, members: Vec<usize>) -> Self {
        let size = members.len();
        Team {
            kind,
            size,
            members,
            watch,
            boards: Boards::default(),
            inboxes: (0..size).map(|_| Inbox::default()).collect(),
            operations: (0..size).map(|_| AtomicUsize::new(0)).collect(),
            bell: Default::default(),
            parts: Mutex::default(),
            mailboxes: Mutex::default(),
            integers: (0..size).map(|_| Mutex::default()).collect(),
            numbers: (0..size).map(|_| Mutex::default()).collect(),
            shown: (0..size).map(|_| Shown::default()).collect(),
            arrived: Mutex::new(0),
            meetings: AtomicUsize::new(0),
            met: Condvar::new(),
        }
    }

    /// The team of some of its ranks. All of them call this, after the same number of operations and with the same
    /// `colour`. Then all ranks of the whole team meet, whether or not they are in such a team.
    pub(crate) fn part(
        &self,
        rank: usize,
        operation: Operation,
        part: Option<(usize, Vec<usize>)>,
    ) -> Result<Option<Arc<Team>>, Error> {
        let call = Call::of_all(operation, 0);
        let number = self.operations[rank].load(Ordering::Relaxed);
        let found = part.map(|(colour, ranks)| {
            let members = || ranks.iter().map(|rank| self.members[*rank]).collect();
            let new = || Arc::new(Team::of(self.kind, self.watch.clone(), members()));
            let name = (number, colour);
            (name, lock(&self.parts).entry(name).or_insert_with(new).clone())
        });
        self.meet(rank, call)?;
        Ok(found.map(|(name, team)| {
            lock(&self.parts).remove(&name);
            team
        }))
    }

    /// The number of the next operation of all ranks on this one.
    pub(crate) fn next_operation(&self, rank: usize) -> usize {
        // Only this rank changes it.
        let number = self.operations[rank].load(Ordering::Relaxed);
        self.operations[rank].store(number + 1, Ordering::Relaxed);
        number
    }

    pub(crate) fn inbox(&self, rank: usize) -> &Inbox {
        &self.inboxes[rank]
    }

    /// Lets all ranks that wait look again.
    pub(crate) fn ring(&self) {
        drop(lock(&self.bell.0));
        self.bell.1.notify_all();
    }

    /// Waits on this rank until `happened` holds, of which the others tell by ringing.
    pub(crate) fn wait(
        &self,
        rank: usize,
        call: Call,
        awaited: Awaited<'_>,
        happened: impl Fn() -> bool,
    ) -> Result<(), Error> {
        if happened() {
            return Ok(());
        }
        if self.size == 1 {
            let text = "the only rank would wait for itself for ever";
            return Err(Error::failed(call, Class::Deadlock, text));
        }
        let here = (self.members[rank], call);
        self.watch.wait(&self.bell.0, &self.bell.1, here, awaited, happened).map(drop)
    }

    /// The end on rank `here` of the mailbox for messages of this tag and length between two ranks.
    pub(crate) fn mailbox_end(
        &self,
        (from, to): (usize, usize),
        here: usize,
        tag: usize,
        length: usize,
    ) -> MailboxEnd {
        let mailbox = lock(&self.mailboxes)
            .entry((from, to, tag, length))
            .or_insert_with(|| Arc::new(Mailbox::new(length)))
            .clone();
        let other = if here == from { to } else { from };
        let ends = (self.members[here], self.members[other]);
        MailboxEnd::new(length, mailbox, self.watch.clone(), ends, tag)
    }

    /// Waits on this rank until every rank has called this for the same call.
    pub(crate) fn meet(&self, rank: usize, call: Call) -> Result<(), Error> {
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
        let here = (self.members[rank], call);
        let awaited = Awaited::All(&self.members);
        drop(self.watch.wait(&self.arrived, &self.met, here, awaited, over)?);
        Ok(())
    }

    /// Combines the integers of all ranks, element by element.
    pub(crate) fn combine(
        &self,
        rank: usize,
        how: Combine,
        values: &mut [i64],
    ) -> Result<(), Error> {
        let call = Call::of_all(Operation::Allreduce, values.len());
        {
            let mut mine = lock(&self.integers[rank]);
            mine.clear();
            mine.extend_from_slice(values);
        }
        self.meet(rank, call)?;
        for other in (0..self.size).filter(|other| *other != rank) {
            let theirs = lock(&self.integers[other]);
            values.iter_mut().zip(theirs.iter()).for_each(|(a, b)| *a = how.apply(*a, *b));
        }
        // No rank may write its next integers before all ranks have read these.
        self.meet(rank, call)
    }

    /// On rank 0, the numbers of all ranks, one after the other.
    pub(crate) fn gather(&self, rank: usize, mine: &[f64]) -> Result<Option<Vec<f64>>, Error> {
        {
            let mut slot = lock(&self.numbers[rank]);
            slot.clear();
            slot.extend_from_slice(mine);
        }
        self.meet(rank, Call::rooted(Operation::Gather, 0, mine.len()))?;
        let all = (rank == 0).then(|| {
            (0..self.size)
                .flat_map(|other| std::mem::take(&mut *lock(&self.numbers[other])))
                .collect()
        });
        self.meet(rank, Call::rooted(Operation::Gather, 0, mine.len()))?;
        Ok(all)
    }

    /// The numbers that all ranks have for this one, one after the other.
    pub(crate) fn exchange(
        &self,
        rank: usize,
        mine: Vec<f64>,
        to: &[usize],
        from: &[usize],
    ) -> Result<Vec<f64>, Error> {
        *lock(&self.numbers[rank]) = mine;
        {
            // The positions where the numbers for each rank begin.
            let mut starts = lock(&self.integers[rank]);
            starts.clear();
            starts.extend((0..=to.len()).map(|other| to[..other].iter().sum::<usize>() as i64));
        }
        let call = Call::of_all(Operation::Alltoall, from.len());
        self.meet(rank, call)?;
        let mut all = Vec::with_capacity(from.iter().sum());
        let mut differs = None;
        for (other, count) in from.iter().enumerate() {
            let (start, end) = {
                let starts = lock(&self.integers[other]);
                (starts[rank] as usize, starts[rank + 1] as usize)
            };
            if end - start != *count {
                differs = differs.or(Some((other, end - start, *count)));
            }
            all.extend_from_slice(&lock(&self.numbers[other])[start..end]);
        }
        // No rank may take back its numbers while others still read them.
        self.meet(rank, call)?;
        *lock(&self.numbers[rank]) = Vec::new();
        match differs {
            Some((other, sent, expected)) => {
                let text = format!("rank {other} sends {sent} element(s) instead of {expected}");
                Err(Error::failed(call, Class::Mismatch, text))
            }
            None => Ok(all),
        }
    }
}
