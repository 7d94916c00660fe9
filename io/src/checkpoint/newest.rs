//! The newest checkpoint of a run that can be used.

use std::path::{Path, PathBuf};

use fluxions_comm::{Combine, World};

use super::part::Part;
use super::record::Record;
use super::{list, part};
use crate::error::Error;
use crate::folder::RunFolder;
use crate::together::first;

/// The newest checkpoint of a run that can be used, if there is one, and newer ones, which cannot. Whoever asks for a
/// checkpoint of a run asks here: a run that goes on, and all that tell of it.
#[derive(Default)]
pub struct Newest {
    pub(super) found: Option<Found>,
    passed_over: Vec<String>,
    /// Whether another build of Fluxions has written one of those that cannot be used.
    of_other_build: bool,
}

/// A checkpoint that can be used.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) record: Record,
    pub(super) parts: Vec<Part>,
}

impl Newest {
    /// Looks for it, with all its checksums; each rank looks at some of the parts of a checkpoint. Collective.
    ///
    /// # Errors
    /// If another rank is gone.
    pub fn checked(world: &World, folder: &RunFolder) -> Result<Self, fluxions_comm::Error> {
        // All ranks look at as many as rank 0 sees.
        let all = list(&folder.checkpoints());
        let mut count = [if world.is_root() { all.len() as i64 } else { i64::MAX }];
        world.combine(Combine::Min, &mut count)?;
        let mut newest = Newest::default();
        for number in 0..count[0] as usize {
            let opened = match all.get(number) {
                Some(path) => open(path, |rank| rank % world.size() == world.rank()),
                None => {
                    let reason = "this rank does not see the checkpoints of rank 0".into();
                    Err(Error::Checkpoint { path: folder.checkpoints(), reason })
                }
            };
            let mine = opened.as_ref().err().map(Error::to_string);
            let reason = first(world, mine.as_deref())?;
            match (opened, reason) {
                (Ok(found), None) => {
                    newest.found = Some(found);
                    break;
                }
                (opened, reason) => newest.pass_over(opened.err().as_ref(), reason),
            }
        }
        Ok(newest)
    }

    /// Looks for it without the checksums of its parts, which may be long.
    pub fn at_a_glance(folder: &RunFolder) -> Self {
        let mut newest = Newest::default();
        for path in list(&folder.checkpoints()) {
            match open(&path, |_| false) {
                Ok(found) => {
                    newest.found = Some(found);
                    break;
                }
                Err(error) => newest.pass_over(Some(&error), Some(error.to_string())),
            }
        }
        newest
    }

    fn pass_over(&mut self, error: Option<&Error>, reason: Option<String>) {
        self.passed_over.extend(reason);
        self.of_other_build |= matches!(error, Some(Error::OtherBuild { .. }));
    }

    /// What the checkpoint holds, beside the arrays.
    pub fn record(&self) -> Option<&Record> {
        self.found.as_ref().map(|found| &found.record)
    }

    /// Why newer checkpoints are passed over, for each, in words.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// Makes sure that there is one, or none at all.
    pub(super) fn usable(self, folder: &RunFolder) -> Result<Self, Error> {
        match self.found.is_none() && !self.passed_over.is_empty() {
            true => Err(Error::NoUsableCheckpoint {
                path: folder.path().into(),
                reasons: self.passed_over,
                of_other_build: self.of_other_build,
            }),
            false => Ok(self),
        }
    }
}

/// Opens a checkpoint all of whose parts belong together; the checksums are those of the parts that `is_checked` names.
fn open(path: &Path, is_checked: impl Fn(usize) -> bool) -> Result<Found, Error> {
    let record = Record::read(path)?;
    let mut parts = Vec::new();
    for rank in 0..record.ranks {
        let found = Part::open(part(path, rank), (record.state.steps, rank))?;
        if found.arrays() != record.arrays.len() {
            let reason = "its parts do not belong together".into();
            return Err(Error::Checkpoint { path: path.into(), reason });
        }
        if is_checked(rank) {
            found.check()?;
        }
        parts.push(found);
    }
    Ok(Found { path: path.into(), record, parts })
}
