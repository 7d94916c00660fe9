use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use num_complex::{Complex64, c64};

use super::*;
use crate::scope::{Place, Scope};

/// The value of an expression of z, w and the real number u. A part that is `None` is missing.
fn value_of(text: &str, z: [Option<f64>; 2], w: [Option<f64>; 2]) -> Complex64 {
    let space = Space::nowhere();
    let mut scope = Scope::new(Place::Equation, &space);
    scope.field("z", 0, Type::COMPLEX);
    scope.field("w", 1, Type::COMPLEX);
    scope.field("u", 2, Type::REAL);
    let (expr, _) = crate::resolve(&crate::parse(text).unwrap(), text, &scope).unwrap();
    let mut builder = Builder::new();
    let mut leaf = |expr: &Expr, b: &mut Builder| {
        let [re, im] = match expr.node {
            Node::Field(0) => z,
            Node::Field(1) => w,
            _ => [z[0], None],
        };
        Parts::scalar(ComplexValue { re: re.map(|x| b.constant(x)), im: im.map(|x| b.constant(x)) })
    };
    let value = lower(&expr, &space, &mut builder, &mut leaf).only();
    let number = |part: Option<Value>| part.map_or(0.0, |part| builder.as_constant(part).unwrap());
    c64(number(value.re), number(value.im))
}

fn at(text: &str, z: Complex64) -> Complex64 {
    value_of(text, [Some(z.re), Some(z.im)], [Some(0.5), Some(-2.0)])
}

fn assert_near(text: &str, z: Complex64, found: Complex64, expected: Complex64, tolerance: f64) {
    let near = (found - expected).norm() <= tolerance * expected.norm();
    assert!(near || found == expected, "{text} at {z}: {found}, not {expected}");
}

type Function = fn(Complex64) -> Complex64;

const FUNCTIONS: [(&str, Function); 17] = [
    ("sqrt(z)", Complex64::sqrt),
    ("exp(z)", Complex64::exp),
    ("log(z)", Complex64::ln),
    ("log2(z)", |z| z.ln() / 2f64.ln()),
    ("log10(z)", |z| z.ln() / 10f64.ln()),
    ("sin(z)", Complex64::sin),
    ("cos(z)", Complex64::cos),
    ("tan(z)", Complex64::tan),
    ("sinh(z)", Complex64::sinh),
    ("cosh(z)", Complex64::cosh),
    ("tanh(z)", Complex64::tanh),
    ("asin(z)", Complex64::asin),
    ("acos(z)", Complex64::acos),
    ("atan(z)", Complex64::atan),
    ("asinh(z)", Complex64::asinh),
    ("acosh(z)", Complex64::acosh),
    ("atanh(z)", Complex64::atanh),
];

#[test]
fn functions_agree_with_num_complex() {
    let parts = [-2.7, -1.1, -0.3, 0.4, 0.9, 3.1];
    for (text, function) in FUNCTIONS {
        for z in parts.iter().flat_map(|x| parts.map(|y| c64(*x, y))) {
            assert_near(text, z, at(text, z), function(z), 1e-13);
        }
    }
}

/// On a branch cut the sign of a zero tells the side of the cut. A missing part is +0.
#[test]
fn branch_cuts_are_seen_from_the_side_of_the_zero() {
    let real: [(usize, &[f64]); 8] = [
        (0, &[-4.0, -0.5]),
        (2, &[-1.0, -0.3]),
        (3, &[-2.0]),
        (4, &[-2.0]),
        (11, &[-3.0, 1.5]),
        (12, &[-3.0, 1.5]),
        (15, &[-3.0, -0.5, 0.5]),
        (16, &[-3.0, 1.5]),
    ];
    for (k, points) in real {
        let (text, function) = FUNCTIONS[k];
        for (x, side) in points.iter().flat_map(|x| [(*x, 0.0), (*x, -0.0)]) {
            let beside = function(c64(x, f64::copysign(1e-9, side)));
            assert_near(text, c64(x, side), at(text, c64(x, side)), beside, 1e-7);
            if side.is_sign_positive() {
                let missing = value_of(text, [Some(x), None], [None; 2]);
                assert_near(text, c64(x, side), missing, beside, 1e-7);
            }
        }
    }
    for (k, points) in [(13, [-1.5, 3.0]), (14, [-1.5, 3.0])] {
        let (text, function) = FUNCTIONS[k];
        for (y, side) in points.iter().flat_map(|y| [(*y, 0.0), (*y, -0.0)]) {
            let beside = function(c64(f64::copysign(1e-9, side), y));
            assert_near(text, c64(side, y), at(text, c64(side, y)), beside, 1e-7);
            if side.is_sign_positive() {
                let missing = value_of(text, [None, Some(y)], [None; 2]);
                assert_near(text, c64(side, y), missing, beside, 1e-7);
            }
        }
    }
}

/// The values come from mpmath 1.3 with 60 digits.
#[test]
fn nothing_cancels_and_nothing_overflows() {
    for (text, [x, y], [re, im]) in [
        ("asin(z)", [1e-10, 2e-10], [1e-10, 2e-10]),
        ("asin(z)", [1e9, 1.0], [1.5707963257948967, 21.416413017506358]),
        ("asin(z)", [-1e9, -1.0], [-1.5707963257948967, -21.416413017506358]),
        ("acos(z)", [1e9, 1.0], [1e-09, -21.416413017506358]),
        ("acos(z)", [0.999999999999, 1e-12], [1.5537618216191986e-06, -6.43599286638552e-07]),
        ("acosh(z)", [1.000000000001, 1e-12], [1.5538228105407916e-06, 6.435740247960623e-07]),
        ("acosh(z)", [-1e9, 1.0], [21.416413017506358, 3.141592652589793]),
        ("asinh(z)", [1e-10, 1e-10], [1e-10, 1e-10]),
        ("asinh(z)", [0.0, -1e9], [21.416413017506358, -FRAC_PI_2]),
        ("asinh(z)", [-1e200, 1e200], [-461.55673936964905, FRAC_PI_4]),
        ("atan(z)", [1e-10, -1e-10], [1e-10, -1e-10]),
        ("atan(z)", [1e200, 1e200], [FRAC_PI_2, 0.0]),
        ("atanh(z)", [0.5, 1e-200], [0.5493061443340549, 1.3333333333333334e-200]),
        ("atanh(z)", [-3.0, 1e200], [0.0, FRAC_PI_2]),
        ("sqrt(z)", [-1e-300, 1e-300], [4.5508986056222734e-151, 1.09868411346781e-150]),
        ("sqrt(z)", [1e300, -1e300], [1.09868411346781e+150, -4.550898605622274e+149]),
        ("log(z)", [1e300, 1e300], [691.1221014884936, FRAC_PI_4]),
        ("tanh(z)", [-400.0, 2.0], [-1.0, 0.0]),
        ("tan(z)", [1.0, 500.0], [0.0, 1.0]),
        ("1/z", [1e300, 1e300], [5e-301, -5e-301]),
        ("1/z", [1e-300, -1e-300], [5e299, 5e299]),
        ("z/(3e200 - 4e200*I)", [25e200, 0.0], [3.0, 4.0]),
        ("z/(-4e-200 + 3e-200*I)", [0.0, 25e-200], [3.0, -4.0]),
        ("abs(z)", [3e200, -4e200], [5e200, 0.0]),
    ] {
        let found = at(text, c64(x, y));
        let slack = 1e-16 * (re.abs() + im.abs());
        let near =
            |found: f64, expected: f64| (found - expected).abs() <= 1e-14 * expected.abs() + slack;
        assert!(near(found.re, re) && near(found.im, im), "{text} at {x}, {y}: {found}");
    }
}

#[test]
fn exact_points_are_exact() {
    let i = Complex64::I;
    for (text, z, expected) in [
        ("sqrt(z)", c64(-1.0, 0.0), i),
        ("sqrt(z)", c64(-1.0, -0.0), -i),
        ("sqrt(-1 + 0*I)", i, i),
        ("sqrt(-1 - 0*I)", i, -i),
        ("sqrt(I*I)", i, i),
        ("sqrt(z)", c64(0.0, 0.0), c64(0.0, 0.0)),
        ("sqrt(z)", c64(-3.0, 4.0), c64(1.0, 2.0)),
        ("log(z)", c64(-1.0, 0.0), c64(0.0, PI)),
        ("log(z)", c64(-1.0, -0.0), c64(0.0, -PI)),
        ("exp(I*pi)", i, c64(-1.0, PI.sin())),
        ("exp(z - z)", i, c64(1.0, 0.0)),
        ("z^2", c64(0.0, 0.0), c64(0.0, 0.0)),
        ("z^0", c64(0.0, 0.0), c64(1.0, 0.0)),
        ("z^0.5", c64(0.0, 0.0), c64(0.0, 0.0)),
        ("z^(1 - I) + u^w", c64(0.0, 0.0), c64(0.0, 0.0)),
        ("z^z + z^u + u^z", c64(0.0, 0.0), c64(3.0, 0.0)),
        ("z^2", c64(1.0, 2.0), c64(-3.0, 4.0)),
        ("z^(2 + 0*I)", c64(0.0, 0.0), c64(0.0, 0.0)),
        ("z^(I*I)", c64(0.0, 0.5), c64(0.0, -2.0)),
        ("z^4", c64(1.0, 1.0), c64(-4.0, 0.0)),
        ("z^-1", c64(0.0, 0.5), c64(0.0, -2.0)),
        ("z^-3", c64(0.0, 0.5), c64(0.0, 8.0)),
        ("z/I", c64(3.0, 5.0), c64(5.0, -3.0)),
        ("u/I", c64(3.0, 5.0), c64(0.0, -3.0)),
        ("z/2", c64(3.0, 5.0), c64(1.5, 2.5)),
        ("u/z", c64(3.0, 4.0), c64(0.36, -0.48)),
        ("conj(z)*I - z/(1 + I)", c64(2.0, 2.0), c64(0.0, 2.0)),
        ("abs(z)^2 + real(z) - imag(z)", c64(3.0, 4.0), c64(24.0, 0.0)),
        ("arg(z) + arg(u)", c64(-2.0, 0.0), c64(2.0 * PI, 0.0)),
        ("(z == conj(z)) + 2*(z != I)", c64(0.0, 1.0), c64(0.0, 0.0)),
        ("where(u > 0, u, I)", c64(-1.0, 0.0), i),
        ("acos(z)", c64(1.0, 0.0), c64(0.0, 0.0)),
        ("atanh(z)", c64(0.0, 0.0), c64(0.0, 0.0)),
    ] {
        assert_near(text, z, at(text, z), expected, 1e-15);
    }
    assert!(at("imag(u)/imag(u)", i).re.is_nan());
    assert_eq!(at("u/imag(u)", c64(1.0, 0.0)).re, f64::INFINITY);
}

#[test]
fn powers_agree_with_num_complex() {
    for z in [c64(0.7, -1.2), c64(-2.0, 0.3), c64(0.0, 1.5)] {
        for n in [-64, -7, -3, 5, 64] {
            assert_near("z^n", z, at(&format!("z^({n})"), z), z.powi(n), 1e-12);
        }
        assert_near("z^0.5", z, at("z^0.5", z), z.sqrt(), 1e-14);
        assert_near("z^65", z, at("z^65", z), z.powi(65), 1e-12);
        assert_near("z^w", z, at("z^w", z), z.powc(c64(0.5, -2.0)), 1e-14);
        assert_near(
            "(u + 1)^w",
            z,
            at("(u + 1)^w", z),
            c64(z.re + 1.0, 0.0).powc(c64(0.5, -2.0)),
            1e-14,
        );
        assert_near("log(z, w)", z, at("log(z, w)", z), z.ln() / c64(0.5, -2.0).ln(), 1e-14);
    }
}
