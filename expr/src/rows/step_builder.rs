//! The steps of a kernel: the registers that they use, and the outputs that they write directly.

use std::collections::{HashMap, HashSet};

use super::chunk::{Destination, StepOperand};
use super::rate::Rate;
use super::step::{self, Step};
use crate::kernel::{Kernel, NativeCall, Op};
use crate::math::{Binary, Unary, Usual};

/// Collects the steps of a kernel.
pub(super) struct StepBuilder<'a> {
    kernel: &'a Kernel,
    rates: &'a [Rate],
    steps: Vec<Step>,
    /// The register that holds the value of each operation.
    registers: Vec<Option<usize>>,
    free: Vec<usize>,
    count: usize,
    /// The outputs that each operation is, if it is any.
    outputs: HashMap<usize, Vec<usize>>,
    /// The last operation that uses a load of each input.
    last_reads: HashMap<u32, usize>,
    /// The inputs of which a load is an output.
    copied: HashSet<u32>,
}

impl<'a> StepBuilder<'a> {
    /// Collects the steps of a kernel from its operations.
    pub(super) fn of(kernel: &'a Kernel, rates: &'a [Rate]) -> Self {
        let n = kernel.ops.len();
        let (mut outputs, mut copied): (HashMap<_, Vec<_>>, _) = (HashMap::new(), HashSet::new());
        for (k, output) in kernel.outputs.iter().enumerate() {
            outputs.entry(output.value.index()).or_default().push(k);
            if let Op::Load { input, .. } = kernel.ops[output.value.index()] {
                copied.insert(input);
            }
        }
        let mut last_reads = HashMap::new();
        for (i, op) in kernel.ops.iter().enumerate() {
            for v in kernel.operands(op) {
                if let Op::Load { input, .. } = kernel.ops[v.index()] {
                    last_reads.insert(input, i);
                }
            }
        }
        // Register 0 is the spare register, for outputs that share their memory with an operand.
        StepBuilder {
            kernel,
            rates,
            steps: Vec::new(),
            registers: vec![None; n],
            free: Vec::new(),
            count: 1,
            outputs,
            last_reads,
            copied,
        }
    }

    /// The steps, and the number of registers that they use.
    pub(super) fn finish(mut self) -> (Vec<Step>, usize) {
        let ops = &self.kernel.ops;
        let mut last_use = vec![0; ops.len()];
        for (i, op) in ops.iter().enumerate() {
            self.kernel.operands(op).for_each(|v| last_use[v.index()] = i);
        }
        let mut stored = vec![false; self.kernel.outputs.len()];
        for (i, op) in ops.iter().enumerate() {
            let computed = self.rates[i] == Rate::Cell && op.computes();
            if computed {
                let direct = self.direct_output(i, last_use[i]);
                let destination = match direct {
                    Some(output) => {
                        stored[output] = true;
                        Destination::Output(output)
                    }
                    None => Destination::Register(self.allocate(i)),
                };
                self.steps.push(self.step(op, destination));
            }
            for v in self.kernel.operands(op) {
                let needed_later = last_use[v.index()] > i || self.is_output(v.index());
                if !needed_later && let Some(register) = self.registers[v.index()].take() {
                    self.free.push(register);
                }
            }
        }
        let overwritten: HashSet<u32> =
            self.kernel.outputs.iter().filter_map(|output| output.in_place).collect();
        // Inputs that are outputs themselves are saved in registers before other outputs overwrite
        // them.
        for output in &self.kernel.outputs {
            let i = output.value.index();
            if let Op::Load { input, .. } = ops[i]
                && self.registers[i].is_none()
                && overwritten.contains(&input)
            {
                let (value, register) = (self.operand(i), self.allocate(i));
                self.steps.push(step::copy(Destination::Register(register), 0, value));
            }
        }
        for (k, output) in self.kernel.outputs.iter().enumerate() {
            if !stored[k] {
                let value = self.operand(output.value.index());
                self.steps.push(step::copy(Destination::Output(k), 0, value));
            }
        }
        (self.steps, self.count)
    }

    fn is_output(&self, i: usize) -> bool {
        self.outputs.contains_key(&i)
    }

    /// The output to which operation `i` can be written directly. This requires that its value has
    /// no other use, and that no later operation reads the memory that is overwritten.
    fn direct_output(&self, i: usize, last_use: usize) -> Option<usize> {
        let &[output] = &self.outputs.get(&i)?[..] else { return None };
        let free = self.kernel.outputs[output].in_place.is_none_or(|overwritten| {
            // A load that is itself an output reads the memory only at the end, when it is copied.
            let read_later = self.last_reads.get(&overwritten).is_some_and(|last| *last > i);
            !read_later && !self.copied.contains(&overwritten)
        });
        (free && last_use <= i).then_some(output)
    }

    fn allocate(&mut self, i: usize) -> usize {
        let register = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.registers[i] = Some(register);
        register
    }

    fn operand(&self, i: usize) -> StepOperand {
        match (self.kernel.ops[i], self.registers[i]) {
            (_, Some(register)) => StepOperand::Register(register),
            (Op::Load { input, offset }, _) => {
                StepOperand::Load { input: input as usize, offset: offset.map(|o| o as isize) }
            }
            (Op::Profile { axis: 2, number }, _) => StepOperand::Profile(number as usize),
            _ => StepOperand::Scalar(i),
        }
    }

    fn step(&self, op: &Op, destination: Destination) -> Step {
        match *op {
            Op::Unary(f, a) => unary(f, destination, self.operand(a.index())),
            Op::Binary(f, a, b) => {
                binary(f, destination, self.operand(a.index()), self.operand(b.index()))
            }
            Op::Select(c, a, b) => {
                step::select(destination, 0, [c, a, b].map(|v| self.operand(v.index())))
            }
            Op::Fused(a, b, c) => {
                step::fused(destination, 0, [a, b, c].map(|v| self.operand(v.index())))
            }
            Op::Native(call) => {
                let NativeCall { function, arguments } = &self.kernel.calls[call as usize];
                let operands = arguments.iter().map(|v| self.operand(v.index())).collect();
                step::native(function.clone(), destination, 0, operands)
            }
            Op::Constant(_) | Op::Parameter(_) | Op::Profile { .. } | Op::Load { .. } => {
                unreachable!("only operations that compute something become steps")
            }
        }
    }
}

/// Expands to a match in which each function has a loop of its own.
macro_rules! loop_of_each {
    ($f:expr, $function:ident, $make:path, $operands:tt, $destination:expr, [$($name:ident)*]) => {
        match $f {
            $($function::$name => loop_of_each!(@one $function::$name, $make, $operands, $destination),)*
        }
    };
    (@one $f:path, $make:path, ($($operand:ident),*), $destination:expr) => {
        $make(
            #[inline(always)]
            |lanes: &mut Usual, [$($operand),*]| $f.on(lanes, $($operand),*),
            #[inline(always)]
            |[$($operand),*]| $f.eval($($operand),*),
            $destination,
            0,
            [$($operand),*],
        )
    };
}

fn unary(f: Unary, destination: Destination, a: StepOperand) -> Step {
    loop_of_each!(f, Unary, step::unary, (a), destination, [
        Negate Not Abs Sign Signum Sqrt Cbrt Exp Expm1 Log Log1p Log2 Log10 Sin Cos Tan Asin Acos
        Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf Gamma Floor Ceil Round
    ])
}

fn binary(f: Binary, destination: Destination, a: StepOperand, b: StepOperand) -> Step {
    loop_of_each!(f, Binary, step::binary, (a, b), destination, [
        Add Subtract Multiply Divide Power Remainder Modulo Atan2 Hypot Min Max
        Less LessEqual Greater GreaterEqual Equal NotEqual And Or
    ])
}
