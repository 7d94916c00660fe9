//! Printing to standard output, which may be closed, as by `| head`.

use std::io::Write;

/// Prints a text. It is no failure if standard output has been closed.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints a line.
pub(crate) fn line(text: &str) {
    print(&format!("{text}\n"));
}
