//! Reads the problem file, with the changes by `--set`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fluxions::comm::{Kind, World};
use fluxions_io::problem::{SetError, data_files, is_used, set};
use fluxions_io::{Problem, share};

use crate::apart::try_data;
use crate::args::ProblemArgs;
use crate::failure::Failure;
use crate::ranks::together;

/// Reads and checks the problem.
pub(crate) fn read(args: &ProblemArgs) -> Result<Problem, Failure> {
    let text = text(args)?;
    try_files(args, &text)?;
    let problem = parse(args, &text)?;
    problem.check_data()?;
    Ok(problem)
}

/// Makes sure that the files that the problem names do not take the process that reads them with them.
fn try_files(args: &ProblemArgs, text: &str) -> Result<(), Failure> {
    let files = data_files(&args.file.to_string_lossy(), text);
    let is_hdf5 = |file: &&PathBuf| {
        let plain = ["csv", "txt", "npy"];
        file.is_file() && !file.extension().is_some_and(|e| plain.iter().any(|p| e == *p))
    };
    let files: Vec<&Path> = files.iter().filter(is_hdf5).map(PathBuf::as_path).collect();
    let sets = args.set.iter().flat_map(|set| [OsStr::new("--set"), OsStr::new(set)]);
    let arguments: Vec<&OsStr> = [args.file.as_os_str()].into_iter().chain(sets).collect();
    try_data(&arguments, &files)
}

/// Reads and checks the problem, whose file rank 0 reads for all. Collective.
pub(crate) fn read_together(world: &World, args: &ProblemArgs) -> Result<Problem, Failure> {
    let read = || {
        let text = text(args)?;
        // As threads, it was tried before they were started.
        if world.kind() == Kind::Mpi {
            try_files(args, &text)?;
        }
        Ok(Some(text))
    };
    let text = if world.is_root() { read() } else { Ok(None) };
    let text = together(world, text)?;
    let text = share(world, text.as_deref())?.unwrap_or_default();
    let problem = together(world, parse(args, &text))?;
    let is_checked_here = world.is_root() && world.kind() == Kind::Mpi;
    let checked = if is_checked_here { problem.check_data() } else { Ok(()) };
    together(world, checked.map_err(Failure::from))?;
    Ok(problem)
}

fn parse(args: &ProblemArgs, text: &str) -> Result<Problem, Failure> {
    let name = args.file.to_string_lossy();
    let name = if args.set.is_empty() { name.into_owned() } else { format!("{name} with --set") };
    Problem::parse(&name, text).map_err(Failure::Mistakes)
}

/// The text of the problem file, with the changes by `--set`.
fn text(args: &ProblemArgs) -> Result<String, Failure> {
    let name = args.file.to_string_lossy();
    // It is read more than once, and a pipe might give nothing for ever.
    if std::fs::metadata(&args.file).is_ok_and(|of| !of.is_file() && !of.is_dir()) {
        let help = "write the problem to a file: it is read more than once";
        return Err(Failure::usage(format!("{name} is not an ordinary file"), Some(help)));
    }
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
    Ok(text)
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
