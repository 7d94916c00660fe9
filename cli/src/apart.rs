//! Commands that read files of anybody run in a process of their own: HDF5 may crash on a damaged file, and a file may ask for
//! any amount of memory.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::failure::{Failure, code};

/// What tells a process that it is one of its own.
const VARIABLE: &str = "FLUXIONS_APART";

/// How many bytes of files a processor reads, checks and compares in a second, at least.
const RATE: u64 = 20_000_000;
/// The same where snapshots are small, so that each takes far longer than its bytes; and the most seconds that this adds.
const RATE_OF_SMALL: u64 = 250_000;
const MOST_FOR_SMALL: u64 = 600;

/// Runs this command line in a process of its own, unless this is it already; `body` does what it asks for. `paths` are
/// the files that it reads; for so many seconds, and more for large files, it may keep a processor busy: HDF5 may go round
/// in a damaged file for ever.
pub(crate) fn apart(
    paths: &[&Path],
    seconds: u64,
    body: impl FnOnce() -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    if is_apart() {
        limit(paths, seconds);
        return body();
    }
    match ended(child().args(std::env::args_os().skip(1)), paths)? {
        Some(code) => Ok(ExitCode::from(code)),
        None => body(),
    }
}

/// Has a process of its own read a problem and the files that it names, if it names any that HDF5 reads; `arguments` are those of
/// `fluxions check`.
///
/// # Errors
/// If that process does not survive it.
pub(crate) fn try_data(arguments: &[&OsStr], files: &[&Path]) -> Result<(), Failure> {
    const SECONDS: u64 = 60;
    if files.is_empty() {
        return Ok(());
    }
    if is_apart() {
        limit(files, SECONDS);
        return Ok(());
    }
    let mut check = child();
    check.args([OsStr::new("check")]).args(arguments).args(["--show", "ast"]);
    ended(check.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()), files).map(drop)
}

/// Whether this process is one of its own.
fn is_apart() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Limits for how long this process keeps a processor busy.
fn limit(paths: &[&Path], seconds: u64) {
    // The process that waits for this one tells of what it did not survive.
    std::panic::set_hook(Box::new(|_| {}));
    let bytes: u64 = paths.iter().map(|path| size(path)).sum();
    let limit = Some(allowed(seconds, bytes));
    // Without a limit it works as well.
    let _ = setrlimit(Resource::Cpu, Rlimit { current: limit, maximum: limit });
}

/// For how many seconds a process that reads so many bytes may keep a processor busy, beside what it takes at any rate.
fn allowed(seconds: u64, bytes: u64) -> u64 {
    seconds + bytes / RATE + (bytes / RATE_OF_SMALL).min(MOST_FOR_SMALL)
}

fn child() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_default());
    command.env(VARIABLE, "1");
    command
}

/// The exit code with which a process of its own ends; nothing where none can be started.
///
/// # Errors
/// If it ends in another way than commands end.
fn ended(child: &mut Command, paths: &[&Path]) -> Result<Option<u8>, Failure> {
    let Ok(status) = child.status() else { return Ok(None) };
    let known = [0, code::DIFFERENT, code::BAD_INPUT, code::FILES];
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    match code.filter(|code| known.contains(code)) {
        Some(code) => Ok(Some(code)),
        None => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_snapshots_have_time_of_their_own() {
        // 20 000 snapshots of 64 cells, of two runs: 12 MB, which HDF5 took longer to read than 20 MB/s allow.
        assert!(allowed(5, 2 * 20_000 * 8 * 64) > 60);
        // Large files have no more than a fraction of an hour in addition.
        assert_eq!(allowed(5, 20_000_000_000), 5 + 1000 + MOST_FOR_SMALL);
    }
}
