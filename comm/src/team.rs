//! The team: the state that the rank threads of one process share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::combine::Combine;
use crate::error::Error;
use crate::failure::{FailureWatch, lock};
use crate::mailbox::{Mailbox, MailboxEnd};
use crate::waiting::Call;

/// The sender, receiver, tag and length of a mailbox's messages.
type MailboxName = (usize, usize, usize, usize);

/// The state that the rank threads of one run share.
pub(crate) struct Team {
    pub(crate) size: usize,
    pub(crate) watch: Arc<FailureWatch>,
    mailboxes: Mutex<HashMap<MailboxName, Arc<Mailbox>>>,
    /// The integers that each rank contributes to a collective operation.
    integers: Vec<Mutex<Vec<i64>>>,
    numbers: Vec<Mutex<Vec<f64>>>,
    arrived: Mutex<usize>,
    /// The number of times that all ranks have met.
    meetings: AtomicUsize,
    met: Condvar,
}

impl Team {
    /// A team of this many ranks.
    pub(crate) fn new(size: usize) -> Self {
        Team {
            size,
            watch: Arc::new(FailureWatch::new(size)),
            mailboxes: Mutex::default(),
            integers: (0..size).map(|_| Mutex::default()).collect(),
            numbers: (0..size).map(|_| Mutex::default()).collect(),
            arrived: Mutex::new(0),
            meetings: AtomicUsize::new(0),
            met: Condvar::new(),
        }
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
        MailboxEnd::new(length, mailbox, self.watch.clone(), (here, other))
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
        drop(self.watch.wait(&self.arrived, &self.met, (rank, call), 0..self.size, over)?);
        Ok(())
    }

    /// Combines the integers of all ranks, element by element.
    pub(crate) fn combine(
        &self,
        rank: usize,
        how: Combine,
        values: &mut [i64],
    ) -> Result<(), Error> {
        let call = Call::Combine { integers: values.len() };
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
        self.meet(rank, Call::Gather)?;
        let all = (rank == 0).then(|| {
            (0..self.size)
                .flat_map(|other| std::mem::take(&mut *lock(&self.numbers[other])))
                .collect()
        });
        self.meet(rank, Call::Gather)?;
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
            starts.extend((0..to.len()).map(|other| to[..other].iter().sum::<usize>() as i64));
        }
        self.meet(rank, Call::Exchange)?;
        let mut all = Vec::with_capacity(from.iter().sum());
        for (other, count) in from.iter().enumerate() {
            let start = lock(&self.integers[other])[rank] as usize;
            all.extend_from_slice(&lock(&self.numbers[other])[start..start + count]);
        }
        // No rank may take back its numbers while others still read them.
        self.meet(rank, Call::Exchange)?;
        *lock(&self.numbers[rank]) = Vec::new();
        Ok(all)
    }
}
