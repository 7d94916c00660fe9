//! Numbers in few characters, for people.

use std::time::Duration;

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
pub fn duration(length: Duration) -> String {
    humantime::format_duration(length).to_string()
}

/// Whether a number needs no exponent to be read.
fn is_handy(x: f64) -> bool {
    x == 0.0 || !x.is_finite() || (1e-4..1e6).contains(&x.abs())
}

/// The length of time of a text: a number of seconds, or one with units such as `1h 30min`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    }
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

    #[test]
    fn lengths_of_time_are_seconds_or_have_units() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(parse_duration("90"), seconds(90));
        assert_eq!(parse_duration(" 10 min "), seconds(600));
        assert_eq!(parse_duration("1h 30m"), seconds(5400));
        assert_eq!(parse_duration("0"), seconds(0));
        for text in ["", "soon", "-1", "nan", "1e99"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
