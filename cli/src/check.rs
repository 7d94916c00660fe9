//! `fluxions check`: everything short of the first step.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use fluxions::grid::{Condition, Side};
use fluxions::io::Problem;
use fluxions::solver::{Clock, Inspection, StableStep, measured_speed, stable_step};
use indicatif::{BinaryBytes, HumanDuration};

use crate::args::{CheckArgs, Stage};
use crate::failure::Failure;
use crate::print::print;
use crate::source;

pub(crate) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let problem = source::read(&args.problem)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ranks = match args.problem.ranks {
        Some(ranks) => ranks as usize,
        None => fluxions::comm::launched_ranks().unwrap_or(cores.min(problem.pde.grid().cells())),
    };
    // Output expressions and initial values are checked by making a simulation of a small part.
    let mistakes = |errors| Failure::Mistakes(problem.mistakes(&errors));
    let inspection = Inspection::new(&problem.pde, &problem.times.scheme, ranks, &problem.dims)?;
    match args.show {
        Some(Stage::Ast) => print(&trees(&problem)),
        Some(Stage::Passes) => print(&inspection.plan),
        Some(Stage::Kernel) => print(&inspection.kernels),
        None => {
            problem.check().map_err(mistakes)?;
            let step = stable_step(&problem.pde, &problem.initial, &problem.times.scheme)
                .map_err(mistakes)?;
            let speed = measured_speed(&problem.pde, &problem.initial, &problem.times.scheme)
                .map_err(mistakes)?;
            print(&describe(&problem, &inspection, &step, speed, ranks)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The syntax tree of each equation.
fn trees(problem: &Problem) -> String {
    let mut text = String::new();
    for (name, equation) in &problem.equations {
        // The problem was checked: its equations can be parsed.
        if let Ok(tree) = fluxions::expr::parse(equation) {
            text += &format!("d({name})/dt = {equation}\n{tree}\n");
        }
    }
    text
}

fn describe(
    problem: &Problem,
    inspection: &Inspection,
    step: &StableStep,
    speed: f64,
    ranks: usize,
) -> Result<String, Failure> {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let mut line = |name: &str, value: String| {
        let mut lines = value.lines();
        let _ = writeln!(text, "{name:<12}{}", lines.next().unwrap_or(""));
        for more in lines {
            let _ = writeln!(text, "{:12}{more}", "");
        }
    };
    let pde = &problem.pde;
    let grid = pde.grid();
    if !problem.title.is_empty() {
        line("title", problem.title.clone());
    }
    let axes: Vec<String> = grid
        .axes()
        .iter()
        .map(|axis| {
            let [lower, upper] = axis.bounds();
            let ends = if axis.is_periodic() { ", periodic" } else { "" };
            format!("{} in [{lower}, {upper}], {} cells{ends}", axis.name(), axis.cells())
        })
        .collect();
    line("grid", axes.join("\n"));
    line("fields", pde.fields().join(", "));
    line("conditions", conditions(problem));
    line("step", inspection.plan.clone());
    let dims: Vec<String> = inspection.dims.iter().map(usize::to_string).collect();
    line("ranks", format!("{ranks} ({})", dims.join("×")));
    line("memory", format!("{} per rank", BinaryBytes(inspection.memory_per_rank as u64)));
    line(
        "halos",
        format!(
            "{} messages with {} per step",
            inspection.messages_per_step,
            BinaryBytes(inspection.bytes_per_step as u64)
        ),
    );
    let times = &problem.times;
    let clock = Clock::new(times.start, times.end, times.dt)?;
    line("time", format!("{} steps of {} by {}", clock.steps(), times.dt, times.scheme.name));
    line("stable dt", stable(times.dt, times.scheme.name, step));
    let seconds = clock.steps() as f64 * grid.cells() as f64 / (speed * usable(ranks) as f64);
    let duration = Duration::from_secs_f64(seconds.min(1e9));
    let took = match seconds < 1.0 {
        true => format!("{seconds:.2} s"),
        false => HumanDuration(duration).to_string(),
    };
    line("run time", format!("about {took} (one rank steps {:.1} Mcell/s here)", speed / 1e6));
    Ok(text)
}

/// How many ranks this machine can really run at once.
fn usable(ranks: usize) -> usize {
    ranks.min(std::thread::available_parallelism().map_or(1, usize::from))
}

fn stable(dt: f64, scheme: &str, step: &StableStep) -> String {
    if step.decaying.is_infinite() {
        return "any: nothing in the equations limits it".into();
    }
    let waves = match step.oscillating > 0.0 {
        true => format!("{:.3e} for waves", step.oscillating),
        false => format!("{scheme} is unstable for waves that are not damped"),
    };
    let mut text = format!("{:.3e} for diffusion and decay; {waves}", step.decaying);
    if dt > step.decaying.max(step.oscillating) {
        text += &format!("\nwarning: dt = {dt} is longer, the solution may grow without bound");
    }
    text
}

/// The boundary conditions of each field and definition, in words.
fn conditions(problem: &Problem) -> String {
    let pde = &problem.pde;
    let grid = pde.grid();
    let one = |set: usize| {
        let set = pde.conditions().set(set);
        let mut faces = Vec::new();
        for (named, axis) in grid.axes().iter().enumerate() {
            let [lower, upper] = &set[grid.missing() + named];
            if lower.joins_ends() {
                faces.push(format!("{} {}", axis.name(), lower.name()));
                continue;
            }
            for (side, condition) in Side::BOTH.into_iter().zip([lower, upper]) {
                let name = match condition {
                    Condition::Derivative(expr) if is_zero(expr) => "no flux".into(),
                    other => other.name().to_string(),
                };
                faces.push(format!("{}{} {name}", axis.name(), side.sign()));
            }
        }
        faces.join(", ")
    };
    let fields =
        pde.fields().iter().enumerate().map(|(f, name)| (name, pde.conditions().of_field(f)));
    let definitions = pde
        .definitions()
        .iter()
        .enumerate()
        .map(|(d, definition)| (&definition.name, pde.conditions().of_definition(d)));
    let lines: Vec<String> =
        fields.chain(definitions).map(|(name, set)| format!("{name}: {}", one(set))).collect();
    lines.join("\n")
}

fn is_zero(expr: &fluxions::expr::Expr) -> bool {
    matches!(expr.node, fluxions::expr::Node::Number(0.0))
}
