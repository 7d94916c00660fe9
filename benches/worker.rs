//! Fluxions as a worker of `make bench` (benches/README.md):
//!
//! ```text
//! worker EQUATION N [--ranks R] [--backend NAME]
//! ```
//!
//! solves an equation on N cells along each axis, on R threads or under mpirun on its processes.
//! After the first step it prints `first SECONDS`; for each line `run STEPS` it does as many steps
//! and prints `t SECONDS CHECKSUM`. `worker --backends` names the back ends, one a line.

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::process::ExitCode;
use std::time::Instant;

use fluxions::comm::Combine;
use fluxions::expr::Backend;
use fluxions::prelude::*;

struct Workload {
    name: &'static str,
    axes: usize,
    equations: &'static [(&'static str, &'static str)],
    /// For each field; I, J, K are the numbers of a cell along the axes.
    initial: &'static [&'static str],
    scheme: Tableau,
    dt: f64,
}

const WAVES: &str = "0.5 + 0.3*(sin(0.37*I)*cos(0.23*J) + 0.3*sin(0.11*I + 0.71*J))/1.3";
const WAVES_OF_V: &str = "0.25 + 0.1*(sin(0.37*I + 1)*cos(0.23*J) + 0.3*sin(0.11*I + 0.71*J))/1.3";
const WAVES_3D: &str =
    "0.5 + 0.3*(sin(0.37*J + 0.19*I)*cos(0.23*K) + 0.3*sin(0.11*J + 0.71*K))/1.3";
const WAVES_AROUND_0: &str = "0.2*(sin(0.37*I)*cos(0.23*J) + 0.3*sin(0.11*I + 0.71*J))/1.3";
const GRAY_SCOTT: &[(&str, &str)] =
    &[("u", "0.2*laplace(u) - u*v^2 + 0.04*(1 - u)"), ("v", "0.1*laplace(v) + u*v^2 - 0.1*v")];

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "heat2",
        axes: 2,
        equations: &[("u", "laplace(u)")],
        initial: &[WAVES],
        scheme: Tableau::EULER,
        dt: 0.1,
    },
    Workload {
        name: "heat3",
        axes: 3,
        equations: &[("u", "laplace(u)")],
        initial: &[WAVES_3D],
        scheme: Tableau::EULER,
        dt: 0.1,
    },
    Workload {
        name: "gs_euler",
        axes: 2,
        equations: GRAY_SCOTT,
        initial: &[WAVES, WAVES_OF_V],
        scheme: Tableau::EULER,
        dt: 1.0,
    },
    Workload {
        name: "gs_rk4",
        axes: 2,
        equations: GRAY_SCOTT,
        initial: &[WAVES, WAVES_OF_V],
        scheme: Tableau::RK4,
        dt: 0.5,
    },
    Workload {
        name: "ch",
        axes: 2,
        equations: &[("c", "laplace(c^3 - c - laplace(c))")],
        initial: &[WAVES_AROUND_0],
        scheme: Tableau::EULER,
        dt: 0.01,
    },
    Workload {
        name: "trans",
        axes: 2,
        equations: &[("u", "laplace(u) + sin(u)*exp(-u^2)")],
        initial: &[WAVES],
        scheme: Tableau::EULER,
        dt: 0.1,
    },
    Workload {
        name: "ks",
        axes: 2,
        equations: &[("u", "-gradient_squared(u)/2 - laplace(u + laplace(u))")],
        initial: &[WAVES_AROUND_0],
        scheme: Tableau::EULER,
        dt: 0.01,
    },
];

struct Arguments {
    workload: &'static Workload,
    cells: usize,
    ranks: usize,
    backend: String,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let mut next = |what: &str| given.next().ok_or(format!("{what} is missing"));
    let name = next("an equation")?;
    let workload = WORKLOADS.iter().find(|workload| workload.name == name);
    let workload = workload.ok_or(format!("there is no equation `{name}`"))?;
    let cells = next("the number of cells")?.parse()?;
    let (mut ranks, mut backend) = (1, "closures".to_string());
    while let Ok(option) = next("") {
        match option.as_str() {
            "--ranks" => ranks = next("the number of ranks")?.parse()?,
            "--backend" => backend = next("the back end")?,
            _ => return Err(format!("there is no option `{option}`").into()),
        }
    }
    Ok(Arguments { workload, cells, ranks, backend })
}

fn grid(workload: &Workload, cells: usize) -> Result<Grid, Box<dyn Error>> {
    let axes = &["x", "y", "z"][..workload.axes];
    let builder = axes.iter().fold(Grid::cartesian(), |builder, axis| {
        builder.axis(axis, 0.0..cells as f64, cells, Periodic)
    });
    Ok(builder.build()?)
}

fn pde(workload: &Workload, grid: &Grid) -> Result<Pde, Box<dyn Error>> {
    let equations = workload.equations.iter();
    let builder =
        equations.fold(Pde::on(grid), |builder, (field, slope)| builder.equation(field, *slope));
    Ok(builder.build()?)
}

/// What every tool prints: in two dimensions the sum over the 5 × 5 cells in the middle, in three
/// the cell in the middle. Collective.
fn checksum(simulation: &Simulation, world: &World, field: &str) -> Result<f64, Box<dyn Error>> {
    let (shape, missing) = (simulation.pde().grid().shape(), simulation.pde().grid().missing());
    let block = simulation.decomposition().subdomain(world.rank());
    let reach = if missing == 0 { 0 } else { 2 };
    let is_near = |axis: usize, cell: usize| cell.abs_diff(shape[axis] / 2) <= reach;
    let mut near = Vec::new();
    for (cell, value) in simulation.field(field)?.indexed_iter() {
        if (missing..3).all(|axis| is_near(axis, block.start()[axis] + cell[axis - missing])) {
            near.push(*value);
        }
    }
    Ok(world.sum(&near)?)
}

/// The number of steps asked for next; 0 if there are to be no more. Collective.
fn next_steps(world: &World) -> Result<u64, Box<dyn Error>> {
    let mut steps = [0];
    if world.is_root() {
        let mut line = String::new();
        stdin().read_line(&mut line)?;
        let asked = line.strip_prefix("run ").and_then(|rest| rest.split_whitespace().next());
        steps[0] = asked.map_or(Ok(0), str::parse)?;
    }
    world.combine(Combine::Max, &mut steps)?;
    Ok(steps[0] as u64)
}

fn say(world: &World, line: &str) -> Result<(), Box<dyn Error>> {
    if world.is_root() {
        println!("{line}");
        stdout().flush()?;
    }
    Ok(())
}

fn serve(arguments: &Arguments, world: &World, began: Instant) -> Result<(), Box<dyn Error>> {
    let Arguments { workload, cells, backend, .. } = arguments;
    let grid = grid(workload, *cells)?;
    let pde = pde(workload, &grid)?;
    let made = Backend::ALL.iter().find(|made| made.name() == backend);
    let made = made.ok_or(format!("this build has no back end `{backend}`"))?;
    let mut builder = Simulation::builder(&pde, world).scheme(workload.scheme).dt(workload.dt);
    builder = builder.backend(*made);
    for ((field, _), value) in workload.equations.iter().zip(workload.initial) {
        // Centres of cells lie at ½, 1½, …
        let value = value.replace('I', "(x - 0.5)").replace('J', "(y - 0.5)");
        builder = builder.initial(field, value.replace('K', "(z - 0.5)").as_str());
    }
    let mut simulation = builder.build()?;
    let mut advance = |steps: u64| -> Result<(f64, f64), Box<dyn Error>> {
        world.barrier()?;
        let began = Instant::now();
        let report = simulation.run_until(simulation.time() + steps as f64 * workload.dt)?;
        world.barrier()?;
        let seconds = began.elapsed().as_secs_f64();
        if report.backend != *backend {
            return Err(format!("the back end is {}, not {backend}", report.backend).into());
        }
        Ok((seconds, checksum(&simulation, world, workload.equations[0].0)?))
    };

    advance(1)?;
    say(world, &format!("info Fluxions {} {backend}", env!("CARGO_PKG_VERSION")))?;
    say(world, &format!("first {:.6}", began.elapsed().as_secs_f64()))?;
    loop {
        let steps = next_steps(world)?;
        if steps == 0 {
            return Ok(());
        }
        let (seconds, checksum) = advance(steps)?;
        say(world, &format!("t {seconds:.9} {checksum:.17e}"))?;
    }
}

fn main() -> ExitCode {
    let began = Instant::now();
    if std::env::args().nth(1).is_some_and(|first| first == "--backends") {
        Backend::ALL.iter().for_each(|backend| println!("{backend}"));
        return ExitCode::SUCCESS;
    }
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\nworker EQUATION N [--ranks R] [--backend NAME]");
            return ExitCode::from(2);
        }
    };
    if arguments.ranks == 1 {
        return launch(|world| serve(&arguments, world, began));
    }
    let rank = |world: &World| serve(&arguments, world, began).map_err(|error| error.to_string());
    match on_threads(arguments.ranks, rank) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
