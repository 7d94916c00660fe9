//! Courant numbers that are stored at the faces of cells, once or in every step.

use fluxions_expr::{Binary, Value};

use crate::plan::action::Extent;
use crate::plan::pass::PassBuilder;
use crate::schemes::mpdata::courant_field::{CourantField, Storage, mean_at_face};
use crate::schemes::mpdata::courant_fields::{CourantFields, NamedCourant};
use crate::schemes::mpdata::step::Steps;
use crate::system::transport::Advector;

impl<'a> Steps<'a> {
    /// Stores Courant numbers that do not change, in every cell that memory has.
    pub(crate) fn store_once(&mut self, named: &NamedCourant<'a>) {
        let courants = &named.courants;
        if let Some(array) = courants.density_array {
            self.sweep_in(Extent::Memory, "g_factor".into(), &[array], |pass| {
                let density = courants.density_itself(&mut pass.builder, [0; 3]);
                pass.builder.output(density);
            });
        }
        if let Storage::Stored(arrays) = &courants.storage {
            self.sweep_in(Extent::Memory, named.names.join(", "), arrays, |pass| {
                for k in 0..courants.axes.len() {
                    let value = courants.base(&mut pass.builder, k, [0; 3]);
                    pass.builder.output(value);
                }
            });
        }
    }

    /// Stores Courant numbers that change, for the middle of the step.
    pub(crate) fn store_each_step(&mut self, fields: &mut CourantFields<'a>) {
        for named in &mut fields.list {
            if !matches!(named.courants.storage, Storage::EachStep(_)) {
                continue;
            }
            let arrays: Vec<usize> =
                named.names.iter().map(|n| self.plan.add_array(n.clone())).collect();
            let courants = &named.courants;
            let cells: Option<Vec<usize>> = (named.velocity())
                .map(|_| named.names_at_cells().map(|name| self.plan.array_named(name)).collect());
            if let Some(cells) = &cells {
                let free = self.pde.conditions().of_advected(named.advected).free;
                let list: Vec<_> = cells.iter().map(|array| (*array, free)).collect();
                self.halo(&list);
            }
            self.plan.at(0.5);
            let name = format!("Courant numbers of the {}", named.names.join(", "));
            self.sweep(name, &arrays, |pass| {
                for k in 0..courants.axes.len() {
                    let value = match &cells {
                        None => courants.base(&mut pass.builder, k, [0; 3]),
                        Some(cells) => at_face(courants, pass, cells[k], k),
                    };
                    let b = &mut pass.builder;
                    let scale = b.parameter(courants.scales[k]);
                    let value = b.binary(Binary::Multiply, value, scale);
                    b.output(value);
                }
            });
            named.courants.storage = Storage::EachStep(arrays);
        }
    }
}

/// A velocity at a face times the density, from the velocities at the centres of the cells beside
/// it.
fn at_face(courants: &CourantField, pass: &mut PassBuilder, array: usize, k: usize) -> Value {
    let mut value = mean_at_face(courants, pass, array, k);
    let b = &mut pass.builder;
    if let (Advector::Velocity(_), Some(density)) =
        (courants.advector, courants.density_on_face(b, k, [0; 3]))
    {
        value = b.binary(Binary::Multiply, density, value);
    }
    courants.bounded(b, k, [0; 3], value)
}
