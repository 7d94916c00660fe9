//! Expressions in the language of meval, a crate that evaluates formulas, have the values that meval
//! gives them: each operation and precedence to the bit, each function and power within a few ulp.
//!
//! `meval.tsv` holds what meval 0.2.0 computed for random operations and sequences of operators. A
//! line holds an expression, its value, and the values of a0, a1, … in it.

use fluxions_expr::{Place, Scope, Space, evaluate};
use proptest::prelude::*;

/// The value here of an expression of these numbers a0, a1, …, infinities and NaNs included.
fn ours(text: &str, numbers: &[f64]) -> f64 {
    let mut scope = Scope::new(Place::Constant, &Space::nowhere());
    scope.number("x", 0.7);
    scope.number("y", -2.3);
    for (k, number) in numbers.iter().enumerate() {
        scope.number(&format!("a{k}"), *number);
    }
    match evaluate(text, &scope).map_err(|errors| errors[0].clone()) {
        Ok(value) => value,
        Err(fluxions_expr::Error::NotFinite { value, .. }) => value,
        Err(error) => panic!("{}", error.in_text(text)),
    }
}

/// How far the two values may be apart; `value` is meval's.
///
/// Functions of the standard library are a few ulp off; its inverse hyperbolic functions by more,
/// relative to 1, and `atanh` close to −1.
fn tolerance(text: &str, operands: &[f64], value: f64) -> f64 {
    const EXACT: [&str; 8] = ["min", "max", "abs", "floor", "ceil", "round", "signum", "sqrt"];
    let near = 4.0 * f64::EPSILON;
    let function = text.split_once('(').map_or("", |(name, _)| name);
    match function {
        // A sequence of operators: errors of its powers grow.
        _ if operands.is_empty() && text.contains('^') => 1e-9 * value.abs().max(1.0),
        _ if operands.is_empty() => 0.0,
        "atanh" => near * (value.abs() + 1.0 + 1.0 / (1.0 - operands[0].abs())),
        "asinh" | "acosh" => near * (value.abs() + 1.0),
        name if EXACT.contains(&name) => 0.0,
        name if name.starts_with(|c: char| c.is_ascii_lowercase()) => near * value.abs(),
        _ if text.contains('^') => near * value.abs(),
        _ => 0.0,
    }
}

#[test]
fn values_are_those_that_meval_gave() {
    let mut functions = std::collections::BTreeSet::new();
    for line in include_str!("meval.tsv").lines() {
        let mut columns = line.split('\t');
        let text = columns.next().unwrap();
        let numbers: Vec<f64> = columns.map(|column| column.parse().unwrap()).collect();
        let (theirs, operands) = (numbers[0], &numbers[1..]);
        let ours = ours(text, operands);
        let near = (ours - theirs).abs() <= tolerance(text, operands, theirs);
        assert!(
            near || ours == theirs || (ours.is_nan() && theirs.is_nan()),
            "{line}: {ours:?} here, {theirs:?} by meval"
        );
        functions.insert(text.split_once('(').map_or("", |(name, _)| name));
    }
    assert!(functions.len() > 23, "too few functions are recorded: {functions:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_powers_are_within_two_ulp(x in -1e3f64..1e3, n in -4i32..=4) {
        let (ours, exact) = (ours(&format!("({x:?})^({n})"), &[]), x.powf(n.into()));
        prop_assert!((ours - exact).abs() <= 2.0 * f64::EPSILON * exact.abs());
    }

    #[test]
    fn any_text_gives_a_value_or_an_error(text in "[-+*/^%()a-z0-9. ,\\[\\]<>=!_αβ²∇]{0,40}") {
        let scope = Scope::new(Place::Constant, &Space::nowhere());
        if let Err(errors) = evaluate(&text, &scope) {
            for error in errors {
                prop_assert!(!error.in_text(&text).is_empty());
                prop_assert!(text.get(error.span().start..error.span().end).is_some());
            }
        }
    }
}
