//! Failures of commands: what is printed, and the exit code.

use std::fmt;
use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use fluxions_io::Problem;
use fluxions_io::problem::{Diagnostic, Mistakes, Warning};
use fluxions_io::text::visible;
use {fluxions_io as io, fluxions_solver as solver};

use crate::print::error_line;

/// Exit codes, as docs/GUIDE.md lists them.
pub(crate) mod code {
    /// `diff` has found differences.
    pub(crate) const DIFFERENT: u8 = 1;
    /// A bad problem file or bad arguments.
    pub(crate) const BAD_INPUT: u8 = 2;
    /// The solve failed.
    pub(crate) const FAILED: u8 = 3;
    /// Files could not be read or written.
    pub(crate) const FILES: u8 = 4;
    /// The run was stopped by a signal or a limit of time, and a checkpoint is written.
    pub(crate) const INTERRUPTED: u8 = 75;
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Mistakes in the problem file.
    Mistakes(Mistakes),
    /// Arguments that make no sense.
    Usage { message: String, help: Option<String> },
    /// A file or folder could not be read or written.
    Files(io::Error),
    /// The solve failed.
    Solve(solver::Error),
    /// The solve failed because of what stands in the problem file.
    Explained(Mistakes),
    /// It was printed already, here or on another rank.
    Told { code: u8 },
    /// Every process has failed alike, and that of rank 0 says so. A launcher ends all processes as
    /// soon as one has failed, so the others end without an error of their own: the message and the
    /// exit code of the job are those of rank 0.
    ToldByRank0,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>, help: Option<&str>) -> Self {
        Failure::Usage { message: message.into(), help: help.map(str::to_string) }
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Mistakes(_) | Failure::Usage { .. } => code::BAD_INPUT,
            Failure::Files(_) => code::FILES,
            Failure::Solve(solver::Error::Tracker { source }) if source.is::<io::Error>() => {
                code::FILES
            }
            Failure::Solve(solver::Error::Decomposition(_)) => code::BAD_INPUT,
            Failure::Solve(_) | Failure::Explained(_) => code::FAILED,
            Failure::Told { code } => *code,
            Failure::ToldByRank0 => 0,
        }
    }

    /// Whether this rank has failed only since another one has.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self, Failure::Solve(solver::Error::Elsewhere { .. }))
    }

    /// The failure without the lines of the file that it is about.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Failure::Mistakes(mistakes) | Failure::Explained(mistakes) => mistakes.to_string(),
            Failure::Usage { message, .. } => message.clone(),
            Failure::Files(error) => error.to_string(),
            Failure::Solve(error) => error.to_string(),
            Failure::Told { .. } | Failure::ToldByRank0 => String::new(),
        }
    }

    /// What to do about it, if that is known.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Failure::Mistakes(mistakes) | Failure::Explained(mistakes) => {
                let help: Vec<_> =
                    mistakes.list.iter().filter_map(|one| one.help.clone()).collect();
                (!help.is_empty()).then(|| help.join("; "))
            }
            Failure::Usage { help, .. } => help.clone(),
            Failure::Files(error) => error.help(),
            Failure::Solve(solver::Error::Tracker { source }) => {
                let of_files = source.downcast_ref::<io::Error>().and_then(io::Error::help);
                of_files.or(source.downcast_ref().map(io::NotConserved::help))
            }
            Failure::Solve(error) => io::problem::help(error),
            Failure::Told { .. } | Failure::ToldByRank0 => None,
        }
    }

    /// Prints the failure to standard error, in colour if that is a terminal.
    pub(crate) fn print(&self) {
        let text = self.render(std::io::stderr().is_terminal() && no_color_is_unset());
        if !text.is_empty() {
            error_line(&text);
        }
    }

    fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let plain = |message: &str, help: Option<String>| {
            let group = Group::with_title(Level::ERROR.primary_title(visible(message)));
            let group = match &help {
                Some(help) => group.element(Level::HELP.message(visible(help))),
                None => group,
            };
            renderer.render(&[group])
        };
        match self {
            Failure::Mistakes(mistakes) | Failure::Explained(mistakes) => {
                let place = (mistakes.name.as_str(), mistakes.text.as_str());
                let one = |mistake| report(&renderer, Level::ERROR, place, mistake);
                mistakes.list.iter().map(one).collect::<Vec<_>>().join("\n\n")
            }
            Failure::Usage { .. } | Failure::Files(_) | Failure::Solve(_) => {
                plain(&self.in_words(), self.help())
            }
            Failure::Told { .. } | Failure::ToldByRank0 => String::new(),
        }
    }
}

fn no_color_is_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints warnings about a problem to standard error, in colour if that is a terminal.
pub(crate) fn warn(problem: &Problem, warnings: &[Warning]) {
    let colour = std::io::stderr().is_terminal() && no_color_is_unset();
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    for Warning(warning) in warnings {
        let place = (problem.name.as_str(), problem.text.as_str());
        error_line(&format!("{}\n", report(&renderer, Level::WARNING, place, warning)));
    }
}

/// One mistake or warning with the line of the file (its name and text) that holds it.
fn report(
    renderer: &Renderer,
    level: Level<'_>,
    (name, text): (&str, &str),
    mistake: &Diagnostic,
) -> String {
    let title = level.primary_title(visible(&mistake.message));
    // The renderer shows control characters in the lines of the file, but not in these texts.
    let (name, label) = (visible(name), visible(&mistake.label));
    let mut group = match &mistake.span {
        Some(span) => {
            let end = span.end.max((span.start + 1).min(text.len()));
            let annotation = AnnotationKind::Primary.span(span.start..end).label(label);
            let snippet = Snippet::source(text).path(name);
            title.element(snippet.annotation(annotation))
        }
        None => {
            let origin = annotate_snippets::Origin::path(name);
            title.element(origin)
        }
    };
    if let Some(help) = &mistake.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    // The renderer leaves control characters of eight bits in the lines of the file.
    renderer.render(&[group]).replace(|c: char| ('\u{80}'..='\u{9f}').contains(&c), "�")
}

/// The message without colours.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Files(error)
    }
}

impl From<solver::Error> for Failure {
    fn from(error: solver::Error) -> Self {
        Failure::Solve(error)
    }
}

impl From<fluxions::comm::Error> for Failure {
    fn from(error: fluxions::comm::Error) -> Self {
        Failure::Solve(error.into())
    }
}
