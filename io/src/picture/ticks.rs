//! Ticks of an axis: round numbers at equal distances, with short labels that differ.

use super::scale::Scale;

/// The most characters of a label that has neither a factor nor something to be added.
const PLAIN: usize = 6;
/// As many digits as all labels begin with are worth leaving out.
const COMMON: usize = 4;

/// The ticks of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// Where each is, as a fraction of the way along the axis, and its label.
    pub(super) marks: Vec<(f64, String)>,
    /// What is to be done with the labels to get the numbers, such as "×10⁻⁶ +2.5"; mostly empty.
    pub(super) note: String,
}

impl Ticks {
    /// At least two ticks, about as many as `most`.
    pub(super) fn new(scale: &Scale, most: usize) -> Self {
        (most.max(1)..most + 9)
            .map(|most| Ticks::about(scale, most))
            .find(|ticks| ticks.marks.len() > 1)
            .unwrap_or_else(|| Ticks::about(scale, most))
    }

    fn about(scale: &Scale, most: usize) -> Self {
        let ends = scale.ends();
        // Both ends in units of a power of ten near the larger one: no difference overflows.
        let size = ends[0].abs().max(ends[1].abs()).log10().floor() as i32;
        let [low, high] = ends.map(|x| shifted(x, -size));
        let (step, exponent) = round_step((high - low) / most as f64);
        let unit = |count: f64| shifted(count * step as f64, exponent);
        let first = (low / unit(1.0) - 1e-6).ceil();
        let last = (high / unit(1.0) + 1e-6).floor();
        // Counts are exact, so these are decimal numbers to the last digit: `number`·10^`exponent`.
        let mut at = Vec::new();
        let mut numbers = Vec::new();
        let mut count = first;
        while count <= last && at.len() < 2 * most + 2 {
            at.push(((unit(count) - low) / (high - low)).clamp(0.0, 1.0));
            numbers.push(count as i128 * step);
            count += 1.0;
        }
        let (labels, note) = label(numbers, exponent + size);
        Ticks { marks: at.into_iter().zip(labels).collect(), note }
    }
}

/// x·10^exponent, rounded as few times as possible.
fn shifted(x: f64, exponent: i32) -> f64 {
    match exponent {
        0.. => {
            let half = exponent / 2;
            if exponent <= 22 {
                x * 10f64.powi(exponent)
            } else {
                x * 10f64.powi(half) * 10f64.powi(exponent - half)
            }
        }
        -22..0 => x / 10f64.powi(-exponent),
        _ => shifted(x / 1e22, exponent + 22),
    }
}

/// The least round number, as a whole number times a power of ten, that is not below x.
fn round_step(x: f64) -> (i128, i32) {
    let exponent = x.log10().floor() as i32 - 1;
    let leading = shifted(x, -exponent);
    let step = [10, 20, 25, 50].into_iter().find(|step| f64::from(*step) >= leading * (1.0 - 1e-6));
    (step.map_or(100, i128::from), exponent)
}

/// The labels of the numbers n·10^exponent, and what is to be done with them.
fn label(mut numbers: Vec<i128>, mut exponent: i32) -> (Vec<String>, String) {
    reduce(&mut numbers, &mut exponent);
    let short = |numbers: &[i128], exponent: i32| {
        let texts: Vec<String> = numbers.iter().map(|n| decimal(*n, exponent)).collect();
        let length = |text: &String| text.trim_start_matches('−').chars().count();
        texts.iter().all(|text| length(text) <= PLAIN).then_some(texts)
    };
    if let Some(labels) = short(&numbers, exponent) {
        return (labels, String::new());
    }
    let offset = common(&numbers);
    let mut notes = Vec::new();
    if offset != 0 {
        let sign = if offset < 0 { '−' } else { '+' };
        notes.push(format!("{sign}{}", brief(offset.abs(), exponent)));
        numbers.iter_mut().for_each(|n| *n -= offset);
        reduce(&mut numbers, &mut exponent);
    }
    if let Some(labels) = short(&numbers, exponent) {
        return (labels, notes.concat());
    }
    let largest = numbers.iter().map(|n| digits(*n)).max().unwrap_or(1) as i32;
    let factor = exponent + largest - 1;
    notes.insert(0, format!("×10{}", raised(factor)));
    (numbers.iter().map(|n| decimal(*n, 1 - largest)).collect(), notes.join(" "))
}

/// Takes zeros that all numbers end with into the exponent.
fn reduce(numbers: &mut [i128], exponent: &mut i32) {
    while numbers.iter().any(|n| *n != 0) && numbers.iter().all(|n| n % 10 == 0) {
        numbers.iter_mut().for_each(|n| *n /= 10);
        *exponent += 1;
    }
}

/// The roundest number near all of these, if they have many digits in common; otherwise 0.
fn common(numbers: &[i128]) -> i128 {
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else { return 0 };
    let (low, high) = (first.abs().min(last.abs()), first.abs().max(last.abs()));
    let spread = digits(high - low);
    if first.signum() != last.signum() || digits(high) < spread + COMMON {
        return 0;
    }
    let mut power = 10i128.pow(spread as u32);
    let from = low / power * power;
    let mut roundest = from;
    loop {
        let next = (from + power - 1) / power * power;
        if next > high {
            return first.signum() * roundest;
        }
        roundest = next;
        power *= 10;
    }
}

fn digits(n: i128) -> usize {
    n.abs().checked_ilog10().map_or(1, |digits| digits as usize + 1)
}

/// n·10^exponent, written out, without zeros at the end of its decimals.
fn decimal(n: i128, exponent: i32) -> String {
    let sign = if n < 0 { "−" } else { "" };
    let digits = n.abs().to_string();
    if n == 0 || exponent >= 0 {
        let zeros = if n == 0 { 0 } else { exponent as usize };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    }
    let decimals = exponent.unsigned_abs() as usize;
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{rest}")
}

/// n·10^exponent in few characters, exactly.
fn brief(n: i128, exponent: i32) -> String {
    let plain = decimal(n, exponent);
    if plain.chars().count() <= 10 {
        return plain;
    }
    let digits = digits(n) as i32;
    format!("{}×10{}", decimal(n, 1 - digits), raised(exponent + digits - 1))
}

/// An exponent in raised digits.
fn raised(exponent: i32) -> String {
    let raise = |c: char| match (c, c.to_digit(10)) {
        ('1', _) => '¹',
        ('2', _) => '²',
        ('3', _) => '³',
        (_, Some(digit)) => char::from_u32(0x2070 + digit).unwrap_or(c),
        _ => '⁻',
    };
    exponent.to_string().chars().map(raise).collect()
}

/// A number on an axis with these ends, with as many digits as tell it from its neighbours.
pub(super) fn position(x: f64, scale: &Scale) -> String {
    let [low, high] = scale.ends();
    let size = low.abs().max(high.abs());
    let size = (size.log10() - (high / 2.0 - low / 2.0).log10()).max(0.0);
    let text = format!("{x:.*e}", 2 + size.ceil().min(14.0) as usize);
    text.parse().map_or(text, crate::numbers::brief)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Labels and the note, in one line.
    fn said(low: f64, high: f64) -> String {
        let ticks = Ticks::new(&Scale::new(low, high), 5);
        let labels: Vec<_> = ticks.marks.into_iter().map(|(_, label)| label).collect();
        [labels.join(" "), ticks.note].join(" | ")
    }

    #[test]
    fn labels_are_short_and_differ() {
        for (low, high, text) in [
            (0.0, 1.0, "0 0.2 0.4 0.6 0.8 1 | "),
            (-1.0, 1.0, "−1 −0.5 0 0.5 1 | "),
            (0.0, 2.5, "0 0.5 1 1.5 2 2.5 | "),
            (5e5, 500100.0, "500000 500020 500040 500060 500080 500100 | "),
            (101320.0, 101330.0, "101320 101322 101324 101326 101328 101330 | "),
            (101324.9995, 101325.0005, "−0.0004 −0.0002 0 0.0002 0.0004 | +101325"),
            (1.0 - 6e-9, 1.0 + 6e-9, "−5 −2.5 0 2.5 5 | ×10⁻⁹ +1"),
            (-1.0 - 1e-9, -1.0, "−1 −0.8 −0.6 −0.4 −0.2 0 | ×10⁻⁹ −1"),
            (-1.7e308, 1.7e308, "−1 0 1 | ×10³⁰⁸"),
            (0.0, 1e-300, "0 0.2 0.4 0.6 0.8 1 | ×10⁻³⁰⁰"),
            (1.0e7, 1.4e7, "1 1.1 1.2 1.3 1.4 | ×10⁷"),
            (2e-6, 1e-5, "0.2 0.4 0.6 0.8 1 | ×10⁻⁵"),
        ] {
            assert_eq!(said(low, high), text, "{low} to {high}");
        }
    }

    #[test]
    fn positions_have_the_digits_that_matter() {
        assert_eq!(position(0.5 + 1.0 / 128.0, &Scale::new(0.0, 1.0)), "0.5078");
        assert_eq!(position(500050.4, &Scale::new(5e5, 500100.0)), "500050.4");
        assert_eq!(position(0.0, &Scale::new(-1.0, 1.0)), "0");
        assert_eq!(position(1.5e308, &Scale::new(-1.7e308, 1.7e308)), "1.5e308");
    }

    /// The number that a label and the note say.
    fn read(label: &str, note: &str) -> f64 {
        let plain = |text: &str| {
            let digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
            let text: String = text.replace(['−', '⁻'], "-");
            let lower = |c: char| {
                digits.chars().position(|d| d == c).map_or(c.to_string(), |k| k.to_string())
            };
            text.chars().map(lower).collect::<String>()
        };
        let number = |text: &str| match text.split_once("×10") {
            Some((mantissa, exponent)) => format!("{}e{}", plain(mantissa), plain(exponent)),
            None => plain(text),
        };
        let mut label = plain(label);
        let mut offset = 0.0;
        for part in note.split_whitespace() {
            match part.strip_prefix("×10") {
                Some(exponent) => label = format!("{label}e{}", plain(exponent)),
                None => offset = number(part).parse::<f64>().unwrap(),
            }
        }
        offset + label.parse::<f64>().unwrap()
    }

    proptest! {
        #[test]
        fn labels_say_where_ticks_are(
            mantissa in -10.0..10.0f64,
            exponent in -300..300i32,
            length in -11.0..1.0f64,
            most in 1..9usize,
        ) {
            let low = mantissa * 10f64.powi(exponent);
            let high = low + low.abs().max(1e-305) * 10f64.powf(length);
            let scale = Scale::new(low, high);
            let ticks = Ticks::new(&scale, most);
            prop_assert!((2..=most + 4).contains(&ticks.marks.len()), "{ticks:?}");
            for (k, (at, label)) in ticks.marks.iter().enumerate() {
                let apart = read(label, &ticks.note) - scale.at(*at);
                prop_assert!(apart.abs() <= 1e-3 * (high - low), "{label} in {ticks:?}");
                prop_assert!(label.chars().count() <= PLAIN + 2, "{ticks:?}");
                prop_assert!(ticks.marks[..k].iter().all(|(_, other)| other != label), "{ticks:?}");
            }
        }
    }
}
