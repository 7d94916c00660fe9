//! A time step by an explicit Runge–Kutta scheme, as a plan.

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, equations, slots};
use crate::plan::program::{ArrayRef, Program};
use crate::schemes::euler_maruyama::noise_program;
use crate::schemes::stages::Stages;
use crate::schemes::tableau::Tableau;
use crate::system::pde::Pde;

impl Plan {
    /// One time step by an explicit Runge–Kutta scheme: from the fields in arrays 0 … n−1 to the
    /// same arrays after [`Plan::swaps`].
    pub(crate) fn step(pde: &Pde, tableau: &Tableau) -> Self {
        if !pde.advected.is_empty() {
            return Self::transport(pde);
        }
        let n = pde.arrays();
        let targets = equations(pde);
        let mut program = Program::new(pde, &targets);
        let stages = Stages::of(tableau);
        let mut plan = Plan {
            first_factor: program.parameters().max(noise_program(pde).parameters()),
            factors: stages.factors.clone(),
            evaluations: tableau.stages(),
            ..Plan::default()
        };
        // Arrays: the state and what is given, the other families of the scheme, the quantities.
        plan.array_names = pde.all_array_names();
        for family in 1..stages.families {
            let copy = |name: &String| format!("{name} (working copy {family})");
            plan.array_names.extend(pde.array_names().iter().map(copy));
        }
        let first_quantity = plan.array_names.len();
        plan.data_widths = program.data_widths().to_vec();
        plan.array_names.extend(program.array_names());
        plan.arrays = plan.array_names.len();
        let shared = plan.prepare(&mut program);

        for (i, stage) in stages.list.iter().enumerate() {
            let array = |family: usize, k: usize| first_of(pde, family) + k;
            let slot = slots(n, array(stage.reads, 0), first_quantity);
            plan.actions.push(Action::At(tableau.c[i]));
            plan.push_on(&shared, &slot);

            let mut pass = PassBuilder::last(&mut program);
            let mut outputs = Vec::new();
            let last = i + 1 == stages.list.len();
            for (field, target) in targets.iter().enumerate() {
                let rate = pass.value(*target);
                let (ty, dimension) = (pde.types()[field], pde.space().dimension());
                let rates = rate.numbers(ty, dimension, &mut pass.builder);
                for (k, rate) in pde.arrays_of(field).zip(rates) {
                    for update in &stage.updates {
                        // What is read at the cell only may be the array that the stage reads.
                        let mut read = |family: usize| match family == stage.reads {
                            true => pass.load(ArrayRef::Field(k)),
                            false => pass.load(ArrayRef::Extra(array(family, k))),
                        };
                        let base = read(update.from.unwrap_or(0));
                        let in_place =
                            update.from.map(|family| pass.input(ArrayRef::Extra(array(family, k))));
                        let factor = pass.builder.parameter(plan.first_factor + update.factor);
                        let new = pass.builder.fused(factor, rate, base);
                        let checked = last && update.to == stages.result;
                        pass.builder.output_with(new, in_place, checked);
                        outputs.push(Slot::Array(array(update.to, k)));
                    }
                }
            }
            let pass = pass.finish();
            let name = match stages.list.len() {
                1 => "step".to_string(),
                _ => format!("stage {}", i + 1),
            };
            plan.push_sweep(pass, &slot, outputs, Extent::Block, name);
        }
        if !pde.noise().fields.is_empty() {
            plan.push_noise(pde, first_of(pde, stages.result));
        }
        plan.swaps = (0..n).map(|array| (array, first_of(pde, stages.result) + array)).collect();
        plan.copies = plan.swaps.iter().map(|(array, copy)| (*copy, *array)).collect();
        plan
    }
}

/// The first array of a family of arrays of a scheme. Behind the state, the first family, lies what
/// is given.
fn first_of(pde: &Pde, family: usize) -> usize {
    match family {
        0 => 0,
        _ => pde.all_arrays() + (family - 1) * pde.arrays(),
    }
}
