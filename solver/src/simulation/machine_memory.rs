//! Whether the machine has the memory that a simulation needs.

use fluxions_comm::{Kind, World};

use crate::error::Error;

/// Bytes that libraries take beside arrays: those of HDF5 and of the compiler.
const OF_LIBRARIES: u64 = 64 << 20;
/// Bytes of addresses that a rank takes, as one of several threads: its stack, and an arena of the C library's memory.
const OF_RANK: u64 = 96 << 20;

/// Checks that this machine has as much memory as its ranks need, each so many bytes. Threads share
/// the memory; how many processes run on the machine is not known.
pub(super) fn check(bytes: usize, world: &World) -> Result<(), Error> {
    let here = if world.kind() == Kind::Threads { world.size() } else { 1 };
    check_total((bytes * here) as u64)
}

/// Checks that this process may have the memory that so many ranks need in it beside their arrays: without it libraries, and
/// what the compiler makes of this program, end the process without a word.
///
/// # Errors
/// If it may have less.
pub fn check_start(ranks: usize) -> Result<(), Error> {
    let needed = OF_LIBRARIES + ranks as u64 * OF_RANK;
    match allowed_memory() {
        Some(available) if needed > available => {
            Err(Error::LittleMemory { ranks, needed, available })
        }
        _ => Ok(()),
    }
}

/// Checks that this machine has so many bytes of memory for arrays, and that this process may use them.
pub(crate) fn check_total(needed: u64) -> Result<(), Error> {
    let allowed = allowed_memory().map(|allowed| allowed.saturating_sub(OF_LIBRARIES));
    match [total_memory(), allowed].into_iter().flatten().min() {
        Some(available) if needed > available => Err(Error::Memory { needed, available }),
        _ => Ok(()),
    }
}

/// Bytes of memory that this process may still ask for, where that is limited (`ulimit -v`).
fn allowed_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let most: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(most.saturating_sub(bytes("/proc/self/status", "VmSize:")?))
}

/// Bytes of memory that the machine has, where the system tells.
fn total_memory() -> Option<u64> {
    bytes("/proc/meminfo", "MemTotal:")
}

/// Bytes of memory that this process has at the moment, where the system tells.
pub fn used_memory() -> Option<u64> {
    bytes("/proc/self/status", "VmRSS:")
}

/// Bytes of memory of the machine that are free, where the system tells.
pub fn free_memory() -> Option<u64> {
    bytes("/proc/meminfo", "MemAvailable:")
}

/// The bytes that stand behind a word in a file of the system, as so many kilobytes.
fn bytes(path: &str, word: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
