//! `fluxions bench`: measures what the machine can do, and how fast it steps a problem.

use std::process::ExitCode;
use std::time::Instant;

use fluxions::comm::World;
use fluxions_io::Problem;
use fluxions_solver::{
    BEYOND_CACHES, Blocking, Simulation, copy_bandwidth, message_latency, reduction_latency,
};

use crate::args::{BenchArgs, ProblemArgs};
use crate::cost;
use crate::failure::Failure;
use crate::print::line;
use crate::ranks::{cores, number, on_so_many_ranks, together};
use crate::source;

/// The sizes in bytes of the arrays that are copied: they fit the caches of one core, those shared by
/// all cores, or none.
const COPIES: [(&str, usize); 3] =
    [("64 KiB", 64 << 10), ("2 MiB", 2 << 20), ("32 MiB", BEYOND_CACHES)];
/// How many numbers the timed messages hold: one, and as many as a row of a halo.
const MESSAGES: [usize; 2] = [1, 4096];
/// About how many seconds steps are timed.
const TIMED: f64 = 1.0;

pub(crate) fn bench(args: &BenchArgs) -> Result<ExitCode, Failure> {
    let problem = args.file.as_ref().map(|file| ProblemArgs {
        file: file.clone(),
        ranks: args.ranks,
        set: args.set.clone(),
    });
    let threads = || match &problem {
        Some(problem) => Ok(number(problem, &source::read(problem)?)),
        None => Ok(args.ranks.map_or_else(cores, |ranks| ranks as usize)),
    };
    on_so_many_ranks(args.ranks, threads, |world| {
        let memory = machine(world)?;
        if let Some(path) = &args.save {
            let found = cost::machine(world)?;
            let saved = if world.is_root() { found.save(path) } else { Ok(()) };
            together(world, saved)?;
        }
        match &problem {
            Some(args) => {
                let problem = source::read_together(world, args)?;
                steps(world, &problem, memory)
            }
            None => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a line on rank 0.
fn told(world: &World, name: &str, text: &str) {
    if world.is_root() {
        line(&format!("{name:<12}{text}"));
    }
}

/// Measures the machine. Returns the speed of copying memory with all ranks, in bytes per second.
fn machine(world: &World) -> Result<f64, Failure> {
    told(world, "ranks", &world.size().to_string());
    let mut memory = 0.0;
    for (size, bytes) in COPIES {
        memory = copy_bandwidth(world, bytes)?;
        let name = if bytes == COPIES[0].1 { "copying" } else { "" };
        told(world, name, &format!("{size:>7} arrays: {:6.1} GB/s", memory / 1e9));
    }
    for length in MESSAGES {
        if world.size() > 1 {
            let seconds = message_latency(world, [0, 1], length)?;
            let name = if length == MESSAGES[0] { "messages" } else { "" };
            let text = format!("{length:>7} number(s): {:6.2} µs", seconds * 1e6);
            told(world, name, &text);
        }
    }
    if world.size() > 1 {
        let seconds = reduction_latency(world)?;
        told(world, "all-reduce", &format!("{:>7} number: {:9.2} µs", 1, seconds * 1e6));
    }
    Ok(memory)
}

/// Times steps of a problem pass by pass, then steps as `run` makes them.
fn steps(world: &World, problem: &Problem, memory: f64) -> Result<(), Failure> {
    let build = |blocking: Option<Blocking>| {
        let mut builder = problem.simulation(world);
        if let Some(blocking) = blocking {
            builder = builder.blocking(blocking);
        }
        let built = builder.build();
        together(world, built.map_err(|errors| Failure::Mistakes(problem.mistakes(&errors))))
    };
    let cells = problem.pde.grid().cells() as f64;
    let line = |name: &str, seconds: f64, bytes: f64| {
        let text = match bytes > 0.0 {
            true => format!(
                "{:9.1} {:8.1} {:6.0} %",
                cells / seconds / 1e6,
                bytes * cells / seconds / 1e9,
                100.0 * bytes * cells / seconds / memory
            ),
            false => format!("{:9} {:8} {:8}", "", "", ""),
        };
        told(world, "", &format!("{:10.1} {text}  {name}", seconds * 1e6));
    };
    told(world, "", &format!("{:>10} {:>9} {:>8} {:>8}", "µs/step", "Mcell/s", "GB/s", "of limit"));

    let mut simulation = build(Some(Blocking { steps: Some(0), ..Blocking::default() }))?;
    // The first step touches the memory, the next ones show how many fit the time.
    simulation.time_passes(1)?;
    let began = Instant::now();
    simulation.time_passes(3)?;
    let one = world.max(began.elapsed().as_secs_f64() / 3.0)?;
    let times = simulation.time_passes(((TIMED / one) as u64).max(1))?;
    for pass in &times {
        line(&pass.name, pass.seconds, pass.bytes_per_cell as f64);
    }
    let bytes: usize = times.iter().map(|pass| pass.bytes_per_cell).sum();
    line("a step, pass by pass", times.iter().map(|pass| pass.seconds).sum(), bytes as f64);
    drop(simulation);

    let mut simulation = build(None)?;
    let report = run(&mut simulation, problem.times.dt, one)?;
    let seconds = report.stepping_seconds / report.steps as f64;
    let name = format!("a step as `run` makes it: {}, by {}", sweep(&simulation), report.backend);
    line(&name, seconds, bytes as f64);
    Ok(())
}

/// The temporal blocking of the steps, in words.
fn sweep(simulation: &Simulation) -> String {
    let Blocking { steps, slabs, tile, stream } = simulation.blocking();
    let Some(steps @ 1..) = steps else {
        let past = if stream == Some(true) { ", results stored past the caches" } else { "" };
        return format!("pass by pass{past}");
    };
    let slabs = slabs.map_or(String::new(), |slabs| format!(", {slabs} slab(s) at a time"));
    let tile = match tile {
        Some(cells @ 1..) => format!(", in tiles of {cells}"),
        _ => String::new(),
    };
    format!("{steps} in a sweep over memory{slabs}{tile}")
}

/// Makes steps for about two seconds. `one` is about how long a step takes, the same on all ranks.
fn run(simulation: &mut Simulation, dt: f64, one: f64) -> Result<fluxions_solver::Report, Failure> {
    let steps = (2.0 * TIMED / one).max(1.0).round();
    Ok(simulation.run_until(simulation.time() + steps * dt)?)
}
