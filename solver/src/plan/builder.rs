//! A plan while it is made: the one place where its parts come together.

use fluxions_expr::{Kernel, Op, Reduction};
use fluxions_halo::HaloWidth;

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::{HaloGroup, widen};
use crate::plan::margins::{self, Margins};
use crate::plan::plan::Plan;
use crate::plan::program::{ArrayRef, Pass, Program, TIME};
use crate::random::array::RandomArray;
use crate::system::pde::Pde;

/// A plan while it is made.
///
/// [`PlanBuilder::finish`] gives a plan of which this holds:
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
}

impl PlanBuilder {
    /// A plan whose first arrays are those of all fields and those that the scheme keeps between
    /// steps (`kept` are their names), and whose first parameters are the time
    /// and the numbers over the domain that any of these programs needs.
    pub(crate) fn new(pde: &Pde, kept: &[String], programs: &[&Program<'_>]) -> Self {
        let mut data_widths = vec![HaloWidth::default(); pde.all_arrays() - pde.arrays()];
        programs.iter().for_each(|program| widen(&mut data_widths, program.data_widths()));
        let parameters = programs.iter().map(|program| program.parameters());
        let first_factor = parameters.max().unwrap_or(TIME + 1);
        let array_names = pde.all_array_names().into_iter().chain(kept.iter().cloned()).collect();
        PlanBuilder { plan: Plan { first_factor, data_widths, array_names, ..Plan::default() } }
    }

    /// Adds an array.
    pub(crate) fn add_array(&mut self, name: String) -> usize {
        self.plan.array_names.push(name);
        self.plan.array_names.len() - 1
    }

    /// Adds some arrays; the number of the first.
    pub(crate) fn add_arrays(&mut self, names: impl IntoIterator<Item = String>) -> usize {
        let first = self.plan.array_names.len();
        self.plan.array_names.extend(names);
        first
    }

    /// The array of this name, which is added unless it is there.
    pub(crate) fn array_named(&mut self, name: String) -> usize {
        let known = self.plan.array_names.iter().position(|known| *known == name);
        known.unwrap_or_else(|| self.add_array(name))
    }

    /// The name of an array.
    pub(crate) fn array_name(&self, array: usize) -> &str {
        &self.plan.array_names[array]
    }

    /// The parameter that is the time step times this factor.
    pub(crate) fn add_factor(&mut self, factor: f64) -> usize {
        debug_assert_eq!(self.plan.results, 0, "results come after all factors");
        let Plan { factors, per_step, .. } = &mut self.plan;
        let known = (0..factors.len()).find(|k| factors[*k] == factor && *per_step != Some(*k));
        let place = known.unwrap_or_else(|| {
            factors.push(factor);
            factors.len() - 1
        });
        self.plan.first_factor + place
    }

    /// The parameter that is the length of a step over the usual one.
    pub(crate) fn add_usual_steps(&mut self) -> usize {
        debug_assert_eq!(self.plan.results, 0, "results come after all factors");
        let place = self.plan.per_step.unwrap_or_else(|| {
            self.plan.factors.push(0.0);
            self.plan.factors.len() - 1
        });
        self.plan.per_step = Some(place);
        self.plan.first_factor + place
    }

    /// Adds a kernel.
    pub(crate) fn add_kernel(&mut self, kernel: Kernel, name: String) -> usize {
        self.plan.kernels.push(kernel);
        self.plan.kernel_names.push(name);
        self.plan.kernels.len() - 1
    }

    /// Adds a halo group; the action that fills its halos.
    pub(crate) fn add_halo(&mut self, group: HaloGroup) -> Action<ArrayRef> {
        let (arrays, partners) = (group.arrays.clone(), group.partners.clone());
        self.plan.groups.push(group);
        Action::Halo { group: self.plan.groups.len() - 1, arrays, partners }
    }

    /// Goes on at this time, in steps after the beginning of the step.
    pub(crate) fn at(&mut self, time: f64) {
        self.plan.actions.push(Action::At(time));
    }

    /// Does these actions, on the arrays that lie in these slots.
    pub(crate) fn push(&mut self, actions: &[Action<ArrayRef>], slot: &dyn Fn(ArrayRef) -> Slot) {
        let on = |action: &Action<ArrayRef>| {
            action.on(|array| Some(slot(*array))).expect("every array of a program has a slot")
        };
        self.plan.actions.extend(actions.iter().map(on));
    }

    /// Runs a kernel over the cells of an extent.
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

    /// Reduces the values of a kernel over the domain to a result of the plan.
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

    /// The random numbers of the program whose actions use the rows after row 0.
    pub(crate) fn set_randoms(&mut self, randoms: Vec<RandomArray>) {
        self.plan.randoms = randoms;
    }

    /// The arrays that change places after a step, so that the first ones hold the new state.
    pub(crate) fn set_swaps(&mut self, swaps: Vec<(usize, usize)>) {
        self.plan.swaps = swaps;
    }

    /// Working copies, each with the array of the state that it stands for.
    pub(crate) fn set_copies(&mut self, copies: Vec<(usize, usize)>) {
        self.plan.copies = copies;
    }

    /// Arrays beside the state whose values the next step needs.
    pub(crate) fn keep(&mut self, arrays: &[usize]) {
        self.plan.changing.extend(arrays);
    }

    /// Counts evaluations of right-hand sides.
    pub(crate) fn count_evaluations(&mut self, count: usize) {
        self.plan.evaluations += count;
    }

    /// Leaves out times of which no kernel and no boundary condition takes notice.
    pub(crate) fn forget_unused_times(&mut self, pde: &Pde) {
        let Plan { actions, kernels, groups, .. } = &mut self.plan;
        let mut sets = groups.iter().flat_map(|group| &group.conditions);
        if !kernels.iter().any(|kernel| kernel.uses_parameter(TIME))
            && !sets.any(|set| pde.conditions().change(*set))
        {
            actions.retain(|action| !matches!(action, Action::At(_)));
        }
    }

    /// The finished plan.
    pub(crate) fn finish(self) -> Plan {
        let mut plan = self.plan;
        let arrays = plan.array_names.len();
        margins::settle(&mut plan.actions, &mut plan.groups, &plan.kernels, arrays);
        plan.rows = rows(&plan.actions);
        debug_assert_eq!(fault(&plan), None);
        plan
    }
}

/// How many rows the actions use: the first is for results.
fn rows(actions: &[Action<Slot>]) -> usize {
    let of_action = |action: &Action<Slot>| {
        let (slots, results) = match action {
            Action::Sweep { inputs, outputs, .. } => (inputs.iter().chain(outputs), 0),
            Action::Reduce { inputs, .. } => (inputs.iter().chain(&[]), 1),
            Action::At(_) | Action::Halo { .. } => return 0,
        };
        let row = |slot: &Slot| match slot {
            Slot::Row(row) => row + 1,
            Slot::Array(_) => 0,
        };
        slots.map(row).fold(results, usize::max)
    };
    actions.iter().map(of_action).max().unwrap_or(0)
}

/// What does not hold of a plan that has to.
fn fault(plan: &Plan) -> Option<String> {
    let Plan { kernels, groups, actions, array_names, .. } = plan;
    if plan.kernel_names.len() != kernels.len() {
        return Some(format!("{} names of {} kernels", plan.kernel_names.len(), kernels.len()));
    }
    let exists = |slot: &Slot| match slot {
        Slot::Array(array) => *array < array_names.len(),
        Slot::Row(row) => *row == 0 || *row <= plan.randoms.len(),
    };
    for (number, action) in actions.iter().enumerate() {
        let wrong = |what: String| Some(format!("action {number}: {what}"));
        let fault = match action {
            Action::At(_) => None,
            Action::Halo { group, arrays, partners } => match groups.get(*group) {
                None => wrong(format!("no group {group}")),
                Some(found) => {
                    let counts = [arrays.len(), partners.len(), found.conditions.len()];
                    let all = arrays.iter().chain(partners.iter().flatten());
                    match all.clone().find(|slot| !exists(slot) || slot.array().is_none()) {
                        Some(slot) => wrong(format!("no {slot:?}")),
                        None if counts != [found.arrays.len(); 3] => {
                            wrong(format!("{counts:?} of {} arrays", found.arrays.len()))
                        }
                        None => None,
                    }
                }
            },
            Action::Sweep { kernel, inputs, outputs, .. } => {
                kernel_fault(plan, *kernel, inputs, outputs.len())
                    .or_else(|| {
                        let all = inputs.iter().chain(outputs);
                        all.into_iter().find(|s| !exists(s)).map(|s| format!("no {s:?}"))
                    })
                    .and_then(wrong)
            }
            Action::Reduce { kernel, inputs, parameter, .. } => {
                kernel_fault(plan, *kernel, inputs, 1)
                    .or_else(|| inputs.iter().find(|s| !exists(s)).map(|s| format!("no {s:?}")))
                    .or_else(|| {
                        (*parameter >= plan.parameters())
                            .then(|| format!("no parameter {parameter}"))
                    })
                    .and_then(wrong)
            }
        };
        if fault.is_some() {
            return fault;
        }
    }
    let mut named = plan.swaps.iter().chain(&plan.copies).flat_map(|(a, b)| [a, b]);
    let kept = plan.changing.iter();
    let lost = named.find(|array| **array >= array_names.len());
    lost.or_else(|| kept.into_iter().find(|array| **array >= array_names.len()))
        .map(|array| format!("no array {array}"))
}

/// What is wrong with the use of a kernel.
fn kernel_fault(plan: &Plan, number: usize, inputs: &[Slot], outputs: usize) -> Option<String> {
    let Some(kernel) = plan.kernels.get(number) else { return Some(format!("no kernel {number}")) };
    if kernel.outputs().len() != outputs {
        return Some(format!("{outputs} outputs of {}", kernel.outputs().len()));
    }
    kernel.ops().iter().find_map(|op| match op {
        Op::Load { input, .. } if *input as usize >= inputs.len() => {
            Some(format!("input {input} of {}", inputs.len()))
        }
        Op::Parameter(parameter) if *parameter as usize >= plan.parameters() => {
            Some(format!("no parameter {parameter}"))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::evaluation;
    use fluxions_grid::{Ends, Grid};

    /// The plan of the value of `u` times its mean, plus a random number, in each cell.
    fn plan() -> Plan {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let text = "u*average(u) + laplace(u)";
        let origin = crate::system::origin::Origin::Output("q".into());
        let formula = crate::system::formula::Formula::from(text);
        let (expr, _) = pde.check(&origin, &formula, fluxions_expr::Place::Output).unwrap();
        evaluation::of_expression(&pde, &[], "q", &expr, expr.ty, Extent::Block)
    }

    #[track_caller]
    fn broken(change: impl FnOnce(&mut Plan), expected: &str) {
        let mut plan = plan();
        assert_eq!(fault(&plan), None);
        change(&mut plan);
        let found = fault(&plan).expect("a fault");
        assert!(found.contains(expected), "{found}");
    }

    fn sweep(plan: &mut Plan) -> (&mut usize, &mut Vec<Slot>, &mut Vec<Slot>) {
        let sweep = plan.actions.iter_mut().find_map(|action| match action {
            Action::Sweep { kernel, inputs, outputs, .. } => Some((kernel, inputs, outputs)),
            _ => None,
        });
        sweep.expect("a sweep")
    }

    #[test]
    fn what_does_not_fit_together_is_found() {
        broken(|plan| plan.kernel_names.truncate(1), "1 names of 2 kernels");
        broken(|plan| *sweep(plan).0 = 7, "no kernel 7");
        broken(|plan| sweep(plan).1.clear(), "input 0 of 0");
        broken(|plan| sweep(plan).2.clear(), "0 outputs of 1");
        broken(|plan| sweep(plan).1[0] = Slot::Array(2), "no Array(2)");
        broken(|plan| sweep(plan).2[0] = Slot::Row(1), "no Row(1)");
        broken(|plan| plan.groups.clear(), "no group 0");
        broken(|plan| plan.groups[0].arrays.clear(), "[1, 1, 1] of 0 arrays");
        broken(|plan| plan.first_factor = 1, "no parameter 1");
        broken(|plan| plan.swaps.push((0, 9)), "no array 9");
        broken(|plan| plan.copies.push((9, 0)), "no array 9");
        broken(|plan| plan.changing.push(9), "no array 9");
    }

    #[test]
    fn reductions_have_a_row_for_their_results() {
        assert_eq!(plan().rows(), 1);
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        assert_eq!(PlanBuilder::new(&pde, &[], &[]).finish().rows(), 0);
    }

    #[test]
    fn equal_factors_are_one_parameter() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let mut builder = PlanBuilder::new(&pde, &[], &[]);
        let (half, usual) = (builder.add_factor(0.5), builder.add_usual_steps());
        assert_eq!((builder.add_factor(0.5), builder.add_usual_steps()), (half, usual));
        // The usual step is not known yet, and is no factor of 0.
        assert_ne!(builder.add_factor(0.0), usual);
        let mut plan = builder.finish();
        plan.know_step(0.25);
        assert_eq!(plan.factors(), [0.5, 4.0, 0.0]);
    }
}
