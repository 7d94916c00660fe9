//! What can be wrong with an expression, and where.

use crate::span::{Span, underline};

/// A mistake in an expression. Every variant carries the span of the text at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A character that no expression contains.
    #[error("unexpected character `{character}`")]
    UnexpectedCharacter {
        /// The character.
        character: char,
        /// Where it stands.
        span: Span,
        /// What to write instead, if that is clear.
        instead: Option<&'static str>,
    },
    /// A number that cannot be read or does not fit a double.
    #[error("`{text}` is not a number that fits 64-bit floating point")]
    BadNumber {
        /// The number's text.
        text: String,
        /// Where it stands.
        span: Span,
    },
    /// Something other than the grammar asks for.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What could have stood there.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// Where it stands.
        span: Span,
        /// What the author may have meant.
        hint: Option<String>,
    },
    /// A parenthesis or bracket that is never closed.
    #[error("this `{bracket}` is never closed")]
    Unclosed {
        /// The opening bracket.
        bracket: char,
        /// Where it stands.
        span: Span,
    },
    /// More levels of nesting than the parser follows.
    #[error("the expression is nested more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// The part that is too deep.
        span: Span,
    },
    /// `a < b < c`.
    #[error("comparisons cannot be chained")]
    ChainedComparison {
        /// The whole chain.
        span: Span,
    },
    /// A name that is neither a field nor a parameter nor anything else known.
    #[error("unknown name `{name}`")]
    UnknownName {
        /// The name.
        name: String,
        /// Where it stands.
        span: Span,
        /// The nearest known name.
        nearest: Option<String>,
        /// The names that can be used here.
        known: Vec<String>,
    },
    /// A call of something that is neither a function nor an operator.
    #[error("unknown function `{name}`")]
    UnknownFunction {
        /// The name.
        name: String,
        /// Where it stands.
        span: Span,
        /// The nearest known function or operator.
        nearest: Option<String>,
    },
    /// A field or parameter used like a function.
    #[error("`{name}` is {what}, not a function")]
    NotAFunction {
        /// The name.
        name: String,
        /// What it is.
        what: &'static str,
        /// Where it stands.
        span: Span,
    },
    /// A function or operator that stands without its arguments.
    #[error("`{name}` is a function: it needs arguments, as in `{example}`")]
    MissingArguments {
        /// The function's name.
        name: String,
        /// A correct use.
        example: String,
        /// Where it stands.
        span: Span,
    },
    /// A call with too few or too many arguments.
    #[error("`{name}` takes {takes}, but {given} {} given", if *.given == 1 { "is" } else { "are" })]
    ArgumentCount {
        /// The function's name.
        name: String,
        /// How many it takes, in words.
        takes: String,
        /// How many there are.
        given: usize,
        /// The call.
        span: Span,
    },
    /// Something that the place of the expression does not allow.
    #[error("{what} cannot be used in {place}")]
    NotAllowed {
        /// What was used, in words.
        what: String,
        /// The place, in words.
        place: &'static str,
        /// Where it stands.
        span: Span,
        /// What to do instead, if that is clear.
        instead: Option<String>,
    },
    /// A component or index of a scalar.
    #[error("`{text}` is a scalar: it has no components")]
    NoComponents {
        /// The scalar's text.
        text: String,
        /// The index or member.
        span: Span,
    },
    /// A list where one number per cell is asked for.
    #[error("a list of {length} values where one value is expected")]
    UnexpectedList {
        /// Its length.
        length: usize,
        /// Where it stands.
        span: Span,
    },
    /// An operator on vectors, where only scalars are solved for.
    #[error("`{name}` works with vectors, and this version of Fluxions solves for scalars only")]
    VectorOperator {
        /// The operator.
        name: String,
        /// Where it stands.
        span: Span,
    },
    /// The imaginary unit.
    #[error("`{name}` is the imaginary unit, and equations are real")]
    Imaginary {
        /// `i` or `I`.
        name: String,
        /// Where it stands.
        span: Span,
    },
    /// `Piecewise` with an argument that is no pair.
    #[error("each argument of `Piecewise` is a pair `(value, condition)`")]
    NotAPair {
        /// The argument.
        span: Span,
    },
    /// An expression that had to be one number but is not.
    #[error("the value of this constant expression is {value}, not a finite number")]
    NotFinite {
        /// The value.
        value: f64,
        /// The expression.
        span: Span,
    },
}

impl Error {
    /// The text at fault.
    pub fn span(&self) -> Span {
        use Error::*;
        match self {
            UnexpectedCharacter { span, .. }
            | BadNumber { span, .. }
            | Unexpected { span, .. }
            | Unclosed { span, .. }
            | TooDeep { span, .. }
            | ChainedComparison { span }
            | UnknownName { span, .. }
            | UnknownFunction { span, .. }
            | NotAFunction { span, .. }
            | MissingArguments { span, .. }
            | ArgumentCount { span, .. }
            | NotAllowed { span, .. }
            | NoComponents { span, .. }
            | UnexpectedList { span, .. }
            | VectorOperator { span, .. }
            | Imaginary { span, .. }
            | NotAPair { span }
            | NotFinite { span, .. } => *span,
        }
    }

    /// What to do about it, in a sentence, where that is known.
    pub fn help(&self) -> Option<String> {
        use Error::*;
        match self {
            UnexpectedCharacter { instead, .. } => instead.map(str::to_string),
            Unexpected { hint, .. } => hint.clone(),
            ChainedComparison { .. } => Some("write `a < b and b < c`".into()),
            UnknownName { nearest: Some(near), .. }
            | UnknownFunction { nearest: Some(near), .. } => {
                Some(format!("did you mean `{near}`?"))
            }
            UnknownName { known, .. } if !known.is_empty() => {
                Some(format!("known here: {}", known.join(", ")))
            }
            NotAFunction { name, .. } => Some(format!("to multiply, write `{name}*(…)`")),
            NotAllowed { instead, .. } => instead.clone(),
            VectorOperator { .. } => {
                Some("use the components: d_dx(…), d_dy(…), …, or gradient_squared(…)".into())
            }
            TooDeep { .. } => Some("name parts of it in [define]".into()),
            _ => None,
        }
    }

    /// The error with the expression's text, a line of carets and the help: for people who have
    /// no file to point into.
    pub fn in_text(&self, text: &str) -> String {
        let help = self.help().map(|h| format!("\n  {h}")).unwrap_or_default();
        format!("{self}\n{}{help}", underline(text, self.span()))
    }
}

/// The known name that `name` was probably meant to be, if any is near enough.
///
/// Near means a Damerau–Levenshtein distance of at most a third of the longer name, so that no two
/// different single letters are near, or the same letters in another case.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |candidate: &str| {
        if candidate.eq_ignore_ascii_case(name) {
            0
        } else {
            strsim::damerau_levenshtein(name, candidate)
        }
    };
    known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(d, candidate)| {
            let longer = name.chars().count().max(candidate.chars().count());
            3 * d <= longer
        })
        // Ties go to the first in the alphabet, so that a message does not depend on an order.
        .min()
        .map(|(_, candidate)| candidate.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_ignores_strangers() {
        let known = ["laplace", "gradient", "sin", "u"];
        assert_eq!(nearest("laplac", known), Some("laplace".into()));
        assert_eq!(nearest("Sin", known), Some("sin".into()));
        assert_eq!(nearest("sni", known), Some("sin".into()));
        assert_eq!(nearest("viscosity", known), None);
        assert_eq!(nearest("w", known), None);
        assert_eq!(nearest("U", known), Some("u".into()));
    }
}
