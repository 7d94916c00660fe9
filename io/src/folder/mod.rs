//! The run folder and its files.

mod claim;
mod marker;
mod shared;
mod whole;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) use claim::is_numbered;
pub use claim::{Claim, Mode};
pub use marker::RunStatus;
pub(crate) use whole::{Wait, begin_settling, beside, put_in_place, remove, sync, write_whole};

use crate::error::{Error, file};
use crate::text::visible;
use marker::Marker;

/// The folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
    /// Its name in the folder of the run, if it is a folder within that.
    within: Option<String>,
}

/// The files that a run writes, each under this name.
pub(crate) const FILES: [&str; 10] = [
    "problem.toml",
    "series.h5",
    "series.xdmf",
    "mesh.h5",
    "diagnostics.csv",
    "conserved.csv",
    "report.json",
    "run.log",
    "final.png",
    "report.html",
];
/// The folders that a run makes in its own.
pub(crate) const FOLDERS: [&str; 6] = [SNAPSHOTS, CHECKPOINTS, PROBES, PARTS, SPECTRA, HISTOGRAMS];
const SNAPSHOTS: &str = "snapshots";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
pub(crate) const PROBES: &str = "probes";
pub(crate) const SPECTRA: &str = "spectra";
pub(crate) const HISTOGRAMS: &str = "histograms";
pub(crate) const PARTS: &str = "parts";

impl RunFolder {
    /// The folder at a path, which need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        RunFolder { path: path.into(), within: None }
    }

    /// The folder of a run, or that of a part in the folder of a run.
    pub fn of_series(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let whole = path.ancestors().nth(2).map(RunFolder::at);
        let part = path.file_name().and_then(|name| Some(whole?.part(name.to_str()?)));
        part.filter(|part| part.path == path && part.holds_run()).unwrap_or(RunFolder::at(path))
    }

    /// The folder of a part of the grid, with a series of its own.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let within = format!("{PARTS}/{name}");
        RunFolder { path: self.path.join(&within), within: Some(within) }
    }

    /// Whether the folder holds a run.
    pub fn holds_run(&self) -> bool {
        Marker::is_of_run(&self.marker())
    }

    /// What is going on in the folder, or how it ended; nothing if the folder holds no run.
    pub fn status(&self) -> Option<RunStatus> {
        Marker::status(&self.marker())
    }

    /// Whether a run goes on in the folder.
    pub fn is_running(&self) -> bool {
        matches!(self.status(), Some(RunStatus::Running { .. }))
    }

    /// Takes note that the run in this folder makes a file or folder of this name, which is one of its own from
    /// then on.
    ///
    /// # Errors
    /// If there is one that no run has made.
    pub(crate) fn make(&self, name: &str) -> Result<PathBuf, Error> {
        self.make_all(&[name.to_string()])?;
        Ok(self.path.join(name))
    }

    /// Takes note of many files or folders at a time, as [`make`](Self::make) does of one.
    ///
    /// # Errors
    /// If there is one that no run has made.
    pub(crate) fn make_all(&self, names: &[String]) -> Result<(), Error> {
        match &self.within {
            Some(within) => {
                let names: Vec<String> =
                    names.iter().map(|name| format!("{within}/{name}")).collect();
                Marker::make(&self.marker(), &names)
            }
            None => Marker::make(&self.marker(), names),
        }
    }

    /// Makes a folder of this name in that of the run, if it is not there yet, and takes note of it in the same way.
    ///
    /// # Errors
    /// If there is one that no run has made, or it cannot be made.
    pub(crate) fn make_folder(&self, name: &str) -> Result<(), Error> {
        let path = self.make(name)?;
        std::fs::create_dir_all(&path).map_err(file(&path, "make the folder"))
    }

    /// Takes note that the run has ended, in these words.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn note_end(&self, how: &str) -> Result<(), Error> {
        Marker::note_end(&self.marker(), how)
    }

    /// The folder of the run to which a part belongs; of a run itself.
    #[must_use]
    pub fn of_run(&self) -> Self {
        // The name of a folder within has two parts.
        let up = if self.within.is_some() { 2 } else { 0 };
        RunFolder::at(self.path.ancestors().nth(up).unwrap_or(&self.path))
    }

    /// The file by which the folder of a run is known.
    pub(crate) fn marker(&self) -> PathBuf {
        self.of_run().path.join("run.lock")
    }

    /// Whether a file is one that a run in a folder above it needs: all that a run has made but pictures and pages.
    pub fn is_needed(path: &Path) -> bool {
        let Ok(path) = std::path::absolute(path) else { return false };
        let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
        let path = match (parent, path.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => path,
        };
        let is_drawn = path
            .extension()
            .is_some_and(|found| ["png", "gif", "mp4", "html"].iter().any(|known| found == *known));
        path.ancestors().skip(1).take(4).any(|above| {
            let Ok(inside) = path.strip_prefix(above) else { return false };
            let first = inside.iter().next().map(|first| first.to_string_lossy());
            let Some(first) = first.filter(|_| RunFolder::at(above).holds_run()) else {
                return false;
            };
            [SNAPSHOTS, CHECKPOINTS].contains(&&*first)
                || !is_drawn && FOLDERS.contains(&&*first)
                || !is_drawn && FILES.contains(&&*first)
                || first == "run.lock"
        })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The problem as solved.
    pub fn problem(&self) -> PathBuf {
        self.path.join("problem.toml")
    }

    /// Writes the problem as solved.
    ///
    /// # Errors
    /// If that fails.
    pub fn write_problem(&self, text: &str) -> Result<(), Error> {
        write_whole(&self.make("problem.toml")?, text.as_bytes(), Wait::ForDisk)
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

    /// The folder of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// The folder of what probes have seen.
    pub fn probes(&self) -> PathBuf {
        self.path.join(PROBES)
    }

    /// The folder of the parts of the grid that are written by themselves.
    pub fn parts(&self) -> PathBuf {
        self.path.join(PARTS)
    }

    /// Makes the folders of a part of the grid.
    ///
    /// # Errors
    /// If there are some that no run has made, or they cannot be made.
    pub(crate) fn make_part(&self) -> Result<(), Error> {
        let folders = [PARTS.to_string()].into_iter().chain(self.within.clone());
        Marker::make(&self.marker(), &folders.collect::<Vec<_>>())?;
        self.make_folder(SNAPSHOTS)
    }

    /// The diagnostics.
    pub fn diagnostics(&self) -> PathBuf {
        self.path.join("diagnostics.csv")
    }

    /// The report of the run, in numbers.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// Writes the report.
    ///
    /// # Errors
    /// If that fails.
    pub fn write_report(&self, text: &str) -> Result<(), Error> {
        write_whole(&self.make("report.json")?, text.as_bytes(), Wait::No)
    }

    /// The log of the run.
    pub fn log(&self) -> PathBuf {
        self.path.join("run.log")
    }

    /// Adds a line to the log of the run.
    ///
    /// # Errors
    /// If that fails.
    pub fn append_to_log(&self, line: &str) -> Result<(), Error> {
        let line = format!("{}\n", visible(line));
        self.open_log()?.write_all(line.as_bytes()).map_err(file(&self.log(), "write"))
    }

    /// Opens the log of the run, to write behind what it holds.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.make("run.log")?;
        let open = OpenOptions::new().append(true).create(true).open(&path);
        open.map_err(file(&path, "make the file"))
    }

    /// The picture of the last state.
    pub fn picture(&self) -> PathBuf {
        self.path.join("final.png")
    }

    /// Takes note that the run draws the picture of its last state: its file.
    ///
    /// # Errors
    /// If there is one that no run has made.
    pub fn make_picture(&self) -> Result<PathBuf, Error> {
        self.make("final.png")
    }
}
