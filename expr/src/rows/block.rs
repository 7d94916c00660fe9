//! A block: some consecutive cells of one row, and the steps that compute in it.
//!
//! Each step reads operands (registers, loads, numbers) and writes one register or one output;
//! its loop runs over the cells of the block and is vectorised by the compiler.

use super::each::Width;
use super::{Call, Profile};
use crate::math::Usual;
use crate::native::Native;

/// Cells in a block: registers of this many doubles stay in the first-level cache.
pub(super) const BLOCK: usize = 512;

/// The numbers of a block, aligned so that vectors of them do not cross lines of the cache.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Register([f64; BLOCK]);

impl Default for Register {
    fn default() -> Self {
        Register([0.0; BLOCK])
    }
}

/// What a step reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    /// A register: the result of an earlier step.
    Register(usize),
    /// An input at an offset.
    Load { input: usize, offset: [isize; 3] },
    /// A profile along the row.
    Along(usize),
    /// One number for the whole row.
    Scalar(usize),
}

/// What a step writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Register(usize),
    Output(usize),
}

/// A step of a compiled kernel.
pub(super) type Step = Box<dyn Fn(&mut Block<'_, '_>) + Send + Sync>;

/// The state while a block is computed.
pub(super) struct Block<'a, 'c> {
    pub(super) call: &'a mut Call<'c>,
    pub(super) registers: &'a mut [Option<Box<Register>>],
    pub(super) scalars: &'a [f64],
    pub(super) width: Width,
    /// Position in memory of the block's first cell, relative to an array's cell (0, 0, 0).
    pub(super) at: isize,
    /// Index of the block's first cell along the row.
    pub(super) column: isize,
    /// Cells in the block.
    pub(super) length: usize,
}

/// What operands are read from while a target is written.
struct Sources<'a> {
    before: &'a [f64],
    /// Memory from `after_at` on; what lies between is being written.
    after: &'a [f64],
    after_at: usize,
    registers: &'a [Option<Box<Register>>],
    profiles: &'a [Profile],
    inputs: &'a [usize],
    pitch: [usize; 2],
    at: isize,
    column: isize,
    length: usize,
}

impl<'a> Sources<'a> {
    /// The operand's numbers in the block; `None` where it is being written.
    fn get(&self, operand: Operand) -> Option<&'a [f64]> {
        match operand {
            Operand::Register(register) => {
                self.registers[register].as_ref().map(|register| &register.0[..self.length])
            }
            Operand::Along(profile) => Some(self.profiles[profile].from(self.column, self.length)),
            Operand::Load { input, offset } => {
                let offset = offset[0] * self.pitch[0] as isize
                    + offset[1] * self.pitch[1] as isize
                    + offset[2];
                let start = (self.inputs[input] as isize + self.at + offset) as usize;
                if start + self.length <= self.before.len() {
                    Some(&self.before[start..start + self.length])
                } else {
                    let start = start.checked_sub(self.after_at)?;
                    Some(&self.after[start..start + self.length])
                }
            }
            Operand::Scalar(_) => None,
        }
    }
}

impl Block<'_, '_> {
    fn scalar(&self, operand: Operand) -> f64 {
        match operand {
            Operand::Scalar(number) => self.scalars[number],
            _ => f64::NAN,
        }
    }

    /// Calls `compute` with the target's cells and the operands' numbers. Where the target is an
    /// output that shares memory with an operand, `compute` writes to `spare` first.
    fn write<const N: usize>(
        &mut self,
        target: Target,
        spare: usize,
        operands: [Operand; N],
        compute: impl Fn(&mut [f64], [&[f64]; N]),
    ) {
        let (register, output) = match target {
            Target::Register(register) => (register, None),
            Target::Output(output) => {
                let start = (self.call.outputs[output] as isize + self.at) as usize;
                (spare, Some(start..start + self.length))
            }
        };
        if let Some(range) = output.clone() {
            let (before, rest) = self.call.memory.split_at_mut(range.start);
            let (cells, after) = rest.split_at_mut(self.length);
            let sources = Sources {
                before,
                after,
                after_at: range.end,
                registers: self.registers,
                profiles: self.call.profiles,
                inputs: self.call.inputs,
                pitch: self.call.pitch,
                at: self.at,
                column: self.column,
                length: self.length,
            };
            if let Some(numbers) = all(operands.map(|operand| sources.get(operand))) {
                return compute(cells, numbers);
            }
        }
        // Never absent: a step takes one and puts it back.
        let Some(mut taken) = self.registers[register].take() else { return };
        let cells = &mut taken.0[..self.length];
        let sources = Sources {
            before: self.call.memory,
            after: &[],
            after_at: usize::MAX,
            registers: self.registers,
            profiles: self.call.profiles,
            inputs: self.call.inputs,
            pitch: self.call.pitch,
            at: self.at,
            column: self.column,
            length: self.length,
        };
        if let Some(numbers) = all(operands.map(|operand| sources.get(operand))) {
            compute(cells, numbers);
        }
        if let Some(range) = output {
            self.call.memory[range].copy_from_slice(cells);
        }
        self.registers[register] = Some(taken);
    }

    /// Whether the block's cells of an output are all finite.
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

fn is_scalar(operand: Operand) -> bool {
    matches!(operand, Operand::Scalar(_))
}

/// A step that copies an operand.
pub(super) fn copy(target: Target, spare: usize, a: Operand) -> Step {
    if is_scalar(a) {
        return Box::new(move |block| {
            let a = block.scalar(a);
            block.write(target, spare, [], |cells, []| cells.fill(a));
        });
    }
    Box::new(move |block| block.write(target, spare, [a], |cells, [a]| cells.copy_from_slice(a)))
}

/// A step that applies a function of one number, given twice as in [`Width::each`]. The operand is
/// no scalar.
pub(super) fn unary<U, E>(usual: U, exact: E, target: Target, spare: usize, a: [Operand; 1]) -> Step
where
    U: Fn(&mut Usual, [f64; 1]) -> f64 + Copy + Send + Sync + 'static,
    E: Fn([f64; 1]) -> f64 + Copy + Send + Sync + 'static,
{
    Box::new(move |block| {
        let width = block.width;
        block.write(target, spare, a, |cells, a| width.each(cells, a, usual, exact));
    })
}

/// A step that applies a function of two numbers, given twice. Not both operands are scalars.
pub(super) fn binary<U, E>(
    usual: U,
    exact: E,
    target: Target,
    spare: usize,
    [a, b]: [Operand; 2],
) -> Step
where
    U: Fn(&mut Usual, [f64; 2]) -> f64 + Copy + Send + Sync + 'static,
    E: Fn([f64; 2]) -> f64 + Copy + Send + Sync + 'static,
{
    match (is_scalar(a), is_scalar(b)) {
        (true, _) => Box::new(move |block| {
            let (width, a) = (block.width, block.scalar(a));
            block.write(target, spare, [b], move |cells, b| {
                width.each(
                    cells,
                    b,
                    #[inline(always)]
                    move |lanes, [b]| usual(lanes, [a, b]),
                    #[inline(always)]
                    move |[b]| exact([a, b]),
                );
            });
        }),
        (_, true) => Box::new(move |block| {
            let (width, b) = (block.width, block.scalar(b));
            block.write(target, spare, [a], move |cells, a| {
                width.each(
                    cells,
                    a,
                    #[inline(always)]
                    move |lanes, [a]| usual(lanes, [a, b]),
                    #[inline(always)]
                    move |[a]| exact([a, b]),
                );
            });
        }),
        _ => Box::new(move |block| {
            let width = block.width;
            block.write(target, spare, [a, b], |cells, rows| {
                width.each(cells, rows, usual, exact);
            });
        }),
    }
}

/// A step that calls a function that the program brought along. Not all operands are scalars.
pub(super) fn native(function: Native, target: Target, spare: usize, of: [Operand; 3]) -> Step {
    let along = of.iter().copied().find(|operand| !is_scalar(*operand));
    Box::new(move |block| {
        let Some(along) = along else { return };
        let scalars = of.map(|operand| is_scalar(operand).then(|| block.scalar(operand)));
        // Scalars are read from a row that is there, and not used.
        let rows = of.map(|operand| if is_scalar(operand) { along } else { operand });
        block.write(target, spare, rows, |cells, rows| {
            for (i, cell) in cells.iter_mut().enumerate() {
                let at = |k: usize| scalars[k].unwrap_or(rows[k][i]);
                *cell = function.eval([at(0), at(1), at(2)]);
            }
        });
    })
}

/// A step that chooses between two operands by a third.
pub(super) fn select(target: Target, spare: usize, [c, a, b]: [Operand; 3]) -> Step {
    use crate::math::select;
    match [is_scalar(c), is_scalar(a), is_scalar(b)] {
        [true, _, _] => Box::new(move |block| {
            let chosen = if block.scalar(c) != 0.0 { a } else { b };
            if is_scalar(chosen) {
                let value = block.scalar(chosen);
                return block.write(target, spare, [], |cells, []| cells.fill(value));
            }
            block.write(target, spare, [chosen], |cells, [a]| cells.copy_from_slice(a));
        }),
        [_, true, true] => Box::new(move |block| {
            let (width, a, b) = (block.width, block.scalar(a), block.scalar(b));
            block.write(target, spare, [c], |cells, rows| {
                width.each_simple(cells, rows, move |[c]| select(c, a, b));
            });
        }),
        [_, true, false] => Box::new(move |block| {
            let (width, a) = (block.width, block.scalar(a));
            block.write(target, spare, [c, b], |cells, rows| {
                width.each_simple(cells, rows, move |[c, b]| select(c, a, b));
            });
        }),
        [_, false, true] => Box::new(move |block| {
            let (width, b) = (block.width, block.scalar(b));
            block.write(target, spare, [c, a], |cells, rows| {
                width.each_simple(cells, rows, move |[c, a]| select(c, a, b));
            });
        }),
        [_, false, false] => Box::new(move |block| {
            let width = block.width;
            block.write(target, spare, [c, a, b], |cells, rows| {
                width.each_simple(cells, rows, |[c, a, b]| select(c, a, b));
            });
        }),
    }
}

/// A step that adds the product of two operands to a third with one rounding. Not all operands are
/// scalars.
pub(super) fn fused(target: Target, spare: usize, [a, b, c]: [Operand; 3]) -> Step {
    // Of the factors the scalar comes first.
    let (a, b) = if is_scalar(b) { (b, a) } else { (a, b) };
    match [is_scalar(a), is_scalar(b), is_scalar(c)] {
        [true, true, _] => Box::new(move |block| {
            let (width, a, b) = (block.width, block.scalar(a), block.scalar(b));
            block.write(target, spare, [c], |cells, rows| {
                width.each_simple(cells, rows, move |[c]| a.mul_add(b, c));
            });
        }),
        [true, false, true] => Box::new(move |block| {
            let (width, a, c) = (block.width, block.scalar(a), block.scalar(c));
            block.write(target, spare, [b], |cells, rows| {
                width.each_simple(cells, rows, move |[b]| a.mul_add(b, c));
            });
        }),
        [true, false, false] => Box::new(move |block| {
            let (width, a) = (block.width, block.scalar(a));
            block.write(target, spare, [b, c], |cells, rows| {
                width.each_simple(cells, rows, move |[b, c]| a.mul_add(b, c));
            });
        }),
        [false, _, true] => Box::new(move |block| {
            let (width, c) = (block.width, block.scalar(c));
            block.write(target, spare, [a, b], |cells, rows| {
                width.each_simple(cells, rows, move |[a, b]| a.mul_add(b, c));
            });
        }),
        [false, _, false] => Box::new(move |block| {
            let width = block.width;
            block.write(target, spare, [a, b, c], |cells, rows| {
                width.each_simple(cells, rows, |[a, b, c]| a.mul_add(b, c));
            });
        }),
    }
}
