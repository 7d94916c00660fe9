//! The passes of a time step with transport.
//!
//! Sources before the transport (sources.rs), the passes of each advected field (passes.rs), sources
//! after it. The halos of all fields are filled once for each pass; what a pass stores to look at
//! itself is computed beyond the block as far as that needs it (plan/needs.rs).

use fluxions_expr::Node;
use fluxions_halo::HaloWidth;

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::halo_group::{HaloGroup, SeenGhosts};
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, equations};
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::schemes::by_hand::{by_hand, extra};
use crate::schemes::mpdata::courant_field::{CourantField, Storage};
use crate::schemes::mpdata::courant_fields::{CourantFields, found_diffusivities};
use crate::system::pde::Pde;

/// Whether a field's equation says that it has no source.
pub(crate) fn is_nothing(source: &OwnedExpr<'_>) -> bool {
    source.expr.node == Node::Number(0.0)
}

/// The velocities and diffusivities that depend on fields.
pub(crate) fn found<'e>(pde: &Pde, fields: &CourantFields<'e>) -> Vec<OwnedExpr<'e>> {
    let velocities = fields.list.iter().flat_map(|named| named.targets(pde));
    velocities.chain(fields.advected.iter().flat_map(|c| found_diffusivities(pde, c))).collect()
}

/// The plan of a step while it is built.
pub(crate) struct Steps<'a> {
    pub(crate) pde: &'a Pde,
    pub(crate) plan: PlanBuilder,
    /// The parameters that are half of the time step and the whole of it.
    pub(crate) half: usize,
    pub(crate) whole: usize,
    /// The array in which each array of the state is at the moment.
    pub(crate) at: Vec<usize>,
    /// For each array of the state this array and its working copies.
    copies: Vec<Vec<usize>>,
    first_quantity: usize,
    /// For each of the Courant numbers and each axis the parameter by which they are multiplied.
    scales: Vec<Vec<usize>>,
}

impl<'a> Steps<'a> {
    /// An empty plan, with parameters for the Courant numbers.
    pub(crate) fn new(pde: &'a Pde, fields: &CourantFields<'a>) -> Self {
        let mut targets = found(pde, fields);
        targets.extend(equations(pde));
        let program = Program::new(pde, &targets);
        let mut plan = PlanBuilder::new(pde, &fields.kept, &[&program]);
        let first_quantity = plan.add_arrays(program.array_names());
        let (half, whole) = (plan.add_factor(0.5), plan.add_factor(1.0));
        let usual = plan.add_usual_steps();
        let scales = fields.list.iter().map(|named| match named.exprs.factors() {
            Some(factors) => factors.into_iter().map(|f| plan.add_factor(f)).collect(),
            None => vec![usual; named.exprs.axes.len()],
        });
        let scales = scales.collect();
        fields.list.iter().for_each(|named| plan.keep(&named.before));
        let n = pde.arrays();
        let (at, copies) = ((0..n).collect(), (0..n).map(|array| vec![array]).collect());
        Steps { pde, plan, half, whole, at, copies, first_quantity, scales }
    }

    /// For each axis the parameter by which the Courant numbers of this number are multiplied.
    pub(crate) fn scales_of(&self, number: usize) -> &[usize] {
        &self.scales[number]
    }

    /// The Courant numbers of this number, which are stored like this.
    pub(crate) fn courants<'f>(
        &self,
        fields: &'f CourantFields<'a>,
        number: usize,
        storage: Storage,
    ) -> CourantField<'f> {
        let named = &fields.list[number];
        CourantField {
            exprs: &named.exprs,
            storage,
            density_array: named.density_array,
            scales: self.scales[number].clone(),
            whole_step: self.whole,
        }
    }

    /// A working copy of an array of the state that is none of these.
    pub(crate) fn copy(&mut self, array: usize, used: &[usize]) -> usize {
        let free = self.copies[array].iter().find(|copy| !used.contains(copy));
        free.copied().unwrap_or_else(|| {
            let count = self.copies[array].len();
            let name = format!("{} (working copy {count})", self.plan.array_name(array));
            let copy = self.plan.add_array(name);
            self.copies[array].push(copy);
            copy
        })
    }

    /// The slots of the arrays of a program at the moment.
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
        self.plan.push(&actions, &self.slots());
        program
    }

    /// Runs a kernel that is written by hand over the block, to these arrays. Its number.
    pub(crate) fn sweep(
        &mut self,
        name: String,
        outputs: &[usize],
        write: impl FnOnce(&mut PassBuilder),
    ) -> usize {
        self.sweep_in(Extent::Block, name, outputs, write)
    }

    /// Runs a kernel that is written by hand over the cells of an extent, to these arrays. Its
    /// number.
    pub(crate) fn sweep_in(
        &mut self,
        extent: Extent,
        name: String,
        outputs: &[usize],
        write: impl FnOnce(&mut PassBuilder),
    ) -> usize {
        let pass = by_hand(self.pde, write);
        let outputs = outputs.iter().map(|array| Slot::Array(*array)).collect();
        self.plan.sweep(pass, &extra, outputs, extent, name)
    }

    /// Fills the halos of arrays, each with its conditions, as wide as later passes look.
    pub(crate) fn halo(&mut self, arrays: &[(usize, usize)]) {
        if arrays.is_empty() {
            return;
        }
        let extras = || arrays.iter().map(|(array, _)| ArrayRef::Extra(*array));
        let halo = self.plan.add_halo(HaloGroup {
            seen: SeenGhosts::Mirrored,
            arrays: extras().collect(),
            conditions: arrays.iter().map(|(_, conditions)| *conditions).collect(),
            partners: extras().map(|array| [array; 2]).collect(),
            width: HaloWidth::default(),
            around: None,
        });
        self.plan.push(&[halo], &extra);
    }

    /// The plan of the step.
    pub(crate) fn finish(self) -> Plan {
        let Steps { pde, mut plan, at, copies, .. } = self;
        let copies = copies.into_iter().enumerate();
        let copies = copies.flat_map(|(array, copies)| {
            copies.into_iter().filter(move |copy| *copy != array).map(move |copy| (copy, array))
        });
        plan.set_copies(copies.collect());
        plan.set_swaps(at.into_iter().enumerate().filter(|(array, at)| array != at).collect());
        plan.forget_unused_times(pde);
        plan.finish()
    }
}
