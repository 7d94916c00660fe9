//! The functions that an expression can call, with all spellings of their names and how many
//! arguments they take.

use std::ops::RangeInclusive;

use crate::math::{Binary, Unary};

/// A function of values in one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// A function of one value.
    Unary(Unary),
    /// A function of two values.
    Binary(Binary),
    /// `where(condition, yes, no)`
    Where,
    /// `heaviside(x, at0)`. Without `at0` the value at 0 is ½.
    Heaviside,
    /// `log(x, base)`
    LogBase,
    /// `min(a, b, …)` of two or more values.
    MinOf,
    /// `max(a, b, …)` of two or more values.
    MaxOf,
    /// `conj(x)`: the complex conjugate.
    Conjugate,
    /// `real(x)`: the real part.
    RealPart,
    /// `imag(x)`: the imaginary part.
    ImaginaryPart,
    /// `arg(x)`: the angle in the complex plane, from −π to π.
    Angle,
}

impl Function {
    /// Whether the function is defined for complex numbers.
    pub(crate) fn takes_complex(self) -> bool {
        use Unary::*;
        match self {
            Function::Unary(
                Negate | Abs | Sqrt | Exp | Log | Log2 | Log10 | Sin | Cos | Tan | Asin | Acos
                | Atan | Sinh | Cosh | Tanh | Asinh | Acosh | Atanh,
            ) => true,
            Function::Binary(f) => matches!(
                f,
                Binary::Add
                    | Binary::Subtract
                    | Binary::Multiply
                    | Binary::Divide
                    | Binary::Power
                    | Binary::Equal
                    | Binary::NotEqual
            ),
            Function::Where
            | Function::LogBase
            | Function::Conjugate
            | Function::RealPart
            | Function::ImaginaryPart
            | Function::Angle => true,
            _ => false,
        }
    }

    /// Whether the value is real even where an argument is complex.
    pub(crate) fn gives_real(self) -> bool {
        matches!(
            self,
            Function::Unary(Unary::Abs)
                | Function::Binary(Binary::Equal | Binary::NotEqual)
                | Function::RealPart
                | Function::ImaginaryPart
                | Function::Angle
        )
    }

    /// The function applied to operands, as it is written, such as `log(-1)` or `3/0`.
    pub fn applied(self, operands: &[String]) -> String {
        use crate::math::Binary::*;
        let signed = |text: &String| match text.starts_with('-') {
            true => format!("({text})"),
            false => text.clone(),
        };
        let infix = |sign: &str| {
            let [a, b] = [0, 1].map(|k| operands.get(k).map(signed).unwrap_or_default());
            format!("{a}{sign}{b}")
        };
        match self {
            Function::Unary(Unary::Negate) => format!("-{}", operands.concat()),
            Function::Unary(Unary::Not) => format!("not {}", operands.concat()),
            Function::Binary(Add) => infix(" + "),
            Function::Binary(Subtract) => infix(" - "),
            Function::Binary(Multiply) => infix("*"),
            Function::Binary(Divide) => infix("/"),
            Function::Binary(Remainder) => infix(" % "),
            Function::Binary(Power) => infix("^"),
            Function::Binary(Less) => infix(" < "),
            Function::Binary(LessEqual) => infix(" <= "),
            Function::Binary(Greater) => infix(" > "),
            Function::Binary(GreaterEqual) => infix(" >= "),
            Function::Binary(Equal) => infix(" == "),
            Function::Binary(NotEqual) => infix(" != "),
            Function::Binary(And) => infix(" and "),
            Function::Binary(Or) => infix(" or "),
            function => {
                let row = FUNCTIONS.iter().find(|row| row.function == function);
                let name = row.map_or("f", |row| row.names[0]);
                format!("{name}({})", operands.join(", "))
            }
        }
    }

    /// Whether the function is applied to vectors and tensors component by component.
    pub(crate) fn takes_components(self) -> bool {
        matches!(self, Function::Conjugate | Function::RealPart | Function::ImaginaryPart)
    }
}

/// A row of the table of functions.
pub(crate) struct Row {
    pub(crate) names: &'static [&'static str],
    pub(crate) arguments: RangeInclusive<usize>,
    pub(crate) function: Function,
}

const ANY: usize = usize::MAX;

const fn unary(names: &'static [&'static str], function: Unary) -> Row {
    Row { names, arguments: 1..=1, function: Function::Unary(function) }
}

const fn binary(names: &'static [&'static str], function: Binary) -> Row {
    Row { names, arguments: 2..=2, function: Function::Binary(function) }
}

const fn row(
    names: &'static [&'static str],
    arguments: RangeInclusive<usize>,
    function: Function,
) -> Row {
    Row { names, arguments, function }
}

/// The table of functions. Of the names of a function the usual one comes first, then those that
/// sympy and other programs use.
///
/// `min` and `max` of one argument are reductions (operator.rs), and `Piecewise` becomes nested
/// [`Function::Where`] (resolve/call.rs).
pub(crate) const FUNCTIONS: &[Row] = &[
    unary(&["abs", "Abs"], Unary::Abs),
    unary(&["sign"], Unary::Sign),
    unary(&["signum"], Unary::Signum),
    unary(&["sqrt"], Unary::Sqrt),
    unary(&["cbrt"], Unary::Cbrt),
    unary(&["exp"], Unary::Exp),
    unary(&["expm1"], Unary::Expm1),
    row(&["log"], 1..=2, Function::LogBase),
    unary(&["ln"], Unary::Log),
    unary(&["log1p"], Unary::Log1p),
    unary(&["log2"], Unary::Log2),
    unary(&["log10"], Unary::Log10),
    unary(&["sin"], Unary::Sin),
    unary(&["cos"], Unary::Cos),
    unary(&["tan"], Unary::Tan),
    unary(&["asin", "arcsin"], Unary::Asin),
    unary(&["acos", "arccos"], Unary::Acos),
    unary(&["atan", "arctan"], Unary::Atan),
    binary(&["atan2", "arctan2"], Binary::Atan2),
    unary(&["sinh"], Unary::Sinh),
    unary(&["cosh"], Unary::Cosh),
    unary(&["tanh"], Unary::Tanh),
    unary(&["asinh", "arcsinh"], Unary::Asinh),
    unary(&["acosh", "arccosh"], Unary::Acosh),
    unary(&["atanh", "arctanh"], Unary::Atanh),
    unary(&["erf"], Unary::Erf),
    unary(&["gamma"], Unary::Gamma),
    unary(&["floor"], Unary::Floor),
    unary(&["ceil", "ceiling"], Unary::Ceil),
    unary(&["round"], Unary::Round),
    row(&["min", "Min"], 2..=ANY, Function::MinOf),
    row(&["max", "Max"], 2..=ANY, Function::MaxOf),
    binary(&["hypot"], Binary::Hypot),
    binary(&["mod", "Mod"], Binary::Modulo),
    row(&["heaviside", "Heaviside"], 1..=2, Function::Heaviside),
    row(&["where"], 3..=3, Function::Where),
    row(&["conj", "conjugate"], 1..=1, Function::Conjugate),
    row(&["real", "re"], 1..=1, Function::RealPart),
    row(&["imag", "im"], 1..=1, Function::ImaginaryPart),
    row(&["arg"], 1..=1, Function::Angle),
];

/// Functions that are the reciprocal of another function.
pub(crate) const RECIPROCALS: [(&str, Unary); 3] =
    [("sec", Unary::Cos), ("csc", Unary::Sin), ("cot", Unary::Tan)];

/// The row of the function of this name.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    FUNCTIONS.iter().find(|row| row.names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<_> = FUNCTIONS.iter().flat_map(|row| row.names.to_vec()).collect();
        names.extend(RECIPROCALS.map(|(name, _)| name));
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
