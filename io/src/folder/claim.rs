//! How a run takes possession of its folder.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::marker::Marker;
use super::{FILES, FOLDERS, HISTOGRAMS, PARTS, PROBES, RunFolder, SNAPSHOTS, SPECTRA, remove};
use crate::checkpoint;
use crate::error::{Error, file};

/// What a run does with a folder that holds a run already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It refuses.
    New,
    /// It removes what that run has made.
    Overwrite,
    /// It goes on from where that run stood.
    Resume,
}

/// The possession of a folder: no other run can have it before this is dropped, or the process is over.
#[derive(Debug)]
pub struct Claim {
    folder: RunFolder,
    open: File,
    /// What was in the folder before; nothing if it was new.
    before: Option<Marker>,
    /// A file that the run reads and that a new run would remove, if it goes on with an earlier one.
    input: Option<PathBuf>,
    /// Whether the folder itself was there before.
    existed: bool,
    begun: bool,
}

impl RunFolder {
    /// Takes possession of the folder for a run that reads these files (`inputs`), and makes it if there is none.
    /// Nothing in it is changed yet.
    ///
    /// # Errors
    /// If another run goes on in it; if it holds a run, and `mode` is [`Mode::New`]; if the run would replace one
    /// of the files that it reads, or a file that no run has made.
    pub fn claim(&self, mode: Mode, inputs: &[PathBuf]) -> Result<Claim, Error> {
        let path = self.path();
        if path.to_str().is_none() {
            return Err(Error::NotUnicode { path: path.into() });
        }
        let input = inputs.iter().find(|input| self.would_replace(input)).cloned();
        if let Some(input) = input.clone().filter(|_| mode != Mode::Resume) {
            return Err(Error::HoldsInput { path: path.into(), input });
        }
        // The problem in the folder is that of the run itself.
        let own = self.problem();
        let input = input.filter(|input| *input != own);
        let existed = path.is_dir();
        if !self.holds_run() {
            // Before anything is made.
            self.check_foreign(&Marker::default())?;
        }
        std::fs::create_dir_all(path).map_err(file(path, "make the folder"))?;
        let (open, before) = match Marker::lock(&self.marker()) {
            Ok(locked) => locked,
            Err(error) => {
                if !existed {
                    // Only if it is empty.
                    let _ = std::fs::remove_dir(path);
                }
                return Err(error);
            }
        };
        if before.is_some() && mode == Mode::New {
            return Err(Error::RunExists { path: path.into() });
        }
        self.check_foreign(before.as_ref().unwrap_or(&Marker::default()))?;
        Ok(Claim { folder: self.clone(), open, before, input, existed, begun: false })
    }

    /// Whether nothing that no run has made lies where a run would write.
    fn check_foreign(&self, marker: &Marker) -> Result<(), Error> {
        for name in FILES.into_iter().chain(FOLDERS) {
            let target = self.path().join(name);
            let Ok(found) = target.symlink_metadata() else { continue };
            let is_folder = FOLDERS.contains(&name);
            let is_empty =
                is_folder && std::fs::read_dir(&target).is_ok_and(|mut all| all.next().is_none());
            let is_right = if is_folder { found.is_dir() } else { found.is_file() };
            if !(is_right && (marker.has_made(name) || is_empty)) {
                return Err(Error::foreign(&target));
            }
        }
        Ok(())
    }

    /// Whether a run in the folder would replace or remove a file.
    fn would_replace(&self, input: &Path) -> bool {
        let Ok(input) = input.canonicalize() else { return false };
        let is = |name: &str| self.path().join(name).canonicalize().is_ok_and(|path| path == input);
        let beneath = |name: &str| {
            self.path().join(name).canonicalize().is_ok_and(|path| input.starts_with(path))
        };
        FOLDERS.iter().any(|name| beneath(name)) || FILES.iter().any(|name| is(name))
    }
}

/// A folder in which no run has begun is left as it was.
impl Drop for Claim {
    fn drop(&mut self) {
        if !self.begun && self.before.is_none() {
            let _ = std::fs::remove_file(self.folder.marker());
            if !self.existed {
                // Only if nothing is in it.
                let _ = std::fs::remove_dir(self.folder.path());
            }
        }
    }
}

impl Claim {
    /// Whether the folder holds a run already.
    pub fn holds_run(&self) -> bool {
        self.before.is_some()
    }

    /// Makes the folder ready for a new run: what an earlier run has made is removed, other files stay.
    ///
    /// # Errors
    /// If something cannot be removed or made.
    pub fn begin(&mut self) -> Result<(), Error> {
        if let Some(input) = self.input.take() {
            return Err(Error::HoldsInput { path: self.folder.path().into(), input });
        }
        if let Some(before) = &self.before {
            for name in FILES.into_iter().filter(|name| before.has_made(name)) {
                let path = self.folder.path().join(name);
                remove(&super::beside(&path))?;
                remove(&path)?;
            }
            for folder in [PROBES, SPECTRA, HISTOGRAMS] {
                for name in before.made_in(folder) {
                    remove(&self.folder.path().join(name))?;
                }
                // It stays if it holds something else.
                let _ = std::fs::remove_dir(self.folder.path().join(folder));
            }
            for name in before.made_in(PARTS) {
                let path = self.folder.path().join(name);
                match path.is_dir() {
                    true if path.ends_with(SNAPSHOTS) => clear_snapshots(&path)?,
                    true => {}
                    false => remove(&super::beside(&path)).and_then(|()| remove(&path))?,
                }
            }
            // The folders of parts, if they are empty now.
            clear(&self.folder.parts(), |_, path| {
                let _ = std::fs::remove_dir(path);
                Ok(())
            })?;
            clear_snapshots(&self.folder.snapshots())?;
            clear_checkpoints(&self.folder.checkpoints())?;
        }
        // Folders stay where somebody has put something of his own into them.
        let left = FOLDERS.into_iter().filter(|name| self.folder.path().join(name).exists());
        Marker::begin(&mut self.open, &self.folder.marker(), Some(left.collect()))?;
        (self.before, self.begun) = (Some(Marker::default()), true);
        self.folder.make_folder(SNAPSHOTS)
    }

    /// Records that this run continues the one in the folder.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn go_on(&mut self) -> Result<(), Error> {
        Marker::begin(&mut self.open, &self.folder.marker(), None)?;
        self.begun = true;
        // What a run that was killed was about to write.
        checkpoint::remove_unfinished(&self.folder.checkpoints())?;
        // Nothing lies beside folders.
        let made = self.before.iter().flat_map(|before| before.made_in(PARTS));
        for name in FILES.into_iter().chain(made) {
            remove(&super::beside(&self.folder.path().join(name)))?;
        }
        self.folder.make_folder(SNAPSHOTS)
    }
}

/// Removes the files of snapshots, and the folder if nothing else is in it.
fn clear_snapshots(folder: &Path) -> Result<(), Error> {
    clear(folder, |name, path| match name.strip_suffix(".h5") {
        Some(number) if number.len() == 6 && is_numbered(number) => remove(path),
        _ => Ok(()),
    })
}

/// Removes checkpoints, finished or not, and the folder if nothing else is in it.
fn clear_checkpoints(folder: &Path) -> Result<(), Error> {
    checkpoint::remove_unfinished(folder)?;
    clear(folder, |name, path| match is_numbered(name) {
        true => checkpoint::remove(path),
        false => Ok(()),
    })
}

/// Calls `remove` for all that is in a folder, by its name and path, and removes the folder if it is empty then.
fn clear(
    folder: &Path,
    mut remove: impl FnMut(&str, &Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        remove(&entry.file_name().to_string_lossy(), &entry.path())?;
    }
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

pub(crate) fn is_numbered(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn begun(folder: &RunFolder) -> Claim {
        let mut claim = folder.claim(Mode::New, &[]).unwrap();
        claim.begin().unwrap();
        claim
    }

    #[test]
    fn a_run_is_replaced_only_if_allowed_and_other_files_stay() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path().join("a/run"));
        drop(begun(&folder));
        folder.write_problem("x").unwrap();
        for name in ["snapshots/000000.h5", "snapshots/holiday", "notes.txt"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        assert!(matches!(folder.claim(Mode::New, &[]), Err(Error::RunExists { .. })));
        folder.claim(Mode::Overwrite, &[]).unwrap().begin().unwrap();
        assert!(!folder.problem().exists());
        assert!(!folder.snapshots().join("000000.h5").exists());
        for name in ["snapshots/holiday", "notes.txt"] {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    }

    #[test]
    fn files_that_no_run_has_made_are_kept() {
        for name in FILES.into_iter().chain(["snapshots/mine.h5", "checkpoints/1/mine"]) {
            for in_run in [false, true] {
                let home = tempfile::tempdir().unwrap();
                let folder = RunFolder::at(home.path());
                if in_run {
                    drop(begun(&folder));
                }
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, "mine").unwrap();
                for mode in [Mode::New, Mode::Overwrite, Mode::Resume] {
                    match folder.claim(mode, &[]) {
                        Err(Error::NotOfARun { found, .. }) => assert!(name.starts_with(&found)),
                        Err(Error::RunExists { .. }) if in_run && mode == Mode::New => {}
                        // These folders are of the run.
                        Ok(mut claim) if in_run && name.contains('/') => {
                            claim.begin().unwrap();
                        }
                        other => panic!("{name} {mode:?}: {other:?}"),
                    }
                    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
                }
            }
        }
    }

    #[test]
    fn a_run_that_does_not_begin_leaves_the_folder_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        let (there, new) = (home.path().join("there"), home.path().join("new"));
        std::fs::create_dir(&there).unwrap();
        for path in [&there, &new] {
            drop(RunFolder::at(path).claim(Mode::New, &[]).unwrap());
        }
        assert!(there.exists() && !new.exists());
        assert_eq!(std::fs::read_dir(there).unwrap().count(), 0);
    }

    #[test]
    fn links_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path().join("run"));
        let claim = begun(&folder);
        let mine = home.path().join("mine");
        std::fs::write(&mine, "mine").unwrap();
        std::os::unix::fs::symlink(&mine, folder.report()).unwrap();
        assert!(matches!(folder.write_report("x"), Err(Error::NotOfARun { .. })));
        drop(claim);
        assert!(matches!(folder.claim(Mode::Overwrite, &[]), Err(Error::NotOfARun { .. })));
        assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
    }

    /// Claims of runs that do not begin come and go; never are there two at a time. On 4 threads.
    #[test]
    fn claims_that_are_given_up_exclude_each_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path());
        let (held, claimed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        let Ok(claim) = folder.claim(Mode::New, &[]) else { continue };
                        assert_eq!(held.fetch_add(1, Ordering::SeqCst), 0);
                        claimed.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        held.fetch_sub(1, Ordering::SeqCst);
                        drop(claim);
                    }
                });
            }
        });
        assert!(claimed.into_inner() > 0);
    }

    #[test]
    fn a_name_that_hdf5_cannot_open_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(std::ffi::OsStr::from_bytes(b"\xffrun"));
        let claimed = RunFolder::at(&path).claim(Mode::New, &[]);
        assert!(matches!(claimed, Err(Error::NotUnicode { .. })));
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_belongs_to_one_run_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path().join("run"));
        let claim = begun(&folder);
        for mode in [Mode::New, Mode::Overwrite, Mode::Resume] {
            match folder.claim(mode, &[]) {
                Err(Error::Locked { pid, certain: true, .. }) => {
                    assert_eq!(pid, std::process::id());
                }
                other => panic!("{mode:?}: {other:?}"),
            }
        }
        assert!(matches!(folder.status(), Some(super::super::RunStatus::Running { .. })));
        drop(claim);
        assert_eq!(folder.status(), Some(super::super::RunStatus::Killed));
        folder.note_end("well").unwrap();
        assert_eq!(folder.status(), Some(super::super::RunStatus::Ended("well".into())));
        folder.claim(Mode::Overwrite, &[]).unwrap();
    }

    #[test]
    fn what_a_run_reads_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path());
        drop(begun(&folder));
        folder.write_problem("x").unwrap();
        let notes = folder.path().join("notes.toml");
        for file in [folder.problem(), folder.snapshots().join("000000.h5"), notes.clone()] {
            std::fs::write(&file, "x").unwrap();
            let other_way =
                folder.snapshots().join("..").join(file.strip_prefix(home.path()).unwrap());
            let found = folder.claim(Mode::Overwrite, &[other_way]);
            match file == notes {
                true => assert!(found.is_ok()),
                false => assert!(matches!(found, Err(Error::HoldsInput { .. })), "{file:?}"),
            }
        }
    }
}
