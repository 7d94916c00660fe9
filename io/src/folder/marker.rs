//! The file by which the folder of a run is known, `run.lock`: which files the run has made, and which process it is
//! or was.
//!
//! Its first line says what it is; each of the others begins with a word. While the run goes on, it holds the lock of
//! this file, which the system releases however the process ends.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, file};

/// The first line. A version that is not known is not touched.
const TITLE: &str = "Fluxions run folder 1";

/// More bytes than the names of all files take that a run makes.
const MOST: u64 = 1 << 28;

/// How often one looks for the name of who holds the lock.
const PATIENCE: usize = 50;

/// What is going on in a run folder, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// A run goes on, in this process of a host.
    Running {
        /// The name of the host.
        host: String,
        /// The number of the process.
        pid: u32,
    },
    /// The run ended, in these words.
    Ended(String),
    /// The run was killed, or its machine has failed.
    Killed,
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marker {
    made: Vec<String>,
    /// Host and process.
    runner: Option<(String, u32)>,
    ended: Option<String>,
}

impl Marker {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A run that was killed as it began may have left nothing in it.
        if lines.next().unwrap_or(TITLE) != TITLE {
            return None;
        }
        let mut marker = Marker::default();
        for line in lines {
            match line.split_once(' ') {
                Some(("made", name)) => marker.made.push(name.into()),
                Some(("run", who)) => {
                    // It may have been cut off by a kill.
                    if let Some((host, pid)) = who.rsplit_once(' ')
                        && let Ok(pid) = pid.parse()
                    {
                        (marker.runner, marker.ended) = (Some((host.into(), pid)), None);
                    }
                }
                Some(("ended", how)) => marker.ended = Some(how.into()),
                // What was cut off.
                _ => {}
            }
        }
        Some(marker)
    }

    fn read(open: &mut File) -> std::io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        open.rewind()?;
        open.take(MOST).read_to_end(&mut bytes)?;
        Ok(Marker::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Whether a run has made a file or folder of this name.
    pub(super) fn has_made(&self, name: &str) -> bool {
        self.made.iter().any(|known| known == name)
    }

    /// The files in a folder that a run has made, by their names in the run folder.
    pub(super) fn made_in(&self, folder: &str) -> impl Iterator<Item = &str> {
        let beneath = format!("{folder}/");
        self.made.iter().filter(move |name| name.starts_with(&beneath)).map(String::as_str)
    }

    /// Opens the file, makes it if there is none, and locks it for this process; with what it said before, which
    /// is nothing if it is new.
    ///
    /// # Errors
    /// If a run goes on in the folder, or the file is not that of a run.
    pub(super) fn lock(path: &Path) -> Result<(File, Option<Self>), Error> {
        if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            return Err(Error::foreign(path));
        }
        let mut tries = 0..PATIENCE;
        let (open, locked, said) = loop {
            let mut open = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(file(path, "make the file"))?;
            let locked = open.try_lock();
            let said = Marker::read(&mut open).map_err(file(path, "read"))?;
            let is_settled = match &locked {
                // A run that did not begin removes its file: whoever locks that afterwards has locked nothing.
                Ok(()) => is_at(&open, path),
                // Who has just taken the lock is about to write who it is, or gives it up.
                Err(TryLockError::WouldBlock) => {
                    said.as_ref().is_none_or(|marker| marker.runner.is_some())
                }
                Err(TryLockError::Error(_)) => true,
            };
            match tries.next() {
                _ if is_settled => break (open, locked, said),
                None => break (open, locked.and(Err(TryLockError::WouldBlock)), said),
                Some(_) if locked.is_err() => std::thread::sleep(Duration::from_millis(20)),
                Some(_) => {}
            }
        };
        let runner = said.as_ref().and_then(|marker| marker.runner.clone());
        let is_over = said.as_ref().is_none_or(|marker| marker.ended.is_some());
        let folder = path.parent().unwrap_or(path);
        let busy = |(host, pid): (String, u32), certain| Error::Locked {
            path: folder.into(),
            host,
            pid,
            certain,
        };
        match (locked, runner) {
            (Ok(()), _) => {}
            (Err(TryLockError::WouldBlock), runner) => {
                return Err(busy(runner.unwrap_or_default(), true));
            }
            // A file system without locks: only the process itself can tell.
            (Err(TryLockError::Error(_)), Some(runner)) if !is_over => {
                let is_here = runner.0 == host();
                if !is_here || Path::new(&format!("/proc/{}", runner.1)).exists() {
                    return Err(busy(runner, is_here));
                }
            }
            (Err(TryLockError::Error(_)), _) => {}
        }
        match said {
            None => Err(Error::foreign(path)),
            // A run that has not begun is none.
            said => Ok((open, said.filter(|marker| marker.runner.is_some()))),
        }
    }

    /// Whether this is the file of a run that has begun.
    pub(super) fn is_of_run(path: &Path) -> bool {
        let said = File::open(path).and_then(|mut open| Marker::read(&mut open));
        matches!(said, Ok(Some(marker)) if marker.runner.is_some())
    }

    /// Writes that this process runs in the folder: over what was there, of which the run takes over what is `left`, or
    /// after it.
    pub(super) fn begin(
        open: &mut File,
        path: &Path,
        left: Option<Vec<&str>>,
    ) -> Result<(), Error> {
        let mut write = || {
            if let Some(left) = &left {
                open.set_len(0)?;
                open.rewind()?;
                writeln!(open, "{TITLE}")?;
                left.iter().try_for_each(|name| writeln!(open, "made {name}"))?;
            } else {
                let end = open.seek(std::io::SeekFrom::End(0))?;
                if end == 0 {
                    writeln!(open, "{TITLE}")?;
                }
            }
            // A line that was cut off ends here.
            write!(open, "\nrun {} {}\n", host(), std::process::id())?;
            open.sync_all()
        };
        write().map_err(file(path, "write"))
    }

    fn append(path: &Path, line: &str) -> Result<(), Error> {
        let open = OpenOptions::new().append(true).open(path);
        let written = open.and_then(|mut open| open.write_all(line.as_bytes()));
        written.map_err(file(path, "write"))
    }

    /// Writes that the run makes these files or folders.
    ///
    /// # Errors
    /// If there is one of them that no run has made. Then nothing is written.
    pub(super) fn make(path: &Path, names: &[String]) -> Result<(), Error> {
        let mut open = File::open(path).map_err(file(path, "read"))?;
        let said = Marker::read(&mut open).map_err(file(path, "read"))?.unwrap_or_default();
        let made: HashSet<&String> = said.made.iter().collect();
        let mut lines = String::new();
        for name in names {
            let target = path.with_file_name(name);
            let is_ours = made.contains(name);
            match target.symlink_metadata() {
                Ok(found) if !is_ours || found.is_symlink() => return Err(Error::foreign(&target)),
                _ if is_ours => {}
                _ => lines += &format!("made {name}\n"),
            }
        }
        if lines.is_empty() { Ok(()) } else { Marker::append(path, &lines) }
    }

    pub(super) fn note_end(path: &Path, how: &str) -> Result<(), Error> {
        let how = how.lines().next().unwrap_or_default();
        Marker::append(path, &format!("ended {how}\n"))
    }

    pub(super) fn status(path: &Path) -> Option<RunStatus> {
        let mut open = File::open(path).ok()?;
        let locked = open.try_lock_shared();
        let said = Marker::read(&mut open).ok()??;
        let runs = matches!(locked, Err(TryLockError::WouldBlock));
        Some(match (said.ended, said.runner) {
            (None, Some((host, pid))) if runs => RunStatus::Running { host, pid },
            (Some(how), _) => RunStatus::Ended(how),
            (None, _) => RunStatus::Killed,
        })
    }
}

/// Whether the file that lies at a path is the one that is open.
fn is_at(open: &File, path: &Path) -> bool {
    let found = (open.metadata(), path.symlink_metadata());
    matches!(found, (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()))
}

/// The name of this host.
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_says_what_was_made_and_how_the_last_run_ended() {
        let text = format!("{TITLE}\n\nrun a 7\nmade run.log\nended well\n\nrun b c 8\nmade ser");
        let marker = Marker::parse(&text).unwrap();
        assert_eq!(marker.runner, Some(("b c".into(), 8)));
        assert_eq!(marker.ended, None);
        assert!(marker.has_made("run.log") && !marker.has_made("series.h5"));
        assert_eq!(Marker::parse(""), Some(Marker::default()));
        for cut in ["", "\n", "\n\nrun ", "\n\nrun a", "\n\nrun a "] {
            assert_eq!(Marker::parse(&format!("{TITLE}{cut}")), Some(Marker::default()), "{cut:?}");
        }
        assert_eq!(Marker::parse("Fluxions run folder 2\n"), None);
        assert_eq!(Marker::parse("my notes"), None);
    }

    /// More names than once fitted into what was read of the file: how the run ended stands behind them.
    #[test]
    fn the_list_of_files_may_be_long() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run.lock");
        let (mut open, _) = Marker::lock(&path).unwrap();
        Marker::begin(&mut open, &path, Some(Vec::new())).unwrap();
        let names: Vec<String> = (0..60_000).map(|k| format!("probes/probe-{k:05}.csv")).collect();
        Marker::make(&path, &names).unwrap();
        let length = || std::fs::metadata(&path).unwrap().len();
        let before = length();
        assert!(before > 1 << 20);
        // What is there already is not written twice, and nothing of a list of which a part is not ours.
        Marker::make(&path, &names[..7]).unwrap();
        std::fs::write(home.path().join("mine"), "mine").unwrap();
        let some = ["other".to_string(), "mine".to_string()];
        assert!(matches!(Marker::make(&path, &some), Err(Error::NotOfARun { .. })));
        assert_eq!(length(), before);
        Marker::note_end(&path, "well").unwrap();
        drop(open);
        assert_eq!(Marker::status(&path), Some(RunStatus::Ended("well".into())));
    }
}
