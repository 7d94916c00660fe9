//! Checkpoints in the run folder: states from which another run goes on, on any number of ranks, to the same bits.
//!
//! A checkpoint is a folder in `checkpoints`, whose name is the number of steps. It holds a file for each rank that
//! has written it (part.rs), and `state.json` (record.rs), which is written last. All of it is on the disk before the
//! folder gets its name by a rename, so that a folder of that name is complete; every file carries a checksum, which
//! is looked at before anything is used.

mod newest;
mod part;
mod reader;
mod record;
mod rhythm;
mod writer;

use std::path::{Path, PathBuf};

pub use newest::Newest;
pub use reader::{Resumed, resume};
pub use record::Record;
pub use rhythm::{Limit, Rhythm};
pub use writer::Checkpoints;

use crate::error::{Error, file};
use crate::folder::{beside, is_numbered};

/// What the name of a checkpoint ends with that is not complete.
pub(crate) const UNFINISHED: &str = ".new";
/// What the name of a checkpoint ends with that another one is about to replace.
pub(crate) const ASIDE: &str = ".old";
/// The file of what is the same on all ranks.
const STATE: &str = "state.json";

/// The folder of a checkpoint after so many steps.
fn folder(checkpoints: &Path, step: u64) -> PathBuf {
    checkpoints.join(format!("{step:012}"))
}

/// The file of a rank's part.
fn part(checkpoint: &Path, rank: usize) -> PathBuf {
    checkpoint.join(format!("part-{rank:05}"))
}

/// The complete checkpoints in a folder, the newest first.
fn list(checkpoints: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(checkpoints) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| is_numbered(name)).collect();
    names.sort_by_key(|name| std::cmp::Reverse((name.len(), name.clone())));
    names.into_iter().map(|name| checkpoints.join(name)).collect()
}

/// Removes what runs that were killed have left of checkpoints.
pub(crate) fn remove_unfinished(checkpoints: &Path) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(checkpoints) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let step = name.strip_suffix(UNFINISHED).or_else(|| name.strip_suffix(ASIDE));
        if step.is_some_and(is_numbered) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a checkpoint, finished or not, but nothing that is not part of one.
pub(crate) fn remove(checkpoint: &Path) -> Result<(), Error> {
    let failed = |path: &Path, error| file(path, "remove the checkpoint")(error);
    let entries = match std::fs::read_dir(checkpoint) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(checkpoint, error)),
    };
    // Without its state it is no checkpoint, so that goes first.
    let state = checkpoint.join(STATE);
    let parts = entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.strip_prefix("part-").is_some_and(is_numbered)
    });
    let unwritten = beside(&state);
    for path in [state, unwritten].into_iter().chain(parts) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&path, error));
            }
            _ => {}
        }
    }
    // It stays if it holds something else.
    let _ = std::fs::remove_dir(checkpoint);
    Ok(())
}
