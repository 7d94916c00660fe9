//! The same bits on any number of ranks, however the grid is cut, as threads and as processes.

mod common;

use common::{cases, factorings};
use fluxions::prelude::*;

/// Cells that conditions of curvature need in a block at a wall.
fn fits(case: &common::Case, dims: &[usize]) -> bool {
    let axes = case.pde.grid().axes();
    dims.iter().zip(axes).all(|(n, axis)| axis.cells() / n >= 2)
}

#[test]
fn every_factoring_of_1_to_8_ranks_as_threads() {
    for case in cases() {
        let expected = case.solve(&World::solo(), &[]).unwrap();
        assert!(expected.iter().all(|bits| f64::from_bits(*bits).is_finite()), "{}", case.name);
        for ranks in 2..=8 {
            for dims in factorings(ranks, case.pde.grid().dimension()) {
                if !fits(&case, &dims) {
                    continue;
                }
                let found = on_threads(ranks, |world| case.solve(world, &dims)).unwrap();
                assert!(found[0] == expected, "{} on {dims:?} ranks", case.name);
            }
        }
    }
}

#[test]
fn a_prime_number_of_ranks_cuts_any_axis() {
    for case in cases() {
        let expected = case.solve(&World::solo(), &[]).unwrap();
        for ranks in [5, 7] {
            let found = on_threads(ranks, |world| case.solve(world, &[])).unwrap();
            assert!(found[0] == expected, "{} on {ranks} ranks", case.name);
        }
    }
}

/// How many cases are tried where messages take milliseconds.
#[cfg(feature = "mpi")]
const FEW: usize = 2;

/// All cases on MPI processes, or a few of them where these do not give way to each other; `test` is the name of the calling test.
#[cfg(feature = "mpi")]
fn as_processes(ranks: usize, test: &str) {
    let is_slow = fluxions_testing::with_cores(&[ranks]).is_empty();
    fluxions_testing::under_mpi(&[ranks], test, || {
        let world = World::start().unwrap();
        for case in cases().into_iter().take(if is_slow { FEW } else { usize::MAX }) {
            let found = case.solve(&world, &[]).unwrap();
            if world.is_root() {
                let expected = case.solve(&World::solo(), &[]).unwrap();
                assert!(found == expected, "{} on {} ranks", case.name, world.size());
            }
        }
    });
}

#[cfg(feature = "mpi")]
#[test]
fn as_processes_on_2_ranks() {
    as_processes(2, "as_processes_on_2_ranks");
}

#[cfg(feature = "mpi")]
#[test]
fn as_processes_on_3_ranks() {
    as_processes(3, "as_processes_on_3_ranks");
}

#[cfg(feature = "mpi")]
#[test]
fn as_processes_on_4_ranks() {
    as_processes(4, "as_processes_on_4_ranks");
}

/// Rows of halo cells longer than the eager limits of MPI libraries: 4 KiB and 64 KiB. Programs
/// that send before they receive hang here.
fn long_rows(world: &World, columns: usize) -> Vec<u64> {
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, 12, Periodic)
        .axis("y", 0.0..1.0, columns, Bounded)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .equation("u", "0.001*laplace(v) - u")
        .equation("v", "0.001*laplace(u) + v*u")
        .boundary_of("u", "x", Condition::Antiperiodic)
        .build()
        .unwrap();
    let mut simulation = Simulation::builder(&pde, world)
        .initial("u", "sin(50*y)*cos(2*pi*x)")
        .initial("v", "random_uniform(0, 1)")
        .scheme(Tableau::EULER)
        .dt(1e-9)
        .dims(&[0, 1])
        .build()
        .unwrap();
    simulation.run_until(20e-9).unwrap();
    let mut bits = Vec::new();
    for field in ["u", "v"] {
        let all = simulation.gather(field).unwrap();
        bits.extend(all.into_iter().flatten().map(f64::to_bits));
    }
    bits
}

const LONG: [usize; 3] = [700, 5_000, 20_000];

#[test]
fn long_halo_rows_as_threads_on_2_and_5_ranks() {
    for columns in LONG {
        let expected = long_rows(&World::solo(), columns);
        for ranks in [2, 5] {
            let found =
                on_threads(ranks, |world| Ok::<_, String>(long_rows(world, columns))).unwrap();
            assert!(found[0] == expected, "rows of {columns} cells on {ranks} ranks");
        }
    }
}

#[cfg(feature = "mpi")]
#[test]
fn long_halo_rows_as_processes_on_2_and_3_ranks() {
    fluxions_testing::under_mpi(&[2, 3], "long_halo_rows_as_processes_on_2_and_3_ranks", || {
        let world = World::start().unwrap();
        for columns in LONG {
            let found = long_rows(&world, columns);
            if world.is_root() {
                assert!(found == long_rows(&World::solo(), columns), "rows of {columns} cells");
            }
        }
    });
}
