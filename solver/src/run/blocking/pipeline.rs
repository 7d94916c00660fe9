//! Several time steps as one pipeline of tasks on slabs. A pipeline is data, and the wavefront runs
//! it.
//!
//! A *slab* consists of the cells of a block at one index along the first named axis: a row in two
//! dimensions, and a plane in three. In one dimension the block is a single slab. Every sweep and every filling of ghost cells in the steps
//! becomes a task. All tasks move along the slabs together. Each is some slabs behind the first
//! one, by its *shift*. A task that reads slabs up to `high` beyond its own must be that far behind
//! the task that wrote them. A task that overwrites an array must be far enough behind those tasks
//! that still read the array, by as many slabs as they look back (Wolf & Lam 1991, "A data locality
//! optimizing algorithm", skewing). So the arrays of the plan need no copies, and each task finds
//! in the cache what the task before it wrote.
//!
//! Along the next axis (the only one in one dimension) the block may be cut into *tiles*, which are swept one after the
//! other. Their shifts follow the same rule.
//!
//! Beyond a face to another block, or to the other end of a periodic axis, tasks also compute halo
//! cells, as far as later tasks need them. So they need not wait for the other block.

use fluxions_grid::{CACHE_LINE, Side};

use crate::plan::action::{Action, Extent};
use crate::plan::margins::{Margins, widen};
use crate::plan::plan::Plan;
use crate::system::boundary::array_condition::antiperiodic;
use crate::system::pde::Pde;

/// The message that a pipeline consists only of sweeps and halos.
pub(crate) const NO_OTHER_ACTIONS: &str = "a pipeline consists of sweeps and halos";

/// An action of a plan in one of the steps. Its arrays have the numbers that they had before the
/// first step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// A sweep, or the filling of ghost cells that no other task computes. Pipelines have no other
    /// actions.
    pub(crate) action: Action<usize>,
    /// The number of the step to which the task belongs.
    pub(crate) step: usize,
    /// The time of the task, in steps after the beginning of its step.
    pub(crate) at: f64,
    /// How many cells the task is behind the first task along each axis.
    pub(crate) shift: [isize; 3],
}

/// A pipeline of some time steps.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    /// The axis along which the tasks move.
    pub(crate) axis: usize,
    /// The axis along which blocks are cut into tiles.
    pub(crate) tile_axis: usize,
    /// The tasks of all steps, in order.
    pub(crate) tasks: Vec<Task>,
    /// The number of tasks in one step.
    pub(crate) per_step: usize,
}

/// How far below and above the block a sweep is done along an axis.
fn farthest(extent: Extent, beyond: &Margins, axis: usize) -> [usize; 2] {
    match extent {
        Extent::Beyond { face, layer } if face.axis == axis => match face.side {
            Side::Lower => [layer, 0],
            Side::Upper => [0, layer],
        },
        _ => beyond[axis],
    }
}

/// The cells beyond faces to other blocks that must be computed or known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Needs {
    /// For each task, the halo cells in which it must be done.
    pub(crate) tasks: Vec<Margins>,
    /// For each array, the halo cells that must be known before the first task.
    pub(crate) arrays: Vec<Margins>,
}

impl Pipeline {
    /// The pipeline of `steps` steps of a plan. After each step arrays change places.
    ///
    /// `None` if the plan cannot be run in this way. Numbers of the whole domain and random numbers
    /// are computed for all slabs at once. Around a pole, slabs that lie far from each other are
    /// neighbours.
    pub(crate) fn new(pde: &Pde, plan: &Plan, steps: usize) -> Option<Self> {
        let grid = pde.grid();
        if plan.groups().iter().any(|group| group.has_pole(pde)) {
            return None;
        }
        let axis = grid.missing().min(1);
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
                    | Action::Compute { .. }
                    | Action::Solve { .. }
                    | Action::Sweep { extent: Extent::Once | Extent::Memory, .. } => {
                        return None;
                    }
                    // Halo cells beyond joined ends are computed together with the block.
                    Action::Sweep { extent: Extent::Beyond { face, .. }, .. }
                        if grid.inner_axis(face.axis).is_none_or(|axis| axis.is_periodic()) =>
                    {
                        return None;
                    }
                    Action::Sweep { extent: Extent::Block | Extent::Beyond { .. }, .. }
                    | Action::Halo { .. } => {}
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

    /// The number of steps that the pipeline makes.
    pub(crate) fn steps(&self) -> usize {
        self.tasks.len() / self.per_step
    }

    /// The pipeline of the first of these steps.
    pub(crate) fn shortened(&self, steps: usize) -> Self {
        let tasks = self.tasks[..steps * self.per_step].to_vec();
        Pipeline { tasks, ..*self }
    }

    /// For each task, whether it is the first sweep over one of its arrays.
    pub(crate) fn first_to_touch(&self, arrays: usize) -> Vec<bool> {
        let mut touched = vec![false; arrays];
        let touch = |task: &Task| match &task.action {
            Action::Sweep { inputs, outputs, .. } => {
                let first = inputs.iter().chain(outputs).any(|array| !touched[*array]);
                inputs.iter().chain(outputs).for_each(|array| touched[*array] = true);
                first
            }
            Action::Halo { .. } => false,
            Action::At(_)
            | Action::Reduce { .. }
            | Action::Compute { .. }
            | Action::Solve { .. } => {
                unreachable!("{NO_OTHER_ACTIONS}")
            }
        };
        self.tasks.iter().map(touch).collect()
    }

    fn set_shifts(&mut self, pde: &Pde, plan: &Plan, axis: usize) {
        // Tiles begin on cache lines, as rows do.
        let multiple = if axis == 2 { CACHE_LINE } else { 1 };
        // For each array: the shift of the task that wrote it last, after how many further slabs
        // the ghost slabs at a wall are complete, and the shift that is behind all tasks that have
        // read it since.
        let mut written = vec![0; plan.arrays()];
        let mut settled = vec![0; plan.arrays()];
        let mut read = vec![0; plan.arrays()];
        for task in &mut self.tasks {
            let mut shift = 0;
            match &task.action {
                Action::Sweep { kernel, inputs, outputs, extent, beyond } => {
                    let reach = |i: usize| plan.kernels()[*kernel].reach(i as u32)[axis];
                    let [lowest, highest] = farthest(*extent, beyond, axis);
                    for (i, array) in inputs.iter().enumerate() {
                        let (high, low) = (reach(i)[1] as isize, lowest as isize);
                        shift = shift.max(written[*array] + high.max(settled[*array] + low));
                    }
                    for array in outputs {
                        shift = shift.max(written[*array]).max(read[*array]);
                    }
                    shift = (shift as usize).next_multiple_of(multiple) as isize;
                    for (i, array) in inputs.iter().enumerate() {
                        // The ghost slabs beyond the upper wall change together with the last slab.
                        // A task that computes cells beyond that wall must have read them before.
                        let (low, past) = (reach(i)[0] as isize, highest as isize);
                        read[*array] = read[*array].max(shift + low.max(past));
                    }
                    for array in outputs {
                        // Ghost cells beyond other faces stay as they are.
                        let later = match extent {
                            Extent::Beyond { .. } => settled[*array],
                            _ => 0,
                        };
                        (written[*array], settled[*array], read[*array]) = (shift, later, shift);
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
                Action::At(_)
                | Action::Reduce { .. }
                | Action::Compute { .. }
                | Action::Solve { .. } => {
                    unreachable!("{NO_OTHER_ACTIONS}")
                }
            }
            task.shift[axis] = shift;
        }
    }

    /// The cells beyond the joined faces that must be computed or known. Joined faces are those to
    /// other blocks, or to the other end of this block itself.
    pub(crate) fn needs(&self, plan: &Plan, joined: [[bool; 2]; 3]) -> Needs {
        let mut arrays: Vec<Margins> = vec![[[0; 2]; 3]; plan.arrays()];
        let mut tasks = vec![[[0; 2]; 3]; self.tasks.len()];
        for (task, margins) in self.tasks.iter().zip(&mut tasks).rev() {
            match &task.action {
                Action::Sweep { kernel, inputs, outputs, extent, beyond } => {
                    for array in outputs {
                        match extent {
                            // The cells within are computed by an earlier task.
                            Extent::Beyond { .. } => widen(margins, &arrays[*array]),
                            _ => widen(margins, &std::mem::take(&mut arrays[*array])),
                        }
                    }
                    for (margins, axis) in margins.iter_mut().zip(0..) {
                        for side in 0..2 {
                            if !joined[axis][side] {
                                margins[side] = beyond[axis][side];
                            }
                        }
                    }
                    // Ghost cells beyond a wall follow from cells of the block at the wall.
                    let at_wall = match extent {
                        Extent::Beyond { face, .. } => Some(face.axis),
                        _ => None,
                    };
                    if let Some(axis) = at_wall {
                        margins[axis] = [0; 2];
                    }
                    for (i, array) in inputs.iter().enumerate() {
                        let reach = plan.kernels()[*kernel].reach(i as u32);
                        let sum = |axis: usize, side: usize| match joined[axis][side]
                            && at_wall != Some(axis)
                        {
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
                Action::At(_)
                | Action::Reduce { .. }
                | Action::Compute { .. }
                | Action::Solve { .. } => {
                    unreachable!("{NO_OTHER_ACTIONS}")
                }
            }
        }
        Needs { tasks, arrays }
    }

    /// Whether the sign changes where two of these joined ends meet. If so, halo cells are not
    /// copies of the cells beyond.
    pub(crate) fn changes_sign(&self, pde: &Pde, plan: &Plan, joined: [[bool; 2]; 3]) -> bool {
        let sets = plan.groups().iter().flat_map(|group| &group.conditions);
        sets.into_iter().any(|set| {
            let turned = antiperiodic(pde.conditions().of_array(*set));
            (0..3).any(|axis| turned[axis] && joined[axis].contains(&true))
        })
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Condition, Ends, Grid};

    use super::*;
    use crate::run::testing::euler_step;
    use crate::system::builder::PdeBuilder;

    fn plane() -> PdeBuilder {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded);
        Pde::on(&grid.axis("y", 0.0..1.0, 12, Ends::Bounded).build().unwrap())
    }

    fn pipeline(pde: PdeBuilder, steps: usize) -> Option<(Pipeline, Plan)> {
        let pde = pde.build().unwrap();
        let plan = euler_step(&pde);
        Some((Pipeline::new(&pde, &plan, steps)?, plan))
    }

    fn shifts(pipeline: &Pipeline, axis: usize) -> Vec<isize> {
        pipeline.tasks.iter().map(|task| task.shift[axis]).collect()
    }

    #[test]
    fn a_task_is_as_far_behind_as_the_one_before_looks_around() {
        // Halos and sweeps alternate. A sweep reads one slab beyond those that the last sweep
        // wrote, and it overwrites what the last sweep reads one slab back.
        let (pipeline, _) = pipeline(plane().equation("u", "laplace(u)"), 3).unwrap();
        assert_eq!((pipeline.axis, pipeline.tile_axis), (1, 2));
        assert_eq!((pipeline.per_step, pipeline.steps()), (2, 3));
        assert_eq!(shifts(&pipeline, 1), [0, 1, 1, 2, 2, 3]);
        // Tiles begin on cache lines.
        assert_eq!(shifts(&pipeline, 2), [0, 8, 8, 16, 16, 24]);
        let steps: Vec<_> = pipeline.tasks.iter().map(|task| task.step).collect();
        assert_eq!(steps, [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn a_stored_quantity_puts_a_task_more_behind() {
        // The tasks are the halo of c, the sweep that computes the inner quantity, the halo of this
        // quantity, and the step.
        let equation = plane().equation("c", "laplace(c^3 - laplace(c))");
        let (pipeline, _) = pipeline(equation, 2).unwrap();
        assert_eq!(shifts(&pipeline, 1), [0, 1, 1, 2, 2, 3, 3, 4]);
    }

    #[test]
    fn what_is_still_to_be_read_is_not_overwritten() {
        // No sweep reads slabs ahead, so none has to wait for what it reads. But the second sweep
        // overwrites what the first one reads one slab back.
        let equation = plane().equation("u", "d_dx_backward(u)");
        let (pipeline, _) = pipeline(equation, 3).unwrap();
        assert_eq!(shifts(&pipeline, 1), [0, 0, 0, 1, 1, 2]);
        assert_eq!(shifts(&pipeline, 2), [0; 6]);
    }

    #[test]
    fn arrays_change_places_between_steps() {
        let (pipeline, plan) = pipeline(plane().equation("u", "laplace(u)"), 2).unwrap();
        let arrays = |task: &Task| match &task.action {
            Action::Sweep { inputs, outputs, .. } => (inputs.clone(), outputs.clone()),
            Action::Halo { arrays, .. } => (arrays.clone(), vec![]),
            other => panic!("{other:?}"),
        };
        let all: Vec<_> = pipeline.tasks.iter().map(arrays).collect();
        let expected =
            [(vec![0], vec![]), (vec![0], vec![1]), (vec![1], vec![]), (vec![1], vec![0])];
        assert_eq!(all, expected);
        assert_eq!(pipeline.first_to_touch(plan.arrays()), [false, true, false, false]);
        let first = pipeline.shortened(1);
        assert_eq!((first.steps(), &first.tasks[..]), (1, &pipeline.tasks[..2]));
    }

    #[test]
    fn every_step_needs_one_layer_more_beyond_joined_faces() {
        let (pipeline, plan) = pipeline(plane().equation("u", "laplace(u)"), 3).unwrap();
        let along_x = |low: usize, high: usize| [[0; 2], [low, high], [0; 2]];
        let both = pipeline.needs(&plan, [[false; 2], [true; 2], [false; 2]]);
        let layers: Vec<_> = both.tasks.iter().map(|margins| margins[1]).collect();
        assert_eq!(layers, [[3; 2], [2; 2], [2; 2], [1; 2], [1; 2], [0; 2]]);
        assert_eq!(both.arrays, [along_x(3, 3), along_x(0, 0)]);
        let lower = pipeline.needs(&plan, [[false; 2], [true, false], [false; 2]]);
        assert_eq!(lower.arrays[0], along_x(3, 0));
        let none = pipeline.needs(&plan, [[false; 2]; 3]);
        assert!(none.tasks.iter().chain(&none.arrays).all(|m| *m == Margins::default()));
    }

    #[test]
    fn a_line_is_one_slab_that_is_cut_into_tiles() {
        let line = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let (pipeline, _) = pipeline(Pde::on(&line).equation("u", "laplace(u)"), 3).unwrap();
        assert_eq!((pipeline.axis, pipeline.tile_axis), (1, 2));
        assert_eq!(shifts(&pipeline, 1), [0; 6]);
        assert_eq!(shifts(&pipeline, 2), [0, 8, 8, 16, 16, 24]);
    }

    #[test]
    fn plans_that_need_the_whole_domain_at_once_have_no_pipeline() {
        assert!(pipeline(plane().equation("u", "laplace(u) - average(u)"), 2).is_none());
        let noisy = plane().equation("u", "laplace(u)").noise("u", "1");
        assert!(pipeline(noisy, 2).is_none());
    }

    #[test]
    fn the_sign_changes_where_antiperiodic_ends_are_joined() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic);
        let grid = grid.axis("y", 0.0..1.0, 12, Ends::Bounded).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)");
        let pde = pde.boundary("x", Condition::Antiperiodic).build().unwrap();
        let plan = euler_step(&pde);
        let pipeline = Pipeline::new(&pde, &plan, 2).unwrap();
        assert!(pipeline.changes_sign(&pde, &plan, [[false; 2], [true; 2], [false; 2]]));
        assert!(!pipeline.changes_sign(&pde, &plan, [[false; 2], [false; 2], [true; 2]]));
    }
}
