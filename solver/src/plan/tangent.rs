//! Tangents of plans: by how much what a plan computes changes when the state does, to first order. That of
//! the plan of the slopes is a Jacobian–vector product.
//!
//! The tangent of a plan is made action by action: that of a sweep is a sweep by the tangent of its kernel,
//! that of halos fills them by the tangents of the conditions. It reads arrays and parameters as a run of the
//! plan itself has left them, whose halos and quantities stay known while the state does.

use std::collections::{HashMap, HashSet};

use fluxions_expr::{Binary, Builder, Kernel, Reduction, Tangent};

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::HaloGroup;
use crate::plan::invariants;
use crate::plan::margins::Margins;
use crate::plan::plan::Plan;
use crate::plan::program::{ArrayRef, TIME};
use crate::system::pde::Pde;

/// The tangent of a plan that evaluates expressions.
#[derive(Clone, Debug)]
pub(crate) struct TangentPlan {
    pub(crate) plan: Plan,
    /// Whether it is the same in all states, of all fields, and at all times.
    pub(crate) is_constant: bool,
}

/// The tangent of a plan. `changes` gives arrays with those that hold their changes: those of the state,
/// whose changes are given, and those of results, whose changes are computed.
pub(crate) fn tangent(
    pde: &Pde,
    of: &Plan,
    changes: impl IntoIterator<Item = (usize, usize)>,
    results: impl IntoIterator<Item = (usize, usize)>,
) -> TangentPlan {
    let first = of.first_factor;
    debug_assert!(of.factors.is_empty() && of.results == 0, "expressions know no steps");
    let plan = Plan {
        first_factor: first,
        array_names: of.array_names.clone(),
        rows: of.rows,
        data_widths: of.data_widths.clone(),
        ..Plan::default()
    };
    let mut maker = Maker {
        of,
        plan,
        changes: changes.into_iter().collect(),
        results: results.into_iter().collect(),
        numbers: HashMap::new(),
    };
    for action in &of.actions {
        match action {
            Action::At(time) => maker.plan.actions.push(Action::At(*time)),
            Action::Halo { group, arrays, partners } => maker.halo(*group, arrays, partners),
            Action::Sweep { .. } => maker.sweep(action),
            Action::Reduce { kernel, inputs, kind, parameter } => {
                maker.reduce(*kernel, inputs, *kind, *parameter);
            }
            Action::Compute { .. } | Action::Solve { .. } => {}
        }
    }
    let Maker { plan, changes, .. } = maker;
    debug_assert_eq!(invariants::fault(&plan), None);
    let computed: HashSet<usize> = of.actions.iter().flat_map(Action::written).collect();
    let varies = |slot: &Slot| {
        let is_change = |array: usize| changes.values().any(|change| *change == array);
        slot.array().is_some_and(|array| {
            (array < pde.arrays() || computed.contains(&array)) && !is_change(array)
        })
    };
    let reads = |action: &Action<Slot>| match action {
        Action::Sweep { kernel, inputs, .. } | Action::Reduce { kernel, inputs, .. } => {
            let kernel = &plan.kernels[*kernel];
            inputs.iter().any(varies) || (TIME..first).any(|number| kernel.uses_parameter(number))
        }
        Action::At(_) | Action::Halo { .. } | Action::Compute { .. } | Action::Solve { .. } => {
            false
        }
    };
    let sets = plan.groups.iter().flat_map(|group| &group.conditions);
    let is_constant = !plan.actions.iter().any(reads)
        && !sets.into_iter().any(|set| pde.conditions().change(*set));
    TangentPlan { plan, is_constant }
}

struct Maker<'a> {
    of: &'a Plan,
    plan: Plan,
    /// The arrays that change, each with the array of its changes.
    changes: HashMap<usize, usize>,
    /// The arrays of results, each with the array of its changes.
    results: HashMap<usize, usize>,
    /// The parameters that change, each with the parameter that is its change.
    numbers: HashMap<usize, usize>,
}

impl Maker<'_> {
    fn change_of(&self, slot: Slot) -> Option<Slot> {
        Some(Slot::Array(*self.changes.get(&slot.array()?)?))
    }

    /// The tangent of a kernel on these inputs, and which input of the result is which slot.
    fn tangent_of(&self, kernel: &Kernel, inputs: &[Slot]) -> (Tangent, Vec<Slot>) {
        let mut slots = inputs.to_vec();
        let moving: Vec<Option<usize>> = inputs
            .iter()
            .map(|slot| {
                slots.push(self.change_of(*slot)?);
                Some(slots.len() - 1)
            })
            .collect();
        let number = |parameter: usize| self.numbers.get(&parameter).copied();
        (Tangent::of(kernel, |input| moving[input], number), slots)
    }

    fn add_kernel(&mut self, tangent: Tangent, slots: &[Slot], name: &str) -> (usize, Vec<Slot>) {
        let (kernel, used) = tangent.builder.finish_used();
        self.plan.kernels.push(kernel);
        self.plan.kernel_names.push(format!("change of {name}"));
        (self.plan.kernels.len() - 1, used.into_iter().map(|input| slots[input]).collect())
    }

    fn halo(&mut self, group: usize, arrays: &[Slot], partners: &[[Slot; 2]]) {
        let HaloGroup { conditions, width, seen, .. } = &self.of.groups[group];
        let mut made = HaloGroup {
            arrays: Vec::new(),
            conditions: Vec::new(),
            partners: Vec::new(),
            width: *width,
            seen: *seen,
            around: Some(Vec::new()),
        };
        let (mut slots, mut pairs) = (Vec::new(), Vec::new());
        for ((array, pair), condition) in arrays.iter().zip(partners).zip(conditions) {
            let Some(change) = self.change_of(*array) else { continue };
            let changes = pair.map(|partner| self.change_of(partner).unwrap_or(change));
            let reference = |slot: Slot| ArrayRef::Extra(slot.array().unwrap_or_default());
            made.arrays.push(reference(change));
            made.conditions.push(*condition);
            made.partners.push(changes.map(reference));
            made.around.iter_mut().for_each(|around| around.push([*array, pair[0], pair[1]]));
            slots.push(change);
            pairs.push(changes);
        }
        if !slots.is_empty() {
            self.plan.groups.push(made);
            let group = self.plan.groups.len() - 1;
            self.plan.actions.push(Action::Halo { group, arrays: slots, partners: pairs });
        }
    }

    fn sweep(&mut self, action: &Action<Slot>) {
        let Action::Sweep { kernel: number, inputs, outputs, extent, beyond } = action else {
            return;
        };
        let (mut tangent, slots) = self.tangent_of(&self.of.kernels[*number], inputs);
        let is_known = |slot: &Slot| {
            let array = slot.array().unwrap_or_default();
            self.changes.contains_key(&array) || self.results.contains_key(&array)
        };
        if tangent.outputs.iter().all(|(_, change)| change.is_none())
            && !outputs.iter().any(is_known)
        {
            return;
        }
        let (mut changed, mut zeros) = (Vec::new(), Vec::new());
        for (output, (_, change)) in outputs.iter().zip(&tangent.outputs) {
            let change = change.unwrap_or_else(|| tangent.builder.constant(0.0));
            tangent.builder.output(change);
            let array = output.array().unwrap_or_default();
            let known = self.changes.get(&array).or(self.results.get(&array)).copied();
            let to = known.unwrap_or_else(|| {
                let name = format!("change of {}", self.plan.array_names[array]);
                self.plan.array_names.push(name);
                let to = self.plan.array_names.len() - 1;
                if let Extent::Beyond { .. } = extent {
                    // Of an array that does not change itself only these ghost cells do.
                    zeros.push(to);
                }
                to
            });
            self.changes.insert(array, to);
            changed.push(Slot::Array(to));
        }
        for array in zeros {
            self.clear(array);
        }
        let name = self.of.kernel_names[*number].clone();
        let (kernel, inputs) = self.add_kernel(tangent, &slots, &name);
        self.plan.actions.push(Action::Sweep {
            kernel,
            inputs,
            outputs: changed,
            extent: *extent,
            beyond: *beyond,
        });
    }

    /// Adds a sweep that sets an array to 0, halos included.
    fn clear(&mut self, array: usize) {
        let mut builder = Builder::new();
        let zero = builder.constant(0.0);
        builder.output(zero);
        self.plan.kernels.push(builder.finish());
        self.plan.kernel_names.push(format!("no {}", self.plan.array_names[array]));
        self.plan.actions.push(Action::Sweep {
            kernel: self.plan.kernels.len() - 1,
            inputs: Vec::new(),
            outputs: vec![Slot::Array(array)],
            extent: Extent::Memory,
            beyond: Margins::default(),
        });
    }

    /// The change of an integral or average is that of the changes; that of an extreme is the change where
    /// it is.
    fn reduce(&mut self, number: usize, inputs: &[Slot], kind: Reduction, parameter: usize) {
        let (mut tangent, slots) = self.tangent_of(&self.of.kernels[number], inputs);
        let (value, change) = tangent.outputs[0];
        let Some(change) = change else { return };
        let none = match kind {
            Reduction::Integral | Reduction::Average => None,
            Reduction::Max => Some(f64::NEG_INFINITY),
            Reduction::Min => Some(f64::INFINITY),
        };
        let change = match none {
            None => change,
            Some(none) => {
                let builder = &mut tangent.builder;
                let (extreme, none) = (builder.parameter(parameter), builder.constant(none));
                let is_there = builder.binary(Binary::Equal, value, extreme);
                builder.select(is_there, change, none)
            }
        };
        tangent.builder.output(change);
        let name = self.of.kernel_names[number].clone();
        let (kernel, inputs) = self.add_kernel(tangent, &slots, &name);
        let changed = self.plan.first_factor;
        self.plan.first_factor += 1;
        self.numbers.insert(parameter, changed);
        self.plan.actions.push(Action::Reduce { kernel, inputs, kind, parameter: changed });
    }
}
