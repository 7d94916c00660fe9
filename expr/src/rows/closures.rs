//! Kernels as closures. Values that are the same for a whole call or row are computed once per call
//! or row, and the others chunk by chunk.

use super::chunk::{CHUNK, Chunk};
use super::each::Width;
use super::rate::{Rate, rates};
use super::step::Step;
use super::step_builder::StepBuilder;
use super::{Backend, Call, Cells, RowFn, Scratch};
use crate::builder::eval;
use crate::kernel::{Kernel, NativeCall, Op};

/// A kernel compiled to closures over chunks of a row.
pub struct Rows {
    /// The operations of the kernel, from which those on scalars are evaluated.
    ops: Vec<Op>,
    /// The indices of the operations that are evaluated once per call.
    per_call: Vec<usize>,
    /// The indices of the operations that are evaluated once per row.
    per_row: Vec<usize>,
    /// The steps that are run on each chunk.
    steps: Vec<Step>,
    /// The outputs that are checked to be finite.
    checked: Vec<usize>,
    registers: usize,
    calls: Vec<NativeCall>,
    width: Width,
}

impl Rows {
    /// Compiles a kernel for the widest vectors that the processor has.
    pub fn compile(kernel: &Kernel) -> Self {
        Rows::with_width(kernel, Width::widest())
    }

    /// The value of an operation on scalars.
    fn scalar(&self, op: &Op, scalars: &[f64], arguments: &mut Vec<f64>) -> f64 {
        eval(op, &self.calls, arguments, |v| scalars[v.index()])
            .expect("parameters and profiles are read, and loads are no scalars")
    }

    fn with_width(kernel: &Kernel, width: Width) -> Self {
        let rates = rates(kernel);
        let at_rate = |rate| (0..kernel.ops.len()).filter(|i| rates[*i] == rate).collect();
        let (steps, registers) = StepBuilder::of(kernel, &rates).finish();
        Rows {
            ops: kernel.ops.clone(),
            per_call: at_rate(Rate::Call),
            per_row: at_rate(Rate::Row),
            steps,
            checked: (0..kernel.outputs.len()).filter(|k| kernel.outputs[*k].checked).collect(),
            registers,
            calls: kernel.calls.clone(),
            width,
        }
    }
}

impl RowFn for Rows {
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool {
        self.reserve(scratch);
        let Scratch { registers, scalars, arguments, .. } = scratch;
        let [rows0, rows1, columns] = cells;
        for &i in &self.per_call {
            scalars[i] = match self.ops[i] {
                Op::Parameter(number) => call.parameters[number as usize],
                ref op => self.scalar(op, scalars, arguments),
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
                        ref op => self.scalar(op, scalars, arguments),
                    };
                }
                let row = row0 * call.pitch[0] as isize + row1 * call.pitch[1] as isize;
                let mut column = columns.0;
                while column < columns.1 {
                    let length = CHUNK.min((columns.1 - column) as usize);
                    let at = row + column;
                    let width = self.width;
                    let mut chunk =
                        Chunk { call, registers, scalars, arguments, width, at, column, length };
                    self.steps.iter().for_each(|step| step(&mut chunk));
                    finite &= self.checked.iter().all(|output| chunk.is_finite(*output));
                    column += length as isize;
                }
            }
        }
        finite
    }

    fn reserve(&self, scratch: &mut Scratch) {
        if scratch.registers.len() < self.registers {
            scratch.registers.resize_with(self.registers, Option::default);
        }
        // A register is also missing if a native function panicked in an earlier call.
        for register in &mut scratch.registers[..self.registers] {
            register.get_or_insert_default();
        }
        let most = self.calls.iter().map(|call| call.arguments.len()).max();
        let arguments = most.map_or(0, |most| most * CHUNK);
        scratch.arguments.reserve(arguments.saturating_sub(scratch.arguments.len()));
        if scratch.scalars.len() < self.ops.len() {
            scratch.scalars.resize(self.ops.len(), 0.0);
        }
    }

    fn backend(&self) -> Backend {
        Backend::Closures
    }
}

#[cfg(test)]
mod tests;
