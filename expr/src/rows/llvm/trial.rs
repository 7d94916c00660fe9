//! A trial of new code on one small block of cells. The results are compared bit by bit with those
//! of the closures.
//!
//! The trial reveals an unexpected processor, operating system or LLVM before any result is
//! computed.

use super::jit::Code;
use crate::kernel::{Kernel, NativeCall, Op};
use crate::native::Native;
use crate::rows::{Call, Profile, RowFn, Rows, Scratch};

/// The cells of the trial: a few rows, with columns enough for groups of vectors and for a rest.
const CELLS: [(isize, isize); 3] = [(1, 3), (2, 5), (3, 3 + 32 + 11)];

/// Whether the code computes what the closures compute. The native functions may not be defined for
/// the numbers of the trial, so others are used in their place.
pub(super) fn agrees(kernel: &Kernel, code: &Code) -> bool {
    let mut kernel = kernel.clone();
    kernel.calls = kernel.calls.iter().map(stand_in).collect();
    let kernel = &kernel;
    let natives: Vec<_> = kernel.calls.iter().map(|call| call.function.clone()).collect();
    let (mut inputs, mut parameters, mut profiles, mut reach) = (0, 0, 0, [0; 3]);
    for op in &kernel.ops {
        match *op {
            Op::Load { input, offset } => {
                inputs = inputs.max(input as usize + 1);
                for axis in 0..3 {
                    reach[axis] = reach[axis].max(offset[axis].unsigned_abs() as usize);
                }
            }
            Op::Parameter(number) => parameters = parameters.max(number as usize + 1),
            Op::Profile { number, .. } => profiles = profiles.max(number as usize + 1),
            _ => {}
        }
    }
    for output in &kernel.outputs {
        inputs = inputs.max(output.in_place.map_or(0, |input| input as usize + 1));
    }
    let extent = [0, 1, 2].map(|axis| CELLS[axis].1 as usize + 2 * reach[axis]);
    let pitch = [extent[1] * extent[2], extent[2]];
    let origin = reach[0] * pitch[0] + reach[1] * pitch[1] + reach[2];
    // All arrays have the same alignment to cache lines.
    let length = (extent[0] * pitch[0]).next_multiple_of(8);
    let start = |array: usize| array * length + origin;

    let mut numbers = numbers();
    let arrays = inputs + kernel.outputs.len();
    let mut memory: Vec<f64> = numbers.by_ref().take(arrays * length).collect();
    let outputs: Vec<_> = (kernel.outputs.iter().enumerate())
        .map(|(k, output)| start(output.in_place.map_or(inputs + k, |input| input as usize)))
        .collect();
    let inputs: Vec<_> = (0..inputs).map(start).collect();
    let parameters: Vec<_> = numbers.by_ref().take(parameters).collect();
    let profiles: Vec<_> = (0..profiles)
        .map(|_| Profile { values: numbers.by_ref().take(64).collect(), before: 2 })
        .collect();

    let mut expected = memory.clone();
    let run = |memory: &mut [f64], run: &dyn Fn(&mut Call<'_>, &mut Scratch) -> bool| {
        let mut call = Call {
            memory,
            inputs: &inputs,
            outputs: &outputs,
            pitch,
            parameters: &parameters,
            profiles: &profiles,
            ahead: 0,
        };
        run(&mut call, &mut Scratch::default())
    };
    let closures = Rows::compile(kernel);
    let finite =
        run(&mut memory, &|call, scratch| code.run(call, CELLS, &natives, &mut scratch.addresses));
    let expected_finite = run(&mut expected, &|call, scratch| closures.run(call, CELLS, scratch));
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    finite == expected_finite && memory.iter().zip(&expected).all(same)
}

/// A call of a function in which each argument has a weight of its own.
fn stand_in(call: &NativeCall) -> NativeCall {
    let weighted = |x: &[f64]| x.iter().fold(0.5, |sum, x| 0.75 * sum + x);
    let function = Native::of_slice(call.function.name(), call.arguments.len(), weighted);
    NativeCall { function, arguments: call.arguments.clone() }
}

/// Pseudorandom numbers between −2 and 2.
fn numbers() -> impl Iterator<Item = f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some((state >> 11) as f64 / (1_u64 << 51) as f64 - 2.0)
    })
}
