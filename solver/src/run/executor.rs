//! Executors run a plan on the arrays of one block.
//!
//! If a sweep follows the halos that it needs, and messages are awaited, the sweep is split. The
//! core is computed while the messages travel, and the rim when they have arrived. The values of
//! cells do not depend on this.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use fluxions_comm::World;
use fluxions_expr::{Backend, Reduction};
use fluxions_grid::Region;
use fluxions_halo::{Exchange, Subdomain};

use crate::error::Error;
use crate::plan::action::{Action, Extent, Slot};
use crate::plan::plan::Plan;
use crate::run::binding::Binding;
use crate::run::counts::{Counts, Iterations};
use crate::run::ghost_layer::ghost_layer;
use crate::run::guard::Causes;
use crate::run::kernels::Kernels;
use crate::run::memory::{Memory, RESULT_ROW};
use crate::run::parameters::Parameters;
use crate::run::random_rows::{RandomRows, rows};
use crate::run::reduction::{Measure, PartialReduction};
use crate::run::walled_group::WalledGroup;
use crate::run::walls::filling::Filling;
use crate::system::pde::Pde;

/// How many times messages get a chance to make progress while the core is computed.
const POLLS: isize = 4;

/// Finds the unknowns of a state.
pub(crate) trait Unknowns {
    /// Finds the unknowns of the state in the first arrays, at a time; what is in their arrays is the first
    /// guess. Collective.
    fn find(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
    ) -> Result<(), Error>;

    /// Finds by how much the unknowns of the state change with it: those of the changes in the arrays for which this was
    /// made, in arrays from `to` on. Collective.
    fn respond(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        to: usize,
    ) -> Result<(), Error>;

    /// The bytes of memory that this takes beside the arrays of the simulation.
    fn bytes(&self) -> usize;

    /// What it took so far.
    fn iterations(&self) -> Iterations;

    /// What was exchanged on this rank so far.
    fn counts(&self) -> Counts;

    /// What is known of the equations, for a run that goes on from here.
    fn save(&self) -> Vec<u8>;

    /// The arrays that such a run needs beside the state.
    fn kept(&self) -> Range<usize>;

    /// Goes on from what was known, with these arrays as they were. Collective.
    ///
    /// # Errors
    /// If this was not saved by the same kind of solver, or another rank has failed.
    fn restore(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        saved: &[u8],
    ) -> Result<(), Error>;
}

/// A plan that is ready to run on one block: its kernels are compiled and its messages are set up.
pub(crate) struct Executor {
    plan: Rc<Plan>,
    kernels: Kernels,
    groups: Vec<WalledGroup>,
    randoms: RandomRows,
    /// The numbers of cells of the whole domain.
    domain: [usize; 3],
    parameters: Parameters,
    binding: Binding,
    measure: Measure,
    /// The numbers of the actions that gave numbers that are not finite in the last run.
    failed: Vec<usize>,
    /// Finds the unknowns of a state, if the plan wants it.
    unknowns: Option<Rc<RefCell<dyn Unknowns>>>,
    /// The number of the step that the next run makes. It determines the random numbers.
    pub(crate) step: u64,
    /// The length of that step divided by the length of the one before.
    pub(crate) ratio: f64,
    pub(crate) counts: Counts,
}

impl Executor {
    /// Makes a plan ready to run. `memory` must have room for it. Collective.
    pub(crate) fn new(
        pde: &Pde,
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        plan: Plan,
        seed: u64,
        backend: Backend,
    ) -> Result<Self, Error> {
        let mut kernels = Kernels::new(pde, block, memory, &plan, backend);
        let groups = plan
            .groups()
            .iter()
            .map(|group| WalledGroup::new(pde, world, block, memory, group, kernels.scratch()));
        let groups = groups.collect();
        Ok(Executor {
            kernels,
            groups,
            domain: pde.grid().shape(),
            randoms: RandomRows::new(&plan, seed, pde.grid(), block, world)?,
            parameters: Parameters::new(&plan),
            binding: Binding::with_room_for(plan.actions()),
            measure: Measure::new(pde.grid()),
            failed: Vec::new(),
            unknowns: None,
            step: 0,
            ratio: 1.0,
            counts: Counts::default(),
            plan: Rc::new(plan),
        })
    }

    /// The same with what finds the unknowns of a state.
    pub(crate) fn with_unknowns(mut self, unknowns: Option<Rc<RefCell<dyn Unknowns>>>) -> Self {
        self.unknowns = unknowns;
        self
    }

    /// What finds the unknowns of a state, if the plan wants it.
    pub(crate) fn unknowns(&self) -> Option<Rc<RefCell<dyn Unknowns>>> {
        self.unknowns.clone()
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A shared reference to the plan.
    pub(crate) fn plan_handle(&self) -> Rc<Plan> {
        Rc::clone(&self.plan)
    }

    /// The kernels of the plan.
    pub(crate) fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// The kernels of the plan, mutable.
    pub(crate) fn kernels_mut(&mut self) -> &mut Kernels {
        &mut self.kernels
    }

    /// The names of the back ends that compiled the kernels.
    pub(crate) fn backends(&self) -> String {
        self.kernels.backends()
    }

    /// The parameters of the kernels as the last run left them.
    pub(crate) fn parameters(&self) -> &[f64] {
        self.parameters.all()
    }

    /// Takes over the parameters of another plan as its last run left them: those that come before what
    /// depends on the length of a step.
    pub(crate) fn adopt_parameters(&mut self, other: &Executor) {
        let count = other.plan.first_factor();
        self.parameters.adopt(&other.parameters.all()[..count]);
    }

    /// The exchanges of the plan's halos.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.groups.iter().map(|group| &group.exchange)
    }

    /// The numbers of messages and bytes that this rank sends in each run of the plan.
    pub(crate) fn traffic(&self) -> (usize, usize) {
        let groups = self.plan.actions().iter().filter_map(|action| match action {
            Action::Halo { group, .. } => Some(&self.groups[*group].exchange),
            Action::At(_)
            | Action::Sweep { .. }
            | Action::Reduce { .. }
            | Action::Compute { .. }
            | Action::Solve { .. } => None,
        });
        groups.fold((0, 0), |(m, b), exchange| (m + exchange.messages(), b + exchange.bytes()))
    }

    /// Runs the plan from `time` on with this time step. Returns whether all checked results are
    /// finite. Collective.
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

    /// Runs the plan as [`Executor::run`] does, and calls `done` with the number of each action
    /// after it. A sweep whose core is computed while halos travel is done together with them. For
    /// both, `done` is called once, with the number of the halos.
    pub(crate) fn run_watched(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        step: f64,
        mut done: impl FnMut(usize),
    ) -> Result<bool, Error> {
        let plan = Rc::clone(&self.plan);
        self.parameters.begin(&plan, time, step, self.ratio);
        self.parameters.set_globals(memory.globals());
        self.counts.rhs_evaluations += plan.evaluations() as u64;
        self.failed.clear();
        let mut actions = plan.actions().iter().enumerate().peekable();
        while let Some((number, action)) = actions.next() {
            let mut last = number;
            let finite = match action {
                Action::At(fraction) => {
                    self.parameters.set_time(time + fraction * step);
                    true
                }
                Action::Halo { group, .. } => {
                    let overlapped = |next: &(usize, &Action<Slot>)| {
                        self.groups[*group].phases() == 1 && has_core(next.1)
                    };
                    let next = actions.next_if(overlapped);
                    last = next.map_or(number, |(next, _)| next);
                    self.binding.bind(memory, action);
                    self.binding.bind_around(memory, &plan.groups()[*group]);
                    self.halo(block, memory, *group, next.map(|(_, sweep)| sweep))?
                }
                Action::Sweep { kernel, inputs, extent, beyond, .. } => {
                    self.binding.bind(memory, action);
                    match extent {
                        Extent::Block if inputs.iter().any(is_row) => {
                            self.sweep_by_rows(block, memory, *kernel, inputs)
                        }
                        Extent::Block => {
                            self.sweep(memory, *kernel, &block.domain().grown(*beyond))
                        }
                        Extent::Memory => {
                            let halo = memory.layout().halo().map(|layers| [layers; 2]);
                            self.sweep(memory, *kernel, &block.domain().grown(halo))
                        }
                        Extent::Beyond { face, layer } => {
                            let layer = ghost_layer(block, self.domain, *face, *layer, *beyond);
                            layer.is_empty() || self.sweep(memory, *kernel, &layer)
                        }
                        Extent::Once => {
                            let once = Region { start: [0; 3], end: [1; 3] };
                            self.sweep(memory, *kernel, &once)
                        }
                    }
                }
                Action::Solve { state, .. } => {
                    self.find_unknowns(world, block, memory, state)?;
                    true
                }
                Action::Compute { kernel, parameters } => {
                    self.parameters.compute(&plan.kernels()[*kernel], parameters)
                }
                Action::Reduce { kernel, inputs, kind, parameter } => {
                    self.binding.bind(memory, action);
                    let value = self.reduce(world, block, memory, *kernel, inputs, *kind)?;
                    self.parameters.set(*parameter, value);
                    true
                }
            };
            if !finite {
                self.failed.push(last);
            }
            done(number);
        }
        if plan.globals() > 0 {
            memory.set_globals(self.parameters.globals(plan.globals()));
        }
        Ok(self.failed.is_empty())
    }

    /// Finds the unknowns of the state in these arrays, at the present time.
    fn find_unknowns(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        state: &[Slot],
    ) -> Result<(), Error> {
        let Some(unknowns) = &self.unknowns else { return Ok(()) };
        let pairs = || {
            let arrays = state.iter().enumerate();
            arrays.filter_map(|(k, slot)| slot.array().filter(|array| *array != k).map(|a| (k, a)))
        };
        pairs().for_each(|(a, b)| memory.swap(a, b));
        let found = unknowns.borrow_mut().find(world, block, memory, self.parameters.time());
        pairs().for_each(|(a, b)| memory.swap(a, b));
        found
    }

    /// Fills the halos of a group, whose arrays are bound, and does the sweep that follows them, if
    /// there is one.
    fn halo(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        group: usize,
        sweep: Option<&Action<Slot>>,
    ) -> Result<bool, Error> {
        self.counts.add_exchange(&self.groups[group].exchange);
        let phases = self.groups[group].phases();
        let mut finite = true;
        for phase in 0..phases {
            let arrays = &self.binding.halo.arrays;
            self.groups[group].exchange.start(phase, memory.all_mut(), arrays)?;
            if phases == 1 {
                // Ghost cells at walls depend on cells of the block only, so they need not wait.
                self.fill_walls(memory, group, phase);
            }
            let mut rest = None;
            if let Some(action @ Action::Sweep { kernel, beyond, .. }) = sweep {
                self.binding.bind(memory, action);
                let domain = block.domain();
                let core = domain.shrunk(self.groups[group].waiting(phase));
                finite &= self.core(memory, group, phase, *kernel, &core);
                rest = Some((*kernel, domain.grown(*beyond).without(&core)));
            }
            let arrays = &self.binding.halo.arrays;
            self.groups[group].exchange.finish(phase, memory.all_mut(), arrays)?;
            if phases > 1 {
                self.fill_walls(memory, group, phase);
            }
            if let Some((kernel, rim)) = rest {
                for slab in rim {
                    finite &= self.sweep(memory, kernel, &slab);
                }
            }
            self.groups[group].exchange.measured(phase);
        }
        Ok(finite)
    }

    /// Computes the core in a few parts. Between these, messages can make progress.
    fn core(
        &mut self,
        memory: &mut Memory,
        group: usize,
        phase: usize,
        kernel: usize,
        core: &Region,
    ) -> bool {
        if !self.groups[group].waits(phase) {
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
        let layout = &memory.layout();
        let mut filling = Filling {
            memory: memory.all_mut(),
            layout,
            halo: &self.binding.halo,
            time: self.parameters.time(),
            scratch: self.kernels.scratch(),
        };
        self.groups[group].fill_walls(phase, &mut filling);
    }

    /// Why arrays of the state are not finite after the last step that was run, which began at
    /// `time`.
    pub(crate) fn causes(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        step: f64,
    ) -> Causes {
        let plan = Rc::clone(&self.plan);
        let mut causes = Causes::default();
        self.parameters.set_time(time);
        for (number, action) in plan.actions().iter().enumerate() {
            match action {
                Action::At(fraction) => self.parameters.set_time(time + fraction * step),
                Action::Sweep { kernel, extent: Extent::Block, beyond, .. } => {
                    let arrays = action.written().map(|array| plan.stands_for(array)).collect();
                    let mut raised = || {
                        let guard = plan.guard(*kernel)?;
                        self.binding.bind(memory, action);
                        let region = block.domain().grown(*beyond);
                        let (binding, parameters) = (&self.binding, &self.parameters);
                        Some(self.kernels.is_raised(guard, memory, binding, parameters, &region))
                    };
                    causes.note(arrays, raised(), self.failed.contains(&number));
                }
                Action::Sweep { .. }
                | Action::Halo { .. }
                | Action::Reduce { .. }
                | Action::Compute { .. }
                | Action::Solve { .. } => {}
            }
        }
        causes
    }

    /// Runs a kernel, whose arrays are bound, in the cells of a region.
    fn sweep(&mut self, memory: &mut Memory, kernel: usize, region: &Region) -> bool {
        self.kernels.run(kernel, memory, &self.binding, &self.parameters, region, 0)
    }

    /// Runs a kernel with random inputs, which are made for one row at a time.
    fn sweep_by_rows(
        &mut self,
        block: &Subdomain,
        memory: &mut Memory,
        kernel: usize,
        inputs: &[Slot],
    ) -> bool {
        let mut finite = true;
        for (row, cells) in rows(block) {
            self.randoms.fill(block, memory, inputs, row, self.step, &mut self.binding);
            finite &= self.sweep(memory, kernel, &cells);
        }
        finite
    }

    /// Reduces the values of a kernel over the domain, row by row.
    fn reduce(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        kernel: usize,
        inputs: &[Slot],
        kind: Reduction,
    ) -> Result<f64, Error> {
        let mut partial = PartialReduction::new(kind);
        let (start, length) = (memory.row(RESULT_ROW), block.shape()[2]);
        for (row, cells) in rows(block) {
            self.randoms.fill(block, memory, inputs, row, self.step, &mut self.binding);
            self.binding.outputs[0] = memory.row_of_block(RESULT_ROW, row);
            self.sweep(memory, kernel, &cells);
            partial.add(&memory.all()[start..][..length]);
        }
        Ok(partial.finish(world, self.measure)?)
    }
}

fn is_row(slot: &Slot) -> bool {
    matches!(slot, Slot::Row(_))
}

/// Whether an action is a sweep whose core can be computed while halos travel. This is a sweep over
/// the block without random numbers.
fn has_core(action: &Action<Slot>) -> bool {
    match action {
        Action::Sweep { inputs, extent: Extent::Block, .. } => !inputs.iter().any(is_row),
        _ => false,
    }
}
