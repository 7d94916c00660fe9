//! Arithmetic and functions of complex numbers, in terms of real operations.
//!
//! The formulas are from Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", sections
//! 3.7 and 4.3 to 4.6. Quotients are computed as in Smith 1962, Commun. ACM 5, 435. Inverse
//! functions are computed as in Kahan 1987, "Branch cuts for complex elementary functions, or much
//! ado about nothing's sign bit", where nothing cancels. The branch cuts are those of C99 annex G,
//! where a missing part counts as +0.

use super::ComplexValue;
use crate::builder::Builder;
use crate::function::Function;
use crate::kernel::Value;
use crate::math::{Binary, Unary};

/// The largest whole exponent for which a power is computed as a product.
const MOST_PRODUCTS: f64 = 64.0;

impl Builder {
    /// A part of a complex number, which is zero if it is missing.
    pub(crate) fn part(&mut self, part: Option<Value>) -> Value {
        part.unwrap_or_else(|| self.constant(0.0))
    }

    /// x + y
    pub fn sum(&mut self, x: ComplexValue, y: ComplexValue) -> ComplexValue {
        ComplexValue { re: self.added(x.re, y.re), im: self.added(x.im, y.im) }
    }

    /// x − y
    pub fn difference(&mut self, x: ComplexValue, y: ComplexValue) -> ComplexValue {
        ComplexValue { re: self.subtracted(x.re, y.re), im: self.subtracted(x.im, y.im) }
    }

    /// −x
    pub fn negate(&mut self, x: ComplexValue) -> ComplexValue {
        let mut part = |part: Option<Value>| part.map(|part| self.unary(Unary::Negate, part));
        ComplexValue { re: part(x.re), im: part(x.im) }
    }

    /// x̄
    pub(crate) fn conjugate(&mut self, x: ComplexValue) -> ComplexValue {
        ComplexValue { re: x.re, im: x.im.map(|im| self.unary(Unary::Negate, im)) }
    }

    /// x·y
    pub fn times(&mut self, x: ComplexValue, y: ComplexValue) -> ComplexValue {
        let mut product =
            |a: Option<Value>, b: Option<Value>| Some(self.binary(Binary::Multiply, a?, b?));
        let (rr, ii) = (product(x.re, y.re), product(x.im, y.im));
        let (ri, ir) = (product(x.re, y.im), product(x.im, y.re));
        ComplexValue { re: self.subtracted(rr, ii), im: self.added(ri, ir) }
    }

    /// x times a real number.
    pub fn scaled(&mut self, x: ComplexValue, factor: Value) -> ComplexValue {
        self.times(x, ComplexValue::real(factor))
    }

    /// x/y
    pub fn over(&mut self, x: ComplexValue, y: ComplexValue) -> ComplexValue {
        let divided = |b: &mut Self, part: Option<Value>, by: Value| {
            part.map(|part| b.binary(Binary::Divide, part, by))
        };
        match (y.re, y.im) {
            (Some(re), None) => {
                ComplexValue { re: divided(self, x.re, re), im: divided(self, x.im, re) }
            }
            (None, Some(im)) => {
                let (re, minus) = (divided(self, x.im, im), divided(self, x.re, im));
                ComplexValue { re, im: minus.map(|part| self.unary(Unary::Negate, part)) }
            }
            (None, None) => {
                let zero = self.constant(0.0);
                // 0/0 is not zero, so a missing part is written out here.
                let re = if x.is_zero() { Some(zero) } else { x.re };
                ComplexValue { re: divided(self, re, zero), im: divided(self, x.im, zero) }
            }
            (Some(c), Some(d)) => self.quotient(x, c, d),
        }
    }

    /// x/(c + di), where the smaller of c and d is expressed by the larger.
    fn quotient(&mut self, x: ComplexValue, c: Value, d: Value) -> ComplexValue {
        use Binary::{Add, Divide, Less, Multiply, Subtract};
        let (a, b) = (self.part(x.re), self.part(x.im));
        let (abs_c, abs_d) = (self.unary(Unary::Abs, c), self.unary(Unary::Abs, d));
        let flat = self.binary(Less, abs_d, abs_c);
        // With |d| < |c| and r = d/c the quotient is ((a + b r) + (b − a r)i)/(c + d r). Otherwise
        // r = c/d, and it is ((b + a r) + (b r − a)i)/(d + c r).
        let (large, small) = (self.select(flat, c, d), self.select(flat, d, c));
        let (p, q) = (self.select(flat, a, b), self.select(flat, b, a));
        let r = self.binary(Divide, small, large);
        let by = self.binary(Multiply, small, r);
        let by = self.binary(Add, large, by);
        let re = self.binary(Multiply, q, r);
        let re = self.binary(Add, p, re);
        let im = self.binary(Multiply, p, r);
        let im = self.binary(Subtract, q, im);
        let turned = self.unary(Unary::Negate, im);
        let im = self.select(flat, im, turned);
        ComplexValue {
            re: Some(self.binary(Divide, re, by)),
            im: Some(self.binary(Divide, im, by)),
        }
    }

    /// `condition ≠ 0 ? x : y`
    pub(crate) fn choose(
        &mut self,
        condition: Value,
        x: ComplexValue,
        y: ComplexValue,
    ) -> ComplexValue {
        let mut part = |a: Option<Value>, b: Option<Value>| match (a, b) {
            (None, None) => None,
            (a, b) => {
                let (a, b) = (self.part(a), self.part(b));
                Some(self.select(condition, a, b))
            }
        };
        ComplexValue { re: part(x.re, y.re), im: part(x.im, y.im) }
    }

    /// |x|²
    pub(crate) fn magnitude_squared(&mut self, x: ComplexValue) -> ComplexValue {
        let mut square =
            |part: Option<Value>| part.map(|part| self.binary(Binary::Multiply, part, part));
        let (re, im) = (square(x.re), square(x.im));
        ComplexValue { re: self.added(re, im), im: None }
    }

    pub(crate) fn added(&mut self, a: Option<Value>, b: Option<Value>) -> Option<Value> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.binary(Binary::Add, a, b)),
            (a, b) => a.or(b),
        }
    }

    fn subtracted(&mut self, a: Option<Value>, b: Option<Value>) -> Option<Value> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.binary(Binary::Subtract, a, b)),
            (a, None) => a,
            (None, Some(b)) => Some(self.unary(Unary::Negate, b)),
        }
    }
}

/// The value of a function with a complex argument.
pub(super) fn call(function: Function, x: &[ComplexValue], b: &mut Builder) -> ComplexValue {
    let z = x[0];
    match function {
        Function::Unary(f) => unary(f, z, b),
        Function::Binary(Binary::Power) => power(z, x[1], b),
        Function::Binary(f @ (Binary::Equal | Binary::NotEqual)) => {
            let (p, q) = (b.part(z.re), b.part(x[1].re));
            let (r, s) = (b.part(z.im), b.part(x[1].im));
            let (re, im) = (b.binary(f, p, q), b.binary(f, r, s));
            let both = if f == Binary::Equal { Binary::And } else { Binary::Or };
            ComplexValue::real(b.binary(both, re, im))
        }
        Function::LogBase => {
            let log = log(z, b);
            match x.get(1) {
                None => log,
                Some(base) => {
                    let base = self::log(*base, b);
                    b.over(log, base)
                }
            }
        }
        Function::Angle => ComplexValue::real(angle(z, b)),
        // The other functions take no complex numbers (function.rs) or were handled above.
        _ => ComplexValue::real(b.constant(f64::NAN)),
    }
}

fn unary(f: Unary, z: ComplexValue, b: &mut Builder) -> ComplexValue {
    match f {
        Unary::Abs => ComplexValue::real(magnitude(z, b)),
        Unary::Sqrt => sqrt(z, b),
        Unary::Exp => exp(z, b),
        Unary::Log => log(z, b),
        Unary::Log2 | Unary::Log10 => {
            let base: f64 = if f == Unary::Log2 { 2.0 } else { 10.0 };
            let (log, base) = (log(z, b), b.constant(base.ln()));
            b.over(log, ComplexValue::real(base))
        }
        // sin z = −i sinh iz, cos z = cosh iz, tan z = −i tanh iz, and likewise for their inverses.
        Unary::Sin => around(z, b, sinh),
        Unary::Cos => {
            let turned = by_i(z, b);
            cosh(turned, b)
        }
        Unary::Tan => around(z, b, tanh),
        Unary::Sinh => sinh(z, b),
        Unary::Cosh => cosh(z, b),
        Unary::Tanh => tanh(z, b),
        Unary::Asin => asin(z, b),
        Unary::Acos => acos(z, b),
        Unary::Atan => around(z, b, atanh),
        Unary::Asinh => around(z, b, asin),
        Unary::Acosh => acosh(z, b),
        Unary::Atanh => atanh(z, b),
        _ => ComplexValue::real(b.constant(f64::NAN)),
    }
}

/// The number with both parts present. On a branch cut the sign of a zero part counts.
fn whole(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    ComplexValue { re: Some(b.part(z.re)), im: Some(b.part(z.im)) }
}

/// iz
fn by_i(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    ComplexValue { re: z.im.map(|im| b.unary(Unary::Negate, im)), im: z.re }
}

/// −i f(iz)
fn around(
    z: ComplexValue,
    b: &mut Builder,
    f: fn(ComplexValue, &mut Builder) -> ComplexValue,
) -> ComplexValue {
    let z = whole(z, b);
    let turned = by_i(z, b);
    let value = f(turned, b);
    ComplexValue { re: value.im, im: value.re.map(|re| b.unary(Unary::Negate, re)) }
}

fn magnitude(z: ComplexValue, b: &mut Builder) -> Value {
    match (z.re, z.im) {
        (Some(re), Some(im)) => b.binary(Binary::Hypot, re, im),
        (part, None) | (None, part) => {
            let part = b.part(part);
            b.unary(Unary::Abs, part)
        }
    }
}

fn angle(z: ComplexValue, b: &mut Builder) -> Value {
    let (re, im) = (b.part(z.re), b.part(z.im));
    b.binary(Binary::Atan2, im, re)
}

fn exp(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let size = z.re.map(|re| b.unary(Unary::Exp, re));
    let Some(im) = z.im else {
        return ComplexValue::real(size.unwrap_or_else(|| b.constant(1.0)));
    };
    let (cos, sin) = (b.unary(Unary::Cos, im), b.unary(Unary::Sin, im));
    let circle = ComplexValue { re: Some(cos), im: Some(sin) };
    match size {
        Some(size) => b.scaled(circle, size),
        None => circle,
    }
}

/// ln|z| + i arg z
fn log(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (size, angle) = (magnitude(z, b), angle(z, b));
    ComplexValue { re: Some(b.unary(Unary::Log, size)), im: Some(angle) }
}

/// The root in the right half-plane. With t = √((|z| + |re z|)/2) it is (t, im/2t) for re ≥ 0, and
/// (|im|/2t, ±t) otherwise.
fn sqrt(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    use Binary::{Add, Divide, Equal, GreaterEqual, Multiply};
    let (re, im) = (b.part(z.re), b.part(z.im));
    let (zero, half) = (b.constant(0.0), b.constant(0.5));
    let (size, abs) = (magnitude(z, b), b.unary(Unary::Abs, re));
    let sum = b.binary(Add, size, abs);
    let mean = b.binary(Multiply, half, sum);
    let t = b.unary(Unary::Sqrt, mean);
    let double = b.binary(Add, t, t);
    let other = b.binary(Divide, im, double);
    let origin = b.binary(Equal, t, zero);
    let other = b.select(origin, im, other);
    let right = b.binary(GreaterEqual, re, zero);
    let (abs_other, sign) = (b.unary(Unary::Abs, other), b.unary(Unary::Signum, im));
    let signed = b.binary(Multiply, t, sign);
    ComplexValue {
        re: Some(b.select(right, t, abs_other)),
        im: Some(b.select(right, other, signed)),
    }
}

fn sinh(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (re, im) = (b.part(z.re), b.part(z.im));
    let (sh, ch) = (b.unary(Unary::Sinh, re), b.unary(Unary::Cosh, re));
    let (sin, cos) = (b.unary(Unary::Sin, im), b.unary(Unary::Cos, im));
    let (re, im) = (b.binary(Binary::Multiply, sh, cos), b.binary(Binary::Multiply, ch, sin));
    ComplexValue { re: Some(re), im: Some(im) }
}

fn cosh(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (re, im) = (b.part(z.re), b.part(z.im));
    let (sh, ch) = (b.unary(Unary::Sinh, re), b.unary(Unary::Cosh, re));
    let (sin, cos) = (b.unary(Unary::Sin, im), b.unary(Unary::Cos, im));
    let (re, im) = (b.binary(Binary::Multiply, ch, cos), b.binary(Binary::Multiply, sh, sin));
    ComplexValue { re: Some(re), im: Some(im) }
}

/// (tanh x + i tan y)/(1 + i tanh x tan y), which does not overflow for large x.
fn tanh(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (re, im) = (b.part(z.re), b.part(z.im));
    let (th, tan) = (b.unary(Unary::Tanh, re), b.unary(Unary::Tan, im));
    let (product, one) = (b.binary(Binary::Multiply, th, tan), b.constant(1.0));
    let above = ComplexValue { re: Some(th), im: Some(tan) };
    b.over(above, ComplexValue { re: Some(one), im: Some(product) })
}

/// (√(1 + z), √(1 − z))
fn roots(z: ComplexValue, b: &mut Builder) -> (ComplexValue, ComplexValue) {
    let (z, one) = (whole(z, b), ComplexValue::real(b.constant(1.0)));
    let (more, less) = (b.sum(one, z), b.difference(one, z));
    (sqrt(more, b), sqrt(less, b))
}

/// Im(z̄ w)
fn across(z: ComplexValue, w: ComplexValue, b: &mut Builder) -> Value {
    let conjugate = b.conjugate(z);
    let product = b.times(conjugate, w);
    b.part(product.im)
}

/// atan(x/Re(√(1 + z) √(1 − z))) + i asinh(Im(√(1 + z) conj √(1 − z))) with x = Re z
fn asin(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (more, less) = roots(z, b);
    let product = b.times(more, less);
    let (x, along) = (b.part(z.re), b.part(product.re));
    let across = across(less, more, b);
    let (re, im) = (b.binary(Binary::Atan2, x, along), b.unary(Unary::Asinh, across));
    ComplexValue { re: Some(re), im: Some(im) }
}

/// 2 atan(Re √(1 − z)/Re √(1 + z)) + i asinh(Im(√(1 − z) conj √(1 + z)))
fn acos(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (more, less) = roots(z, b);
    let (p, q) = (b.part(less.re), b.part(more.re));
    let half = b.binary(Binary::Atan2, p, q);
    let across = across(more, less, b);
    let (re, im) = (b.binary(Binary::Add, half, half), b.unary(Unary::Asinh, across));
    ComplexValue { re: Some(re), im: Some(im) }
}

/// asinh(Re(√(z + 1) conj √(z − 1))) + 2i atan(Im √(z − 1)/Re √(z + 1))
fn acosh(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    let (z, one) = (whole(z, b), ComplexValue::real(b.constant(1.0)));
    let (more, less) = (b.sum(z, one), b.difference(z, one));
    let (more, less) = (sqrt(more, b), sqrt(less, b));
    let conjugate = b.conjugate(less);
    let product = b.times(conjugate, more);
    let (along, p, q) = (b.part(product.re), b.part(less.im), b.part(more.re));
    let half = b.binary(Binary::Atan2, p, q);
    let (re, im) = (b.unary(Unary::Asinh, along), b.binary(Binary::Add, half, half));
    ComplexValue { re: Some(re), im: Some(im) }
}

/// ±log(1 + 4|x|/((1 − |x|)² + y²))/4 + i atan2(2y, (1 − x)(1 + x) − y²)/2, with the sign of x
fn atanh(z: ComplexValue, b: &mut Builder) -> ComplexValue {
    use Binary::{Add, Atan2, Divide, Multiply, Subtract};
    let (x, y) = (b.part(z.re), b.part(z.im));
    let [quarter, half, one, four] = [0.25, 0.5, 1.0, 4.0].map(|c| b.constant(c));
    let (size, sign) = (b.unary(Unary::Abs, x), b.unary(Unary::Signum, x));
    let (above, from_one) = (b.binary(Multiply, four, size), b.binary(Subtract, one, size));
    let (square, yy) = (b.binary(Multiply, from_one, from_one), b.binary(Multiply, y, y));
    let below = b.binary(Add, square, yy);
    let ratio = b.binary(Divide, above, below);
    let log = b.unary(Unary::Log1p, ratio);
    let log = b.binary(Multiply, quarter, log);
    let (less, more) = (b.binary(Subtract, one, x), b.binary(Add, one, x));
    let product = b.binary(Multiply, less, more);
    let (p, q) = (b.binary(Add, y, y), b.binary(Subtract, product, yy));
    let angle = b.binary(Atan2, p, q);
    let (re, im) = (b.binary(Multiply, sign, log), b.binary(Multiply, half, angle));
    ComplexValue { re: Some(re), im: Some(im) }
}

/// z^w: a product for whole w, and exp(w log z) otherwise.
fn power(z: ComplexValue, w: ComplexValue, b: &mut Builder) -> ComplexValue {
    let no_number = |im| b.as_constant(im) != Some(0.0);
    let exponent = match (w.re.and_then(|re| b.as_constant(re)), w.im.filter(|im| no_number(*im))) {
        (Some(exponent), None) => Some(exponent),
        _ => None,
    };
    if let Some(n) = exponent.filter(|n| n.fract() == 0.0 && n.abs() <= MOST_PRODUCTS) {
        let one = ComplexValue::real(b.constant(1.0));
        let mut left = n.abs() as u32;
        let mut square = z;
        let mut product = None;
        while left > 0 {
            if left % 2 == 1 {
                product = Some(match product {
                    None => square,
                    Some(product) => b.times(product, square),
                });
            }
            left /= 2;
            if left > 0 {
                square = b.times(square, square);
            }
        }
        let product = product.unwrap_or(one);
        return if n < 0.0 { b.over(one, product) } else { product };
    }
    let log = log(z, b);
    let product = b.times(w, log);
    let mut value = exp(product, b);
    // Where z is 0 its logarithm is −∞. There 0^w is 0 for Re w > 0, whatever Im w is, and 0^0 is
    // 1.
    if let (Some(size), Some(_)) = (product.re, w.im) {
        let infinity = b.constant(f64::NEG_INFINITY);
        let vanishes = b.binary(Binary::Equal, size, infinity);
        value = b.choose(vanishes, ComplexValue::ZERO, value);
    }
    let (re, im, zero) = (b.part(w.re), b.part(w.im), b.constant(0.0));
    let (re, im) = (b.binary(Binary::Equal, re, zero), b.binary(Binary::Equal, im, zero));
    let (both, one) = (b.binary(Binary::And, re, im), b.constant(1.0));
    b.choose(both, ComplexValue::real(one), value)
}
