//! Measures a machine for the cost model.

use std::time::Duration;

use fluxions::comm::{World, threads};
use fluxions_io::Problem;
use fluxions_solver::{
    BEYOND_CACHES, block_speed, copy_bandwidth, message_latency, reduction_latency, round_latency,
};

use super::machine::{Link, Machine, Network, Reductions};
use super::model::Speeds;
use crate::failure::Failure;
use crate::ranks::cores;

/// The numbers in the messages that are timed.
const LENGTHS: [usize; 6] = [1, 64, 512, 4096, 32768, 131072];
/// The bytes that are copied in the caches of a core.
const IN_CACHE: usize = 64 << 10;
/// What a core has of the caches, where nobody says.
const CACHE: f64 = 2e6;
/// The cells of the blocks that are timed.
const CELLS: [usize; 6] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];
/// How many ranks on a core are tried.
const MOST_TURNS: usize = 4;
/// About how long each of them is timed.
const TIMED: Duration = Duration::from_millis(60);

/// The machine on which these ranks run: what their memory and their messages can do. The same on all ranks. Collective.
pub(crate) fn machine(world: &World) -> Result<Machine, Failure> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let hosts = hosts(world, &host)?;
    let of = |rank: usize| &hosts[rank];
    let same = (1..world.size()).find(|rank| of(*rank) == of(0));
    let other = (1..world.size()).find(|rank| of(*rank) != of(0));
    let used = hosts.iter().filter(|name| *name == of(0)).count();
    let copy = copy_bandwidth(world, IN_CACHE)? / world.size() as f64 / 2.0;
    let memory = copy_bandwidth(world, BEYOND_CACHES)? * used as f64 / world.size() as f64;
    let shared = match same {
        Some(rank) => fitted(world, rank)?,
        None => Link { latency: 5e-7, bandwidth: copy },
    };
    let network = match other {
        Some(rank) => {
            let Link { latency, bandwidth } = fitted(world, rank)?;
            Some(Network { latency, rank: bandwidth, node: bandwidth })
        }
        None => None,
    };
    let all = if world.size() > 1 { reduction_latency(world)? } else { 5e-7 };
    let nodes = world.size().div_ceil(used) as f64;
    let reductions = match network {
        Some(network) => Reductions {
            node: 2.0 * shared.latency,
            doubling: network.latency.max(all / nodes.log2().max(1.0)),
        },
        None => Reductions { node: all, doubling: 0.0 },
    };
    let shared_by = world.size() as f64 / cores() as f64;
    let turn = match network.is_none() && shared_by > 1.0 {
        true => Some(round_latency(world)? / shared_by),
        false => None,
    };
    let sources = format!("measured on {} rank(s) by fluxions bench", world.size());
    let cores = cores();
    let speed = 1.0;
    Ok(Machine {
        name: host,
        sources,
        cores,
        speed,
        memory,
        cache: CACHE,
        copy,
        shared,
        network,
        turn,
        reductions,
    })
}

/// The host of each rank, as far as names fit. Collective.
fn hosts(world: &World, mine: &str) -> Result<Vec<[u8; 64]>, Failure> {
    let mut name = [0; 64];
    name.iter_mut().zip(mine.bytes()).for_each(|(to, byte)| *to = byte);
    let mut all = vec![0; 64 * world.size()];
    world.allgather_into(&name[..], &mut all[..])?;
    Ok(all.as_chunks::<64>().0.to_vec())
}

/// The link between rank 0 and this one. Collective.
fn fitted(world: &World, rank: usize) -> Result<Link, Failure> {
    let mut timings = Vec::new();
    for length in LENGTHS {
        timings
            .push(((length * size_of::<f64>()) as f64, message_latency(world, [0, rank], length)?));
    }
    Ok(fit(&timings))
}

/// The latency and the bandwidth for which seconds = latency + bytes/bandwidth misses these timings least, in shares of
/// each of them.
fn fit(timings: &[(f64, f64)]) -> Link {
    // The normal equations of Σ (1 − a/t − b x/t)².
    let (mut aa, mut ab, mut bb, mut a, mut b) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (bytes, seconds) in timings {
        let (u, v) = (1.0 / seconds, bytes / seconds);
        (aa, ab, bb, a, b) = (aa + u * u, ab + u * v, bb + v * v, a + u, b + v);
    }
    let determinant = aa * bb - ab * ab;
    let (latency, per_byte) = ((a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant);
    let least = timings.iter().map(|(_, seconds)| *seconds).fold(f64::INFINITY, f64::min);
    let slowest =
        timings.iter().map(|(bytes, seconds)| seconds / bytes).fold(f64::INFINITY, f64::min);
    Link {
        latency: if latency > 0.0 { latency } else { least },
        bandwidth: 1.0 / if per_byte > 0.0 { per_byte } else { slowest },
    }
}

/// This machine, measured by threads, for so many ranks.
pub(crate) fn this_machine(ranks: usize) -> Result<Machine, Failure> {
    let cores = cores();
    let mut found = match cores {
        1 => machine(&World::solo())?,
        cores => {
            let all = threads::run(cores, machine)?;
            all.into_iter().next().expect("there is a rank 0")
        }
    };
    if ranks > cores {
        let sharing = ranks.min(MOST_TURNS * cores);
        let round = threads::run(sharing, round_latency)?[0];
        found.turn = Some(round * cores as f64 / sharing as f64);
    }
    Ok(found)
}

/// How fast cells of blocks of the problem are stepped on so many cores at the same time.
pub(crate) fn speeds(problem: &Problem, cores: usize) -> Result<Speeds, Failure> {
    let mut list = Vec::new();
    for cells in CELLS {
        let system = (&problem.pde, &problem.initial[..]);
        let scheme = &problem.times.scheme;
        let speed = block_speed(system, scheme, problem.backend(), (cells, cores), TIMED);
        let speed = speed.map_err(|errors| Failure::Mistakes(problem.mistakes(&errors)))?;
        if list.last().is_none_or(|last: &fluxions_solver::BlockSpeed| last.cells < speed.cells) {
            list.push(speed);
        }
    }
    Ok(Speeds { list, cores })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_and_bandwidth_are_found_from_timings() {
        let exact: Vec<(f64, f64)> =
            [8.0, 512.0, 4096.0, 1e5, 1e6].map(|bytes| (bytes, 2e-6 + bytes / 5e9)).into();
        let Link { latency, bandwidth } = fit(&exact);
        assert!((latency / 2e-6 - 1.0).abs() < 1e-9 && (bandwidth / 5e9 - 1.0).abs() < 1e-9);
        let Link { latency, bandwidth } = fit(&[(8.0, 1e-6), (8000.0, 1e-6), (80000.0, 0.9e-6)]);
        assert!(latency > 0.0 && bandwidth > 0.0 && bandwidth.is_finite());
    }

    #[test]
    fn this_machine_can_be_described() {
        let machine = this_machine(1).unwrap();
        assert!(machine.memory > 0.0 && machine.shared.latency > 0.0 && machine.network.is_none());
        assert_eq!(machine.turn, None);
        let shared = this_machine(cores() + 1).unwrap();
        assert!(shared.turn.is_some_and(|seconds| seconds > 0.0));
    }
}
