//! What succeeds on all ranks or fails on all.

use fluxions_comm::{Combine, Disagreement, Kind, World};
use xxhash_rust::xxh3::xxh3_64;

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

/// Whether all ranks are on one host. Collective.
///
/// # Errors
/// If another rank is gone.
pub(crate) fn is_on_one_host(world: &World) -> Result<bool, fluxions_comm::Error> {
    if world.kind() != Kind::Mpi {
        return Ok(true);
    }
    let host = xxh3_64(rustix::system::uname().nodename().to_bytes()) >> 1;
    let mut names = [host as i64, -(host as i64)];
    world.combine(Combine::Max, &mut names)?;
    Ok(names[0] == -names[1])
}
