//! Numbers in few characters, for people.

/// A number as short as it can be told exactly.
pub fn brief(x: f64) -> String {
    if is_handy(x) { format!("{x}") } else { format!("{x:e}") }
}

/// A measured number, to six digits.
pub fn measured(x: f64) -> String {
    if is_handy(x) { format!("{x:.6}") } else { format!("{x:.6e}") }
}

/// A number rounded to four digits.
pub fn short(x: f64) -> String {
    brief(format!("{x:.3e}").parse().unwrap_or(x))
}

/// A number rounded to so many decimals, without the zeros at the end.
pub fn rounded(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// A length of time, such as "1h 30m".
pub fn duration(length: std::time::Duration) -> String {
    humantime::format_duration(length).to_string()
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
        assert_eq!((short(0.1 + 0.2), short(1.54905e306)), ("0.3".into(), "1.549e306".into()));
        assert_eq!(measured(0.25), "0.250000");
        assert_eq!(measured(-1.5e-9), "-1.500000e-9");
        assert_eq!(measured(f64::NAN), "NaN");
        assert_eq!((rounded(0.25, 4), rounded(100.0, 0)), ("0.25".into(), "100".into()));
    }
}
