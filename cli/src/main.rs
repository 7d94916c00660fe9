//! The command `fluxions`: what was typed, what it means, one function per command.

mod args;
mod check;
mod diff;
mod failure;
mod info;
mod plot;
mod print;
mod progress;
mod ranks;
mod run;
mod source;

use std::process::ExitCode;

use clap::Parser;

use args::{Command, Typed};

fn main() -> ExitCode {
    let outcome = match Typed::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Info(args) => info::info(&args),
        Command::Plot(args) => plot::plot(&args),
        Command::Diff(args) => diff::diff(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}
