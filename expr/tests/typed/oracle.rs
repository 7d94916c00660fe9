//! Numbers with a bound of their error, and the functions that num-complex and the standard library
//! compute of them.

use fluxions_expr::Type;
use num_complex::Complex64;

/// Cells in the row.
pub(crate) const CELLS: usize = 3;

/// A number and how far it may be off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Num {
    pub(crate) z: Complex64,
    pub(crate) error: f64,
}

/// How far an operand is moved at least, relative to its size. Functions of real numbers are within
/// a few ulp of those here; sums and products round; where a function may have a cut, it has to show.
pub(crate) const REAL_FUNCTION: f64 = 0.0;
pub(crate) const ARITHMETIC: f64 = 1e-15;
pub(crate) const CUT: f64 = 1e-14;

/// f(x), with the error that comes of moving each x.
pub(crate) fn call(x: &[Num], least: f64, f: impl Fn(&[Complex64]) -> Complex64) -> Num {
    let mut at: Vec<Complex64> = x.iter().map(|x| x.z).collect();
    let z = f(&at);
    let mut error = 1e-15 * z.norm();
    let slack: f64 = x.iter().map(|x| x.error).sum();
    for (k, number) in x.iter().enumerate() {
        let cut = least == CUT;
        let least = least * number.z.norm() + if cut { 1e-290 } else { 0.0 };
        let mut worst = if number.error.is_finite() { 0.0 } else { f64::INFINITY };
        let step = number.error.max(least);
        let ways = [Complex64::ONE, -Complex64::ONE, Complex64::I, -Complex64::I];
        let mut places: Vec<_> = ways.iter().map(|way| number.z + way * step).collect();
        places.truncate(if cut { 4 } else { 2 });
        // Whether numbers are equal or zero, or have a sign there, shows only where they are.
        let special = x.iter().map(|x| x.z).chain([Complex64::ZERO, -Complex64::ZERO]);
        places.extend(special.filter(|place| (number.z - place).norm() <= 4.0 * slack));
        for place in places {
            at[k] = place;
            let moved = (f(&at) - z).norm();
            worst = if moved.is_nan() { f64::INFINITY } else { worst.max(moved) };
        }
        error += worst;
        at[k] = number.z;
    }
    let known = z.is_finite() && z.norm() < 1e8 && error < 1e-3;
    Num { z, error: if known { error } else { f64::INFINITY } }
}

/// An expression and its components in every cell.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) text: String,
    pub(crate) ty: Type,
    pub(crate) cells: Vec<Vec<Num>>,
}

impl Term {
    pub(crate) fn known(
        text: &str,
        ty: Type,
        size: usize,
        z: impl Fn(usize, usize) -> Complex64,
    ) -> Self {
        let cell = |i| (0..size).map(|c| Num { z: z(i, c), error: 0.0 }).collect();
        Term { text: text.into(), ty, cells: (0..CELLS).map(cell).collect() }
    }
}

pub(crate) fn truth(b: bool) -> f64 {
    f64::from(u8::from(b))
}

pub(crate) fn bell(x: f64) -> f64 {
    (-x * x).exp()
}

fn modulo(x: f64, y: f64) -> f64 {
    if y > 0.0 { x.rem_euclid(y) } else { -(-x).rem_euclid(-y) }
}

pub(crate) fn mix(x: f64, y: f64) -> f64 {
    x - 2.0 * y
}

// Functions and their names in expressions.
pub(crate) type Real = (&'static str, fn(f64) -> f64);
pub(crate) type Real2 = (&'static str, fn(f64, f64) -> f64);
pub(crate) type Complex = (&'static str, fn(Complex64) -> Complex64);

#[rustfmt::skip]
pub(crate) const REAL: [Real; 32] = [
    ("sqrt", f64::sqrt), ("cbrt", f64::cbrt), ("exp", f64::exp), ("expm1", f64::exp_m1),
    ("ln", f64::ln), ("log", f64::ln), ("log1p", f64::ln_1p), ("log2", f64::log2),
    ("log10", f64::log10), ("sin", f64::sin), ("cos", f64::cos), ("tan", f64::tan),
    ("arcsin", f64::asin), ("acos", f64::acos), ("atan", f64::atan), ("sinh", f64::sinh),
    ("cosh", f64::cosh), ("tanh", f64::tanh), ("asinh", f64::asinh), ("acosh", f64::acosh),
    ("arctanh", f64::atanh), ("floor", f64::floor), ("ceiling", f64::ceil), ("round", f64::round),
    ("Abs", f64::abs), ("signum", f64::signum), ("erf", libm::erf), ("gamma", libm::tgamma),
    ("conj", |x| x), ("bell", bell), ("not ", |x| truth(x == 0.0)),
    ("heaviside", |x| (truth(x > 0.0) + truth(x >= 0.0)) / 2.0),
];

#[rustfmt::skip]
pub(crate) const REAL2: [Real2; 17] = [
    ("%", |x, y| x % y), ("^", f64::powf), ("**", f64::powf), ("<", |x, y| truth(x < y)),
    ("<=", |x, y| truth(x <= y)), (">", |x, y| truth(x > y)), (">=", |x, y| truth(x >= y)),
    ("==", |x, y| truth(x == y)), ("!=", |x, y| truth(x != y)), ("hypot", f64::hypot),
    ("and", |x, y| truth(x != 0.0 && y != 0.0)), ("or", |x, y| truth(x != 0.0 || y != 0.0)),
    ("atan2", f64::atan2), ("mod", modulo), ("Min", f64::min),
    ("max", f64::max), ("mix", mix),
];

#[rustfmt::skip]
pub(crate) const COMPLEX: [Complex; 18] = [
    ("sqrt", Complex64::sqrt), ("exp", Complex64::exp), ("log", Complex64::ln),
    ("log2", |z| z.ln() / 2f64.ln()), ("log10", |z| z.ln() / 10f64.ln()), ("sin", Complex64::sin),
    ("cos", Complex64::cos), ("tan", Complex64::tan), ("sinh", Complex64::sinh),
    ("cosh", Complex64::cosh), ("tanh", Complex64::tanh), ("arcsin", Complex64::asin),
    ("acos", Complex64::acos), ("atan", Complex64::atan), ("asinh", Complex64::asinh),
    ("acosh", Complex64::acosh), ("atanh", Complex64::atanh), ("conjugate", |z| z.conj()),
];
