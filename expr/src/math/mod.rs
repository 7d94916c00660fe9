//! The elementary functions. Each has one definition, which every back end uses, as does the
//! folding of constants. So a cell has the same bits however it is computed.

mod exponential;
mod far;
mod hyperbolic;
mod inverse_trigonometric;
mod lanes;
mod logarithm;
mod polynomial;
mod power;
mod remainder;
mod root;
mod special;
mod trigonometric;

pub(crate) use lanes::{Lanes, Scalar, Usual};

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are the functions.
pub enum Unary {
    Negate,
    /// 1 where the argument is 0, else 0.
    Not,
    Abs,
    /// −1, 0 or 1; NaN for NaN.
    Sign,
    /// ±1 by the sign bit, so that `signum(0)` is 1; NaN for NaN.
    Signum,
    Sqrt,
    Cbrt,
    Exp,
    Expm1,
    Log,
    Log1p,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    Gamma,
    Floor,
    Ceil,
    /// Rounds to the nearest integer, and halves away from zero.
    Round,
}

/// Functions of two numbers. A comparison gives 1 or 0. Every number but 0 counts as true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    /// The remainder with the sign of the dividend, as `%` in C.
    Remainder,
    /// The remainder with the sign of the divisor, as `%` in Python.
    Modulo,
    Atan2,
    Hypot,
    /// The smaller number. If one is NaN, it is the other one, as IEEE 754-2008 minNum.
    Min,
    /// The larger number. If one is NaN, it is the other one, as IEEE 754-2008 maxNum.
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// The number 1 for true and 0 for false.
#[inline(always)]
fn truth<L: Lanes>(l: &mut L, is: L::Mask) -> L::Real {
    let (one, zero) = (l.number(1.0), l.number(0.0));
    l.select(is, one, zero)
}

/// Whether a number counts as true, which every number but 0 does.
#[inline(always)]
fn is_true<L: Lanes>(l: &mut L, x: L::Real) -> L::Mask {
    let zero = l.number(0.0);
    let is = l.equal(x, zero);
    l.not(is)
}

/// x where `better` holds or y is NaN, else y.
#[inline(always)]
fn first_if<L: Lanes>(l: &mut L, better: L::Mask, x: L::Real, y: L::Real) -> L::Real {
    let there = l.equal(y, y);
    let gone = l.not(there);
    let first = l.either(better, gone);
    l.select(first, x, y)
}

impl Unary {
    /// The function's value.
    #[inline(always)]
    pub fn eval(self, x: f64) -> f64 {
        self.on(&mut Scalar, x)
    }

    /// The function as primitive operations on x.
    #[inline(always)]
    pub(crate) fn on<L: Lanes>(self, l: &mut L, x: L::Real) -> L::Real {
        match self {
            Unary::Negate => l.negate(x),
            Unary::Not => {
                let zero = l.number(0.0);
                let is = l.equal(x, zero);
                truth(l, is)
            }
            Unary::Abs => l.abs(x),
            Unary::Sign => {
                let (zero, one, minus) = (l.number(0.0), l.number(1.0), l.number(-1.0));
                let (negative, positive) = (l.less(x, zero), l.less(zero, x));
                let value = l.select(negative, minus, x);
                l.select(positive, one, value)
            }
            Unary::Signum => {
                let one = l.number(1.0);
                let sign = l.copysign(one, x);
                let there = l.equal(x, x);
                l.select(there, sign, x)
            }
            Unary::Sqrt => l.sqrt(x),
            Unary::Floor => l.floor(x),
            Unary::Ceil => l.ceil(x),
            Unary::Round => {
                // With the largest number below ½, a number just below ½ is not rounded up.
                let half = l.number(0.499_999_999_999_999_94);
                let half = l.copysign(half, x);
                let sum = l.add(x, half);
                l.truncate(sum)
            }
            Unary::Sin => trigonometric::sin(l, x),
            Unary::Cos => trigonometric::cos(l, x),
            Unary::Tan => trigonometric::tan(l, x),
            Unary::Asin => inverse_trigonometric::asin(l, x),
            Unary::Acos => inverse_trigonometric::acos(l, x),
            Unary::Atan => inverse_trigonometric::atan(l, x),
            Unary::Cbrt => root::cbrt(l, x),
            Unary::Exp => exponential::exp(l, x),
            Unary::Expm1 => exponential::expm1(l, x),
            Unary::Log => logarithm::log(l, x),
            Unary::Log1p => logarithm::log1p(l, x),
            Unary::Log2 => logarithm::log2(l, x),
            Unary::Log10 => logarithm::log10(l, x),
            Unary::Sinh => hyperbolic::sinh(l, x),
            Unary::Cosh => hyperbolic::cosh(l, x),
            Unary::Tanh => hyperbolic::tanh(l, x),
            Unary::Asinh => hyperbolic::asinh(l, x),
            Unary::Acosh => hyperbolic::acosh(l, x),
            Unary::Atanh => hyperbolic::atanh(l, x),
            Unary::Erf => special::erf(l, x),
            Unary::Gamma => special::gamma(l, x),
        }
    }
}

impl Binary {
    /// The function's value.
    #[inline(always)]
    pub fn eval(self, x: f64, y: f64) -> f64 {
        self.on(&mut Scalar, x, y)
    }

    /// The function as primitive operations on x and y.
    #[inline(always)]
    pub(crate) fn on<L: Lanes>(self, l: &mut L, x: L::Real, y: L::Real) -> L::Real {
        match self {
            Binary::Add => l.add(x, y),
            Binary::Subtract => l.sub(x, y),
            Binary::Multiply => l.mul(x, y),
            Binary::Divide => l.div(x, y),
            Binary::Power => power::power(l, x, y),
            Binary::Atan2 => inverse_trigonometric::atan2(l, x, y),
            Binary::Hypot => root::hypot(l, x, y),
            Binary::Remainder => remainder::remainder(l, x, y),
            Binary::Modulo => {
                let zero = l.number(0.0);
                let rest = remainder::remainder(l, x, y);
                let exact = l.equal(rest, zero);
                let (negative, below) = (l.less(rest, zero), l.less(y, zero));
                let (above, positive) = (l.not(below), l.not(negative));
                let (one, other) = (l.both(negative, above), l.both(positive, below));
                let differ = l.either(one, other);
                let not_exact = l.not(exact);
                let shifted = l.both(differ, not_exact);
                let sum = l.add(rest, y);
                l.select(shifted, sum, rest)
            }
            Binary::Min => {
                let less = l.less(x, y);
                first_if(l, less, x, y)
            }
            Binary::Max => {
                let greater = l.less(y, x);
                first_if(l, greater, x, y)
            }
            Binary::Less
            | Binary::LessEqual
            | Binary::Greater
            | Binary::GreaterEqual
            | Binary::Equal
            | Binary::NotEqual
            | Binary::And
            | Binary::Or => {
                let is = self.holds(l, x, y);
                truth(l, is)
            }
        }
    }

    /// Whether a comparison, or a logical combination of two truth values, holds. Every other
    /// function is treated as `NotEqual`; this is never asked for one.
    #[inline(always)]
    fn holds<L: Lanes>(self, l: &mut L, x: L::Real, y: L::Real) -> L::Mask {
        match self {
            Binary::Less => l.less(x, y),
            Binary::LessEqual => l.less_equal(x, y),
            Binary::Greater => l.less(y, x),
            Binary::GreaterEqual => l.less_equal(y, x),
            Binary::Equal => l.equal(x, y),
            Binary::And | Binary::Or => {
                let (a, b) = (is_true(l, x), is_true(l, y));
                if self == Binary::And { l.both(a, b) } else { l.either(a, b) }
            }
            _ => {
                let is = l.equal(x, y);
                l.not(is)
            }
        }
    }

    /// Whether exchanging the arguments keeps every bit of the value, except that another NaN may
    /// result.
    pub(crate) fn commutes(self) -> bool {
        use Binary::*;
        matches!(self, Add | Multiply | Equal | NotEqual | And | Or)
    }
}

/// `condition ≠ 0 ? yes : no`, where NaN counts as true.
#[inline(always)]
pub(crate) fn select(condition: f64, yes: f64, no: f64) -> f64 {
    select_on(&mut Scalar, condition, yes, no)
}

/// `condition ≠ 0 ? yes : no` as primitive operations.
#[inline(always)]
pub(crate) fn select_on<L: Lanes>(
    l: &mut L,
    condition: L::Real,
    yes: L::Real,
    no: L::Real,
) -> L::Real {
    let is = is_true(l, condition);
    l.select(is, yes, no)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_follow_dividend_or_divisor() {
        assert_eq!(Binary::Remainder.eval(-7.0, 3.0), -1.0);
        assert_eq!(Binary::Modulo.eval(-7.0, 3.0), 2.0);
        assert_eq!(Binary::Modulo.eval(7.0, -3.0), -2.0);
        assert_eq!(Binary::Modulo.eval(6.0, 3.0), 0.0);
    }

    #[test]
    fn a_nan_gives_way_in_min_and_max() {
        assert_eq!(Binary::Max.eval(f64::NAN, 1.0), 1.0);
        assert_eq!(Binary::Max.eval(1.0, f64::NAN), 1.0);
        assert_eq!(Binary::Min.eval(f64::NAN, 1.0), 1.0);
        assert!(Binary::Min.eval(f64::NAN, f64::NAN).is_nan());
    }

    #[test]
    fn signs_at_zero() {
        assert_eq!(Unary::Sign.eval(0.0), 0.0);
        assert_eq!(Unary::Signum.eval(0.0), 1.0);
        assert!(Unary::Sign.eval(f64::NAN).is_nan());
    }

    #[test]
    fn gamma_and_erf_at_known_points() {
        assert_eq!(Unary::Gamma.eval(5.0), 24.0);
        assert!((Unary::Erf.eval(1.0) - 0.842_700_792_949_714_9).abs() < 1e-15);
    }
}
