//! Step plans say which actions are done on which arrays and in which order. They are data, and the
//! executor runs them.

use std::fmt;
use std::ops::Range;

use fluxions_expr::Kernel;
use fluxions_halo::HaloWidth;

use crate::plan::action::{Action, Slot};
use crate::plan::halo_group::HaloGroup;
use crate::plan::margins::Margins;
use crate::plan::program::{ArrayRef, OwnedExpr};
use crate::random::array::RandomArray;
use crate::system::pde::Pde;

/// A list of actions, with the kernels, halo groups and arrays to which they refer. A
/// [`PlanBuilder`](crate::plan::builder::PlanBuilder) makes it; its documentation lists the
/// invariants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(super) actions: Vec<Action<Slot>>,
    pub(super) kernels: Vec<Kernel>,
    /// What each kernel computes.
    pub(super) kernel_names: Vec<String>,
    /// The guards, each with the number of the kernel that it guards.
    pub(super) guards: Vec<(usize, Kernel)>,
    pub(super) groups: Vec<HaloGroup>,
    pub(super) randoms: Vec<RandomArray>,
    /// The first parameter that depends on the length of a step. The results follow the factors.
    pub(super) first_factor: usize,
    pub(super) factors: Vec<Factor>,
    /// The usual length of a step, if it is known.
    pub(super) usual_step: Option<f64>,
    /// The number of results.
    pub(super) results: usize,
    pub(super) swaps: Vec<(usize, usize)>,
    /// Working copies, each with the array of the state that it stands for.
    pub(super) copies: Vec<(usize, usize)>,
    pub(super) changing: Vec<usize>,
    /// How many unknowns without space the plan changes.
    pub(super) globals: usize,
    /// The purpose of each array.
    pub(super) array_names: Vec<String>,
    pub(super) rows: usize,
    pub(super) evaluations: usize,
    pub(super) data_widths: Vec<HaloWidth>,
}

/// A parameter that depends on the length of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Factor {
    /// The length of the step times this number.
    OfStep(f64),
    /// The length of the step divided by that of the usual step.
    UsualSteps,
    /// The length of the step divided by that of the step before, times the first number, plus the second.
    OfRatio(f64, f64),
}

impl Plan {
    /// The actions, in order.
    pub(crate) fn actions(&self) -> &[Action<Slot>] {
        &self.actions
    }

    /// The kernels to which actions refer.
    pub(crate) fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// What each kernel computes, in words.
    pub(crate) fn kernel_names(&self) -> &[String] {
        &self.kernel_names
    }

    /// A guard tells why a kernel gives numbers that are not finite. It is a kernel with the same
    /// inputs, whose value is not 0 in cells from which more is advected than is in them. It reads
    /// only arrays that later actions of the plan do not change. There is none for kernels where
    /// this cannot happen.
    pub(crate) fn guard(&self, kernel: usize) -> Option<&Kernel> {
        self.guards.iter().find(|(of, _)| *of == kernel).map(|(_, guard)| guard)
    }

    /// The halo groups to which actions refer.
    pub(crate) fn groups(&self) -> &[HaloGroup] {
        &self.groups
    }

    /// The arrays of random numbers, which lie in the rows after row 0.
    pub(crate) fn randoms(&self) -> &[RandomArray] {
        &self.randoms
    }

    /// The first of the parameters whose values are [`Plan::factors_at`].
    pub(crate) fn first_factor(&self) -> usize {
        self.first_factor
    }

    /// The parameters that depend on the length of a step, for a step of this length, which is `ratio` times that of
    /// the step before. Where the usual step is not known, every step is taken for one.
    pub(crate) fn factors_at(&self, step: f64, ratio: f64) -> impl Iterator<Item = f64> {
        let usual = self.usual_step.map_or(1.0, |usual| (1.0 / usual) * step);
        self.factors.iter().map(move |factor| match factor {
            Factor::OfStep(factor) => factor * step,
            Factor::UsualSteps => usual,
            Factor::OfRatio(factor, constant) => constant + factor * ratio,
        })
    }

    /// The parameters that are results of reductions, in the order in which these were added.
    pub(crate) fn results(&self) -> Range<usize> {
        self.parameters() - self.results..self.parameters()
    }

    /// The pairs of arrays that change places after a step, so that arrays 0 … n−1 hold the new
    /// state.
    pub(crate) fn swaps(&self) -> &[(usize, usize)] {
        &self.swaps
    }

    /// Whether unknowns are found in the course of the plan.
    pub(crate) fn solves(&self) -> bool {
        self.actions.iter().any(|action| matches!(action, Action::Solve { .. }))
    }

    /// The arrays outside the state whose values the next step needs.
    pub(crate) fn changing(&self) -> &[usize] {
        &self.changing
    }

    /// How many unknowns without space a run of the plan changes: all of them, or none.
    pub(crate) fn globals(&self) -> usize {
        self.globals
    }

    /// The number of arrays that the memory must have.
    pub(crate) fn arrays(&self) -> usize {
        self.array_names.len()
    }

    /// The number of rows that the memory must have.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The purposes of the arrays from this one on.
    pub(crate) fn names_from(&self, first: usize) -> &[String] {
        &self.array_names[first..]
    }

    /// How many times right-hand sides are evaluated.
    pub(crate) fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// How wide the halos of each array of the external fields must be.
    pub(crate) fn data_widths(&self) -> &[HaloWidth] {
        &self.data_widths
    }

    /// The array of the state that an array is, or for which it stands.
    pub(crate) fn stands_for(&self, array: usize) -> usize {
        let copy = self.copies.iter().find(|(copy, _)| *copy == array);
        copy.map_or(array, |(_, of)| *of)
    }

    /// Sets the usual length of a step.
    pub(crate) fn set_usual_step(&mut self, dt: f64) {
        self.usual_step = Some(dt);
    }

    /// The number of parameters of the kernels.
    pub(crate) fn parameters(&self) -> usize {
        self.first_factor + self.factors.len() + self.results
    }

    /// The least number of bytes per cell that a run of the plan moves between memory and
    /// processor. Each sweep reads and writes each of its arrays once.
    pub(crate) fn bytes_per_cell(&self) -> usize {
        self.actions.iter().map(Action::bytes_per_cell).sum()
    }

    /// The number of halo layers that arrays need along each axis. It covers the layers that are
    /// filled, and those that sweeps compute or read beyond the block.
    pub(crate) fn halo(&self) -> [usize; 3] {
        let filled = self.groups.iter().map(|group| group.width.widest());
        let looked_at = self.actions.iter().flat_map(|action| {
            let Action::Sweep { kernel, inputs, beyond, .. } = action else { return Vec::new() };
            let reach = |i: usize| self.kernels[*kernel].reach(i as u32);
            let far = |reach: Margins| {
                std::array::from_fn(|axis| {
                    let side = |side: usize| beyond[axis][side] + reach[axis][side];
                    side(0).max(side(1))
                })
            };
            (0..inputs.len()).map(|i| far(reach(i))).chain([far(Margins::default())]).collect()
        });
        filled
            .chain(looked_at)
            .fold([0; 3], |a, b| std::array::from_fn(|axis| a[axis].max(b[axis])))
    }

    /// The number of cells that a block needs along each axis that is cut or periodic.
    pub(crate) fn least_cells(&self, pde: &Pde) -> [usize; 3] {
        let mut least = self.halo();
        for group in &self.groups {
            for (axis, least) in least.iter_mut().enumerate() {
                *least = (*least).max(group.depth(pde, axis));
            }
        }
        least
    }
}

/// The rates of change of all fields, each with the owner of its field's conditions; those of unknowns beside
/// fields that are stepped are 0.
pub(crate) fn rates(pde: &Pde) -> Vec<OwnedExpr<'_>> {
    let mut rates = equations(pde);
    if pde.has_constraints() {
        for field in pde.unknowns() {
            rates[field].expr = &pde.rest[field];
        }
    }
    rates
}

/// The equations, each with the owner of its field's conditions; for unknowns, what vanishes.
pub(crate) fn equations(pde: &Pde) -> Vec<OwnedExpr<'_>> {
    let one = |(field, expr)| {
        let owner = pde.conditions().owner_of_field(field);
        OwnedExpr { expr, owner, name: "" }
    };
    pde.equations().iter().enumerate().map(one).collect()
}

/// The slots of arrays. The `n` arrays of the fields begin at `fields`, and those of quantities
/// begin at `quantities`. External fields lie after the state. Random numbers lie in the rows after
/// row 0.
pub(crate) fn slots(n: usize, fields: usize, quantities: usize) -> impl Fn(ArrayRef) -> Slot {
    move |reference| match reference {
        ArrayRef::Field(array) if array >= n => Slot::Array(array),
        ArrayRef::Field(array) => Slot::Array(fields + array),
        ArrayRef::Quantity(array) => Slot::Array(quantities + array),
        ArrayRef::Extra(array) => Slot::Array(array),
        ArrayRef::Random(random) => Slot::Row(1 + random),
    }
}

impl Plan {
    /// An action in words. `None` if it does nothing.
    pub(crate) fn describe(&self, action: &Action<Slot>) -> Option<String> {
        let array = |slot: &Slot| match slot {
            Slot::Array(array) => self.array_names[*array].clone(),
            Slot::Row(row) => format!("row {row}"),
        };
        let list = |slots: &[Slot]| slots.iter().map(array).collect::<Vec<_>>().join(", ");
        Some(match action {
            Action::At(0.0) => return None,
            Action::At(fraction) => format!("at t + {fraction} dt"),
            Action::Halo { group, arrays, .. } => {
                let width = self.groups[*group].width;
                let layers = width.widest().into_iter().max().unwrap_or(0);
                let corners = if width.corners { ", corners too" } else { "" };
                format!("halos of {}: {layers} layer(s){corners}", list(arrays))
            }
            Action::Sweep { kernel, inputs, outputs, .. } => format!(
                "sweep `{}`: {} → {} ({} operations per cell)",
                self.kernel_names[*kernel],
                list(inputs),
                list(outputs),
                self.kernels[*kernel].arithmetic_operations(),
            ),
            Action::Compute { kernel, .. } => self.kernel_names[*kernel].clone(),
            Action::Solve { state, unknowns } => format!("find {}", list(&state[unknowns.clone()])),
            Action::Reduce { kernel, inputs, .. } => {
                format!("reduce `{}` over the domain: {}", self.kernel_names[*kernel], list(inputs))
            }
        })
    }
}

/// Prints one action per line.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.actions.iter().filter_map(|action| self.describe(action));
        lines.try_for_each(|line| writeln!(f, "{line}"))
    }
}
