//! Doing something on all ranks, or none.

use fluxions_comm::{Disagreement, World};

use crate::error::Error;

/// The result, if all ranks have one; else the error of the lowest rank that failed. Collective.
pub fn agree<T>(world: &World, result: Result<T, Error>) -> Result<T, fluxions_solver::Error> {
    world.agree(result).map_err(|disagreement| match disagreement {
        Disagreement::Here(error) => fluxions_solver::Error::Tracker { source: Box::new(error) },
        Disagreement::There { rank } => fluxions_solver::Error::Elsewhere { rank },
        Disagreement::Lost(error) => error.into(),
    })
}
