//! Printing to standard output, which may be closed, as by `| head`.

use std::io::Write;

use fluxions_io::text::visible;

/// Prints a text; texts of users in it do not control the terminal. It is no failure if standard output
/// has been closed.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().write_all(visible(text).as_bytes());
}

/// Prints a line.
pub(crate) fn line(text: &str) {
    print(&format!("{text}\n"));
}
