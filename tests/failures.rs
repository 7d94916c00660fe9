//! An error on one rank ends the job everywhere, soon, with that rank's message.

use fluxions::prelude::*;
use fluxions::solver::Error;

fn run(world: &World, fails: usize) -> Result<Report, Error> {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
    let mut simulation = Simulation::builder(&pde, world)
        .initial("u", "x")
        .dt(1e-4)
        .track(Every::Steps(3), move |now: &mut Snapshot| {
            if now.step() == 6 && now.world().rank() == fails {
                return Err("the disk is full".into());
            }
            Ok(GO_ON)
        })
        .build()
        .unwrap();
    simulation.run_until(1.0)
}

#[test]
fn an_error_of_a_tracker_on_one_of_4_threads() {
    let results = on_threads(4, |world| Ok::<_, String>(run(world, 2).unwrap_err().to_string()));
    let elsewhere = "rank 2 failed";
    assert_eq!(results.unwrap(), [elsewhere, elsewhere, "the disk is full", elsewhere]);
}

/// What a program's own tracker can fail with.
#[derive(Debug)]
enum Broken {
    Leak { litres: u32 },
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Broken::Leak { litres } = self;
        write!(f, "{litres} litres are missing")
    }
}

impl std::error::Error for Broken {}

/// Fails with errors of its own, and with those of the library.
struct Gauge {
    name: &'static str,
}

impl Gauge {
    fn weigh(&self, now: &Snapshot<'_>) -> Result<(), Broken> {
        if now.step() < 2 { Ok(()) } else { Err(Broken::Leak { litres: 3 }) }
    }
}

impl Tracker for Gauge {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        now.max(self.name)?;
        self.weigh(now)?;
        Ok(GO_ON)
    }
}

#[test]
fn a_tracker_can_fail_with_an_error_of_its_own() {
    let world = World::solo();
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Periodic).build().unwrap();
    let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
    let run = |name: &'static str| {
        let builder = Simulation::builder(&pde, &world).initial("u", "x").dt(1e-4);
        let mut simulation = builder.track(Every::Steps(1), Gauge { name }).build().unwrap();
        simulation.run_until(1.0).unwrap_err()
    };
    let error = run("u");
    assert_eq!(error.to_string(), "3 litres are missing");
    let source = std::error::Error::source(&error).unwrap();
    assert!(matches!(source.downcast_ref(), Some(Broken::Leak { litres: 3 })));
    assert!(matches!(run("w"), Error::NoSuchField { .. }));
    // In a closure, `?` knows both as well.
    let builder = Simulation::builder(&pde, &world).initial("u", "x").dt(1e-4);
    let gauge = Gauge { name: "u" };
    let closure = move |now: &mut Snapshot| {
        now.max("u")?;
        gauge.weigh(now)?;
        Ok(GO_ON)
    };
    let mut simulation = builder.track(Every::Steps(1), closure).build().unwrap();
    assert!(matches!(simulation.run_until(1.0), Err(Error::Tracker { .. })));
}

#[test]
fn the_wish_of_one_rank_stops_all() {
    let results = on_threads(3, |world| {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let mut simulation = Simulation::builder(&pde, world)
            .initial("u", "x")
            .dt(1e-4)
            .track(Every::Steps(3), |now: &mut Snapshot| match (now.step(), now.world().rank()) {
                (6, 1) => Ok(Flow::Break("enough".into())),
                _ => Ok(GO_ON),
            })
            .build()
            .unwrap();
        simulation.run_until(1.0).map(|report| (report.steps, report.stop_reason))
    })
    .unwrap();
    let asked = StopReason::Tracker("rank 1 asked to stop".into());
    assert_eq!(
        results,
        [(6, asked.clone()), (6, StopReason::Tracker("enough".into())), (6, asked)]
    );
}

#[cfg(feature = "mpi")]
#[test]
fn an_error_of_a_tracker_on_one_of_3_processes() {
    fluxions_testing::under_mpi(&[3], "an_error_of_a_tracker_on_one_of_3_processes", || {
        let world = World::start().unwrap();
        let error = run(&world, 1).unwrap_err().to_string();
        let expected = if world.rank() == 1 { "the disk is full" } else { "rank 1 failed" };
        assert_eq!(error, expected);
    });
}

#[cfg(feature = "mpi")]
#[test]
fn a_panic_in_a_tracker_ends_a_job_of_3_processes() {
    const NAME: &str = "a_panic_in_a_tracker_ends_a_job_of_3_processes";
    if std::env::var_os("FLUXIONS_TEST_PANIC").is_some() {
        let world = World::start().unwrap();
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)").build().unwrap();
        let mut simulation = Simulation::builder(&pde, &world)
            .initial("u", "x")
            .dt(1e-4)
            .track(Every::Steps(1), |now: &mut Snapshot| {
                assert!(now.step() < 5 || now.world().rank() != 2, "rank two breaks");
                Ok(GO_ON)
            })
            .build()
            .unwrap();
        simulation.run_until(1.0).unwrap();
        return;
    }
    let mut command = fluxions_testing::mpirun(3);
    command.arg(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture"]).env("FLUXIONS_TEST_PANIC", "1");
    let began = std::time::Instant::now();
    let output = fluxions_testing::finish(&mut command);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("rank two breaks"));
    assert!(began.elapsed().as_secs() < 30);
}
