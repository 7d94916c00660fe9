//! Which scheme steps a system.

use crate::error::{Error, Hindrance};
use crate::schemes::adams_bashforth::{AdamsBashforth, AdamsBashforthScheme};
use crate::schemes::imex::Imex;
use crate::schemes::implicit::{BalanceScheme, Implicit, ImplicitScheme, Solving};
use crate::schemes::mpdata::scheme::MpdataScheme;
use crate::schemes::runge_kutta::RungeKutta;
use crate::schemes::scheme::Scheme;
use crate::schemes::stabilised::{Stabilised, StabilisedScheme};
use crate::schemes::tableau::Tableau;
use crate::schemes::tolerance::Tolerance;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::solver_options::SolverOptions;

/// The scheme that is asked for. A [`Tableau`] is one, and so is a reference to it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum SchemeChoice {
    /// The usual one for the system: MPDATA where fields are advected, with sources as
    /// [`PdeBuilder::sources`](crate::PdeBuilder::sources) says, else [`Tableau::RK4`].
    #[default]
    Usual,
    /// An explicit Runge–Kutta scheme. Noise is added to its result at the end of each step.
    RungeKutta(Tableau),
    /// An explicit multistep scheme. It cannot step systems with unknowns without space.
    AdamsBashforth(AdamsBashforth),
    /// An explicit Runge–Kutta scheme with embedded weights, whose steps are as long as the tolerance
    /// allows. It cannot step systems with noise.
    ErrorControlled(Tableau, Tolerance),
    /// A stabilised scheme, whose steps grow with the square of its stages where modes decay: with steps as
    /// long as a tolerance allows, or without one of equal length. It cannot step systems with noise, or
    /// with unknowns without space.
    Stabilised(Stabilised, Option<Tolerance>),
    /// An implicit scheme: with steps as long as a tolerance allows, or without one of equal length. It cannot
    /// step systems with noise.
    Implicit(Implicit, Option<Tolerance>, SolverOptions),
    /// A scheme that treats a part of the rates implicitly ([`PdeBuilder::implicit`](crate::PdeBuilder::implicit)):
    /// as for implicit schemes.
    Imex(Imex, Option<Tolerance>, SolverOptions),
    /// No steps: the state is found in which all rates of change vanish, that of an elliptic problem.
    Elliptic(SolverOptions),
    /// No steps: the steady state is found to which the solution leads.
    Steady(SolverOptions),
}

impl SchemeChoice {
    /// The tolerance that steps follow, if they follow one.
    pub fn tolerance(&self) -> Option<&Tolerance> {
        match self {
            SchemeChoice::ErrorControlled(_, tolerance) => Some(tolerance),
            SchemeChoice::Stabilised(_, tolerance)
            | SchemeChoice::Implicit(_, tolerance, _)
            | SchemeChoice::Imex(_, tolerance, _) => tolerance.as_ref(),
            _ => None,
        }
    }

    /// The tolerance that steps follow, if they follow one, to be changed.
    pub fn tolerance_mut(&mut self) -> Option<&mut Tolerance> {
        match self {
            SchemeChoice::ErrorControlled(_, tolerance) => Some(tolerance),
            SchemeChoice::Stabilised(_, tolerance)
            | SchemeChoice::Implicit(_, tolerance, _)
            | SchemeChoice::Imex(_, tolerance, _) => tolerance.as_mut(),
            _ => None,
        }
    }

    /// Whether waves that nothing damps do not grow in stable steps of a system.
    pub fn oscillations_decay(&self, pde: &Pde) -> bool {
        scheme_for(pde, self).is_ok_and(|scheme| match scheme.region() {
            Some(region) => region.half_disc() > 0.0,
            None => true,
        })
    }

    /// Whether a state is found in which rates vanish, instead of steps.
    pub fn balances(&self) -> bool {
        matches!(self, SchemeChoice::Elliptic(_) | SchemeChoice::Steady(_))
    }

    /// Whether equations are solved, for the state itself or for unknowns beside fields that are stepped.
    pub fn solves(&self, pde: &Pde) -> bool {
        pde.has_constraints() || self.is_implicit() || self.balances()
    }

    /// Whether it is an implicit scheme, or treats a part implicitly.
    pub(crate) fn is_implicit(&self) -> bool {
        matches!(self, SchemeChoice::Implicit(..) | SchemeChoice::Imex(..))
    }

    /// Whether it can step a system.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, pde: &Pde) -> Result<(), Error> {
        scheme_for(pde, self).map(drop)
    }
}

impl From<Tableau> for SchemeChoice {
    fn from(tableau: Tableau) -> Self {
        SchemeChoice::RungeKutta(tableau)
    }
}

impl From<&Tableau> for SchemeChoice {
    fn from(tableau: &Tableau) -> Self {
        SchemeChoice::RungeKutta(tableau.clone())
    }
}

impl From<&SchemeChoice> for SchemeChoice {
    fn from(choice: &SchemeChoice) -> Self {
        choice.clone()
    }
}

/// The scheme that steps a system.
///
/// # Errors
/// If the scheme that is asked for cannot step it.
pub(crate) fn scheme_for(pde: &Pde, choice: &SchemeChoice) -> Result<Box<dyn Scheme>, Error> {
    check_options(&pde.solver)?;
    let steps = !matches!(choice, SchemeChoice::Elliptic(_));
    if let Some(field) = pde.unknowns().next().filter(|field| *field == 0 && steps) {
        let (scheme, name) = ("of a step".into(), pde.fields()[field].clone());
        return Err(Error::UnfitScheme { scheme, name, what: Hindrance::Unknown });
    }
    let tableau = match choice {
        SchemeChoice::Usual if pde.advected.is_empty() => &Tableau::RK4,
        SchemeChoice::Usual => return Ok(Box::new(MpdataScheme::new(pde.sources))),
        SchemeChoice::RungeKutta(tableau) | SchemeChoice::ErrorControlled(tableau, _) => tableau,
        SchemeChoice::AdamsBashforth(scheme) => {
            check_simple(pde, scheme.name())?;
            return Ok(Box::new(AdamsBashforthScheme::new(*scheme)));
        }
        SchemeChoice::Stabilised(family, tolerance) => {
            check_simple(pde, family.name())?;
            let tolerance = tolerance.clone().unwrap_or_default();
            tolerance.check(pde)?;
            return Ok(Box::new(StabilisedScheme::new(*family, tolerance)));
        }
        SchemeChoice::Implicit(implicit, tolerance, options) => {
            let solving = Solving::All(*implicit);
            return Ok(Box::new(implicit_scheme(pde, solving, tolerance.as_ref(), options)?));
        }
        SchemeChoice::Imex(imex, tolerance, options) => {
            let solving = Solving::Part(*imex);
            return Ok(Box::new(implicit_scheme(pde, solving, tolerance.as_ref(), options)?));
        }
        SchemeChoice::Elliptic(options) => return Ok(Box::new(balance(pde, options, false)?)),
        SchemeChoice::Steady(options) => return Ok(Box::new(balance(pde, options, true)?)),
    };
    let scheme = tableau.name();
    if !pde.advected.is_empty() {
        return Err(Error::SchemeWithTransport { scheme: scheme.into() });
    }
    let SchemeChoice::ErrorControlled(_, tolerance) = choice else {
        return Ok(Box::new(RungeKutta::new(tableau.clone(), pde)));
    };
    if tableau.embedded().is_none() {
        return Err(Error::NoErrorEstimate { scheme: scheme.into() });
    }
    if let Some((field, _)) = pde.noise().fields.first() {
        return Err(Error::ToleranceWithNoise { field: pde.fields()[*field].clone() });
    }
    tolerance.check(pde)?;
    Ok(Box::new(RungeKutta::with_error(tableau.clone(), tolerance.clone())))
}

/// An implicit scheme for a system.
///
/// # Errors
/// If it cannot step it.
pub(crate) fn implicit_scheme(
    pde: &Pde,
    solving: Solving,
    tolerance: Option<&Tolerance>,
    options: &SolverOptions,
) -> Result<ImplicitScheme, Error> {
    check_still(pde, solving.name())?;
    check_options(options)?;
    if matches!(solving, Solving::Part(_)) && pde.parts.iter().all(|part| part.implicit.is_none()) {
        return Err(Error::NoImplicitPart { scheme: solving.name() });
    }
    if let Some(tolerance) = tolerance {
        if !solving.estimates_error() {
            return Err(Error::NoErrorEstimate { scheme: solving.name().into() });
        }
        tolerance.check(pde)?;
    }
    Ok(ImplicitScheme { solving, tolerance: tolerance.cloned(), options: *options })
}

/// What finds the state in which the rates of a system vanish.
///
/// # Errors
/// If there is none for it.
pub(crate) fn balance(
    pde: &Pde,
    options: &SolverOptions,
    steady: bool,
) -> Result<BalanceScheme, Error> {
    if steady {
        check_still(pde, "steady")?;
    } else {
        check_simple(pde, "elliptic")?;
        check_unconstrained(pde, "elliptic")?;
    }
    check_options(options)?;
    Ok(BalanceScheme { options: *options, steady })
}

/// Whether the tolerance of a solver can be met.
fn check_options(options: &SolverOptions) -> Result<(), Error> {
    match options.tolerance {
        Some(relative) if !(relative > 0.0 && relative < 1.0) => {
            Err(Error::UnfitTolerance { origin: Origin::Tolerance(None), relative, absolute: 0.0 })
        }
        _ => Ok(()),
    }
}

/// Whether a scheme can step a system that does not know unknowns beside fields that are stepped.
fn check_unconstrained(pde: &Pde, scheme: &str) -> Result<(), Error> {
    let unknown = pde.unknowns().next().filter(|_| pde.has_constraints());
    match unknown.map(|field| pde.fields()[field].clone()) {
        Some(name) => {
            let scheme = scheme.into();
            Err(Error::UnfitScheme { scheme, name, what: Hindrance::Unknown })
        }
        None => Ok(()),
    }
}

/// Whether a scheme that knows neither transport, nor noise, nor unknowns without space can step a system.
fn check_simple(pde: &Pde, scheme: &str) -> Result<(), Error> {
    check_still(pde, scheme)?;
    if let Some(global) = pde.globals().first() {
        let (scheme, name) = (scheme.into(), global.name.clone());
        return Err(Error::UnfitScheme { scheme, name, what: Hindrance::Number });
    }
    Ok(())
}

/// Whether a scheme that knows neither transport nor noise can step a system.
fn check_still(pde: &Pde, scheme: &str) -> Result<(), Error> {
    let scheme: String = scheme.into();
    if !pde.advected.is_empty() {
        return Err(Error::SchemeWithTransport { scheme });
    }
    if let Some((field, _)) = pde.noise().fields.first() {
        let name = pde.fields()[*field].clone();
        return Err(Error::UnfitScheme { scheme, name, what: Hindrance::Noise });
    }
    Ok(())
}
