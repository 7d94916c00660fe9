//! The elementary functions of numbers: one definition each, used by every back end and wherever
//! a constant is folded, so that a cell has the same bits however it is computed.

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are the functions.
pub enum Unary {
    Negate,
    /// 1 where the argument is 0, else 0.
    Not,
    Abs,
    /// −1, 0 or 1; NaN of NaN.
    Sign,
    /// ±1 by the sign bit, so that `signum(0)` is 1; NaN of NaN.
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
    /// To the nearest integer, halves away from zero.
    Round,
}

/// Functions of two numbers. Comparisons give 1 or 0; a number is true unless it is 0.
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
    /// The smaller; a NaN gives way to the other argument, as IEEE 754-2008 minNum.
    Min,
    /// The larger; a NaN gives way to the other argument, as IEEE 754-2008 maxNum.
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

fn truth(b: bool) -> f64 {
    if b { 1.0 } else { 0.0 }
}

impl Unary {
    /// The function's value.
    #[inline(always)]
    pub fn eval(self, x: f64) -> f64 {
        match self {
            Unary::Negate => -x,
            Unary::Not => truth(x == 0.0),
            Unary::Abs => x.abs(),
            Unary::Sign => {
                if x > 0.0 {
                    1.0
                } else if x < 0.0 {
                    -1.0
                } else {
                    x
                }
            }
            Unary::Signum => x.signum(),
            Unary::Sqrt => x.sqrt(),
            Unary::Cbrt => x.cbrt(),
            Unary::Exp => x.exp(),
            Unary::Expm1 => x.exp_m1(),
            Unary::Log => x.ln(),
            Unary::Log1p => x.ln_1p(),
            Unary::Log2 => x.log2(),
            Unary::Log10 => x.log10(),
            Unary::Sin => x.sin(),
            Unary::Cos => x.cos(),
            Unary::Tan => x.tan(),
            Unary::Asin => x.asin(),
            Unary::Acos => x.acos(),
            Unary::Atan => x.atan(),
            Unary::Sinh => x.sinh(),
            Unary::Cosh => x.cosh(),
            Unary::Tanh => x.tanh(),
            Unary::Asinh => x.asinh(),
            Unary::Acosh => x.acosh(),
            Unary::Atanh => x.atanh(),
            Unary::Erf => libm::erf(x),
            Unary::Gamma => libm::tgamma(x),
            Unary::Floor => x.floor(),
            Unary::Ceil => x.ceil(),
            Unary::Round => x.round(),
        }
    }
}

impl Binary {
    /// The function's value.
    #[inline(always)]
    pub fn eval(self, x: f64, y: f64) -> f64 {
        match self {
            Binary::Add => x + y,
            Binary::Subtract => x - y,
            Binary::Multiply => x * y,
            Binary::Divide => x / y,
            Binary::Power => x.powf(y),
            Binary::Remainder => x % y,
            Binary::Modulo => {
                let remainder = x % y;
                if remainder != 0.0 && (remainder < 0.0) != (y < 0.0) {
                    remainder + y
                } else {
                    remainder
                }
            }
            Binary::Atan2 => x.atan2(y),
            Binary::Hypot => x.hypot(y),
            Binary::Min => {
                if x < y || y.is_nan() {
                    x
                } else {
                    y
                }
            }
            Binary::Max => {
                if x > y || y.is_nan() {
                    x
                } else {
                    y
                }
            }
            Binary::Less => truth(x < y),
            Binary::LessEqual => truth(x <= y),
            Binary::Greater => truth(x > y),
            Binary::GreaterEqual => truth(x >= y),
            Binary::Equal => truth(x == y),
            Binary::NotEqual => truth(x != y),
            Binary::And => truth(x != 0.0 && y != 0.0),
            Binary::Or => truth(x != 0.0 || y != 0.0),
        }
    }

    /// Whether exchanging the arguments leaves every bit of the value (up to which of two NaNs).
    pub(crate) fn commutes(self) -> bool {
        use Binary::*;
        matches!(self, Add | Multiply | Equal | NotEqual | And | Or)
    }
}

/// `condition ≠ 0 ? yes : no`; a NaN is true.
#[inline(always)]
pub(crate) fn select(condition: f64, yes: f64, no: f64) -> f64 {
    if condition != 0.0 { yes } else { no }
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
