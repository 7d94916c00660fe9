//! The Brusselator, a chemical clock (Prigogine & Lefever 1968, J. Chem. Phys. 48, 1695): patches
//! of a stirred mixture oscillate, each at its own phase, and waves run between them.
//!
//! Run it with `cargo run --release --example brusselator`, or on several ranks with
//! `mpirun -n 4 target/release/examples/brusselator`. It writes the folder `brusselator`, which must not
//! hold a run yet.

use fluxions::prelude::*;

pub(crate) fn solve(
    world: &World,
    folder: Option<&str>,
) -> Result<Report, Box<dyn std::error::Error>> {
    let grid = Grid::cartesian()
        .axis("x", 0.0..64.0, 128, Periodic)
        .axis("y", 0.0..32.0, 64, Bounded)
        .build()?;
    let brusselator = Pde::on(&grid)
        .parameter("a", 1.0)
        .parameter("b", 3.0)
        .parameter("Du", 1.0)
        .parameter("Dv", 0.1)
        .equation("u", "Du*laplace(u) + a - (1 + b)*u + v*u^2")
        .equation("v", "Dv*laplace(v) + b*u - v*u^2")
        .build()?;
    let mut builder = Simulation::builder(&brusselator, world)
        .initial("u", "a")
        .initial("v", "b/a + 0.1*random_normal(0, 1)")
        .seed(7)
        .scheme(Tableau::RK4)
        .dt(0.02)
        .number("total", "integral(u + v)")
        // A tracker is a closure; all ranks call it at the same times.
        .track(Every::Time(1.0), |now: &mut Snapshot| {
            let (low, high, total) = (now.min("u")?, now.max("u")?, now.number("total")?);
            if now.world().is_root() {
                println!(
                    "t = {:4.1}   u from {low:.3} to {high:.3}   total {total:.1}",
                    now.time()
                );
            }
            Ok(if high > 1e3 { Flow::Break("u grew without bound".into()) } else { GO_ON })
        });
    if let Some(folder) = folder {
        builder = builder.track(Every::Time(2.0), SeriesWriter::create(folder, &brusselator));
    }
    Ok(builder.build()?.run_until(10.0)?)
}

fn main() -> std::process::ExitCode {
    launch(|world| {
        let report = solve(world, Some("brusselator"))?;
        if world.is_root() {
            println!("{report}\nThe series is in the folder brusselator.");
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })
}
