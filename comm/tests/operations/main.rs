//! Every operation of a world, on one rank, on 2 and 3 ranks that are threads, and on 2 and 3 that are MPI processes: the test
//! matrix of numba-mpi, and more.
//!
//! A case is a function of a world. All cases run in one process after the other, in the same order on all ranks.

mod cartesian;
mod collective;
mod communicators;
#[cfg(feature = "mpi")]
mod handles;
mod in_place;
mod layouts;
mod mistakes;
mod neighbours;
mod nonblocking;
mod point_to_point;
mod probing;
mod random;
mod reductions;
mod sample;
mod windows;

use std::cell::Cell;
use std::sync::Once;

use fluxions_comm::{Any, Error, World, threads};

/// A case and its name.
type Case = (&'static str, fn(&World));

/// All cases.
fn cases() -> Vec<Case> {
    [
        point_to_point::CASES,
        layouts::CASES,
        in_place::CASES,
        nonblocking::CASES,
        probing::CASES,
        collective::CASES,
        reductions::CASES,
        communicators::CASES,
        cartesian::CASES,
        neighbours::CASES,
        windows::CASES,
        mistakes::CASES,
        random::CASES,
    ]
    .concat()
}

thread_local! {
    /// The case in which this rank is.
    static CASE: Cell<&'static str> = const { Cell::new("") };
}

/// Runs all cases. Between them the ranks meet, and no message is left.
fn run_all(world: &World) {
    let only = std::env::var("FLUXIONS_TEST_CASE").unwrap_or_default();
    for (name, case) in cases().into_iter().filter(|(name, _)| name.contains(&only)) {
        CASE.set(name);
        case(world);
        world.barrier().unwrap();
        let left = world.iprobe::<u8>(Any, Any).unwrap();
        assert_eq!(left, None, "a message is left after {name}");
        world.barrier().unwrap();
    }
}

/// Makes a panic tell in which case it was. The world of MPI ends the job before anything is unwound.
fn tell_the_case() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            eprintln!("in case `{}`:", CASE.get());
            usual(panic);
        }));
    });
}

fn on_threads(ranks: usize) {
    tell_the_case();
    threads::run(ranks, |world| {
        run_all(world);
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[test]
fn on_a_single_rank() {
    tell_the_case();
    run_all(&World::solo());
}

#[test]
fn on_1_thread() {
    on_threads(1);
}

#[test]
fn on_2_threads() {
    on_threads(2);
}

#[test]
fn on_3_threads() {
    on_threads(3);
}

#[test]
fn on_5_threads() {
    on_threads(5);
}

#[cfg(feature = "mpi")]
#[test]
fn on_1_2_and_3_processes() {
    let ranks = fluxions_testing::with_cores(&[1, 2, 3]);
    fluxions_testing::under_mpi(&ranks, "on_1_2_and_3_processes", || {
        tell_the_case();
        let world = World::start().unwrap();
        // With one rank, MPICH's blocking messages of a rank to itself wait for their receipt, as they may.
        if world.size() > 1 || !world.mpi_library().is_some_and(|name| name.starts_with("MPICH")) {
            run_all(&world);
        }
    });
}
