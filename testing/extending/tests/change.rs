//! Trackers of a program that change the state between steps. Ranks are threads; their number is said by each test.

use std::cell::RefCell;
use std::rc::Rc;

use fluxions::prelude::*;
use fluxions::solver::{
    AdamsBashforth, Advector, Blocking, Error, Implicit, RunState, SchemeChoice, Tolerance,
    Transport,
};

/// When the kick comes, which steps do not meet.
const KICK: f64 = 0.3537;
/// When the state is looked at.
const TIMES: [f64; 4] = [0.2, 0.35, 0.4321, 0.9];

fn grid() -> Grid {
    Grid::cartesian().axis("x", 0.0..1.0, 12, Periodic).build().unwrap()
}

/// Kicks u by a function of the place.
fn kick(now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
    now.update("u", |x, u| u + 1.0 + x[0])?;
    Ok(GO_ON)
}

/// The decay of 2 that is kicked by 1 + x at a time.
fn exact(x: f64, t: f64) -> f64 {
    let kicked = if t > KICK { (1.0 + x) * (KICK - t).exp() } else { 0.0 };
    2.0 * (-t).exp() + kicked
}

/// The largest error that is seen, the values at the end and the number of steps.
fn decay(scheme: &SchemeChoice, dt: f64, world: &World) -> Result<(f64, Vec<f64>, u64), Error> {
    let pde = Pde::on(&grid()).equation("u", "-u").build().unwrap();
    let largest = Rc::new(RefCell::new(0.0f64));
    let list = largest.clone();
    let look = move |now: &mut Snapshot<'_>| {
        let t = now.time();
        if let Some(u) = now.gather("u")? {
            for (cell, u) in u.iter().enumerate() {
                let error = (u - exact((cell as f64 + 0.5) / 12.0, t)).abs();
                let most = error.max(*list.borrow());
                *list.borrow_mut() = most;
            }
        }
        Ok(GO_ON)
    };
    let builder = Simulation::builder(&pde, world).initial("u", 2.0).scheme(scheme).dt(dt);
    let builder = builder.track(Every::Times(TIMES.to_vec()), look);
    let builder = builder.change(Every::Times(vec![KICK]), kick);
    let mut simulation = builder.build().unwrap();
    let report = simulation.run_until(1.0)?;
    let end = simulation.gather("u")?.map_or(Vec::new(), |u| u.into_iter().collect());
    Ok((*largest.borrow(), end, report.steps))
}

#[test]
fn a_kick_is_there_at_its_time_with_the_order_of_the_scheme_on_1_to_4_ranks() {
    let schemes: [(SchemeChoice, f64); 5] = [
        (Tableau::EULER.into(), 1.0),
        (Tableau::RK4.into(), 4.0),
        (SchemeChoice::AdamsBashforth(AdamsBashforth::Three), 3.0),
        (SchemeChoice::Implicit(Implicit::Bdf2, None, Default::default()), 2.0),
        (SchemeChoice::Implicit(Implicit::CrankNicolson, None, Default::default()), 2.0),
    ];
    for (scheme, order) in schemes {
        let solo = |dt| decay(&scheme, dt, &World::solo()).unwrap();
        let ((coarse, ..), (fine, end, steps)) = (solo(0.02), solo(0.01));
        let rate = (coarse / fine).log2();
        assert!(rate > order - 0.3, "{scheme:?}: {coarse} {fine}");
        assert_eq!(steps, 101, "{scheme:?}");
        for ranks in 2..=4 {
            let all = on_threads(ranks, |world| decay(&scheme, 0.01, world)).unwrap();
            assert!(all[0].1 == end, "{scheme:?} on {ranks} ranks");
        }
    }
    for relative in [1e-4, 1e-8] {
        let tolerance = Tolerance::new(relative, relative);
        let scheme = SchemeChoice::ErrorControlled(Tableau::TSIT5, tolerance);
        let (error, end, _) = decay(&scheme, 0.01, &World::solo()).unwrap();
        assert!(error < 5.0 * relative, "{error}");
        let all = on_threads(3, |world| decay(&scheme, 0.01, world)).unwrap();
        assert!(all[0].1 == end);
    }
}

/// What trackers see: step, time and the value in the first cell.
type Seen = Rc<RefCell<Vec<(u64, f64, f64)>>>;

fn looks(seen: &Seen) -> impl Tracker + 'static {
    let seen = seen.clone();
    move |now: &mut Snapshot<'_>| {
        let seen_now = (now.step(), now.time(), now.field("u")?[[0]]);
        seen.borrow_mut().push(seen_now);
        Ok(GO_ON)
    }
}

fn doubles(now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
    now.field_mut("u")?.mapv_inplace(|u| 2.0 * u);
    Ok(GO_ON)
}

#[test]
fn changes_come_when_they_are_due_and_in_the_order_of_trackers() {
    let pde = Pde::on(&grid()).equation("u", "0").build().unwrap();
    let world = World::solo();
    let run = |every: Every| {
        let (before, after) = (Seen::default(), Seen::default());
        let builder = Simulation::builder(&pde, &world).initial("u", 1.0).dt(0.1);
        let builder = builder.track(Every::Time(0.5), looks(&before)).change(every, doubles);
        builder.track(Every::Time(0.5), looks(&after)).build().unwrap().run_until(1.0).unwrap();
        (before.take(), after.take())
    };
    // Not at the beginning, and at the end since it is due there.
    let (before, after) = run(Every::Time(0.25));
    assert_eq!(before, [(0, 0.0, 1.0), (6, 0.5, 2.0), (12, 1.0, 8.0)]);
    assert_eq!(after, [(0, 0.0, 1.0), (6, 0.5, 4.0), (12, 1.0, 16.0)]);
    let (before, after) = run(Every::Steps(4));
    assert_eq!(before, [(0, 0.0, 1.0), (5, 0.5, 2.0), (10, 1.0, 4.0)]);
    assert_eq!(after, before);
    // At the beginning if a list says so.
    let (before, after) = run(Every::Times(vec![0.0, 0.7]));
    assert_eq!(before, [(0, 0.0, 1.0), (5, 0.5, 2.0), (10, 1.0, 4.0)]);
    assert_eq!(after[0], (0, 0.0, 2.0));
}

#[test]
fn steps_in_one_sweep_single_steps_and_runs_in_parts_change_alike_on_1_and_2_ranks() {
    let pde = Pde::on(&grid()).equation("u", "0.01*laplace(u)").build().unwrap();
    let build = |world: &World, steps: usize| {
        let blocking = Blocking { steps: Some(steps), ..Blocking::default() };
        let builder = Simulation::builder(&pde, world).initial("u", "sin(2*pi*x)").dt(0.01);
        builder.blocking(blocking).change(Every::Time(0.137), kick).build().unwrap()
    };
    let run = |world: &World, steps: usize, ends: &[f64]| {
        let mut simulation = build(world, steps);
        for end in ends {
            simulation.run_until(*end)?;
        }
        simulation.gather("u")
    };
    let plain = run(&World::solo(), 0, &[1.0]).unwrap();
    for ranks in [1, 2] {
        let swept = on_threads(ranks, |world| run(world, 4, &[1.0])).unwrap().swap_remove(0);
        assert!(swept == plain, "on {ranks} ranks");
    }
    let parts = run(&World::solo(), 0, &[0.137, 0.411, 1.0]).unwrap();
    assert!(parts == plain);
    let mut stepped = build(&World::solo(), 0);
    while stepped.time() < 0.999 {
        stepped.step().unwrap();
    }
    stepped.run_until(1.0).unwrap();
    assert!(stepped.gather("u").unwrap() == plain);
}

/// Saved after any number of steps, a simulation goes on with the same changes.
#[test]
fn a_saved_simulation_goes_on_with_the_same_changes() {
    let pde = Pde::on(&grid()).equation("u", "0.01*laplace(u) - u").build().unwrap();
    let world = World::solo();
    let scheme = SchemeChoice::AdamsBashforth(AdamsBashforth::Three);
    let build = || {
        let builder = Simulation::builder(&pde, &world).initial("u", "sin(2*pi*x)").dt(0.05);
        builder.scheme(&scheme).change(Every::Time(0.137), kick).build().unwrap()
    };
    let mut whole = build();
    whole.run_until(1.0).unwrap();
    for cut in 0..20 {
        let mut first = build();
        (0..cut).for_each(|_| assert_eq!(first.step().unwrap(), None));
        let saved: RunState = first.save();
        let checkpoint = first.checkpoint(&saved);
        let part = checkpoint.part();
        let mut second = build();
        second
            .resume(&saved, |number, wanted, room| {
                let values = checkpoint.values(number);
                let width = wanted.shape()[2] as isize;
                for x in 0..width {
                    let at = wanted.start[2] + x - part.start[2];
                    if let Some(value) = usize::try_from(at).ok().and_then(|at| values.get(at)) {
                        room[x as usize] = *value;
                    }
                }
                Ok(())
            })
            .unwrap();
        second.run_until(1.0).unwrap();
        assert_eq!(second.field("u").unwrap(), whole.field("u").unwrap(), "after {cut} steps");
    }
}

/// What is held in a region stays, unknowns follow, and transport knows the new flow.
#[test]
fn what_follows_from_a_change_is_taken_care_of_on_1_and_2_ranks() {
    let world_of = |ranks: usize, run: &(dyn Fn(&World) -> Vec<f64> + Sync)| {
        on_threads(ranks, |world| Ok::<_, String>(run(world))).unwrap().swap_remove(0)
    };
    let held = Pde::on(&grid())
        .equation("u", "0")
        .unknown("phi", "laplace(phi) - phi + u")
        .region("rock", "x < 0.25")
        .boundary_of("u", "rock", Condition::Value(5.0.into()))
        .build()
        .unwrap();
    let run = |world: &World| {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let list = seen.clone();
        let look = move |now: &mut Snapshot<'_>| {
            let numbers = [now.min("u")?, now.max("u")?, now.integral("u")? - now.integral("phi")?];
            list.borrow_mut().extend(numbers);
            Ok(GO_ON)
        };
        let builder = Simulation::builder(&held, world).initial("u", 1.0).initial("phi", 0.0);
        let builder = builder.dt(0.1).change(Every::Times(vec![0.15]), doubles);
        let mut simulation = builder.track(Every::Times(vec![0.15]), look).build().unwrap();
        simulation.run_until(0.2).unwrap();
        seen.take()
    };
    for ranks in [1, 2] {
        let found = world_of(ranks, &run);
        assert_eq!(found[3..5], [2.0, 5.0], "{found:?}");
        assert!(found.chunks(3).skip(1).all(|seen| seen[2].abs() < 1e-8), "{found:?}");
    }
    // The flow follows from u, and is extrapolated from that of the step before.
    let advected = Pde::on(&grid())
        .transport("u", Transport::by(Advector::Velocity(vec!["0.2*average(u)".into()])))
        .build()
        .unwrap();
    let run = |world: &World, initial: f64, changes: bool, time: f64| {
        let text = format!("{initial}*(1 + 0.1*sin(2*pi*x))");
        let mut builder = Simulation::builder(&advected, world).initial("u", text.as_str()).dt(0.1);
        if changes {
            builder = builder.change(Every::Times(vec![0.0]), doubles);
        }
        let mut simulation = builder.build().unwrap();
        simulation.run_until(time).unwrap();
        simulation.gather("u").unwrap().map_or(Vec::new(), |u| u.into_iter().collect())
    };
    let world = World::solo();
    let (changed, expected) = (run(&world, 1.0, true, 0.5), run(&world, 2.0, false, 0.5));
    assert_eq!(changed, expected);
}

#[test]
fn what_may_not_be_changed_is_refused() {
    let pde = Pde::on(&grid()).equation("u", "0").unknown("phi", "laplace(phi) - phi + u");
    let (pde, world) = (pde.build().unwrap(), World::solo());
    let builder =
        || Simulation::builder(&pde, &world).initial("u", 1.0).initial("phi", 0.0).dt(0.1);
    let fails = |built: fluxions::solver::SimulationBuilder<'_>| {
        built.build().unwrap().run_until(1.0).unwrap_err()
    };
    let error = fails(builder().track(Every::Steps(1), doubles));
    assert!(matches!(error, Error::OnlyLooks { .. }), "{error}");
    let changes_phi = |now: &mut Snapshot<'_>| {
        now.field_mut("phi")?.fill(0.0);
        Ok(GO_ON)
    };
    let error = fails(builder().change(Every::Steps(1), changes_phi));
    assert!(matches!(error, Error::ChangedUnknown { .. }), "{error}");
    let spoils = |now: &mut Snapshot<'_>| {
        now.update("u", |x, u| if x[0] > 0.9 { f64::NAN } else { u })?;
        Ok(GO_ON)
    };
    let error = fails(builder().change(Every::Times(vec![0.25]), spoils));
    let Error::TrackerNotFinite { field, time, step } = &error else { panic!("{error}") };
    assert_eq!((field.as_str(), *time, *step), ("u", 0.25, 3));
}
