//! The Courant numbers of a system, each once, and the arrays that are kept for them between
//! steps.

use fluxions_expr::Expr;

use crate::plan::program::OwnedExpr;
use crate::schemes::mpdata::courant_exprs::CourantExprs;
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
    pub(crate) exprs: CourantExprs<'a>,
    /// The first of the fields that they advect.
    pub(crate) advected: &'a Advected,
    /// Where they depend on fields: the arrays of the velocities at centres of cells, as they were
    /// a step before.
    pub(crate) before: Vec<usize>,
    /// Where they are kept.
    pub(crate) keeping: Keeping,
    /// The array of the density, where it is stored.
    pub(crate) density_array: Option<usize>,
    /// The name of the field.
    pub(crate) name: String,
}

/// Where Courant numbers are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Keeping {
    /// Nowhere: they are computed wherever they are used.
    Computed,
    /// In these arrays, from before the first step.
    Always(Vec<usize>),
    /// In arrays of each step (stored_courants.rs).
    InStep,
}

impl<'a> NamedCourant<'a> {
    /// The expressions of a velocity that depends on fields.
    pub(crate) fn velocity(&self) -> Option<&'a [Expr]> {
        let advected = self.advected;
        (!advected.is_given(self.exprs.pde.symbols())).then(|| advected.advector.parts())
    }

    /// The expressions of a velocity that depends on fields, with the conditions of the first field
    /// that it advects.
    pub(crate) fn targets(&self, pde: &Pde) -> Vec<OwnedExpr<'a>> {
        let owner = pde.conditions().owner_of_field(self.advected.field);
        let target = |expr| OwnedExpr { expr, owner, name: "" };
        self.velocity().unwrap_or(&[]).iter().map(target).collect()
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
            let exprs = CourantExprs::new(pde, advected);
            let known = fields.list.iter().position(|named| named.exprs == exprs);
            let number = known.unwrap_or_else(|| {
                let named = fields.keep(first, advected, exprs);
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
        exprs: CourantExprs<'a>,
    ) -> NamedCourant<'a> {
        let (pde, symbols) = (exprs.pde, exprs.pde.symbols());
        let name = pde.fields()[advected.field].clone();
        let mut array = |name: String| {
            self.kept.push(name);
            first + self.kept.len() - 1
        };
        let density_array =
            (!exprs.is_density_cheap()).then(|| array(format!("g_factor of {name}")));
        let mut along = |what: &str, which: &str| {
            along_axes(pde, &format!("{what} of {name}"), which)
                .into_iter()
                .map(&mut array)
                .collect()
        };
        let (keeping, before) = match (advected.is_given(symbols), advected.is_timed(symbols)) {
            (true, _) if exprs.is_cheap() => (Keeping::Computed, Vec::new()),
            (true, false) => (Keeping::Always(along("advector", ", at faces")), Vec::new()),
            (true, true) => (Keeping::InStep, Vec::new()),
            (false, _) => (Keeping::InStep, along("velocity", ", a step before")),
        };
        NamedCourant { exprs, advected, before, keeping, density_array, name }
    }
}

/// Names of arrays, one for each axis.
pub(crate) fn along_axes(pde: &Pde, what: &str, which: &str) -> Vec<String> {
    let axes = pde.grid().axis_names().into_iter();
    axes.map(|axis| format!("{what} along {axis}{which}")).collect()
}
