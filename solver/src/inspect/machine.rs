//! Measurements of the speed of the machine.

use std::time::Instant;

use fluxions_comm::{Combine, Error, World};

/// How many bytes are copied at a time to measure the speed of memory: more than fit the caches of
/// one rank.
pub const BEYOND_CACHES: usize = 32 << 20;
/// How many bytes are copied in all where arrays fit the caches. Their copies are repeated.
const COPIED: usize = 64 << 20;
/// How many times everything is measured. The fastest time counts.
const ROUNDS: usize = 3;
/// The number of messages sent there and back in a round.
const MESSAGES: usize = 2000;

/// The bytes per second that all ranks together read and write. Each rank copies this many bytes
/// from one place to another, again and again.
///
/// This is STREAM's copy (McCalpin 1995, "Memory bandwidth and machine balance in current high
/// performance computers"), except that ranks may share a memory. Collective.
///
/// # Errors
/// If another rank has failed.
pub fn copy_bandwidth(world: &World, bytes: usize) -> Result<f64, Error> {
    let length = (bytes / size_of::<f64>()).max(1);
    let from = vec![1.0f64; length];
    let mut to = vec![0.0f64; length];
    let copies = (COPIED / bytes.max(1)).max(1);
    let mut best: f64 = 0.0;
    for _ in 0..ROUNDS {
        world.barrier()?;
        let began = Instant::now();
        for _ in 0..copies {
            to.copy_from_slice(std::hint::black_box(&from));
            std::hint::black_box(&mut to);
        }
        let slowest = world.max(began.elapsed().as_secs_f64())?;
        let moved = copies * 2 * length * size_of::<f64>() * world.size();
        best = best.max(moved as f64 / slowest);
    }
    Ok(best)
}

/// The seconds that a message of `length` numbers takes from the first of these ranks to the second, which is half of
/// the time for the way there and back. Collective.
///
/// # Errors
/// If another rank has failed.
pub fn message_latency(
    world: &World,
    [first, second]: [usize; 2],
    length: usize,
) -> Result<f64, Error> {
    // Long messages are fewer.
    let messages = (MESSAGES * 512 / length.max(512)).max(20);
    let mut best = f64::INFINITY;
    // No exchange of halos uses this tag.
    let tag = 99;
    let others = [(first, second), (second, first)];
    let other = others.iter().find(|(rank, _)| *rank == world.rank());
    let mut ends = other.map(|(_, other)| {
        (world.outgoing(*other, tag, length), world.incoming(*other, tag, length))
    });
    // Pages that were never written are one in memory.
    if let Some((to, _)) = &mut ends {
        to.buffer().fill(1.0);
    }
    for _ in 0..ROUNDS {
        world.barrier()?;
        let began = Instant::now();
        if let Some((to, from)) = &mut ends {
            for _ in 0..messages {
                from.start();
                if world.rank() == first {
                    to.start()?;
                    from.finish()?;
                } else {
                    from.finish()?;
                    to.start()?;
                }
                to.finish()?;
            }
        }
        let mine = if world.rank() == first { began.elapsed().as_secs_f64() } else { 0.0 };
        best = best.min(world.max(mine)? / (2 * messages) as f64);
    }
    Ok(best)
}

/// The seconds that the ranks take to add up one number each. Collective.
///
/// # Errors
/// If another rank has failed.
pub fn reduction_latency(world: &World) -> Result<f64, Error> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        world.barrier()?;
        let began = Instant::now();
        for k in 0..MESSAGES {
            let mut number = [k as i64];
            world.combine(Combine::Sum, &mut number)?;
            std::hint::black_box(number);
        }
        best = best.min(world.max(began.elapsed().as_secs_f64())? / MESSAGES as f64);
    }
    Ok(best)
}
