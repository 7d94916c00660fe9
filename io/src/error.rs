//! Errors of reading and writing files.

use std::path::{Path, PathBuf};

use crate::suggest::suggest;

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
    /// Advice on what to do about it, if there is any.
    pub fn help(&self) -> Option<String> {
        match self {
            Error::RunExists { .. } => {
                Some("choose another folder with --out, or replace the run with --overwrite".into())
            }
            Error::NotOfARun { .. } => Some(
                "choose another folder with --out; --overwrite replaces only what a run has written"
                    .into(),
            ),
            Error::HoldsInput { .. } => Some("choose another folder with --out".into()),
            Error::NoField { name, known, .. } => {
                Some(suggest(name, known.iter().map(String::as_str), '`', "it holds"))
            }
            _ => None,
        }
    }
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
