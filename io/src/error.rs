//! Errors of reading and writing files.

use std::path::{Path, PathBuf};

use crate::problem::MAY_CHANGE_IN_WORDS;
use crate::suggest::suggest;

/// What files say of the program that wrote them.
pub(crate) const THIS_BUILD: &str = concat!("Fluxions ", env!("CARGO_PKG_VERSION"));

/// A failure to read or write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder that could not be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, in words that follow "cannot".
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// An HDF5 file that could not be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// What was tried, in words that follow "cannot".
        action: &'static str,
        /// HDF5's reason.
        source: hdf5::Error,
    },
    /// A file of something else where one of HDF5 is needed.
    #[error("{} is not an HDF5 file", path.display())]
    NotHdf5 {
        /// The file.
        path: PathBuf,
    },
    /// A folder whose name HDF5 cannot be told.
    #[error("{}: the name of a run folder has to be valid UTF-8", path.display())]
    NotUnicode {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that holds a run already.
    #[error("{} already holds a run", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// A folder with a file that has the name of a run's, although no run has made it.
    #[error("{} holds `{found}`, which no run has written", path.display())]
    NotOfARun {
        /// The folder.
        path: PathBuf,
        /// The name of the file.
        found: String,
    },
    /// A folder in which another run goes on.
    #[error("{} is in use by a run on host {host}, process {pid}", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The host of that run; empty if it is not known.
        host: String,
        /// The number of its process.
        pid: u32,
        /// Whether it is certain that the run goes on: not on a file system without locks, for another host.
        certain: bool,
    },
    /// A checkpoint that cannot be used.
    #[error("{}: {reason}", path.display())]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A checkpoint of another build of Fluxions that this one cannot use.
    #[error("{}: written by {}, {reason}", path.display(), builds(by))]
    OtherBuild {
        /// The checkpoint.
        path: PathBuf,
        /// The version that wrote it.
        by: String,
        /// Why this one cannot use it, in words that follow its name.
        reason: String,
    },
    /// A run none of whose checkpoints can be used.
    #[error("no checkpoint in {} can be used: {}", path.display(), reasons.join("; "))]
    NoUsableCheckpoint {
        /// The run folder.
        path: PathBuf,
        /// Why not, for each.
        reasons: Vec<String>,
        /// Whether another build of Fluxions wrote one of them.
        of_other_build: bool,
    },
    /// A checkpoint of another problem.
    #[error("the run in {} solves another problem: {difference}", path.display())]
    OtherProblem {
        /// The run folder.
        path: PathBuf,
        /// What is different, in words.
        difference: String,
    },
    /// A folder into which a run is to be exported, with a file that no export has written.
    #[error("{} holds `{found}`, which no export with this name has written", path.display())]
    NotOfAnExport {
        /// The folder.
        path: PathBuf,
        /// The name of the file.
        found: String,
    },
    /// A file of HDF5 with something that lies in a file outside its folder.
    #[error("{}: `{name}` lies in another file, outside the folder of this one, where nothing is read", path.display())]
    LiesElsewhere {
        /// The file.
        path: PathBuf,
        /// What it names so.
        name: String,
    },
    /// A run folder that is another one on some ranks.
    #[error("rank {rank} does not see the run folder {} as rank 0 does", path.display())]
    NotShared {
        /// The folder.
        path: PathBuf,
        /// The lowest rank that does not see it.
        rank: usize,
    },
    /// A folder in which a run would replace a file that it reads.
    #[error("a run in the folder {} would replace {}, which it reads", path.display(), input.display())]
    HoldsInput {
        /// The folder.
        path: PathBuf,
        /// The file.
        input: PathBuf,
    },
    /// A path at which there is no run.
    #[error("{} is neither a run folder nor a file of one", path.display())]
    NoRun {
        /// The path.
        path: PathBuf,
    },
    /// A file that is so damaged that reading it ended the process that did so.
    #[error("{} cannot be read: it is damaged", paths(path, others))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Other files that may be the damaged one.
        others: Vec<PathBuf>,
    },
    /// A file with more numbers than the machine has memory for.
    #[error("{}: `{field}` would take {:.1} GiB of memory, of which {:.1} GiB are free", path.display(), gib(*needed), gib(*available))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The field.
        field: String,
        /// Bytes.
        needed: u64,
        /// Bytes.
        available: u64,
    },
    /// A run folder whose series has lost its index.
    #[error("{} is missing or damaged", path.display())]
    NoIndex {
        /// The index.
        path: PathBuf,
    },
    /// A run that has written no snapshot, or none yet.
    #[error("the run in {} has no snapshot", path.display())]
    NoSnapshot {
        /// The run folder.
        path: PathBuf,
    },
    /// A run folder without the first file of its snapshots.
    #[error("{} is missing: there is nothing to make an index of", path.display())]
    NoSnapshots {
        /// The file.
        path: PathBuf,
    },
    /// A file of a later version.
    #[error("{} was written by {}, which reads no format {version}", path.display(), builds(by))]
    LaterVersion {
        /// The file.
        path: PathBuf,
        /// The version that wrote it.
        by: String,
        /// The version of its format.
        version: u32,
    },
    /// A snapshot that is not what was written.
    #[error("{}: `{field}` of snapshot {snapshot} is {}", path.display(), if *is_missing { "missing" } else { "damaged" })]
    Damaged {
        /// The series.
        path: PathBuf,
        /// The field.
        field: String,
        /// The number of the snapshot, counted from 0.
        snapshot: usize,
        /// Whether its file is missing, or the numbers differ from their checksum.
        is_missing: bool,
    },
    /// A field that a run does not hold.
    #[error("{} holds no field `{name}`", path.display())]
    NoField {
        /// The run.
        path: PathBuf,
        /// The field asked for.
        name: String,
        /// The fields that there are.
        known: Vec<String>,
    },
    /// An axis that a field does not have.
    #[error("{} has no axis `{name}`", path.display())]
    NoAxis {
        /// The run.
        path: PathBuf,
        /// The axis asked for.
        name: String,
        /// The axes that there are.
        known: Vec<String>,
    },
    /// A picture that could not be drawn.
    #[error("{}: cannot draw the picture: {reason}", path.display())]
    Picture {
        /// The picture's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// The same failure, of the file at this path: for what is written under another name at first.
    pub(crate) fn about(mut self, named: &Path) -> Self {
        if let Error::File { path, .. } | Error::Hdf5 { path, .. } | Error::Picture { path, .. } =
            &mut self
        {
            *path = named.into();
        }
        self
    }

    /// A file or folder that no run has made, where a run would write.
    pub(crate) fn foreign(path: &Path) -> Self {
        let folder = path.parent().unwrap_or(path).into();
        let found = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Error::NotOfARun { path: folder, found }
    }

    /// Advice on what to do about it, if there is any.
    pub fn help(&self) -> Option<String> {
        match self {
            Error::RunExists { .. } => {
                Some(
                    "go on with it with --resume, replace it with --overwrite, or choose another folder with \
                     --out"
                        .into(),
                )
            }
            Error::NotOfARun { .. } => Some(
                "choose another folder with --out; --overwrite replaces only what a run has written"
                    .into(),
            ),
            Error::OtherBuild { .. } | Error::NoUsableCheckpoint { of_other_build: true, .. } => {
                Some(
                    "go on with the build that wrote it; or begin anew, with --out in another folder or with --overwrite \
                     in this one"
                        .into(),
                )
            }
            Error::NoUsableCheckpoint { .. } => {
                Some("to replace the run by one from the beginning, use --overwrite".into())
            }
            Error::NoSnapshot { path } => {
                Some(format!("`fluxions info {}` tells what became of it", path.display()))
            }
            Error::LaterVersion { .. } => Some("read it with the version that wrote it".into()),
            Error::NotOfAnExport { .. } => Some("choose another name with -o".into()),
            Error::NotShared { .. } => Some(
                "choose a folder on a file system that all hosts share, with --out".into(),
            ),
            Error::HoldsInput { .. } | Error::NotUnicode { .. } => Some("choose another folder with --out".into()),
            Error::Locked { certain: true, .. } => {
                Some("wait for its end, or choose another folder with --out".into())
            }
            Error::Locked { path, .. } => Some(format!(
                "this file system has no locks: if that run is over, write the line `ended` into {}",
                path.join("run.lock").display()
            )),
            Error::OtherProblem { .. } => Some(format!(
                "what may change when a run goes on: {MAY_CHANGE_IN_WORDS}; start another run with --out"
            )),
            Error::NoIndex { path } => Some(format!(
                "`fluxions info --repair {}` makes it again from the snapshots, if they are there",
                path.parent().unwrap_or(path).display()
            )),
            Error::NoField { name, known, .. } => {
                Some(suggest(name, known.iter().map(String::as_str), '`', "it holds"))
            }
            Error::NoAxis { name, known, .. } => {
                Some(suggest(name, known.iter().map(String::as_str), '`', "it has"))
            }
            _ => None,
        }
    }
}

/// The build that wrote something, and this one.
fn builds(by: &str) -> String {
    match by {
        THIS_BUILD => format!("another build of {by} than this one"),
        "" => format!("another version of Fluxions than this one, {THIS_BUILD}"),
        _ => format!("{by}; this is {THIS_BUILD}"),
    }
}

fn paths(first: &Path, others: &[PathBuf]) -> String {
    let all = std::iter::once(first).chain(others.iter().map(PathBuf::as_path));
    all.map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
}

fn gib(bytes: u64) -> f64 {
    bytes as f64 / (1u64 << 30) as f64
}

/// For `map_err` on file operations.
pub(crate) fn file<'a>(
    path: &'a Path,
    action: &'static str,
) -> impl Fn(std::io::Error) -> Error + 'a {
    move |source| Error::File { path: path.into(), action, source }
}

/// For `map_err` on HDF5 operations.
pub(crate) fn hdf<'a>(path: &'a Path, action: &'static str) -> impl Fn(hdf5::Error) -> Error + 'a {
    move |source| Error::Hdf5 { path: path.into(), action, source }
}
