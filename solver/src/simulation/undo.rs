//! What brings back the state before a step.
//!
//! Most plans leave the state as it is until arrays change places after the step. Some write to
//! arrays of the state, or to arrays beside it that they keep from step to step: these are copied
//! before the step, and brought back if it is rejected.

use crate::plan::action::Action;
use crate::plan::plan::Plan;
use crate::run::memory::Memory;

/// Copies of the arrays that a step overwrites although they belong to the state before it.
pub(super) struct Undo {
    pub(super) arrays: Vec<usize>,
    values: Vec<f64>,
    globals: Vec<f64>,
}

impl Undo {
    /// What the steps of a plan need, whose fields take `state` arrays.
    pub(super) fn new(plan: &Plan, state: usize) -> Self {
        let belongs = |array: &usize| *array < state || plan.changing().contains(array);
        let written = plan.actions().iter().flat_map(Action::written);
        let mut arrays: Vec<usize> = written.filter(belongs).collect();
        arrays.sort_unstable();
        arrays.dedup();
        Undo::of(arrays)
    }

    /// What brings back these arrays.
    pub(super) fn of(arrays: Vec<usize>) -> Self {
        Undo { arrays, values: Vec::new(), globals: Vec::new() }
    }

    /// Copies what the next step will overwrite.
    pub(super) fn save(&mut self, memory: &Memory) {
        self.globals.clear();
        self.globals.extend(memory.globals());
        self.values.clear();
        self.arrays.iter().for_each(|array| self.values.extend(memory.of_array(*array)));
    }

    /// Brings back what was copied.
    pub(super) fn restore(&self, memory: &mut Memory) {
        let length = memory.layout().length();
        for (array, values) in self.arrays.iter().zip(self.values.chunks_exact(length)) {
            memory.of_array_mut(*array).copy_from_slice(values);
        }
        memory.set_globals(&self.globals);
    }
}
