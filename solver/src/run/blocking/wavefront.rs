//! Wavefronts make several time steps in one sweep over memory: they run a pipeline on the arrays
//! of one block.
//!
//! Halos that are deep enough for all steps are exchanged once. Then all tasks of the pipeline move
//! along the slabs together, a few slabs at a time, each behind the one before it (pipeline.rs).
//! Every cell is computed by the same kernel from the same numbers as step by step. So the bits do
//! not depend on the number of steps or slabs.

use std::ops::Range;
use std::rc::Rc;

use fluxions_comm::World;
use fluxions_expr::Kernel;
use fluxions_grid::{Face, Region, Side};
use fluxions_halo::{Exchange, Subdomain};

use crate::error::Error;
use crate::plan::action::{Action, Extent};
use crate::plan::margins::{Margins, widen};
use crate::plan::plan::Plan;
use crate::run::binding::Binding;
use crate::run::blocking::deep_halo::DeepHalo;
use crate::run::blocking::deep_pipeline::DeepPipeline;
use crate::run::blocking::options::Blocking;
use crate::run::blocking::pipeline::{NO_OTHER_ACTIONS, Pipeline, Task};
use crate::run::blocking::slab_ghosts::SlabGhosts;
use crate::run::counts::Counts;
use crate::run::executor::Executor;
use crate::run::ghost_layer::ghost_layer;
use crate::run::guard::Causes;
use crate::run::kernels::Kernels;
use crate::run::memory::Memory;
use crate::run::not_finite;
use crate::run::parameters::Parameters;
use crate::run::walls::filling::Filling;
use crate::system::pde::Pde;

/// A pipeline that is ready to run on one block.
pub(crate) struct Wavefront {
    plan: Rc<Plan>,
    kernels: Kernels,
    pipeline: Pipeline,
    /// The largest number of steps in one sweep.
    pub(crate) steps: usize,
    /// The number of slabs that each task advances at a time.
    pub(crate) slabs: usize,
    /// The number of cells of a tile. It is [`WHOLE`] if the block is not cut into tiles.
    pub(crate) tile: usize,
    /// The halos that must be known before a sweep.
    halo: DeepHalo,
    /// The ghost cells of each halo group of the plan.
    ghosts: Vec<SlabGhosts>,
    /// Which tasks have nothing to do on this block.
    idle: Vec<bool>,
    /// Which tasks are the first to touch some array, which then has to come from memory.
    cold: Vec<bool>,
    /// The region in which each task is done when all steps are made.
    regions: Vec<Region>,
    bound: Vec<Bound>,
    /// The numbers of the tasks that gave numbers that are not finite in the last sweep.
    failed: Vec<usize>,
    /// The numbers of those failed tasks whose guards were raised.
    raised: Vec<usize>,
}

/// The arrays and parameters of a task in this run.
struct Bound {
    binding: Binding,
    parameters: Parameters,
}

/// The number of cells of a tile if blocks are not cut into tiles, which is more than any block
/// has.
pub(crate) const WHOLE: usize = usize::MAX / 4;

/// The place of a number that is not finite: the step after which it occurs, the array, and the
/// cell of the grid.
pub(crate) type Bad = (usize, (usize, u64));

/// Which faces take part in deep halos. They are the faces to other blocks, and those to the other
/// end of the block itself along an axis that is computed slab by slab or tile by tile.
fn joined(block: &Subdomain, pipeline: &Pipeline, tiled: bool) -> [[bool; 2]; 3] {
    std::array::from_fn(|axis| {
        let cut = axis == pipeline.axis || (tiled && axis == pipeline.tile_axis);
        Side::BOTH.map(|side| {
            let next = block.neighbour(Face { axis, side });
            next.is_some_and(|next| cut || next.rank != block.rank())
        })
    })
}

impl Wavefront {
    /// Makes a pipeline ready to run, with the kernels of an executor of the same plan. Collective.
    pub(crate) fn new(
        pde: &Pde,
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        executor: &Executor,
        blocked: &DeepPipeline,
    ) -> Self {
        let plan = executor.plan_handle();
        let DeepPipeline { pipeline, widths, tiled, .. } = blocked;
        let joined = joined(block, pipeline, *tiled);
        let mut kernels = executor.kernels().shared();
        let needs = pipeline.needs(&plan, joined);
        let domain = pde.grid().shape();
        let region = |(task, margins): (&Task, &Margins)| match task.action {
            Action::Sweep { extent: Extent::Beyond { face, layer }, .. } => {
                ghost_layer(block, domain, face, layer, *margins)
            }
            _ => block.domain().grown(*margins),
        };
        let regions = pipeline.tasks.iter().zip(&needs.tasks).map(region).collect();

        let mut of_groups: Vec<Margins> = vec![[[0; 2]; 3]; plan.groups().len()];
        for (task, margins) in pipeline.tasks.iter().zip(&needs.tasks) {
            if let Action::Halo { group, .. } = &task.action {
                widen(&mut of_groups[*group], margins);
            }
        }
        let mut ghosts = |(group, margins): (_, &Margins)| {
            SlabGhosts::new(pde, block, group, pipeline, joined, *margins, kernels.scratch())
        };
        let ghosts: Vec<_> = plan.groups().iter().zip(&of_groups).map(&mut ghosts).collect();
        let is_idle = |task: &Task| match &task.action {
            Action::Halo { group, .. } => ghosts[*group].is_empty(),
            _ => false,
        };
        let idle = pipeline.tasks.iter().map(is_idle).collect();
        let cold = pipeline.first_to_touch(plan.arrays());

        let state = (0..pde.arrays()).chain(plan.changing().iter().copied());
        let halo = DeepHalo::new(world, block, memory, state, widths);
        let bound = pipeline.tasks.iter().map(|task| Bound {
            binding: Binding::with_room_for(std::slice::from_ref(&task.action)),
            parameters: Parameters::new(&plan),
        });
        Wavefront {
            steps: pipeline.steps(),
            slabs: 1,
            tile: WHOLE,
            bound: bound.collect(),
            halo,
            ghosts,
            idle,
            cold,
            regions,
            plan,
            kernels,
            pipeline: pipeline.clone(),
            failed: Vec::new(),
            raised: Vec::new(),
        }
    }

    /// Why arrays of the state are not finite after a step of the last sweep.
    pub(crate) fn causes(&self, step: usize) -> Causes {
        let mut causes = Causes::default();
        for (k, task) in self.pipeline.tasks.iter().enumerate().filter(|(_, t)| t.step == step) {
            let Action::Sweep { kernel, .. } = &task.action else { continue };
            let written = task.action.written();
            let arrays = written.map(|array| self.plan.stands_for(array)).collect();
            let raised = self.plan.guard(*kernel).map(|_| self.raised.contains(&k));
            causes.note(arrays, raised, self.failed.contains(&k));
        }
        causes
    }

    /// The present numbers of steps, slabs and cells of a tile.
    pub(crate) fn blocking(&self) -> Blocking {
        let tile = if self.tile < WHOLE { self.tile } else { 0 };
        Blocking {
            steps: Some(self.steps),
            slabs: Some(self.slabs),
            tile: Some(tile),
            stream: Some(false),
        }
    }

    /// Whether a kernel calls closures of the program.
    pub(crate) fn calls_closures(&self) -> bool {
        self.plan.kernels().iter().any(Kernel::calls_closures)
    }

    /// Whether one sweep over memory does the work of several.
    pub(crate) fn is_worth_while(&self) -> bool {
        let sweeps = |task: &&Task| matches!(task.action, Action::Sweep { .. });
        let in_a_step = self.pipeline.tasks[..self.pipeline.per_step].iter().filter(sweeps).count();
        self.steps * in_a_step > 1
    }

    /// The exchange of halos before a sweep.
    pub(crate) fn exchange(&self) -> &Exchange {
        self.halo.exchange()
    }

    /// Exchanges halos until it is chosen how their messages go. Collective.
    pub(crate) fn choose_ways(&mut self, memory: &mut Memory) -> Result<(), Error> {
        self.halo.choose_ways(memory)
    }

    /// Makes `steps` steps. `time` gives the beginning and the length of each, and the latter divided by the length of
    /// the step before. Returns the first number on this rank that is not finite, if there is one. Collective.
    pub(crate) fn advance(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        steps: usize,
        time: impl Fn(usize) -> (f64, f64, f64),
        counts: &mut Counts,
    ) -> Result<Option<Bad>, Error> {
        self.halo.fill(memory, counts)?;
        counts.rhs_evaluations += (self.plan.evaluations() * steps) as u64;
        Ok(self.sweep(block, memory, steps, time, None))
    }

    /// Makes some steps in one sweep over all slabs, or over those in `part`.
    pub(crate) fn sweep(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        steps: usize,
        time: impl Fn(usize) -> (f64, f64, f64),
        part: Option<Range<isize>>,
    ) -> Option<Bad> {
        let used = steps * self.pipeline.per_step;
        // Fewer steps go beyond the faces as far as the last ones of all steps do.
        let spared = self.pipeline.tasks.len() - used;
        self.bind(memory, used, time);
        self.failed.clear();
        self.raised.clear();
        let (first_slab, last_slab) = self.extent(used, self.pipeline.axis, part.as_ref());
        let (mut tile, last_tile) = self.extent(used, self.pipeline.tile_axis, None);
        let mut bad: Option<Bad> = None;
        while tile < last_tile {
            let next_tile = tile.saturating_add(self.tile as isize);
            let mut slab = first_slab;
            while slab < last_slab {
                let next_slab = slab + self.slabs as isize;
                for k in 0..used {
                    let task = &self.pipeline.tasks[k];
                    if self.idle[k] {
                        continue;
                    }
                    let mut region = self.regions[spared + k];
                    if let Some(part) = &part {
                        let axis = self.pipeline.axis;
                        region.start[axis] = region.start[axis].max(part.start);
                        region.end[axis] = region.end[axis].min(part.end);
                    }
                    let mut cut = |axis: usize, from: isize, to: isize| {
                        region.start[axis] = region.start[axis].max(from - task.shift[axis]);
                        region.end[axis] = region.end[axis].min(to - task.shift[axis]);
                    };
                    cut(self.pipeline.axis, slab, next_slab);
                    cut(self.pipeline.tile_axis, tile, next_tile);
                    if !region.is_empty() && !self.run(k, memory, &region) {
                        // A part of the block is swept only for timing.
                        if part.is_none() {
                            self.note_failed(k, memory, &region);
                        }
                        let found = self.first_not_finite(k, block, memory, &region);
                        let step = self.pipeline.tasks[k].step;
                        let found = found.map(|place| (step, place));
                        bad = [bad, found].into_iter().flatten().min();
                    }
                }
                slab = next_slab;
            }
            tile = next_tile;
        }
        bad
    }

    /// The range along an axis over which the first task must move so that all tasks are done.
    fn extent(&self, used: usize, axis: usize, part: Option<&Range<isize>>) -> (isize, isize) {
        let spared = self.pipeline.tasks.len() - used;
        let ends = self.pipeline.tasks[..used].iter().zip(&self.regions[spared..]);
        let first = |start: isize| part.map_or(start, |part| start.max(part.start));
        let last = |end: isize| part.map_or(end, |part| end.min(part.end));
        ends.fold((isize::MAX, isize::MIN), |(start, end), (task, region)| {
            let shift = task.shift[axis];
            let (from, to) = (first(region.start[axis]) + shift, last(region.end[axis]) + shift);
            (start.min(from), end.max(to))
        })
    }

    /// Finds the places of the tasks' arrays in memory, and sets the tasks' parameters.
    fn bind(&mut self, memory: &Memory, used: usize, time: impl Fn(usize) -> (f64, f64, f64)) {
        for (task, bound) in self.pipeline.tasks[..used].iter().zip(&mut self.bound) {
            let (begin, size, ratio) = time(task.step);
            bound.parameters.begin(&self.plan, begin + task.at * size, size, ratio);
            bound.binding.bind(memory, &task.action);
        }
    }

    /// Does a task on a part of its region. Returns whether all checked results are finite.
    fn run(&mut self, task: usize, memory: &mut Memory, region: &Region) -> bool {
        let Bound { binding, parameters } = &self.bound[task];
        let layout = &memory.layout();
        match &self.pipeline.tasks[task].action {
            Action::Sweep { kernel, .. } => {
                // Slabs lie across axis 0 or 1.
                let slab_pitch = layout.pitch()[self.pipeline.axis.min(1)];
                let ahead = if self.cold[task] { self.slabs * slab_pitch } else { 0 };
                self.kernels.run(*kernel, memory, binding, parameters, region, ahead)
            }
            Action::Halo { group, .. } => {
                let mut filling = Filling {
                    memory: memory.all_mut(),
                    layout,
                    halo: &binding.halo,
                    time: parameters.time(),
                    scratch: self.kernels.scratch(),
                };
                self.ghosts[*group].fill(&mut filling, region);
                true
            }
            Action::At(_)
            | Action::Reduce { .. }
            | Action::Compute { .. }
            | Action::Solve { .. } => {
                unreachable!("{NO_OTHER_ACTIONS}")
            }
        }
    }

    /// Records a task that gave numbers that are not finite, and whether its guard is raised.
    fn note_failed(&mut self, task: usize, memory: &mut Memory, region: &Region) {
        if !self.failed.contains(&task) {
            self.failed.push(task);
        }
        let Action::Sweep { kernel, .. } = &self.pipeline.tasks[task].action else { return };
        let Some(guard) = self.plan.guard(*kernel) else { return };
        let Bound { binding, parameters } = &self.bound[task];
        let asked = !self.raised.contains(&task);
        if asked && self.kernels.is_raised(guard, memory, binding, parameters, region) {
            self.raised.push(task);
        }
    }

    /// Among the checked outputs of a task, the first array that is not finite in a part of the
    /// block, and the first such cell of the block.
    fn first_not_finite(
        &self,
        task: usize,
        block: &Subdomain,
        memory: &Memory,
        region: &Region,
    ) -> Option<(usize, u64)> {
        let Action::Sweep { kernel, outputs, .. } = &self.pipeline.tasks[task].action else {
            return None;
        };
        let checked = self.plan.kernels()[*kernel].outputs().iter().zip(outputs);
        let mut checked = checked.filter(|(output, _)| output.checked).map(|(_, array)| *array);
        checked.find_map(|array| {
            let numbers = memory.of_array(array);
            let cell = not_finite::first(block, &memory.layout(), numbers, region)?;
            Some((self.plan.stands_for(array), cell))
        })
    }
}
