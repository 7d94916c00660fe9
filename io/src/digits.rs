//! Numbers as people read them.

/// A number in as few characters as say it exactly.
pub fn brief(x: f64) -> String {
    if is_handy(x) { format!("{x}") } else { format!("{x:e}") }
}

/// A measured number, to six digits.
pub fn measured(x: f64) -> String {
    if is_handy(x) { format!("{x:.6}") } else { format!("{x:.6e}") }
}

/// A number rounded to a few digits, for a line that is soon replaced by the next.
pub fn rounded(x: f64) -> String {
    match x.abs() {
        0.0 | 0.01..1e9 => {
            let text = format!("{x:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        _ => format!("{x:.3e}"),
    }
}

/// Whether a number can be read without an exponent.
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
        assert_eq!(rounded(0.1 + 0.2), "0.3");
        assert_eq!(rounded(200.0), "200");
        assert_eq!(rounded(1.5e-7), "1.500e-7");
    }
}
