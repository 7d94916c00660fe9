//! The same bits for any number of steps in one sweep over memory, and any number of slabs that
//! are advanced at a time, on any number of ranks.

mod common;

use common::{Case, cases, factorings};
use fluxions::prelude::*;
use fluxions::solver::Blocking;

fn blocking((steps, slabs, tile): (usize, usize, usize)) -> Blocking {
    Blocking { steps: Some(steps), slabs: Some(slabs), tile: Some(tile) }
}

/// The bits of a case solved pass by pass on one rank.
fn expected(case: &Case) -> Vec<u64> {
    let bits = case.solve_in_sweeps(&World::solo(), &[], blocking((0, 1, 0))).unwrap();
    assert!(bits.iter().all(|bits| f64::from_bits(*bits).is_finite()), "{}", case.name);
    bits
}

/// Numbers of steps and slabs, and cells of tiles, that are tried.
const CHOICES: [(usize, usize, usize); 11] = [
    (1, 1, 0),
    (2, 1, 0),
    (3, 2, 0),
    (4, 5, 0),
    (7, 3, 0),
    (9, 100, 0),
    (1, 1, 3),
    (2, 1, 1),
    (3, 2, 8),
    (4, 1, 5),
    (5, 4, 11),
];

#[test]
fn any_steps_and_slabs_in_a_sweep_on_one_rank() {
    for case in cases() {
        let expected = expected(&case);
        for choice in CHOICES {
            let found = case.solve_in_sweeps(&World::solo(), &[], blocking(choice)).unwrap();
            assert!(found == expected, "{}: steps, slabs and tiles {choice:?}", case.name);
        }
    }
}

#[test]
fn any_steps_and_slabs_in_a_sweep_on_every_factoring_of_2_to_8_ranks_as_threads() {
    for case in cases().into_iter().filter(|case| case.pde.grid().dimension() > 1) {
        let expected = expected(&case);
        for ranks in 2..=8 {
            for dims in factorings(ranks, case.pde.grid().dimension()) {
                let axes = case.pde.grid().axes();
                if dims.iter().zip(axes).any(|(n, axis)| axis.cells() / n < 2) {
                    continue;
                }
                let choice = CHOICES[(ranks + dims[0]) % CHOICES.len()];
                let solve = |world: &World| case.solve_in_sweeps(world, &dims, blocking(choice));
                let found = on_threads(ranks, solve).unwrap();
                let name = case.name;
                assert!(found[0] == expected, "{name} on {dims:?} ranks: {choice:?}");
            }
        }
    }
}
