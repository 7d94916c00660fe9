//! Chunks: consecutive cells of one row, on which the steps of a kernel are run one after the
//! other.
//!
//! Each step reads operands (registers, loads and numbers) and writes one register or one output.
//! Its loop runs over the cells of the chunk and is vectorised by the compiler.

use super::each::Width;
use super::{Call, Profile};

/// The number of cells in a chunk. Registers of this many doubles stay in the first-level cache.
pub(super) const CHUNK: usize = 512;

/// The numbers of a chunk, aligned so that vectors of them do not cross cache lines.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Register([f64; CHUNK]);

impl Default for Register {
    fn default() -> Self {
        Register([0.0; CHUNK])
    }
}

/// An operand of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StepOperand {
    /// A register: the result of an earlier step.
    Register(usize),
    /// An input at an offset from the cell.
    Load { input: usize, offset: [isize; 3] },
    /// A profile that runs along the row.
    Profile(usize),
    /// A number that is the same for the whole row.
    Scalar(usize),
}

/// The register or output that a step writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Destination {
    Register(usize),
    Output(usize),
}

/// The state while a chunk is computed.
pub(super) struct Chunk<'a, 'c> {
    pub(super) call: &'a mut Call<'c>,
    pub(super) registers: &'a mut [Option<Box<Register>>],
    pub(super) scalars: &'a [f64],
    /// Working memory for the arguments of native functions.
    pub(super) arguments: &'a mut Vec<f64>,
    pub(super) width: Width,
    /// The position in memory of the chunk's first cell, relative to the cell (0, 0, 0) of an
    /// array.
    pub(super) at: isize,
    /// The index of the chunk's first cell along the row.
    pub(super) column: isize,
    /// The number of cells in the chunk.
    pub(super) length: usize,
}

/// The place of the chunk, and what is the same for all of its steps.
#[derive(Clone, Copy)]
struct Frame<'a> {
    inputs: &'a [usize],
    profiles: &'a [Profile],
    pitch: [usize; 2],
    at: isize,
    column: isize,
    length: usize,
}

/// The numbers from which operands are read while a destination is written.
struct Readable<'a> {
    before: &'a [f64],
    /// The memory from `after_at` on. The memory between `before` and this is being written.
    after: &'a [f64],
    after_at: usize,
    registers: &'a [Option<Box<Register>>],
    frame: Frame<'a>,
}

impl<'a> Readable<'a> {
    /// The operand's numbers in the chunk. `None` for scalars, and for numbers that are being
    /// written.
    fn get(&self, operand: StepOperand) -> Option<&'a [f64]> {
        let Frame { inputs, profiles, pitch, at, column, length } = self.frame;
        match operand {
            StepOperand::Register(register) => {
                self.registers[register].as_ref().map(|register| &register.0[..length])
            }
            StepOperand::Profile(profile) => Some(profiles[profile].from(column, length)),
            StepOperand::Load { input, offset } => {
                let offset =
                    offset[0] * pitch[0] as isize + offset[1] * pitch[1] as isize + offset[2];
                let start = (inputs[input] as isize + at + offset) as usize;
                if start + length <= self.before.len() {
                    Some(&self.before[start..start + length])
                } else {
                    let start = start.checked_sub(self.after_at)?;
                    Some(&self.after[start..start + length])
                }
            }
            StepOperand::Scalar(_) => None,
        }
    }
}

impl<'c> Chunk<'_, 'c> {
    fn frame(&self) -> Frame<'c> {
        Frame {
            inputs: self.call.inputs,
            profiles: self.call.profiles,
            pitch: self.call.pitch,
            at: self.at,
            column: self.column,
            length: self.length,
        }
    }

    /// The number of a scalar operand.
    pub(super) fn scalar(&self, operand: StepOperand) -> f64 {
        let StepOperand::Scalar(number) = operand else {
            unreachable!("steps are made for operands that are scalars or are not")
        };
        self.scalars[number]
    }

    /// The numbers from which operands are read while nothing in memory is written.
    fn readable(&self) -> Readable<'_> {
        Readable {
            before: self.call.memory,
            after: &[],
            after_at: usize::MAX,
            registers: self.registers,
            frame: self.frame(),
        }
    }

    /// Copies the operand's numbers to a row that is as long as the chunk.
    pub(super) fn read(&self, operand: StepOperand, row: &mut [f64]) {
        match self.readable().get(operand) {
            Some(numbers) => row.copy_from_slice(numbers),
            None => row.fill(self.scalar(operand)),
        }
    }

    /// Calls `compute` with the destination's cells and the operands' numbers. Where the
    /// destination is an output that shares its memory with an operand, `compute` writes to the
    /// register `spare`, which is copied afterwards.
    pub(super) fn write<const N: usize>(
        &mut self,
        destination: Destination,
        spare: usize,
        operands: [StepOperand; N],
        compute: impl Fn(&mut [f64], [&[f64]; N]),
    ) {
        let (register, output) = match destination {
            Destination::Register(register) => (register, None),
            Destination::Output(output) => {
                let start = (self.call.outputs[output] as isize + self.at) as usize;
                (spare, Some(start..start + self.length))
            }
        };
        if let Some(range) = output.clone() {
            let frame = self.frame();
            let (before, rest) = self.call.memory.split_at_mut(range.start);
            let (cells, after) = rest.split_at_mut(self.length);
            let readable =
                Readable { before, after, after_at: range.end, registers: self.registers, frame };
            if let Some(numbers) = all(operands.map(|operand| readable.get(operand))) {
                return compute(cells, numbers);
            }
        }
        let mut taken = self.registers[register].take().expect("each step puts back what it takes");
        let cells = &mut taken.0[..self.length];
        let readable = self.readable();
        let numbers = all(operands.map(|operand| readable.get(operand)));
        compute(
            cells,
            numbers.expect(
                "operands lie within the memory, and no step reads the register that it writes",
            ),
        );
        if let Some(range) = output {
            self.call.memory[range].copy_from_slice(cells);
        }
        self.registers[register] = Some(taken);
    }

    /// Whether all cells of an output in the chunk are finite.
    pub(super) fn is_finite(&self, output: usize) -> bool {
        let start = (self.call.outputs[output] as isize + self.at) as usize;
        self.width.are_finite(&self.call.memory[start..start + self.length])
    }
}

fn all<const N: usize>(operands: [Option<&[f64]>; N]) -> Option<[&[f64]; N]> {
    let mut numbers: [&[f64]; N] = [&[]; N];
    for (number, operand) in numbers.iter_mut().zip(operands) {
        *number = operand?;
    }
    Some(numbers)
}
