//! The invariants that hold for every plan.

use fluxions_expr::Op;

use crate::plan::action::{Action, Slot};
use crate::plan::plan::Plan;

/// The invariant of [`PlanBuilder`](crate::plan::builder::PlanBuilder) that a plan violates, if
/// any.
pub(super) fn fault(plan: &Plan) -> Option<String> {
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
            Action::Solve { state, unknowns } => match state.iter().find(|slot| !exists(slot)) {
                Some(slot) => wrong(format!("no {slot:?}")),
                None if unknowns.end > state.len() => wrong(format!("no unknown {unknowns:?}")),
                None => None,
            },
            Action::Compute { kernel, parameters } => {
                kernel_fault(plan, *kernel, &[], parameters.len())
                    .or_else(|| {
                        let lost = parameters.iter().find(|number| **number >= plan.parameters());
                        lost.map(|number| format!("no parameter {number}"))
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

/// The mistake in the use of a kernel, if there is one.
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
    use crate::plan::action::Extent;
    use crate::plan::evaluation;
    use crate::system::formula::Formula;
    use crate::system::origin::Origin;
    use crate::system::pde::Pde;
    use fluxions_expr::Place;
    use fluxions_grid::{Ends, Grid};

    /// A plan that evaluates a value per cell from the mean of a field and from neighbouring cells.
    fn plan() -> Plan {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let text = "u*average(u) + laplace(u)";
        let origin = Origin::Output("q".into());
        let formula = Formula::from(text);
        let (expr, _) = pde.check(&origin, &formula, Place::Output).unwrap();
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
}
