//! A kernel's operation as instructions, and about how many instructions it takes.

use inkwell::values::VectorValue;

use super::emit::Emit;
use crate::kernel::{Kernel, Op, Value};
use crate::math::{self, Lanes};
use crate::rows::rate::Rate;

/// The values of the arguments of a call of a native function.
pub(super) fn arguments<'ctx>(
    kernel: &Kernel,
    call: u32,
    values: &[Option<VectorValue<'ctx>>],
) -> Vec<VectorValue<'ctx>> {
    let arguments = &kernel.calls[call as usize].arguments;
    arguments.iter().map(|v| values[v.index()].expect("operands come first")).collect()
}

/// The instructions of an operation whose operands are known.
pub(super) fn operate<'ctx>(
    emit: &mut Emit<'_, 'ctx>,
    op: &Op,
    at: impl Fn(usize) -> Option<VectorValue<'ctx>>,
) -> VectorValue<'ctx> {
    let at = |v: Value| at(v.index()).expect("operands come first");
    match *op {
        Op::Constant(value) => emit.number(value),
        Op::Unary(f, a) => f.on(emit, at(a)),
        Op::Binary(f, a, b) => f.on(emit, at(a), at(b)),
        Op::Select(a, b, c) => math::select_on(emit, at(a), at(b), at(c)),
        Op::Fused(a, b, c) => emit.fma(at(a), at(b), at(c)),
        Op::Parameter(_) | Op::Profile { .. } | Op::Load { .. } | Op::Native(_) => {
            unreachable!("values from memory are loaded, and native functions are called")
        }
    }
}

/// The number of vectors that are computed together, chosen so that their values fit into
/// registers.
pub(super) fn unroll(kernel: &Kernel, rates: &[Rate]) -> usize {
    let operations = kernel.ops.iter().zip(rates).filter(|(_, rate)| **rate == Rate::Cell);
    match operations.map(|(op, _)| weight(op)).sum() {
        0..=20 => 4,
        21..=60 => 2,
        _ => 1,
    }
}

/// About how many instructions an operation takes.
pub(super) fn weight(op: &Op) -> usize {
    use crate::math::{Binary, Unary};
    match op {
        Op::Unary(
            Unary::Negate
            | Unary::Not
            | Unary::Abs
            | Unary::Sign
            | Unary::Signum
            | Unary::Sqrt
            | Unary::Floor
            | Unary::Ceil
            | Unary::Round,
            _,
        ) => 1,
        Op::Unary(..) | Op::Binary(Binary::Power | Binary::Atan2 | Binary::Hypot, ..) => 30,
        _ => usize::from(op.computes()),
    }
}
