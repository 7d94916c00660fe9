//! `fluxions check`: does everything short of the first step, and reports it.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use fluxions::expr::{Rank, Type};
use fluxions_io::numbers::brief;
use fluxions_io::problem::{Output, Part};
use fluxions_io::{Problem, SeriesWriter, picture};
use fluxions_solver::{
    Advector, Formula, Global, Halos, Inspection, Region, SchemeChoice, Speed, StableStep,
    ThirdOrder, Transport, measured_speed, used_memory,
};
use indicatif::BinaryBytes;

use crate::args::{CheckArgs, ProblemArgs, Stage};
use crate::conditions::conditions;
use crate::estimate::{self, Estimate};
use crate::failure::{Failure, warn};
use crate::print::print;
use crate::run::PANELS;
use crate::{cost, ranks, source};

/// Less memory than this is not told of pictures.
const NOTABLE: usize = 16 << 20;

pub(crate) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let CheckArgs { file, ranks, set, .. } = args;
    let asked = ProblemArgs { file: file.clone(), ranks: *ranks, set: set.clone() };
    let problem = source::read(&asked)?;
    let read = began.elapsed().as_secs_f64();
    let ranks = ranks::number(&asked, &problem);
    // Output expressions and initial values are checked by making a simulation of a small part.
    let mistakes = |errors| Failure::Mistakes(problem.mistakes(&errors));
    let inspection = Inspection::new(&problem.pde, &problem.times.scheme, ranks, &problem.dims);
    let inspection = inspection.map_err(|error| match error.origin() {
        Some(_) => mistakes(error.into()),
        None => Failure::Solve(error),
    })?;
    match args.show {
        Some(Stage::Ast) => print(&trees(&problem))?,
        Some(Stage::Passes) => print(&inspection.plan)?,
        Some(Stage::Kernel) => print(&inspection.kernels)?,
        None => {
            let needs = problem.check().map_err(mistakes)?;
            let step = problem.stable_step().map_err(mistakes)?;
            let mut warnings = problem.warnings.clone();
            warnings.extend(problem.step_warning(&step));
            warn(&problem, &warnings);
            let (scheme, dt, backend) =
                (&problem.times.scheme, problem.times.dt, problem.backend());
            let speed = measured_speed(&problem.pde, &problem.initial, scheme, dt, backend);
            let speed = match scheme.solves(&problem.pde) {
                // Why equations cannot be solved in a part of the grid need not hold for the whole.
                true => speed.ok(),
                false => Some(speed.map_err(mistakes)?),
            };
            let solver = speed.map_or(0.0, |speed| speed.solver_bytes_per_cell);
            let needs = needs.map(|needs| needs.with_solver(solver));
            let places = (ranks, &*problem.dims);
            let inspection = Inspection::with_needs(&problem.pde, scheme, places, needs)?;
            let mut text = describe(&problem, &inspection, &step, (speed, read), ranks)?;
            if args.ranks.is_some() && !problem.times.balances() {
                let scaling = cost::scaling(&problem, ranks, args.machine.as_deref())?;
                text += &lines("scaling", &scaling);
            }
            print(&text)?;
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
    (speed, read): (Option<Speed>, f64),
    ranks: usize,
) -> Result<String, Failure> {
    let mut text = String::new();
    let mut line = |name: &str, value: String| text += &lines(name, &value);
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
    if !pde.globals().is_empty() {
        let one = |global: &Global| format!("{}, initially {}", global.name, brief(global.initial));
        line("numbers", pde.globals().iter().map(one).collect::<Vec<_>>().join("\n"));
    }
    if !problem.transports.is_empty() {
        line("transport", transports(problem));
    }
    line("conditions", conditions(problem));
    if !pde.regions().is_empty() {
        line("regions", regions(pde.regions()));
    }
    line("step", inspection.plan.clone());
    let dims: Vec<String> = inspection.dims.iter().map(usize::to_string).collect();
    line("ranks", format!("{ranks} ({})", dims.join("×")));
    line("memory", memory(problem, inspection, ranks));
    line(
        "halos",
        format!(
            "{} messages with {} per step, without temporal blocking{}",
            inspection.messages_per_step,
            BinaryBytes(inspection.bytes_per_step as u64),
            match problem.execution.halos {
                Halos::Measured => String::new(),
                asked => format!(", {}", asked.name()),
            }
        ),
    );
    let Output { parts, spectra, histograms, .. } = &problem.output;
    let quantities = problem.conserved.iter().flat_map(|conserved| &conserved.quantities);
    for (name, list) in [
        ("parts", parts.iter().map(Part::in_words).collect::<Vec<_>>()),
        ("spectra", spectra.iter().map(|spectrum| spectrum.name.clone()).collect()),
        ("histograms", histograms.iter().map(|histogram| histogram.name.clone()).collect()),
        ("conserved", quantities.map(|q| format!("{} = {}", q.name, q.value)).collect()),
    ] {
        if !list.is_empty() {
            line(name, list.join("\n"));
        }
    }
    let times = &problem.times;
    let steps = times.steps()?;
    let noun = if steps == 1 { "step" } else { "steps" };
    if times.balances() {
        line("time", times.in_words());
        if let Some(speed) = speed {
            line("run time", estimate::of_solution(problem, ranks, speed, read));
        }
        return Ok(text);
    }
    let count = match (times.controls_error(), times.vary()) {
        (true, _) => "steps".into(),
        (false, true) => format!("about {steps} {noun}"),
        (false, false) => format!("{steps} {noun}"),
    };
    line("time", format!("{count} {}", times.describe()));
    line("stable dt", stable(problem, step));
    if let Some(speed) = speed {
        line("run time", Estimate::new(problem, ranks, speed, read).describe(speed));
    }
    Ok(text)
}

/// A value of some lines under a name.
fn lines(name: &str, value: &str) -> String {
    let mut text = String::new();
    for (number, line) in value.lines().enumerate() {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{:<12}{line}", if number == 0 { name } else { "" });
    }
    text
}

fn stable(problem: &Problem, step: &StableStep) -> String {
    let times = &problem.times;
    if step.longest.is_infinite() {
        return match times.scheme {
            SchemeChoice::Implicit(..) => "any: the equations of a step are solved",
            SchemeChoice::Imex(..) => "as the part allows that is treated explicitly",
            _ => "any: nothing in the equations limits it",
        }
        .into();
    }
    let mut text = format!("{:.3e}", step.longest);
    if let Some(limit) = problem.limit_in_words(step) {
        text += &format!(", for {limit}");
    }
    if step.faster > 1.0 {
        text +=
            "\nconditions, or numbers of the whole domain, make modes faster than this term does";
    }
    text
}

/// What the run needs of memory.
fn memory(problem: &Problem, inspection: &Inspection, ranks: usize) -> String {
    let writers = SeriesWriter::memory(problem, ranks);
    // A checkpoint is written array by array.
    let cells = problem.pde.grid().cells() / ranks;
    let beside = writers.max(cells * size_of::<f64>());
    let all = inspection.memory_per_rank + beside;
    let mut text = format!("{} per rank, {} of it for output", bytes(all), bytes(beside));
    if let Some(program) = used_memory() {
        let program = program as usize + SeriesWriter::memory_once(problem);
        text += &format!("\nbeside about {} for the program and its libraries", bytes(program));
    }
    let pictures = picture::memory(problem, PANELS);
    if pictures >= NOTABLE {
        text += &format!(
            "\n{} for the pictures at the end, on one rank, when the rest is free again",
            bytes(pictures)
        );
    }
    if let Err(error) = Inspection::check_memory(all.max(pictures / ranks), ranks) {
        text += &format!("\nwarning: {error}");
    }
    text
}

fn bytes(count: usize) -> BinaryBytes {
    BinaryBytes(count as u64)
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

/// What the regions do, a line for each.
fn regions(regions: &[Region]) -> String {
    let one = |Region { name, held, closed }: &Region| {
        let mut words = Vec::new();
        if !closed.is_empty() {
            words.push(format!("closed for {}", closed.join(", ")));
        }
        if !held.is_empty() {
            words.push(format!("holds {}", held.join(", ")));
        }
        if words.is_empty() {
            words.push("a name in expressions".into());
        }
        format!("{name}: {}", words.join("; "))
    };
    regions.iter().map(one).collect::<Vec<_>>().join("\n")
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
