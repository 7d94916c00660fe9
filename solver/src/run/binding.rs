//! Bindings: the places in memory of the arrays of an action.
//!
//! Arrays change places after a step, so an action is bound anew for each run. A binding has enough
//! room from the beginning, so that nothing is allocated.

use crate::plan::action::{Action, Slot};
use crate::plan::halo_group::HaloGroup;
use crate::run::memory::{Memory, RESULT_ROW};

/// Something that names a place in memory: a slot, or the number of an array.
pub(crate) trait Located: Copy {
    /// The slot of the place.
    fn slot(self) -> Slot;
}

impl Located for Slot {
    fn slot(self) -> Slot {
        self
    }
}

impl Located for usize {
    fn slot(self) -> Slot {
        Slot::Array(self)
    }
}

/// The places in memory of the arrays of an action.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Binding {
    /// The position of the cell (0, 0, 0) of each input of the kernel.
    pub(crate) inputs: Vec<usize>,
    /// The position of the cell (0, 0, 0) of each output of the kernel.
    pub(crate) outputs: Vec<usize>,
    /// The arrays whose halos are filled.
    pub(crate) halo: HaloBinding,
}

/// The places in memory of the arrays of a halo group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HaloBinding {
    /// The position where each array begins.
    pub(crate) arrays: Vec<usize>,
    /// For each array, the positions where the arrays of its real and imaginary part begin.
    pub(crate) partners: Vec<[usize; 2]>,
    /// If the arrays hold changes of others, the positions where those begin, each with its partners.
    pub(crate) around: Vec<[usize; 3]>,
}

impl Binding {
    /// A binding with room for each of these actions.
    pub(crate) fn with_room_for<A>(actions: &[Action<A>]) -> Self {
        let (mut inputs, mut outputs, mut arrays) = (0, 0, 0);
        for action in actions {
            let [i, o, a] = match action {
                Action::At(_) | Action::Compute { .. } | Action::Solve { .. } => [0; 3],
                Action::Sweep { inputs, outputs, .. } => [inputs.len(), outputs.len(), 0],
                Action::Reduce { inputs, .. } => [inputs.len(), 1, 0],
                Action::Halo { arrays, .. } => [0, 0, arrays.len()],
            };
            (inputs, outputs, arrays) = (inputs.max(i), outputs.max(o), arrays.max(a));
        }
        Binding {
            inputs: Vec::with_capacity(inputs),
            outputs: Vec::with_capacity(outputs),
            halo: HaloBinding {
                arrays: Vec::with_capacity(arrays),
                partners: Vec::with_capacity(arrays),
                around: Vec::with_capacity(arrays),
            },
        }
    }

    /// Binds an action. A sweep keeps the bound arrays of the last halo, and a halo keeps those of
    /// the last sweep, since both may be under way at the same time.
    pub(crate) fn bind<A: Located>(&mut self, memory: &Memory, action: &Action<A>) {
        match action {
            Action::At(_) | Action::Compute { .. } | Action::Solve { .. } => {}
            Action::Sweep { inputs, outputs, .. } => {
                self.bind_inputs(memory, inputs);
                self.outputs.clear();
                self.outputs.extend(outputs.iter().map(|output| first_cell(memory, *output)));
            }
            Action::Reduce { inputs, .. } => {
                self.bind_inputs(memory, inputs);
                self.outputs.clear();
                self.outputs.push(memory.row(RESULT_ROW));
            }
            Action::Halo { arrays, partners, .. } => {
                let start = |array: &A| memory.slot(array.slot());
                self.halo.arrays.clear();
                self.halo.arrays.extend(arrays.iter().map(start));
                self.halo.partners.clear();
                self.halo.partners.extend(partners.iter().map(|[re, im]| [start(re), start(im)]));
            }
        }
    }

    /// Binds the arrays whose changes those of a halo group are, if they are.
    pub(crate) fn bind_around(&mut self, memory: &Memory, group: &HaloGroup) {
        let start = |slots: &[Slot; 3]| slots.map(|slot| memory.slot(slot));
        self.halo.around.clear();
        self.halo.around.extend(group.around.iter().flatten().map(start));
    }

    fn bind_inputs<A: Located>(&mut self, memory: &Memory, inputs: &[A]) {
        self.inputs.clear();
        self.inputs.extend(inputs.iter().map(|input| first_cell(memory, *input)));
    }
}

/// The position of the cell (0, 0, 0) of an array, or of the first number of a row.
fn first_cell(memory: &Memory, place: impl Located) -> usize {
    match place.slot() {
        Slot::Array(array) => memory.array(array) + memory.layout().origin(),
        Slot::Row(row) => memory.row(row),
    }
}

#[cfg(test)]
mod tests {
    use fluxions_expr::Reduction;
    use fluxions_grid::Layout;

    use super::*;
    use crate::plan::action::Extent;
    use crate::plan::margins::Margins;

    fn memory() -> Memory {
        Memory::new(Layout::new([1, 2, 3], [0, 1, 1]), 3, 3, 0).unwrap()
    }

    fn sweep(inputs: Vec<Slot>, outputs: Vec<Slot>) -> Action<Slot> {
        let (extent, beyond) = (Extent::Block, Margins::default());
        Action::Sweep { kernel: 0, inputs, outputs, extent, beyond }
    }

    #[test]
    fn kernels_begin_at_the_first_cell_and_halos_at_the_array() {
        let memory = memory();
        let origin = memory.layout().origin();
        let actions = [
            sweep(vec![Slot::Array(2), Slot::Row(1)], vec![Slot::Array(0)]),
            Action::Halo {
                group: 0,
                arrays: vec![Slot::Array(1)],
                partners: vec![[Slot::Array(1), Slot::Array(2)]],
            },
            Action::Reduce {
                kernel: 0,
                inputs: vec![Slot::Array(0)],
                kind: Reduction::Max,
                parameter: 1,
            },
        ];
        let mut binding = Binding::with_room_for(&actions);
        binding.bind(&memory, &actions[0]);
        assert_eq!(binding.inputs, [memory.array(2) + origin, memory.row(1)]);
        assert_eq!(binding.outputs, [memory.array(0) + origin]);
        binding.bind(&memory, &actions[1]);
        assert_eq!(binding.halo.arrays, [memory.array(1)]);
        assert_eq!(binding.halo.partners, [[memory.array(1), memory.array(2)]]);
        // The arrays of the sweep before are still bound.
        assert_eq!(binding.outputs, [memory.array(0) + origin]);
        binding.bind(&memory, &actions[2]);
        assert_eq!(binding.inputs, [memory.array(0) + origin]);
        assert_eq!(binding.outputs, [memory.row(RESULT_ROW)]);
    }

    #[test]
    fn arrays_that_changed_places_are_found_again() {
        let mut memory = memory();
        let action = sweep(vec![Slot::Array(0)], vec![Slot::Array(1)]);
        let mut binding = Binding::with_room_for(std::slice::from_ref(&action));
        binding.bind(&memory, &action);
        let before = binding.clone();
        memory.swap(0, 1);
        binding.bind(&memory, &action);
        assert_eq!((&binding.inputs, &binding.outputs), (&before.outputs, &before.inputs));
    }

    #[test]
    fn there_is_room_for_every_action() {
        let slots = |n: usize| vec![Slot::Array(0); n];
        let actions = [sweep(slots(3), slots(1)), sweep(slots(1), slots(2))];
        let mut binding = Binding::with_room_for(&actions);
        let room = |binding: &Binding| (binding.inputs.capacity(), binding.outputs.capacity());
        let before = room(&binding);
        assert!(before.0 >= 3 && before.1 >= 2);
        actions.iter().for_each(|action| binding.bind(&memory(), action));
        assert_eq!(room(&binding), before);
    }
}
