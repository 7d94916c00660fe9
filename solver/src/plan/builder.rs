//! The builder of plans: the one place where the parts of a plan come together.

use fluxions_expr::{Kernel, Reduction};
use fluxions_halo::HaloWidth;

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::{HaloGroup, widen};
use crate::plan::invariants;
use crate::plan::margins::Margins;
use crate::plan::needs;
use crate::plan::plan::{Factor, Plan};
use crate::plan::program::{ArrayRef, GLOBALS, Pass, Program, TIME};
use crate::random::array::RandomArray;
use crate::system::pde::Pde;

/// Collects the parts of a plan.
///
/// [`PlanBuilder::finish`] gives a plan for which the following holds:
///
/// - every array has a name, and every kernel too;
/// - actions refer to kernels, halo groups, arrays and rows that there are;
/// - a sweep has as many inputs and outputs as its kernel, a reduction as many inputs, and the
///   halos of a group as many arrays as the group;
/// - kernels use no parameter that the plan does not have;
/// - sweeps go beyond the block as far as later ones look into what they store, and halos are as
///   wide as later sweeps look into them;
/// - memory has a row for results wherever there are reductions, and one for each array of random
///   numbers;
/// - arrays that change places, or stand for others, are arrays of the plan.
pub(crate) struct PlanBuilder {
    plan: Plan,
    /// The first array of external fields.
    first_data: usize,
}

impl PlanBuilder {
    /// A plan whose first arrays are those of all fields, followed by those that the scheme keeps
    /// between steps, whose names are `kept`. Its first parameters are the time and the domain
    /// numbers that any of these programs needs.
    pub(crate) fn new(pde: &Pde, kept: &[String], programs: &[&Program<'_>]) -> Self {
        let mut data_widths = vec![HaloWidth::default(); pde.all_arrays() - pde.arrays()];
        programs.iter().for_each(|program| widen(&mut data_widths, program.data_widths()));
        let parameters = programs.iter().map(|program| program.parameters());
        let first_factor = parameters.max().unwrap_or(GLOBALS + pde.globals().len());
        let array_names = pde.all_array_names().into_iter().chain(kept.iter().cloned()).collect();
        let plan = Plan { first_factor, data_widths, array_names, ..Plan::default() };
        PlanBuilder { plan, first_data: pde.arrays() }
    }

    /// Adds parameters of one's own. Returns the number of the first one.
    pub(crate) fn add_parameters(&mut self, count: usize) -> usize {
        debug_assert!(self.plan.factors.is_empty(), "factors come after all others but results");
        let first = self.plan.first_factor;
        self.plan.first_factor += count;
        first
    }

    /// Adds an action that computes these parameters by a kernel, from parameters alone.
    pub(crate) fn compute(&mut self, kernel: Kernel, parameters: Vec<usize>, name: String) {
        let kernel = self.add_kernel(kernel, name);
        self.plan.actions.push(Action::Compute { kernel, parameters });
    }

    /// Says that runs of the plan change the unknowns without space: at its end they are in their
    /// parameters.
    pub(crate) fn change_globals(&mut self, count: usize) {
        self.plan.globals = count;
    }

    /// How many arrays there are.
    pub(crate) fn arrays(&self) -> usize {
        self.plan.array_names.len()
    }

    /// Adds an array.
    pub(crate) fn add_array(&mut self, name: String) -> usize {
        self.plan.array_names.push(name);
        self.plan.array_names.len() - 1
    }

    /// Adds some arrays. Returns the number of the first one.
    pub(crate) fn add_arrays(&mut self, names: impl IntoIterator<Item = String>) -> usize {
        let first = self.plan.array_names.len();
        self.plan.array_names.extend(names);
        first
    }

    /// The name of an array.
    pub(crate) fn array_name(&self, array: usize) -> &str {
        &self.plan.array_names[array]
    }

    /// The parameter that is the time step times this factor. It is added if there is none.
    pub(crate) fn add_factor(&mut self, factor: f64) -> usize {
        self.factor(Factor::OfStep(factor))
    }

    /// The parameter that is the length of a step divided by that of the usual step. It is added if
    /// there is none.
    pub(crate) fn add_usual_steps(&mut self) -> usize {
        self.factor(Factor::UsualSteps)
    }

    /// The parameter that is the length of a step divided by that of the step before, times a factor, plus a
    /// constant. It is added if there is none.
    pub(crate) fn add_ratio(&mut self, factor: f64, constant: f64) -> usize {
        self.factor(Factor::OfRatio(factor, constant))
    }

    fn factor(&mut self, factor: Factor) -> usize {
        debug_assert_eq!(self.plan.results, 0, "results come after all factors");
        let factors = &mut self.plan.factors;
        let known = factors.iter().position(|known| *known == factor);
        let place = known.unwrap_or_else(|| {
            factors.push(factor);
            factors.len() - 1
        });
        self.plan.first_factor + place
    }

    /// Adds a kernel.
    pub(crate) fn add_kernel(&mut self, kernel: Kernel, name: String) -> usize {
        self.plan.kernels.push(kernel);
        self.plan.kernel_names.push(name);
        self.plan.kernels.len() - 1
    }

    /// Adds a halo group. Returns the action that fills its halos.
    pub(crate) fn add_halo(&mut self, group: HaloGroup) -> Action<ArrayRef> {
        let (arrays, partners) = (group.arrays.clone(), group.partners.clone());
        self.plan.groups.push(group);
        Action::Halo { group: self.plan.groups.len() - 1, arrays, partners }
    }

    /// Adds an action that sets the time, in steps after the beginning of the step.
    pub(crate) fn at(&mut self, time: f64) {
        self.plan.actions.push(Action::At(time));
    }

    /// Adds an action that finds the unknowns of the state from array `first` on, if there are any beside
    /// fields that are stepped.
    pub(crate) fn solve(&mut self, pde: &Pde, first: usize) {
        if pde.has_constraints() {
            let state = (0..pde.arrays()).map(|array| Slot::Array(first + array)).collect();
            self.plan.actions.push(Action::Solve { state, unknowns: pde.unknown_arrays() });
        }
    }

    /// Adds these actions. `slot` gives the slots in which their arrays lie.
    pub(crate) fn push(&mut self, actions: &[Action<ArrayRef>], slot: &dyn Fn(ArrayRef) -> Slot) {
        let on = |action: &Action<ArrayRef>| {
            action.on(|array| Some(slot(*array))).expect("every array of a program has a slot")
        };
        self.plan.actions.extend(actions.iter().map(on));
    }

    /// Adds a sweep that runs a kernel over the cells of an extent.
    pub(crate) fn sweep(
        &mut self,
        pass: Pass,
        slot: &dyn Fn(ArrayRef) -> Slot,
        outputs: Vec<Slot>,
        extent: Extent,
        name: String,
    ) -> usize {
        let inputs = pass.inputs.iter().map(|array| slot(*array)).collect();
        let kernel = self.add_kernel(pass.kernel, name);
        let beyond = Margins::default();
        self.plan.actions.push(Action::Sweep { kernel, inputs, outputs, extent, beyond });
        kernel
    }

    /// Adds a sweep over the block by a kernel that the plan has already.
    pub(crate) fn sweep_again(&mut self, kernel: usize, inputs: Vec<Slot>, outputs: Vec<Slot>) {
        let (extent, beyond) = (Extent::Block, Margins::default());
        self.plan.actions.push(Action::Sweep { kernel, inputs, outputs, extent, beyond });
    }

    /// Adds a reduction of the values of a kernel over the domain, to a new result of the plan.
    pub(crate) fn reduce(&mut self, kernel: Kernel, inputs: Vec<Slot>, kind: Reduction) {
        let kernel = self.add_kernel(kernel, kind.name().into());
        let parameter = self.plan.parameters();
        self.plan.results += 1;
        self.plan.actions.push(Action::Reduce { kernel, inputs, kind, parameter });
    }

    /// Gives a kernel of a sweep a guard ([`Plan::guard`]).
    pub(crate) fn add_guard(&mut self, kernel: usize, guard: Kernel) {
        self.plan.guards.push((kernel, guard));
    }

    /// Sets the random numbers of the program whose actions use the rows after row 0.
    pub(crate) fn set_randoms(&mut self, randoms: Vec<RandomArray>) {
        self.plan.randoms = randoms;
    }

    /// Sets the pairs of arrays that change places after a step, so that the first ones hold the
    /// new state.
    pub(crate) fn set_swaps(&mut self, swaps: Vec<(usize, usize)>) {
        self.plan.swaps = swaps;
    }

    /// Sets the working copies, each with the array of the state that it stands for.
    pub(crate) fn set_copies(&mut self, copies: Vec<(usize, usize)>) {
        self.plan.copies = copies;
    }

    /// Adds arrays outside the state whose values the next step needs.
    pub(crate) fn keep(&mut self, arrays: &[usize]) {
        self.plan.changing.extend(arrays);
    }

    /// Adds to the number of evaluations of right-hand sides.
    pub(crate) fn count_evaluations(&mut self, count: usize) {
        self.plan.evaluations += count;
    }

    /// Removes the actions that set times, if no kernel and no boundary condition uses the time.
    pub(crate) fn forget_unused_times(&mut self, pde: &Pde) {
        let Plan { actions, kernels, groups, .. } = &mut self.plan;
        let mut sets = groups.iter().flat_map(|group| &group.conditions);
        if !kernels.iter().any(|kernel| kernel.uses_parameter(TIME))
            && !sets.any(|set| pde.conditions().change(*set))
            && !pde.has_constraints()
        {
            actions.retain(|action| !matches!(action, Action::At(_)));
        }
    }

    /// The finished plan.
    pub(crate) fn finish(self) -> Plan {
        let mut plan = self.plan;
        let arrays = plan.array_names.len();
        let looks = needs::settle(&mut plan.actions, &mut plan.groups, &plan.kernels, arrays);
        widen(&mut plan.data_widths, &looks[self.first_data..]);
        plan.rows = rows(&plan.actions);
        debug_assert_eq!(invariants::fault(&plan), None);
        plan
    }
}

/// The number of rows that the actions use. The first row is for results.
fn rows(actions: &[Action<Slot>]) -> usize {
    let of_action = |action: &Action<Slot>| {
        let (slots, results) = match action {
            Action::Sweep { inputs, outputs, .. } => (inputs.iter().chain(outputs), 0),
            Action::Reduce { inputs, .. } => (inputs.iter().chain(&[]), 1),
            Action::At(_) | Action::Halo { .. } | Action::Compute { .. } | Action::Solve { .. } => {
                return 0;
            }
        };
        let row = |slot: &Slot| match slot {
            Slot::Row(row) => row + 1,
            Slot::Array(_) => 0,
        };
        slots.map(row).fold(results, usize::max)
    };
    actions.iter().map(of_action).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxions_grid::{Ends, Grid};

    #[test]
    fn rows_are_those_that_actions_use() {
        let reduce = |inputs| {
            let kind = Reduction::Max;
            Action::Reduce { kernel: 0, inputs, kind, parameter: 1 }
        };
        assert_eq!(rows(&[]), 0);
        assert_eq!(rows(&[Action::At(0.5), reduce(vec![Slot::Array(7)])]), 1);
        assert_eq!(rows(&[reduce(vec![Slot::Row(2), Slot::Array(0)])]), 3);
    }

    #[test]
    fn equal_factors_are_one_parameter() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let mut builder = PlanBuilder::new(&pde, &[], &[]);
        let (half, usual) = (builder.add_factor(0.5), builder.add_usual_steps());
        assert_eq!((builder.add_factor(0.5), builder.add_usual_steps()), (half, usual));
        let mut plan = builder.finish();
        let first = plan.first_factor();
        assert_eq!((half, usual), (first, first + 1));
        // A plan that knows no usual step takes each step for one.
        assert_eq!(plan.factors_at(0.75, 1.0).collect::<Vec<_>>(), [0.375, 1.0]);
        plan.set_usual_step(0.25);
        assert_eq!(plan.factors_at(0.75, 1.0).collect::<Vec<_>>(), [0.375, 3.0]);
    }
}
