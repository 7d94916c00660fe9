//! Which scheme steps a system.

use crate::error::Error;
use crate::schemes::mpdata::scheme::MpdataScheme;
use crate::schemes::runge_kutta::RungeKutta;
use crate::schemes::scheme::Scheme;
use crate::schemes::tableau::Tableau;
use crate::system::pde::Pde;

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
    match (choice, pde.advected.is_empty()) {
        (SchemeChoice::Usual, true) => Ok(Box::new(RungeKutta::new(Tableau::RK4))),
        (SchemeChoice::RungeKutta(tableau), true) => Ok(Box::new(RungeKutta::new(tableau.clone()))),
        (SchemeChoice::Usual, false) => Ok(Box::new(MpdataScheme::new(pde.sources))),
        (SchemeChoice::RungeKutta(tableau), false) => {
            Err(Error::SchemeWithTransport { scheme: tableau.name().into() })
        }
    }
}
