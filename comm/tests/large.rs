//! Lists of more than 2³¹ elements and bytes, which C's integers do not count: on 2 threads, and on 2 MPI processes.

use fluxions_comm::{Error, World, threads};

/// How much memory the largest of these tests takes.
const NEEDED: u64 = 8 << 30;

/// Whether there is so much memory; says so if not.
fn has_memory() -> bool {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = available.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
    let bytes = kilobytes.map_or(0, |kilobytes: u64| kilobytes << 10);
    if bytes < NEEDED {
        eprintln!("SKIPPED: {} GiB of memory are available, 8 are needed", bytes >> 30);
    }
    bytes >= NEEDED
}

/// The element at a place.
fn element(place: usize) -> u8 {
    (place % 251 + 1) as u8
}

/// The places that are looked at: some, and those about the ends of C's integers.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let ends = [1usize << 30, 1 << 31, length].into_iter().flat_map(|end| end - 3..end + 3);
    (0..length).step_by(1_000_003).chain(ends).filter(move |place| *place < length)
}

fn fill(list: &mut [u8], first: usize) {
    places(list.len()).for_each(|place| list[place] = element(first + place));
}

fn check(list: &[u8], first: usize) {
    for place in places(list.len()) {
        assert_eq!(list[place], element(first + place), "at {place} of {}", list.len());
    }
}

/// Each rank has one list of more than 2³¹ bytes at a time, rank 0 a second one for a while.
fn on_two_ranks(world: &World) {
    const LONG: usize = (1 << 31) + 5;
    const HALF: usize = (1 << 30) + 3;
    let rank = world.rank();
    let mut list = vec![0u8; LONG];
    match rank {
        0 => {
            fill(&mut list, 7);
            world.send(&list, 1, 3).unwrap();
        }
        _ => {
            let status = world.recv(&mut list, 0, 3).unwrap();
            assert_eq!((status.source, status.length), (Some(0), LONG));
            check(&list, 7);
            fill(&mut list, 11);
        }
    }
    world.bcast(&mut list, 1).unwrap();
    check(&list, 11);
    // The halves have places of their own.
    list.truncate(HALF);
    list.shrink_to_fit();
    fill(&mut list, 100 * rank);
    let mut all = vec![0u8; if rank == 1 { 2 * HALF } else { 0 }];
    world.gather_into(&list, &mut all, 1).unwrap();
    if rank == 1 {
        check(&all[..HALF], 0);
        check(&all[HALF..], 100);
    }
}

/// One after the other, so that they do not need their memory at the same time.
#[test]
fn on_2_threads_and_2_processes() {
    let is_inside = std::env::var_os(fluxions_testing::INSIDE).is_some();
    if !is_inside {
        if !has_memory() {
            return;
        }
        threads::run(2, |world| {
            on_two_ranks(world);
            Ok::<(), Error>(())
        })
        .unwrap();
    }
    #[cfg(feature = "mpi")]
    fluxions_testing::under_mpi(&[2], "on_2_threads_and_2_processes", || {
        on_two_ranks(&World::start().unwrap());
    });
}
