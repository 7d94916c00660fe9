use super::*;
use crate::builder::Builder;
use crate::math::{Binary, Unary};
use crate::rows::Profile;

/// Runs a kernel over one row of `n` cells, which is split after `cut` cells. Input k begins at
/// 100·k.
fn run(kernel: &Kernel, n: isize, cut: isize, memory: &mut [f64], outputs: &[usize]) -> bool {
    let rows = Rows::compile(kernel);
    let mut scratch = Scratch::default();
    let profile = Profile { values: (0..200).map(f64::from).collect(), before: 0 };
    let mut call = Call {
        memory,
        inputs: &[10, 1010],
        outputs,
        pitch: [0, 0],
        parameters: &[2.0],
        profiles: &[profile],
        ahead: 0,
    };
    let first = rows.run(&mut call, [(0, 1), (0, 1), (0, cut)], &mut scratch);
    let second = rows.run(&mut call, [(0, 1), (0, 1), (cut, n)], &mut scratch);
    first && second
}

/// The kernel of u ← u + p·(l + r − 2u)·x. The output shares the memory of u if `in_place`.
fn heat(in_place: bool) -> Kernel {
    let mut b = Builder::new();
    // If the output is in place, the neighbours come from another array.
    let from = usize::from(in_place);
    let (l, r, u) = (b.load(from, [0, 0, -1]), b.load(from, [0, 0, 1]), b.load(0, [0; 3]));
    let (two, p, x) = (b.constant(2.0), b.parameter(0), b.profile(2, 0));
    let sum = b.binary(Binary::Add, l, r);
    let double = b.binary(Binary::Multiply, two, u);
    let lap = b.binary(Binary::Subtract, sum, double);
    let scaled = b.binary(Binary::Multiply, p, lap);
    let along = b.binary(Binary::Multiply, scaled, x);
    let new = b.binary(Binary::Add, u, along);
    b.output_with(new, in_place.then_some(0), true);
    b.finish()
}

fn memory() -> Vec<f64> {
    (0..3000).map(|i| (i as f64 * 0.37).sin()).collect()
}

#[test]
fn a_row_has_the_same_bits_however_it_is_cut() {
    let n = 150;
    for (in_place, output) in [(false, 2010), (true, 10)] {
        let kernel = heat(in_place);
        let old = memory();
        let from = if in_place { 1010 } else { 10 };
        let expected: Vec<f64> = (0..n)
            .map(|i| {
                let u = old[10 + i];
                let lap = old[from + i - 1] + old[from + i + 1] - 2.0 * u;
                u + 2.0 * lap * i as f64
            })
            .collect();
        for cut in [0, 1, 7, 64, 149] {
            let mut memory = old.clone();
            assert!(run(&kernel, n as isize, cut, &mut memory, &[output]));
            assert_eq!(memory[output..output + n], expected[..]);
            assert_eq!(memory[output + n..], old[output + n..]);
        }
    }
}

#[test]
fn every_width_of_vectors_gives_the_same_bits() {
    // Zeros, subnormals, infinities, NaN and numbers of all magnitudes, so that rare arguments
    // occur.
    let mut numbers = vec![0.0, -0.0, 5e-324, 1e-310, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    numbers.extend((0..200).map(|k| f64::from(k - 100) * 0.031));
    numbers
        .extend((0..200).map(|k| (f64::from(k) * 7.3 - 740.0).exp() * [1.0, -1.0][k as usize % 2]));
    let n = numbers.len();
    let kernels = UNARY.iter().map(|f| {
        let mut b = Builder::new();
        let u = b.load(0, [0; 3]);
        let value = b.unary(*f, u);
        (format!("{f:?}"), value, b)
    });
    let two = BINARY.iter().map(|f| {
        let mut b = Builder::new();
        let (u, v) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
        let value = b.binary(*f, u, v);
        (format!("{f:?}"), value, b)
    });
    for (name, value, mut b) in kernels.chain(two) {
        b.output(value);
        let kernel = b.finish();
        // First only usual arguments, then all of them.
        for range in [7..207, 0..n] {
            let mut memory = numbers[range.clone()].to_vec();
            let length = memory.len();
            memory.extend((0..length).map(|i| numbers[range.start + (i * 31 + 5) % length]));
            memory.resize(3 * length, 0.0);
            let bits = |width| {
                let mut memory = memory.clone();
                let mut call = Call {
                    memory: &mut memory,
                    inputs: &[0, length],
                    outputs: &[2 * length],
                    pitch: [0, 0],
                    parameters: &[],
                    profiles: &[],
                    ahead: 0,
                };
                let rows = Rows::with_width(&kernel, width);
                let cells = [(0, 1), (0, 1), (0, length as isize)];
                rows.run(&mut call, cells, &mut Scratch::default());
                // All NaNs count as equal.
                let bits = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
                memory[2 * length..].iter().map(bits).collect::<Vec<_>>()
            };
            let all: Vec<_> = Width::all().into_iter().map(bits).collect();
            for other in &all {
                let differ = (0..length).find(|i| other[*i] != all[0][*i]);
                assert_eq!(differ.map(|i| memory[i]), None, "{name}");
            }
            let scalar = |i: usize| evaluated(&kernel, memory[i], memory[length + i]);
            let differ = (0..length).find(|i| all[0][*i] != scalar(*i));
            assert_eq!(differ.map(|i| memory[i]), None, "{name} as a scalar");
        }
    }
}

#[rustfmt::skip]
const UNARY: [Unary; 30] = { use Unary::*; [
    Negate, Not, Abs, Sign, Signum, Sqrt, Cbrt, Exp, Expm1, Log, Log1p, Log2, Log10, Sin, Cos, Tan,
    Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Gamma, Floor, Ceil, Round,
] };
#[rustfmt::skip]
const BINARY: [Binary; 19] = { use Binary::*; [
    Add, Subtract, Multiply, Divide, Power, Remainder, Modulo, Atan2, Hypot, Min, Max,
    Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual, And, Or,
] };

/// The bits that the kernel's only operation with operands gives.
fn evaluated(kernel: &Kernel, x: f64, y: f64) -> u64 {
    let value = match *kernel.ops.last().unwrap() {
        Op::Unary(f, _) => f.eval(x),
        Op::Binary(f, a, b) => {
            f.eval(if a.index() == 0 { x } else { y }, if b.index() == 0 { x } else { y })
        }
        _ => unreachable!(),
    };
    if value.is_nan() { u64::MAX } else { value.to_bits() }
}

#[test]
fn an_output_is_not_overwritten_before_it_was_read() {
    // Output 0 shares the memory of input 0, which output 1 still needs.
    let mut b = Builder::new();
    let (u, v) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
    let sum = b.binary(Binary::Add, u, v);
    let difference = b.binary(Binary::Subtract, u, v);
    b.output_with(sum, Some(0), false);
    b.output_with(difference, None, false);
    let mut memory = memory();
    let (u, v) = (memory[10], memory[1010]);
    run(&b.finish(), 5, 2, &mut memory, &[10, 2010]);
    assert_eq!((memory[10], memory[2010]), (u + v, u - v));
}

#[test]
fn inputs_may_change_places() {
    let mut b = Builder::new();
    let (u, v) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
    b.output_with(v, Some(0), false);
    b.output_with(u, Some(1), false);
    let mut memory = memory();
    let (u, v) = (memory[12], memory[1012]);
    run(&b.finish(), 5, 2, &mut memory, &[10, 1010]);
    assert_eq!((memory[12], memory[1012]), (v, u));
}

#[test]
fn outputs_may_be_copies_numbers_and_the_same_value() {
    let mut b = Builder::new();
    let (u, one) = (b.load(1, [0; 3]), b.constant(1.0));
    let sum = b.binary(Binary::Add, u, one);
    for value in [u, one, sum, sum] {
        b.output(value);
    }
    let mut memory = memory();
    let u = memory[1012];
    run(&b.finish(), 5, 0, &mut memory, &[2000, 2100, 2200, 2300]);
    assert_eq!([2002, 2102, 2202, 2302].map(|i| memory[i]), [u, 1.0, u + 1.0, u + 1.0]);
}

#[test]
fn what_is_not_finite_is_noticed() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for at in [0, 3, 99] {
            let mut memory = memory();
            memory[10 + at] = bad;
            assert!(!run(&heat(false), 100, 50, &mut memory, &[2010]));
        }
    }
}
