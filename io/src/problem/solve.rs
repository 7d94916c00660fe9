//! The section [solve]: unknowns, each with what vanishes for the right one.

use fluxions_expr::{Rank, Type};
use fluxions_solver::{Formula, Origin};

use super::reader::{Reader, Table};

/// Reads the section, if there is one: for each unknown the expression that vanishes. Of an equation with
/// two sides this is their difference.
pub(super) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Vec<(String, Formula)> {
    let formulas = super::formulas::read(reader, document, "solve", Origin::Equation);
    formulas.into_iter().map(|(name, formula)| (name, difference(formula))).collect()
}

/// The difference of the two sides, if there are two; what stands in the text stays where it is, as far as
/// there are spaces around the sign.
fn difference(formula: Formula) -> Formula {
    let text = formula.to_string();
    let Some(at) = equals_sign(&text) else { return formula };
    let (left, right) = (&text[..at], &text[at + 1..]);
    if is_one_term(right) {
        return format!("{left}-{right}").as_str().into();
    }
    // The parenthesis takes the place of a space, if there is one, so that columns stay as written.
    let (left, right) = match left.strip_suffix(' ') {
        Some(left) => (left, right),
        None => (left, right.strip_prefix(' ').unwrap_or(right)),
    };
    format!("{left}-({right})").as_str().into()
}

/// Whether a text is one term, with a sign or without, so that it can be subtracted as it is.
fn is_one_term(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix('-').unwrap_or(text);
    let mut depth = 0;
    text.chars().all(|c| {
        depth += match c {
            '(' | '[' => 1,
            ')' | ']' => -1,
            _ => 0,
        };
        depth > 0
            || c.is_alphanumeric()
            || matches!(c, '_' | '.' | '*' | '/' | '^' | ' ' | ')' | ']')
    }) && !text.contains(" and ")
        && !text.contains(" or ")
}

/// The value of an unknown of this type to which none is given at first, in a space of so many dimensions.
pub(super) fn zero(ty: Type, dimension: usize) -> Formula {
    let list = |item: &str| format!("[{}]", vec![item; dimension].join(", "));
    match ty.rank {
        Rank::Scalar => Formula::Number(0.0),
        Rank::Vector => list("0").as_str().into(),
        Rank::Tensor => list(&list("0")).as_str().into(),
    }
}

/// The place of the only `=` that is not part of a comparison.
fn equals_sign(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_sign = |at: &usize| {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        bytes[*at] == b'='
            && bytes.get(at + 1) != Some(&b'=')
            && !matches!(before, Some(b'=' | b'<' | b'>' | b'!'))
    };
    let mut signs = (0..bytes.len()).filter(is_sign);
    let first = signs.next()?;
    signs.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_become_their_difference() {
        for (text, expected) in [
            ("laplace(phi) + rho", "laplace(phi) + rho"),
            ("laplace(phi) = -rho", "laplace(phi) - -rho"),
            ("laplace(phi) = -f(x - 1)*rho^2", "laplace(phi) - -f(x - 1)*rho^2"),
            ("laplace(phi)=rho + 1", "laplace(phi)-(rho + 1)"),
            ("laplace(phi)= rho", "laplace(phi)- rho"),
            ("laplace(phi) = rho - 1", "laplace(phi)-( rho - 1)"),
            ("where(x <= 1, phi, 0) = x == 2", "where(x <= 1, phi, 0)-( x == 2)"),
            ("phi = x = 1", "phi = x = 1"),
            ("phi + (x != 1)", "phi + (x != 1)"),
        ] {
            assert_eq!(difference(text.into()).to_string(), expected);
        }
    }
}
