//! How exact steps have to be.

use crate::error::Error;
use crate::system::origin::Origin;
use crate::system::pde::Pde;

/// How large the estimated error of a step may be. In every cell and for every component of every field,
///
/// ```text
/// |error| ≤ absolute + relative·max(|u_n|, |u_n+1|)
/// ```
///
/// so that what happens in a small part of the domain counts as much as if it were all of it. (Hairer,
/// Nørsett & Wanner 1993, "Solving Ordinary Differential Equations I", II.4, eq. 4.10, in the maximum
/// norm.)
#[derive(Clone, Debug, PartialEq)]
pub struct Tolerance {
    /// Those of fields and numbers that have none of their own.
    pub all: ErrorBounds,
    /// Those of fields and numbers by their names.
    pub own: Vec<(String, ErrorBounds)>,
    /// Fields and numbers that may not fall below 0: a step that leads there is rejected, and made anew in
    /// shorter ones.
    pub positive: Vec<String>,
}

/// How large an error may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorBounds {
    /// Beside the magnitude of the value; 0 or more.
    pub relative: f64,
    /// In the unit of the value; more than 0.
    pub absolute: f64,
}

impl Tolerance {
    /// The same bounds for everything.
    pub fn new(relative: f64, absolute: f64) -> Self {
        Tolerance { all: ErrorBounds { relative, absolute }, own: Vec::new(), positive: Vec::new() }
    }

    /// Whether a field or number may not fall below 0.
    pub(crate) fn keeps_positive(&self, name: &str) -> bool {
        self.positive.iter().any(|known| known == name)
    }

    /// The bounds of a field or number.
    pub fn of(&self, name: &str) -> ErrorBounds {
        let own = self.own.iter().rfind(|(known, _)| known == name);
        own.map_or(self.all, |(_, bounds)| *bounds)
    }

    /// Whether it is one for a system.
    ///
    /// # Errors
    /// If a bound is not finite or too small, if a name is neither that of a field nor of a number, or if a
    /// field that may not fall below 0 is complex.
    pub(crate) fn check(&self, pde: &Pde) -> Result<(), Error> {
        let known = || pde.fields().iter().chain(pde.globals().iter().map(|global| &global.name));
        let own = self.own.iter().map(|(name, bounds)| (Some(name), bounds));
        for (name, bounds) in [(None, &self.all)].into_iter().chain(own) {
            let origin = Origin::Tolerance(name.cloned());
            if let Some(name) = name.filter(|name| !known().any(|known| known == *name)) {
                let (name, known) = (name.clone(), known().cloned().collect());
                return Err(Error::NoSuchField { origin, name, known });
            }
            let ErrorBounds { relative, absolute } = *bounds;
            let valid = relative >= 0.0 && relative.is_finite() && absolute > 0.0;
            if !valid || !absolute.is_finite() {
                return Err(Error::UnfitTolerance { origin, relative, absolute });
            }
        }
        for name in &self.positive {
            let origin = Origin::Positive(name.clone());
            if !known().any(|known| known == name) {
                let (name, known) = (name.clone(), known().cloned().collect());
                return Err(Error::NoSuchField { origin, name, known });
            }
            let field = pde.fields().iter().position(|field| field == name);
            if field.is_some_and(|field| pde.types()[field].complex) {
                return Err(Error::ComplexPositive { origin, name: name.clone() });
            }
            if field.is_some_and(|field| pde.unknowns().contains(&field)) {
                return Err(Error::ChangedUnknown { origin, name: name.clone() });
            }
        }
        Ok(())
    }
}

impl Default for Tolerance {
    /// 1e-4 beside the magnitude and 1e-6.
    fn default() -> Self {
        Tolerance::new(1e-4, 1e-6)
    }
}
