//! The same bits for any number of steps in one sweep over memory, and any number of slabs that
//! are advanced at a time, on any number of ranks.

mod common;

use std::sync::{Arc, Mutex};

use common::{Case, cases, factorings};
use fluxions::prelude::*;
use fluxions::solver::Blocking;

fn blocking((steps, slabs, tile): (usize, usize, usize)) -> Blocking {
    Blocking { steps: Some(steps), slabs: Some(slabs), tile: Some(tile), stream: Some(false) }
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
    for case in cases() {
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

/// Rows of several vectors, which begin and end within one, and several results.
fn long_rows() -> Vec<Case> {
    let case = |name, grid: GridBuilder, scheme| Case {
        name,
        pde: Pde::on(&grid.build().unwrap())
            .equation("u", "0.1*laplace(u) - u*v^2 + 0.01*average(u)")
            .equation("v", "0.1*laplace(v) + u*v^2")
            .equation("w", "laplace(u*v - laplace(w))")
            .build()
            .unwrap(),
        initial: vec![("u", "sin(x)"), ("v", "random_uniform(0, 1)"), ("w", "cos(x)^2")],
        scheme,
        dt: 0.01,
        end: 0.125,
    };
    let line = Grid::cartesian().axis("x", 0.0..331.0, 331, Bounded);
    let plane = Grid::cartesian().axis("x", 0.0..11.0, 11, Periodic);
    let plane = plane.axis("y", 0.0..173.0, 173, Periodic);
    vec![
        case("three fields on a line", line, Tableau::EULER),
        case("three fields in the plane", plane, Tableau::RK4),
    ]
}

#[test]
fn results_stored_past_the_caches_on_1_to_4_ranks() {
    let stream = Blocking { stream: Some(true), ..blocking((0, 1, 0)) };
    for case in cases().into_iter().chain(long_rows()) {
        let expected = expected(&case);
        for ranks in 1..=4 {
            let found = on_threads(ranks, |world| case.solve_in_sweeps(world, &[], stream));
            assert!(found.unwrap()[0] == expected, "{} on {ranks} ranks", case.name);
        }
    }
}

/// Small blocks: whatever is measured to be faster.
#[test]
fn steps_as_they_are_made_by_default_on_1_to_4_ranks() {
    for case in cases() {
        let expected = expected(&case);
        for ranks in 1..=4 {
            let solve = |world: &World| case.solve_in_sweeps(world, &[], Blocking::default());
            let found = on_threads(ranks, solve).unwrap();
            assert!(found[0] == expected, "{} on {ranks} ranks", case.name);
        }
    }
}

/// Whichever way to store results is measured to be faster.
#[test]
fn a_line_that_outgrows_the_fastest_caches_on_1_and_2_ranks() {
    let line = Grid::cartesian().axis("x", 0.0..1.0, 600_000, Bounded).build().unwrap();
    let case = Case {
        name: "a long line",
        pde: Pde::on(&line).equation("u", "1e-13*laplace(u) - u^3").build().unwrap(),
        initial: vec![("u", "sin(9*x)")],
        scheme: Tableau::EULER,
        dt: 0.1,
        end: 0.45,
    };
    let expected = expected(&case);
    for ranks in [1, 2] {
        let found =
            on_threads(ranks, |world| case.solve_in_sweeps(world, &[], Blocking::default()))
                .unwrap();
        assert!(found[0] == expected, "{ranks} ranks");
    }
}

/// What trackers have seen: steps, times and the bits of a field.
type Seen = Arc<Mutex<Vec<(u64, u64, Vec<u64>)>>>;

/// Heat and decay on a torus that is 40 × 24 cells large.
fn heat() -> Pde {
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, 40, Periodic)
        .axis("y", 0.0..1.0, 24, Periodic)
        .build()
        .unwrap();
    Pde::on(&grid).equation("u", "0.01*laplace(u) - u^3*t").build().unwrap()
}

/// Output, diagnostics and the end keep their times, and see the state at them.
#[test]
fn trackers_see_the_same_states_on_1_and_3_ranks() {
    let pde = heat();
    let seen_with = |blocking: Blocking, ranks: usize| {
        let seen = Seen::default();
        let run = |world: &World| {
            let record = || {
                let seen = seen.clone();
                move |now: &mut Snapshot<'_>| {
                    let (step, time) = (now.step(), now.time().to_bits());
                    if let Some(all) = now.gather("u")? {
                        let bits = all.iter().map(|x| x.to_bits()).collect();
                        seen.lock().unwrap().push((step, time, bits));
                    }
                    Ok(GO_ON)
                }
            };
            let mut simulation = Simulation::builder(&pde, world)
                .initial("u", "sin(2*pi*x)*cos(2*pi*y)")
                .scheme(Tableau::RK2)
                .dt(0.001)
                .blocking(blocking)
                .track(Every::Steps(7), record())
                .track(Every::Time(0.0095), record())
                .track(Every::Times(vec![0.0031, 0.0405]), record())
                .max_steps(Some(43))
                .build()
                .unwrap();
            simulation.run_until(0.0304)?;
            simulation.run_until(0.1)
        };
        let reports = on_threads(ranks, run).unwrap();
        assert_eq!((reports[0].steps, reports[0].stop_reason.clone()), (43, StopReason::MaxSteps));
        std::mem::take(&mut *seen.lock().unwrap())
    };
    let expected = seen_with(blocking((0, 1, 0)), 1);
    assert!(expected.len() > 12, "{}", expected.len());
    for (choice, ranks) in [((5, 1, 0), 1), ((4, 3, 8), 1), ((8, 1, 0), 1), ((3, 2, 0), 3)] {
        let found = seen_with(blocking(choice), ranks);
        assert!(found == expected, "{choice:?} on {ranks} ranks");
    }
}

/// The first step, field and cell that is not finite is named, although later steps of the same
/// sweep were made.
#[test]
fn what_is_first_not_finite_is_named_on_1_and_4_ranks() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, 40, Periodic)
        .axis("y", 0.0..1.0, 24, Bounded)
        .build()
        .unwrap();
    let pde = Pde::on(&grid)
        .equation("v", "laplace(u)*0.001")
        .equation("u", "0.001*laplace(u) + u^3")
        .build()
        .unwrap();
    let message = |blocking: Blocking, ranks: usize| {
        let run = |world: &World| {
            let mut simulation = Simulation::builder(&pde, world)
                .initial("u", "1 + 2*exp(-50*((x - 0.7)^2 + (y - 0.4)^2))")
                .initial("v", "0")
                .scheme(Tableau::EULER)
                .dt(0.1)
                .blocking(blocking)
                .build()
                .unwrap();
            simulation.run_until(10.0)
        };
        on_threads(ranks, run).unwrap_err().to_string()
    };
    let expected = message(blocking((0, 1, 0)), 1);
    assert!(expected.contains("`u`") && expected.contains("step"), "{expected}");
    for (choice, ranks) in
        [((8, 1, 0), 1), ((5, 3, 6), 1), ((8, 2, 0), 4), ((0, 1, 0), 4), ((9, 1, 0), 2)]
    {
        assert_eq!(message(blocking(choice), ranks), expected, "{choice:?} on {ranks} ranks");
    }
}

/// A deep halo is exchanged once per sweep.
#[test]
fn as_many_messages_as_sweeps_on_2_ranks() {
    let pde = heat();
    let reports = on_threads(2, |world| {
        Simulation::builder(&pde, world)
            .initial("u", "x")
            .scheme(Tableau::RK2)
            .dt(1e-3)
            .dims(&[2, 1])
            .blocking(blocking((4, 1, 0)))
            .build()
            .map_err(|e| e.to_string())?
            .run_until(0.02)
            .map_err(|e| e.to_string())
    })
    .unwrap();
    // Two messages a rank and sweep, of 8 rows for the 4 steps of 2 stages each.
    assert_eq!((reports[0].steps, reports[0].steps_per_sweep), (20, 4));
    assert_eq!((reports[0].halo_exchanges, reports[0].messages), (5, 5 * 4));
    assert_eq!(reports[0].bytes_sent, 5 * 4 * 8 * 24 * 8);
    assert_eq!(reports[0].rhs_evaluations, 40);
}
