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

/// The lowest rank with other bytes than rank 0, if there is one. Collective.
///
/// # Errors
/// If another rank is gone.
pub fn odd_rank(world: &World, bytes: &[u8]) -> Result<Option<usize>, fluxions_comm::Error> {
    let hash = xxh3_64(bytes) as i64;
    let mut of_root = [if world.is_root() { hash } else { i64::MIN }];
    world.combine(Combine::Max, &mut of_root)?;
    let is_odd = of_root[0] != hash;
    let mut lowest = [if is_odd { world.rank() as i64 } else { i64::MAX }];
    world.combine(Combine::Min, &mut lowest)?;
    Ok(usize::try_from(lowest[0]).ok().filter(|rank| *rank < world.size()))
}

/// A text that at most one rank has, on all ranks. Collective.
///
/// # Errors
/// If another rank is gone.
pub fn share(world: &World, text: Option<&str>) -> Result<Option<String>, fluxions_comm::Error> {
    let mut length = [text.map_or(-1, |text| text.len() as i64)];
    world.combine(Combine::Max, &mut length)?;
    let Ok(length) = usize::try_from(length[0]) else { return Ok(None) };
    let mut bytes: Vec<i64> = text.unwrap_or_default().bytes().map(i64::from).collect();
    bytes.resize(length, 0);
    world.combine(Combine::Max, &mut bytes)?;
    let bytes: Vec<u8> = bytes.into_iter().map(|byte| byte as u8).collect();
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The text of the lowest rank that has one, on all ranks. Collective.
///
/// # Errors
/// If another rank is gone.
pub(crate) fn first(
    world: &World,
    text: Option<&str>,
) -> Result<Option<String>, fluxions_comm::Error> {
    let mut lowest = [text.map_or(i64::MAX, |_| world.rank() as i64)];
    world.combine(Combine::Min, &mut lowest)?;
    share(world, text.filter(|_| lowest[0] == world.rank() as i64))
}

/// Whether all ranks are on one host. Collective.
///
/// # Errors
/// If another rank is gone.
pub(crate) fn is_on_one_host(world: &World) -> Result<bool, fluxions_comm::Error> {
    if world.kind() != Kind::Mpi {
        return Ok(true);
    }
    Ok(odd_rank(world, rustix::system::uname().nodename().to_bytes())?.is_none())
}
