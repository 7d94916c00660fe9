//! Standard output that may be closed, as by `| head`.

use std::io::Write;

/// Prints a text. If nobody reads any more, that is no failure.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints a line.
pub(crate) fn line(text: &str) {
    print(&format!("{text}\n"));
}
