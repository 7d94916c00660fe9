//! Courant numbers that are stored at the faces of cells, before the first step or in every step.

use fluxions_expr::{Binary, Value};

use crate::plan::action::Extent;
use crate::plan::pass::PassBuilder;
use crate::schemes::mpdata::courant_exprs::CourantExprs;
use crate::schemes::mpdata::courant_field::{CourantField, Storage, mean_at_face};
use crate::schemes::mpdata::courant_fields::{CourantFields, Keeping, NamedCourant, along_axes};
use crate::schemes::mpdata::sources::Found;
use crate::schemes::mpdata::step::Steps;
use crate::system::transport::Advector;

impl<'a> Steps<'a> {
    /// Stores the Courant numbers that do not change, in every cell that memory has. Returns all
    /// Courant numbers as they are before the first step.
    pub(crate) fn store_always<'f>(
        &mut self,
        fields: &'f CourantFields<'a>,
    ) -> Vec<CourantField<'f>> {
        let mut list = Vec::new();
        for (number, named) in fields.list.iter().enumerate() {
            let exprs = &named.exprs;
            if let Some(array) = named.density_array {
                self.sweep_in(Extent::Memory, "g_factor".into(), &[array], |pass| {
                    let density = exprs.density_itself(&mut pass.builder, [0; 3]);
                    pass.builder.output(density);
                });
            }
            let storage = match &named.keeping {
                Keeping::Computed | Keeping::InStep => Storage::Computed,
                Keeping::Always(arrays) => {
                    let name = format!("advector of {}", named.name);
                    self.sweep_in(Extent::Memory, name, arrays, |pass| {
                        for k in 0..exprs.axes.len() {
                            let value = exprs.base(&mut pass.builder, k, [0; 3]);
                            pass.builder.output(value);
                        }
                    });
                    Storage::Stored(arrays.clone())
                }
            };
            list.push(self.courants(fields, number, storage));
        }
        list
    }

    /// Stores the Courant numbers that change, for the middle of the step. Returns all Courant
    /// numbers of the step.
    pub(crate) fn store_in_step<'f>(
        &mut self,
        fields: &'f CourantFields<'a>,
        found: &Found,
    ) -> Vec<CourantField<'f>> {
        let mut list = Vec::new();
        for (number, named) in fields.list.iter().enumerate() {
            let storage = match &named.keeping {
                Keeping::Computed => Storage::Computed,
                Keeping::Always(arrays) => Storage::Stored(arrays.clone()),
                Keeping::InStep => {
                    let cells = &found.velocities[number];
                    Storage::EachStep(self.store_now(number, named, cells))
                }
            };
            list.push(self.courants(fields, number, storage));
        }
        list
    }

    /// Stores Courant numbers for the middle of the step, from the velocities in the arrays `cells`
    /// if they depend on the fields. Returns their arrays.
    fn store_now(
        &mut self,
        number: usize,
        named: &NamedCourant<'a>,
        cells: &[usize],
    ) -> Vec<usize> {
        let what = format!("Courant number of {}", named.name);
        let names = along_axes(self.pde, &what, "").into_iter();
        let arrays: Vec<usize> = names.map(|name| self.plan.add_array(name)).collect();
        let free = self.pde.conditions().of_advected(named.advected).free;
        self.halo(&cells.iter().map(|array| (*array, free)).collect::<Vec<_>>());
        self.plan.at(0.5);
        let (exprs, scales) = (&named.exprs, self.scales_of(number).to_vec());
        let name = format!("Courant numbers of {}", named.name);
        self.sweep(name, &arrays, |pass| {
            for (k, scale) in scales.into_iter().enumerate() {
                let value = match cells.get(k) {
                    None => exprs.base(&mut pass.builder, k, [0; 3]),
                    Some(cells) => at_face(exprs, pass, *cells, k),
                };
                let b = &mut pass.builder;
                let scale = b.parameter(scale);
                let value = b.binary(Binary::Multiply, value, scale);
                b.output(value);
            }
        });
        arrays
    }
}

/// A velocity at a face times the density, from the velocities at the centres of the cells beside
/// it.
fn at_face(exprs: &CourantExprs, pass: &mut PassBuilder, array: usize, k: usize) -> Value {
    let mut value = mean_at_face(exprs, pass, array, k);
    let b = &mut pass.builder;
    if let (Advector::Velocity(_), Some(density)) =
        (exprs.advector, exprs.density_on_face(b, k, [0; 3]))
    {
        value = b.binary(Binary::Multiply, density, value);
    }
    exprs.bounded(b, k, [0; 3], value)
}
