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

/// A number in few characters.
pub(crate) fn brief(x: f64) -> String {
    if is_handy(x) { format!("{x}") } else { format!("{x:e}") }
}

/// A measured number, to six digits.
pub(crate) fn measured(x: f64) -> String {
    if is_handy(x) { format!("{x:.6}") } else { format!("{x:.6e}") }
}

/// Whether a number needs no exponent to be read.
fn is_handy(x: f64) -> bool {
    x == 0.0 || !x.is_finite() || (1e-4..1e6).contains(&x.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_short() {
        assert_eq!(brief(0.0), "0");
        assert_eq!(brief(-2.5), "-2.5");
        assert_eq!(brief(1e300), "1e300");
        assert_eq!(measured(0.25), "0.250000");
        assert_eq!(measured(-1.5e-9), "-1.500000e-9");
        assert_eq!(measured(f64::NAN), "NaN");
    }
}
