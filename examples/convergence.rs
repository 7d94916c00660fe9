//! How fast the error of a solution falls with the spacing: heat in a rod with a warm end is
//! compared with the exact solution on finer and finer grids.
//!
//! Shows a condition that depends on time, fields as ndarray views, and stepping in parts.
//! Run it with `cargo run --release --example convergence`.

use std::f64::consts::PI;

use fluxions::prelude::*;

/// The largest error on a grid of this many cells, over all ranks.
///
/// The exact solution is c = e^(−D k² t) sin(k x) + cos(t) on [0, 1] with a source to match.
fn error(world: &World, cells: usize) -> Result<f64, Box<dyn std::error::Error>> {
    let (diffusivity, k) = (0.1, 1.5 * PI);
    let grid = Grid::cartesian().axis("x", 0.0..1.0, cells, Bounded).build()?;
    let rod = Pde::on(&grid)
        .parameter("D", diffusivity)
        .equation("c", "D*laplace(c) - sin(t)")
        .boundary("x-", Condition::Value("cos(t)".into()))
        // sin(kx) has a zero slope at x = 1.
        .boundary("x+", Condition::Derivative(0.0.into()))
        .build()?;
    let spacing = grid.axes()[0].spacing();
    let mut simulation = Simulation::builder(&rod, world)
        .initial("c", "sin(1.5*pi*x) + 1")
        .dt(0.2 * spacing * spacing / diffusivity)
        .build()?;
    let mut largest: f64 = 0.0;
    for time in [0.1, 0.2] {
        simulation.run_until(time)?;
        let first = simulation.decomposition().subdomain(world.rank()).start()[2];
        for (i, c) in simulation.field("c")?.iter().enumerate() {
            let x = grid.axes()[0].centre((first + i) as isize);
            let exact = (-diffusivity * k * k * time).exp() * (k * x).sin() + time.cos();
            largest = largest.max((c - exact).abs());
        }
    }
    Ok(world.max(largest)?)
}

pub(crate) fn study(world: &World) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let mut errors = Vec::new();
    for cells in [20, 40, 80, 160] {
        errors.push(error(world, cells)?);
        if world.is_root() {
            let order = match errors.as_slice() {
                [.., coarse, fine] => format!("order {:.3}", (coarse / fine).log2()),
                _ => String::new(),
            };
            println!("{cells:4} cells   error {:.3e}   {order}", errors[errors.len() - 1]);
        }
    }
    Ok(errors)
}

fn main() -> std::process::ExitCode {
    launch(|world| study(world).map(drop))
}
