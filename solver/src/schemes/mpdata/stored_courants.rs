//! Flows that are stored on the faces of cells, once or in every step.

use fluxions_expr::{Binary, Value};

use crate::plan::action::{Action, Extent};
use crate::plan::pass::PassBuilder;
use crate::schemes::mpdata::courant_field::{Flow, Way, mean_at_face};
use crate::schemes::mpdata::courant_fields::{Flows, Known};
use crate::schemes::mpdata::step::Steps;
use crate::system::transport::Advector;

impl<'a> Steps<'a> {
    /// Flows that are stored and do not change, in every cell that memory has.
    pub(crate) fn store_once(&mut self, known: &Known<'a>) {
        let flow = &known.flow;
        if let Some(array) = flow.density_array {
            self.sweep_in(Extent::Memory, "g_factor".into(), &[array], |pass| {
                let density = flow.density_itself(&mut pass.builder, [0; 3]);
                pass.builder.output(density);
            });
        }
        if let Way::Stored(arrays) = &flow.way {
            self.sweep_in(Extent::Memory, known.names.join(", "), arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let value = flow.base(&mut pass.builder, k, [0; 3]);
                    pass.builder.output(value);
                }
            });
        }
    }

    /// Courant numbers that change, for the middle of the step.
    pub(crate) fn store_flows(&mut self, flows: &mut Flows<'a>) {
        for known in &mut flows.list {
            if !matches!(known.flow.way, Way::EachStep(_)) {
                continue;
            }
            let arrays: Vec<usize> = known.names.iter().map(|n| self.array(n.clone())).collect();
            let flow = &known.flow;
            let cells: Option<Vec<usize>> = (known.velocity())
                .map(|_| known.names_at_cells().map(|name| self.named(name)).collect());
            if let Some(cells) = &cells {
                let conditions = self.pde.conditions().of_advected(known.advected.field);
                let free = conditions.map_or(0, |conditions| conditions.free);
                let list: Vec<_> = cells.iter().map(|array| (*array, free)).collect();
                self.halo(&list);
            }
            self.plan.actions.push(Action::At(0.5));
            let name = format!("Courant numbers of the {}", known.names.join(", "));
            self.sweep(name, &arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let value = match &cells {
                        None => flow.base(&mut pass.builder, k, [0; 3]),
                        Some(cells) => at_face(flow, pass, cells[k], k),
                    };
                    let b = &mut pass.builder;
                    let scale = b.parameter(flow.scales[k]);
                    let value = b.binary(Binary::Multiply, value, scale);
                    b.output(value);
                }
            });
            known.flow.way = Way::EachStep(arrays);
        }
    }
}

/// A velocity at a face, from those at the centres of the cells beside it, as a flow.
fn at_face(flow: &Flow, pass: &mut PassBuilder, array: usize, k: usize) -> Value {
    let mut value = mean_at_face(flow, pass, array, k);
    let b = &mut pass.builder;
    if let (Advector::Velocity(_), Some(density)) =
        (flow.advector, flow.density_on_face(b, k, [0; 3]))
    {
        value = b.binary(Binary::Multiply, density, value);
    }
    flow.bounded(b, k, [0; 3], value)
}
