//! On which ranks a command runs, and how they fail together.

use fluxions::comm::{Combine, Disagreement, World, launched_rank, launched_ranks};
use fluxions::io::Problem;

use crate::args::ProblemArgs;
use crate::failure::{Failure, code};
use crate::source;

/// Runs `body` on every rank of a problem: on MPI processes if mpirun started this one, else on
/// threads. The result of rank 0.
pub(crate) fn on_ranks<T: Send>(
    args: &ProblemArgs,
    body: impl Fn(&World) -> Result<T, Failure> + Sync,
) -> Result<T, Failure> {
    // A problem that is wrong is found before ranks are started.
    on_so_many_ranks(args.ranks, || Ok(number(args, &source::read(args)?)), body)
}

/// The same on as many threads as `threads` says where mpirun does not; `asked` is what was typed.
pub(crate) fn on_so_many_ranks<T: Send>(
    asked: Option<u32>,
    threads: impl FnOnce() -> Result<usize, Failure>,
    body: impl Fn(&World) -> Result<T, Failure> + Sync,
) -> Result<T, Failure> {
    if launched_ranks().is_some() {
        let world = World::start().map_err(|error| {
            let failure = Failure::usage(error.to_string(), None);
            // Every process sees it; one tells.
            if speaks() { failure } else { Failure::ToldByRank0 }
        })?;
        let outcome = match asked {
            Some(_) => Err(Failure::usage(
                "--ranks cannot be used under mpirun, which decides the number of ranks",
                None,
            )),
            None => Ok(()),
        };
        return together(&world, outcome).and_then(|()| body(&world));
    }
    let result = match threads()? {
        1 => vec![body(&World::solo())?],
        ranks => fluxions::comm::threads::run(ranks, body)?,
    };
    result.into_iter().next().ok_or(Failure::Told { code: code::FAILED })
}

/// On how many ranks a problem runs: as many as mpirun started or were asked for, else as `dims` in
/// the file says, else one per core, as far as the grid can be cut.
pub(crate) fn number(args: &ProblemArgs, problem: &Problem) -> usize {
    if let Some(ranks) = launched_ranks().or(args.ranks.map(|n| n as usize)) {
        return ranks;
    }
    let fixed: Vec<usize> = problem.dims.iter().copied().filter(|n| *n > 0).collect();
    let least = fixed.iter().product();
    if fixed.len() == problem.pde.grid().dimension() {
        return least;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = cores.min(problem.pde.grid().cells());
    let world = World::solo();
    // What is wrong with the problem is told by whoever solves it.
    problem.simulation(&world).most_ranks(most).ok().flatten().unwrap_or(least)
}

/// Whether this process speaks for all that a launcher such as mpirun started.
pub(crate) fn speaks() -> bool {
    launched_rank().is_none_or(|rank| rank == 0)
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
