//! Commands that read files of anybody run in a process of their own: HDF5 may crash on a damaged file, and a file may ask for
//! any amount of memory.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::failure::{Failure, code};

/// What tells a process that it is one of its own.
const VARIABLE: &str = "FLUXIONS_APART";

/// How many bytes of files a processor reads, checks and compares in a second, at least.
const RATE: u64 = 20_000_000;

/// Runs this command line in a process of its own, unless this is it already; `body` does what it asks for. `paths` are
/// the files that it reads; for so many seconds, and more for large files, it may keep a processor busy: HDF5 may go round
/// in a damaged file for ever.
pub(crate) fn apart(
    paths: &[&Path],
    seconds: u64,
    body: impl FnOnce() -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    if std::env::var_os(VARIABLE).is_some() {
        // The process that waits for this one tells of what it did not survive.
        std::panic::set_hook(Box::new(|_| {}));
        let bytes: u64 = paths.iter().map(|path| size(path)).sum();
        let limit = Some(seconds + bytes / RATE);
        // Without a limit it works as well.
        let _ = setrlimit(Resource::Cpu, Rlimit { current: limit, maximum: limit });
        return body();
    }
    let arguments = std::env::args_os().skip(1);
    let child = std::env::current_exe()
        .and_then(|program| Command::new(program).args(arguments).env(VARIABLE, "1").status());
    // Where no process can be started, this one has to do.
    let Ok(status) = child else { return body() };
    let known = [0, i32::from(code::DIFFERENT), i32::from(code::BAD_INPUT), i32::from(code::FILES)];
    match status.code() {
        Some(code) if known.contains(&code) => Ok(ExitCode::from(code as u8)),
        _ => {
            let path = paths.first().map_or_else(PathBuf::new, |path| path.to_path_buf());
            let others = paths.iter().skip(1).map(|path| path.to_path_buf()).collect();
            Err(fluxions_io::Error::Unreadable { path, others }.into())
        }
    }
}

/// The bytes of a file, or of all files in a folder and the folders in it.
fn size(path: &Path) -> u64 {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| size_here(&entry.path())).sum(),
        // Beside a file of a series lies what it maps.
        Err(_) => {
            size_here(path) + path.parent().map_or(0, |folder| size_here(&folder.join("snapshots")))
        }
    }
}

fn size_here(path: &Path) -> u64 {
    match std::fs::read_dir(path) {
        Ok(entries) => {
            entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|m| m.len()).sum()
        }
        Err(_) => path.metadata().map_or(0, |found| found.len()),
    }
}
