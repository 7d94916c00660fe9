//! What has to be done before the expressions of a program can be computed, and how a plan does it.

use fluxions_expr::Reduction;

use crate::plan::halo_group::HaloGroup;
use crate::plan::pass::PassBuilder;
use crate::plan::plan::{Action, Extent, Plan, Slot};
use crate::plan::program::{ArrayRef, DomainNumber, OwnedExpr, Pass, Program, Quantity};
use crate::run::blocking::pipeline::Margins;

/// What has to be done, in order, before the expressions of a program can be computed.
#[derive(Clone, Debug)]
pub(crate) enum Preparation {
    /// Fill the halos of a group.
    Halo(HaloGroup),
    /// Compute arrays of quantities.
    Quantities { pass: Pass, arrays: Vec<usize> },
    /// Compute the number of this index from the values of a pass.
    Number { pass: Pass, number: usize },
}

/// An action of the preparations, before its arrays are those of a stage.
pub(crate) enum Prepared {
    Halo { group: usize, arrays: Vec<ArrayRef>, partners: Vec<[ArrayRef; 2]> },
    Sweep { kernel: usize, inputs: Vec<ArrayRef>, outputs: Vec<ArrayRef> },
    Reduce { kernel: usize, inputs: Vec<ArrayRef>, kind: Reduction, parameter: usize },
}

impl Program<'_> {
    /// What has to be done before the expressions can be computed.
    pub(crate) fn preparations(&mut self) -> Vec<Preparation> {
        let mut preparations = Vec::new();
        let levels = (self.quantities.iter().map(|q| q.level))
            .chain(self.numbers.iter().map(|n| n.level))
            .max()
            .unwrap_or(0);
        preparations.extend(self.halo_of_fields().map(Preparation::Halo));
        for level in 1..=levels {
            for number in 0..self.numbers.len() {
                if self.numbers[number].level == level {
                    preparations.push(self.number_pass(number));
                }
            }
            let here: Vec<usize> =
                (0..self.quantities.len()).filter(|q| self.quantities[*q].level == level).collect();
            if here.is_empty() {
                continue;
            }
            preparations.push(self.quantities_pass(&here, level));
            preparations.extend(self.halo_of(&here).map(Preparation::Halo));
        }
        preparations
    }

    fn number_pass(&mut self, number: usize) -> Preparation {
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
        Preparation::Number { pass: pass.finish(), number }
    }

    fn quantities_pass(&mut self, here: &[usize], level: usize) -> Preparation {
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
        Preparation::Quantities { pass: pass.finish(), arrays }
    }
}

impl Plan {
    /// Takes over kernels and halo groups; gives the actions that they make, whose arrays are
    /// named by each stage.
    pub(crate) fn add_preparations(
        &mut self,
        program: &Program,
        preparations: Vec<Preparation>,
    ) -> Vec<Prepared> {
        let mut prepared = Vec::new();
        for preparation in preparations {
            prepared.push(match preparation {
                Preparation::Halo(group) => {
                    let (arrays, partners) = (group.arrays.clone(), group.partners.clone());
                    self.groups.push(group);
                    Prepared::Halo { group: self.groups.len() - 1, arrays, partners }
                }
                Preparation::Quantities { pass, arrays } => {
                    let all = program.array_names();
                    let names: Vec<_> = arrays.iter().map(|a| all[*a].as_str()).collect();
                    let kernel = self.add_kernel(pass.kernel, names.join(", "));
                    let outputs = arrays.into_iter().map(ArrayRef::Quantity).collect();
                    Prepared::Sweep { kernel, inputs: pass.inputs, outputs }
                }
                Preparation::Number { pass, number } => {
                    let kind = program.numbers[number].kind;
                    let kernel = self.add_kernel(pass.kernel, format!("{}(…)", kind.name()));
                    let parameter = Program::parameter_of(number);
                    self.rows = self.rows.max(1);
                    Prepared::Reduce { kernel, inputs: pass.inputs, kind, parameter }
                }
            });
        }
        prepared
    }

    /// Adds these actions with the arrays of one stage.
    pub(crate) fn push_preparations(
        &mut self,
        prepared: &[Prepared],
        slot: &dyn Fn(ArrayRef) -> Slot,
    ) {
        for preparation in prepared {
            let slots = |refs: &[ArrayRef]| refs.iter().map(|r| slot(*r)).collect::<Vec<_>>();
            self.actions.push(match preparation {
                Prepared::Halo { group, arrays, partners } => {
                    let number = |array: &ArrayRef| match slot(*array) {
                        Slot::Array(array) | Slot::Row(array) => array,
                    };
                    let arrays = arrays.iter().map(number).collect();
                    let pair = |[a, b]: &[ArrayRef; 2]| [number(a), number(b)];
                    let partners = partners.iter().map(pair).collect();
                    Action::Halo { group: *group, arrays, partners }
                }
                Prepared::Sweep { kernel, inputs, outputs } => {
                    let (kernel, inputs, outputs) = (*kernel, slots(inputs), slots(outputs));
                    let (extent, beyond) = (Extent::Block, Margins::default());
                    Action::Sweep { kernel, inputs, outputs, extent, beyond }
                }
                Prepared::Reduce { kernel, inputs, kind, parameter } => {
                    let (kernel, kind, parameter) = (*kernel, *kind, *parameter);
                    Action::Reduce { kernel, inputs: slots(inputs), kind, parameter }
                }
            });
        }
    }
}
