//! Kernels that compute some of the values of a list of operations.

use std::collections::{HashMap, HashSet};

use crate::kernel::{Kernel, NativeCall, Op, Output, Value};

/// The operations that these values need, in order. `visited` says which operations were found
/// before; those are left out, and new ones are added.
pub(crate) fn needed(
    ops: &[Op],
    calls: &[NativeCall],
    values: impl IntoIterator<Item = Value>,
    visited: &mut HashSet<Value>,
) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open: Vec<Value> = values.into_iter().collect();
    while let Some(value) = open.pop() {
        if visited.insert(value) {
            found.push(value.index());
            open.extend(ops[value.index()].operands(calls));
        }
    }
    found.sort_unstable();
    found
}

/// The kernel of these outputs, and the inputs that it uses, in the order of their new numbers. It
/// has only those operations that the outputs need. So it takes as long as there are such
/// operations, however many others there are.
pub(crate) fn extract(
    ops: &[Op],
    calls: &[NativeCall],
    outputs: &[Output],
) -> (Kernel, Vec<usize>) {
    let values = outputs.iter().map(|output| output.value);
    let needed = needed(ops, calls, values, &mut HashSet::new());
    let mut inputs = Inputs::default();
    let mut renamed: HashMap<usize, Value> = HashMap::with_capacity(needed.len());
    let (mut own_ops, mut own_calls) = (Vec::with_capacity(needed.len()), Vec::new());
    for i in needed {
        renamed.insert(i, Value(own_ops.len() as u32));
        let r = |v: Value| renamed[&v.index()];
        own_ops.push(match ops[i] {
            Op::Load { input, offset } => Op::Load { input: inputs.number(input), offset },
            Op::Native(call) => {
                let NativeCall { function, arguments } = &calls[call as usize];
                let arguments = arguments.iter().map(|v| r(*v)).collect();
                own_calls.push(NativeCall { function: function.clone(), arguments });
                Op::Native(own_calls.len() as u32 - 1)
            }
            op => op.renamed(r),
        });
    }
    let rename = |output: &Output| Output {
        value: renamed[&output.value.index()],
        in_place: output.in_place.map(|input| inputs.number(input)),
        checked: output.checked,
    };
    let outputs = outputs.iter().map(rename).collect();
    (Kernel::new(own_ops, outputs, own_calls), inputs.list)
}

/// New numbers of inputs, in the order of their first use.
#[derive(Default)]
struct Inputs {
    list: Vec<usize>,
    numbers: HashMap<u32, u32>,
}

impl Inputs {
    fn number(&mut self, input: u32) -> u32 {
        let next = self.list.len() as u32;
        let number = *self.numbers.entry(input).or_insert(next);
        if number == next {
            self.list.push(input as usize);
        }
        number
    }
}
