//! The passes of a time step with transport.
//!
//! Sources before the transport (sources.rs), the passes of each advected field (passes.rs), sources
//! after it. The halos of all fields are filled once for each pass; what a pass stores to look at
//! itself is computed beyond the block as far as that needs it (margins.rs).

use fluxions_expr::Node;
use fluxions_halo::HaloWidth;

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::HaloGroup;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, equations};
use crate::plan::program::{ArrayRef, OwnedExpr, Pass, Program, TIME};
use crate::schemes::mpdata::courant_fields::Flows;
use crate::schemes::mpdata::measures::Measure;
use crate::system::pde::Pde;
use crate::system::transport::Sources;

/// Factors of the time step that every plan has parameters for, before those of flows.
pub(crate) const HALF: usize = 0;
const WHOLE: usize = 1;
const PER_STEP: usize = 2;
const FIXED: [f64; 3] = [0.5, 1.0, 0.0];

impl Plan {
    /// One time step of a system with transport: from the fields in arrays 0 … n−1 to the same
    /// arrays after the swaps.
    pub(crate) fn transport(pde: &Pde) -> Self {
        let mut flows = Flows::of(pde);
        let mut steps = Steps::new(pde, &mut flows);
        let symmetric = pde.sources == Sources::Symmetric;
        let sources = equations(pde).iter().any(|source| !is_nothing(source));
        steps.begin(&flows, sources.then_some(if symmetric { HALF } else { WHOLE }));
        steps.store_flows(&mut flows);
        steps.advect(&flows);
        if sources && symmetric {
            steps.end();
        }
        steps.finish()
    }

    /// What is computed once, before the first step: flows that do not change, and those that
    /// depend on the fields as they are at the beginning; then all measures, as parameters from
    /// [`Plan::results`] on.
    pub(crate) fn before_transport(pde: &Pde) -> Self {
        let mut flows = Flows::of(pde);
        let mut steps = Steps::new(pde, &mut flows);
        flows.list.iter().for_each(|known| steps.store_once(known));
        steps.store_earlier(&flows);
        let Steps { mut plan, .. } = steps;
        plan.results = plan.first_factor + plan.factors.len();
        for (k, measure) in Measure::all(pde, &flows).into_iter().enumerate() {
            plan.factors.push(0.0);
            let pass = measure.pass(pde, &flows);
            let inputs = pass.inputs.iter().map(|r| extra(*r)).collect();
            plan.push_reduction(pass.kernel, inputs, measure.kind(), plan.results + k);
        }
        plan.arrays = plan.array_names.len();
        plan.rows = plan.rows.max(1);
        plan
    }
}

/// Whether a field's equation says that it has no source.
pub(crate) fn is_nothing(source: &OwnedExpr<'_>) -> bool {
    source.expr.node == Node::Number(0.0)
}

/// The velocities and diffusivities that depend on fields.
pub(crate) fn found<'e>(pde: &Pde, flows: &Flows<'e>) -> Vec<OwnedExpr<'e>> {
    let velocities = flows.list.iter().flat_map(|known| known.targets(pde));
    velocities.chain(flows.advected.iter().flat_map(|c| c.found_diffusivities(pde))).collect()
}

/// Where arrays lie that kernels written by hand know by their numbers.
fn extra(reference: ArrayRef) -> Slot {
    match reference {
        ArrayRef::Extra(array) | ArrayRef::Field(array) | ArrayRef::Quantity(array) => {
            Slot::Array(array)
        }
        ArrayRef::Random(row) => Slot::Row(row),
    }
}

/// A plan while it is built.
pub(crate) struct Steps<'a> {
    pub(crate) pde: &'a Pde,
    pub(crate) plan: Plan,
    /// Where each array of the state is at the moment.
    pub(crate) at: Vec<usize>,
    /// The arrays that serve each.
    copies: Vec<Vec<usize>>,
    first_quantity: usize,
}

impl<'a> Steps<'a> {
    fn new(pde: &'a Pde, flows: &mut Flows<'a>) -> Self {
        let mut targets = found(pde, flows);
        targets.extend(equations(pde));
        let program = Program::new(pde, &targets);
        let mut plan = Plan {
            first_factor: program.parameters(),
            factors: FIXED.to_vec(),
            per_step: Some(PER_STEP),
            evaluations: 1,
            array_names: pde.all_array_names(),
            data_widths: program.data_widths().to_vec(),
            ..Plan::default()
        };
        let first_quantity = plan.array_names.len();
        plan.array_names.extend(program.array_names());
        for known in &mut flows.list {
            let mut parameter = |factor: f64| {
                let place = plan.factors.iter().skip(FIXED.len()).position(|f| *f == factor);
                let place = place.map_or(plan.factors.len(), |place| place + FIXED.len());
                if place == plan.factors.len() {
                    plan.factors.push(factor);
                }
                plan.first_factor + place
            };
            known.flow.scales = match known.flow.factors() {
                Some(factors) => factors.into_iter().map(&mut parameter).collect(),
                None => vec![plan.first_factor + PER_STEP; known.flow.axes.len()],
            };
            known.flow.whole_step = plan.first_factor + WHOLE;
            plan.changing.extend(&known.before);
        }
        let n = pde.arrays();
        let (at, copies) = ((0..n).collect(), (0..n).map(|array| vec![array]).collect());
        Steps { pde, plan, at, copies, first_quantity }
    }

    /// A working array.
    pub(crate) fn array(&mut self, name: String) -> usize {
        self.plan.array_names.push(name);
        self.plan.array_names.len() - 1
    }

    /// The working array of this name.
    pub(crate) fn named(&mut self, name: String) -> usize {
        let known = self.plan.array_names.iter().position(|known| *known == name);
        known.unwrap_or_else(|| self.array(name))
    }

    /// A working copy of an array of the state that is none of these.
    pub(crate) fn copy(&mut self, array: usize, used: &[usize]) -> usize {
        let free = self.copies[array].iter().find(|copy| !used.contains(copy));
        free.copied().unwrap_or_else(|| {
            let count = self.copies[array].len();
            let name = format!("{} (working copy {count})", self.plan.array_names[array]);
            let copy = self.array(name);
            self.copies[array].push(copy);
            copy
        })
    }

    /// Where arrays are at the moment.
    pub(crate) fn slots(&self) -> impl Fn(ArrayRef) -> Slot + use<> {
        let (at, first) = (self.at.clone(), self.first_quantity);
        move |reference| match reference {
            ArrayRef::Field(array) => Slot::Array(at.get(array).copied().unwrap_or(array)),
            ArrayRef::Quantity(array) => Slot::Array(first + array),
            ArrayRef::Extra(array) => Slot::Array(array),
            ArrayRef::Random(row) => Slot::Row(1 + row),
        }
    }

    /// Prepares the computation of expressions from the fields as they are.
    pub(crate) fn prepare(&mut self, targets: &[OwnedExpr<'_>]) -> Program<'a> {
        let mut program = Program::new(self.pde, targets);
        let actions = self.plan.prepare(&mut program);
        self.plan.push_on(&actions, &self.slots());
        program
    }

    /// A kernel that is written by hand, to these arrays.
    pub(crate) fn sweep(
        &mut self,
        name: String,
        outputs: &[usize],
        write: impl FnOnce(&mut PassBuilder),
    ) {
        self.sweep_in(Extent::Block, name, outputs, write);
    }

    /// The same in other cells than those of the block.
    pub(crate) fn sweep_in(
        &mut self,
        extent: Extent,
        name: String,
        outputs: &[usize],
        write: impl FnOnce(&mut PassBuilder),
    ) {
        let pass = by_hand(self.pde, write);
        let outputs = outputs.iter().map(|array| Slot::Array(*array)).collect();
        self.plan.push_sweep(pass, &extra, outputs, extent, name);
    }

    /// Fills halos of arrays with these conditions, as wide as will turn out.
    pub(crate) fn halo(&mut self, arrays: &[(usize, usize)]) {
        if arrays.is_empty() {
            return;
        }
        let extras = || arrays.iter().map(|(array, _)| ArrayRef::Extra(*array));
        let halo = self.plan.add_halo(HaloGroup {
            arrays: extras().collect(),
            conditions: arrays.iter().map(|(_, conditions)| *conditions).collect(),
            partners: extras().map(|array| [array; 2]).collect(),
            width: HaloWidth::default(),
        });
        self.plan.push_on(&[halo], &extra);
    }

    fn finish(self) -> Plan {
        let Steps { mut plan, at, copies, .. } = self;
        plan.copies = (copies.into_iter().enumerate())
            .flat_map(|(array, copies)| copies.into_iter().map(move |copy| (copy, array)))
            .collect();
        plan.swaps = at.into_iter().enumerate().filter(|(array, at)| array != at).collect();
        plan.arrays = plan.array_names.len();
        plan.settle_margins();
        let conditions = self.pde.conditions();
        let mut sets = plan.groups.iter().flat_map(|group| &group.conditions);
        if !plan.kernels.iter().any(|kernel| kernel.uses_parameter(TIME))
            && !sets.any(|set| conditions.change(*set))
        {
            plan.actions.retain(|action| !matches!(action, Action::At(_)));
        }
        plan
    }
}

/// A kernel that is written by hand.
pub(crate) fn by_hand(pde: &Pde, write: impl FnOnce(&mut PassBuilder)) -> Pass {
    let mut program = Program::new(pde, &[]);
    let mut pass = PassBuilder::last(&mut program);
    write(&mut pass);
    pass.finish()
}
