//! A kernel: what is computed in every cell, as a flat list of operations.
//!
//! Values are numbered in the order of their operations, and an operation uses only earlier values.
//! A kernel knows nothing of grids: it loads inputs at offsets from the cell in which it runs. Back
//! ends (rows/) compile it to a function over ranges of rows.

use std::fmt;

use crate::math::{Binary, Unary};
use crate::native::Native;

/// The number of an operation's value within its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub(crate) u32);

impl Value {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// A number.
    Constant(f64),
    /// A number that is given with each call: the time, the step size or the result of a reduction.
    Parameter(u32),
    /// A number that depends on the index along one axis only, such as a coordinate or a metric
    /// factor.
    Profile {
        /// The axis, 0 to 2; 2 runs along the row.
        axis: u8,
        /// The number of the profile among those that are given with each call.
        number: u32,
    },
    /// The value of an input in a cell near this one.
    Load {
        /// The number of the input.
        input: u32,
        /// The indices of the loaded cell minus those of the kernel's cell.
        offset: [i32; 3],
    },
    /// A function of one value.
    Unary(Unary, Value),
    /// A function of two values.
    Binary(Binary, Value, Value),
    /// `condition ≠ 0 ? yes : no`
    Select(Value, Value, Value),
    /// The product of two values plus a third value, rounded once.
    Fused(Value, Value, Value),
    /// A call of a native function. The number refers to [`Kernel::calls`].
    Native(u32),
}

impl Op {
    /// The values that the operation uses. `calls` are the kernel's calls of native functions.
    pub(crate) fn operands<'a>(&self, calls: &'a [NativeCall]) -> impl Iterator<Item = Value> + 'a {
        let (used, arguments): ([Option<Value>; 3], &[Value]) = match *self {
            Op::Unary(_, a) => ([Some(a), None, None], &[]),
            Op::Binary(_, a, b) => ([Some(a), Some(b), None], &[]),
            Op::Select(a, b, c) | Op::Fused(a, b, c) => ([Some(a), Some(b), Some(c)], &[]),
            Op::Native(call) => ([None; 3], &calls[call as usize].arguments),
            Op::Constant(_) | Op::Parameter(_) | Op::Profile { .. } | Op::Load { .. } => {
                ([None; 3], &[])
            }
        };
        used.into_iter().flatten().chain(arguments.iter().copied())
    }

    /// The operation with the values that it uses renamed. Calls of native functions stay as they
    /// are, since their values stand in the list of calls.
    pub(crate) fn renamed(self, r: impl Fn(Value) -> Value) -> Op {
        match self {
            Op::Unary(f, a) => Op::Unary(f, r(a)),
            Op::Binary(f, a, b) => Op::Binary(f, r(a), r(b)),
            Op::Select(a, b, c) => Op::Select(r(a), r(b), r(c)),
            Op::Fused(a, b, c) => Op::Fused(r(a), r(b), r(c)),
            leaf => leaf,
        }
    }

    /// Whether the operation is arithmetic, and not a number or a load.
    pub(crate) fn computes(&self) -> bool {
        match self {
            Op::Unary(..) | Op::Binary(..) | Op::Select(..) | Op::Fused(..) | Op::Native(_) => true,
            Op::Constant(_) | Op::Parameter(_) | Op::Profile { .. } | Op::Load { .. } => false,
        }
    }
}

/// A call of a native function.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeCall {
    /// The function.
    pub function: Native,
    /// The values of the arguments, as many as the function takes.
    pub arguments: Vec<Value>,
}

/// An output of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// The value that is stored.
    pub value: Value,
    /// The input that shares the output's memory, if any. Such an input is loaded at offset 0 only.
    pub in_place: Option<u32>,
    /// Whether every stored number is checked to be finite.
    pub checked: bool,
}

/// What is computed in every cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    pub(crate) ops: Vec<Op>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) calls: Vec<NativeCall>,
    /// How the kernel loads each input, as far as it loads any.
    loads: Vec<Option<Loaded>>,
}

/// How a kernel loads an input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Loaded {
    reach: [[usize; 2]; 3],
    corners: bool,
}

impl Kernel {
    pub(crate) fn new(ops: Vec<Op>, outputs: Vec<Output>, calls: Vec<NativeCall>) -> Self {
        let mut loads: Vec<Option<Loaded>> = Vec::new();
        for op in &ops {
            let Op::Load { input, offset } = *op else { continue };
            if loads.len() <= input as usize {
                loads.resize(input as usize + 1, None);
            }
            let loaded = loads[input as usize].get_or_insert_default();
            for (axis, o) in offset.into_iter().enumerate() {
                let reach = &mut loaded.reach[axis][usize::from(o > 0)];
                *reach = (*reach).max(o.unsigned_abs() as usize);
            }
            loaded.corners |= offset.iter().filter(|o| **o != 0).count() > 1;
        }
        Kernel { ops, outputs, calls, loads }
    }

    fn loaded(&self, input: u32) -> Option<Loaded> {
        self.loads.get(input as usize).copied().flatten()
    }

    /// The operations, in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The calls of native functions, in the order of the numbers that operations give them.
    pub fn calls(&self) -> &[NativeCall] {
        &self.calls
    }

    /// The values that operation `op` uses.
    pub(crate) fn operands(&self, op: &Op) -> impl Iterator<Item = Value> {
        op.operands(&self.calls)
    }

    /// The outputs, in the order of the output arrays of a call.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The number of operations that compute something. Loads, constants and parameters do not
    /// count.
    pub fn arithmetic_operations(&self) -> usize {
        self.ops.iter().filter(|op| op.computes()).count()
    }

    /// How many cells away from its own the kernel loads `input`, towards the lower and the higher
    /// indices of each axis.
    pub fn reach(&self, input: u32) -> [[usize; 2]; 3] {
        self.loaded(input).unwrap_or_default().reach
    }

    /// Whether the kernel calls native functions.
    pub fn calls_closures(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The numbers of the profiles that the kernel uses.
    pub fn profiles(&self) -> impl Iterator<Item = usize> {
        self.ops.iter().filter_map(|op| match op {
            Op::Profile { number, .. } => Some(*number as usize),
            _ => None,
        })
    }

    /// Whether the kernel uses any parameter.
    pub fn uses_parameters(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Parameter(_)))
    }

    /// Whether the kernel uses the parameter of this number.
    pub fn uses_parameter(&self, number: usize) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Parameter(k) if *k as usize == number))
    }

    /// Whether the kernel loads `input` at all.
    pub fn loads(&self, input: u32) -> bool {
        self.loaded(input).is_some()
    }

    /// Whether the kernel loads `input` at an offset along more than one axis.
    pub fn reaches_corners(&self, input: u32) -> bool {
        self.loaded(input).unwrap_or_default().corners
    }
}

/// Prints one operation per line, as `%3 = add %1 %2`.
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = |d: &dyn fmt::Debug| format!("{d:?}").to_lowercase();
        for (i, op) in self.ops.iter().enumerate() {
            write!(f, "  %{i} = ")?;
            match op {
                Op::Constant(value) => writeln!(f, "{value:?}")?,
                Op::Parameter(number) => writeln!(f, "parameter {number}")?,
                Op::Profile { axis, number } => writeln!(f, "profile {number} of axis {axis}")?,
                Op::Load { input, offset } => writeln!(f, "load {input} at {offset:?}")?,
                Op::Unary(g, a) => writeln!(f, "{} %{}", lower(g), a.0)?,
                Op::Binary(g, a, b) => writeln!(f, "{} %{} %{}", lower(g), a.0, b.0)?,
                Op::Select(a, b, c) => writeln!(f, "select %{} %{} %{}", a.0, b.0, c.0)?,
                Op::Fused(a, b, c) => writeln!(f, "fused %{} * %{} + %{}", a.0, b.0, c.0)?,
                Op::Native(call) => {
                    let NativeCall { function, arguments } = &self.calls[*call as usize];
                    write!(f, "{}", function.name())?;
                    arguments.iter().try_for_each(|v| write!(f, " %{}", v.0))?;
                    writeln!(f)?;
                }
            }
        }
        for (k, output) in self.outputs.iter().enumerate() {
            writeln!(f, "  output {k} = %{}", output.value.0)?;
        }
        Ok(())
    }
}
