//! Times of steps and outputs.

use std::cell::RefCell;
use std::rc::Rc;

use fluxions::prelude::*;
use fluxions::solver::Error;

/// Steps and times at which a tracker was called.
type Seen = Rc<RefCell<Vec<(u64, f64)>>>;

fn counter(world: &World, dt: f64, every: Every) -> (Simulation, Seen) {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 3, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "1").equation("v", "t").build().unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let list = seen.clone();
    let simulation = Simulation::builder(&pde, world)
        .initial("u", 0.0)
        .initial("v", 0.0)
        .scheme(Tableau::EULER)
        .dt(dt)
        .track(every, move |now: &mut Snapshot| {
            list.borrow_mut().push((now.step(), now.time()));
            Ok(GO_ON)
        })
        .build()
        .unwrap();
    (simulation, seen)
}

#[test]
fn the_end_is_met_exactly_and_times_are_products() {
    let world = World::solo();
    let (mut simulation, seen) = counter(&world, 0.3, Every::Steps(1));
    let report = simulation.run_until(1.0).unwrap();
    assert_eq!(*seen.borrow(), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 3.0 * 0.3), (4, 1.0)]);
    assert_eq!((report.steps, report.time), (4, 1.0));
    // The steps add up to the end, too: the last one was shortened.
    assert!((simulation.field("u").unwrap()[[0]] - 1.0).abs() < 1e-15);

    let (mut simulation, seen) = counter(&world, 0.1, Every::Steps(1));
    simulation.run_until(1.0).unwrap();
    for (step, time) in seen.borrow().iter() {
        assert_eq!(*time, if *step == 10 { 1.0 } else { *step as f64 * 0.1 });
    }
    // Euler's sum of t_n dt, with t_n as products; each is added with one rounding.
    let sum = (0..10).fold(0.0, |v, n| f64::mul_add(0.1, n as f64 * 0.1, v));
    assert_eq!(simulation.field("v").unwrap()[[0]], sum);
}

#[test]
fn a_run_can_be_continued() {
    let world = World::solo();
    let (mut simulation, seen) = counter(&world, 0.25, Every::Time(0.5));
    simulation.run_until(1.0).unwrap();
    let report = simulation.run_until(2.0).unwrap();
    assert_eq!((report.steps, report.time), (8, 2.0));
    assert_eq!(*seen.borrow(), [(0, 0.0), (2, 0.5), (4, 1.0), (6, 1.5), (8, 2.0)]);
}

#[test]
fn the_number_of_steps_can_be_limited_and_trackers_can_stop_a_run() {
    let world = World::solo();
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "u").build().unwrap();
    let builder = || Simulation::builder(&pde, &world).initial("u", 1.0).dt(0.1);
    let report = builder().max_steps(Some(7)).build().unwrap().run_until(5.0).unwrap();
    assert_eq!((report.stop_reason, report.steps), (StopReason::MaxSteps, 7));
    let grown = |now: &mut Snapshot| match now.max("u")? {
        u if u > 2.0 => Ok(Flow::Break(format!("u = {u:.3}"))),
        _ => Ok(GO_ON),
    };
    let report = builder().track(Every::Steps(1), grown).build().unwrap().run_until(5.0).unwrap();
    assert_eq!((report.stop_reason, report.steps), (StopReason::Tracker("u = 2.014".into()), 7));
}

/// All ranks report the same number, the first cell in the first step in which it appeared.
#[test]
fn what_is_not_finite_is_reported_with_its_place_on_1_to_5_ranks() {
    let grid = Grid::cartesian()
        .axis("x", 0.0..8.0, 8, Periodic)
        .axis("y", -1.0..1.0, 10, Bounded)
        .build()
        .unwrap();
    // 1/(0.35 − t) is infinite in two cells of two rows after the step that begins at t = 0.35.
    let hot = "where(x > 5 and x < 7 and y > 0.5, sqrt(0.32 - t), 0)";
    let pde = Pde::on(&grid).equation("u", "0").equation("v", hot).build().unwrap();
    for ranks in 1..=5 {
        let errors = on_threads(ranks, |world| {
            let mut simulation = Simulation::builder(&pde, world)
                .initial("u", 0.0)
                .initial("v", 0.0)
                .scheme(Tableau::EULER)
                .dt(0.05)
                .build()
                .map_err(|e| e.to_string())?;
            Ok::<_, String>(simulation.run_until(100.0).unwrap_err())
        })
        .unwrap();
        for error in errors {
            let Error::NotFinite { field, cell, coordinates, time, step, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!((field.as_str(), cell.as_slice()), ("v", [5, 8].as_slice()));
            assert_eq!(coordinates[0], 5.5);
            assert!((coordinates[1] - 0.7).abs() < 1e-15);
            assert_eq!((*time, *step), (8.0 * 0.05, 8));
        }
    }
}

#[test]
fn an_initial_value_that_is_not_finite_is_an_error() {
    let world = World::solo();
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Bounded).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "0").build().unwrap();
    let errors = Simulation::builder(&pde, &world).initial("u", "log(x - 0.5)").dt(1.0).build();
    let Err(fluxions::solver::Errors(errors)) = errors else { panic!("it was accepted") };
    assert_eq!(
        errors[0].to_string(),
        "`u` is not finite at x = 0.125, in cell [0], at t = 0 (step 0)"
    );
}
