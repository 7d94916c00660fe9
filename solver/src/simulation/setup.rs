//! What has to be there before a simulation can be built: its plans, and how much room they need.

use fluxions_expr::Place;
use fluxions_halo::HaloWidth;

use crate::error::{Error, Errors};
use crate::plan::halo_group::widen;
use crate::plan::observable::Observable;
use crate::plan::plan::Plan;
use crate::simulation::builder::SimulationBuilder;
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::symmetry;

/// The plans of a simulation.
pub(super) struct Setup {
    pub(super) step: Plan,
    /// What is computed once before it, where fields are advected.
    pub(super) before: Option<Plan>,
    pub(super) initial: Vec<Plan>,
    pub(super) observables: Vec<Observable>,
    /// How wide the halos of external fields have to be.
    pub(super) data_widths: Vec<HaloWidth>,
    /// Halo layers at each axis.
    pub(super) halo: [usize; 3],
    /// Cells that a block needs along each axis.
    pub(super) least: [usize; 3],
    /// Arrays and rows of the memory.
    pub(super) arrays: usize,
    pub(super) rows: usize,
}

impl Setup {
    /// The plans of what a builder collected, or every mistake found in it.
    pub(super) fn new(builder: &SimulationBuilder<'_>) -> Result<Self, Errors> {
        let pde = builder.pde;
        let mut errors = Vec::new();
        let initial = initial_plans(builder, &mut errors);
        let mut observables = Vec::new();
        let fields = builder.fields.iter().map(|(name, formula)| (name, formula, false));
        let numbers = builder.numbers.iter().map(|(name, formula)| (name, formula, true));
        for (name, formula, number) in fields.chain(numbers) {
            match Observable::new(pde, name, formula, number) {
                Ok(observable) => observables.push(observable),
                Err(found) => errors.extend(found),
            }
        }
        if !errors.is_empty() {
            return Err(Errors(errors));
        }
        let step = Plan::step(pde, &builder.scheme);
        let before = (!pde.advected.is_empty()).then(|| Plan::before_transport(pde));
        let plans = || {
            [&step]
                .into_iter()
                .chain(&before)
                .chain(&initial)
                .chain(observables.iter().map(|o| &o.plan))
        };
        let mut widths = vec![HaloWidth::default(); pde.all_arrays() - pde.arrays()];
        plans().for_each(|plan| widen(&mut widths, &plan.data_widths));
        let data = Plan::of_data(pde, &widths);
        let plans = || plans().chain(&builder.other_plans).chain([&data]);
        let most = |a: [usize; 3], b: [usize; 3]| std::array::from_fn(|k: usize| a[k].max(b[k]));
        let halo = plans().map(Plan::halo).fold([0; 3], most);
        let least = plans().map(|p| p.least_cells(pde)).fold([0; 3], most);
        let arrays = plans().map(|p| p.arrays).fold(0, usize::max);
        let rows = plans().map(|p| p.rows).fold(0, usize::max);
        let data_widths = widths;
        Ok(Setup { step, before, initial, observables, data_widths, halo, least, arrays, rows })
    }
}

fn initial_plans(builder: &SimulationBuilder<'_>, errors: &mut Vec<Error>) -> Vec<Plan> {
    let pde = builder.pde;
    for (name, _) in &builder.initial {
        if let Err(error) = pde.field(&Origin::Initial(name.clone()), name) {
            errors.push(error);
        }
    }
    for data in pde.external() {
        errors.extend(data.source.fits(pde.grid()).map_err(Error::Source).err());
    }
    let mut plans = Vec::new();
    for (number, field) in pde.fields().iter().enumerate() {
        let Some((_, value)) = builder.initial.iter().find(|(name, _)| name == field) else {
            errors.push(Error::NoInitialValue { field: field.clone() });
            continue;
        };
        if let Formula::Values(source) = value {
            errors.extend(source.fits(pde.grid()).map_err(Error::Source).err());
            let (found, wanted) = (source.ty(), pde.types()[number]);
            if found != wanted {
                errors.push(Error::UnfitValues { field: field.clone(), found, wanted });
            }
            continue;
        }
        let origin = Origin::Initial(field.clone());
        match pde.check_value(&origin, value, Place::Initial, number) {
            Ok((expr, _)) => {
                if !pde.vanishing().allows(number, &expr) {
                    errors.push(symmetry::broken_initial(pde, number, value));
                }
                plans.push(Plan::initial(pde, number, &expr));
            }
            Err(found) => errors.extend(found),
        }
    }
    plans
}
