//! Tangents of kernels: by how much outputs change when inputs do, to first order (forward mode of
//! automatic differentiation; Griewank & Walther 2008, "Evaluating Derivatives", section 3.1).
//!
//! Operation by operation, the change of a value follows from those of its operands. Where an
//! operation has no derivative, as that of `floor` at a jump, the one beside it is taken.

use std::collections::HashMap;

use crate::builder::Builder;
use crate::derivative::{Local, locals};
use crate::kernel::{Kernel, NativeCall, Op, Value};
use crate::math::Binary;

/// The operations of a kernel with the changes of its values.
pub struct Tangent {
    /// The builder that holds them, so far without outputs.
    pub builder: Builder,
    /// The value of each output of the kernel, and its change; none where it does not change.
    pub outputs: Vec<(Value, Option<Value>)>,
}

impl Tangent {
    /// The tangent of a kernel. `input` gives for each input the number of the input that holds its
    /// change, if it changes, and `parameter` the same for parameters.
    pub fn of(
        kernel: &Kernel,
        input: impl Fn(usize) -> Option<usize>,
        parameter: impl Fn(usize) -> Option<usize>,
    ) -> Self {
        let mut builder = Builder::new();
        let mut values: Vec<(Value, Option<Value>)> = Vec::with_capacity(kernel.ops().len());
        let mut changes: HashMap<Value, Value> = HashMap::new();
        for op in kernel.ops() {
            let primal = |v: Value| values[v.index()].0;
            let value = repeat(&mut builder, kernel, op, primal);
            let change = match *op {
                Op::Load { input: i, offset } => {
                    input(i as usize).map(|change| builder.load(change, offset))
                }
                Op::Parameter(p) => parameter(p as usize).map(|change| builder.parameter(change)),
                _ if kernel.operands(op).all(|v| values[v.index()].1.is_none()) => None,
                _ => {
                    let renamed = match builder.ops()[value.index()] {
                        call @ Op::Native(_) => call,
                        _ => op.renamed(primal),
                    };
                    change(&mut builder, value, renamed, &changes)
                }
            };
            if let Some(change) = change {
                changes.insert(value, change);
            }
            values.push((value, change));
        }
        let outputs = kernel.outputs().iter().map(|output| values[output.value.index()]).collect();
        Tangent { builder, outputs }
    }
}

/// The operation in a builder, on values that were renamed.
fn repeat(
    builder: &mut Builder,
    kernel: &Kernel,
    op: &Op,
    renamed: impl Fn(Value) -> Value,
) -> Value {
    match *op {
        Op::Constant(number) => builder.constant(number),
        Op::Parameter(number) => builder.parameter(number as usize),
        Op::Profile { axis, number } => builder.profile(axis as usize, number as usize),
        Op::Load { input, offset } => builder.load(input as usize, offset),
        Op::Unary(f, a) => builder.unary(f, renamed(a)),
        Op::Binary(f, a, b) => builder.binary(f, renamed(a), renamed(b)),
        Op::Select(a, b, c) => builder.select(renamed(a), renamed(b), renamed(c)),
        Op::Fused(a, b, c) => builder.fused(renamed(a), renamed(b), renamed(c)),
        Op::Native(call) => {
            let NativeCall { function, arguments } = &kernel.calls()[call as usize];
            let arguments: Vec<Value> = arguments.iter().map(|v| renamed(*v)).collect();
            builder.native(function, &arguments)
        }
    }
}

/// The change of an operation's value, from the changes of its operands.
fn change(
    builder: &mut Builder,
    value: Value,
    op: Op,
    changes: &HashMap<Value, Value>,
) -> Option<Value> {
    let mut sum: Option<Value> = None;
    for (operand, local) in locals(builder, value, op) {
        let Some(moved) = changes.get(&operand).copied() else { continue };
        let part = match local {
            Local::Factor(factor) => builder.binary(Binary::Multiply, factor, moved),
            Local::If(condition) => {
                let zero = builder.constant(0.0);
                builder.select(condition, moved, zero)
            }
            Local::Unless(condition) => {
                let zero = builder.constant(0.0);
                builder.select(condition, zero, moved)
            }
        };
        sum = Some(match sum {
            None => part,
            Some(sum) => builder.binary(Binary::Add, sum, part),
        });
    }
    sum
}
