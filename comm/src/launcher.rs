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

/// What Slurm's `srun` sets for any program. Where it does not speak to an MPI (`--mpi=none`), several processes are
/// still several.
const SLURM: (&str, &str) = ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID");

fn find() -> Option<(usize, usize)> {
    found_in(|name| std::env::var(name).ok())
}

/// Whether Slurm has started this process beside others and set none of the variables by which an MPI might know of them.
/// Cray's MPI finds them in other ways.
#[cfg(feature = "mpi")]
pub(crate) fn only_slurm_knows() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    find().is_some() && !LAUNCHERS.iter().any(|(size, rank)| is_set(size) && is_set(rank))
}

/// The number of processes and that of this one, by these variables.
fn found_in(variable: impl Fn(&str) -> Option<String>) -> Option<(usize, usize)> {
    let number = |name: &str| variable(name)?.parse::<usize>().ok();
    let pair = |(size, rank): &(&str, &str)| number(size).zip(number(rank));
    LAUNCHERS.iter().find_map(pair).or_else(|| pair(&SLURM).filter(|(size, _)| *size > 1))
}

/// The number of processes that an MPI launcher has started, if one has started this process.
pub fn launched_ranks() -> Option<usize> {
    find().map(|(size, _)| size)
}

/// The number of this process among the launcher's, counted from 0, if a launcher has started it.
pub fn launched_rank() -> Option<usize> {
    find().map(|(_, rank)| rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_known_by_their_variables() {
        let found = |set: &[(&str, &str)]| {
            found_in(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, v)| v.to_string())
            })
        };
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("PMI_SIZE", "3"), ("PMI_RANK", "1")]), Some((3, 1)));
        let step = [("SLURM_STEP_NUM_TASKS", "2"), ("SLURM_PROCID", "1")];
        // `srun --mpi=none`: nobody tells the processes of each other.
        assert_eq!(found(&step), Some((2, 1)));
        assert_eq!(found(&[step[0], step[1], ("PMIX_RANK", "1")]), Some((2, 1)));
        // An mpirun within the step.
        let of_mpirun = [("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")];
        assert_eq!(found(&[step, of_mpirun].concat()), Some((1, 0)));
        // A single task may have threads, and so may a job without a step.
        assert_eq!(found(&[("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0")]), None);
        assert_eq!(found(&[("SLURM_NTASKS", "4"), ("SLURM_PROCID", "0")]), None);
    }
}
