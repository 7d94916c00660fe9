//! Nothing panics, whatever stands in a problem file: random bytes, random TOML, and right files
//! with random changes give a problem or mistakes with places in the text.

use fluxions_io::Problem;
use proptest::prelude::*;

const RIGHT: &str = r#"
title = "α"
[grid]
x = { bounds = [0, "2*pi"], cells = 8, periodic = true }
y = { bounds = [0, 1], cells = 6 }
[parameters]
D = 0.1
k = "2*D"
[define]
mu = "c^3 - c - laplace(c)"
[equations]
c = "D*laplace(mu) + k*integral(c) - where(c > 0 and t < 1, c, d)"
d = "-d_dx(d)"
[initial]
c = "sin(x) + random_uniform(0, 1)"
d = "Piecewise((1, x < 1), (0, True))"
[boundary]
y = { mixed = { coefficient = 2, value = "t*x" } }
[boundary.mu]
"y-" = { value = "value + dx" }
[time]
end = 1
dt = 0.1
scheme = "rk4"
[output]
every = 0.5
fields = ["c", "speed = abs(d)"]
[diagnostics]
total = "integral(c)"
[ranks]
dims = [1, 0]
"#;

const CARRIED: &str = r#"
[grid]
x = { bounds = [0, "2*pi"], cells = 8, periodic = true }
y = { bounds = [0, 1], cells = 6, periodic = true }
[equations]
b = "-b"
[initial]
a = "2 + sin(x)"
b = 1
[transport.flow]
fields = ["a", "b"]
velocity = ["0.1", "0.2*sin(x)"]
iterations = 3
nonoscillatory = true
third_order = true
g_factor = "2 + cos(x)"
diffusivity = [0, "0.1"]
[time]
end = 1
dt = 0.1
scheme = "symmetric"
"#;

/// Parses; checks that mistakes can be shown. Whether it was right.
fn parse(text: &str) -> bool {
    match Problem::parse("file", text) {
        Ok(problem) => {
            // What else is checked before the first step, unless the grid is large.
            if problem.pde.grid().cells() < 10_000 {
                let _ = problem.check();
            }
            true
        }
        Err(mistakes) => {
            assert!(!mistakes.list.is_empty());
            for mistake in &mistakes.list {
                if let Some(span) = &mistake.span {
                    assert!(text.get(span.clone()).is_some(), "{span:?} of {}", text.len());
                }
            }
            assert!(!mistakes.to_string().is_empty());
            false
        }
    }
}

#[test]
fn the_files_that_are_changed_are_right() {
    assert!(parse(RIGHT));
    assert!(parse(CARRIED));
}

/// Pieces that problem files are made of.
fn pieces() -> impl Strategy<Value = String> {
    let words = vec![
        "[grid]",
        "[boundary]",
        "[boundary.c]",
        "[equations]",
        "[time]",
        "[output]",
        "[define]",
        "[[x]]",
        "x",
        "y",
        "c",
        "\"",
        "'",
        "\"\"\"",
        "=",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\n",
        ".",
        "#",
        "1e999",
        "-1",
        "nan",
        "inf",
        "0x1F",
        "true",
        "1979-05-27",
        "bounds",
        "cells",
        "periodic",
        "laplace(c)",
        "((((",
        "value",
        "c = \"c\"",
        "= 1e300",
        "\\u0000",
        "∇²",
        "cells = 99999999999",
        "\"periodic\"",
        "every = -1",
        "dt = 1e-300",
        "\"auto\"",
    ];
    prop::collection::vec(prop::sample::select(words), 0..30).prop_map(|words| words.concat())
}

fn replacement() -> impl Strategy<Value = String> {
    prop_oneof![pieces(), "[-+*/^()a-z0-9 \"=\\[\\]{},.]{0,8}", ".{0,4}"]
}

fn replaced(text: &str, at: usize, length: usize, by: &str) -> String {
    let start = (at..=text.len()).find(|k| text.is_char_boundary(*k)).unwrap_or(0);
    let end = (start + length..).find(|k| *k >= text.len() || text.is_char_boundary(*k));
    let end = end.unwrap_or(start).min(text.len());
    format!("{}{by}{}", &text[..start], &text[end..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_pieces(text in pieces()) {
        parse(&text);
    }

    #[test]
    fn a_right_file_with_something_replaced(
        at in 0..RIGHT.len(),
        length in 0usize..20,
        by in replacement(),
    ) {
        parse(&replaced(RIGHT, at, length, &by));
    }

    #[test]
    fn a_file_with_transport_and_something_replaced(
        at in 0..CARRIED.len(),
        length in 0usize..20,
        by in replacement(),
    ) {
        parse(&replaced(CARRIED, at, length, &by));
    }

    #[test]
    fn right_lines_in_any_order(lines in prop::sample::subsequence(RIGHT.lines().collect::<Vec<_>>(), 0..30).prop_shuffle()) {
        parse(&lines.join("\n"));
    }
}
