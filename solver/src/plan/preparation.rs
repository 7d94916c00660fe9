//! The actions that must be done before the expressions of a program can be computed.

use fluxions_expr::Reduction;

use crate::plan::action::{Action, Extent};
use crate::plan::builder::PlanBuilder;
use crate::plan::margins::Margins;
use crate::plan::pass::PassBuilder;
use crate::plan::program::{ArrayRef, DomainNumber, OwnedExpr, Pass, Program, Quantity};

impl Program<'_> {
    fn number_pass(&mut self, number: usize) -> Pass {
        let DomainNumber { kind, expr, owner, random, level, imaginary } =
            self.numbers[number].clone();
        let mut pass = PassBuilder::new(self, level - 1);
        let name = random.as_deref().unwrap_or_default();
        let value = pass.value(OwnedExpr { expr: &expr, owner, name }).only();
        let value = if imaginary { value.im } else { value.re };
        let mut value = value.unwrap_or_else(|| pass.builder.constant(0.0));
        if matches!(kind, Reduction::Integral | Reduction::Average) {
            value = pass.weighted(value);
        }
        pass.builder.output(value);
        pass.finish()
    }

    /// The pass that computes these quantities, and the arrays in which it stores them.
    fn quantities_pass(&mut self, here: &[usize], level: usize) -> (Pass, Vec<usize>) {
        let quantities: Vec<Quantity> = here.iter().map(|q| self.quantities[*q].clone()).collect();
        let dimension = self.pde.space().dimension();
        let mut pass = PassBuilder::new(self, level - 1);
        let mut arrays = Vec::new();
        for quantity in quantities {
            let target =
                OwnedExpr { expr: &quantity.expr, owner: quantity.owner, name: &quantity.random };
            let parts = pass.value(target);
            let numbers = parts.numbers(quantity.expr.ty, dimension, &mut pass.builder);
            for (number, array) in numbers.into_iter().zip(quantity.arrays) {
                if let Some(array) = array {
                    pass.builder.output(number);
                    arrays.push(array);
                }
            }
        }
        (pass.finish(), arrays)
    }
}

impl PlanBuilder {
    /// The reduction that computes a number of the whole domain.
    fn reduction(&mut self, program: &mut Program<'_>, number: usize) -> Action<ArrayRef> {
        let pass = program.number_pass(number);
        let kind = program.numbers[number].kind;
        let kernel = self.add_kernel(pass.kernel, format!("{}(…)", kind.name()));
        let parameter = program.parameter_of(number);
        Action::Reduce { kernel, inputs: pass.inputs, kind, parameter }
    }

    /// Adds the kernels and halo groups of all that must be done before the expressions of a
    /// program can be computed. Returns the actions in order. They work on the arrays of the
    /// program, and [`PlanBuilder::push`] is told where these lie.
    pub(crate) fn prepare(&mut self, program: &mut Program<'_>) -> Vec<Action<ArrayRef>> {
        let mut actions = Vec::new();
        let levels = (program.quantities.iter().map(|q| q.level))
            .chain(program.numbers.iter().map(|n| n.level))
            .max()
            .unwrap_or(0);
        let fields = program.halo_of_fields();
        let again = fields.as_ref().and_then(|group| group.again(program.pde));
        actions.extend(fields.map(|group| self.add_halo(group)));
        // What conditions see of the whole domain needs no ghost cells.
        let (first, later): (Vec<usize>, Vec<usize>) =
            (0..program.numbers.len()).partition(|number| program.is_of_cells(*number));
        actions.extend(first.into_iter().map(|number| self.reduction(program, number)));
        actions.extend(self.beyond_walls_of_fields(program));
        actions.extend(again.map(|group| self.add_halo(group)));
        let mut of_levels = vec![(Vec::new(), Vec::new()); levels + 1];
        for number in later {
            of_levels[program.numbers[number].level].0.push(number);
        }
        for (number, found) in program.quantities.iter().enumerate() {
            of_levels[found.level].1.push(number);
        }
        let all = program.array_names();
        for (level, (numbers, here)) in of_levels.into_iter().enumerate() {
            for number in numbers {
                actions.push(self.reduction(program, number));
            }
            if here.is_empty() {
                continue;
            }
            let (pass, arrays) = program.quantities_pass(&here, level);
            let names: Vec<_> = arrays.iter().map(|array| all[*array].as_str()).collect();
            actions.push(Action::Sweep {
                kernel: self.add_kernel(pass.kernel, names.join(", ")),
                inputs: pass.inputs,
                outputs: arrays.into_iter().map(ArrayRef::Quantity).collect(),
                extent: Extent::Block,
                beyond: Margins::default(),
            });
            let group = program.halo_of(&here);
            let again = group.as_ref().and_then(|group| group.again(program.pde));
            actions.extend(group.map(|group| self.add_halo(group)));
            actions.extend(self.beyond_walls(program, &here, level, &all));
            actions.extend(again.map(|group| self.add_halo(group)));
        }
        actions
    }
}
