//! Kernels compiled by LLVM compute what the closures do, to the last bit, for every processor
//! and however the cells are cut into ranges.
#![cfg(feature = "inkwell")]

use std::sync::Arc;

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

fn kernel(choices: Vec<u32>) -> Kernel {
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
        let value = match choices.pick(16) {
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
            _ => {
                let f = BINARY[choices.pick(BINARY.len())];
                let [x, y] = [(); 2].map(|()| any(&mut choices, &values));
                b.binary(f, x, y)
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

    /// Runs a kernel over ranges of cells.
    fn run(&self, rows: &dyn RowFn, ranges: &[Cells]) -> (Vec<u64>, Vec<bool>) {
        let mut memory = self.memory.clone();
        let mut scratch = Scratch::default();
        rows.reserve(&mut scratch);
        let mut finite = Vec::new();
        for cells in ranges {
            let mut call = Call {
                memory: &mut memory,
                inputs: &self.inputs,
                outputs: &self.outputs,
                pitch: self.pitch,
                parameters: &self.parameters,
                profiles: &self.profiles,
                ahead: 0,
            };
            finite.push(rows.run(&mut call, *cells, &mut scratch));
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

fn compiled(kernel: &Kernel) -> Vec<(Target, Arc<LlvmRows>)> {
    let compile = |target: Target| {
        let rows = LlvmRows::compile(kernel, &target).expect("LLVM makes code of this kernel");
        (target, rows)
    };
    let targets = Target::all().into_iter().flat_map(|target| [target.clone(), target.streaming()]);
    targets.map(compile).collect()
}

/// LLVM and closures on one kernel, for every processor.
fn compare(
    choices: Vec<u32>,
    shape: [usize; 3],
    (axis, cuts, leave_out): (usize, Vec<usize>, usize),
    (seed, special): (u64, bool),
) -> Result<(), TestCaseError> {
    let kernel = kernel(choices);
    let setting = Setting::new(&kernel, shape, seed, special);
    let ranges = setting.ranges(axis, &cuts, leave_out);
    let expected = setting.run(&Rows::compile(&kernel), &ranges);
    for (target, rows) in compiled(&kernel) {
        let result = setting.run(&*rows, &ranges);
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

/// Tests of kernels made by so many random decisions, with special values among their numbers or
/// without. Each kind is a test of its own so that they run side by side.
macro_rules! llvm_computes_what_closures_do {
    ($($name:ident: $decisions:expr, $special:expr;)*) => {
        mod llvm_computes_what_closures_do {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig {
                    cases: 125, max_shrink_iters: 200, ..ProptestConfig::default()
                })]
                $(
                    #[test]
                    fn $name(
                        choices in prop::collection::vec(any::<u32>(), $decisions),
                        shape in [1usize..4, 1usize..4, 1usize..77],
                        cuts in (0usize..3, prop::collection::vec(any::<usize>(), 0..4), 0usize..5),
                        seed in any::<u64>(),
                    ) {
                        compare(choices, shape, cuts, (seed, $special))?;
                    }
                )*
            }
        }
    };
}

llvm_computes_what_closures_do! {
    in_kernels_of_less_than_75_decisions: 1..75, false;
    in_kernels_of_less_than_150_decisions: 75..150, false;
    in_kernels_of_less_than_225_decisions: 150..225, false;
    in_kernels_of_less_than_300_decisions: 225..300, false;
    with_special_values_in_kernels_of_less_than_75_decisions: 1..75, true;
    with_special_values_in_kernels_of_less_than_150_decisions: 75..150, true;
    with_special_values_in_kernels_of_less_than_225_decisions: 150..225, true;
    with_special_values_in_kernels_of_less_than_300_decisions: 225..300, true;
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
                assert_eq!(setting.run(&*rows, &ranges).1, expected, "{target:?} {bad} {at}");
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
    assert!(rows.iter().all(|other| Arc::ptr_eq(&rows[0], other)));
    let other = LlvmRows::compile(&heat(false), &Target::host()).unwrap();
    assert!(!Arc::ptr_eq(&rows[0], &other));
}

#[test]
fn kernels_with_closures_are_made_by_closures() {
    let mut b = Builder::new();
    let u = b.load(0, [0; 3]);
    let value = b.native(&Native::new("f", |x: f64| x + 1.0), &[u]);
    b.output(value);
    assert_eq!(Backend::Llvm.compile(&b.finish()).backend(), Backend::Closures);
    assert_eq!(Backend::Llvm.compile(&heat(true)).backend(), Backend::Llvm);
    assert_eq!(Backend::default(), Backend::Llvm);
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
