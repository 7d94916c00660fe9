//! Finds out whether an MPI launcher has started this process, and as which of how many.

/// The environment variables that launchers set: the number of processes, and the number of this
/// one.
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

/// The number of processes that an MPI launcher has started, if one has started this process.
pub fn launched_ranks() -> Option<usize> {
    find().map(|(size, _)| size)
}

/// The number of this process among the launcher's, counted from 0, if a launcher has started it.
pub fn launched_rank() -> Option<usize> {
    find().map(|(_, rank)| rank)
}
