//! The elementary functions are as exact as docs/MATHEMATICS.md says, and right at special places.
//!
//! The exact values, as a double and what is left in ulp, are in the files next to this one, written
//! by scripts/reference_math.py.

mod special;

use std::fs;
use std::path::Path;

use fluxions_expr::{Binary, Unary};
use fluxions_testing::read_npy;

/// A function of one number or of two.
#[derive(Clone, Copy)]
enum Function {
    One(Unary),
    Two(Binary),
}
use Function::{One, Two};

/// Functions, their names, and the error in ulp that none of them may exceed whatever the
/// documentation says.
#[rustfmt::skip]
const FUNCTIONS: [(&str, Function, f64); 24] = [
    ("exp", One(Unary::Exp), 1.5), ("expm1", One(Unary::Expm1), 1.5), ("log", One(Unary::Log), 1.5),
    ("log1p", One(Unary::Log1p), 1.5), ("log2", One(Unary::Log2), 1.5),
    ("log10", One(Unary::Log10), 1.5), ("pow", Two(Binary::Power), 1.5),
    ("sinh", One(Unary::Sinh), 2.0), ("cosh", One(Unary::Cosh), 2.0), ("tanh", One(Unary::Tanh), 2.0),
    ("asinh", One(Unary::Asinh), 2.0), ("acosh", One(Unary::Acosh), 2.0),
    ("atanh", One(Unary::Atanh), 2.0), ("erf", One(Unary::Erf), 2.0),
    ("gamma", One(Unary::Gamma), 3.0), ("sin", One(Unary::Sin), 2.0), ("cos", One(Unary::Cos), 2.0),
    ("tan", One(Unary::Tan), 2.0), ("asin", One(Unary::Asin), 2.0), ("acos", One(Unary::Acos), 2.0),
    ("atan", One(Unary::Atan), 2.0), ("atan2", Two(Binary::Atan2), 2.0),
    ("cbrt", One(Unary::Cbrt), 2.0), ("hypot", Two(Binary::Hypot), 2.0),
];

/// The distance to the next double away from 0, in the binade of a number.
fn ulp(x: f64) -> f64 {
    let exponent = (x.to_bits() >> 52 & 0x7ff).max(1);
    // 2^(exponent − 1075), which may be subnormal.
    if exponent > 52 {
        f64::from_bits((exponent - 52) << 52)
    } else {
        f64::from_bits(1 << (exponent - 1))
    }
}

/// The largest error in ulp over all points of a file, and the arguments there.
fn largest_error(name: &str, function: Function) -> (f64, Vec<f64>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/math");
    let (shape, numbers) = read_npy(&folder.join(format!("{name}.npy")));
    let mut largest = (0.0, Vec::new());
    for row in numbers.chunks(shape[1]) {
        let (arguments, exact) = row.split_at(shape[1] - 2);
        let value = match function {
            One(f) => f.eval(arguments[0]),
            Two(f) => f.eval(arguments[0], arguments[1]),
        };
        let error = ((value - exact[0]) / ulp(exact[0]) - exact[1]).abs();
        // A NaN counts as the worst.
        let error = if error.is_nan() { f64::INFINITY } else { error };
        if error > largest.0 {
            largest = (error, arguments.to_vec());
        }
    }
    largest
}

/// The figure in the line `| name | figure | …`.
fn stated(text: &str, name: &str) -> f64 {
    let start = format!("| {name} |");
    let line = text.lines().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("no line {start}"));
    line.split('|').nth(2).unwrap().trim().parse().unwrap()
}

#[test]
fn errors_are_below_those_stated() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/MATHEMATICS.md");
    let text = fs::read_to_string(page).unwrap();
    let mut wrong = 0;
    for (name, function, bound) in FUNCTIONS {
        let (error, at) = largest_error(name, function);
        let stated = stated(&text, name);
        let right = error <= stated && stated <= bound;
        let verdict = if right { "" } else { "WRONG" };
        println!("{name:5} {error:.3} ulp at {at:?}, {stated} stated, {bound} allowed {verdict}");
        wrong += usize::from(!right);
    }
    assert_eq!(wrong, 0, "{wrong} functions are less exact than stated");
}
