//! Rates: how often the operations of a kernel have to be computed.

use crate::kernel::{Kernel, Op};

/// How often an operation has to be computed: once per call, once per row or in each cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rate {
    Call,
    Row,
    Cell,
}

/// The rate of each operation of a kernel.
pub(super) fn rates(kernel: &Kernel) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::with_capacity(kernel.ops.len());
    for op in &kernel.ops {
        let rate = match op {
            Op::Profile { axis: 0 | 1, .. } => Rate::Row,
            Op::Profile { .. } | Op::Load { .. } => Rate::Cell,
            op => kernel.operands(op).map(|v| rates[v.index()]).max().unwrap_or(Rate::Call),
        };
        rates.push(rate);
    }
    rates
}
