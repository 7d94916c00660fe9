//! Runs a plan on the arrays of one block.
//!
//! A sweep that follows the halos it needs is cut in two where messages are awaited: the core is
//! computed while they travel, the rim when they are there. A cell's value does not depend on it.

use std::rc::Rc;
use std::sync::Arc;

use fluxions_comm::{ExactSum, World};
use fluxions_expr::rows::Profile;
use fluxions_expr::{Backend, Call, Kernel, Reduction, RowFn, Scratch};
use fluxions_grid::Region;
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::HaloGroup;
use crate::plan::plan::Plan;
use crate::plan::program::{RandomArray, TIME};
use crate::random::source::RandomSource;
use crate::run::guard::{self, Causes};
use crate::run::memory::Memory;
use crate::run::walled_group::WalledGroup;
use crate::system::pde::Pde;

/// How often messages get a chance to move on while the core is computed.
const POLLS: isize = 4;

/// What a run of a plan did, on this rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Times that halos of a group of fields were exchanged.
    pub halo_exchanges: u64,
    /// Messages sent to other ranks.
    pub messages: u64,
    /// Bytes in them.
    pub bytes_sent: u64,
    /// Times that right-hand sides were evaluated.
    pub rhs_evaluations: u64,
}

/// A plan made ready for one block: kernels compiled, messages set up.
pub(crate) struct Executor {
    plan: Rc<Plan>,
    kernels: Vec<Arc<dyn RowFn>>,
    groups: Vec<WalledGroup>,
    randoms: Vec<RandomSource>,
    parameters: Vec<f64>,
    profiles: Vec<Profile>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    positions: Vec<usize>,
    partners: Vec<[usize; 2]>,
    scratch: Scratch,
    /// The volume of every cell, where all have the same.
    cell_volume: Option<f64>,
    volume: f64,
    cells: f64,
    /// The numbers of the actions that gave numbers that are not finite in the last run.
    failed: Vec<usize>,
    /// The number of the step that the next run makes, for its random numbers.
    pub(crate) step: u64,
    pub(crate) counts: Counts,
}

impl Executor {
    /// Makes a plan ready. `memory` has room for it. Collective.
    pub(crate) fn new(
        pde: &Pde,
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        plan: Plan,
        seed: u64,
        backend: Backend,
    ) -> Result<Self, Error> {
        let mut scratch = Scratch::default();
        let kernels: Vec<_> = plan.kernels().iter().map(|kernel| backend.compile(kernel)).collect();
        kernels.iter().for_each(|kernel| kernel.reserve(&mut scratch));
        let make =
            |group: &HaloGroup| WalledGroup::new(pde, world, block, memory, group, &mut scratch);
        let groups = plan.groups().iter().map(make).collect();
        let profiles =
            crate::run::profiles::of_block(pde, block, memory.layout().halo(), plan.kernels());
        let most = |f: fn(&Action<Slot>) -> usize| plan.actions().iter().map(f).max().unwrap_or(0);
        let inputs = most(|action| match action {
            Action::Sweep { inputs, .. } | Action::Reduce { inputs, .. } => inputs.len(),
            _ => 0,
        });
        let outputs = most(|action| match action {
            Action::Sweep { outputs, .. } => outputs.len(),
            _ => 1,
        });
        let positions = most(|action| match action {
            Action::Halo { arrays, .. } => arrays.len(),
            _ => 0,
        });
        let source = |r: &RandomArray| RandomSource::new(seed, r, pde.grid(), block, world);
        Ok(Executor {
            kernels,
            groups,
            randoms: plan.randoms().iter().map(source).collect::<Result<_, _>>()?,
            parameters: vec![0.0; plan.parameters()],
            profiles,
            inputs: Vec::with_capacity(inputs),
            outputs: Vec::with_capacity(outputs),
            positions: Vec::with_capacity(positions),
            partners: Vec::with_capacity(positions),
            scratch,
            cell_volume: pde.grid().cell_volume(),
            volume: pde.grid().volume(),
            cells: pde.grid().cells() as f64,
            failed: Vec::new(),
            step: 0,
            counts: Counts::default(),
            plan: Rc::new(plan),
        })
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, to be kept.
    pub(crate) fn plan_handle(&self) -> Rc<Plan> {
        Rc::clone(&self.plan)
    }

    /// The kernels of the plan.
    pub(crate) fn kernels(&self) -> &[Arc<dyn RowFn>] {
        &self.kernels
    }

    /// Uses other code of the same kernels.
    pub(crate) fn set_kernels(&mut self, kernels: Vec<Arc<dyn RowFn>>) {
        kernels.iter().for_each(|kernel| kernel.reserve(&mut self.scratch));
        self.kernels = kernels;
    }

    /// The names of what the kernels were compiled to.
    pub(crate) fn backends(&self) -> String {
        let made: Vec<Backend> = self.kernels.iter().map(|kernel| kernel.backend()).collect();
        let names = Backend::ALL.iter().filter(|backend| made.contains(backend));
        names.map(|backend| backend.name()).collect::<Vec<_>>().join(", ")
    }

    /// The parameters of the kernels, as the last run left them.
    pub(crate) fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// Messages and bytes that this rank sends each time that the plan is run.
    pub(crate) fn traffic(&self) -> (usize, usize) {
        let groups = self.plan.actions().iter().filter_map(|action| match action {
            Action::Halo { group, .. } => Some(&self.groups[*group].exchange),
            _ => None,
        });
        groups.fold((0, 0), |(m, b), exchange| (m + exchange.messages(), b + exchange.bytes()))
    }

    /// Runs the plan from `time` on with this time step. Whether all checked results are finite.
    /// Collective.
    pub(crate) fn run(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        step: f64,
    ) -> Result<bool, Error> {
        self.run_watched(world, block, memory, time, step, |_| {})
    }

    /// The same; `done` is called after each action with its number. What is computed while halos
    /// travel is done with them.
    pub(crate) fn run_watched(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        step: f64,
        mut done: impl FnMut(usize),
    ) -> Result<bool, Error> {
        self.parameters[TIME] = time;
        let plan = Rc::clone(&self.plan);
        for (k, factor) in plan.factors().iter().enumerate() {
            self.parameters[plan.first_factor() + k] = factor * step;
        }
        self.counts.rhs_evaluations += plan.evaluations() as u64;
        self.failed.clear();
        let mut actions = plan.actions().iter().enumerate().peekable();
        while let Some((number, action)) = actions.next() {
            let mut last = number;
            let finite = match action {
                Action::At(fraction) => {
                    self.parameters[TIME] = time + fraction * step;
                    true
                }
                Action::Halo { group, arrays, partners } => {
                    let next = actions.peek().map(|(_, next)| *next);
                    let overlapped = self.can_overlap(*group, next);
                    if overlapped {
                        actions.next();
                        last += 1;
                    }
                    let sweep = next.filter(|_| overlapped);
                    self.halo(block, memory, *group, (arrays, partners), sweep)?
                }
                Action::Sweep { kernel, inputs, outputs, extent: Extent::Memory, .. } => {
                    self.bind(memory, inputs, outputs);
                    let halo = memory.layout().halo().map(|layers| [layers; 2]);
                    self.sweep(memory, *kernel, &block.domain().grown(halo))
                }
                Action::Sweep { kernel, inputs, outputs, extent: Extent::Block, beyond } => {
                    self.bind(memory, inputs, outputs);
                    let rows = inputs.iter().any(|slot| matches!(slot, Slot::Row(_)));
                    if rows {
                        self.sweep_by_rows(block, memory, *kernel, inputs)
                    } else {
                        self.sweep(memory, *kernel, &block.domain().grown(*beyond))
                    }
                }
                Action::Sweep { kernel, inputs, outputs, extent: Extent::Once, .. } => {
                    self.bind(memory, inputs, outputs);
                    let once = Region { start: [0; 3], end: [1; 3] };
                    self.sweep(memory, *kernel, &once)
                }
                Action::Reduce { kernel, inputs, kind, parameter } => {
                    let value = self.reduce(world, block, memory, *kernel, inputs, *kind)?;
                    self.parameters[*parameter] = value;
                    true
                }
            };
            if !finite {
                self.failed.push(last);
            }
            done(number);
        }
        Ok(self.failed.is_empty())
    }

    /// Whether the core of a sweep can be computed while the halos of a group travel.
    fn can_overlap(&self, group: usize, next: Option<&Action<Slot>>) -> bool {
        let Some(Action::Sweep { inputs, extent: Extent::Block, .. }) = next else { return false };
        let phases = self.groups[group].exchange.plan().phases().len();
        let arrays_only = inputs.iter().all(|slot| matches!(slot, Slot::Array(_)));
        phases == 1 && arrays_only
    }

    fn halo(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        group: usize,
        (arrays, partners): (&[Slot], &[[Slot; 2]]),
        sweep: Option<&Action<Slot>>,
    ) -> Result<bool, Error> {
        self.positions.clear();
        self.positions.extend(arrays.iter().map(|slot| memory.slot(*slot)));
        self.partners.clear();
        let pair = |pair: &[Slot; 2]| pair.map(|slot| memory.slot(slot));
        self.partners.extend(partners.iter().map(pair));
        let exchange = &mut self.groups[group].exchange;
        self.counts.halo_exchanges += 1;
        self.counts.messages += exchange.messages() as u64;
        self.counts.bytes_sent += exchange.bytes() as u64;
        let phases = exchange.plan().phases().len();
        let mut finite = true;
        for phase in 0..phases {
            let exchange = &mut self.groups[group].exchange;
            exchange.start(phase, memory.all_mut(), &self.positions)?;
            if phases == 1 {
                // Walls need cells of the block only, so their ghosts need not wait.
                self.fill_walls(memory, group, phase);
            }
            let mut rest = None;
            if let Some(Action::Sweep { kernel, inputs, outputs, beyond, .. }) = sweep {
                self.bind(memory, inputs, outputs);
                let domain = block.domain();
                let core = domain.shrunk(self.margins(group));
                finite &= self.core(memory, group, phase, *kernel, &core);
                rest = Some((*kernel, domain.grown(*beyond).without(&core)));
            }
            let exchange = &mut self.groups[group].exchange;
            exchange.finish(phase, memory.all_mut(), &self.positions)?;
            if phases > 1 {
                self.fill_walls(memory, group, phase);
            }
            if let Some((kernel, rim)) = rest {
                for slab in rim {
                    finite &= self.sweep(memory, kernel, &slab);
                }
            }
        }
        Ok(finite)
    }

    /// Cells at each face that wait for messages.
    fn margins(&self, group: usize) -> [[usize; 2]; 3] {
        let mut margins = [[0; 2]; 3];
        for face in &self.groups[group].awaited {
            let layers = self.plan.groups()[group].width.layers[face.axis][face.side.index()];
            margins[face.axis][face.side.index()] = layers;
        }
        margins
    }

    /// Computes the core in a few parts, between which messages can move on.
    fn core(
        &mut self,
        memory: &mut Memory,
        group: usize,
        phase: usize,
        kernel: usize,
        core: &Region,
    ) -> bool {
        if self.groups[group].awaited.is_empty() {
            return self.sweep(memory, kernel, core);
        }
        let axis = if core.shape()[0] > 1 { 0 } else { 1 };
        let (start, end) = (core.start[axis], core.end[axis]);
        let cut = |k: isize| start + k * (end - start) / POLLS;
        let mut finite = true;
        for k in 0..POLLS {
            let part = core.with_axis(axis, cut(k), cut(k + 1));
            if !part.is_empty() {
                finite &= self.sweep(memory, kernel, &part);
                self.groups[group].exchange.poll(phase);
            }
        }
        finite
    }

    fn fill_walls(&mut self, memory: &mut Memory, group: usize, phase: usize) {
        let layout = memory.layout();
        let time = self.parameters[TIME];
        let WalledGroup { exchange, walls, .. } = &mut self.groups[group];
        let axes = exchange.plan().axes(phase);
        for axis in axes {
            let arrays = self.positions.iter().zip(&self.partners);
            for ((position, partners), walls) in arrays.zip(walls.iter_mut()) {
                for (_, wall) in walls.iter_mut().filter(|(face, _)| face.axis == *axis) {
                    let memory = memory.all_mut();
                    wall.fill(memory, *position, *partners, &layout, time, &mut self.scratch);
                }
            }
        }
    }

    /// Finds where the inputs and outputs of a kernel lie.
    fn bind(&mut self, memory: &Memory, inputs: &[Slot], outputs: &[Slot]) {
        let origin = memory.layout().origin();
        let position = |slot: &Slot| match slot {
            Slot::Array(array) => memory.array(*array) + origin,
            Slot::Row(row) => memory.row(*row),
        };
        self.inputs.clear();
        self.inputs.extend(inputs.iter().map(position));
        self.outputs.clear();
        self.outputs.extend(outputs.iter().map(position));
    }

    fn sweep(&mut self, memory: &mut Memory, kernel: usize, region: &Region) -> bool {
        let pitch = memory.layout().pitch();
        let mut call = Call {
            memory: memory.all_mut(),
            inputs: &self.inputs,
            outputs: &self.outputs,
            pitch,
            parameters: &self.parameters,
            profiles: &self.profiles,
            ahead: 0,
        };
        let cells = std::array::from_fn(|axis| (region.start[axis], region.end[axis]));
        self.kernels[kernel].run(&mut call, cells, &mut self.scratch)
    }

    /// Why arrays of the state are not finite after the step from `time` on that was run last.
    pub(crate) fn causes(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        step: f64,
    ) -> Causes {
        let plan = Rc::clone(&self.plan);
        let mut causes = Causes::default();
        let mut failed: Vec<usize> = Vec::new();
        self.parameters[TIME] = time;
        for (number, action) in plan.actions().iter().enumerate() {
            match action {
                Action::At(fraction) => self.parameters[TIME] = time + fraction * step,
                Action::Sweep { kernel, inputs, outputs, extent: Extent::Block, beyond } => {
                    let arrays = outputs.iter().filter_map(|slot| slot.array());
                    let arrays: Vec<usize> = arrays.map(|array| plan.stands_for(array)).collect();
                    if let Some(guard) = plan.guard(*kernel) {
                        self.bind(memory, inputs, outputs);
                        let region = block.domain().grown(*beyond);
                        if arrays.iter().any(|array| failed.contains(array)) {
                            causes.earlier.extend(&arrays);
                        } else if self.is_raised(memory, guard, &region) {
                            causes.too_fast.extend(&arrays);
                        }
                    }
                    if self.failed.contains(&number) {
                        failed.extend(arrays);
                    }
                }
                _ => {}
            }
        }
        causes
    }

    /// Whether a guard is raised in a region, on the arrays that are bound.
    fn is_raised(&mut self, memory: &mut Memory, guard: &Kernel, region: &Region) -> bool {
        let pitch = memory.layout().pitch();
        let mut call = Call {
            memory: memory.all_mut(),
            inputs: &self.inputs,
            outputs: &self.outputs,
            pitch,
            parameters: &self.parameters,
            profiles: &self.profiles,
            ahead: 0,
        };
        let cells = std::array::from_fn(|axis| (region.start[axis], region.end[axis]));
        guard::is_raised(guard, &mut call, cells, &mut self.scratch)
    }

    /// Runs a kernel with random inputs, which exist for one row at a time.
    fn sweep_by_rows(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        kernel: usize,
        inputs: &[Slot],
    ) -> bool {
        let [n0, n1, _] = block.shape();
        let mut finite = true;
        for i in 0..n0 {
            for j in 0..n1 {
                self.fill_rows(block, memory, inputs, [i, j]);
                finite &= self.sweep(memory, kernel, &one_row(block, i, j));
            }
        }
        finite
    }

    /// Makes the random inputs of a kernel for one row.
    fn fill_rows(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        inputs: &[Slot],
        [i, j]: [usize; 2],
    ) {
        let cells = block.shape()[2];
        for (slot, bound) in inputs.iter().zip(&mut self.inputs) {
            let Slot::Row(row) = slot else { continue };
            let start = memory.row(*row);
            // Row 0 is for results.
            let random = &self.randoms[row - 1];
            random.fill(block, [i, j], self.step, &mut memory.all_mut()[start..][..cells]);
            *bound = row_position(memory, start, i, j);
        }
    }

    /// Reduces the values of a kernel over the domain.
    fn reduce(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        kernel: usize,
        inputs: &[Slot],
        kind: Reduction,
    ) -> Result<f64, Error> {
        self.bind(memory, inputs, &[Slot::Row(0)]);
        let start = memory.row(0);
        let [n0, n1, n2] = block.shape();
        let mut sum = ExactSum::new();
        let mut extreme = match kind {
            Reduction::Max => f64::NEG_INFINITY,
            _ => f64::INFINITY,
        };
        for i in 0..n0 {
            for j in 0..n1 {
                self.fill_rows(block, memory, inputs, [i, j]);
                self.outputs[0] = row_position(memory, start, i, j);
                self.sweep(memory, kernel, &one_row(block, i, j));
                let row = &memory.all()[start..][..n2];
                match kind {
                    Reduction::Integral | Reduction::Average => sum.extend(row),
                    Reduction::Max => extreme = row.iter().copied().fold(extreme, larger),
                    Reduction::Min => extreme = row.iter().copied().fold(extreme, smaller),
                }
            }
        }
        Ok(match kind {
            Reduction::Max => world.max(extreme)?,
            Reduction::Min => world.min(extreme)?,
            Reduction::Integral => {
                world.combine_sum(&mut sum)?;
                sum.value() * self.cell_volume.unwrap_or(1.0)
            }
            Reduction::Average => {
                world.combine_sum(&mut sum)?;
                match self.cell_volume {
                    Some(_) => sum.value() / self.cells,
                    None => sum.value() / self.volume,
                }
            }
        })
    }
}

/// The cells of one row of a block.
fn one_row(block: &Subdomain, i: usize, j: usize) -> Region {
    let [i, j, n] = [i, j, block.shape()[2]].map(|n| n as isize);
    Region { start: [i, j, 0], end: [i + 1, j + 1, n] }
}

/// Where an array of the memory's layout would begin whose row (i, j) is the single row that
/// starts here. It may lie before the memory; positions are computed modulo 2^64.
fn row_position(memory: &Memory, start: usize, i: usize, j: usize) -> usize {
    let [pitch0, pitch1] = memory.layout().pitch();
    start.wrapping_sub(i * pitch0 + j * pitch1)
}

/// The larger number; NaN if there is one.
fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// The smaller number; NaN if there is one.
fn smaller(a: f64, b: f64) -> f64 {
    if b < a || b.is_nan() { b } else { a }
}
