//! What succeeds on all ranks or fails on all.

use fluxions_comm::{Disagreement, World};

use crate::error::Error;

/// The result if all ranks have succeeded, otherwise the error of the lowest rank that failed.
/// Collective.
pub fn agree<T>(world: &World, result: Result<T, Error>) -> Result<T, fluxions_solver::Error> {
    world.agree(result).map_err(|disagreement| match disagreement {
        Disagreement::Here(error) => fluxions_solver::Error::Tracker { source: Box::new(error) },
        Disagreement::There { rank } => fluxions_solver::Error::Elsewhere { rank },
        Disagreement::Lost(error) => error.into(),
    })
}
