//! A tracker of a program with errors of its own. Ranks are threads; their number is said by each
//! test.

use fluxions::prelude::*;
use fluxions::solver::Error;

#[derive(Debug, PartialEq, thiserror::Error)]
enum Alarm {
    #[error("the mass is {mass}, and {expected} was expected")]
    Mass { mass: f64, expected: f64 },
}

/// Watches that the mass stays what it was at first.
#[derive(Default)]
struct Watch {
    first: Option<f64>,
}

impl Tracker for Watch {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        let mass = now.integral("c")?;
        let expected = *self.first.get_or_insert(mass);
        if (mass - expected).abs() > 1e-9 {
            return Err(Alarm::Mass { mass, expected }.into());
        }
        Ok(GO_ON)
    }

    fn save(&self) -> Option<Vec<u8>> {
        self.first.map(|first| first.to_le_bytes().to_vec())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        self.first = Some(f64::from_le_bytes(saved.try_into()?));
        Ok(())
    }
}

/// What became of each rank.
fn run(equation: &str, ranks: usize) -> Vec<Result<(), Error>> {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Bounded).build().unwrap();
    let pde = Pde::on(&grid).equation("c", equation).build().unwrap();
    let watched = |world: &World| {
        let builder = Simulation::builder(&pde, world).initial("c", "1 + x").dt(1e-3);
        let mut simulation = builder.track(Every::Steps(1), Watch::default()).build().unwrap();
        simulation.run_until(0.01)?;
        simulation.finish().map(drop)
    };
    on_threads(ranks, |world| Ok::<_, String>(watched(world))).unwrap()
}

#[test]
fn an_error_of_the_program_ends_the_run_and_can_be_had_again_on_1_and_3_ranks() {
    for ranks in [1, 3] {
        assert!(run("laplace(c)", ranks).iter().all(Result::is_ok));
        let mut errors = run("laplace(c) - c", ranks).into_iter().map(Result::unwrap_err);
        let error = errors.next().unwrap();
        let Error::Tracker { source } = &error else { panic!("{error:?}") };
        let Some(Alarm::Mass { expected, .. }) = source.downcast_ref() else {
            panic!("{source}");
        };
        assert!((expected - 1.5).abs() < 1e-12);
        assert!(error.to_string().starts_with("the mass is 1.49"), "{error}");
        // The other ranks say where to look.
        assert!(errors.all(|error| matches!(error, Error::Elsewhere { rank: 0 })));
    }
}

#[test]
fn errors_of_the_library_pass_through_trackers() {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Bounded).build().unwrap();
    let pde = Pde::on(&grid).equation("c", "0").build().unwrap();
    let world = World::solo();
    let ask = |now: &mut Snapshot<'_>| {
        now.max("d")?;
        Ok(GO_ON)
    };
    let builder = Simulation::builder(&pde, &world).initial("c", 0.0).dt(0.1);
    let mut simulation = builder.track(Every::Steps(1), ask).build().unwrap();
    let error = simulation.run_until(1.0).unwrap_err();
    assert!(matches!(error, Error::NoSuchField { .. }), "{error:?}");
}
