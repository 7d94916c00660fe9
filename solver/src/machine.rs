//! What the machine can do.

use std::time::Instant;

use fluxions_comm::{Error, World};

/// Bytes of memory that the machine has, where the system tells.
pub(crate) fn total_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Numbers in each of the two arrays that are copied: 32 MiB, beyond the caches of one rank.
const LENGTH: usize = 1 << 22;
/// How many times they are copied; the fastest counts.
const ROUNDS: usize = 3;

/// Bytes per second that all ranks together read and write when each copies memory.
///
/// As STREAM's copy (McCalpin 1995, "Memory bandwidth and machine balance in current high
/// performance computers"), except that ranks may share a memory. Collective.
///
/// # Errors
/// If another rank has failed.
pub fn copy_bandwidth(world: &World) -> Result<f64, Error> {
    let from = vec![1.0f64; LENGTH];
    let mut to = vec![0.0f64; LENGTH];
    let mut best: f64 = 0.0;
    for _ in 0..ROUNDS {
        world.barrier()?;
        let began = Instant::now();
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
        let slowest = world.max(began.elapsed().as_secs_f64())?;
        let bytes = 2 * LENGTH * size_of::<f64>() * world.size();
        best = best.max(bytes as f64 / slowest);
    }
    Ok(best)
}
