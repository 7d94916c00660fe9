//! On which ranks a command runs, and how they fail together.

use std::time::Duration;

use fluxions::comm::{Combine, Disagreement, World, launched_rank, launched_ranks, threads};

use crate::failure::{Failure, code};

/// Runs `body` on every rank: on MPI processes if mpirun started this one, else on threads, as
/// many as `wanted` or one per core, but no more than `most`. The result of rank 0.
pub(crate) fn on_ranks<T: Send>(
    wanted: Option<u32>,
    most: usize,
    body: impl Fn(&World) -> Result<T, Failure> + Sync,
) -> Result<T, Failure> {
    if launched_ranks().is_some() {
        let world = World::start().map_err(|error| {
            let failure = Failure::usage(error.to_string(), None);
            // Every process sees it; one tells. The launcher ends all when one has failed.
            if launched_rank().unwrap_or(0) == 0 {
                return failure;
            }
            std::thread::sleep(Duration::from_millis(500));
            Failure::Told { code: failure.code() }
        })?;
        let outcome = match wanted {
            Some(_) => Err(Failure::usage(
                "--ranks cannot be used under mpirun, which decides the number of ranks",
                None,
            )),
            None => Ok(()),
        };
        return together(&world, outcome).and_then(|()| body(&world));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ranks = wanted.map_or(cores.min(most), |n| n as usize);
    let result = match ranks {
        1 => vec![body(&World::solo())?],
        _ => threads::run(ranks, body)?,
    };
    result.into_iter().next().ok_or(Failure::Told { code: code::FAILED })
}

/// The result, if all ranks succeeded; else the lowest rank that failed prints why, and all fail
/// with its exit code. Collective.
pub(crate) fn together<T>(world: &World, result: Result<T, Failure>) -> Result<T, Failure> {
    let failure = match world.agree(result) {
        Ok(value) => return Ok(value),
        Err(Disagreement::Here(failure)) => Some(failure),
        Err(Disagreement::There { .. }) => None,
        Err(Disagreement::Lost(error)) => return Err(error.into()),
    };
    let mut code = [0];
    if let Some(failure) = &failure {
        failure.print();
        code[0] = i64::from(failure.code());
    }
    world.combine(Combine::Max, &mut code)?;
    Err(Failure::Told { code: code[0] as u8 })
}
