//! `fluxions run`: solves a problem.

use std::process::ExitCode;
use std::time::Instant;

use fluxions::comm::World;
use fluxions_io::problem::{Warning, Warnings};
use fluxions_io::{
    DiagnosticsWriter, Problem, RunFolder, RunLog, Series, SeriesWriter, Stopping, WallTime,
    picture,
};
use fluxions_solver::{
    BEYOND_CACHES, Error, Errors, Every, Report, Simulation, copy_bandwidth, stable_step,
};

use crate::args::RunArgs;
use crate::failure::{Failure, warn};
use crate::print::{line, print};
use crate::progress::Progress;
use crate::ranks::{on_ranks, together};
use crate::source;

/// Seconds of stepping beside which it takes no time to measure the machine's bandwidth. Shorter runs
/// are not compared with it.
const MEASURABLE: f64 = 5.0;
/// The most panels of the picture.
pub(crate) const PANELS: usize = 6;

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    on_ranks(&args.problem, |world| solve(args, world))?;
    Ok(ExitCode::SUCCESS)
}

/// Everything that one rank does.
fn solve(args: &RunArgs, world: &World) -> Result<(), Failure> {
    let problem = together(world, source::read(&args.problem))?;
    let path = match &args.out {
        Some(path) => path.clone(),
        None => together(world, source::default_folder(&args.problem))?,
    };
    let folder = RunFolder::at(path);
    let admitted = match world.is_root() {
        true => {
            let inputs = [problem.data_files(), vec![args.problem.file.clone()]].concat();
            folder.admit(args.overwrite, &inputs).map_err(Failure::from)
        }
        false => Ok(()),
    };
    together(world, admitted)?;

    let shown = world.is_root() && !args.quiet && !args.json;
    let warnings = if world.is_root() { warnings(&problem) } else { Vec::new() };
    if !args.quiet {
        warn(&problem, &warnings);
    }
    let later = Warnings::default();
    let simulation = build(&problem, &folder, world, shown, (&warnings, &later));
    let mut simulation = together(world, simulation)?;
    let prepared = match world.is_root() {
        true => prepare(&folder, &problem, args.overwrite),
        false => Ok(()),
    };
    together(world, prepared)?;

    let began = Instant::now();
    let report = match simulation.run_until(problem.times.end) {
        Ok(_) => simulation.finish().map_err(Failure::from),
        Err(error) => {
            // Its memory may be needed to find out why.
            drop(simulation);
            Err(failed(&problem, world, error, began.elapsed().as_secs_f64()))
        }
    };
    if !args.quiet {
        warn(&problem, &later.after(0));
    }
    let report = together(world, report)?;
    // Either all ranks measure or none: the times in the report are the same on all ranks.
    let bandwidth = match report.stepping_seconds >= MEASURABLE {
        true => Some(copy_bandwidth(world, BEYOND_CACHES)?),
        false => None,
    };
    let told = match world.is_root() {
        true => {
            let pictured = problem.output.picture && !args.no_picture;
            conclude(args, &folder, &report, bandwidth, pictured)
        }
        false => Ok(()),
    };
    together(world, told)
}

fn build(
    problem: &Problem,
    folder: &RunFolder,
    world: &World,
    shown: bool,
    (warnings, later): (&[Warning], &Warnings),
) -> Result<Simulation, Failure> {
    let mut builder = problem
        .simulation(world)
        .track(problem.output.every.clone(), SeriesWriter::new(folder, problem).with(later));
    if let Some(diagnostics) = &problem.diagnostics {
        let names = diagnostics.numbers.iter().map(|(name, _)| name.clone()).collect();
        let writer = DiagnosticsWriter::new(folder.diagnostics(), names);
        builder = builder.track(diagnostics.every.clone(), writer);
    }
    let mut header = format!(
        "Fluxions {} solves {} on {} rank(s), {}",
        env!("CARGO_PKG_VERSION"),
        problem.name,
        world.size(),
        problem.times.in_words()
    );
    for warning in warnings {
        header += &format!("\n{}", warning.line());
    }
    let log = RunLog::new(world.is_root().then(|| folder.log()), &header).with(later);
    builder =
        builder.track(problem.output.every.clone(), log).track(Every::Moment, Progress::new(shown));
    if let Some(every) = problem.stop.every(&problem.times) {
        builder = builder.track(every, Stopping::new(problem.stop.clone()));
    }
    if let Some(most) = problem.stop.wall_time {
        builder = builder.track(Every::Moment, WallTime::new(most));
    }
    builder.build().map_err(|errors| Failure::Mistakes(problem.mistakes(&errors)))
}

/// The failure of a solve, explained in terms of the problem file where that is possible. Collective
/// where a number is not finite.
fn failed(problem: &Problem, world: &World, error: Error, seconds: f64) -> Failure {
    match problem.why_not_finite(world, &error, seconds) {
        Some(told) => Failure::Explained(told),
        None if error.origin().is_some() => {
            Failure::Explained(problem.mistakes(&Errors(vec![error])))
        }
        None => error.into(),
    }
}

/// What is probably not meant in a problem.
fn warnings(problem: &Problem) -> Vec<Warning> {
    let mut warnings = problem.warnings.clone();
    if problem.times.automatic {
        return warnings;
    }
    // Where the initial values are wrong, that is told when the simulation is built.
    let step = stable_step(&problem.pde, &problem.initial, &problem.times.scheme);
    warnings.extend(step.ok().and_then(|step| problem.step_warning(&step)));
    warnings
}

fn prepare(folder: &RunFolder, problem: &Problem, overwrite: bool) -> Result<(), Failure> {
    folder.prepare(overwrite)?;
    let path = folder.problem();
    std::fs::write(&path, problem.text_in(folder.path())).map_err(|source| {
        fluxions_io::Error::File { path, action: "write the problem", source }.into()
    })
}

/// Writes the report and the picture, and prints the summary.
fn conclude(
    args: &RunArgs,
    folder: &RunFolder,
    report: &Report,
    bandwidth: Option<f64>,
    pictured: bool,
) -> Result<(), Failure> {
    let json = fluxions_io::to_json(report, bandwidth);
    let text = format!("{json:#}\n");
    let path = folder.report();
    std::fs::write(&path, &text).map_err(|source| fluxions_io::Error::File {
        path,
        action: "write the report",
        source,
    })?;
    let mut picture = String::new();
    if pictured {
        let view = picture::View { most: Some(PANELS), ..picture::View::default() };
        let drawn = picture::draw(&Series::open(folder.path())?, &view, &folder.picture())?;
        picture = format!("picture {}", folder.picture().display());
        if drawn.left_out > 0 {
            let all = drawn.panels + drawn.left_out;
            picture += &format!(" ({} of {all} panels: `fluxions plot` draws all)", drawn.panels);
        }
        picture.push('\n');
    }
    if args.json {
        print(&text);
    } else if !args.quiet {
        line(&report.to_string());
        let (series, xdmf) = (folder.series(), folder.xdmf());
        line(&format!("{picture}series  {} (ParaView: {})", series.display(), xdmf.display()));
    }
    Ok(())
}
