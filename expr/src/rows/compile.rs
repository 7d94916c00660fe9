//! Kernels to closures: what is the same for the whole call or row is computed once per call or
//! row, the rest block by block.

use super::block::{self, BLOCK, Block, Operand, Step, Target};
use super::each::Width;
use super::{Backend, Call, Cells, RowFn, Scratch};
use crate::builder::eval;
use crate::kernel::{Kernel, Op};
use crate::math::{Binary, Unary, Usual};
use crate::native::Native;

/// A kernel compiled to closures over blocks of a row.
pub struct Rows {
    /// The operations, for those of them that are evaluated as scalars.
    ops: Vec<Op>,
    /// Indices of the operations that are the same for a whole call.
    per_call: Vec<usize>,
    /// Indices of the operations that are the same for a row.
    per_row: Vec<usize>,
    /// What is done in each block.
    steps: Vec<Step>,
    /// Outputs that are checked to be finite.
    checked: Vec<usize>,
    registers: usize,
    natives: Vec<Native>,
    width: Width,
}

/// How often an operation has to be computed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rate {
    Call,
    Row,
    Cell,
}

impl Rows {
    /// Compiles a kernel, for the widest vectors that the processor has.
    pub fn compile(kernel: &Kernel) -> Self {
        Rows::with_width(kernel, Width::widest())
    }

    fn with_width(kernel: &Kernel, width: Width) -> Self {
        let rates = rates(kernel);
        let at_rate = |rate| (0..kernel.ops.len()).filter(|i| rates[*i] == rate).collect();
        let (steps, registers) = Steps::of(kernel, &rates).finish();
        Rows {
            ops: kernel.ops.clone(),
            per_call: at_rate(Rate::Call),
            per_row: at_rate(Rate::Row),
            steps,
            checked: (0..kernel.outputs.len()).filter(|k| kernel.outputs[*k].checked).collect(),
            registers,
            natives: kernel.natives.clone(),
            width,
        }
    }
}

impl RowFn for Rows {
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool {
        self.reserve(scratch);
        let Scratch { registers, scalars, .. } = scratch;
        let [rows0, rows1, columns] = cells;
        for &i in &self.per_call {
            scalars[i] = match self.ops[i] {
                Op::Parameter(number) => call.parameters[number as usize],
                ref op => eval(op, &self.natives, |v| scalars[v.index()]).unwrap_or(f64::NAN),
            };
        }
        let mut finite = true;
        for row0 in rows0.0..rows0.1 {
            for row1 in rows1.0..rows1.1 {
                for &i in &self.per_row {
                    scalars[i] = match self.ops[i] {
                        Op::Profile { axis, number } => {
                            call.profiles[number as usize].at([row0, row1][axis as usize])
                        }
                        ref op => {
                            eval(op, &self.natives, |v| scalars[v.index()]).unwrap_or(f64::NAN)
                        }
                    };
                }
                let row = row0 * call.pitch[0] as isize + row1 * call.pitch[1] as isize;
                let mut column = columns.0;
                while column < columns.1 {
                    let length = BLOCK.min((columns.1 - column) as usize);
                    let at = row + column;
                    let width = self.width;
                    let mut block = Block { call, registers, scalars, width, at, column, length };
                    self.steps.iter().for_each(|step| step(&mut block));
                    finite &= self.checked.iter().all(|output| block.is_finite(*output));
                    column += length as isize;
                }
            }
        }
        finite
    }

    fn reserve(&self, scratch: &mut Scratch) {
        while scratch.registers.len() < self.registers {
            scratch.registers.push(Some(Box::default()));
        }
        if scratch.scalars.len() < self.ops.len() {
            scratch.scalars.resize(self.ops.len(), 0.0);
        }
    }

    fn backend(&self) -> Backend {
        Backend::Closures
    }
}

/// How often each operation has to be computed.
pub(super) fn rates(kernel: &Kernel) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::with_capacity(kernel.ops.len());
    for op in &kernel.ops {
        let rate = match op {
            Op::Profile { axis: 0 | 1, .. } => Rate::Row,
            Op::Profile { .. } | Op::Load { .. } => Rate::Cell,
            op => op.operands().map(|v| rates[v.index()]).max().unwrap_or(Rate::Call),
        };
        rates.push(rate);
    }
    rates
}

/// The steps of a kernel while they are collected.
struct Steps<'a> {
    kernel: &'a Kernel,
    rates: &'a [Rate],
    steps: Vec<Step>,
    /// The register that holds each operation's value.
    registers: Vec<Option<usize>>,
    free: Vec<usize>,
    count: usize,
}

impl<'a> Steps<'a> {
    fn of(kernel: &'a Kernel, rates: &'a [Rate]) -> Self {
        let n = kernel.ops.len();
        // Register 0 is the spare one of outputs that share memory with an operand.
        Steps {
            kernel,
            rates,
            steps: Vec::new(),
            registers: vec![None; n],
            free: Vec::new(),
            count: 1,
        }
    }

    fn finish(mut self) -> (Vec<Step>, usize) {
        let ops = &self.kernel.ops;
        let mut last_use = vec![0; ops.len()];
        for (i, op) in ops.iter().enumerate() {
            op.operands().for_each(|v| last_use[v.index()] = i);
        }
        let mut stored = vec![false; self.kernel.outputs.len()];
        for (i, op) in ops.iter().enumerate() {
            let computed = self.rates[i] == Rate::Cell && op.operands().next().is_some();
            if computed {
                let direct = self.direct_output(i, last_use[i]);
                let target = match direct {
                    Some(output) => {
                        stored[output] = true;
                        Target::Output(output)
                    }
                    None => Target::Register(self.allocate(i)),
                };
                self.steps.push(self.step(op, target));
            }
            for v in op.operands() {
                let needed_later = last_use[v.index()] > i || self.is_output(v.index());
                if !needed_later && let Some(register) = self.registers[v.index()].take() {
                    self.free.push(register);
                }
            }
        }
        // Inputs that are outputs are kept before other outputs take their places.
        for output in &self.kernel.outputs {
            let i = output.value.index();
            if let Op::Load { input, .. } = ops[i]
                && self.registers[i].is_none()
                && self.kernel.outputs.iter().any(|other| other.in_place == Some(input))
            {
                let (value, register) = (self.operand(i), self.allocate(i));
                self.steps.push(block::copy(Target::Register(register), 0, value));
            }
        }
        for (k, output) in self.kernel.outputs.iter().enumerate() {
            if !stored[k] {
                let value = self.operand(output.value.index());
                self.steps.push(block::copy(Target::Output(k), 0, value));
            }
        }
        (self.steps, self.count)
    }

    fn is_output(&self, i: usize) -> bool {
        self.kernel.outputs.iter().any(|output| output.value.index() == i)
    }

    /// The output that operation `i` can be written to at once: its value serves nothing else,
    /// and no later operation reads the memory that is overwritten.
    fn direct_output(&self, i: usize, last_use: usize) -> Option<usize> {
        let outputs = &self.kernel.outputs;
        let mut mine = (0..outputs.len()).filter(|k| outputs[*k].value.index() == i);
        let output = mine.next()?;
        let overwritten = outputs[output].in_place;
        let reads = |op: &Op| {
            op.operands().any(|v| match self.kernel.ops[v.index()] {
                Op::Load { input, .. } => Some(input) == overwritten,
                _ => false,
            })
        };
        // A load that is itself an output is copied at the end, and reads then.
        let copied = outputs.iter().enumerate().any(|(k, o)| {
            k != output
                && matches!(self.kernel.ops[o.value.index()],
                    Op::Load { input, .. } if Some(input) == overwritten)
        });
        let free = mine.next().is_none()
            && last_use <= i
            && !copied
            && !self.kernel.ops[i + 1..].iter().any(reads);
        free.then_some(output)
    }

    fn allocate(&mut self, i: usize) -> usize {
        let register = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.registers[i] = Some(register);
        register
    }

    fn operand(&self, i: usize) -> Operand {
        match (self.kernel.ops[i], self.registers[i]) {
            (_, Some(register)) => Operand::Register(register),
            (Op::Load { input, offset }, _) => {
                Operand::Load { input: input as usize, offset: offset.map(|o| o as isize) }
            }
            (Op::Profile { axis: 2, number }, _) => Operand::Along(number as usize),
            _ => Operand::Scalar(i),
        }
    }

    fn step(&self, op: &Op, target: Target) -> Step {
        match *op {
            Op::Unary(f, a) => unary(f, target, self.operand(a.index())),
            Op::Binary(f, a, b) => {
                binary(f, target, self.operand(a.index()), self.operand(b.index()))
            }
            Op::Select(c, a, b) => {
                block::select(target, 0, [c, a, b].map(|v| self.operand(v.index())))
            }
            Op::Fused(a, b, c) => {
                block::fused(target, 0, [a, b, c].map(|v| self.operand(v.index())))
            }
            Op::Native(f, arguments) => {
                let native = self.kernel.natives[f as usize].clone();
                block::native(native, target, 0, arguments.map(|v| self.operand(v.index())))
            }
            // Only operations with operands become steps.
            Op::Constant(_) | Op::Parameter(_) | Op::Profile { .. } | Op::Load { .. } => {
                Box::new(|_| {})
            }
        }
    }
}

/// A match that gives each function a loop of its own.
macro_rules! loop_of_each {
    ($f:expr, $function:ident, $make:path, $operands:tt, $target:expr, [$($name:ident)*]) => {
        match $f {
            $($function::$name => loop_of_each!(@one $function::$name, $make, $operands, $target),)*
        }
    };
    (@one $f:path, $make:path, ($($operand:ident),*), $target:expr) => {
        $make(
            #[inline(always)]
            |lanes: &mut Usual, [$($operand),*]| $f.on(lanes, $($operand),*),
            #[inline(always)]
            |[$($operand),*]| $f.eval($($operand),*),
            $target,
            0,
            [$($operand),*],
        )
    };
}

fn unary(f: Unary, target: Target, a: Operand) -> Step {
    loop_of_each!(f, Unary, block::unary, (a), target, [
        Negate Not Abs Sign Signum Sqrt Cbrt Exp Expm1 Log Log1p Log2 Log10 Sin Cos Tan Asin Acos
        Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf Gamma Floor Ceil Round
    ])
}

fn binary(f: Binary, target: Target, a: Operand, b: Operand) -> Step {
    loop_of_each!(f, Binary, block::binary, (a, b), target, [
        Add Subtract Multiply Divide Power Remainder Modulo Atan2 Hypot Min Max
        Less LessEqual Greater GreaterEqual Equal NotEqual And Or
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Builder;
    use crate::rows::Profile;

    /// Runs a kernel over one row of `n` cells, cut after `cut` cells. Input k begins at 100·k.
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

    /// u ← u + p·(l + r − 2u)·x, in place or not.
    fn heat(in_place: bool) -> Kernel {
        let mut b = Builder::new();
        // In place, the neighbours come from another array.
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
        // Zeros, subnormals, infinities, NaN, and of all magnitudes, so that rare ones occur.
        let mut numbers =
            vec![0.0, -0.0, 5e-324, 1e-310, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        numbers.extend((0..200).map(|k| f64::from(k - 100) * 0.031));
        numbers.extend(
            (0..200).map(|k| (f64::from(k) * 7.3 - 740.0).exp() * [1.0, -1.0][k as usize % 2]),
        );
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
            // The usual arguments alone, then all.
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
                    // One NaN is as good as another.
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

    /// The bits of a kernel's only operation with operands.
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
        // Output 0 shares input 0's memory, and output 1 still needs input 0.
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
}
