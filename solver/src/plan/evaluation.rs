//! Plans that evaluate values without changing the state: outputs, initial values and external
//! data.

use fluxions_expr::{Expr, Type};
use fluxions_halo::HaloWidth;

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, slots};
use crate::plan::program::{OwnedExpr, Program};
use crate::system::names;
use crate::system::pde::Pde;

/// A plan that evaluates an expression from the fields in arrays 0 … n−1. A value of type `ty` per
/// cell goes to the arrays after those of all fields and after the `kept` ones of the scheme. A
/// single number goes to row 0.
pub(crate) fn of_expression(
    pde: &Pde,
    kept: &[String],
    name: &str,
    expr: &Expr,
    ty: Type,
    extent: Extent,
) -> Plan {
    let target = OwnedExpr { expr, owner: pde.owner_of(expr), name };
    evaluation(pde, kept, target, ty, extent, None)
}

/// The same for a part of an equation, with a value per cell: an operator in it uses the conditions
/// of `owner`.
pub(crate) fn of_part(pde: &Pde, kept: &[String], expr: &Expr, owner: usize) -> Plan {
    let target = OwnedExpr { expr, owner, name: "part" };
    evaluation(pde, kept, target, expr.ty, Extent::Block, None)
}

/// A plan that writes the initial value of one field to its arrays. Intermediate results lie in the
/// arrays after those of the fields.
pub(crate) fn initial(pde: &Pde, kept: &[String], field: usize, expr: &Expr) -> Plan {
    let (name, ty) = (&pde.fields()[field], pde.types()[field]);
    let outputs = pde.arrays_of(field).map(Slot::Array).collect();
    let target = OwnedExpr { expr, owner: pde.owner_of(expr), name };
    evaluation(pde, kept, target, ty, Extent::Block, Some(outputs))
}

/// A plan that gives fields new values, all of them computed from the present state. The values are in place
/// after [`Plan::swaps`], and are checked for being finite.
pub(crate) fn changes(pde: &Pde, kept: &[String], values: &[(usize, Expr)]) -> Plan {
    let target = |(field, expr)| {
        let owner = pde.conditions().owner_of_field(field);
        OwnedExpr { expr, owner, name: &pde.fields()[field] }
    };
    let targets: Vec<OwnedExpr<'_>> =
        values.iter().map(|(field, expr)| target((*field, expr))).collect();
    let mut program = Program::new(pde, &targets);
    let mut plan = PlanBuilder::new(pde, kept, &[&program]);
    let arrays: Vec<usize> = values.iter().flat_map(|(field, _)| pde.arrays_of(*field)).collect();
    let names = pde.array_names();
    let first = plan.add_arrays(arrays.iter().map(|array| format!("next {}", names[*array])));
    let first_quantity = plan.add_arrays(program.array_names());
    let slot = slots(pde.arrays(), 0, first_quantity);
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    let mut pass = PassBuilder::last(&mut program);
    for ((field, _), target) in values.iter().zip(&targets) {
        let value = pass.value(*target);
        let ty = pde.types()[*field];
        for number in value.numbers(ty, pde.space().dimension(), &mut pass.builder) {
            pass.builder.output_with(number, None, true);
        }
    }
    let outputs = (first..first + arrays.len()).map(Slot::Array).collect();
    plan.sweep(pass.finish(), &slot, outputs, Extent::Block, "after step".into());
    plan.set_swaps(arrays.into_iter().zip(first..).collect());
    plan.finish()
}

/// A plan that finds the unknowns of the state.
pub(crate) fn unknowns(pde: &Pde) -> Plan {
    let mut plan = PlanBuilder::new(pde, &[], &[]);
    plan.solve(pde, 0);
    plan.finish()
}

/// A plan that fills the halos of external fields, as wide as other plans need them.
pub(crate) fn external_halos(pde: &Pde, widths: &[HaloWidth]) -> Plan {
    let mut plan = PlanBuilder::new(pde, &[], &[]);
    if let Some(group) = Program::halo_of_data(pde, widths) {
        let halo = plan.add_halo(group);
        plan.push(&[halo], &slots(pde.arrays(), 0, pde.all_arrays()));
    }
    plan.finish()
}

fn evaluation(
    pde: &Pde,
    kept: &[String],
    target: OwnedExpr<'_>,
    ty: Type,
    extent: Extent,
    outputs: Option<Vec<Slot>>,
) -> Plan {
    let name = target.name;
    let mut program = Program::new(pde, &[target]);
    let mut plan = PlanBuilder::new(pde, kept, &[&program]);
    let mut results = vec![Slot::Row(0)];
    if extent == Extent::Block {
        let names = names::of_arrays(name, ty, pde.space());
        let count = names.len();
        let first = plan.add_arrays(names);
        results = (first..first + count).map(Slot::Array).collect();
    }
    let first_quantity = plan.add_arrays(program.array_names());
    let slot = slots(pde.arrays(), 0, first_quantity);
    let prepared = plan.prepare(&mut program);
    plan.push(&prepared, &slot);
    let mut pass = PassBuilder::last(&mut program);
    let value = pass.value(target);
    for number in value.numbers(ty, pde.space().dimension(), &mut pass.builder) {
        pass.builder.output(number);
    }
    let pass = pass.finish();
    plan.sweep(pass, &slot, outputs.unwrap_or(results), extent, name.into());
    plan.set_randoms(program.randoms);
    plan.finish()
}
