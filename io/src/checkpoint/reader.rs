//! Goes on from a checkpoint.

use fluxions_grid::Region;
use fluxions_solver::Simulation;

use super::newest::{Found, Newest};
use crate::error::Error;
use crate::folder::RunFolder;
use crate::problem::{Problem, difference};
use crate::together::agree;

/// From where a run goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resumed {
    /// The time of the state, and the steps that were made before; nothing if there is no checkpoint that can be
    /// used.
    pub from: Option<(f64, u64)>,
    /// Checkpoints that were passed over, each with the reason, in words; on rank 0.
    pub passed_over: Vec<String>,
}

/// Sets a simulation of a problem to the newest checkpoint of its run folder that is complete and not damaged.
/// Collective.
///
/// # Errors
/// If there are checkpoints, but none that can be used; if the run solves another problem.
pub fn resume(
    newest: Newest,
    folder: &RunFolder,
    problem: &Problem,
    simulation: &mut Simulation,
) -> Result<Resumed, fluxions_solver::Error> {
    let world = simulation.world().clone();
    let problem = &problem.text_in(folder.path());
    let same = |before: &str| match difference(before, problem) {
        None => Ok(()),
        Some(difference) => Err(Error::OtherProblem { path: folder.path().into(), difference }),
    };
    let newest = agree(&world, newest.usable(folder))?;
    let passed_over = newest.passed_over().to_vec();
    let Some(Found { path, record, parts }) = newest.found else {
        let before = std::fs::read_to_string(folder.problem()).ok().filter(|_| world.is_root());
        agree(&world, before.map_or(Ok(()), |before| same(&before)))?;
        return Ok(Resumed { from: None, passed_over });
    };
    agree(&world, same(&record.problem))?;
    let other_build = |reason: &str| Error::OtherBuild {
        path: path.clone(),
        by: record.created_by.clone(),
        reason: reason.into(),
    };
    let checkpoint = simulation.checkpoint(&record.state);
    let fits = checkpoint.shape() == record.shape && checkpoint.arrays() == record.arrays;
    let fits = match fits {
        true => Ok(()),
        false => Err(other_build("whose runs of this problem keep other arrays")),
    };
    agree(&world, fits)?;
    let read = |array: usize, wanted: &Region, room: &mut [f64]| {
        parts.iter().try_for_each(|part| part.read(array, wanted, room)).map_err(Into::into)
    };
    match simulation.resume(&record.state, read) {
        // All ranks have the same state.
        Err(error) if is_foreign(&error) => {
            agree(&world, Err(other_build("which does not understand its state")))?;
        }
        resumed => resumed?,
    }
    Ok(Resumed { from: Some((record.state.time, record.state.steps)), passed_over })
}

/// Whether a state is one that the simulation, or one of its trackers, does not understand.
fn is_foreign(error: &fluxions_solver::Error) -> bool {
    match error {
        fluxions_solver::Error::ForeignState { .. } => true,
        fluxions_solver::Error::Tracker { source } => source.is::<postcard::Error>(),
        _ => false,
    }
}
