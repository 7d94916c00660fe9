//! Measurements of the speed of the machine.

use std::time::Instant;

use fluxions_comm::{Combine, Error, Incoming, Outgoing, World};

/// How many bytes are copied at a time to measure the speed of memory: more than fit the caches of
/// one rank.
pub const BEYOND_CACHES: usize = 32 << 20;
/// How many bytes are copied in all where arrays fit the caches. Their copies are repeated.
const COPIED: usize = 64 << 20;
/// The numbers in a page of memory.
const PAGE: usize = 512;
/// How many times everything is measured. The fastest time counts.
const ROUNDS: usize = 3;
/// How many rounds of messages are timed at first, and about how many seconds the others take.
const FEW: usize = 10;
const TIMED: f64 = 0.02;
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
    let (from, mut to) = (vec![1.0f64; length + PAGE], vec![0.0f64; length + PAGE]);
    let from = &from[on_a_page(&from)..][..length];
    let start = on_a_page(&to);
    let to = &mut to[start..][..length];
    let copies = (COPIED / bytes.max(1)).max(1);
    let mut best: f64 = 0.0;
    for _ in 0..ROUNDS {
        world.barrier()?;
        let began = Instant::now();
        for _ in 0..copies {
            to.copy_from_slice(std::hint::black_box(from));
            std::hint::black_box(&mut *to);
        }
        let slowest = world.max(began.elapsed().as_secs_f64())?;
        let moved = copies * 2 * length * size_of::<f64>() * world.size();
        best = best.max(moved as f64 / slowest);
    }
    Ok(best)
}

/// Where the first page begins in these numbers. Where lists of 4 KiB and more lie by 8 or 16 bytes apart, but for whole pages, as
/// lists that were made one after the other do, processors of AMD's (Zen 3, by the instruction that glibc copies with)
/// copy 20 times more slowly. Halos are copied in pieces that are shorter.
fn on_a_page(numbers: &[f64]) -> usize {
    numbers.as_ptr().align_offset(PAGE * size_of::<f64>()).min(PAGE)
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

/// The seconds of a round of messages, in which each rank sends a number to the next one and to the one before, and waits for
/// theirs. Collective.
///
/// # Errors
/// If another rank has failed.
pub fn round_latency(world: &World) -> Result<f64, Error> {
    let (rank, ranks) = (world.rank(), world.size());
    let (above, below) = ((rank + 1) % ranks, (rank + ranks - 1) % ranks);
    // No exchange of halos uses these tags.
    let [up, down] = [97, 98];
    let mut to = [world.outgoing(above, up, 1), world.outgoing(below, down, 1)];
    let mut from = [world.incoming(below, up, 1), world.incoming(above, down, 1)];
    let mut rounds = |count: usize| -> Result<f64, Error> {
        world.barrier()?;
        let began = Instant::now();
        for _ in 0..count {
            from.iter_mut().for_each(Incoming::start);
            to.iter_mut().try_for_each(Outgoing::start)?;
            from.iter_mut().try_for_each(|message| message.finish().map(drop))?;
            to.iter_mut().try_for_each(Outgoing::finish)?;
        }
        Ok(world.max(began.elapsed().as_secs_f64())? / count as f64)
    };
    // Where ranks share cores and do not give way, as those of MPICH, a round takes milliseconds.
    let mut best = rounds(FEW)?;
    let count = ((TIMED / best) as usize).clamp(FEW, MESSAGES);
    for _ in 0..ROUNDS {
        best = best.min(rounds(count)?);
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

#[cfg(test)]
mod tests {
    use fluxions_comm::threads;

    use super::*;

    #[test]
    fn lists_are_copied_from_page_to_page() {
        for length in [1, 8192, 100_000] {
            let lists = [(); 3].map(|()| vec![0.0; length + PAGE]);
            for list in &lists {
                let page = &list[on_a_page(list)..][..length];
                assert_eq!(page.as_ptr() as usize % 4096, 0);
            }
        }
    }

    #[test]
    fn rounds_of_messages_are_timed_on_any_number_of_ranks() {
        for ranks in 2..5 {
            let found = threads::run(ranks, round_latency).unwrap();
            assert!(found.iter().all(|seconds| *seconds > 0.0 && *seconds == found[0]));
        }
    }
}
