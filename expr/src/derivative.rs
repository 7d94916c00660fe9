//! Derivatives of a kernel's value with respect to all of its loads. They are computed by going
//! backwards through its operations (reverse accumulation: Griewank & Walther 2008, "Evaluating
//! Derivatives", chapter 3).
//!
//! Where a function has a jump or a corner, a one-sided derivative is taken.

use crate::builder::Builder;
use crate::kernel::{NativeCall, Op, Value};
use crate::math::{Binary, Unary};

/// A load and the derivative with respect to it.
#[derive(Clone, Copy, Debug)]
pub struct Partial {
    /// The input that is loaded.
    pub input: usize,
    /// The offset at which it is loaded.
    pub offset: [i32; 3],
    /// The derivative, as a value of the same builder.
    pub derivative: Value,
}

/// Adds to `builder` the derivatives of `of` with respect to every load that it depends on.
pub fn partials(builder: &mut Builder, of: Value) -> Vec<Partial> {
    let of_load = |(op, derivative): (Op, Value)| match op {
        Op::Load { input, offset } => Some(Partial { input: input as usize, offset, derivative }),
        _ => None,
    };
    leaves(builder, of).into_iter().filter_map(of_load).collect()
}

/// Adds to `builder` the derivatives of `of` with respect to every parameter that it depends on:
/// numbers of parameters with derivatives.
pub fn parameter_partials(builder: &mut Builder, of: Value) -> Vec<(usize, Value)> {
    let of_parameter = |(op, derivative): (Op, Value)| match op {
        Op::Parameter(number) => Some((number as usize, derivative)),
        _ => None,
    };
    leaves(builder, of).into_iter().filter_map(of_parameter).collect()
}

/// The loads and parameters that `of` depends on, with the derivatives with respect to them.
fn leaves(builder: &mut Builder, of: Value) -> Vec<(Op, Value)> {
    let count = of.index() + 1;
    let mut adjoints: Vec<Option<Value>> = vec![None; count];
    adjoints[of.index()] = Some(builder.constant(1.0));
    let mut leaves = Vec::new();
    for i in (0..count).rev() {
        let Some(adjoint) = adjoints[i] else { continue };
        let op = builder.ops()[i];
        if let Op::Load { .. } | Op::Parameter(_) = op {
            leaves.push((op, adjoint));
        }
        for (operand, local) in locals(builder, Value(i as u32), op) {
            let through = match local {
                Local::Factor(factor) => builder.binary(Binary::Multiply, adjoint, factor),
                Local::If(condition) => {
                    let zero = builder.constant(0.0);
                    builder.select(condition, adjoint, zero)
                }
                Local::Unless(condition) => {
                    let zero = builder.constant(0.0);
                    builder.select(condition, zero, adjoint)
                }
            };
            let slot = &mut adjoints[operand.index()];
            *slot = Some(match *slot {
                None => through,
                Some(sum) => builder.binary(Binary::Add, sum, through),
            });
        }
    }
    leaves
}

/// How a change of an operand changes the value of an operation.
pub(crate) enum Local {
    /// The change is multiplied by this value.
    Factor(Value),
    /// The change is passed on where this value is true, and is dropped elsewhere.
    If(Value),
    /// The change is passed on where this value is false, and is dropped elsewhere.
    Unless(Value),
}

/// The operands that change the value of `op`, and how each of them does.
pub(crate) fn locals(b: &mut Builder, value: Value, op: Op) -> Vec<(Value, Local)> {
    use Local::*;
    match op {
        Op::Unary(f, x) => match unary(b, f, x, value) {
            Some(factor) => vec![(x, Factor(factor))],
            None => vec![],
        },
        Op::Binary(f, x, y) => binary(b, f, x, y, value),
        Op::Native(call) => native(b, call),
        Op::Select(condition, yes, no) => vec![(yes, If(condition)), (no, Unless(condition))],
        Op::Fused(x, y, z) => vec![(x, Factor(y)), (y, Factor(x)), (z, Factor(b.constant(1.0)))],
        _ => vec![],
    }
}

/// Difference quotients of a native function, whose derivatives are not known.
fn native(b: &mut Builder, call: u32) -> Vec<(Value, Local)> {
    use Binary::{Add, Subtract};
    let NativeCall { function, arguments } = b.calls()[call as usize].clone();
    let mut slopes = Vec::new();
    for (k, x) in arguments.iter().copied().enumerate() {
        let h = distance(b, x);
        let mut at = |side: Binary| {
            let mut moved = arguments.clone();
            moved[k] = b.binary(side, x, h);
            b.native(&function, &moved)
        };
        let ends = [at(Add), at(Subtract)];
        slopes.push((x, Local::Factor(quotient(b, ends, h))));
    }
    slopes
}

/// How far the points of a difference quotient lie from x: about the cube root of the rounding error times
/// its magnitude (Nocedal & Wright 2006, "Numerical Optimization", section 8.1).
fn distance(b: &mut Builder, x: Value) -> Value {
    let (size, one) = (b.unary(Unary::Abs, x), b.constant(1.0));
    let scale = b.binary(Binary::Max, size, one);
    let small = b.constant(6e-6);
    b.binary(Binary::Multiply, small, scale)
}

/// The difference quotient of values that lie h above and below.
fn quotient(b: &mut Builder, [above, below]: [Value; 2], h: Value) -> Value {
    let rise = b.binary(Binary::Subtract, above, below);
    let run = b.binary(Binary::Add, h, h);
    b.binary(Binary::Divide, rise, run)
}

/// df/dx in terms of x and f = `value`. There is none where it vanishes everywhere.
fn unary(b: &mut Builder, f: Unary, x: Value, value: Value) -> Option<Value> {
    use Binary::{Add, Divide, Multiply, Subtract};
    let one = b.constant(1.0);
    let square = |b: &mut Builder, v| b.binary(Multiply, v, v);
    let over = |b: &mut Builder, v| b.binary(Divide, one, v);
    let scaled = |b: &mut Builder, v, factor: f64| {
        let factor = b.constant(factor);
        b.binary(Multiply, v, factor)
    };
    Some(match f {
        Unary::Negate => b.constant(-1.0),
        Unary::Abs => b.unary(Unary::Signum, x),
        Unary::Not | Unary::Sign | Unary::Signum => return None,
        Unary::Floor | Unary::Ceil | Unary::Round => return None,
        Unary::Sqrt => {
            let double = scaled(b, value, 2.0);
            over(b, double)
        }
        Unary::Cbrt => {
            let square = square(b, value);
            let triple = scaled(b, square, 3.0);
            over(b, triple)
        }
        Unary::Exp => value,
        Unary::Expm1 => b.binary(Add, value, one),
        Unary::Log => over(b, x),
        Unary::Log1p => {
            let sum = b.binary(Add, one, x);
            over(b, sum)
        }
        Unary::Log2 | Unary::Log10 => {
            let base: f64 = if f == Unary::Log2 { 2.0 } else { 10.0 };
            let product = scaled(b, x, base.ln());
            over(b, product)
        }
        Unary::Sin => b.unary(Unary::Cos, x),
        Unary::Cos => {
            let sine = b.unary(Unary::Sin, x);
            b.unary(Unary::Negate, sine)
        }
        Unary::Tan => {
            let square = square(b, value);
            b.binary(Add, one, square)
        }
        Unary::Asin | Unary::Acos => {
            let square = square(b, x);
            let rest = b.binary(Subtract, one, square);
            let root = b.unary(Unary::Sqrt, rest);
            let inverse = over(b, root);
            if f == Unary::Asin { inverse } else { b.unary(Unary::Negate, inverse) }
        }
        Unary::Atan => {
            let square = square(b, x);
            let sum = b.binary(Add, one, square);
            over(b, sum)
        }
        Unary::Sinh => b.unary(Unary::Cosh, x),
        Unary::Cosh => b.unary(Unary::Sinh, x),
        Unary::Tanh => {
            let square = square(b, value);
            b.binary(Subtract, one, square)
        }
        Unary::Asinh | Unary::Acosh => {
            let square = square(b, x);
            let sign = b.constant(if f == Unary::Asinh { 1.0 } else { -1.0 });
            let sum = b.binary(Add, square, sign);
            let root = b.unary(Unary::Sqrt, sum);
            over(b, root)
        }
        Unary::Atanh => {
            let square = square(b, x);
            let rest = b.binary(Subtract, one, square);
            over(b, rest)
        }
        Unary::Erf => {
            let square = square(b, x);
            let negative = b.unary(Unary::Negate, square);
            let bell = b.unary(Unary::Exp, negative);
            scaled(b, bell, std::f64::consts::FRAC_2_SQRT_PI)
        }
        // The digamma function is not among the elementary functions.
        Unary::Gamma => {
            let h = distance(b, x);
            let [above, below] = [Add, Subtract].map(|side| {
                let moved = b.binary(side, x, h);
                b.unary(f, moved)
            });
            quotient(b, [above, below], h)
        }
    })
}

fn binary(b: &mut Builder, f: Binary, x: Value, y: Value, value: Value) -> Vec<(Value, Local)> {
    use Local::*;
    let one = b.constant(1.0);
    match f {
        Binary::Add => vec![(x, Factor(one)), (y, Factor(one))],
        Binary::Subtract => {
            let minus = b.constant(-1.0);
            vec![(x, Factor(one)), (y, Factor(minus))]
        }
        Binary::Multiply => vec![(x, Factor(y)), (y, Factor(x))],
        Binary::Divide => {
            let inverse = b.binary(Binary::Divide, one, y);
            let ratio = b.binary(Binary::Divide, value, y);
            let minus = b.unary(Unary::Negate, ratio);
            vec![(x, Factor(inverse)), (y, Factor(minus))]
        }
        Binary::Power => {
            let less = b.binary(Binary::Subtract, y, one);
            let power = b.binary(Binary::Power, x, less);
            let by_base = b.binary(Binary::Multiply, y, power);
            let mut factors = vec![(x, Factor(by_base))];
            if b.as_constant(y).is_none() {
                let log = b.unary(Unary::Log, x);
                let by_exponent = b.binary(Binary::Multiply, value, log);
                factors.push((y, Factor(by_exponent)));
            }
            factors
        }
        Binary::Remainder | Binary::Modulo => {
            // value = x − y·n with an integer n.
            let whole = b.binary(Binary::Subtract, value, x);
            let minus_n = b.binary(Binary::Divide, whole, y);
            vec![(x, Factor(one)), (y, Factor(minus_n))]
        }
        Binary::Atan2 => {
            let (xx, yy) = (b.binary(Binary::Multiply, x, x), b.binary(Binary::Multiply, y, y));
            let sum = b.binary(Binary::Add, xx, yy);
            let by_x = b.binary(Binary::Divide, y, sum);
            let by_y = b.binary(Binary::Divide, x, sum);
            let by_y = b.unary(Unary::Negate, by_y);
            vec![(x, Factor(by_x)), (y, Factor(by_y))]
        }
        Binary::Hypot => {
            // At the tip of the cone, 1 is taken as the slope in every direction.
            let zero = b.constant(0.0);
            let tip = b.binary(Binary::Equal, value, zero);
            let mut slope = |v| {
                let ratio = b.binary(Binary::Divide, v, value);
                b.select(tip, one, ratio)
            };
            vec![(x, Factor(slope(x))), (y, Factor(slope(y)))]
        }
        Binary::Min => {
            let first = b.binary(Binary::Less, x, y);
            vec![(x, If(first)), (y, Unless(first))]
        }
        Binary::Max => {
            let first = b.binary(Binary::Greater, x, y);
            vec![(x, If(first)), (y, Unless(first))]
        }
        Binary::Less
        | Binary::LessEqual
        | Binary::Greater
        | Binary::GreaterEqual
        | Binary::Equal
        | Binary::NotEqual
        | Binary::And
        | Binary::Or => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::eval;
    use crate::lower::{Parts, lower};
    use crate::native::Native;
    use crate::scope::{Place, Scope};
    use crate::space::Space;
    use crate::typed::{Expr, Node};
    use crate::types::Type;

    /// The numbers that some values have where the inputs have the numbers `at`.
    fn values(builder: &Builder, of: &[Value], at: [f64; 3]) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::new();
        for op in builder.ops() {
            values.push(match *op {
                Op::Load { input, .. } => at[input as usize],
                ref op => {
                    eval(op, builder.calls(), &mut Vec::new(), |v| values[v.index()]).unwrap()
                }
            });
        }
        of.iter().map(|value| values[value.index()]).collect()
    }

    /// Compares the derivatives of an expression of x, y, z with difference quotients.
    fn check(text: &str, at: [f64; 3]) {
        let mut scope = Scope::new(Place::Equation, &Space::nowhere());
        for (number, name) in ["x", "y", "z"].into_iter().enumerate() {
            scope.field(name, number, Type::REAL);
        }
        scope.native(Native::new("bell", |x: f64| (-x * x).exp()));
        scope.native(Native::new("mix", |x: f64, y: f64| x.sin() * y + y * y));
        scope.native(Native::new("all", |x: f64, y: f64, z: f64| x * y * z + (x - z).cos()));
        let (expr, _) = crate::resolve(&crate::parse(text).unwrap(), text, &scope).unwrap();
        let mut b = Builder::new();
        let mut leaf = |expr: &Expr, b: &mut Builder| match expr.node {
            Node::Field(number) => Parts::real(b.load(number, [0; 3])),
            _ => unreachable!(),
        };
        let value = lower(&expr, &Space::nowhere(), &mut b, &mut leaf).only();
        let value = b.part(value.re);
        let partials = partials(&mut b, value);
        for k in 0..3 {
            let partial = partials.iter().find(|partial| partial.input == k);
            let found = partial.map_or(0.0, |partial| values(&b, &[partial.derivative], at)[0]);
            let moved = |by: f64| {
                let mut at = at;
                at[k] += by;
                values(&b, &[value], at)[0]
            };
            let h = 1e-4;
            let slope = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
            let expected = (4.0 * slope(h) - slope(2.0 * h)) / 3.0;
            let near = (found - expected).abs() <= 1e-6 * expected.abs().max(1.0);
            assert!(near, "{text}: ∂/∂{k} is {found}, not {expected}");
        }
    }

    #[test]
    fn derivatives_are_those_of_difference_quotients() {
        for f in [
            "-", "abs", "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin",
            "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "atanh", "erf",
            "sign", "floor", "gamma",
        ] {
            check(&format!("y*{f}(x*x) + {f}(z)"), [0.7, -1.3, 0.4]);
        }
        for text in [
            "acosh(x)*y",
            "x*y - y/x + z^x + x^3 - y^2",
            "x % z + mod(y, z)",
            "atan2(x, y) + atan2(y, z)*hypot(x, y)",
            "min(x, y*z)*max(x, y, z) + where(x > y, x*z, y)",
            "log(x, z) + heaviside(y)*x + (x > y and not z < x)",
            "real(asin(x + I*y)*(z + I)^3) + imag(sqrt(y + x*I)/(x - I*z)) + abs(x + I*y)^2",
            "real(acosh(y + I*x) + atanh(x*I + z)) + arg(tanh(z + I*y)) + imag((x + I)^z)",
        ] {
            check(text, [1.7, -1.3, 0.4]);
        }
    }

    #[test]
    fn derivatives_go_through_closures() {
        for text in [
            "bell(x)",
            "bell(x*y)*z + bell(2)",
            "mix(x, y)",
            "mix(bell(x), x*y) - z",
            "all(x, y, z) + all(x, x, 2)",
            "all(bell(y), mix(x, z), x)^2",
        ] {
            check(text, [0.7, -1.3, 0.4]);
            check(text, [-12.0, 0.3, 7.0]);
        }
    }
}
