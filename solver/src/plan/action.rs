//! What a plan does, action by action.

use fluxions_expr::Reduction;

use crate::plan::margins::Margins;

/// An array of the memory, or one of its single rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Array(usize),
    Row(usize),
}

impl Slot {
    /// The number of the array; nothing for a row.
    pub(crate) fn array(self) -> Option<usize> {
        match self {
            Slot::Array(array) => Some(array),
            Slot::Row(_) => None,
        }
    }
}

/// Where a kernel is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// In every cell of the block.
    Block,
    /// In every cell that memory has, halos included.
    Memory,
    /// Once, for a number that is the same everywhere.
    Once,
}

/// One action, with the kernel and the halo group of a plan by their numbers. `A` says which
/// arrays it works on: those of a program while a plan is made, slots of the memory in a plan, plain
/// numbers of arrays in a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action<A> {
    /// Go on at this time, in steps after the beginning of the step.
    At(f64),
    /// Fill the halos of the arrays of a group. Each has the arrays of real and imaginary part
    /// beside it, itself twice where it is real.
    Halo { group: usize, arrays: Vec<A>, partners: Vec<[A; 2]> },
    /// Run a kernel; over a block also in `beyond` cells beyond each of its faces.
    Sweep { kernel: usize, inputs: Vec<A>, outputs: Vec<A>, extent: Extent, beyond: Margins },
    /// Reduce the values of a kernel over the domain, to a parameter.
    Reduce { kernel: usize, inputs: Vec<A>, kind: Reduction, parameter: usize },
}

impl<A> Action<A> {
    /// The action on other arrays; nothing if one of them has no counterpart.
    pub(crate) fn on<B>(&self, counterpart: impl Fn(&A) -> Option<B>) -> Option<Action<B>> {
        let all = |arrays: &[A]| arrays.iter().map(&counterpart).collect::<Option<Vec<B>>>();
        Some(match self {
            Action::At(fraction) => Action::At(*fraction),
            Action::Halo { group, arrays, partners } => {
                let pair = |[re, im]: &[A; 2]| Some([counterpart(re)?, counterpart(im)?]);
                Action::Halo {
                    group: *group,
                    arrays: all(arrays)?,
                    partners: partners.iter().map(pair).collect::<Option<_>>()?,
                }
            }
            Action::Sweep { kernel, inputs, outputs, extent, beyond } => Action::Sweep {
                kernel: *kernel,
                inputs: all(inputs)?,
                outputs: all(outputs)?,
                extent: *extent,
                beyond: *beyond,
            },
            Action::Reduce { kernel, inputs, kind, parameter } => Action::Reduce {
                kernel: *kernel,
                inputs: all(inputs)?,
                kind: *kind,
                parameter: *parameter,
            },
        })
    }

    /// Bytes per cell that it moves between memory and processor at least: each of its arrays once.
    pub(crate) fn bytes_per_cell(&self) -> usize {
        let arrays = match self {
            Action::Sweep { inputs, outputs, extent: Extent::Block, .. } => {
                inputs.len() + outputs.len()
            }
            Action::Reduce { inputs, .. } => inputs.len(),
            _ => 0,
        };
        arrays * size_of::<f64>()
    }
}
