//! Printing to standard output and standard error, which may be closed, as by `| head`, or full.

use std::io::Write;
use std::path::PathBuf;

use fluxions_io::text::visible;

use crate::failure::Failure;

/// Prints a text; texts of users in it do not control the terminal. It is an error if it cannot be written, but none if
/// standard output has been closed by who reads it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match out.write_all(visible(text).as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            let path = PathBuf::from("standard output");
            Err(fluxions_io::Error::File { path, action: "write", source }.into())
        }
        _ => Ok(()),
    }
}

/// Prints a line of what a command was asked for, as [`print`] does.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    print(&format!("{text}\n"))
}

/// Prints a line, if anybody reads it.
pub(crate) fn line(text: &str) {
    let _ = print(&format!("{text}\n"));
}

/// Prints a line to standard error, if anybody reads it.
pub(crate) fn error_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a warning in a line.
pub(crate) fn warn_line(text: &str) {
    error_line(&format!("warning: {}", visible(text)));
}
