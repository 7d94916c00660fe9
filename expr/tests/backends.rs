//! Kernels compiled by LLVM compute what the closures do, to the last bit, for every processor
//! and however the cells are cut into ranges.
#![cfg(feature = "inkwell")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fluxions_expr::rows::llvm::{LlvmRows, Target};
use fluxions_expr::rows::{Cells, Profile};
use fluxions_expr::{
    Backend, Binary, Builder, Call, Kernel, Native, RowFn, Rows, Scratch, Unary, Value,
};
use proptest::prelude::*;

/// How far kernels look, along each axis.
const REACH: usize = 2;
const INPUTS: usize = 3;

const UNARY: [Unary; 30] = {
    use Unary::*;
    [
        Negate, Not, Abs, Sign, Signum, Sqrt, Cbrt, Exp, Expm1, Log, Log1p, Log2, Log10, Sin, Cos,
        Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Gamma, Floor, Ceil,
        Round,
    ]
};

const BINARY: [Binary; 19] = {
    use Binary::*;
    [
        Add,
        Subtract,
        Multiply,
        Divide,
        Power,
        Atan2,
        Hypot,
        Remainder,
        Modulo,
        Min,
        Max,
        Less,
        LessEqual,
        Greater,
        GreaterEqual,
        Equal,
        NotEqual,
        And,
        Or,
    ]
};

const SPECIAL: [f64; 12] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    5e-324,
    -1e-310,
    f64::MIN_POSITIVE,
    f64::MAX,
    -1e300,
    0.499_999_999_999_999_94,
    4_503_599_627_370_497.5,
];

/// Random decisions; when none are left they are the first ones.
struct Choices(std::vec::IntoIter<u32>);

impl Choices {
    fn pick(&mut self, n: usize) -> usize {
        self.0.next().map_or(0, |choice| choice as usize % n)
    }

    fn offset(&mut self) -> i32 {
        self.pick(2 * REACH + 1) as i32 - REACH as i32
    }
}

/// Native functions of one to six numbers and of a slice, which know the order of their arguments.
fn natives() -> Vec<Native> {
    let add = |sum: f64, x: f64| sum.mul_add(0.75, x);
    vec![
        Native::new("one", |a: f64| if a > 0.0 { a.sqrt() } else { -1.5 * a }),
        Native::new("two", |a: f64, b: f64| a * b.abs() - b),
        Native::new("three", |a: f64, b: f64, c: f64| if a < b { c } else { a / c }),
        Native::new("four", move |a, b, c, d| add(add(add(a, b), c), d)),
        Native::new("five", move |a, b, c, d, e| add(add(add(add(a, b), c), d), e)),
        Native::new("six", move |a, b, c, d, e, f| add(add(add(add(add(a, b), c), d), e), f)),
        Native::of_slice("slice", 3, |x| x[0].max(x[1]) - x[2]),
        Native::of_slice("many", 20, move |x| x.iter().copied().fold(0.0, add)),
    ]
}

/// A random kernel, with calls of native functions if there are some.
fn kernel(choices: Vec<u32>, natives: &[Native]) -> Kernel {
    let mut choices = Choices(choices.into_iter());
    let mut b = Builder::new();
    // Input 0 may be overwritten: it is loaded at offset 0 only.
    let mut values = vec![b.load(0, [0; 3])];
    let operations = 1 + choices.pick(40);
    for _ in 0..operations {
        let any = |choices: &mut Choices, values: &[Value]| {
            // Mostly recent values, so that kernels grow deep.
            let back = choices.pick(2 * values.len()).min(choices.pick(5));
            values[values.len() - 1 - back.min(values.len() - 1)]
        };
        let kinds = if natives.is_empty() { 16 } else { 20 };
        let value = match choices.pick(kinds) {
            0..=2 => {
                let input = 1 + choices.pick(INPUTS - 1);
                let offset = [choices.offset(), choices.offset(), choices.offset()];
                b.load(input, offset)
            }
            3 => {
                let along = choices.offset();
                b.load(1, [0, 0, along])
            }
            4 => b.parameter(choices.pick(3)),
            5 => b.constant([2.0, -0.25, 3.0, 1e-3, f64::INFINITY][choices.pick(5)]),
            6 => b.profile(choices.pick(3), choices.pick(3)),
            7 | 8 => {
                let f = UNARY[choices.pick(UNARY.len())];
                let a = any(&mut choices, &values);
                b.unary(f, a)
            }
            9 => {
                let [c, x, y] = [(); 3].map(|()| any(&mut choices, &values));
                if choices.pick(2) == 0 { b.select(c, x, y) } else { b.fused(c, x, y) }
            }
            10..=12 => {
                let f = BINARY[choices.pick(4)];
                let [x, y] = [(); 2].map(|()| any(&mut choices, &values));
                b.binary(f, x, y)
            }
            13..=15 => {
                let f = BINARY[choices.pick(BINARY.len())];
                let [x, y] = [(); 2].map(|()| any(&mut choices, &values));
                b.binary(f, x, y)
            }
            _ => {
                let f = &natives[choices.pick(natives.len())];
                let arguments: Vec<_> =
                    (0..f.arguments()).map(|_| any(&mut choices, &values)).collect();
                b.native(f, &arguments)
            }
        };
        values.push(value);
    }
    let outputs = 1 + choices.pick(3);
    let in_place = choices.pick(2) == 1;
    for k in 0..outputs {
        let back = choices.pick(values.len()).min(choices.pick(4));
        let value = values[values.len() - 1 - back];
        b.output_with(value, (in_place && k == 0).then_some(0), choices.pick(2) == 1);
    }
    b.finish()
}

/// Arrays and numbers for a kernel.
struct Setting {
    shape: [usize; 3],
    memory: Vec<f64>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    pitch: [usize; 2],
    parameters: Vec<f64>,
    profiles: Vec<Profile>,
}

impl Setting {
    /// Every other time, arrays lie alike with respect to cache lines.
    fn new(kernel: &Kernel, shape: [usize; 3], seed: u64, special: bool) -> Self {
        let mut state = seed | 1;
        let mut number = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if special && state.is_multiple_of(11) {
                return SPECIAL[(state >> 20) as usize % SPECIAL.len()];
            }
            (state >> 11) as f64 / (1_u64 << 51) as f64 - 2.0
        };
        let extent = shape.map(|n| n + 2 * REACH);
        let pitch = [extent[1] * extent[2], extent[2]];
        let length = extent[0] * pitch[0];
        let length = if seed & 2 == 0 { length } else { length.next_multiple_of(8) };
        let start = |array: usize| array * length + REACH * (pitch[0] + pitch[1] + 1);
        let outputs = kernel.outputs().iter().enumerate();
        Setting {
            shape,
            memory: (0..(INPUTS + kernel.outputs().len()) * length).map(|_| number()).collect(),
            inputs: (0..INPUTS).map(start).collect(),
            outputs: outputs
                .map(|(k, output)| start(output.in_place.map_or(INPUTS + k, |i| i as usize)))
                .collect(),
            pitch,
            parameters: (0..3).map(|_| number()).collect(),
            profiles: (0..3)
                .map(|k| Profile { values: (0..k + 80).map(|_| number()).collect(), before: k })
                .collect(),
        }
    }

    fn call<'a>(&'a self, memory: &'a mut [f64]) -> Call<'a> {
        Call {
            memory,
            inputs: &self.inputs,
            outputs: &self.outputs,
            pitch: self.pitch,
            parameters: &self.parameters,
            profiles: &self.profiles,
            ahead: 0,
        }
    }

    /// Runs a kernel over ranges of cells.
    fn run(&self, rows: &dyn RowFn, ranges: &[Cells]) -> (Vec<u64>, Vec<bool>) {
        let mut memory = self.memory.clone();
        let mut scratch = Scratch::default();
        rows.reserve(&mut scratch);
        let mut finite = Vec::new();
        for cells in ranges {
            finite.push(rows.run(&mut self.call(&mut memory), *cells, &mut scratch));
        }
        let bits = |x: &f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
        (memory.iter().map(bits).collect(), finite)
    }

    /// All cells, cut at random along one axis, and some of the parts left out.
    fn ranges(&self, axis: usize, cuts: &[usize], leave_out: usize) -> Vec<Cells> {
        let n = self.shape[axis];
        let mut bounds: Vec<_> = cuts.iter().map(|cut| cut % (n + 1)).collect();
        bounds.extend([0, n]);
        bounds.sort_unstable();
        let mut ranges = Vec::new();
        for (k, pair) in bounds.windows(2).enumerate() {
            let mut cells = self.shape.map(|n| (0, n as isize));
            cells[axis] = (pair[0] as isize, pair[1] as isize);
            if k != leave_out {
                ranges.push(cells);
            }
        }
        ranges
    }
}

fn compiled(kernel: &Kernel) -> Vec<(Target, LlvmRows)> {
    let compile = |target: Target| {
        let rows = LlvmRows::compile(kernel, &target).expect("LLVM makes code of this kernel");
        (target, rows)
    };
    let targets = Target::all().into_iter().flat_map(|target| [target.clone(), target.streaming()]);
    targets.map(compile).collect()
}

/// A random kernel, and where and how it is run.
#[derive(Clone, Debug)]
struct Case {
    choices: Vec<u32>,
    shape: [usize; 3],
    axis: usize,
    cuts: Vec<usize>,
    leave_out: usize,
    seed: u64,
    special: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let choices = prop::collection::vec(any::<u32>(), 1..300);
    let shape = (1usize..4, 1usize..4, 1usize..77).prop_map(|(a, b, c)| [a, b, c]);
    let ranges = (0usize..3, prop::collection::vec(any::<usize>(), 0..4), 0usize..5);
    let make = |(choices, shape, (axis, cuts, leave_out), seed, special)| Case {
        choices,
        shape,
        axis,
        cuts,
        leave_out,
        seed,
        special,
    };
    (choices, shape, ranges, any::<u64>(), any::<bool>()).prop_map(make)
}

/// Whether the code for every target computes what the closures do.
fn agrees(case: Case, natives: &[Native]) -> Result<(), TestCaseError> {
    let kernel = kernel(case.choices, natives);
    let setting = Setting::new(&kernel, case.shape, case.seed, case.special);
    let ranges = setting.ranges(case.axis, &case.cuts, case.leave_out);
    let expected = setting.run(&Rows::compile(&kernel), &ranges);
    for (target, rows) in compiled(&kernel) {
        let result = setting.run(&rows, &ranges);
        let different = result.0.iter().zip(&expected.0).position(|(a, b)| a != b);
        prop_assert!(
            different.is_none() && result.1 == expected.1,
            "{target:?} differs at {different:?}, finite {:?} for {:?}:\n{kernel}",
            result.1,
            expected.1
        );
    }
    Ok(())
}

/// Several tests of 20 cases each, others every time, which a runner can run side by side.
macro_rules! shares {
    ($($name:ident: $natives:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig {
                cases: 20,
                max_shrink_iters: 200,
                ..ProptestConfig::default()
            })]

            $(
                #[test]
                fn $name(case in case()) {
                    agrees(case, &$natives)?;
                }
            )*
        }
    };
}

shares! {
    llvm_computes_what_closures_do_1: [];
    llvm_computes_what_closures_do_2: [];
    llvm_computes_what_closures_do_3: [];
    llvm_computes_what_closures_do_4: [];
    llvm_computes_what_closures_do_5: [];
    llvm_computes_what_closures_do_6: [];
    llvm_computes_what_closures_do_7: [];
    llvm_computes_what_closures_do_8: [];
    llvm_computes_what_closures_do_9: [];
    llvm_computes_what_closures_do_10: [];
    llvm_computes_what_closures_do_11: [];
    llvm_computes_what_closures_do_12: [];
    llvm_calls_native_functions_as_closures_do_1: natives();
    llvm_calls_native_functions_as_closures_do_2: natives();
    llvm_calls_native_functions_as_closures_do_3: natives();
    llvm_calls_native_functions_as_closures_do_4: natives();
    llvm_calls_native_functions_as_closures_do_5: natives();
}

/// u ← u + p·(neighbours − 4u) along axes 1 and 2.
fn heat(checked: bool) -> Kernel {
    let mut b = Builder::new();
    let [w, e, s, n] = [[0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 1, 0]].map(|o| b.load(1, o));
    let (u, four, p) = (b.load(1, [0; 3]), b.constant(4.0), b.parameter(0));
    let (along, across) = (b.binary(Binary::Add, w, e), b.binary(Binary::Add, s, n));
    let sum = b.binary(Binary::Add, along, across);
    let centre = b.binary(Binary::Multiply, four, u);
    let laplace = b.binary(Binary::Subtract, sum, centre);
    let change = b.binary(Binary::Multiply, p, laplace);
    let new = b.binary(Binary::Add, u, change);
    b.output_with(new, None, checked);
    b.finish()
}

#[test]
fn what_is_not_finite_is_noticed_in_every_lane() {
    let kernel = heat(true);
    for (target, rows) in compiled(&kernel) {
        let n = 75;
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for at in 0..n {
                let mut setting = Setting::new(&kernel, [1, 1, n], 7, false);
                setting.parameters[0] = 0.25;
                setting.memory[setting.inputs[1] + at] = bad;
                let ranges = setting.ranges(2, &[], 9);
                let expected = setting.run(&Rows::compile(&kernel), &ranges).1;
                assert_eq!(expected, [false]);
                assert_eq!(setting.run(&rows, &ranges).1, expected, "{target:?} {bad} {at}");
            }
        }
    }
}

#[test]
fn equal_kernels_are_compiled_once() {
    let rows = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| LlvmRows::compile(&heat(true), &Target::host()).unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(rows.iter().all(|other| rows[0].shares_code_with(other)));
    let other = LlvmRows::compile(&heat(false), &Target::host()).unwrap();
    assert!(!rows[0].shares_code_with(&other));
}

/// f(u) along a row, with u in input 0.
fn native(f: &Native) -> Kernel {
    let mut b = Builder::new();
    let u = b.load(0, [0; 3]);
    let value = b.native(f, &[u]);
    b.output(value);
    b.finish()
}

#[test]
fn code_is_shared_by_kernels_of_different_native_functions() {
    let f = native(&Native::new("f", |x: f64| x + 1.0));
    let g = native(&Native::new("g", |x: f64| x - 1.0));
    let [rows_f, rows_g] = [&f, &g].map(|k| LlvmRows::compile(k, &Target::host()).unwrap());
    assert!(rows_f.shares_code_with(&rows_g));
    let setting = Setting::new(&f, [1, 2, 21], 5, false);
    let ranges = setting.ranges(2, &[10], 9);
    for (kernel, rows) in [(&f, &rows_f), (&g, &rows_g)] {
        assert_eq!(setting.run(rows, &ranges), setting.run(&Rows::compile(kernel), &ranges));
    }
    assert_ne!(setting.run(&rows_f, &ranges), setting.run(&rows_g, &ranges));
}

#[test]
fn llvm_makes_code_of_all_kernels() {
    let f = native(&Native::new("f", |x: f64| x + 1.0));
    assert_eq!(Backend::Llvm.compile(&f).backend(), Backend::Llvm);
    assert_eq!(Backend::Llvm.compile(&heat(true)).backend(), Backend::Llvm);
    assert_eq!(Backend::default(), Backend::Llvm);
}

#[test]
fn native_functions_that_do_not_change_along_a_row_are_called_once_a_row() {
    for backend in Backend::ALL {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let f = Native::new("f", move |x: f64| {
            counter.fetch_add(1, Ordering::Relaxed);
            x + 1.0
        });
        let mut b = Builder::new();
        let (u, x) = (b.load(0, [0; 3]), b.profile(1, 0));
        let value = b.native(&f, &[x]);
        let value = b.binary(Binary::Add, u, value);
        b.output(value);
        let kernel = b.finish();
        let rows = backend.compile(&kernel);
        let setting = Setting::new(&kernel, [2, 3, 43], 3, false);
        setting.run(&*rows, &setting.ranges(2, &[], 9));
        assert_eq!(calls.load(Ordering::Relaxed), 2 * 3, "{backend}");
    }
}

#[test]
fn a_panic_of_a_native_function_reaches_the_caller() {
    for backend in Backend::ALL {
        let f = Native::new("picky", |x: f64| {
            assert!(x < 4.0, "{x} is too large");
            x
        });
        let kernel = native(&f);
        let rows = backend.compile(&kernel);
        let good = Setting::new(&kernel, [2, 2, 43], 3, false);
        let ranges = good.ranges(2, &[], 9);
        let expected = good.run(&*rows, &ranges);
        let mut bad = Setting::new(&kernel, [2, 2, 43], 3, false);
        bad.memory[bad.inputs[0] + 17] = 4.5;
        let mut scratch = Scratch::default();
        let mut run = |setting: &Setting| {
            let mut memory = setting.memory.clone();
            let mut call = setting.call(&mut memory);
            rows.run(&mut call, ranges[0], &mut scratch);
            memory
        };
        let panic = catch_unwind(AssertUnwindSafe(|| run(&bad))).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "4.5 is too large", "{backend}");
        // Afterwards all is as before.
        let bits: Vec<_> = run(&good).into_iter().map(f64::to_bits).collect();
        assert_eq!(bits, expected.0, "{backend}");
    }
}

#[test]
#[should_panic(expected = "input 1 of a kernel reaches outside the memory of the call")]
fn reaching_outside_the_memory_panics() {
    let kernel = heat(true);
    let mut setting = Setting::new(&kernel, [1, 1, 20], 1, false);
    setting.memory.truncate(setting.inputs[1] + 20);
    setting.outputs[0] = 0;
    setting.run(&*Backend::Llvm.compile(&kernel), &[[(0, 1), (0, 1), (0, 20)]]);
}

#[test]
#[should_panic(expected = "a kernel is called with too few parameters")]
fn a_missing_parameter_panics() {
    let kernel = heat(true);
    let mut setting = Setting::new(&kernel, [1, 1, 20], 1, false);
    setting.parameters.clear();
    setting.run(&*Backend::Llvm.compile(&kernel), &[[(0, 1), (0, 1), (0, 20)]]);
}
