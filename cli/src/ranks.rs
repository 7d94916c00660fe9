//! The ranks that a command runs on, and how they fail together.

use std::os::unix::fs::MetadataExt;

use fluxions::comm::{Combine, World, launched_rank, launched_ranks};
use fluxions_io::{Problem, odd_rank};
use fluxions_solver::check_start;

use crate::args::ProblemArgs;
use crate::failure::{Failure, code};
use crate::rank_choice::fastest;
use crate::{source, waiting};

/// The most ranks that run as threads.
pub(crate) const MOST_THREADS: usize = 4096;

/// Runs `body` on every rank of a problem: on MPI processes if mpirun started this one, else on
/// threads. Returns the result of rank 0.
pub(crate) fn on_ranks<T: Send>(
    args: &ProblemArgs,
    body: impl Fn(&World) -> Result<T, Failure> + Sync,
) -> Result<T, Failure> {
    // Mistakes in the problem are found before ranks are started.
    on_so_many_ranks(args.ranks, || Ok(number(args, &source::read(args)?)), body)
}

/// Runs `body` on every rank: on MPI processes if mpirun started this one, else on as many threads as
/// `threads` says. `asked` is the value of --ranks. Returns the result of rank 0.
pub(crate) fn on_so_many_ranks<T: Send>(
    asked: Option<u32>,
    threads: impl FnOnce() -> Result<usize, Failure>,
    body: impl Fn(&World) -> Result<T, Failure> + Sync,
) -> Result<T, Failure> {
    // Every process fails in these ways; one of them prints it.
    let told = |failure| if speaks() { failure } else { Failure::ToldByRank0 };
    let longest = waiting::longest().map_err(told)?;
    if launched_ranks().is_some() {
        check_start(1).map_err(|error| told(error.into()))?;
        let world = World::start().map_err(|error| told(not_started(&error)))?;
        waiting::limit(&world, longest, None);
        one_build(&world)?;
        let outcome = match asked {
            Some(_) => Err(Failure::usage(
                "--ranks cannot be used under mpirun, which decides the number of ranks",
                None,
            )),
            None => Ok(()),
        };
        return together(&world, outcome).and_then(|()| body(&world));
    }
    let body = |world: &World| {
        waiting::limit(world, longest, None);
        body(world)
    };
    let result = match threads()? {
        ranks if ranks > MOST_THREADS => {
            let message =
                format!("{ranks} ranks are more than the {MOST_THREADS} that can be threads");
            return Err(Failure::usage(message, Some("ask for fewer in [ranks], or use mpirun")));
        }
        ranks => {
            check_start(ranks)?;
            match ranks {
                1 => vec![body(&World::solo())?],
                _ => fluxions::comm::threads::run(ranks, body)?,
            }
        }
    };
    result.into_iter().next().ok_or(Failure::Told { code: code::FAILED })
}

/// Why the ranks could not start.
fn not_started(error: &fluxions::comm::Error) -> Failure {
    let help = match error {
        fluxions::comm::Error::WrongLauncher { .. } => Some(
            "start it by the mpirun that belongs to that MPI; under Slurm, `srun --mpi=list` names the ways to start it",
        ),
        fluxions::comm::Error::BuiltWithoutMpi { .. } => {
            Some("leave mpirun out: --ranks N solves it on N threads")
        }
        _ => None,
    };
    Failure::usage(error.to_string(), help)
}

/// Makes sure that all processes run the same program. Collective.
fn one_build(world: &World) -> Result<(), Failure> {
    let exe = std::env::current_exe().unwrap_or_default();
    // On one host it is the same file as a rule, which need not be read.
    let found = exe.metadata().map(|of| (of.dev(), of.ino(), of.size(), of.mtime_nsec()));
    let file = format!("{:?} {found:?}", rustix::system::uname().nodename());
    if odd_rank(world, file.as_bytes())?.is_none() {
        return Ok(());
    }
    match odd_rank(world, &std::fs::read(&exe).unwrap_or_default())? {
        None => Ok(()),
        Some(rank) => {
            let message = format!("rank {rank} runs another build of Fluxions than rank 0");
            let help = Some("all hosts need the same one");
            together(world, Err(Failure::usage(message, help)))
        }
    }
}

/// The number of ranks that a problem runs on: as many as mpirun started or --ranks asks for, else as
/// `dims` in the file says, else as many as make it faster, at most one per core.
pub(crate) fn number(args: &ProblemArgs, problem: &Problem) -> usize {
    if let Some(ranks) = launched_ranks().or(args.ranks.map(|n| n as usize)) {
        return ranks;
    }
    let fixed: Vec<usize> = problem.dims.iter().copied().filter(|n| *n > 0).collect();
    let least = fixed.iter().product();
    if fixed.len() == problem.pde.grid().dimension() {
        return least;
    }
    let most = cores().min(problem.pde.grid().cells());
    // In little memory the ranks that can be had are not even tried.
    let most = if check_start(most).is_ok() { most } else { 1 };
    let world = World::solo();
    // Errors are reported when the problem is solved.
    let most = problem.simulation(&world).most_ranks(most).ok().flatten().unwrap_or(least);
    fastest(problem, least, most)
}

/// The number of cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Whether this process speaks for all that a launcher such as mpirun started.
pub(crate) fn speaks() -> bool {
    launched_rank().is_none_or(|rank| rank == 0)
}

/// The result, if all ranks succeeded; else the lowest rank that failed prints why, and all fail
/// with its exit code. Collective.
pub(crate) fn together<T>(world: &World, result: Result<T, Failure>) -> Result<T, Failure> {
    let Some(teller) = teller(world, result.as_ref().err())? else { return result };
    let mut code = [0];
    if let Err(failure) = &result
        && world.rank() == teller
    {
        failure.print();
        code[0] = i64::from(failure.code());
    }
    world.combine(Combine::Max, &mut code)?;
    Err(Failure::Told { code: code[0] as u8 })
}

/// The rank that tells of a failure: the lowest one that has failed by itself. Nothing if none has failed.
/// Collective.
pub(crate) fn teller(world: &World, failure: Option<&Failure>) -> Result<Option<usize>, Failure> {
    let (rank, size) = (world.rank() as i64, world.size() as i64);
    let mut first = [match failure {
        None => i64::MAX,
        Some(failure) if failure.is_elsewhere() => size + rank,
        Some(_) => rank,
    }];
    world.combine(Combine::Min, &mut first)?;
    Ok((first[0] < i64::MAX).then(|| (first[0] % size) as usize))
}
