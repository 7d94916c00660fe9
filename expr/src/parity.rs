//! How the outputs of a kernel go on beyond a wall, given how what it loads goes on.

use crate::kernel::{Kernel, NativeCall, Op, Value};
use crate::math::Binary;

/// How a number goes on beyond a wall, in pairs of cells that mirror each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parity {
    /// Both cells of a pair have the same number.
    Even,
    /// The number is 0 at the wall, and the cells of a pair have opposite numbers.
    Odd,
    /// Neither is known.
    Unknown,
}

/// What is known of a number at a wall.
#[derive(Clone, Copy, PartialEq)]
struct Known {
    even: bool,
    /// Its value at the wall.
    value: Option<f64>,
}

impl Known {
    const NOTHING: Known = Known { even: false, value: None };
    const EVEN: Known = Known { even: true, value: None };
    const ODD: Known = Known { even: false, value: Some(0.0) };
}

impl Kernel {
    /// How each output goes on beyond a wall, given how each input (which is loaded in the cell
    /// itself) and each profile does. Parameters are the same everywhere.
    ///
    /// A function of numbers of which some are odd and some even goes on from its value at the
    /// wall, by which it is mirrored as an odd number is by 0. So the square of an odd number is
    /// taken to be odd, since it is 0 at the wall.
    pub fn parities(
        &self,
        input: impl Fn(u32) -> Parity,
        profile: impl Fn(u8, u32) -> Parity,
    ) -> Vec<Parity> {
        let of = |parity| match parity {
            Parity::Even => Known::EVEN,
            Parity::Odd => Known::ODD,
            Parity::Unknown => Known::NOTHING,
        };
        let mut known: Vec<Known> = Vec::with_capacity(self.ops.len());
        for op in &self.ops {
            let at = |v: Value| known[v.index()];
            let found = match op {
                Op::Constant(value) => Known { even: true, value: Some(*value) },
                Op::Parameter(_) => Known::EVEN,
                Op::Profile { axis, number } => of(profile(*axis, *number)),
                Op::Load { input: number, .. } => of(input(*number)),
                op => {
                    let even = self.operands(op).all(|v| at(v).even);
                    Known { even, value: value_at_wall(op, &self.calls, &at) }
                }
            };
            known.push(found);
        }
        let parity = |value: Value| match known[value.index()] {
            Known { even: true, .. } => Parity::Even,
            Known { value: Some(0.0), .. } => Parity::Odd,
            _ => Parity::Unknown,
        };
        self.outputs.iter().map(|output| parity(output.value)).collect()
    }

    /// The outputs in a cell. `load` gives the number of an input at an offset from the cell,
    /// `parameter` and `profile` those of parameters and profiles.
    pub fn outputs_in_cell(
        &self,
        load: impl Fn(u32, [i32; 3]) -> f64,
        parameter: impl Fn(u32) -> f64,
        profile: impl Fn(u8, u32) -> f64,
    ) -> Vec<f64> {
        let mut numbers: Vec<f64> = Vec::with_capacity(self.ops.len());
        for op in &self.ops {
            let at = |v: Value| numbers[v.index()];
            let number = match op {
                Op::Constant(value) => *value,
                Op::Parameter(number) => parameter(*number),
                Op::Profile { axis, number } => profile(*axis, *number),
                Op::Load { input, offset } => load(*input, *offset),
                Op::Unary(f, a) => f.eval(at(*a)),
                Op::Binary(f, a, b) => f.eval(at(*a), at(*b)),
                Op::Select(a, b, c) => {
                    if at(*a) != 0.0 {
                        at(*b)
                    } else {
                        at(*c)
                    }
                }
                Op::Fused(a, b, c) => at(*a).mul_add(at(*b), at(*c)),
                Op::Native(call) => {
                    let NativeCall { function, arguments } = &self.calls[*call as usize];
                    let arguments: Vec<f64> = arguments.iter().map(|v| at(*v)).collect();
                    function.eval(&arguments)
                }
            };
            numbers.push(number);
        }
        self.outputs.iter().map(|output| numbers[output.value.index()]).collect()
    }
}

/// The value of an operation at the wall, as far as it follows from those of its operands.
fn value_at_wall(op: &Op, calls: &[NativeCall], at: &impl Fn(Value) -> Known) -> Option<f64> {
    let value = |v: &Value| at(*v).value;
    let is_zero = |v: &Value| value(v) == Some(0.0);
    match op {
        Op::Unary(f, a) => value(a).map(|a| f.eval(a)),
        Op::Binary(Binary::Multiply, a, b) if is_zero(a) || is_zero(b) => Some(0.0),
        Op::Binary(Binary::Divide, a, b) if is_zero(a) && !is_zero(b) => Some(0.0),
        Op::Binary(f, a, b) => Some(f.eval(value(a)?, value(b)?)),
        Op::Fused(a, b, c) if is_zero(a) || is_zero(b) => value(c),
        Op::Fused(a, b, c) => Some(value(a)?.mul_add(value(b)?, value(c)?)),
        Op::Select(condition, yes, no) => match value(condition) {
            Some(condition) => value(if condition != 0.0 { yes } else { no }),
            None if value(yes) == value(no) => value(yes),
            None => None,
        },
        Op::Native(call) => {
            let NativeCall { function, arguments } = &calls[*call as usize];
            let values: Vec<f64> = arguments.iter().map(value).collect::<Option<_>>()?;
            Some(function.eval(&values))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Builder;
    use crate::math::Unary;

    /// Input 0 is even, input 1 odd, and input 2 unknown.
    fn parity(make: impl Fn(&mut Builder, [Value; 3]) -> Value) -> Parity {
        let mut builder = Builder::new();
        let inputs = [0, 1, 2].map(|input| builder.load(input, [0; 3]));
        let value = make(&mut builder, inputs);
        builder.output(value);
        let input = |input| [Parity::Even, Parity::Odd, Parity::Unknown][input as usize];
        builder.finish().parities(input, |_, _| Parity::Unknown)[0]
    }

    #[test]
    fn functions_of_even_numbers_are_even() {
        assert_eq!(parity(|b, [even, ..]| b.unary(Unary::Exp, even)), Parity::Even);
        let with_time = |b: &mut Builder, [even, ..]: [Value; 3]| {
            let time = b.parameter(0);
            b.binary(Binary::Multiply, even, time)
        };
        assert_eq!(parity(with_time), Parity::Even);
    }

    #[test]
    fn what_is_zero_at_the_wall_is_odd() {
        let product =
            |b: &mut Builder, [even, odd, _]: [Value; 3]| b.binary(Binary::Multiply, even, odd);
        assert_eq!(parity(product), Parity::Odd);
        assert_eq!(parity(|b, [_, odd, any]| b.binary(Binary::Multiply, odd, any)), Parity::Odd);
        assert_eq!(parity(|b, [_, odd, _]| b.unary(Unary::Sin, odd)), Parity::Odd);
        assert_eq!(parity(|b, [even, odd, _]| b.binary(Binary::Divide, odd, even)), Parity::Odd);
        assert_eq!(parity(|b, [_, odd, _]| b.binary(Binary::Multiply, odd, odd)), Parity::Odd);
    }

    #[test]
    fn other_mixtures_are_unknown() {
        assert_eq!(parity(|b, [even, odd, _]| b.binary(Binary::Add, even, odd)), Parity::Unknown);
        assert_eq!(parity(|b, [_, odd, _]| b.unary(Unary::Exp, odd)), Parity::Unknown);
        assert_eq!(parity(|b, [_, odd, _]| b.binary(Binary::Divide, odd, odd)), Parity::Unknown);
        assert_eq!(parity(|b, [.., any]| b.unary(Unary::Abs, any)), Parity::Unknown);
        let with_place = |b: &mut Builder, [even, ..]: [Value; 3]| {
            let place = b.profile(2, 2);
            b.binary(Binary::Multiply, even, place)
        };
        assert_eq!(parity(with_place), Parity::Unknown);
    }

    #[test]
    fn outputs_are_computed_in_a_cell() {
        let mut b = Builder::new();
        let (left, right) = (b.load(0, [0, 0, -1]), b.load(0, [0, 0, 1]));
        let difference = b.binary(Binary::Subtract, right, left);
        let h = b.parameter(0);
        let slope = b.binary(Binary::Divide, difference, h);
        b.output(slope);
        let load = |_, offset: [i32; 3]| (5 + offset[2]) as f64;
        assert_eq!(b.finish().outputs_in_cell(load, |_| 0.5, |_, _| 1.0), [4.0]);
    }
}
