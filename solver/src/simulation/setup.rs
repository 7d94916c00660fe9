//! What has to be there before a simulation can be built: its plans, and how much room they need.

use fluxions_expr::{Expr, Place};
use fluxions_halo::HaloWidth;

use crate::error::{Error, Errors};
use crate::plan::evaluation;
use crate::plan::halo_group::widen;
use crate::plan::observable::Observable;
use crate::plan::plan::Plan;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::scheme::{BeforeSteps, WithinStep};
use crate::system::formula::Formula;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::region::Held;
use crate::system::symmetry;
use crate::system::transport::limits;

/// What the plans of a simulation are made of. Formulas come with the names of what they are for.
pub(super) struct Request<'a> {
    pub(super) pde: &'a Pde,
    pub(super) scheme: &'a SchemeChoice,
    /// The initial values of fields.
    pub(super) initial: &'a [(String, Formula)],
    /// The values that fields are given after each step.
    pub(super) after_step: &'a [(String, Formula)],
    /// What trackers will ask for: expressions with a value in each cell, and those for one number.
    pub(super) fields: &'a [(String, Formula)],
    pub(super) numbers: &'a [(String, Formula)],
    /// Plans that will be run beside the stepping.
    pub(super) other_plans: &'a [Plan],
}

/// The plans of a simulation.
pub(super) struct Setup {
    pub(super) step: Plan,
    /// What is computed once before it, where fields are advected.
    pub(super) before: Option<BeforeSteps>,
    /// What is computed from a state to which no step has led, and states within steps.
    pub(super) dense: Option<(Plan, WithinStep)>,
    pub(super) initial: Vec<Plan>,
    /// What sets the values of fields that are held in regions, after the initial ones.
    pub(super) held: Vec<Plan>,
    /// What is done after each step, if anything.
    pub(super) after_step: Vec<Plan>,
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
    /// The plans of what is asked for, or every mistake found in it.
    pub(super) fn new(request: &Request<'_>) -> Result<Self, Errors> {
        let Request { pde, .. } = *request;
        let mut errors = Vec::new();
        let scheme = scheme_for(pde, request.scheme);
        let scheme = scheme.map_err(|error| errors.push(error)).ok();
        let kept = scheme.as_ref().map(|scheme| scheme.kept(pde)).unwrap_or_default();
        let initial = initial_plans(request, &kept, &mut errors);
        let changes = changes(request, &mut errors);
        let mut observables = Vec::new();
        let fields = request.fields.iter().map(|(name, formula)| (name, formula, false));
        let numbers = request.numbers.iter().map(|(name, formula)| (name, formula, true));
        for (name, formula, number) in fields.chain(numbers) {
            match Observable::new(pde, &kept, name, formula, number) {
                Ok(observable) => observables.push(observable),
                Err(found) => errors.extend(found),
            }
        }
        let Some(scheme) = scheme.filter(|_| errors.is_empty()) else {
            return Err(Errors(errors));
        };
        let (step, before) = (scheme.step(pde), scheme.before(pde));
        let dense = scheme.start(pde).zip(scheme.within(pde));
        limits::check_cells(pde, step.least_cells(pde))?;
        let hold =
            |held: &Held| evaluation::initial(pde, &kept, held.field, &held.set(pde.symbols()));
        let after_step = after_step(pde, &kept, &changes, hold);
        let held: Vec<Plan> = pde.held.iter().map(hold).collect();
        let plans = || {
            [&step]
                .into_iter()
                .chain(before.as_ref().map(|before| &before.plan))
                .chain(dense.iter().flat_map(|(start, within)| [start, &within.plan]))
                .chain(&initial)
                .chain(&held)
                .chain(&after_step)
                .chain(observables.iter().map(|o| &o.plan))
        };
        let mut widths = vec![HaloWidth::default(); pde.all_arrays() - pde.arrays()];
        plans().for_each(|plan| widen(&mut widths, plan.data_widths()));
        let data = evaluation::external_halos(pde, &widths);
        let plans = || plans().chain(request.other_plans).chain([&data]);
        let most = |a: [usize; 3], b: [usize; 3]| std::array::from_fn(|k: usize| a[k].max(b[k]));
        let halo = plans().map(Plan::halo).fold([0; 3], most);
        let least = plans().map(|p| p.least_cells(pde)).fold([0; 3], most);
        let arrays = plans().map(|p| p.arrays()).fold(0, usize::max);
        let rows = plans().map(|p| p.rows()).fold(0, usize::max);
        let data_widths = widths;
        Ok(Setup {
            step,
            before,
            dense,
            initial,
            held,
            after_step,
            observables,
            data_widths,
            halo,
            least,
            arrays,
            rows,
        })
    }
}

/// The values that fields are given after each step.
fn changes(request: &Request<'_>, errors: &mut Vec<Error>) -> Vec<(usize, Expr)> {
    let Request { pde, after_step, .. } = *request;
    let mut changes = Vec::new();
    for (name, formula) in after_step {
        let origin = Origin::AfterStep(name.clone());
        if pde.globals().iter().any(|global| global.name == *name) {
            errors.push(Error::ChangedUnknown { origin, name: name.clone() });
            continue;
        }
        let field = match pde.field(&origin, name) {
            Ok(field) => field,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        if pde.unknowns().contains(&field) {
            errors.push(Error::ChangedUnknown { origin, name: name.clone() });
            continue;
        }
        match pde.check_value(&origin, formula, Place::Output, field) {
            Ok((expr, _)) => changes.push((field, expr)),
            Err(found) => errors.extend(found),
        }
    }
    changes
}

/// The plans of what is done after each step: fields that change, those of them that are held in regions, and
/// unknowns that follow from them.
fn after_step(
    pde: &Pde,
    kept: &[String],
    changes: &[(usize, Expr)],
    hold: impl Fn(&Held) -> Plan,
) -> Vec<Plan> {
    if changes.is_empty() {
        return Vec::new();
    }
    let changed = |held: &&Held| changes.iter().any(|(field, _)| *field == held.field);
    let mut plans = vec![evaluation::changes(pde, kept, changes)];
    plans.extend(pde.held.iter().filter(changed).map(hold));
    plans.extend(pde.has_constraints().then(|| evaluation::unknowns(pde)));
    plans
}

fn initial_plans(request: &Request<'_>, kept: &[String], errors: &mut Vec<Error>) -> Vec<Plan> {
    let Request { pde, initial, .. } = *request;
    for (name, _) in initial {
        if let Err(error) = pde.field(&Origin::Initial(name.clone()), name) {
            errors.push(error);
        }
    }
    for data in pde.external() {
        errors.extend(data.source.fits(pde.grid()).map_err(Error::Source).err());
    }
    let mut plans = Vec::new();
    for (number, field) in pde.fields().iter().enumerate() {
        let Some((_, value)) = initial.iter().find(|(name, _)| name == field) else {
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
                if pde.vanishing().is_some_and(|vanishing| !vanishing.allows(number, &expr)) {
                    errors.push(symmetry::broken_initial(field, value));
                }
                plans.push(evaluation::initial(pde, kept, number, &expr));
            }
            Err(found) => errors.extend(found),
        }
    }
    plans
}
