//! The main function of programs that run on any number of ranks.

use crate::launcher::launched_rank;
use crate::world::World;

/// The main function of programs that run on any number of ranks. These are the ranks of MPI if a
/// launcher such as mpirun has started the program, and otherwise a single rank. An error on any
/// rank is printed and ends the whole job.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     fluxions_comm::launch(|world| {
///         println!("rank {} of {}", world.rank(), world.size());
///         Ok::<(), fluxions_comm::Error>(())
///     })
/// }
/// ```
pub fn launch<E: std::fmt::Display>(
    body: impl FnOnce(&World) -> Result<(), E>,
) -> std::process::ExitCode {
    let world = match World::start() {
        Ok(world) => world,
        Err(error) => {
            // Without MPI every process has this error, but only one of them prints it.
            if launched_rank().is_none_or(|rank| rank == 0) {
                eprintln!("error: {error}");
            }
            return std::process::ExitCode::FAILURE;
        }
    };
    match body(&world) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error on rank {}: {error}", world.rank());
            // The other ranks would wait for this one forever.
            world.abort(1)
        }
    }
}
