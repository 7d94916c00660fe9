//! Runs several time steps in one sweep over memory: a pipeline on the arrays of one block.
//!
//! Halos as deep as the steps need are exchanged once; then all tasks of the pipeline move along
//! the slabs together, a few slabs at a time, each behind the one before (pipeline.rs). Every cell
//! is computed by the same kernel from the same numbers as step by step, so that the bits are the
//! same for any number of steps and slabs.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use fluxions_comm::World;
use fluxions_expr::rows::Profile;
use fluxions_expr::{Call, Kernel, RowFn, Scratch};
use fluxions_grid::{Face, Region, Side};
use fluxions_halo::{Exchange, FieldHalo, HaloWidth, Subdomain};

use crate::error::Error;
use crate::plan::action::Action;
use crate::plan::margins::{Margins, widen};
use crate::plan::plan::Plan;
use crate::plan::program::TIME;
use crate::run::blocking::pipeline::{Pipeline, Task};
use crate::run::blocking::slab_ghosts::SlabGhosts;
use crate::run::blocking::tuning::{Blocked, Blocking};
use crate::run::executor::{Counts, Executor};
use crate::run::guard::{self, Causes};
use crate::run::memory::Memory;
use crate::system::pde::Pde;

/// A pipeline made ready for one block.
pub(crate) struct Wavefront {
    plan: Rc<Plan>,
    kernels: Vec<Arc<dyn RowFn>>,
    pipeline: Pipeline,
    /// Most steps in one sweep.
    pub(crate) steps: usize,
    /// Slabs that each task advances at a time.
    pub(crate) slabs: usize,
    /// Cells of a tile; more than the block has where that is not cut.
    pub(crate) tile: usize,
    /// Arrays whose halos must be known at the beginning.
    exchanged: Vec<usize>,
    exchange: Exchange,
    ghosts: Vec<SlabGhosts>,
    /// Which tasks have nothing to do on this block.
    idle: Vec<bool>,
    /// Which tasks are the first to touch an array, that has to come from memory.
    cold: Vec<bool>,
    /// Where each task is done when all steps are made.
    regions: Vec<Region>,
    bound: Vec<Bound>,
    profiles: Vec<Profile>,
    positions: Vec<usize>,
    scratch: Scratch,
    /// The numbers of the tasks that gave numbers that are not finite in the last sweep.
    failed: Vec<usize>,
    /// Those of them whose guards were raised.
    raised: Vec<usize>,
}

/// The arrays and parameters of a task in this run.
#[derive(Clone, Default)]
struct Bound {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    partners: Vec<[usize; 2]>,
    parameters: Vec<f64>,
}

/// More cells than a block has: where that is not cut into tiles.
pub(crate) const WHOLE: usize = usize::MAX / 4;

/// A number that is not finite: after which of the steps, in which array and cell of the grid.
pub(crate) type Bad = (usize, (usize, u64));

/// Which faces are joined to other blocks, or to the other end of an axis along which the block is
/// not computed at once, and take part in deep halos.
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
    /// Makes a pipeline ready, with the kernels of an executor of the same plan. Collective.
    pub(crate) fn new(
        pde: &Pde,
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        executor: &Executor,
        blocked: &Blocked,
    ) -> Self {
        let plan = executor.plan_handle();
        let Blocked { pipeline, widths, tiled, .. } = blocked;
        let joined = joined(block, pipeline, *tiled);
        let mut scratch = Scratch::default();
        let kernels = executor.kernels().to_vec();
        kernels.iter().for_each(|kernel| kernel.reserve(&mut scratch));
        let needs = pipeline.needs(&plan, joined);
        let regions = needs.tasks.iter().map(|margins| block.domain().grown(*margins)).collect();

        let mut of_groups: Vec<Margins> = vec![[[0; 2]; 3]; plan.groups().len()];
        for (task, margins) in pipeline.tasks.iter().zip(&needs.tasks) {
            if let Action::Halo { group, .. } = &task.action {
                widen(&mut of_groups[*group], margins);
            }
        }
        let mut ghosts = |(group, margins): (_, &Margins)| {
            SlabGhosts::new(pde, block, group, pipeline, joined, *margins, &mut scratch)
        };
        let ghosts: Vec<_> = plan.groups().iter().zip(&of_groups).map(&mut ghosts).collect();
        let is_idle = |task: &Task| match &task.action {
            Action::Halo { group, .. } => ghosts[*group].is_empty(),
            _ => false,
        };
        let idle = pipeline.tasks.iter().map(is_idle).collect();
        let cold = pipeline.first_to_touch(plan.arrays());

        let state = (0..pde.arrays()).chain(plan.changing().iter().copied());
        let exchanged: Vec<usize> = state.filter(|array| widths[*array] != [[0; 2]; 3]).collect();
        let exchange = deep_exchange(world, block, memory, &exchanged, widths);
        let bound = pipeline.tasks.iter().map(|task| Bound::of(task, plan.parameters()));
        Wavefront {
            steps: pipeline.steps(),
            slabs: 1,
            tile: WHOLE,
            positions: Vec::with_capacity(exchanged.len()),
            bound: bound.collect(),
            exchanged,
            exchange,
            ghosts,
            idle,
            cold,
            regions,
            profiles: crate::run::profiles::of_block(
                pde,
                block,
                memory.layout().halo(),
                plan.kernels(),
            ),
            plan,
            kernels,
            pipeline: pipeline.clone(),
            scratch,
            failed: Vec::new(),
            raised: Vec::new(),
        }
    }

    /// Why arrays of the state are not finite after a step of the last sweep.
    pub(crate) fn causes(&self, step: usize) -> Causes {
        let mut causes = Causes::default();
        let mut failed: Vec<usize> = Vec::new();
        for (k, task) in self.pipeline.tasks.iter().enumerate().filter(|(_, t)| t.step == step) {
            let Action::Sweep { kernel, outputs, .. } = &task.action else { continue };
            let arrays: Vec<usize> =
                outputs.iter().map(|array| self.plan.stands_for(*array)).collect();
            if self.plan.guard(*kernel).is_some() {
                if arrays.iter().any(|array| failed.contains(array)) {
                    causes.earlier.extend(&arrays);
                } else if self.raised.contains(&k) {
                    causes.too_fast.extend(&arrays);
                }
            }
            if self.failed.contains(&k) {
                failed.extend(arrays);
            }
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

    /// Whether a kernel calls closures that the program brought along.
    pub(crate) fn calls_closures(&self) -> bool {
        self.plan.kernels().iter().any(Kernel::calls_closures)
    }

    /// Whether more than one thing is done in a sweep.
    pub(crate) fn is_worth_while(&self) -> bool {
        let sweeps = |task: &&Task| matches!(task.action, Action::Sweep { .. });
        let in_a_step = self.pipeline.tasks[..self.pipeline.per_step].iter().filter(sweeps).count();
        self.steps * in_a_step > 1
    }

    /// Makes `steps` steps; `time` tells when each of them begins and how long it is. What is
    /// first not finite here, if anything. Collective.
    pub(crate) fn advance(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        steps: usize,
        time: impl Fn(usize) -> (f64, f64),
        counts: &mut Counts,
    ) -> Result<Option<Bad>, Error> {
        self.positions.clear();
        self.positions.extend(self.exchanged.iter().map(|array| memory.array(*array)));
        for phase in 0..self.exchange.plan().phases().len() {
            self.exchange.start(phase, memory.all_mut(), &self.positions)?;
            self.exchange.finish(phase, memory.all_mut(), &self.positions)?;
        }
        counts.halo_exchanges += 1;
        counts.messages += self.exchange.messages() as u64;
        counts.bytes_sent += self.exchange.bytes() as u64;
        counts.rhs_evaluations += (self.plan.evaluations() * steps) as u64;
        Ok(self.sweep(block, memory, steps, time, None))
    }

    /// The sweep of some steps over all slabs, or a part of them only.
    pub(crate) fn sweep(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        steps: usize,
        time: impl Fn(usize) -> (f64, f64),
        part: Option<Range<isize>>,
    ) -> Option<Bad> {
        let used = steps * self.pipeline.per_step;
        // Fewer steps need as much beyond the faces as the last ones of all.
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
                        // A part of the block is swept only to be timed.
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

    /// From where to where the first task would have to go along an axis for all to be done.
    fn extent(&self, used: usize, axis: usize, part: Option<&Range<isize>>) -> (isize, isize) {
        let spared = self.pipeline.tasks.len() - used;
        let ends = self.pipeline.tasks[..used].iter().zip(&self.regions[spared..]);
        let first = |start: isize| part.map_or(start, |part| start.max(part.start));
        let last = |end: isize| part.map_or(end, |part| end.min(part.end));
        let start = ends.clone().map(|(e, r)| first(r.start[axis]) + e.shift[axis]).min();
        let end = ends.map(|(e, r)| last(r.end[axis]) + e.shift[axis]).max();
        (start.unwrap_or(0), end.unwrap_or(0))
    }

    /// Finds where the arrays of the tasks lie, and their parameters.
    fn bind(&mut self, memory: &Memory, used: usize, time: impl Fn(usize) -> (f64, f64)) {
        let origin = memory.layout().origin();
        for (task, bound) in self.pipeline.tasks[..used].iter().zip(&mut self.bound) {
            let (begin, size) = time(task.step);
            bound.parameters[TIME] = begin + task.at * size;
            for (k, factor) in self.plan.factors().iter().enumerate() {
                bound.parameters[self.plan.first_factor() + k] = factor * size;
            }
            bound.inputs.clear();
            bound.outputs.clear();
            bound.partners.clear();
            match &task.action {
                Action::Sweep { inputs, outputs, .. } => {
                    bound.inputs.extend(inputs.iter().map(|array| memory.array(*array) + origin));
                    bound.outputs.extend(outputs.iter().map(|array| memory.array(*array) + origin));
                }
                Action::Halo { arrays, partners, .. } => {
                    bound.outputs.extend(arrays.iter().map(|array| memory.array(*array)));
                    let pair = |pair: &[usize; 2]| pair.map(|array| memory.array(array));
                    bound.partners.extend(partners.iter().map(pair));
                }
                Action::At(_) | Action::Reduce { .. } => {}
            }
        }
    }

    /// Does a task on a part of its region. Whether all checked results are finite.
    fn run(&mut self, task: usize, memory: &mut Memory, region: &Region) -> bool {
        let bound = &self.bound[task];
        let layout = memory.layout();
        // Slabs lie across axis 0 or 1.
        let slab_pitch = layout.pitch()[self.pipeline.axis.min(1)];
        match &self.pipeline.tasks[task].action {
            Action::Sweep { kernel, .. } => {
                let mut call = Call {
                    memory: memory.all_mut(),
                    inputs: &bound.inputs,
                    outputs: &bound.outputs,
                    pitch: layout.pitch(),
                    parameters: &bound.parameters,
                    profiles: &self.profiles,
                    ahead: if self.cold[task] { self.slabs * slab_pitch } else { 0 },
                };
                let cells = std::array::from_fn(|axis| (region.start[axis], region.end[axis]));
                self.kernels[*kernel].run(&mut call, cells, &mut self.scratch)
            }
            Action::Halo { group, .. } => {
                let arrays = (&bound.outputs[..], &bound.partners[..]);
                let time = bound.parameters[TIME];
                let (memory, scratch) = (memory.all_mut(), &mut self.scratch);
                self.ghosts[*group].fill(memory, arrays, &layout, region, time, scratch);
                true
            }
            Action::At(_) | Action::Reduce { .. } => true,
        }
    }

    /// Notes a task that gave numbers that are not finite, and whether its guard is raised.
    fn note_failed(&mut self, task: usize, memory: &mut Memory, region: &Region) {
        if !self.failed.contains(&task) {
            self.failed.push(task);
        }
        let Action::Sweep { kernel, .. } = &self.pipeline.tasks[task].action else { return };
        let Some(guard) = self.plan.guard(*kernel) else { return };
        let bound = &self.bound[task];
        let pitch = memory.layout().pitch();
        let mut call = Call {
            memory: memory.all_mut(),
            inputs: &bound.inputs,
            outputs: &bound.outputs,
            pitch,
            parameters: &bound.parameters,
            profiles: &self.profiles,
            ahead: 0,
        };
        let cells = std::array::from_fn(|axis| (region.start[axis], region.end[axis]));
        let asked = !self.raised.contains(&task);
        if asked && guard::is_raised(guard, &mut call, cells, &mut self.scratch) {
            self.raised.push(task);
        }
    }

    /// The first of a task's checked outputs, and the first cell of the block in a part of it,
    /// that is not finite.
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
        let layout = memory.layout();
        let slabs = region.intersection(&block.domain());
        let arrays = outputs.iter().map(|array| self.plan.stands_for(*array));
        let places = arrays.zip(&self.bound[task].outputs);
        let checked = self.plan.kernels()[*kernel].outputs().iter().zip(places);
        let mut checked = checked.filter(|(output, _)| output.checked).map(|(_, place)| place);
        checked.find_map(|(array, position)| {
            let mut first: Option<u64> = None;
            for i in slabs.start[0]..slabs.end[0] {
                for j in slabs.start[1]..slabs.end[1] {
                    for k in slabs.start[2]..slabs.end[2] {
                        let at = position + layout.index([i, j, k]) - layout.origin();
                        if first.is_none() && !memory.all()[at].is_finite() {
                            first = Some(block.global_number([i, j, k].map(|n| n as usize)));
                        }
                    }
                }
            }
            first.map(|cell| (array, cell))
        })
    }
}

impl Bound {
    fn of(task: &Task, parameters: usize) -> Self {
        let (inputs, outputs, partners) = match &task.action {
            Action::Sweep { inputs, outputs, .. } => (inputs.len(), outputs.len(), 0),
            Action::Halo { arrays, partners, .. } => (0, arrays.len(), partners.len()),
            Action::At(_) | Action::Reduce { .. } => (0, 0, 0),
        };
        Bound {
            inputs: Vec::with_capacity(inputs),
            outputs: Vec::with_capacity(outputs),
            partners: Vec::with_capacity(partners),
            parameters: vec![0.0; parameters],
        }
    }
}

/// The exchange of the deep halos of some arrays of the state.
fn deep_exchange(
    world: &World,
    block: &Subdomain,
    memory: &Memory,
    arrays: &[usize],
    widths: &[Margins],
) -> Exchange {
    let mut layers = [[0; 2]; 3];
    arrays.iter().for_each(|array| widen(&mut layers, &widths[*array]));
    let axes = layers.iter().filter(|sides| **sides != [0; 2]).count();
    let width = HaloWidth { layers, corners: axes > 1 };
    let fields = vec![FieldHalo::default(); arrays.len()];
    Exchange::new(world, block, memory.layout(), width, &fields)
}
