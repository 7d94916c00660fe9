//! What the options of the transport scheme are worth: a cone goes round six times, and should come
//! back as it was.
//!
//! Shows transport from Rust. Run it with `cargo run --release --example rotation`.

use fluxions::prelude::*;

/// The set-up of Jaruga et al. 2015 (Geosci. Model Dev. 8, 1005, figure 12).
const CONE: &str = "1 + max(0, 4*(1 - hypot(x - 50, y - 75)/15))";

/// What is left of the cone.
pub(crate) struct Outcome {
    /// The options, in words.
    pub(crate) options: &'static str,
    /// The largest value; 5 at the beginning.
    pub(crate) peak: f64,
    /// The least value; 1 at the beginning.
    pub(crate) lowest: f64,
    /// The root of the mean square of the difference from the beginning, over the time as in the
    /// paper.
    pub(crate) error: f64,
}

fn rotate(world: &World, options: Mpdata) -> Result<(f64, f64, f64), Box<dyn std::error::Error>> {
    let grid = Grid::cartesian()
        .axis("x", -0.5..100.5, 101, Bounded)
        .axis("y", -0.5..100.5, 101, Bounded)
        .build()?;
    let velocity = Advector::Velocity(vec!["-0.1*(y - 50)".into(), "0.1*(x - 50)".into()]);
    let cone = Pde::on(&grid)
        .transport("psi", Transport { options, ..Transport::by(velocity) })
        .boundary("x", Condition::Value(1.0.into()))
        .boundary("y", Condition::Value(1.0.into()))
        .build()?;
    let error = format!("(psi - ({CONE}))^2");
    let mut simulation = Simulation::builder(&cone, world)
        .initial("psi", CONE)
        .number("error", format!("sqrt(average({error}))"))
        .number("peak", "max(psi)")
        .number("lowest", "min(psi)")
        .dt(0.1)
        .build()?;
    simulation.run_until(376.8)?;
    let mut number = |name: &str| simulation.number(name);
    Ok((number("peak")?, number("lowest")?, number("error")? / 376.8))
}

pub(crate) fn study(world: &World) -> Result<Vec<Outcome>, Box<dyn std::error::Error>> {
    let two = Mpdata { nonoscillatory: true, ..Mpdata::default() };
    let three = Mpdata { iterations: 3, ..two };
    let all = [
        ("upwind", Mpdata { iterations: 1, ..Mpdata::default() }),
        ("2 passes", Mpdata::default()),
        ("2 passes, nonoscillatory", two),
        ("3 passes, nonoscillatory", three),
        ("3 passes, third order, nonosc.", Mpdata { third_order: ThirdOrder::Standard, ..three }),
        ("2 passes, infinite gauge, nonosc.", Mpdata { infinite_gauge: true, ..two }),
    ];
    let mut outcomes = Vec::new();
    for (name, options) in all {
        let (peak, lowest, error) = rotate(world, options)?;
        outcomes.push(Outcome { options: name, peak, lowest, error });
    }
    Ok(outcomes)
}

fn main() -> std::process::ExitCode {
    launch(|world| {
        let outcomes = study(world)?;
        if world.is_root() {
            println!("{:34} {:>8} {:>8} {:>10}", "options", "largest", "least", "error");
            for Outcome { options, peak, lowest, error } in outcomes {
                println!("{options:34} {peak:8.4} {lowest:8.4} {error:10.3e}");
            }
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })
}
