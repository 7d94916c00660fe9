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
    let minus = match (left.strip_suffix(' '), right.strip_prefix(' ')) {
        (Some(left), _) => format!("{left}-({right})"),
        (None, Some(right)) => format!("{left}-({right})"),
        (None, None) => format!("{left}-({right})"),
    };
    minus.as_str().into()
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
            ("laplace(phi) = -rho", "laplace(phi)-( -rho)"),
            ("laplace(phi)=rho + 1", "laplace(phi)-(rho + 1)"),
            ("laplace(phi)= rho", "laplace(phi)-(rho)"),
            ("where(x <= 1, phi, 0) = x == 2", "where(x <= 1, phi, 0)-( x == 2)"),
            ("phi = x = 1", "phi = x = 1"),
            ("phi + (x != 1)", "phi + (x != 1)"),
        ] {
            assert_eq!(difference(text.into()).to_string(), expected);
        }
    }
}
