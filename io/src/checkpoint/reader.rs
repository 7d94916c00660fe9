//! Goes on from a checkpoint.

use std::path::{Path, PathBuf};

use fluxions_comm::{Combine, World};
use fluxions_grid::Region;
use fluxions_solver::Simulation;

use super::part::Part;
use super::record::Record;
use super::{list, part};
use crate::error::Error;
use crate::folder::RunFolder;
use crate::problem::{Problem, difference};
use crate::together::{agree, first, share};

/// From where a run goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resumed {
    /// The time of the state, and the steps that were made before; nothing if there is no checkpoint that can be
    /// used.
    pub from: Option<(f64, u64)>,
    /// Checkpoints that were passed over, each with the reason, in words; on rank 0.
    pub passed_over: Vec<String>,
}

/// The scheme by which the run in a folder has been made so far, as problem files name it; nothing if there is no
/// checkpoint that can be read. Rank 0 reads. Collective.
///
/// # Errors
/// If another rank is gone.
pub fn scheme_so_far(
    world: &World,
    folder: &RunFolder,
) -> Result<Option<String>, fluxions_comm::Error> {
    let all = if world.is_root() { list(&folder.checkpoints()) } else { Vec::new() };
    let scheme = all.iter().find_map(|path| Record::read(path).ok()).map(|record| record.scheme);
    share(world, scheme.as_deref())
}

/// Sets a simulation of a problem to the newest checkpoint of its run folder that is complete and not damaged.
/// Collective.
///
/// # Errors
/// If there are checkpoints, but none that can be used; if the run solves another problem.
pub fn resume(
    folder: &RunFolder,
    problem: &Problem,
    simulation: &mut Simulation,
) -> Result<Resumed, fluxions_solver::Error> {
    let world = simulation.world().clone();
    let mut resumed = Resumed::default();
    let problem = &problem.text_in(folder.path());
    let same = |before: &str| match difference(before, problem) {
        None => Ok(()),
        Some(difference) => Err(Error::OtherProblem { path: folder.path().into(), difference }),
    };
    // All ranks look at as many as rank 0 sees.
    let all = list(&folder.checkpoints());
    let mut count = [if world.is_root() { all.len() as i64 } else { i64::MAX }];
    world.combine(Combine::Min, &mut count)?;
    for number in 0..count[0] as usize {
        let (record, parts) = match open(&world, all.get(number), folder)? {
            Ok(found) => found,
            Err(reason) => {
                resumed.passed_over.push(reason);
                continue;
            }
        };
        agree(&world, same(&record.problem))?;
        let checkpoint = simulation.checkpoint(&record.state);
        let fits = checkpoint.shape() == record.shape && checkpoint.arrays() == record.arrays;
        let fits = if fits {
            Ok(())
        } else {
            let reason =
                format!("its arrays are not those of this run ({} wrote it)", record.created_by);
            Err(Error::Checkpoint { path: all[number].clone(), reason })
        };
        agree(&world, fits)?;
        let read = |array: usize, wanted: &Region, room: &mut [f64]| {
            parts.iter().try_for_each(|part| part.read(array, wanted, room)).map_err(Into::into)
        };
        simulation.resume(&record.state, read)?;
        resumed.from = Some((record.state.time, record.state.steps));
        return Ok(resumed);
    }
    let begins = if !resumed.passed_over.is_empty() {
        let reasons = resumed.passed_over.clone();
        Err(Error::NoUsableCheckpoint { path: folder.path().into(), reasons })
    } else {
        std::fs::read_to_string(folder.problem()).map_or(Ok(()), |before| same(&before))
    };
    agree(&world, if world.is_root() { begins } else { Ok(()) })?;
    Ok(resumed)
}

/// Opens a checkpoint, all of whose checksums are right; or the reason why it is passed over. Each rank looks at
/// some of its parts. Collective.
fn open(
    world: &World,
    path: Option<&PathBuf>,
    folder: &RunFolder,
) -> Result<Result<(Record, Vec<Part>), String>, fluxions_solver::Error> {
    let opened = match path {
        Some(path) => open_here(world, path),
        None => {
            let reason = "this rank does not see the checkpoints of rank 0".into();
            Err(Error::Checkpoint { path: folder.checkpoints(), reason })
        }
    };
    let mine = opened.as_ref().err().map(Error::to_string);
    Ok(match (opened, first(world, mine.as_deref())?) {
        (Ok(found), None) => Ok(found),
        (_, reason) => Err(reason.unwrap_or_default()),
    })
}

fn open_here(world: &World, path: &Path) -> Result<(Record, Vec<Part>), Error> {
    let record = Record::read(path)?;
    let mut parts = Vec::new();
    for rank in 0..record.ranks {
        let found = Part::open(part(path, rank), (record.state.steps, rank))?;
        if found.arrays() != record.arrays.len() {
            let reason = "its parts do not belong together".into();
            return Err(Error::Checkpoint { path: path.into(), reason });
        }
        if rank % world.size() == world.rank() {
            found.check()?;
        }
        parts.push(found);
    }
    Ok((record, parts))
}
