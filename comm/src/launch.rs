//! Starting a program on ranks: whether an MPI launcher started this process, and as what.

use crate::world::World;

/// What launchers put into the environment: number of processes, number of this one.
const LAUNCHERS: [(&str, &str); 5] = [
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), // Open MPI
    ("PMI_SIZE", "PMI_RANK"),                         // MPICH, Intel MPI, Slurm with PMI
    ("MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"),   // MVAPICH2
    ("SLURM_STEP_NUM_TASKS", "PMIX_RANK"),            // Slurm with PMIx
    ("PALS_SIZE", "PALS_RANKID"),                     // HPE PALS
];

fn find() -> Option<(usize, usize)> {
    let read = |name: &str| std::env::var(name).ok()?.parse::<usize>().ok();
    LAUNCHERS.iter().find_map(|(size, rank)| read(size).zip(read(rank)))
}

/// How many processes an MPI launcher started, if one did.
pub fn launched_ranks() -> Option<usize> {
    find().map(|(size, _)| size)
}

/// Which of the launcher's processes this is, counted from 0.
pub fn launched_rank() -> Option<usize> {
    find().map(|(_, rank)| rank)
}

/// The main function of a program that runs on any number of ranks: MPI's if a launcher such as
/// mpirun started it, else on one. An error on any rank is printed and ends the whole job.
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
            // Without MPI every process says so; once is enough.
            if launched_rank().unwrap_or(0) == 0 {
                eprintln!("error: {error}");
            }
            return std::process::ExitCode::FAILURE;
        }
    };
    match body(&world) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error on rank {}: {error}", world.rank());
            // The others may wait for this rank for ever.
            world.abort(1)
        }
    }
}
