//! Unknowns without space: how Runge–Kutta schemes step them along with the fields.

use fluxions_expr::{Binary, Builder, Value};

use crate::plan::builder::PlanBuilder;
use crate::plan::pass::PassBuilder;
use crate::plan::program::{GLOBALS, OwnedExpr, Program};
use crate::schemes::stages::Stages;
use crate::system::pde::Pde;

/// The equations of the unknowns without space.
pub(crate) fn equations(pde: &Pde) -> Vec<OwnedExpr<'_>> {
    let equations = pde.globals().iter().map(|global| &global.equation);
    equations.map(|expr| OwnedExpr { expr, owner: pde.owner_of(expr), name: "" }).collect()
}

/// The parameters of the unknowns without space in a step: those that kernels use, with the values
/// of the stage, and those of each family of the scheme, as fields have arrays.
pub(super) struct Globals<'a> {
    pde: &'a Pde,
    /// The first parameter of the families, which follow one another.
    families: usize,
}

impl<'a> Globals<'a> {
    /// The parameters of a plan, if the system has such unknowns.
    pub(super) fn new(pde: &'a Pde, stages: &Stages, plan: &mut PlanBuilder) -> Option<Self> {
        let count = pde.globals().len();
        if count == 0 {
            return None;
        }
        plan.change_globals(count);
        Some(Globals { pde, families: plan.add_parameters(count * stages.families) })
    }

    /// The parameter of an unknown in a family.
    pub(super) fn at(&self, family: usize, number: usize) -> usize {
        self.families + family * self.pde.globals().len() + number
    }

    /// Adds to a plan that kernels see the unknowns as they are in a family.
    pub(super) fn show(&self, plan: &mut PlanBuilder, family: usize) {
        let (mut builder, mut parameters) = (Builder::new(), Vec::new());
        for number in 0..self.pde.globals().len() {
            let value = builder.parameter(self.at(family, number));
            builder.output(value);
            parameters.push(GLOBALS + number);
        }
        plan.compute(builder.finish(), parameters, "numbers for the noise".into());
    }

    /// Adds to a plan what a stage does with the unknowns, after its fields have been computed: it
    /// takes their slopes, and what the next stage reads comes to the parameters that kernels use;
    /// after the last stage, the result.
    pub(super) fn advance(
        &self,
        plan: &mut PlanBuilder,
        program: &mut Program<'_>,
        stages: &Stages,
        stage: usize,
        factors: &[usize],
    ) {
        let mut pass = PassBuilder::last(program);
        let (mut parameters, mut read) = (Vec::new(), Vec::new());
        let after = stages.list.get(stage + 1).map_or(stages.result, |next| next.reads);
        for (number, equation) in equations(self.pde).into_iter().enumerate() {
            let slope = pass.value(equation).only().re;
            let builder = &mut pass.builder;
            let slope = slope.unwrap_or_else(|| builder.constant(0.0));
            // At the beginning of a step the state is in the parameters that kernels use.
            let state = match stage {
                0 => GLOBALS + number,
                _ => self.at(Stages::STATE, number),
            };
            let in_family = |family: usize| match family {
                Stages::STATE => state,
                family => self.at(family, number),
            };
            let mut next = builder.parameter(in_family(after));
            for update in &stages.list[stage].updates {
                let factor = builder.parameter(factors[update.factor]);
                let base = update.base.iter();
                let base: Vec<(Value, f64)> = base
                    .map(|(family, weight)| (builder.parameter(in_family(*family)), *weight))
                    .collect();
                let new = match builder.weighted_sum(&base) {
                    Some(base) => builder.fused(factor, slope, base),
                    None => builder.binary(Binary::Multiply, factor, slope),
                };
                builder.output(new);
                parameters.push(self.at(update.to, number));
                if update.to == after {
                    next = new;
                }
            }
            if stage == 0 {
                let state = builder.parameter(state);
                builder.output(state);
                parameters.push(self.at(Stages::STATE, number));
            }
            read.push((GLOBALS + number, next));
        }
        for (parameter, value) in read {
            pass.builder.output(value);
            parameters.push(parameter);
        }
        let names: Vec<&str> = self.pde.globals().iter().map(|global| &*global.name).collect();
        let kernel = pass.finish().kernel;
        plan.compute(kernel, parameters, format!("numbers {}", names.join(", ")));
    }
}
