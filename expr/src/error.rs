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
        /// The span of the text at fault.
        span: Span,
        /// What to write instead, if that is clear.
        instead: Option<&'static str>,
    },
    /// A number that cannot be read or does not fit a double.
    #[error("`{text}` is not a number{}", if is_number(text) { " that fits 64-bit floating point" } else { "" })]
    BadNumber {
        /// The number's text.
        text: String,
        /// The span of the text at fault.
        span: Span,
        /// What to write instead, if that is clear.
        instead: Option<String>,
    },
    /// A token that the grammar does not allow here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What could have stood there.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// The span of the text at fault.
        span: Span,
        /// What the author may have meant.
        hint: Option<String>,
    },
    /// A parenthesis or bracket that is never closed.
    #[error("this `{bracket}` is never closed")]
    Unclosed {
        /// The opening bracket.
        bracket: char,
        /// The span of the text at fault.
        span: Span,
    },
    /// An expression with more levels of nesting than the parser follows.
    #[error("the expression is nested more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// The part that is too deep.
        span: Span,
    },
    /// An expression that calls of functions make too large.
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
    /// A name that is not known.
    #[error("unknown name `{name}`")]
    UnknownName {
        /// The name.
        name: String,
        /// The span of the text at fault.
        span: Span,
        /// The nearest known name.
        nearest: Option<String>,
        /// The names that are allowed here.
        known: Vec<String>,
        /// What to write instead, if that is clear.
        instead: Option<String>,
    },
    /// A call of something that is neither a function nor an operator.
    #[error("unknown function `{name}`")]
    UnknownFunction {
        /// The name.
        name: String,
        /// The span of the text at fault.
        span: Span,
        /// The nearest known function or operator.
        nearest: Option<String>,
        /// What to write instead, if that is clear.
        instead: Option<String>,
    },
    /// A field or parameter used like a function.
    #[error("`{name}` is {what}, not a function")]
    NotAFunction {
        /// The name.
        name: String,
        /// What the name stands for.
        what: &'static str,
        /// The span of the text at fault.
        span: Span,
    },
    /// A function or operator that stands without its arguments.
    #[error("`{name}` is a function: it needs arguments, as in `{example}`")]
    MissingArguments {
        /// The function's name.
        name: String,
        /// A correct use.
        example: String,
        /// The span of the text at fault.
        span: Span,
    },
    /// A call with too few or too many arguments.
    #[error("`{name}` takes {takes}, but {given} {} given", if *.given == 1 { "is" } else { "are" })]
    ArgumentCount {
        /// The name of what is called.
        name: String,
        /// The number of arguments that it takes, in words.
        takes: String,
        /// The number of arguments in the call.
        given: usize,
        /// The call.
        span: Span,
    },
    /// Something that is not allowed in the place where the expression stands.
    #[error("{what} cannot be used in {place}")]
    NotAllowed {
        /// What was used, in words.
        what: String,
        /// The place, in words.
        place: &'static str,
        /// The span of the text at fault.
        span: Span,
        /// What to do instead, if that is clear.
        instead: Option<String>,
    },
    /// A value with more indices than its rank has.
    #[error("`{text}` is {ty}: {}", indices(ty.rank))]
    NoComponents {
        /// The text of the value.
        text: String,
        /// The type of the value.
        ty: Type,
        /// The index or member.
        span: Span,
    },
    /// An index beyond the last component.
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
        /// The type of the value that has no such component.
        of: Type,
        /// The components that the value has.
        known: Vec<String>,
        /// The nearest of these components.
        nearest: Option<String>,
        /// The span of the text at fault.
        span: Span,
    },
    /// A list of values that is not a vector.
    #[error("a list of {length} values where one value is expected")]
    UnexpectedList {
        /// The number of values in the list.
        length: usize,
        /// The span of the text at fault.
        span: Span,
    },
    /// A vector or tensor with too few or too many parts.
    #[error("a vector has {} here, and this list has {length}", count(directions))]
    VectorLength {
        /// The number of parts in the list.
        length: usize,
        /// The names of the components.
        directions: Vec<String>,
        /// The span of the text at fault.
        span: Span,
    },
    /// A list whose items differ in rank.
    #[error("a list of {first} and {found} is neither vector nor tensor")]
    UnevenList {
        /// The type of the first item.
        first: Type,
        /// The type of the item that differs.
        found: Type,
        /// The item that differs.
        span: Span,
    },
    /// Values whose ranks do not fit each other.
    #[error("{left} and {right} cannot be {verb}")]
    RankMismatch {
        /// What was to be done with them, as a participle.
        verb: &'static str,
        /// The type of the first value.
        left: Type,
        /// The type of the second value.
        right: Type,
        /// The expression that contains both values.
        span: Span,
    },
    /// A divisor that is not a scalar.
    #[error("nothing can be divided by {found}")]
    Divisor {
        /// The type of the divisor.
        found: Type,
        /// The span of the text at fault.
        span: Span,
    },
    /// A vector or tensor where a scalar is needed.
    #[error("{what} takes a scalar, and this is {found}")]
    ScalarWanted {
        /// What needs the scalar.
        what: String,
        /// The type of what was given.
        found: Type,
        /// The span of the text at fault.
        span: Span,
    },
    /// A complex number where a real one is needed.
    #[error("{what} takes a real number, and this is complex")]
    RealWanted {
        /// What needs the real number.
        what: String,
        /// The span of the text at fault.
        span: Span,
    },
    /// An argument that varies where a number is needed.
    #[error("the argument of `{name}` must be a number")]
    NumberWanted {
        /// The function.
        name: String,
        /// The argument.
        span: Span,
    },
    /// A point outside the grid.
    #[error("{axis} = {coordinate} lies outside the grid")]
    Outside {
        /// The axis.
        axis: String,
        /// The coordinate.
        coordinate: f64,
        /// The argument.
        span: Span,
    },
    /// An argument that is not a whole number in the range that the function takes.
    #[error("the argument of `{name}` must be a whole number from {least} to {most}, not {found}")]
    WholeNumberWanted {
        /// The function.
        name: String,
        /// The smallest number that the function takes.
        least: u32,
        /// The largest number that the function takes.
        most: u32,
        /// The number that was given.
        found: f64,
        /// The argument.
        span: Span,
    },
    /// An argument of the wrong rank.
    #[error("`{name}` takes {wants}, and this is {found}")]
    WrongRank {
        /// The operator.
        name: String,
        /// What the operator takes, in words.
        wants: &'static str,
        /// The type of what was given.
        found: Type,
        /// The argument.
        span: Span,
        /// What to write instead, if that is clear.
        instead: Option<&'static str>,
    },
    /// A value whose type does not fit its place.
    #[error("{found} where {} is needed", needed(*found, *wanted))]
    WrongType {
        /// The type of the value.
        found: Type,
        /// The type that the place needs.
        wanted: Type,
        /// The span of the text at fault.
        span: Span,
    },
    /// An operator that makes no sense on the grid.
    #[error("`{name}` is not defined on this {on} grid: {reason}")]
    NotOnGrid {
        /// The operator.
        name: String,
        /// The grid's geometry.
        on: &'static str,
        /// Why the operator makes no sense there.
        reason: &'static str,
        /// The span of the text at fault.
        span: Span,
    },
    /// A mistake in the body of a function, found with the arguments of a call.
    #[error("in `{name}`, which is `{text}`: {error}")]
    InFunction {
        /// The function.
        name: String,
        /// The text of the function.
        text: String,
        /// The mistake in the text.
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
    /// A function's text without `->`, or with something other than names before it.
    #[error("a function is written as `(x, a) -> x/(a + x)`")]
    NotAFunctionText {
        /// The part of the text that is wrong.
        span: Span,
    },
    /// A constant that is complex.
    #[error("this constant is complex, and has to be real")]
    ComplexConstant {
        /// The expression.
        span: Span,
    },
    /// A `Piecewise` with an argument that is not a pair.
    #[error("each argument of `Piecewise` is a pair `(value, condition)`")]
    NotAPair {
        /// The argument.
        span: Span,
    },
    /// A constant expression whose value is not a finite number.
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
            | Outside { span, .. }
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

    /// Whether the mistake is about the types of values. Such a mistake may follow from a mistake
    /// in the type that a name was given.
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

    /// Advice in one sentence, if there is any.
    pub fn help(&self) -> Option<String> {
        use Error::*;
        match self {
            UnexpectedCharacter { instead, .. } => instead.map(str::to_string),
            Unexpected { hint, .. } => hint.clone(),
            ChainedComparison { .. } => Some("write `a < b and b < c`".into()),
            BadNumber { instead, .. } => instead.clone(),
            UnknownName { instead: Some(instead), .. }
            | UnknownFunction { instead: Some(instead), .. } => Some(instead.clone()),
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

    /// The error with the expression's text, a line of carets and the advice. This form is for
    /// programs that have no file to refer to.
    pub fn in_text(&self, text: &str) -> String {
        let help = self.help().map(|h| format!("\n  {h}")).unwrap_or_default();
        format!("{self}\n{}{help}", underline(text, self.span()))
    }
}

/// Whether a text can be read as a number, although perhaps not as a finite one.
fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
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

/// The known name that is probably meant by `name`, if any is near enough.
///
/// A name is near if it is the same up to upper and lower case, or if its Damerau–Levenshtein
/// distance is at most a third of the longer name. So no two different single letters are near each
/// other.
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
        // Among equally near names the first in the alphabet is taken, so that the message does not
        // depend on the order of the names.
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
