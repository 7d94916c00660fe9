//! Lists that rank threads show each other: the windows of a team.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::data::Data;
use crate::error::{Class, Error};
use crate::phase::Phase;
use crate::team::failure::lock;
use crate::team::team::Team;
use crate::waiting::{Call, Operation};

/// What a rank shows to the others of its team.
#[derive(Default)]
pub(crate) struct Shown(Mutex<Option<Arc<dyn Any + Send + Sync>>>);

/// The window of a rank thread. Its team is its own, so that nobody else meets in it.
pub(crate) struct TeamWindow<T> {
    team: Arc<Team>,
    rank: usize,
    lists: Lists<T>,
}

enum Lists<T> {
    /// The window is closed, and this rank owns its list.
    Mine(Vec<T>),
    /// It is open: all ranks have a hold on all lists, and nobody changes them.
    All(Vec<Arc<Vec<T>>>),
    Lost,
}

impl<T: Data> TeamWindow<T> {
    pub(crate) fn new(team: Arc<Team>, rank: usize, list: Vec<T>) -> Self {
        TeamWindow { team, rank, lists: Lists::Mine(list) }
    }

    fn phase(&self) -> Phase {
        match self.lists {
            Lists::Mine(_) => Phase::Closed,
            Lists::All(_) => Phase::Open,
            Lists::Lost => Phase::Lost,
        }
    }

    /// The list of a rank of the team.
    pub(crate) fn part(&self, rank: usize) -> Result<&[T], Error> {
        self.phase().check_read(rank == self.rank)?;
        Ok(match &self.lists {
            Lists::Mine(list) => list,
            Lists::All(lists) => &lists[rank],
            Lists::Lost => &[],
        })
    }

    /// The list of this rank, to be changed.
    pub(crate) fn mine_mut(&mut self) -> Result<&mut [T], Error> {
        self.phase().check(Phase::Closed)?;
        Ok(match &mut self.lists {
            Lists::Mine(list) => list,
            Lists::All(_) | Lists::Lost => &mut [],
        })
    }

    /// Shows the list, and takes hold of those of the others.
    pub(crate) fn open(&mut self) -> Result<(), Error> {
        let call = Call::of_all(Operation::Window, self.mine_mut()?.len());
        if let Lists::Mine(list) = std::mem::replace(&mut self.lists, Lists::Lost) {
            *lock(&self.team.shown[self.rank].0) = Some(Arc::new(list));
        }
        self.team.meet(self.rank, call)?;
        // Nobody shows another list before all ranks have closed the window.
        let theirs = |rank: usize| {
            let shown = lock(&self.team.shown[rank].0).clone();
            shown.and_then(|list| list.downcast().ok()).ok_or_else(|| {
                let text = format!("the elements of rank {rank} have another type");
                Error::failed(call, Class::Mismatch, text)
            })
        };
        self.lists = Lists::All((0..self.team.size).map(theirs).collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Lets go of the lists of the others, and takes back the own one.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.phase().check(Phase::Open)?;
        let call = Call::of_all(Operation::Window, self.part(self.rank)?.len());
        let mut mine = None;
        if let Lists::All(mut lists) = std::mem::replace(&mut self.lists, Lists::Lost) {
            mine = Some(lists.swap_remove(self.rank));
        }
        self.team.meet(self.rank, call)?;
        // All ranks have been here, so that nobody else has a hold on it, or looks for it.
        *lock(&self.team.shown[self.rank].0) = None;
        let mine = mine.map(|mine| Arc::try_unwrap(mine).unwrap_or_else(|mine| mine.to_vec()));
        self.lists = mine.map_or(Lists::Lost, Lists::Mine);
        Ok(())
    }
}
