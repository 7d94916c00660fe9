//! The Courant numbers of a system, each once, and the arrays that are kept for them between
//! steps.

use fluxions_expr::Expr;

use crate::plan::program::OwnedExpr;
use crate::schemes::mpdata::courant_field::{CourantField, Storage};
use crate::system::pde::Pde;
use crate::system::transport::advected::Advected;

/// All Courant numbers of a system.
pub(crate) struct CourantFields<'a> {
    pub(crate) list: Vec<NamedCourant<'a>>,
    /// The advected fields.
    pub(crate) advected: &'a [Advected],
    /// For each advected field the number of its Courant numbers in the list.
    pub(crate) of: Vec<usize>,
    /// The names of the arrays that are kept, which come after those of all fields.
    pub(crate) kept: Vec<String>,
}

/// Courant numbers with their names.
pub(crate) struct NamedCourant<'a> {
    pub(crate) courants: CourantField<'a>,
    /// The first of the fields that they advect.
    pub(crate) advected: &'a Advected,
    /// Where they depend on fields: the arrays of the velocities at centres of cells, as they were
    /// a step before.
    pub(crate) before: Vec<usize>,
    /// The names of the components.
    pub(crate) names: Vec<String>,
}

impl<'a> NamedCourant<'a> {
    /// The expressions of a velocity that depends on fields.
    pub(crate) fn velocity(&self) -> Option<&'a [Expr]> {
        let advected = self.advected;
        (!advected.is_given(self.courants.pde.symbols())).then(|| advected.advector.parts())
    }

    /// The expressions of a velocity that depends on fields, with the conditions of the first field
    /// that it advects.
    pub(crate) fn targets(&self, pde: &Pde) -> Vec<OwnedExpr<'a>> {
        let owner = pde.conditions().owner_of_field(self.advected.field);
        let target = |expr| OwnedExpr { expr, owner, name: "" };
        self.velocity().unwrap_or(&[]).iter().map(target).collect()
    }

    /// The names of the arrays of a velocity at the centres of cells.
    pub(crate) fn names_at_cells(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|name| format!("{name}, at cells"))
    }
}

/// The diffusivities of a field that depend on the fields, with the conditions of the field.
pub(crate) fn found_diffusivities<'a>(pde: &Pde, advected: &'a Advected) -> Vec<OwnedExpr<'a>> {
    let owner = pde.conditions().owner_of_field(advected.field);
    let found = advected.found_diffusivities(pde.symbols()).iter();
    found.map(|expr| OwnedExpr { expr, owner, name: "" }).collect()
}

impl<'a> CourantFields<'a> {
    pub(crate) fn of(pde: &'a Pde) -> Self {
        let first = pde.all_arrays();
        let advected = &pde.advected;
        let mut fields =
            CourantFields { list: Vec::new(), advected, of: Vec::new(), kept: Vec::new() };
        for advected in advected {
            let edges = pde.conditions().of_advected(advected).edges;
            let courants = CourantField::new(pde, advected, edges);
            let known = fields.list.iter().position(|named| named.courants.is_same(&courants));
            let number = known.unwrap_or_else(|| {
                let name = &pde.fields()[advected.field];
                let named = fields.keep(first, advected, name, courants);
                fields.list.push(named);
                fields.list.len() - 1
            });
            fields.of.push(number);
        }
        fields
    }

    fn keep(
        &mut self,
        first: usize,
        advected: &'a Advected,
        name: &str,
        mut courants: CourantField<'a>,
    ) -> NamedCourant<'a> {
        let pde = courants.pde;
        let axes = pde.grid().axes().iter();
        let names: Vec<String> =
            axes.map(|axis| format!("flow of {name} along {}", axis.name())).collect();
        let mut array = |name: String| {
            self.kept.push(name);
            first + self.kept.len() - 1
        };
        if !courants.is_density_cheap() {
            courants.density_array = Some(array(format!("g_factor of {name}")));
        }
        let mut before = Vec::new();
        match (advected.is_given(pde.symbols()), advected.is_timed(pde.symbols())) {
            (true, _) if courants.is_cheap() => {}
            (true, false) => {
                courants.storage = Storage::Stored(names.iter().cloned().map(array).collect())
            }
            // The step has arrays of its own for them (stored_courants.rs).
            (true, true) => courants.storage = Storage::EachStep(Vec::new()),
            (false, _) => {
                courants.storage = Storage::EachStep(Vec::new());
                let earlier = names.iter().map(|name| format!("{name}, earlier"));
                before = earlier.map(array).collect();
            }
        }
        NamedCourant { courants, advected, before, names }
    }
}
