//! Explicit Runge–Kutta schemes: a time step as a plan.

use crate::plan::action::{Extent, Slot};
use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Plan, equations, slots};
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::schemes::error_norm;
use crate::schemes::euler_maruyama;
use crate::schemes::globals::{self, Globals};
use crate::schemes::rates::{self, Update};
use crate::schemes::scheme::{BeforeSteps, Scheme};
use crate::schemes::stages::{Base, Stages};
use crate::schemes::tableau::Tableau;
use crate::schemes::tolerance::Tolerance;
use crate::system::pde::Pde;

/// An explicit Runge–Kutta scheme. Where the system has noise, this is added to the result of
/// each step as the scheme of Euler and Maruyama does.
#[derive(Clone, Debug)]
pub(crate) struct RungeKutta {
    tableau: Tableau,
    stages: Stages,
    /// By what the error of a step is measured, if it is.
    tolerance: Option<Tolerance>,
}

impl RungeKutta {
    /// The scheme of a tableau.
    pub(crate) fn new(tableau: Tableau) -> Self {
        let stages = Stages::of(&tableau);
        RungeKutta { tableau, stages, tolerance: None }
    }

    /// The scheme of a tableau with embedded weights, whose steps tell their error.
    pub(crate) fn with_error(tableau: Tableau, tolerance: Tolerance) -> Self {
        let stages = Stages::with_error(&tableau);
        RungeKutta { tableau, stages, tolerance: Some(tolerance) }
    }
}

impl Scheme for RungeKutta {
    fn name(&self) -> &str {
        self.tableau.name()
    }

    fn order(&self) -> usize {
        self.tableau.order()
    }

    fn real_limit(&self) -> f64 {
        self.tableau.real_limit()
    }

    fn imaginary_limit(&self) -> f64 {
        self.tableau.imaginary_limit()
    }

    fn registers(&self, _: &Pde) -> usize {
        self.stages.families
    }

    fn embedded(&self) -> Option<&[f64]> {
        self.tableau.embedded()
    }

    fn kept(&self, _: &Pde) -> Vec<String> {
        Vec::new()
    }

    fn step(&self, pde: &Pde) -> Plan {
        let stages = &self.stages;
        let n = pde.arrays();
        let equations = equations(pde);
        let numbers = globals::equations(pde);
        let targets: Vec<OwnedExpr<'_>> = equations.iter().chain(&numbers).copied().collect();
        let mut program = Program::new(pde, &targets);
        let noise = (!pde.noise().fields.is_empty()).then(|| euler_maruyama::program(pde));
        let programs: Vec<&Program<'_>> = [&program].into_iter().chain(&noise).collect();
        let mut plan = PlanBuilder::new(pde, &[], &programs);
        plan.count_evaluations(stages.list.len());
        // Arrays: the state and what is given, the other families of the scheme, the quantities.
        for family in 1..stages.families {
            let copy = |name: &String| format!("{name} (working copy {family})");
            plan.add_arrays(pde.array_names().iter().map(copy));
        }
        let first_quantity = plan.add_arrays(program.array_names());
        let unknowns = Globals::new(pde, stages, &mut plan);
        let factors: Vec<usize> = stages.factors.iter().map(|f| plan.add_factor(*f)).collect();
        let prepared = plan.prepare(&mut program);

        for (i, stage) in stages.list.iter().enumerate() {
            let array = |family: usize, k: usize| first_of(pde, family) + k;
            let slot = slots(n, array(stage.reads, 0), first_quantity);
            plan.at(stage.time);
            plan.push(&prepared, &slot);

            let mut pass = PassBuilder::last(&mut program);
            let mut outputs = Vec::new();
            let last = stages.is_last_of(stages.result, i);
            for (field, equation) in equations.iter().enumerate() {
                for (k, rate) in rates::of_field(&mut pass, pde, field, *equation) {
                    for update in &stage.updates {
                        // What is read at the cell only may be the array that the stage reads.
                        let base = update.from().map(|family| match family == stage.reads {
                            true => ArrayRef::Field(k),
                            false => ArrayRef::Extra(array(family, k)),
                        });
                        let is_own = update.base == Base::Own;
                        let update_array = Update {
                            base,
                            factor: factors[update.factor],
                            in_place: is_own.then(|| ArrayRef::Extra(array(update.to, k))),
                            checked: last && update.to == stages.result,
                        };
                        update_array.output(&mut pass, rate);
                        outputs.push(Slot::Array(array(update.to, k)));
                    }
                }
            }
            let pass = pass.finish();
            let name = match stages.list.len() {
                1 => "step".to_string(),
                _ => format!("stage {}", i + 1),
            };
            plan.sweep(pass, &slot, outputs, Extent::Block, name);
            if let Some(unknowns) = &unknowns {
                unknowns.advance(&mut plan, &mut program, stages, i, &factors);
            }
        }
        let result = first_of(pde, stages.result);
        if let Some(noise) = noise {
            // Variances are those of the beginning of the step.
            if let Some(unknowns) = &unknowns {
                unknowns.show(&mut plan, Stages::STATE);
            }
            euler_maruyama::add_noise(&mut plan, pde, noise, result);
            if let Some(unknowns) = &unknowns {
                unknowns.show(&mut plan, stages.result);
            }
        }
        if let (Some(error), Some(tolerance)) = (stages.error, &self.tolerance) {
            let array = |family: usize, k: usize| first_of(pde, family) + k;
            error_norm::add(&mut plan, (pde, tolerance), (stages, error), unknowns.as_ref(), array);
        }
        plan.set_swaps((0..n).map(|array| (array, result + array)).collect());
        plan.set_copies((0..n).map(|array| (result + array, array)).collect());
        plan.finish()
    }

    fn before(&self, _: &Pde) -> Option<BeforeSteps> {
        None
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
