//! What can be wrong with an expression, and where.

use crate::span::{Span, underline};
use crate::types::{Rank, Type};

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
    /// Functions that call functions until the expression has no reasonable size any more.
    #[error("the functions in this expression make it larger than {limit} parts")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// The part that is too large.
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
    /// More indices than a value has.
    #[error("`{text}` is {ty}: {}", indices(ty.rank))]
    NoComponents {
        /// The value's text.
        text: String,
        /// Its type.
        ty: Type,
        /// The index or member.
        span: Span,
    },
    /// An index that no component has.
    #[error("no component has this index: they are 0 to {}", directions.len().saturating_sub(1))]
    BadIndex {
        /// The names of the components.
        directions: Vec<String>,
        /// The index.
        span: Span,
    },
    /// The name of a component that does not exist.
    #[error("{of} has no component `{name}`")]
    UnknownComponent {
        /// The name.
        name: String,
        /// The type of what it was to be a component of.
        of: Type,
        /// The components that there are.
        known: Vec<String>,
        /// The nearest of them.
        nearest: Option<String>,
        /// Where it stands.
        span: Span,
    },
    /// A pair or longer list of values that is no vector.
    #[error("a list of {length} values where one value is expected")]
    UnexpectedList {
        /// Its length.
        length: usize,
        /// Where it stands.
        span: Span,
    },
    /// A vector or tensor with too many or too few parts.
    #[error("a vector has {} here, and this list has {length}", count(directions))]
    VectorLength {
        /// How many parts it has.
        length: usize,
        /// The names of the components.
        directions: Vec<String>,
        /// Where it stands.
        span: Span,
    },
    /// A list whose items differ in rank.
    #[error("a list of {first} and {found} is neither vector nor tensor")]
    UnevenList {
        /// The type of the first item.
        first: Type,
        /// That of another one.
        found: Type,
        /// The other item.
        span: Span,
    },
    /// Values whose ranks do not go together.
    #[error("{left} and {right} cannot be {verb}")]
    RankMismatch {
        /// What was to be done with them.
        verb: &'static str,
        /// The type of the first.
        left: Type,
        /// The type of the second.
        right: Type,
        /// Both of them.
        span: Span,
    },
    /// A divisor that is no scalar.
    #[error("nothing can be divided by {found}")]
    Divisor {
        /// Its type.
        found: Type,
        /// Where it stands.
        span: Span,
    },
    /// A vector or tensor where a scalar is needed.
    #[error("{what} takes a scalar, and this is {found}")]
    ScalarWanted {
        /// What needs it.
        what: String,
        /// The type of what was given.
        found: Type,
        /// Where it stands.
        span: Span,
    },
    /// A complex number where a real one is needed.
    #[error("{what} takes a real number, and this is complex")]
    RealWanted {
        /// What needs it.
        what: String,
        /// Where it stands.
        span: Span,
    },
    /// Something that varies where a number is needed.
    #[error("the argument of `{name}` must be a number")]
    NumberWanted {
        /// The function.
        name: String,
        /// The argument.
        span: Span,
    },
    /// A number that is not one of those that count something.
    #[error("the argument of `{name}` must be a whole number from {least} to {most}, not {found}")]
    WholeNumberWanted {
        /// The function.
        name: String,
        /// The smallest that it takes.
        least: u32,
        /// The largest that it takes.
        most: u32,
        /// What it is.
        found: f64,
        /// The argument.
        span: Span,
    },
    /// An argument of the wrong rank.
    #[error("`{name}` takes {wants}, and this is {found}")]
    WrongRank {
        /// The operator.
        name: String,
        /// What it takes.
        wants: &'static str,
        /// The type of what was given.
        found: Type,
        /// The argument.
        span: Span,
        /// What to write instead, if that is clear.
        instead: Option<&'static str>,
    },
    /// A value of another type than its place needs.
    #[error("{found} where {} is needed", needed(*found, *wanted))]
    WrongType {
        /// What it is.
        found: Type,
        /// What it had to be.
        wanted: Type,
        /// Where it stands.
        span: Span,
    },
    /// An operator that makes no sense on the grid.
    #[error("`{name}` is not defined on this {on} grid: {reason}")]
    NotOnGrid {
        /// The operator.
        name: String,
        /// The grid's geometry.
        on: &'static str,
        /// Why not.
        reason: &'static str,
        /// Where it stands.
        span: Span,
    },
    /// A mistake that shows in the body of a function with the arguments of a call.
    #[error("in `{name}`, which is `{text}`: {error}")]
    InFunction {
        /// The function.
        name: String,
        /// Its text.
        text: String,
        /// What is wrong in there.
        error: Box<Error>,
        /// The call.
        span: Span,
    },
    /// A function written as text that calls itself.
    #[error("`{name}` calls itself without end")]
    EndlessFunction {
        /// The function.
        name: String,
        /// The call.
        span: Span,
    },
    /// A function's text without `->`, or with something else than names before it.
    #[error("a function is written as `(x, a) -> x/(a + x)`")]
    NotAFunctionText {
        /// What stands at the wrong place.
        span: Span,
    },
    /// A constant that is complex.
    #[error("this constant is complex, and has to be real")]
    ComplexConstant {
        /// The expression.
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
            | TooLarge { span, .. }
            | ChainedComparison { span }
            | UnknownName { span, .. }
            | UnknownFunction { span, .. }
            | NotAFunction { span, .. }
            | MissingArguments { span, .. }
            | ArgumentCount { span, .. }
            | NotAllowed { span, .. }
            | NoComponents { span, .. }
            | BadIndex { span, .. }
            | UnknownComponent { span, .. }
            | UnexpectedList { span, .. }
            | VectorLength { span, .. }
            | UnevenList { span, .. }
            | RankMismatch { span, .. }
            | Divisor { span, .. }
            | ScalarWanted { span, .. }
            | RealWanted { span, .. }
            | NumberWanted { span, .. }
            | WholeNumberWanted { span, .. }
            | WrongRank { span, .. }
            | WrongType { span, .. }
            | NotOnGrid { span, .. }
            | InFunction { span, .. }
            | EndlessFunction { span, .. }
            | NotAFunctionText { span }
            | ComplexConstant { span }
            | NotAPair { span }
            | NotFinite { span, .. } => *span,
        }
    }

    /// Whether the mistake is about the types of values, so that another mistake in the type of a
    /// name may have led to it.
    pub fn is_about_types(&self) -> bool {
        use Error::*;
        matches!(
            self,
            NoComponents { .. }
                | BadIndex { .. }
                | UnknownComponent { .. }
                | UnevenList { .. }
                | RankMismatch { .. }
                | Divisor { .. }
                | ScalarWanted { .. }
                | RealWanted { .. }
                | WrongRank { .. }
                | WrongType { .. }
                | InFunction { .. }
        )
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
            BadIndex { directions, .. } => {
                let named = |(k, name): (usize, &String)| format!("{k} is {name}");
                let all: Vec<_> = directions.iter().enumerate().map(named).collect();
                Some(all.join(", "))
            }
            UnknownComponent { nearest: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            UnknownComponent { known, .. } => {
                Some(format!("its components are {}", known.join(", ")))
            }
            VectorLength { directions, .. } => {
                Some(format!("the components are {}", directions.join(", ")))
            }
            RankMismatch { verb: "multiplied", left, right, .. } => {
                Some(match (left.rank, right.rank) {
                    (Rank::Vector, Rank::Vector) => {
                        "for a scalar write `dot(a, b)`, for a tensor `outer(a, b)`".into()
                    }
                    _ => "write `dot(a, b)`".into(),
                })
            }
            RankMismatch { left, right, .. }
                if left.rank == Rank::Scalar || right.rank == Rank::Scalar =>
            {
                let component = "take a component, as in `gradient(c)[0]`";
                Some(format!("{component}, or make a vector of scalars, as in `[a, b]`"))
            }
            Divisor { .. } => Some("divide by a component, such as `v[0]`, or by `norm(v)`".into()),
            ScalarWanted { found, .. } if found.rank == Rank::Vector => {
                Some("take a component, such as `v[0]`, or the length, `norm(v)`".into())
            }
            ScalarWanted { .. } => {
                Some("take a component, such as `T[0, 1]`, or `trace(T)`".into())
            }
            RealWanted { .. } => Some("take `real(…)`, `imag(…)` or `abs(…)` of it".into()),
            WrongRank { instead, .. } => instead.map(str::to_string),
            WrongType { found, wanted, .. } => {
                let help = match (found.rank == wanted.rank, wanted.rank) {
                    (true, _) => "take `real(…)` or `abs(…)` of it, or make it complex in [fields]",
                    (_, Rank::Vector) => "a vector of scalars is written as `[a, b]`",
                    (_, Rank::Tensor) => "a tensor is written as `[[a, b], [c, d]]`",
                    _ => "take a component of it, or declare the field as a vector in [fields]",
                };
                Some(help.into())
            }
            InFunction { error, .. } => error.help(),
            TooDeep { .. } | TooLarge { .. } => Some("name parts of it as definitions".into()),
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

fn needed(found: Type, wanted: Type) -> String {
    match found.rank == wanted.rank {
        true => format!("a real {}", wanted.rank.name()),
        false => wanted.to_string(),
    }
}

fn indices(rank: Rank) -> &'static str {
    match rank {
        Rank::Scalar => "it has no components",
        Rank::Vector => "it has one index",
        Rank::Tensor => "it has two indices",
    }
}

fn count(directions: &[String]) -> String {
    match directions.len() {
        1 => "1 component".into(),
        n => format!("{n} components"),
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
