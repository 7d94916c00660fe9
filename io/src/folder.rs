//! The run folder and its files.

use std::path::{Path, PathBuf};

use crate::error::{Error, file};

/// The folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// The files that a run writes.
const FILES: [&str; 8] = [
    "problem.toml",
    "series.h5",
    "series.xdmf",
    "mesh.h5",
    "diagnostics.csv",
    "report.json",
    "run.log",
    "final.png",
];
const SNAPSHOTS: &str = "snapshots";

/// What the first line of a run's log holds: the folder of a run is known by it.
const MARK: &str = "Fluxions ";

impl RunFolder {
    /// The folder at a path, which need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        RunFolder { path: path.into() }
    }

    /// Checks that a run may write to the folder: it would replace none of the files that the run reads
    /// (`inputs`), nothing that no run has made, and an earlier run only if `overwrite` allows it.
    ///
    /// # Errors
    /// If the run may not.
    pub fn admit(&self, overwrite: bool, inputs: &[PathBuf]) -> Result<(), Error> {
        if let Some(input) = inputs.iter().find(|input| self.would_replace(input)) {
            return Err(Error::HoldsInput { path: self.path.clone(), input: input.clone() });
        }
        match (self.holds_run(), self.occupied()) {
            (true, _) if !overwrite => Err(Error::RunExists { path: self.path.clone() }),
            (false, Some(found)) => Err(Error::NotOfARun { path: self.path.clone(), found }),
            _ => Ok(()),
        }
    }

    /// Makes the folder ready for a new run. The files of an earlier run are removed if `overwrite`
    /// allows it; other files stay.
    ///
    /// # Errors
    /// If the folder holds a run that must not be overwritten, or files with the names of a run's that
    /// no run has made, or if it cannot be created.
    pub fn prepare(&self, overwrite: bool) -> Result<(), Error> {
        self.admit(overwrite, &[])?;
        if self.holds_run() {
            for path in FILES.map(|name| self.path.join(name)) {
                if path != self.log() {
                    remove(&path, |path| std::fs::remove_file(path))?;
                }
            }
            remove(&self.snapshots(), |path| std::fs::remove_dir_all(path))?;
        }
        std::fs::create_dir_all(&self.path).map_err(file(&self.path, "make the folder"))?;
        // It is replaced, never removed: wherever a run is interrupted, its folder is known as that of a run.
        let (log, snapshots) = (self.log(), self.snapshots());
        std::fs::write(&log, format!("{MARK}has made this folder for a run\n"))
            .map_err(file(&log, "write"))?;
        std::fs::create_dir_all(&snapshots).map_err(file(&snapshots, "make the folder"))
    }

    /// Whether the folder holds a run.
    pub fn holds_run(&self) -> bool {
        let log = std::fs::read(self.log()).unwrap_or_default();
        let first = log.split(|byte| *byte == b'\n').next().unwrap_or_default();
        self.series().exists() || String::from_utf8_lossy(first).contains(MARK)
    }

    /// What the folder holds under a name that a run uses.
    fn occupied(&self) -> Option<String> {
        let snapshots = std::fs::read_dir(self.snapshots());
        let is_full = snapshots.is_ok_and(|mut entries| entries.next().is_some());
        let taken = |name: &&str| match *name {
            SNAPSHOTS => is_full,
            name => self.path.join(name).exists(),
        };
        FILES.iter().copied().chain([SNAPSHOTS]).find(taken).map(str::to_string)
    }

    /// Whether a run in the folder would replace or remove a file.
    fn would_replace(&self, input: &Path) -> bool {
        let Ok(input) = input.canonicalize() else { return false };
        let is = |name: &str| self.path.join(name).canonicalize().is_ok_and(|path| path == input);
        let beneath = self.snapshots().canonicalize().is_ok_and(|path| input.starts_with(path));
        beneath || FILES.iter().any(|name| is(name))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The problem as solved.
    pub fn problem(&self) -> PathBuf {
        self.path.join("problem.toml")
    }

    /// The time series.
    pub fn series(&self) -> PathBuf {
        self.path.join("series.h5")
    }

    /// The time series for ParaView.
    pub fn xdmf(&self) -> PathBuf {
        self.path.join("series.xdmf")
    }

    /// The points of the grid for ParaView.
    pub fn mesh(&self) -> PathBuf {
        self.path.join("mesh.h5")
    }

    /// The folder of the snapshots of the time series.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join(SNAPSHOTS)
    }

    /// The diagnostics.
    pub fn diagnostics(&self) -> PathBuf {
        self.path.join("diagnostics.csv")
    }

    /// The report of the run, in numbers.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// The log of the run.
    pub fn log(&self) -> PathBuf {
        self.path.join("run.log")
    }

    /// The picture of the last state.
    pub fn picture(&self) -> PathBuf {
        self.path.join("final.png")
    }
}

fn remove(path: &Path, how: impl Fn(&Path) -> std::io::Result<()>) -> Result<(), Error> {
    match how(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(file(path, "remove what an earlier run left")(error))
        }
        _ => Ok(()),
    }
}

/// Writes a file under another name and renames it, so that it appears as a whole or not at all.
pub(crate) fn write_whole(path: &Path, contents: &[u8]) -> Result<(), Error> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, contents).map_err(file(&beside, "write"))?;
    std::fs::rename(&beside, path).map_err(file(path, "put the new file in place"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_replaced_only_if_allowed_and_other_files_stay() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path().join("a/run"));
        folder.prepare(false).unwrap();
        std::fs::write(folder.problem(), "x").unwrap();
        std::fs::write(folder.snapshots().join("0.h5"), "x").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        assert!(matches!(folder.prepare(false), Err(Error::RunExists { .. })));
        folder.prepare(true).unwrap();
        assert!(!folder.problem().exists());
        assert_eq!(std::fs::read_dir(folder.snapshots()).unwrap().count(), 0);
        assert!(folder.path().join("notes.txt").exists());
    }

    #[test]
    fn files_that_no_run_has_made_are_kept() {
        for name in FILES.into_iter().chain(["snapshots/mine.h5"]) {
            let home = tempfile::tempdir().unwrap();
            let folder = RunFolder::at(home.path());
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "mine").unwrap();
            for overwrite in [false, true] {
                match folder.prepare(overwrite) {
                    // A series is taken as that of a run, whatever it holds.
                    Err(Error::RunExists { .. }) if name == "series.h5" && !overwrite => {}
                    Ok(()) if name == "series.h5" && overwrite => continue,
                    Err(Error::NotOfARun { found, .. }) => assert!(name.starts_with(&found)),
                    other => panic!("{name}: {other:?}"),
                }
                assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
            }
        }
    }

    #[test]
    fn what_a_run_reads_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path());
        folder.prepare(false).unwrap();
        let notes = folder.path().join("notes.toml");
        for file in [folder.problem(), folder.snapshots().join("000000.h5"), notes.clone()] {
            std::fs::write(&file, "x").unwrap();
            let other_way =
                folder.snapshots().join("..").join(file.strip_prefix(home.path()).unwrap());
            let found = folder.admit(true, &[other_way]);
            match file == notes {
                true => assert!(found.is_ok()),
                false => assert!(matches!(found, Err(Error::HoldsInput { .. })), "{file:?}"),
            }
        }
    }
}
