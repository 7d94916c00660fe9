//! Actions: the steps of which a plan consists.

use std::ops::Range;

use fluxions_expr::Reduction;
use fluxions_grid::Face;

use crate::plan::margins::Margins;

/// An array of the memory, or a single row of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Array(usize),
    Row(usize),
}

impl Slot {
    /// The number of the array. `None` for a row.
    pub(crate) fn array(self) -> Option<usize> {
        match self {
            Slot::Array(array) => Some(array),
            Slot::Row(_) => None,
        }
    }
}

impl From<usize> for Slot {
    fn from(array: usize) -> Self {
        Slot::Array(array)
    }
}

/// The cells in which a kernel is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// In every cell of the block.
    Block,
    /// In every cell of the memory, halos included.
    Memory,
    /// In a layer of ghost cells, counted from 1, beyond a face of the domain.
    Beyond { face: Face, layer: usize },
    /// Once, for a number that is the same everywhere.
    Once,
}

/// One action. It refers to the kernels and halo groups of a plan by their numbers. `A` stands for
/// the arrays on which it works: while a plan is made these are arrays of a program, in a plan they
/// are slots of the memory, and in a pipeline they are numbers of arrays.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action<A> {
    /// Sets the time, in steps after the beginning of the step.
    At(f64),
    /// Fills the halos of the arrays of a group. `partners` gives for each array those of the real
    /// and the imaginary part; for a real value, both are the array itself.
    Halo { group: usize, arrays: Vec<A>, partners: Vec<[A; 2]> },
    /// Runs a kernel. Over a block it is also run in `beyond` cells beyond each face, and over a
    /// layer of ghost cells beyond its ends along the other axes.
    Sweep { kernel: usize, inputs: Vec<A>, outputs: Vec<A>, extent: Extent, beyond: Margins },
    /// Reduces the values of a kernel over the domain to a parameter.
    Reduce { kernel: usize, inputs: Vec<A>, kind: Reduction, parameter: usize },
    /// Computes these parameters by a kernel, from parameters alone.
    Compute { kernel: usize, parameters: Vec<usize> },
    /// Finds the unknowns of the state in these arrays, of which they are the `unknowns`.
    Solve { state: Vec<A>, unknowns: Range<usize> },
}

impl<A> Action<A> {
    /// The action on other arrays. `None` if one of its arrays has no counterpart.
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
            Action::Compute { kernel, parameters } => {
                Action::Compute { kernel: *kernel, parameters: parameters.clone() }
            }
            Action::Solve { state, unknowns } => {
                Action::Solve { state: all(state)?, unknowns: unknowns.clone() }
            }
            Action::Reduce { kernel, inputs, kind, parameter } => Action::Reduce {
                kernel: *kernel,
                inputs: all(inputs)?,
                kind: *kind,
                parameter: *parameter,
            },
        })
    }

    /// The numbers of the arrays that the action computes, in the order of its outputs.
    pub(crate) fn written(&self) -> impl Iterator<Item = usize>
    where
        A: Copy + Into<Slot>,
    {
        let outputs: &[A] = match self {
            Action::Sweep { outputs, .. } => outputs,
            Action::Solve { state, unknowns } => &state[unknowns.clone()],
            Action::At(_)
            | Action::Halo { .. }
            | Action::Reduce { .. }
            | Action::Compute { .. } => &[],
        };
        outputs.iter().filter_map(|output| (*output).into().array())
    }

    /// The least number of bytes per cell that the action moves between memory and processor, with
    /// each of its arrays moved once.
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
