//! Tangents of random kernels against complex steps: f(x + ih)/i·h has no rounding error worth the name
//! for h = 1e-30 (Squire & Trapp 1998, SIAM Rev. 40, 110).

use fluxions_expr::{Binary, Builder, Kernel, Native, Op, Tangent, Unary, Value};
use num_complex::{Complex64, c64};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const INPUTS: usize = 3;
const PARAMETERS: usize = 2;
const STEP: f64 = 1e-30;

/// What a kernel is made of: which operation comes next, and on which of the values before.
#[derive(Clone, Debug)]
struct Choice {
    operation: usize,
    operands: [usize; 3],
}

const UNARY: [Unary; 18] = [
    Unary::Negate,
    Unary::Abs,
    Unary::Sqrt,
    Unary::Exp,
    Unary::Expm1,
    Unary::Log,
    Unary::Log1p,
    Unary::Log2,
    Unary::Log10,
    Unary::Sin,
    Unary::Cos,
    Unary::Tan,
    Unary::Atan,
    Unary::Sinh,
    Unary::Cosh,
    Unary::Tanh,
    Unary::Cbrt,
    Unary::Floor,
];
const BINARY: [Binary; 10] = [
    Binary::Add,
    Binary::Subtract,
    Binary::Multiply,
    Binary::Divide,
    Binary::Power,
    Binary::Min,
    Binary::Max,
    Binary::Hypot,
    Binary::Less,
    Binary::Modulo,
];

/// A value made tame: between 0.4 and 1.4, smoothly, so that every function has a derivative there.
fn tame(b: &mut Builder, x: Value) -> Value {
    let sine = b.unary(Unary::Sin, x);
    let (scale, middle) = (b.constant(0.5), b.constant(0.9));
    b.fused(scale, sine, middle)
}

fn kernel(choices: &[Choice]) -> Kernel {
    let mut b = Builder::new();
    let mut values: Vec<Value> = (0..INPUTS)
        .flat_map(|input| [[0, 0, 0], [0, 0, 1], [0, -1, 0]].map(|offset| (input, offset)))
        .map(|(input, offset)| b.load(input, offset))
        .collect();
    values.extend((0..PARAMETERS).map(|number| b.parameter(number)));
    values.push(b.profile(2, 0));
    for Choice { operation, operands } in choices {
        let [x, y, z] = operands.map(|k| values[k % values.len()]);
        let [a, c] = [tame(&mut b, x), tame(&mut b, y)];
        values.push(match operation % (UNARY.len() + BINARY.len() + 2) {
            k if k < UNARY.len() => b.unary(UNARY[k], a),
            k if k < UNARY.len() + BINARY.len() => b.binary(BINARY[k - UNARY.len()], a, c),
            k if k == UNARY.len() + BINARY.len() => {
                let condition = b.binary(Binary::Greater, a, c);
                b.select(condition, y, z)
            }
            _ => b.fused(x, a, z),
        });
    }
    let last = values[values.len() - 1];
    b.output(last);
    b.finish()
}

/// The value of a kernel where loads, parameters and the profile are these complex numbers.
fn complex(kernel: &Kernel, load: impl Fn(u32, [i32; 3]) -> Complex64) -> Complex64 {
    let mut values: Vec<Complex64> = Vec::new();
    let truth = |holds: bool| c64(f64::from(u8::from(holds)), 0.0);
    for op in kernel.ops() {
        let at = |v: &Value| values[kernel_index(kernel, *v)];
        let value = match op {
            Op::Constant(number) => c64(*number, 0.0),
            Op::Parameter(number) => parameter(*number),
            Op::Profile { .. } => c64(0.3, 0.0),
            Op::Load { input, offset } => load(*input, *offset),
            Op::Unary(f, x) => unary(*f, at(x)),
            Op::Binary(f, x, y) => {
                let (x, y) = (at(x), at(y));
                match f {
                    Binary::Add => x + y,
                    Binary::Subtract => x - y,
                    Binary::Multiply => x * y,
                    Binary::Divide => x / y,
                    Binary::Power => (x.ln() * y).exp(),
                    Binary::Min => {
                        if x.re < y.re {
                            x
                        } else {
                            y
                        }
                    }
                    Binary::Max => {
                        if x.re > y.re {
                            x
                        } else {
                            y
                        }
                    }
                    Binary::Hypot => (x * x + y * y).sqrt(),
                    Binary::Less => truth(x.re < y.re),
                    Binary::Greater => truth(x.re > y.re),
                    Binary::Equal => truth(x.re == y.re),
                    Binary::Modulo => x - y * (x.re / y.re).floor(),
                    other => unreachable!("{other:?}"),
                }
            }
            Op::Select(condition, yes, no) => {
                if at(condition).re != 0.0 {
                    at(yes)
                } else {
                    at(no)
                }
            }
            Op::Fused(x, y, z) => at(x) * at(y) + at(z),
            Op::Native(_) => unreachable!("there are no native functions"),
        };
        values.push(value);
    }
    values[kernel_index(kernel, kernel.outputs()[0].value)]
}

fn kernel_index(_: &Kernel, value: Value) -> usize {
    // Values print as their numbers.
    let text = format!("{value:?}");
    text.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

fn unary(f: Unary, x: Complex64) -> Complex64 {
    let one = c64(1.0, 0.0);
    match f {
        Unary::Negate => -x,
        Unary::Abs => {
            if x.re < 0.0 {
                -x
            } else {
                x
            }
        }
        Unary::Sqrt => x.sqrt(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.exp() - one,
        Unary::Log => x.ln(),
        Unary::Log1p => (one + x).ln(),
        Unary::Log2 => x.ln() / 2f64.ln(),
        Unary::Log10 => x.ln() / 10f64.ln(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Atan => c64(x.re.atan(), x.im / (1.0 + x.re * x.re)),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Tanh => x.tanh(),
        Unary::Cbrt => (x.ln() / 3.0).exp(),
        Unary::Floor => c64(x.re.floor(), 0.0),
        other => unreachable!("{other:?}"),
    }
}

/// The parameters; both change, with speeds 0.4 and −1.1.
fn parameter(number: u32) -> Complex64 {
    [c64(0.8, 0.4 * STEP), c64(-0.35, -1.1 * STEP)][number as usize]
}

#[test]
fn tangents_are_those_of_complex_steps_for_1000_random_kernels() {
    let choice = (0..64usize, [0..64usize, 0..64, 0..64])
        .prop_map(|(operation, operands)| Choice { operation, operands });
    let numbers = prop::collection::vec(-2.0..2.0f64, 18);
    let all = (prop::collection::vec(choice, 1..24), numbers);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::with_cases(1000), rng);
    let checked = runner.run(&all, |(choices, numbers)| {
        let kernel = kernel(&choices);
        let place = |input: u32, [_, j, k]: [i32; 3]| {
            3 * input as usize + if k != 0 { 1 } else { usize::from(j != 0) * 2 }
        };
        // Of the inputs the last one does not change.
        let moves = |input: usize| input + 1 < INPUTS;
        let speed = |input: u32, offset| match moves(input as usize) {
            true => numbers[9 + place(input, offset)],
            false => 0.0,
        };
        let step = |input, offset| c64(numbers[place(input, offset)], STEP * speed(input, offset));
        let expected = complex(&kernel, step);
        let input = |input: usize| moves(input).then_some(INPUTS + input);
        let tangent = Tangent::of(&kernel, input, |number| Some(PARAMETERS + number));
        let Tangent { mut builder, outputs } = tangent;
        let (value, change) = outputs[0];
        let change = change.unwrap_or_else(|| builder.constant(0.0));
        builder.output(value);
        builder.output(change);
        let found = builder.finish().outputs_in_cell(
            |input, offset| match (input as usize).checked_sub(INPUTS) {
                None => numbers[place(input, offset)],
                Some(moved) => speed(moved as u32, offset),
            },
            |number| match (number as usize).checked_sub(PARAMETERS) {
                None => parameter(number).re,
                Some(moved) => parameter(moved as u32).im / STEP,
            },
            |_, _| 0.3,
        );
        let slope = expected.im / STEP;
        // Where the value is near a jump of `floor` or `modulo`, rounding decides.
        let size = slope.abs().max(1.0);
        prop_assert!(
            (found[1] - slope).abs() <= 1e-12 * size * (1.0 + expected.re.abs()),
            "{} instead of {slope} in\n{kernel}",
            found[1]
        );
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn what_does_not_change_has_no_tangent() {
    let mut b = Builder::new();
    let (x, y) = (b.load(0, [0; 3]), b.load(1, [0, 0, 1]));
    let product = b.binary(Binary::Multiply, x, y);
    let whole = b.unary(Unary::Floor, y);
    let bell = Native::new("bell", |x: f64| (-x * x).exp());
    let called = b.native(&bell, &[y]);
    [x, product, whole, called].into_iter().for_each(|value| b.output(value));
    let kernel = b.finish();
    let changes = |moving: usize| {
        let tangent = Tangent::of(&kernel, |input| (input == moving).then_some(2), |_| None);
        tangent.outputs.iter().map(|(_, change)| change.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(changes(0), [true, true, false, false]);
    assert_eq!(changes(1), [false, true, false, true]);
}
