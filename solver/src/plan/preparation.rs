//! The actions that must be done before the expressions of a program can be computed.

use fluxions_expr::{Binary, Reduction};
use fluxions_grid::{Condition, Face, Side};

use crate::plan::action::{Action, Extent};
use crate::plan::builder::PlanBuilder;
use crate::plan::margins::{Margins, widen};
use crate::plan::pass::{Ghosts, PassBuilder};
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

impl Program<'_> {
    /// The pass that computes a layer of ghost cells of these quantities, those that go on beyond a
    /// face as what they are made of does: with the arrays in which it stores them, and how far it
    /// goes beyond the ends along the other axes. Nothing if there are none.
    fn ghosts_pass(
        &mut self,
        here: &[usize],
        level: usize,
        face: Face,
        layer: usize,
    ) -> Option<(Pass, Vec<usize>, Margins)> {
        let pde = self.pde;
        let axis = pde.grid().inner_axis(face.axis)?;
        let side = face.side.index();
        let is_here = |quantity: &Quantity, k: usize| {
            let faces = pde.conditions().of_array(quantity.conditions[k]);
            faces[face.axis][side].condition == Condition::Continued
                && quantity.widths[k].is_some_and(|width| width.layers[face.axis][side] >= layer)
        };
        let quantities: Vec<Quantity> = here.iter().map(|q| self.quantities[*q].clone()).collect();
        let is_any =
            |quantity: &&Quantity| (0..quantity.conditions.len()).any(|k| is_here(quantity, k));
        let quantities: Vec<&Quantity> = quantities.iter().filter(is_any).collect();
        if quantities.is_empty() {
            return None;
        }
        let mut mirrored = [0; 3];
        let inwards = (2 * layer - 1) as i32;
        mirrored[face.axis] = if face.side == Side::Lower { inwards } else { -inwards };
        let ghosts = match axis.is_periodic() {
            true => Ghosts::Themselves,
            false => {
                let coordinate = axis.bounds()[side];
                Ghosts::AtWall { axis: face.axis, coordinate, mirrored }
            }
        };
        let dimension = pde.space().dimension();
        let mut pass = PassBuilder::beyond(self, level - 1, ghosts);
        let (mut arrays, mut beyond) = (Vec::new(), Margins::default());
        for quantity in quantities {
            let Quantity { expr, owner, random, .. } = quantity;
            let parts = pass.value(OwnedExpr { expr, owner: *owner, name: random });
            let numbers = parts.numbers(expr.ty, dimension, &mut pass.builder);
            for (k, number) in numbers.into_iter().enumerate() {
                let (Some(array), true) = (quantity.arrays[k], is_here(quantity, k)) else {
                    continue;
                };
                let number = match ghosts {
                    Ghosts::Themselves => number,
                    Ghosts::AtWall { .. } => {
                        let two = pass.builder.constant(2.0);
                        let twice = pass.builder.binary(Binary::Multiply, two, number);
                        let inside = pass.load_at(ArrayRef::Quantity(array), mirrored);
                        pass.builder.binary(Binary::Subtract, twice, inside)
                    }
                };
                pass.builder.output(number);
                arrays.push(array);
                if let Some(width) = quantity.widths[k].filter(|width| width.corners) {
                    widen(&mut beyond, &width.layers);
                }
            }
        }
        beyond[face.axis] = [0; 2];
        Some((pass.finish(), arrays, beyond))
    }
}

impl PlanBuilder {
    /// The sweeps that compute the ghost cells of these quantities where they follow from those of
    /// what the quantities are made of.
    fn beyond_walls(
        &mut self,
        program: &mut Program<'_>,
        here: &[usize],
        level: usize,
        names: &[String],
    ) -> Vec<Action<ArrayRef>> {
        let mut actions = Vec::new();
        let faces = (0..3).flat_map(|axis| Side::BOTH.map(|side| Face { axis, side }));
        for face in faces {
            for layer in 1.. {
                let Some((pass, arrays, beyond)) = program.ghosts_pass(here, level, face, layer)
                else {
                    break;
                };
                let axis = program.pde.grid().inner_axis(face.axis);
                let axis = axis.map_or_else(String::new, |axis| axis.name().to_string());
                let list: Vec<_> = arrays.iter().map(|array| names[*array].as_str()).collect();
                let name = format!("{} beyond {axis}{}", list.join(", "), face.side.sign());
                actions.push(Action::Sweep {
                    kernel: self.add_kernel(pass.kernel, name),
                    inputs: pass.inputs,
                    outputs: arrays.into_iter().map(ArrayRef::Quantity).collect(),
                    extent: Extent::Beyond { face, layer },
                    beyond,
                });
            }
        }
        actions
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
        actions.extend(program.halo_of_fields().map(|group| self.add_halo(group)));
        let mut of_levels = vec![(Vec::new(), Vec::new()); levels + 1];
        for (number, found) in program.numbers.iter().enumerate() {
            of_levels[found.level].0.push(number);
        }
        for (number, found) in program.quantities.iter().enumerate() {
            of_levels[found.level].1.push(number);
        }
        let all = program.array_names();
        for (level, (numbers, here)) in of_levels.into_iter().enumerate() {
            for number in numbers {
                let pass = program.number_pass(number);
                let kind = program.numbers[number].kind;
                let kernel = self.add_kernel(pass.kernel, format!("{}(…)", kind.name()));
                let parameter = Program::parameter_of(number);
                actions.push(Action::Reduce { kernel, inputs: pass.inputs, kind, parameter });
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
            actions.extend(program.halo_of(&here).map(|group| self.add_halo(group)));
            actions.extend(self.beyond_walls(program, &here, level, &all));
        }
        actions
    }
}
