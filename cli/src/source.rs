//! Reads the problem file, with the changes by `--set`.

use std::path::PathBuf;

use fluxions_io::Problem;
use fluxions_io::problem::{SetError, is_used, set};

use crate::args::ProblemArgs;
use crate::failure::Failure;

/// Reads and checks the problem.
pub(crate) fn read(args: &ProblemArgs) -> Result<Problem, Failure> {
    let name = args.file.to_string_lossy();
    let bytes = std::fs::read(&args.file).map_err(|error| {
        Failure::usage(format!("cannot read the problem file {name}: {error}"), None)
    })?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        Failure::usage(format!("{name} is not a text file: line {line} is not valid UTF-8"), None)
    })?;
    let failed = |argument: &str, error: SetError| Failure::Usage {
        message: format!("--set {argument}: {error}"),
        help: error.help(),
    };
    let before = text.clone();
    for argument in &args.set {
        text = set(&text, argument).map_err(|error| failed(argument, error))?;
    }
    for argument in &args.set {
        is_used(&before, &text, argument).map_err(|error| failed(argument, error))?;
    }
    let name = if args.set.is_empty() { name.into_owned() } else { format!("{name} with --set") };
    Problem::parse(&name, &text).map_err(Failure::Mistakes)
}

/// The run folder of a problem file: its stem, in the current folder.
pub(crate) fn default_folder(args: &ProblemArgs) -> Result<PathBuf, Failure> {
    match args.file.file_stem() {
        Some(stem) if args.file.extension().is_some() => Ok(PathBuf::from(stem)),
        _ => Err(Failure::usage(
            format!(
                "{} has no extension that the name of the run folder could leave out",
                args.file.display()
            ),
            Some("name the run folder with --out"),
        )),
    }
}
