//! `fluxions check`: does everything short of the first step, and reports it.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use fluxions::expr::{Rank, Type};
use fluxions::grid::{Condition, Side};
use fluxions_io::numbers::brief;
use fluxions_io::problem::Times;
use fluxions_io::{Field, Problem};
use fluxions_solver::{
    Advector, EqualSteps, FaceConditions, Formula, Inspection, StableStep, ThirdOrder, Transport,
    measured_speed, stable_step,
};
use indicatif::{BinaryBytes, HumanDuration};

use crate::args::{CheckArgs, Stage};
use crate::failure::{Failure, warn};
use crate::print::print;
use crate::{ranks, source};

pub(crate) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let problem = source::read(&args.problem)?;
    let ranks = ranks::number(&args.problem, &problem);
    // Output expressions and initial values are checked by making a simulation of a small part.
    let mistakes = |errors| Failure::Mistakes(problem.mistakes(&errors));
    let inspection = Inspection::new(&problem.pde, &problem.times.scheme, ranks, &problem.dims);
    let inspection = inspection.map_err(|error| match error.origin() {
        Some(_) => mistakes(error.into()),
        None => Failure::Solve(error),
    })?;
    match args.show {
        Some(Stage::Ast) => print(&trees(&problem)),
        Some(Stage::Passes) => print(&inspection.plan),
        Some(Stage::Kernel) => print(&inspection.kernels),
        None => {
            problem.check().map_err(mistakes)?;
            let step = stable_step(&problem.pde, &problem.initial, &problem.times.scheme)
                .map_err(mistakes)?;
            let mut warnings = problem.warnings.clone();
            warnings.extend(problem.step_warning(&step));
            warn(&problem, &warnings);
            let speed = measured_speed(&problem.pde, &problem.initial, &problem.times.scheme)
                .map_err(mistakes)?;
            print(&describe(&problem, &inspection, &step, speed, ranks)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The syntax trees of all equations and of what advects fields.
fn trees(problem: &Problem) -> String {
    let mut text = String::new();
    for (name, equation) in &problem.equations {
        // The problem was checked: its equations can be parsed.
        if let Ok(tree) = fluxions::expr::parse(equation) {
            text += &format!("d({name})/dt = {equation}\n{tree}\n");
        }
    }
    for (name, transport) in &problem.transports {
        let (kind, formulas) = advector(transport);
        for (k, formula) in formulas.iter().enumerate() {
            let component =
                if formulas.len() > 1 { format!(", component {k}") } else { String::new() };
            let formula = formula.to_string();
            if let Ok(tree) = fluxions::expr::parse(&formula) {
                text += &format!("{kind} of {name}{component} = {formula}\n{tree}\n");
            }
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
            let (name, lower, upper) = (axis.name(), brief(lower), brief(upper));
            format!("{name} in [{lower}, {upper}], {} cells{ends}", axis.cells())
        })
        .collect();
    if grid.geometry().is_curvilinear() {
        line("geometry", grid.geometry().name().into());
    }
    line("grid", axes.join("\n"));
    line("fields", fields(problem));
    if !problem.transports.is_empty() {
        line("transport", transports(problem));
    }
    line("conditions", conditions(problem));
    line("step", inspection.plan.clone());
    let dims: Vec<String> = inspection.dims.iter().map(usize::to_string).collect();
    line("ranks", format!("{ranks} ({})", dims.join("×")));
    line("memory", format!("{} per rank", BinaryBytes(inspection.memory_per_rank as u64)));
    line(
        "halos",
        format!(
            "{} messages with {} per step, without temporal blocking",
            inspection.messages_per_step,
            BinaryBytes(inspection.bytes_per_step as u64)
        ),
    );
    let times = &problem.times;
    let steps = EqualSteps::new(times.start, times.dt)?.steps_to(times.end)?;
    line("time", format!("{steps} {}", times.describe()));
    line("stable dt", stable(times, step));
    let seconds = steps as f64 * grid.cells() as f64 / (speed * usable(ranks) as f64);
    let duration = Duration::from_secs_f64(seconds.min(1e9));
    let took = match seconds < 1.0 {
        true => format!("{seconds:.2} s"),
        false => HumanDuration(duration).to_string(),
    };
    line("run time", format!("about {took} (one rank steps {:.1} Mcell/s here)", speed / 1e6));
    Ok(text)
}

/// How many of these ranks this machine can run at the same time.
fn usable(ranks: usize) -> usize {
    ranks.min(std::thread::available_parallelism().map_or(1, usize::from))
}

fn stable(times: &Times, step: &StableStep) -> String {
    if step.decaying.is_infinite() {
        return "any: nothing in the equations limits it".into();
    }
    match times.sources {
        Some(_) => format!("{:.3e} for transport, diffusion and decay", step.decaying),
        None => {
            let waves = match step.oscillating > 0.0 {
                true => format!("{:.3e} for waves", step.oscillating),
                false => {
                    format!("{} is unstable for waves that are not damped", times.scheme_name())
                }
            };
            format!("{:.3e} for diffusion and decay; {waves}", step.decaying)
        }
    }
}

/// The formulas and the options of each advected field, a line for each.
fn transports(problem: &Problem) -> String {
    let one = |(name, transport): &(String, Transport)| {
        let (kind, formulas) = advector(transport);
        let options = &transport.options;
        let passes = if options.iterations == 1 { "iteration" } else { "iterations" };
        let mut words = vec![
            format!("{name}: {kind} {}", listed(&formulas)),
            format!("{} {passes}", options.iterations),
        ];
        let flags = [
            (options.infinite_gauge, "infinite gauge"),
            (options.nonoscillatory, "nonoscillatory"),
            (options.third_order == ThirdOrder::Standard, "third order"),
            (options.third_order == ThirdOrder::Full, "full third order"),
            (options.divergent_flow, "divergent flow"),
            (options.dpdc, "dpdc"),
            (options.signed, "signed"),
        ];
        words.extend(flags.iter().filter(|(on, _)| *on).map(|(_, word)| word.to_string()));
        if transport.g_factor != Formula::Number(1.0) {
            words.push(format!("G = {}", transport.g_factor));
        }
        if !transport.diffusivity.is_empty() {
            let diffusivity: Vec<&Formula> = transport.diffusivity.iter().collect();
            words.push(format!("diffusivity {}", listed(&diffusivity)));
        }
        words.join(", ")
    };
    problem.transports.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// The kind of what advects a field, in words, and its expressions.
fn advector(transport: &Transport) -> (&'static str, Vec<&Formula>) {
    match &transport.advector {
        Advector::Velocity(list) => ("velocity", list.iter().collect()),
        Advector::Courant(list) => ("Courant numbers", list.iter().collect()),
        Advector::StreamFunction(formula) => ("stream function", vec![formula]),
    }
}

/// Expressions, in brackets where there are several.
fn listed(formulas: &[&Formula]) -> String {
    let texts: Vec<String> = formulas.iter().map(ToString::to_string).collect();
    if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) }
}

/// The fields, with the types of those that are not real scalars.
fn fields(problem: &Problem) -> String {
    let pde = &problem.pde;
    let one = |(name, ty): (&String, &Type)| match (ty.rank, ty.complex) {
        (Rank::Scalar, false) => name.clone(),
        (Rank::Scalar, true) => format!("{name} (complex)"),
        (rank, complex) => {
            let complex = if complex { "complex " } else { "" };
            format!("{name} ({complex}{} of {})", rank.name(), pde.space().components.join(", "))
        }
    };
    pde.fields().iter().zip(pde.types()).map(one).collect::<Vec<_>>().join(", ")
}

/// The boundary conditions of each field and definition, in words.
fn conditions(problem: &Problem) -> String {
    let pde = &problem.pde;
    let all = pde.conditions();
    let fields = pde.fields().iter().zip(pde.types()).enumerate();
    let fields = fields.map(|(f, (name, ty))| (name, *ty, all.of_field(f, *ty)));
    let definitions = pde.definitions().iter().enumerate();
    let definitions =
        definitions.map(|(d, of)| (&of.name, of.expr.ty, all.of_definition(d, of.expr.ty)));
    let mut lines = Vec::new();
    for (name, ty, numbers) in fields.chain(definitions) {
        // Real and imaginary parts have the same conditions.
        let arrays = numbers.unwrap_or_default().iter().step_by(ty.per_component());
        let words: Vec<String> = arrays.map(|n| on_faces(problem, all.of_array(*n))).collect();
        match words.first() {
            Some(first) if words.iter().all(|other| other == first) => {
                lines.push(format!("{name}: {first}"));
            }
            _ => {
                let components = Field::new(name, ty, &pde.space().components).components();
                let named = components.iter().zip(&words);
                lines.extend(named.map(|(component, words)| format!("{component}: {words}")));
            }
        }
    }
    lines.join("\n")
}

/// The condition at each face, in words.
fn on_faces(problem: &Problem, conditions: &FaceConditions) -> String {
    let grid = problem.pde.grid();
    let mut faces = Vec::new();
    for (named, axis) in grid.axes().iter().enumerate() {
        let [lower, upper] = &conditions[grid.missing() + named];
        if lower.condition.joins_ends() {
            faces.push(format!("{} {}", axis.name(), lower.condition.name()));
            continue;
        }
        for (side, face) in Side::BOTH.into_iter().zip([lower, upper]) {
            let name = match &face.condition {
                Condition::Derivative(expr) if is_zero(expr) => "no flux",
                other => other.name(),
            };
            faces.push(format!("{}{} {name}", axis.name(), side.sign()));
        }
    }
    faces.join(", ")
}

fn is_zero(expr: &fluxions::expr::Expr) -> bool {
    matches!(expr.node, fluxions::expr::Node::Number(0.0))
}
