//! The command `fluxions`: reads the arguments and calls the function of the command.

mod apart;
mod args;
mod bench;
mod check;
mod conditions;
mod cost;
mod diff;
mod estimate;
mod export;
mod failure;
mod info;
mod interrupt;
mod movie;
mod plot;
mod print;
mod progress;
mod rank_choice;
mod ranks;
mod report;
mod run;
mod source;
mod waiting;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use apart::apart;
use args::{Command, Typed};
use failure::Failure;
use ranks::speaks;

/// How many files this process may keep open, if the system lets it: each probe has one, and each file that a series maps.
const OPEN_FILES: u64 = 1 << 16;

fn main() -> ExitCode {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Some(current) = current.filter(|current| *current < OPEN_FILES) {
        let current = Some(maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES).max(current));
        // With fewer it works as well, or says so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    }
    let outcome = match Typed::try_parse() {
        // Under mpirun, commands for a single process run on rank 0 only.
        Ok(Typed { command }) if is_alone(&command) && !speaks() => Ok(ExitCode::SUCCESS),
        Ok(Typed { command }) => execute(command),
        Err(mistake) if speaks() || !mistake.use_stderr() => mistake.exit(),
        Err(_) => Err(Failure::ToldByRank0),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}

/// Whether a command is one for a single process.
fn is_alone(command: &Command) -> bool {
    !matches!(command, Command::Run(_) | Command::Bench(_))
}

fn execute(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Info(args) => apart(&[&args.path], 5, || info::info(&args)),
        Command::Plot(args) => apart(&[&args.path], 60, || plot::plot(&args)),
        Command::Movie(args) => apart(&[&args.path], 3600, || movie::movie(&args)),
        Command::Export(args) => apart(&[&args.path], 3600, || export::export(&args)),
        Command::Watch(args) => watch::watch(&args),
        Command::Report(args) => apart(&[&args.path], 600, || report::report(&args)),
        Command::Diff(args) => apart(&[&args.a, &args.b], 5, || diff::diff(&args)),
        Command::Bench(args) => bench::bench(&args),
    }
}
