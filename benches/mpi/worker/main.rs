//! fluxions-comm and fluxions-halo beside C and numba-mpi (benches/README.md):
//!
//! ```text
//! worker call | pingpong | allreduce | pi        like calls.c
//! worker halo NX NY NZ WIDTH PX PY PZ            like halo.c
//! ```
//!
//! Under mpirun ranks are its processes, and otherwise threads. MPI is started at the thread level SINGLE, or at FUNNELED if the environment has `FUNNELED`.

mod calls;
mod halo;
mod measure;

use std::error::Error;
use std::process::ExitCode;

use fluxions_comm::{ThreadLevel, World, launched_ranks, threads};

fn run(world: &World, words: &[&str]) -> Result<(), Box<dyn Error + Send + Sync>> {
    match words {
        ["call"] => calls::call(world)?,
        ["pingpong"] if world.size() == 2 => calls::pingpong(world)?,
        ["allreduce"] => calls::allreduce(world)?,
        ["pi"] => calls::pi(world)?,
        ["halo", numbers @ ..] if numbers.len() == 7 => {
            let numbers: Vec<usize> =
                numbers.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
            let [n0, n1, n2, width, p0, p1, p2] = numbers[..] else {
                unreachable!("seven numbers")
            };
            halo::halo(world, [n0, n1, n2], width, [p0, p1, p2])?;
        }
        _ => return Err("see the head of benches/mpi/worker/main.rs".into()),
    }
    Ok(())
}

fn main() -> ExitCode {
    // `cargo bench` adds --bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let level = match std::env::var_os("FUNNELED") {
        Some(_) => ThreadLevel::Funneled,
        None => ThreadLevel::Single,
    };
    let ranks = match &words[..] {
        ["call"] => Some(1),
        ["halo", .., p0, p1, p2] => [p0, p1, p2].iter().map(|p| p.parse::<usize>().ok()).product(),
        _ => Some(2),
    };
    let outcome = match launched_ranks() {
        None => threads::run(ranks.unwrap_or(1), |world| {
            run(world, &words).map_err(|error| error.to_string())
        })
        .map(drop),
        Some(_) => World::start_at(level)
            .map_err(|error| error.to_string())
            .and_then(|world| run(&world, &words).map_err(|error| error.to_string())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
