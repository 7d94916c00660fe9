//! Values at zeros, infinities, NaNs, limits of overflow and underflow, and where they are exact.
//! Source: C99, Annex F.

use fluxions_expr::Unary::*;
use fluxions_expr::{Binary, Unary};

const INFINITY: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
const TINY: f64 = 5e-324;

/// To the bit; one NaN is as good as another.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// Arguments and values.
fn check(function: Unary, values: &[(f64, f64)]) {
    for (x, value) in values {
        let found = function.eval(*x);
        assert!(same(found, *value), "{function:?}({x:e}) is {found:e}, not {value:e}");
    }
}

/// Functions that are x near 0, whatever the sign, and NaN of NaN.
#[test]
fn odd_functions_keep_the_sign_of_zero_and_tiny_numbers() {
    for f in [Expm1, Log1p, Sinh, Tanh, Asinh, Atanh] {
        for x in [0.0, TINY, 3e-310, 1e-300, 1e-20] {
            check(f, &[(x, x), (-x, -x)]);
        }
    }
    check(Erf, &[(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (-TINY, -TINY)]);
    for f in
        [Exp, Expm1, Log, Log1p, Log2, Log10, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Gamma]
    {
        check(f, &[(NAN, NAN)]);
    }
}

#[test]
fn exponentials() {
    check(
        Exp,
        &[(0.0, 1.0), (-0.0, 1.0), (INFINITY, INFINITY), (-INFINITY, 0.0), (1e300, INFINITY)],
    );
    check(Exp, &[(-1e300, 0.0), (709.782712893384, 1.797_693_134_862_273_2e308), (TINY, 1.0)]);
    check(Exp, &[(709.7827128933841, INFINITY), (-745.1332191019411, TINY), (-745.2, 0.0)]);
    check(Expm1, &[(INFINITY, INFINITY), (-INFINITY, -1.0), (-1e300, -1.0), (1e300, INFINITY)]);
    check(Expm1, &[(709.7827128933841, INFINITY), (-40.0, -1.0)]);
}

#[test]
fn logarithms() {
    for f in [Log, Log2, Log10] {
        check(f, &[(1.0, 0.0), (0.0, -INFINITY), (-0.0, -INFINITY), (INFINITY, INFINITY)]);
        check(f, &[(-1.0, NAN), (-TINY, NAN), (-INFINITY, NAN)]);
    }
    check(Log1p, &[(-1.0, -INFINITY), (-1.5, NAN), (-INFINITY, NAN), (INFINITY, INFINITY)]);
    for n in -1074..1024 {
        let x = if n < -1022 { f64::from_bits(1 << (n + 1074)) } else { 2f64.powi(n) };
        check(Log2, &[(x, f64::from(n))]);
    }
    for n in 0..23 {
        check(Log10, &[(10f64.powi(n), f64::from(n))]);
    }
}

#[test]
fn hyperbolics() {
    check(
        Sinh,
        &[(INFINITY, INFINITY), (-INFINITY, -INFINITY), (711.0, INFINITY), (-711.0, -INFINITY)],
    );
    check(Cosh, &[(INFINITY, INFINITY), (-INFINITY, INFINITY), (-711.0, INFINITY)]);
    check(Cosh, &[(0.0, 1.0), (-0.0, 1.0), (TINY, 1.0)]);
    check(Tanh, &[(INFINITY, 1.0), (-INFINITY, -1.0), (30.0, 1.0), (-1e300, -1.0)]);
    check(Asinh, &[(INFINITY, INFINITY), (-INFINITY, -INFINITY)]);
    check(Acosh, &[(1.0, 0.0), (0.999, NAN), (-INFINITY, NAN), (INFINITY, INFINITY), (-2.0, NAN)]);
    check(
        Atanh,
        &[(1.0, INFINITY), (-1.0, -INFINITY), (1.1, NAN), (-INFINITY, NAN), (INFINITY, NAN)],
    );
}

#[test]
fn error_function_and_gamma() {
    check(Erf, &[(INFINITY, 1.0), (-INFINITY, -1.0), (6.5, 1.0), (-1e300, -1.0)]);
    check(Gamma, &[(INFINITY, INFINITY), (-INFINITY, NAN), (0.0, INFINITY), (-0.0, -INFINITY)]);
    check(Gamma, &[(-1.0, NAN), (-2.0, NAN), (-1e15, NAN), (-1e300, NAN), (172.0, INFINITY)]);
    check(Gamma, &[(-184.5, -0.0), (-185.5, 0.0), (1e-309, INFINITY), (-1e-309, -INFINITY)]);
    let mut factorial = 1.0;
    for n in 1..19 {
        check(Gamma, &[(f64::from(n), factorial)]);
        factorial *= f64::from(n);
    }
}

/// The value that the C library gives, at all pairs of special and ordinary numbers.
#[test]
fn powers() {
    #[rustfmt::skip]
    let numbers = [
        0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 7.0, 1023.0, 1024.0, 1074.0, 1075.0, 0.9999999999999999,
        1.0000000000000002, 9007199254740991.0, 9007199254740992.0, 4503599627370497.5, 4503599627370497.0,
        1e17, 1e300, f64::MAX, f64::MIN_POSITIVE, TINY, 1e-310, INFINITY, NAN,
    ];
    for x in numbers.iter().flat_map(|x| [*x, -x]) {
        for y in numbers.iter().flat_map(|y| [*y, -y]) {
            let (found, value) = (Binary::Power.eval(x, y), x.powf(y));
            let near = (found - value).abs() <= 2.3e-16 * value.abs();
            assert!(
                same(found, value) || near && value != 0.0,
                "{x:e}^{y:e} is {found:e}, not {value:e}"
            );
        }
    }
}
