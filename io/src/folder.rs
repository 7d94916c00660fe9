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

impl RunFolder {
    /// The folder at a path, which need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        RunFolder { path: path.into() }
    }

    /// Makes the folder ready for a new run. The files of an earlier run are removed if `overwrite`
    /// allows it; other files stay.
    ///
    /// # Errors
    /// If the folder holds a run that must not be overwritten, or if it cannot be created.
    pub fn prepare(&self, overwrite: bool) -> Result<(), Error> {
        if self.holds_run() {
            if !overwrite {
                return Err(Error::RunExists { path: self.path.clone() });
            }
            for name in FILES {
                remove(&self.path.join(name), |path| std::fs::remove_file(path))?;
            }
            remove(&self.snapshots(), |path| std::fs::remove_dir_all(path))?;
        }
        let snapshots = self.snapshots();
        std::fs::create_dir_all(&snapshots).map_err(file(&snapshots, "make the folder"))
    }

    /// Whether the folder holds a run.
    pub fn holds_run(&self) -> bool {
        ["problem.toml", "series.h5", SNAPSHOTS].iter().any(|name| self.path.join(name).exists())
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
}
