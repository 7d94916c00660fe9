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
    law: Law,
    /// For each field its value; I, J, K are the numbers of a cell along the axes.
    initial: &'static [(&'static str, &'static str)],
    dt: f64,
}

/// What fields obey.
enum Law {
    /// The slope of each field, and how time is stepped.
    Equations(&'static [(&'static str, &'static str)], Tableau),
    /// All of them are advected around the middle as one rigid body.
    Rotation(Mpdata),
}

const WAVES: &str = "0.5 + 0.3*(sin(0.37*I)*cos(0.23*J) + 0.3*sin(0.11*I + 0.71*J))/1.3";
const WAVES_OF_V: &str = "0.25 + 0.1*(sin(0.37*I + 1)*cos(0.23*J) + 0.3*sin(0.11*I + 0.71*J))/1.3";
const WAVES_3D: &str =
    "0.5 + 0.3*(sin(0.37*J + 0.19*I)*cos(0.23*K) + 0.3*sin(0.11*J + 0.71*K))/1.3";
const WAVES_AROUND_0: &str = "0.2*(sin(0.37*I)*cos(0.23*J) + 0.3*sin(0.11*I + 0.71*J))/1.3";
const GRAY_SCOTT: &[(&str, &str)] =
    &[("u", "0.2*laplace(u) - u*v^2 + 0.04*(1 - u)"), ("v", "0.1*laplace(v) + u*v^2 - 0.1*v")];

/// The upwind scheme; the others correct its error.
const UPWIND: Mpdata = Mpdata {
    iterations: 1,
    infinite_gauge: false,
    nonoscillatory: false,
    third_order: ThirdOrder::None,
    divergent_flow: false,
    dpdc: false,
    signed: false,
};
const TWO_PASSES: Mpdata = Mpdata { iterations: 2, ..UPWIND };
const THREE_LIMITED_PASSES: Mpdata =
    Mpdata { iterations: 3, infinite_gauge: true, nonoscillatory: true, ..UPWIND };

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "heat2",
        axes: 2,
        law: Law::Equations(&[("u", "laplace(u)")], Tableau::EULER),
        initial: &[("u", WAVES)],
        dt: 0.1,
    },
    Workload {
        name: "heat3",
        axes: 3,
        law: Law::Equations(&[("u", "laplace(u)")], Tableau::EULER),
        initial: &[("u", WAVES_3D)],
        dt: 0.1,
    },
    Workload {
        name: "gs_euler",
        axes: 2,
        law: Law::Equations(GRAY_SCOTT, Tableau::EULER),
        initial: &[("u", WAVES), ("v", WAVES_OF_V)],
        dt: 1.0,
    },
    Workload {
        name: "gs_rk4",
        axes: 2,
        law: Law::Equations(GRAY_SCOTT, Tableau::RK4),
        initial: &[("u", WAVES), ("v", WAVES_OF_V)],
        dt: 0.5,
    },
    Workload {
        name: "ch",
        axes: 2,
        law: Law::Equations(&[("c", "laplace(c^3 - c - laplace(c))")], Tableau::EULER),
        initial: &[("c", WAVES_AROUND_0)],
        dt: 0.01,
    },
    Workload {
        name: "trans",
        axes: 2,
        law: Law::Equations(&[("u", "laplace(u) + sin(u)*exp(-u^2)")], Tableau::EULER),
        initial: &[("u", WAVES)],
        dt: 0.1,
    },
    Workload {
        name: "ks",
        axes: 2,
        law: Law::Equations(
            &[("u", "-gradient_squared(u)/2 - laplace(u + laplace(u))")],
            Tableau::EULER,
        ),
        initial: &[("u", WAVES_AROUND_0)],
        dt: 0.01,
    },
    Workload {
        name: "upwind",
        axes: 2,
        law: Law::Rotation(UPWIND),
        initial: &[("psi", WAVES)],
        dt: 1.0,
    },
    Workload {
        name: "mpdata2",
        axes: 2,
        law: Law::Rotation(TWO_PASSES),
        initial: &[("psi", WAVES)],
        dt: 1.0,
    },
    Workload {
        name: "mpdata2_limited",
        axes: 2,
        law: Law::Rotation(THREE_LIMITED_PASSES),
        initial: &[("psi", WAVES)],
        dt: 1.0,
    },
    Workload {
        name: "mpdata3",
        axes: 3,
        law: Law::Rotation(TWO_PASSES),
        initial: &[("psi", WAVES_3D)],
        dt: 1.0,
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
    let mut builder = Pde::on(grid);
    match &workload.law {
        Law::Equations(equations, _) => {
            for (field, slope) in *equations {
                builder = builder.equation(field, *slope);
            }
        }
        Law::Rotation(options) => {
            let rotation = Advector::Courant(rotation(grid.shape()[2], workload.axes));
            let transport = Transport { options: *options, ..Transport::by(rotation) };
            for (field, _) in workload.initial {
                builder = builder.transport(field, transport.clone());
            }
        }
    }
    Ok(builder.build()?)
}

/// Courant numbers of a rotation, in three dimensions around the diagonal: up to 1/4 along an axis,
/// or 1/3.4.
fn rotation(cells: usize, axes: usize) -> Vec<Formula> {
    let from_middle = |axis: &str| format!("({axis} - {cells}/2)");
    let [x, y, z] = ["x", "y", "z"].map(from_middle);
    let each = if axes == 2 {
        vec![format!("-0.5/{cells}*{y}"), format!("0.5/{cells}*{x}")]
    } else {
        [(&z, &y), (&x, &z), (&y, &x)]
            .map(|(ahead, behind)| format!("0.5/1.7/{cells}*({ahead} - {behind})"))
            .to_vec()
    };
    each.into_iter().map(Formula::from).collect()
}

/// What every tool prints: the sum over the cells in the middle, 5 along each axis; of equations in
/// three dimensions that one cell. (A rotation leaves it as it is.) Collective.
fn checksum(
    simulation: &Simulation,
    world: &World,
    workload: &Workload,
) -> Result<f64, Box<dyn Error>> {
    let (shape, missing) = (simulation.pde().grid().shape(), simulation.pde().grid().missing());
    let block = simulation.decomposition().subdomain(world.rank());
    let reach =
        if matches!((&workload.law, workload.axes), (Law::Equations(..), 3)) { 0 } else { 2 };
    let is_near = |axis: usize, cell: usize| cell.abs_diff(shape[axis] / 2) <= reach;
    let mut near = Vec::new();
    for (cell, value) in simulation.field(workload.initial[0].0)?.indexed_iter() {
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
    let mut builder = Simulation::builder(&pde, world).dt(workload.dt).backend(*made);
    if let Law::Equations(_, scheme) = &workload.law {
        builder = builder.scheme(scheme);
    }
    for (field, value) in workload.initial {
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
        Ok((seconds, checksum(&simulation, world, workload)?))
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
