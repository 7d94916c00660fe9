//! How many messages a step sends, counted by plan and in runs.

use fluxions::prelude::*;
use fluxions::solver::{Advector, Blocking, Inspection, SchemeChoice, Transport};

use crate::recipe::options;

/// A field that is advected, in one to three dimensions.
fn advected(dimension: usize, option: &str) -> Pde {
    let mut grid = Grid::cartesian();
    for (name, cells) in ["x", "y", "z"].into_iter().zip([48, 12, 10]).take(dimension) {
        grid = grid.axis(name, 0.0..1.0, cells, Periodic);
    }
    let courant = (0..dimension).map(|k| (0.2 - 0.02 * k as f64).into()).collect();
    let transport =
        Transport { options: options(option), ..Transport::by(Advector::Courant(courant)) };
    Pde::on(&grid.build().unwrap()).transport("psi", transport).build().unwrap()
}

/// Messages of each rank to each side in a step, on three ranks along the first axis, and in a
/// run of 6 steps.
fn counts(dimension: usize, option: &str, steps: usize) -> (f64, f64) {
    let pde = advected(dimension, option);
    let dims = &[3, 1, 1][..dimension];
    let plan = Inspection::new(&pde, SchemeChoice::Usual, 3, dims).unwrap();
    let blocking = Blocking { steps: Some(steps), slabs: Some(1), tile: Some(0), stream: None };
    let run = |world: &World| {
        let builder = Simulation::builder(&pde, world).initial("psi", "2 + sin(2*pi*x)");
        let mut simulation = builder.dt(1.0).dims(dims).blocking(blocking).build().unwrap();
        simulation.run_until(6.0)
    };
    let report = on_threads(3, run).unwrap().swap_remove(0);
    assert_eq!(report.steps, 6);
    // Three ranks with two sides each.
    (plan.messages_per_step as f64 / 6.0, report.messages as f64 / 6.0)
}

/// The most that each option may send, pass by pass.
const MOST: [(&str, f64); 16] = [
    ("it1", 1.0),
    ("it2", 2.0),
    ("it3", 3.0),
    ("it4", 4.0),
    ("iga", 2.0),
    ("it3_iga", 3.0),
    ("it3_tot", 3.0),
    ("it3_dfl", 3.0),
    ("dpdc", 2.0),
    ("fct", 3.0),
    ("iga_fct", 3.0),
    ("iga_fct_tot", 3.0),
    ("iga_fct_full_dfl", 3.0),
    ("it3_fct", 5.0),
    ("it3_fct_tot_dfl", 5.0),
    ("it4_fct", 7.0),
];

#[test]
fn messages_per_side_and_step_on_3_ranks() {
    for dimension in 1..=3 {
        for (option, most) in MOST {
            let (planned, sent) = counts(dimension, option, 0);
            println!("{option} in {dimension} D: {planned} and {} a side and step", sent / 6.0);
            assert_eq!(planned, sent / 6.0, "{option} in {dimension} D");
            assert!(planned <= most, "{option} in {dimension} D: {planned}");
        }
    }
}

#[test]
fn one_message_per_side_and_sweep_of_2_steps_on_3_ranks() {
    for option in ["it1", "it2", "fct", "iga_fct", "it3"] {
        for dimension in [2, 3] {
            let (_, sent) = counts(dimension, option, 2);
            println!("{option} in {dimension} D: {} a side and step", sent / 6.0);
            assert!(sent / 6.0 <= 0.5, "{option} in {dimension} D: {}", sent / 6.0);
        }
    }
}
