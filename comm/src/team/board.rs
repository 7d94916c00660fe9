//! The boards of rank threads: what each rank contributes to an operation of all ranks.
//!
//! The n-th operation of all ranks on one rank is the n-th on every other, so it is found by its number. Each rank pins up its
//! contribution, and reads those of the others as soon as they are there. A board is taken away when all ranks
//! have done so. Any number of operations can be under way at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::{Class, Error};
use crate::team::failure::{Awaited, lock};
use crate::team::team::Team;
use crate::waiting::Call;

/// What a rank contributes.
pub(crate) struct Contribution {
    pub(crate) call: Call,
    /// The size of an element.
    pub(crate) item: usize,
    pub(crate) bytes: Vec<u8>,
    /// How many elements are for each rank, if that differs.
    pub(crate) counts: Vec<usize>,
}

/// Whose contributions a rank needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    All,
    Rank(usize),
    Nobody,
}

/// A board, with a place for each rank.
pub(crate) struct Board {
    places: Vec<OnceLock<Contribution>>,
    /// How many ranks still need it.
    left: AtomicUsize,
}

/// The boards that are in use, by their numbers.
#[derive(Default)]
pub(crate) struct Boards(Mutex<HashMap<usize, Arc<Board>>>);

impl Boards {
    fn board(&self, number: usize, ranks: usize) -> Arc<Board> {
        let new = || {
            let places = (0..ranks).map(|_| OnceLock::new()).collect();
            Arc::new(Board { places, left: AtomicUsize::new(ranks) })
        };
        lock(&self.0).entry(number).or_insert_with(new).clone()
    }
}

/// The part of one rank in an operation that is under way.
pub(crate) struct Ticket {
    team: Arc<Team>,
    rank: usize,
    number: usize,
    board: Arc<Board>,
    call: Call,
    needed: Needed,
}

impl Ticket {
    /// Begins the next operation on this rank.
    pub(crate) fn new(
        team: &Arc<Team>,
        rank: usize,
        contribution: Contribution,
        needed: Needed,
    ) -> Self {
        let number = team.next_operation(rank);
        let board = team.boards.board(number, team.size);
        let call = contribution.call;
        // Nobody else writes to this place.
        let _ = board.places[rank].set(contribution);
        team.ring();
        Ticket { team: team.clone(), rank, number, board, call, needed }
    }

    fn has_given(&self, rank: usize) -> bool {
        self.board.places[rank].get().is_some()
    }

    /// The first rank whose part this one needs and that has not given it. Those that have may end before others do.
    fn missing(&self) -> Option<usize> {
        let mut ranks = match self.needed {
            Needed::All => 0..self.team.size,
            Needed::Rank(rank) => rank..rank + 1,
            Needed::Nobody => 0..0,
        };
        ranks.find(|rank| !self.has_given(*rank))
    }

    fn awaited(&self, rank: usize) -> Awaited<'_> {
        Awaited::All(&self.team.members[rank..rank + 1])
    }

    /// Whether everything that this rank needs is there.
    pub(crate) fn test(&self) -> Result<bool, Error> {
        let Some(rank) = self.missing() else { return Ok(true) };
        self.team.watch.check(self.awaited(rank), &|| self.has_given(rank))?;
        Ok(false)
    }

    /// Waits until it is.
    pub(crate) fn wait(&self) -> Result<(), Error> {
        while let Some(rank) = self.missing() {
            self.team.wait(self.rank, self.call, self.awaited(rank), || self.has_given(rank))?;
        }
        Ok(())
    }

    /// What a rank contributed, if it is there and was meant for the same call as this rank's.
    pub(crate) fn read(&self, rank: usize) -> Result<Option<&Contribution>, Error> {
        let Some(theirs) = self.board.places[rank].get() else { return Ok(None) };
        let item = self.board.places[self.rank].get().map_or(0, |mine| mine.item);
        let alike = theirs.call.operation == self.call.operation
            && theirs.call.peer == self.call.peer
            && theirs.item == item;
        if alike {
            return Ok(Some(theirs));
        }
        let size = match theirs.item == item {
            true => String::new(),
            false => format!(", with elements of {} bytes instead of {item}", theirs.item),
        };
        let text = format!("rank {rank} called {}{size}", theirs.call.in_words());
        Err(Error::failed(self.call, Class::Mismatch, text))
    }

    /// What all ranks contributed, if each of them contributed as much as this one.
    pub(crate) fn read_alike(&self) -> Result<Vec<&Contribution>, Error> {
        let mut all = Vec::with_capacity(self.team.size);
        for rank in 0..self.team.size {
            let Some(theirs) = self.read(rank)? else { continue };
            if theirs.call.length != self.call.length {
                let text = format!("rank {rank} called {}", theirs.call.in_words());
                return Err(Error::failed(self.call, Class::Mismatch, text));
            }
            all.push(theirs);
        }
        Ok(all)
    }

    pub(crate) fn call(&self) -> Call {
        self.call
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.board.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            lock(&self.team.boards.0).remove(&self.number);
        }
    }
}
