//! A run that makes its steps pass by pass exchanges exactly the messages that its plan says.

mod common;

use fluxions::prelude::*;
use fluxions::solver::Inspection;

#[test]
fn as_many_messages_and_bytes_as_planned() {
    for case in common::cases() {
        for ranks in [1, 2, 3, 4, 6] {
            let plan = Inspection::new(&case.pde, &case.scheme, ranks, &[]).unwrap();
            let reports = on_threads(ranks, |world| {
                let passes = Blocking { steps: Some(0), ..Blocking::default() };
                let mut builder = Simulation::builder(&case.pde, world)
                    .scheme(&case.scheme)
                    .dt(case.dt)
                    .blocking(passes);
                for (field, value) in &case.initial {
                    builder = builder.initial(field, *value);
                }
                builder
                    .build()
                    .map_err(|e| e.to_string())?
                    .run_until(5.0 * case.dt)
                    .map_err(|e| e.to_string())
            })
            .unwrap();
            for report in reports {
                assert_eq!(report.steps, 5);
                assert_eq!(report.rhs_evaluations, 5 * case.scheme.stages() as u64);
                assert_eq!(report.messages, 5 * plan.messages_per_step as u64, "{}", case.name);
                assert_eq!(report.bytes_sent, 5 * plan.bytes_per_step as u64, "{}", case.name);
            }
        }
    }
}

/// The counts themselves, for cases that can be counted by hand.
#[test]
fn one_message_per_neighbour_for_all_fields() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..1.0, 32, Periodic)
        .axis("y", 0.0..1.0, 32, Bounded)
        .build()
        .unwrap();
    let count = |equations: &[(&str, &str)], scheme, ranks: (usize, usize)| {
        let builder = equations.iter().fold(Pde::on(&grid), |b, (f, text)| b.equation(f, *text));
        let plan = Inspection::new(
            &builder.build().unwrap(),
            &scheme,
            ranks.0 * ranks.1,
            &[ranks.0, ranks.1],
        )
        .unwrap();
        (plan.messages_per_step, plan.bytes_per_step)
    };
    // Two ranks along the periodic x: each sends two rows of 32 cells.
    let one = [("u", "laplace(u)")];
    assert_eq!(count(&one, Tableau::EULER, (1, 1)), (0, 0));
    assert_eq!(count(&one, Tableau::EULER, (2, 1)), (4, 4 * 32 * 8));
    assert_eq!(count(&one, Tableau::RK4, (2, 1)), (16, 16 * 32 * 8));
    // Two fields in one message.
    let two = [("u", "laplace(u)"), ("v", "laplace(v)")];
    assert_eq!(count(&two, Tableau::EULER, (2, 1)), (4, 2 * 4 * 32 * 8));
    // A field that no operator looks at stays at home.
    let wave = [("u", "v"), ("v", "laplace(u)")];
    assert_eq!(count(&wave, Tableau::EULER, (2, 1)), (4, 4 * 32 * 8));
    // A one-sided difference needs one side.
    let upwind = [("u", "-d_dx_backward(u)")];
    assert_eq!(count(&upwind, Tableau::EULER, (2, 1)), (2, 2 * 32 * 8));
    // A nested operator needs the halos of the field and of its argument.
    let nested = [("c", "laplace(c^3 - c - laplace(c))")];
    assert_eq!(count(&nested, Tableau::EULER, (2, 1)), (8, 8 * 32 * 8));
    // One cut along y, between walls: one message each way.
    assert_eq!(count(&one, Tableau::EULER, (1, 2)), (2, 2 * 32 * 8));
    // 2 × 2 ranks: two neighbours along x, one along y.
    assert_eq!(count(&one, Tableau::EULER, (2, 2)).0, 4 * 3);
}

/// 2 ranks exchange halos often enough for all ways to be tried.
#[test]
fn how_messages_go_is_chosen_and_told() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 24, Periodic).axis("y", 0.0..1.0, 8, Periodic);
    let pde = Pde::on(&grid.build().unwrap()).equation("u", "laplace(u)").build().unwrap();
    let reports = on_threads(2, |world| {
        let passes = Blocking { steps: Some(0), ..Blocking::default() };
        let builder = Simulation::builder(&pde, world).dt(1e-4).blocking(passes);
        let mut simulation = builder.initial("u", "x*y").build().map_err(|e| e.to_string())?;
        simulation.run_until(80e-4).map_err(|e| e.to_string())
    });
    let ways = reports.unwrap().remove(0).halo_ways;
    assert!(ways == ["x packed"] || ways == ["x packed and overlapped"], "{ways:?}");
}
