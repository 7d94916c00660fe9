//! Times of steps and outputs.

use std::cell::RefCell;
use std::rc::Rc;

use fluxions::prelude::*;
use fluxions::solver::{Error, Errors, RunState};

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

/// The bits of both fields.
fn bits(simulation: &Simulation) -> Vec<u64> {
    let of = |name| simulation.field(name).unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    [of("u"), of("v")].concat()
}

/// Times after a pause are those of the steps of a single run.
#[test]
fn a_run_in_parts_makes_the_steps_of_a_single_one() {
    let world = World::solo();
    let (mut single, expected) = counter(&world, 0.1, Every::Steps(1));
    single.run_until(3.0).unwrap();
    let (mut parts, seen) = counter(&world, 0.1, Every::Steps(1));
    for end in [0.7, 0.7, 1.1, 2.3, 3.0] {
        let report = parts.run_until(end).unwrap();
        assert_eq!(report.time, end);
    }
    assert_eq!(bits(&parts), bits(&single));
    // The end of a part is met exactly; nothing is seen twice.
    let steps = |seen: &Seen| seen.borrow().iter().map(|(step, _)| *step).collect::<Vec<_>>();
    assert_eq!(steps(&seen), steps(&expected));
    assert_eq!(seen.borrow()[8], (8, 8.0 * 0.1));
    assert!(parts.run_until(2.9).is_err());
}

#[test]
fn single_steps_are_those_of_a_run() {
    let world = World::solo();
    let (mut single, expected) = counter(&world, 0.1, Every::Time(0.25));
    single.run_until(1.0).unwrap();
    let (mut stepped, seen) = counter(&world, 0.1, Every::Time(0.25));
    for step in 1..=10 {
        assert_eq!(stepped.step().unwrap(), None);
        assert_eq!((stepped.steps(), stepped.time()), (step, step as f64 * 0.1));
    }
    assert_eq!(bits(&stepped), bits(&single));
    assert_eq!(*seen.borrow(), *expected.borrow());
    // Steps and runs may follow each other.
    stepped.run_until(1.15).unwrap();
    stepped.step().unwrap();
    assert_eq!((stepped.steps(), stepped.time()), (13, 1.15 + 0.1));
    let seen = seen.borrow();
    assert_eq!(seen[5..], [(12, 1.15), (13, 1.15 + 0.1)]);
}

#[test]
fn single_steps_tell_when_to_stop() {
    let world = World::solo();
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "sqrt(1.5 - u)").build().unwrap();
    let builder = || {
        let builder = Simulation::builder(&pde, &world).initial("u", 0.0).dt(1.0);
        builder.scheme(Tableau::EULER)
    };
    let mut limited = builder().max_steps(Some(1)).build().unwrap();
    assert_eq!(limited.step().unwrap(), None);
    assert_eq!(limited.step().unwrap(), Some(StopReason::MaxSteps));
    assert_eq!(limited.steps(), 1);
    let grown = |now: &mut Snapshot| match now.max("u")? {
        u if u > 1.0 => Ok(Flow::Break("enough".into())),
        _ => Ok(GO_ON),
    };
    let mut tracked = builder().track(Every::Steps(1), grown).build().unwrap();
    assert_eq!(tracked.step().unwrap(), Some(StopReason::Tracker("enough".into())));
    // sqrt(1.5) + sqrt(1.5 - sqrt(1.5)) is more than 1.5.
    let mut simulation = builder().build().unwrap();
    let error = (0..3).find_map(|_| simulation.step().err());
    assert!(matches!(error, Some(Error::NotFinite { step: 3, .. })), "{error:?}");
}

/// Counts how often it is called, and how often its simulation is finished.
#[derive(Clone, Default)]
struct Ledger {
    calls: u64,
    seen: Seen,
    finished: Rc<RefCell<Vec<(u64, StopReason)>>>,
}

impl Tracker for Ledger {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        self.calls += 1;
        self.seen.borrow_mut().push((now.step(), now.time()));
        Ok(GO_ON)
    }

    fn finish(&mut self, report: &Report) -> Result<(), TrackerError> {
        self.finished.borrow_mut().push((self.calls, report.stop_reason.clone()));
        Ok(())
    }

    fn save(&self) -> Option<Vec<u8>> {
        Some(self.calls.to_le_bytes().to_vec())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        self.calls = u64::from_le_bytes(saved.try_into()?);
        Ok(())
    }
}

fn ledgered(world: &World, every: Every, ledger: &Ledger) -> Simulation {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 3, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "1").equation("v", "sin(10*t)").build().unwrap();
    let builder = Simulation::builder(&pde, world).initial("u", 0.0).initial("v", 0.0);
    builder.start(0.5).dt(0.1).track(every, ledger.clone()).build().unwrap()
}

#[test]
fn trackers_are_finished_once() {
    let world = World::solo();
    let ledger = Ledger::default();
    let mut simulation = ledgered(&world, Every::Steps(1), &ledger);
    simulation.run_until(1.0).unwrap();
    simulation.run_until(1.5).unwrap();
    assert!(ledger.finished.borrow().is_empty());
    let report = simulation.finish().unwrap();
    assert_eq!((report.steps, report.stop_reason), (10, StopReason::End));
    assert_eq!(*ledger.finished.borrow(), [(11, StopReason::End)]);

    let mut simulation = ledgered(&world, Every::Steps(1), &ledger);
    simulation.run_until(1.0).unwrap();
    simulation.step().unwrap();
    assert_eq!(simulation.finish().unwrap().stop_reason, StopReason::Finished);
}

#[test]
fn a_restored_simulation_has_not_stopped() {
    let world = World::solo();
    let mut simulation = ledgered(&world, Every::Steps(1), &Ledger::default());
    let saved = simulation.save();
    simulation.run_until(1.0).unwrap();
    simulation.restore(&saved).unwrap();
    assert_eq!(simulation.finish().unwrap().stop_reason, StopReason::Finished);
}

/// Saved after any number of steps, and built anew, a simulation goes on as if nothing had been.
#[test]
fn a_saved_simulation_goes_on_with_the_same_steps_and_calls() {
    let world = World::solo();
    for every in [Every::Time(0.23), Every::Times(vec![0.71, 0.7, 1.3, 1.32]), Every::Steps(3)] {
        let whole = Ledger::default();
        let mut simulation = ledgered(&world, every.clone(), &whole);
        simulation.run_until(2.0).unwrap();
        let expected = bits(&simulation);
        simulation.finish().unwrap();
        for cut in 0..15 {
            let parts = Ledger::default();
            let mut first = ledgered(&world, every.clone(), &parts);
            (0..cut).for_each(|_| assert_eq!(first.step().unwrap(), None));
            let saved: RunState = first.save();
            let mut second = ledgered(&world, every.clone(), &parts);
            second.restore(&saved).unwrap();
            for name in ["u", "v"] {
                second.field_mut(name).unwrap().assign(&first.field(name).unwrap());
            }
            let report = second.run_until(2.0).unwrap();
            assert_eq!((report.steps, report.time), (15, 2.0));
            assert_eq!(bits(&second), expected, "{every:?} {cut}");
            second.finish().unwrap();
            assert_eq!(*parts.seen.borrow(), *whole.seen.borrow(), "{every:?} {cut}");
            assert_eq!(*parts.finished.borrow(), *whole.finished.borrow(), "{every:?} {cut}");
        }
    }
}

#[test]
fn the_state_of_another_simulation_is_refused() {
    let world = World::solo();
    let ledger = Ledger::default();
    let mut simulation = ledgered(&world, Every::Steps(1), &ledger);
    let saved = simulation.save();
    for foreign in [
        RunState { trackers: Vec::new(), ..saved.clone() },
        RunState { clock: vec![1, 2, 3], ..saved.clone() },
    ] {
        assert!(matches!(simulation.restore(&foreign), Err(Error::ForeignState { .. })));
    }
    let mut foreign = saved;
    foreign.trackers[0].own = Some(vec![1]);
    assert!(matches!(simulation.restore(&foreign), Err(Error::Tracker { .. })));
}

#[test]
fn times_that_make_no_sense_are_errors() {
    let world = World::solo();
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 3, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "1").build().unwrap();
    let builder = || Simulation::builder(&pde, &world).initial("u", 0.0);
    let messages = |builder: fluxions::solver::SimulationBuilder<'_>| match builder.build() {
        Ok(_) => Vec::new(),
        Err(Errors(errors)) => errors.iter().map(ToString::to_string).collect(),
    };
    let missing = "no time step was given: call `dt` of the simulation's builder";
    assert_eq!(messages(builder()), [missing]);
    assert_eq!(
        messages(builder().dt(f64::NAN)),
        ["the time step must be positive and finite, not NaN"]
    );
    let tracked = |every| messages(builder().track(every, |_: &mut Snapshot| Ok(GO_ON)));
    assert_eq!(
        tracked(Every::Time(0.0)),
        [missing, "the interval of a tracker must be positive and finite, not 0"]
    );
    assert_eq!(
        tracked(Every::Steps(0))[1],
        "the number of steps between calls of a tracker must be positive, not 0"
    );
    assert_eq!(
        tracked(Every::Times(vec![1.0, f64::NAN]))[1],
        "a time at which a tracker is due must be a number, not NaN"
    );
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
    let Err(Errors(errors)) = errors else { panic!("it was accepted") };
    assert_eq!(
        errors[0].to_string(),
        "`u` is not finite at x = 0.125, in cell [0], at t = 0 (step 0)"
    );
}
