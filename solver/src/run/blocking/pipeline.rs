//! Several time steps as one pipeline of work on slabs. Data only; the wavefront runs it.
//!
//! A *slab* is what a block has at one index along the first named axis: a row in two dimensions,
//! a plane in three. Every sweep and every filling of ghost cells of the steps becomes a task.
//! All tasks move along the slabs together, each some slabs behind the first: its *shift*. An
//! task that reads slabs up to `high` beyond its own must be that much behind the one that wrote
//! them, and one that overwrites an array must be as far behind those that still read it as they
//! look back (Wolf & Lam 1991, "A data locality optimizing algorithm", skewing). So the arrays of
//! the plan serve as they are, and what one task writes the next finds in the cache.
//!
//! Along the second named axis the block may be cut into *tiles*, which are swept one after the
//! other, with shifts by the same rule.
//!
//! Where another block, or the other end of a periodic axis, lies beyond a face, there is nothing
//! to wait for: tasks compute cells of the halo too, as far as later tasks need them.

use fluxions_grid::CACHE_LINE;

use crate::plan::action::{Action, Extent};
use crate::plan::margins::{Margins, widen};
use crate::plan::plan::Plan;
use crate::system::boundary::array_condition::antiperiodic;
use crate::system::pde::Pde;

/// Why the tasks of a pipeline have no other actions than sweeps and halos.
pub(crate) const NO_OTHER_ACTIONS: &str = "a pipeline consists of sweeps and halos";

/// One action of a plan in one of the steps. Arrays are numbered as before the first step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// A sweep, or the filling of ghost cells but for those that other tasks compute. A pipeline
    /// has no other actions.
    pub(crate) action: Action<usize>,
    /// Which of the steps it belongs to.
    pub(crate) step: usize,
    /// Its time, in steps after the beginning of that step.
    pub(crate) at: f64,
    /// How many cells along each axis it is behind the first task.
    pub(crate) shift: [isize; 3],
}

/// Some time steps as a pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    /// The axis along which it moves.
    pub(crate) axis: usize,
    /// The axis along which blocks are cut into tiles.
    pub(crate) tile_axis: usize,
    /// The tasks of all steps, in order.
    pub(crate) tasks: Vec<Task>,
    /// How many of them make one step.
    pub(crate) per_step: usize,
}

/// What has to be computed and known beyond the faces where other blocks lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Needs {
    /// For each task the halo cells in which it has to be done.
    pub(crate) tasks: Vec<Margins>,
    /// For each array the halo cells that must be known before the first task.
    pub(crate) arrays: Vec<Margins>,
}

impl Pipeline {
    /// The pipeline of `steps` steps of a plan, after each of which arrays change places;
    /// nothing if the plan cannot be run in this way: numbers over the whole domain
    /// and random numbers are made for all slabs at once, around a pole slabs meet that are far from each
    /// other, and in one dimension there are no slabs.
    pub(crate) fn new(pde: &Pde, plan: &Plan, steps: usize) -> Option<Self> {
        let grid = pde.grid();
        if grid.dimension() < 2 || plan.groups().iter().any(|group| group.has_pole(pde)) {
            return None;
        }
        let axis = grid.missing();
        let mut names: Vec<usize> = (0..plan.arrays()).collect();
        let mut tasks = Vec::new();
        for step in 0..steps {
            let mut at = 0.0;
            for action in plan.actions() {
                match action {
                    Action::At(fraction) => {
                        at = *fraction;
                        continue;
                    }
                    Action::Reduce { .. }
                    | Action::Sweep { extent: Extent::Once | Extent::Memory, .. } => {
                        return None;
                    }
                    Action::Sweep { extent: Extent::Block, .. } | Action::Halo { .. } => {}
                }
                let action = action.on(|slot| slot.array().map(|array| names[array]))?;
                tasks.push(Task { action, step, at, shift: [0; 3] });
            }
            for (a, b) in plan.swaps() {
                names.swap(*a, *b);
            }
        }
        let per_step = tasks.len() / steps.max(1);
        let mut pipeline = Pipeline { axis, tile_axis: axis + 1, tasks, per_step };
        for axis in [axis, axis + 1] {
            pipeline.set_shifts(pde, plan, axis);
        }
        Some(pipeline)
    }

    /// How many steps it makes.
    pub(crate) fn steps(&self) -> usize {
        self.tasks.len() / self.per_step
    }

    /// The first steps of it.
    pub(crate) fn shortened(&self, steps: usize) -> Self {
        let tasks = self.tasks[..steps * self.per_step].to_vec();
        Pipeline { tasks, ..*self }
    }

    /// For each task, whether it sweeps over an array that none before it has swept over.
    pub(crate) fn first_to_touch(&self, arrays: usize) -> Vec<bool> {
        let mut touched = vec![false; arrays];
        let touch = |task: &Task| match &task.action {
            Action::Sweep { inputs, outputs, .. } => {
                let first = inputs.iter().chain(outputs).any(|array| !touched[*array]);
                inputs.iter().chain(outputs).for_each(|array| touched[*array] = true);
                first
            }
            Action::Halo { .. } => false,
            Action::At(_) | Action::Reduce { .. } => unreachable!("{NO_OTHER_ACTIONS}"),
        };
        self.tasks.iter().map(touch).collect()
    }

    fn set_shifts(&mut self, pde: &Pde, plan: &Plan, axis: usize) {
        // Tiles begin on cache lines, as rows do.
        let multiple = if axis == 2 { CACHE_LINE } else { 1 };
        // For each array: the shift of what wrote it last, how much later a ghost slab at a wall
        // follows, and the shift that is behind all that read it since.
        let mut written = vec![0; plan.arrays()];
        let mut settled = vec![0; plan.arrays()];
        let mut read = vec![0; plan.arrays()];
        for task in &mut self.tasks {
            let mut shift = 0;
            match &task.action {
                Action::Sweep { kernel, inputs, outputs, beyond, .. } => {
                    let reach = |i: usize| plan.kernels()[*kernel].reach(i as u32)[axis];
                    for (i, array) in inputs.iter().enumerate() {
                        let (high, low) = (reach(i)[1] as isize, beyond[axis][0] as isize);
                        shift = shift.max(written[*array] + high.max(settled[*array] + low));
                    }
                    for array in outputs {
                        shift = shift.max(written[*array]).max(read[*array]);
                    }
                    shift = (shift as usize).next_multiple_of(multiple) as isize;
                    for (i, array) in inputs.iter().enumerate() {
                        // Ghost slabs beyond the upper wall change when the last slab does, and
                        // what goes beyond that wall has to have read them.
                        let (low, past) = (reach(i)[0] as isize, beyond[axis][1] as isize);
                        read[*array] = read[*array].max(shift + low.max(past));
                    }
                    for array in outputs {
                        (written[*array], settled[*array], read[*array]) = (shift, 0, shift);
                    }
                }
                Action::Halo { group, arrays, partners } => {
                    let all = arrays.iter().chain(partners.iter().flatten());
                    for array in all {
                        shift = shift.max(written[*array]).max(read[*array]);
                    }
                    shift = (shift as usize).next_multiple_of(multiple) as isize;
                    for array in partners.iter().flatten() {
                        read[*array] = read[*array].max(shift);
                    }
                    let later = plan.groups()[*group].depth(pde, axis) as isize - 1;
                    for array in arrays {
                        (written[*array], settled[*array], read[*array]) = (shift, later, shift);
                    }
                }
                Action::At(_) | Action::Reduce { .. } => unreachable!("{NO_OTHER_ACTIONS}"),
            }
            task.shift[axis] = shift;
        }
    }

    /// What has to be done and known beyond the faces that are joined to other blocks, or to this
    /// one's own other end.
    pub(crate) fn needs(&self, plan: &Plan, joined: [[bool; 2]; 3]) -> Needs {
        let mut arrays: Vec<Margins> = vec![[[0; 2]; 3]; plan.arrays()];
        let mut tasks = vec![[[0; 2]; 3]; self.tasks.len()];
        for (task, margins) in self.tasks.iter().zip(&mut tasks).rev() {
            match &task.action {
                Action::Sweep { kernel, inputs, outputs, beyond, .. } => {
                    for array in outputs {
                        widen(margins, &std::mem::take(&mut arrays[*array]));
                    }
                    for (margins, axis) in margins.iter_mut().zip(0..) {
                        for side in 0..2 {
                            if !joined[axis][side] {
                                margins[side] = beyond[axis][side];
                            }
                        }
                    }
                    for (i, array) in inputs.iter().enumerate() {
                        let reach = plan.kernels()[*kernel].reach(i as u32);
                        let sum = |axis: usize, side: usize| match joined[axis][side] {
                            true => margins[axis][side] + reach[axis][side],
                            false => 0,
                        };
                        let needed = std::array::from_fn(|axis| [0, 1].map(|side| sum(axis, side)));
                        widen(&mut arrays[*array], &needed);
                    }
                }
                Action::Halo { arrays: group, partners, .. } => {
                    group.iter().for_each(|array| widen(margins, &arrays[*array]));
                    let partners = partners.iter().flatten();
                    partners.for_each(|array| widen(&mut arrays[*array], margins));
                }
                Action::At(_) | Action::Reduce { .. } => unreachable!("{NO_OTHER_ACTIONS}"),
            }
        }
        Needs { tasks, arrays }
    }

    /// Whether the sign changes where two of these joined ends meet: then halo cells of blocks
    /// beyond are no copies of what is computed there.
    pub(crate) fn changes_sign(&self, pde: &Pde, plan: &Plan, joined: [[bool; 2]; 3]) -> bool {
        let sets = plan.groups().iter().flat_map(|group| &group.conditions);
        sets.into_iter().any(|set| {
            let turned = antiperiodic(pde.conditions().of_array(*set));
            (0..3).any(|axis| turned[axis] && joined[axis].contains(&true))
        })
    }
}
