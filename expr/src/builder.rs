//! Builds kernels: merges equal operations, and rewrites operations where that keeps every bit.
//!
//! A rewrite is allowed only if it gives the same number for every operand, including infinities,
//! NaNs and signed zeros. Which of several NaNs results does not count. So `x + 0` stays (−0 + 0 is
//! 0), and `0*x` stays (x may be infinite). Powers are defined here: x^n for n = −4 … 4 is a
//! product in a fixed order. Where a term of a sum is a value times ±2, ±4, …, the product and the
//! sum become one fused operation. It rounds as the two operations do, since the product is exact
//! unless it overflows.

use std::collections::HashMap;

use crate::extract::extract;
use crate::function::Function;
use crate::kernel::{Kernel, NativeCall, Op, Output, Value};
use crate::math::{self, Binary, Unary};
use crate::native::Native;

/// Collects the operations of a kernel.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    ops: Vec<Op>,
    known: HashMap<Key, Value>,
    outputs: Vec<Output>,
    calls: Vec<NativeCall>,
}

/// An operation as a hash key, in which the bits of its numbers stand.
pub(crate) type Key = (u8, u64, u64, u64);

/// The operation as a hash key. A call of a native function is identified by its number.
pub(crate) fn key(op: &Op) -> Key {
    let at = |v: Value| u64::from(v.0);
    match *op {
        Op::Constant(value) => (0, value.to_bits(), 0, 0),
        Op::Parameter(number) => (1, number.into(), 0, 0),
        Op::Profile { axis, number } => (2, axis.into(), number.into(), 0),
        Op::Load { input, offset: [a, b, c] } => {
            let low = |o: i32| u64::from(o as u32);
            (3, input.into(), low(a) << 32 | low(b), low(c))
        }
        Op::Unary(f, a) => (4, f as u64, at(a), 0),
        Op::Binary(f, a, b) => (5, f as u64, at(a), at(b)),
        Op::Select(a, b, c) => (6, at(a), at(b), at(c)),
        Op::Native(call) => (7, call.into(), 0, 0),
        Op::Fused(a, b, c) => (8, at(a), at(b), at(c)),
    }
}

impl Builder {
    /// A builder without operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a constant.
    pub fn constant(&mut self, value: f64) -> Value {
        self.push(Op::Constant(value))
    }

    /// The value of the parameter of this number, which is given with each call.
    pub fn parameter(&mut self, number: usize) -> Value {
        self.push(Op::Parameter(number as u32))
    }

    /// The value of the profile of this number, which runs along this axis.
    pub fn profile(&mut self, axis: usize, number: usize) -> Value {
        self.push(Op::Profile { axis: axis as u8, number: number as u32 })
    }

    /// The value of an input at an offset from the cell.
    pub fn load(&mut self, input: usize, offset: [i32; 3]) -> Value {
        self.push(Op::Load { input: input as u32, offset })
    }

    /// The number that `value` stands for, if it is a constant.
    pub fn as_constant(&self, value: Value) -> Option<f64> {
        match self.ops[value.index()] {
            Op::Constant(number) => Some(number),
            _ => None,
        }
    }

    /// Applies a function to one value.
    pub fn unary(&mut self, f: Unary, a: Value) -> Value {
        if let Some(a) = self.as_constant(a) {
            return self.constant(f.eval(a));
        }
        if let (Unary::Negate, Op::Unary(Unary::Negate, inner)) = (f, self.ops[a.index()]) {
            return inner;
        }
        self.push(Op::Unary(f, a))
    }

    /// Applies a function to two values.
    pub fn binary(&mut self, f: Binary, a: Value, b: Value) -> Value {
        let (constant_a, constant_b) = (self.as_constant(a), self.as_constant(b));
        if f == Binary::Power
            && let Some(exponent) = constant_b
            && let Some(power) = self.small_power(a, exponent)
        {
            return power;
        }
        if let (Some(a), Some(b)) = (constant_a, constant_b) {
            return self.constant(f.eval(a, b));
        }
        let is_zero = |c: Option<f64>, zero: f64| c.is_some_and(|c| c.to_bits() == zero.to_bits());
        match f {
            Binary::Add => {
                // x + (−0) is x; x + (−y) is x − y.
                if is_zero(constant_b, -0.0) {
                    return a;
                }
                if is_zero(constant_a, -0.0) {
                    return b;
                }
                if let Op::Unary(Unary::Negate, b) = self.ops[b.index()] {
                    return self.binary(Binary::Subtract, a, b);
                }
                if let Op::Unary(Unary::Negate, a) = self.ops[a.index()] {
                    return self.binary(Binary::Subtract, b, a);
                }
                for (term, other) in [(b, a), (a, b)] {
                    if let Some((factor, x)) = self.doubled(term) {
                        let factor = self.constant(factor);
                        return self.fused(factor, x, other);
                    }
                }
            }
            Binary::Subtract => {
                if is_zero(constant_b, 0.0) {
                    return a;
                }
                if let Op::Unary(Unary::Negate, b) = self.ops[b.index()] {
                    return self.binary(Binary::Add, a, b);
                }
                if let Some((factor, x)) = self.doubled(b) {
                    let factor = self.constant(-factor);
                    return self.fused(factor, x, a);
                }
            }
            Binary::Multiply => {
                for (constant, other) in [(constant_a, b), (constant_b, a)] {
                    match constant {
                        Some(1.0) => return other,
                        Some(-1.0) => return self.unary(Unary::Negate, other),
                        _ => {}
                    }
                }
            }
            Binary::Divide => match constant_b {
                Some(1.0) => return a,
                Some(-1.0) => return self.unary(Unary::Negate, a),
                // Multiplying by the inverse of a power of two gives the same bits as dividing by
                // it.
                Some(b) if is_power_of_two(b) => {
                    let inverse = self.constant(1.0 / b);
                    return self.binary(Binary::Multiply, a, inverse);
                }
                _ => {}
            },
            _ => {}
        }
        let (a, b) = if f.commutes() && b < a { (b, a) } else { (a, b) };
        self.push(Op::Binary(f, a, b))
    }

    /// If the product has a factor ±2, ±4, …, that factor and the other operand.
    fn doubled(&self, product: Value) -> Option<(f64, Value)> {
        let Op::Binary(Binary::Multiply, a, b) = self.ops[product.index()] else { return None };
        [(a, b), (b, a)].into_iter().find_map(|(factor, x)| {
            let factor = self.as_constant(factor)?;
            (is_power_of_two(factor) && factor.abs() > 1.0).then_some((factor, x))
        })
    }

    /// a·b + c with one rounding. It is more exact than a product and a sum. But c − a·b, for
    /// example, may then differ from 0 where c is the rounded product.
    pub fn fused(&mut self, a: Value, b: Value, c: Value) -> Value {
        if let [Some(a), Some(b), Some(c)] = [a, b, c].map(|v| self.as_constant(v)) {
            return self.constant(a.mul_add(b, c));
        }
        let (a, b) = if b < a { (b, a) } else { (a, b) };
        self.push(Op::Fused(a, b, c))
    }

    /// Σ weight·value; nothing if there are no values. Where two weights add up to 1, equal values give this value.
    pub fn weighted_sum(&mut self, terms: &[(Value, f64)]) -> Option<Value> {
        if let [(a, of_a), (b, of_b)] = *terms
            && of_a + of_b == 1.0
        {
            let difference = self.binary(Binary::Subtract, b, a);
            let weight = self.constant(of_b);
            return Some(self.fused(weight, difference, a));
        }
        terms.iter().fold(None, |sum, (value, weight)| {
            let weight = self.constant(*weight);
            let is_one = self.as_constant(weight) == Some(1.0);
            Some(match sum {
                None if is_one => *value,
                None => self.binary(Binary::Multiply, weight, *value),
                Some(sum) if is_one => self.binary(Binary::Add, sum, *value),
                Some(sum) => self.fused(weight, *value, sum),
            })
        })
    }

    /// x^n as a product, for n = −4 … 4.
    fn small_power(&mut self, x: Value, exponent: f64) -> Option<Value> {
        let mut times = |a, b| self.binary(Binary::Multiply, a, b);
        let positive = match exponent.abs() {
            0.0 => return Some(self.constant(1.0)),
            1.0 => x,
            2.0 => times(x, x),
            3.0 => {
                let square = times(x, x);
                times(square, x)
            }
            4.0 => {
                let square = times(x, x);
                times(square, square)
            }
            _ => return None,
        };
        if exponent > 0.0 {
            return Some(positive);
        }
        let one = self.constant(1.0);
        Some(self.binary(Binary::Divide, one, positive))
    }

    /// `condition ≠ 0 ? yes : no`
    pub fn select(&mut self, condition: Value, yes: Value, no: Value) -> Value {
        if let Some(condition) = self.as_constant(condition) {
            return if condition != 0.0 { yes } else { no };
        }
        if yes == no {
            return yes;
        }
        self.push(Op::Select(condition, yes, no))
    }

    /// Calls a native function.
    ///
    /// # Panics
    /// If the number of arguments is not the one that the function takes.
    pub fn native(&mut self, function: &Native, arguments: &[Value]) -> Value {
        assert_eq!(arguments.len(), function.arguments(), "arguments of `{}`", function.name());
        let known: Option<Vec<f64>> = arguments.iter().map(|v| self.as_constant(*v)).collect();
        if let Some(numbers) = known {
            return self.constant(function.eval(&numbers));
        }
        let same = |call: &NativeCall| call.function == *function && call.arguments == arguments;
        let call = self.calls.iter().position(same).unwrap_or_else(|| {
            let (function, arguments) = (function.clone(), arguments.to_vec());
            self.calls.push(NativeCall { function, arguments });
            self.calls.len() - 1
        });
        self.push(Op::Native(call as u32))
    }

    /// Applies a function that expressions can call to real numbers.
    ///
    /// `arguments` holds as many values as the function takes.
    pub fn call(&mut self, function: Function, arguments: &[Value]) -> Value {
        let x = arguments[0];
        match function {
            Function::Unary(f) => self.unary(f, x),
            Function::Binary(f) => self.binary(f, x, arguments[1]),
            Function::Where => self.select(x, arguments[1], arguments[2]),
            Function::Heaviside => {
                let (zero, half, one) =
                    (self.constant(0.0), self.constant(0.5), self.constant(1.0));
                let at_zero = arguments.get(1).copied().unwrap_or(half);
                let is_zero = self.binary(Binary::Equal, x, zero);
                let negative = self.binary(Binary::Less, x, zero);
                let positive = self.binary(Binary::Greater, x, zero);
                // A number that is neither positive, negative nor zero is NaN and stays NaN.
                let otherwise = self.select(is_zero, at_zero, x);
                let otherwise = self.select(negative, zero, otherwise);
                self.select(positive, one, otherwise)
            }
            Function::LogBase => {
                let log = self.unary(Unary::Log, x);
                match arguments.get(1) {
                    None => log,
                    Some(base) => {
                        let base = self.unary(Unary::Log, *base);
                        self.binary(Binary::Divide, log, base)
                    }
                }
            }
            Function::MinOf => self.fold(Binary::Min, arguments),
            Function::MaxOf => self.fold(Binary::Max, arguments),
            Function::Conjugate | Function::RealPart => x,
            Function::ImaginaryPart => self.constant(0.0),
            Function::Angle => {
                let (zero, pi) = (self.constant(0.0), self.constant(std::f64::consts::PI));
                let negative = self.binary(Binary::Less, x, zero);
                self.select(negative, pi, zero)
            }
        }
    }

    fn fold(&mut self, f: Binary, values: &[Value]) -> Value {
        let first = values[0];
        values[1..].iter().fold(first, |a, b| self.binary(f, a, *b))
    }

    fn push(&mut self, op: Op) -> Value {
        let next = Value(self.ops.len() as u32);
        let value = *self.known.entry(key(&op)).or_insert(next);
        if value == next {
            self.ops.push(op);
        }
        value
    }

    /// A value that is 0 or more, or infinity where it is not a number: the larger one of two values would
    /// be the other one there.
    pub fn or_infinity(&mut self, value: Value) -> Value {
        let most = self.constant(f64::MAX);
        let known = self.binary(Binary::LessEqual, value, most);
        let infinity = self.constant(f64::INFINITY);
        self.select(known, value, infinity)
    }

    /// Stores `value` in the next output array.
    pub fn output(&mut self, value: Value) {
        self.outputs.push(Output { value, in_place: None, checked: false });
    }

    /// Stores `value` in the next output array. The array shares the memory of the input
    /// `in_place`, if there is one. If `checked`, every stored number is checked to be finite.
    pub fn output_with(&mut self, value: Value, in_place: Option<usize>, checked: bool) {
        let in_place = in_place.map(|input| input as u32);
        self.outputs.push(Output { value, in_place, checked });
    }

    /// The kernel of one value, which is its only output, and the inputs that it uses, in the order
    /// of their numbers in that kernel. The builder stays as it is.
    pub fn kernel_of(&self, value: Value) -> (Kernel, Vec<usize>) {
        let output = Output { value, in_place: None, checked: false };
        extract(&self.ops, &self.calls, &[output])
    }

    pub(crate) fn calls(&self) -> &[NativeCall] {
        &self.calls
    }

    pub(crate) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The kernel, with those operations that its outputs need, and the inputs that it uses, in the order
    /// of their numbers in the kernel.
    pub fn finish_used(self) -> (Kernel, Vec<usize>) {
        extract(&self.ops, &self.calls, &self.outputs)
    }

    /// The kernel, with those operations that its outputs need.
    pub fn finish(self) -> Kernel {
        let mut needed = vec![false; self.ops.len()];
        for output in &self.outputs {
            needed[output.value.index()] = true;
        }
        for i in (0..self.ops.len()).rev() {
            if needed[i] {
                self.ops[i].operands(&self.calls).for_each(|v| needed[v.index()] = true);
            }
        }
        let mut renamed = vec![Value(0); self.ops.len()];
        let (mut ops, mut calls) = (Vec::new(), Vec::new());
        for (i, op) in self.ops.iter().enumerate().filter(|(i, _)| needed[*i]) {
            renamed[i] = Value(ops.len() as u32);
            let r = |v: Value| renamed[v.index()];
            ops.push(match *op {
                Op::Native(call) => {
                    let NativeCall { function, arguments } = &self.calls[call as usize];
                    let arguments = arguments.iter().map(|v| r(*v)).collect();
                    calls.push(NativeCall { function: function.clone(), arguments });
                    Op::Native(calls.len() as u32 - 1)
                }
                op => op.renamed(r),
            });
        }
        let rename = |o: &Output| Output { value: renamed[o.value.index()], ..*o };
        let outputs: Vec<_> = self.outputs.iter().map(rename).collect();
        debug_assert!(outputs.iter().filter_map(|o| o.in_place).all(|shared| {
            ops.iter().all(|op| match op {
                Op::Load { input, offset } => *input != shared || *offset == [0; 3],
                _ => true,
            })
        }));
        Kernel::new(ops, outputs, calls)
    }
}

/// Whether |x| is a power of two whose inverse is a normal number too.
fn is_power_of_two(x: f64) -> bool {
    const FRACTION: u64 = (1 << 52) - 1;
    x.is_normal() && (1.0 / x).is_normal() && x.to_bits() & FRACTION == 0
}

/// The value of an operation whose operands are known. There is none for parameters, profiles and
/// loads, whose values do not come from operands. `arguments` is working memory for native
/// functions.
pub(crate) fn eval(
    op: &Op,
    calls: &[NativeCall],
    arguments: &mut Vec<f64>,
    at: impl Fn(Value) -> f64,
) -> Option<f64> {
    match *op {
        Op::Constant(value) => Some(value),
        Op::Unary(f, a) => Some(f.eval(at(a))),
        Op::Binary(f, a, b) => Some(f.eval(at(a), at(b))),
        Op::Select(a, b, c) => Some(math::select(at(a), at(b), at(c))),
        Op::Fused(a, b, c) => Some(at(a).mul_add(at(b), at(c))),
        Op::Native(call) => {
            let call = &calls[call as usize];
            arguments.clear();
            arguments.extend(call.arguments.iter().map(|v| at(*v)));
            Some(call.function.eval(arguments))
        }
        Op::Parameter(_) | Op::Profile { .. } | Op::Load { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_operations_are_one() {
        let mut b = Builder::new();
        let (x, y) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
        assert_eq!(b.binary(Binary::Add, x, y), b.binary(Binary::Add, y, x));
        assert_ne!(b.binary(Binary::Subtract, x, y), b.binary(Binary::Subtract, y, x));
    }

    #[test]
    fn rewrites_keep_signed_zeros_and_nan() {
        let mut b = Builder::new();
        let x = b.load(0, [0; 3]);
        let (zero, minus_zero, one) = (b.constant(0.0), b.constant(-0.0), b.constant(1.0));
        assert_eq!(b.binary(Binary::Multiply, x, one), x);
        assert_eq!(b.binary(Binary::Subtract, x, zero), x);
        assert_eq!(b.binary(Binary::Add, x, minus_zero), x);
        assert_ne!(b.binary(Binary::Add, x, zero), x);
        let product = b.binary(Binary::Multiply, x, zero);
        assert_eq!(b.as_constant(product), None);
    }

    #[test]
    fn division_by_a_power_of_two_only_becomes_multiplication() {
        let mut b = Builder::new();
        let x = b.load(0, [0; 3]);
        let (four, three) = (b.constant(4.0), b.constant(3.0));
        let quarter = b.constant(0.25);
        assert_eq!(b.binary(Binary::Divide, x, four), b.binary(Binary::Multiply, x, quarter));
        let third = b.binary(Binary::Divide, x, three);
        assert_eq!(b.ops[third.index()], Op::Binary(Binary::Divide, x, three));
    }

    #[test]
    fn a_power_of_two_times_something_is_added_without_rounding_in_between() {
        let mut b = Builder::new();
        let (x, y) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
        let (minus_four, six) = (b.constant(-4.0), b.constant(6.0));
        let (four_x, six_x) =
            (b.binary(Binary::Multiply, minus_four, x), b.binary(Binary::Multiply, six, x));
        let sum = b.binary(Binary::Add, y, four_x);
        assert_eq!(b.ops[sum.index()], Op::Fused(x, minus_four, y));
        assert_eq!(b.binary(Binary::Add, four_x, y), sum);
        // The product 6x is rounded, so that a fused operation would give other bits.
        let sum = b.binary(Binary::Add, y, six_x);
        assert_eq!(b.ops[sum.index()], Op::Binary(Binary::Add, y, six_x));
        for (x, y) in [(1.0 + f64::EPSILON, -4.0), (1e300, 3e300), (5e-324, 1.0), (-0.0, 0.0)] {
            assert_eq!(x.mul_add(-4.0, y).to_bits(), (y + -4.0 * x).to_bits());
        }
    }

    #[test]
    fn unneeded_operations_are_left_out() {
        let mut b = Builder::new();
        let (x, y) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
        b.binary(Binary::Add, x, y);
        let square = b.binary(Binary::Multiply, y, y);
        b.output(square);
        assert_eq!(b.finish().ops.len(), 2);
    }
}
