//! `fluxions run`: solves a problem.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fluxions::comm::{Kind, World};
use fluxions_io::checkpoint::{Checkpoints, Newest, Resumed, resume};
use fluxions_io::numbers::{brief, measured};
use fluxions_io::page::{self, Pictures};
use fluxions_io::problem::{Probe, Warning, Warnings};
use fluxions_io::{
    Claim, Conservation, DiagnosticsWriter, Drift, Mode, ProbesWriter, Problem, RunFolder, RunLog,
    Series, SeriesWriter, Stopping, conservation_writer, histogram_writer, picture, share,
    spectrum_writer,
};
use fluxions_solver::{
    BEYOND_CACHES, Error, Errors, Every, Report, Simulation, StopReason, copy_bandwidth,
};
use serde_json::{Value, json};

use crate::args::RunArgs;
use crate::failure::{Failure, code, warn};
use crate::interrupt::{Signals, limits};
use crate::print::{line, print, warn_line};
use crate::progress::Progress;
use crate::ranks::{on_ranks, teller, together};
use crate::watch::pace;
use crate::{source, waiting};

/// Seconds of stepping beside which it takes no time to measure the machine's bandwidth. Shorter runs
/// are not compared with it.
const MEASURABLE: f64 = 5.0;
/// How long the other processes wait until rank 0 has written that a signal ends the run.
const MOMENT: Duration = Duration::from_millis(300);
/// The most panels of the picture.
pub(crate) const PANELS: usize = 6;

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let signals = Signals::watch();
    // A run that is interrupted says so by its exit code.
    on_ranks(&args.problem, |world| solve(args, world, &signals))
}

/// A run, as one rank sees it.
struct Run<'a> {
    args: &'a RunArgs,
    world: &'a World,
    problem: &'a Problem,
    folder: RunFolder,
    warnings: Vec<Warning>,
    /// Warnings that come up while it goes on.
    later: Warnings,
    /// What became of quantities that should be conserved.
    conservation: Conservation,
}

/// Everything that one rank does.
fn solve(args: &RunArgs, world: &World, signals: &Signals) -> Result<ExitCode, Failure> {
    let problem = source::read_together(world, &args.problem)?;
    // Rank 0 looks at what is there, and writes all but this rank's numbers.
    let out = together(world, if world.is_root() { out(args) } else { Ok(PathBuf::new()) })?;
    let shared = share(world, world.is_root().then(|| out.to_string_lossy()).as_deref())?;
    let folder = RunFolder::at(match world.is_root() {
        true => out,
        false => PathBuf::from(shared.unwrap_or_default()),
    });
    let claim = match world.is_root() {
        true => {
            let inputs = [problem.data_files(), vec![args.problem.file.clone()]].concat();
            folder.claim(mode(args), &inputs).map(Some).map_err(Failure::from)
        }
        false => Ok(None),
    };
    let mut claim = together(world, claim)?;
    if world.kind() == Kind::Mpi {
        together(world, folder.is_seen_by_all(world).map_err(Failure::from))?;
    }
    let newest = if args.resume { Newest::checked(world, &folder)? } else { Newest::default() };
    let problem = match newest.record() {
        // Which scheme is the fastest may depend on the end.
        Some(record) => {
            together(world, problem.by_scheme(&record.scheme).map_err(Failure::Mistakes))?
        }
        None => problem,
    };

    let warnings = if world.is_root() { warnings(&problem) } else { Vec::new() };
    if !args.quiet {
        warn(&problem, &warnings);
    }
    let (later, conservation) = (Warnings::default(), Conservation::default());
    let run = Run { args, world, problem: &problem, folder, warnings, later, conservation };
    let began = Instant::now();
    let built = match run.build(signals) {
        Ok(simulation) => Ok(simulation),
        Err(errors) => Err(run.not_built(errors, claim.as_mut(), began)?),
    };
    let mut simulation = together(world, built)?;
    let resumed = run.go_on(&mut simulation, claim.as_ref(), newest)?;
    let begun = match &mut claim {
        Some(claim) => run.begin(claim, &resumed),
        None => Ok(()),
    };
    together(world, begun)?;
    waiting::limit(world, waiting::longest()?, Some(run.folder.clone()));
    if problem.times.balances() {
        run.end_by_signals(signals);
    }

    let began = Instant::now();
    let report = match simulation.run_until(problem.times.end) {
        Ok(_) => simulation.finish().map_err(Failure::from),
        Err(error) => {
            let at = match &error {
                // Steps were made until this was noticed.
                Error::NotFinite { time, step, .. }
                | Error::NumberNotFinite { time, step, .. }
                | Error::CourantLater { time, step, .. } => (*time, *step),
                _ => (simulation.time(), simulation.steps()),
            };
            // Its memory may be needed to find out why.
            drop(simulation);
            let seconds = began.elapsed().as_secs_f64();
            let residuals = residuals(&error);
            let failure = run.failed(error, seconds);
            run.leave_trace(&failure, at, residuals, seconds)?;
            Err(failure)
        }
    };
    if !args.quiet {
        warn(&problem, &run.later.after(0));
    }
    let report = together(world, report)?;
    // Either all ranks measure or none: the times in the report are the same on all ranks.
    let bandwidth = match report.stepping_seconds >= MEASURABLE {
        true => Some(copy_bandwidth(world, BEYOND_CACHES)?),
        false => None,
    };
    let told = match world.is_root() {
        true => run.conclude(&report, bandwidth),
        false => Ok(()),
    };
    together(world, told)?;
    Ok(match report.stop_reason {
        StopReason::Interrupted(_) => ExitCode::from(code::INTERRUPTED),
        _ => ExitCode::SUCCESS,
    })
}

/// The run folder: what --out says, else by the name of the file. A run that goes on by the problem in its own folder
/// goes on there.
fn out(args: &RunArgs) -> Result<PathBuf, Failure> {
    if let Some(out) = &args.out {
        return Ok(out.clone());
    }
    let file = &args.problem.file;
    let own =
        file.parent().map(|own| if own.as_os_str().is_empty() { Path::new(".") } else { own });
    let own = own.filter(|own| {
        let name = RunFolder::at(*own).problem();
        args.resume && RunFolder::at(*own).holds_run() && name.file_name() == file.file_name()
    });
    match own {
        Some(own) => Ok(own.into()),
        None => source::default_folder(&args.problem),
    }
}

fn mode(args: &RunArgs) -> Mode {
    match (args.resume, args.overwrite) {
        (true, _) => Mode::Resume,
        (false, true) => Mode::Overwrite,
        (false, false) => Mode::New,
    }
}

/// Writes into the folder of a run that it has failed, why, what to do, and what else is known, as well as that can be done: what
/// has failed may have been the folder.
pub(crate) fn leave_trace(folder: &RunFolder, why: &str, help: Option<String>, known: Value) {
    let mut report = json!({
        "stop_reason": "failed",
        "stop_detail": why,
        "stop_help": help,
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let (Some(report), Value::Object(known)) = (report.as_object_mut(), known) {
        report.extend(known);
    }
    let _ = folder.write_report(&format!("{report:#}\n"));
    let _ = folder.append_to_log(&format!("failed: {why}"));
    let _ = folder.note_end(&format!("failed: {why}"));
}

/// The time of the last snapshot in a folder, if there is one.
fn last_snapshot(folder: &RunFolder) -> Option<f64> {
    Series::open(folder.path()).and_then(|series| series.times()).ok()?.last().copied()
}

/// The time of the newest checkpoint in a folder that can be used, if there is one.
fn last_checkpoint(folder: &RunFolder) -> Option<f64> {
    Newest::at_a_glance(folder).record().map(|record| record.state.time)
}

/// How far equations were solved that could not be.
fn residuals(error: &Error) -> Option<Vec<f64>> {
    match error {
        Error::NotSolved { history, .. } => Some(history.clone()),
        _ => None,
    }
}

/// Probes in groups of one schedule each: those of a group look together.
fn by_schedule(probes: &[Probe]) -> Vec<Vec<Probe>> {
    let mut groups: Vec<Vec<Probe>> = Vec::new();
    for probe in probes {
        match groups.iter_mut().find(|group| group[0].every == probe.every) {
            Some(group) => group.push(probe.clone()),
            None => groups.push(vec![probe.clone()]),
        }
    }
    groups
}

/// How far a quantity has drifted.
fn in_words(Drift { first, last, largest, time, .. }: Drift) -> String {
    let (first, last) = (measured(first), measured(last));
    match largest {
        0.0 => format!("{first} to {last}, largest drift 0"),
        _ => format!("{first} to {last}, largest drift {largest:.1e} at t = {}", brief(time)),
    }
}

/// What is probably not meant in a problem.
fn warnings(problem: &Problem) -> Vec<Warning> {
    let mut warnings = problem.warnings.clone();
    let times = &problem.times;
    // Where no step lets waves grow, an automatic one is stable.
    let is_certain = times.scheme.oscillations_decay(&problem.pde);
    if times.automatic && is_certain {
        return warnings;
    }
    // Where the initial values are wrong, that is told when the simulation is built.
    let step = problem.stable_step().ok();
    warnings.extend(step.and_then(|step| problem.step_warning(&step)));
    warnings
}

impl Run<'_> {
    fn build(&self, signals: &Signals) -> Result<Simulation, Errors> {
        let Run { args, world, problem, folder, later, .. } = self;
        let mut builder = problem
            .simulation(world)
            .track(problem.output.every.clone(), SeriesWriter::new(folder, problem).with(later));
        if let Some(diagnostics) = &problem.diagnostics {
            let names = diagnostics.numbers.iter().map(|(name, _)| name.clone()).collect();
            let writer = DiagnosticsWriter::new(folder, names);
            builder = builder.track(diagnostics.every.clone(), writer);
        }
        for probes in by_schedule(&problem.output.probes) {
            let every = probes[0].every.clone();
            let writer = ProbesWriter::new(folder, &problem.pde, probes);
            builder = builder.track(every, writer);
        }
        if let Some(conserved) = &problem.conserved {
            let writer = conservation_writer(folder, conserved, &self.conservation, later);
            builder = builder.track(conserved.every.clone(), writer);
        }
        for spectrum in &problem.output.spectra {
            builder = builder.track(spectrum.every.clone(), spectrum_writer(folder, spectrum));
        }
        for histogram in &problem.output.histograms {
            builder = builder.track(histogram.every.clone(), histogram_writer(folder, histogram));
        }
        for part in &problem.output.parts {
            let writer = SeriesWriter::of_part(folder, problem, part).with(later);
            builder = builder.track(part.every.clone(), writer);
        }
        let mut header = format!(
            "Fluxions {} solves {} on {} rank(s), {}{}",
            env!("CARGO_PKG_VERSION"),
            problem.name,
            world.size(),
            problem.times.in_words(),
            pace::end_in_words(&problem.times)
        );
        for warning in &self.warnings {
            header += &format!("\n{}", warning.line());
        }
        let log = RunLog::new(world.is_root().then(|| folder.clone()), &header).with(later);
        let shown = world.is_root() && !args.quiet && !args.json;
        builder = builder
            .track(problem.output.every.clone(), log)
            .track(Every::Moment, Progress::new(shown));
        let every = problem.stop.every(&problem.times);
        builder = builder.track(every, Stopping::new(problem.stop.clone()));
        if !problem.times.balances() {
            let signals = signals.clone();
            builder = builder.checkpoints(
                Checkpoints::new(folder, problem)
                    .before(limits(problem))
                    .asked(move || signals.reason()),
            );
        }
        builder.build()
    }

    /// Why there is nothing to step. Where the unknowns of the initial state are not found, on all ranks alike, this is a
    /// run that has failed, which leaves a trace, unless one that was to go on is in the folder. Collective then.
    fn not_built(
        &self,
        errors: Errors,
        claim: Option<&mut Claim>,
        began: Instant,
    ) -> Result<Failure, Failure> {
        let mistakes = self.problem.mistakes(&errors);
        let [error @ (Error::NotSolved { .. } | Error::Incompatible { .. })] = &errors.0[..] else {
            return Ok(Failure::Mistakes(mistakes));
        };
        let failure = Failure::Explained(mistakes);
        let goes_on = self.args.resume && claim.as_ref().is_some_and(|claim| claim.holds_run());
        let begins = self.world.max(f64::from(u8::from(goes_on)))? == 0.0;
        if begins {
            let begun = match claim {
                Some(claim) => self.begin(claim, &Resumed::default()),
                None => Ok(()),
            };
            together(self.world, begun)?;
            let start = (self.problem.times.start, 0);
            self.leave_trace(&failure, start, residuals(error), began.elapsed().as_secs_f64())?;
        }
        Ok(failure)
    }

    /// Lets signals end a run without checkpoints; rank 0 leaves a trace.
    fn end_by_signals(&self, signals: &Signals) {
        let Run { world, folder, .. } = self;
        let ranks = world.size();
        if world.is_root() {
            let folder = folder.clone();
            signals.end_after(move |signal| {
                let help = "a run without steps has no checkpoints: --overwrite begins it anew";
                let why = format!("the signal {signal} ended it");
                leave_trace(&folder, &why, Some(help.into()), json!({ "ranks": ranks }));
            });
        } else if world.kind() == Kind::Mpi {
            // The launcher ends all processes as soon as one has ended.
            signals.end_after(|_| std::thread::sleep(MOMENT));
        }
    }

    /// Goes on from the newest checkpoint, if that is asked for and there is one. Collective.
    fn go_on(
        &self,
        simulation: &mut Simulation,
        claim: Option<&Claim>,
        newest: Newest,
    ) -> Result<Resumed, Failure> {
        let Run { args, world, problem, folder, .. } = self;
        let holds_run = claim.is_some_and(Claim::holds_run);
        let goes_on = args.resume && world.max(f64::from(u8::from(holds_run)))? > 0.0;
        if !goes_on {
            return Ok(Resumed::default());
        }
        let resumed = resume(newest, folder, problem, simulation);
        let resumed = together(world, resumed.map_err(Failure::from))?;
        if world.is_root() && !args.quiet {
            for reason in &resumed.passed_over {
                warn_line(&format!("a checkpoint is passed over: {reason}"));
            }
            match resumed.from {
                Some((time, step)) if !args.json => {
                    line(&format!("goes on from t = {time}, step {step}"));
                }
                None => warn_line("there is no checkpoint yet: the run begins anew"),
                _ => {}
            }
        }
        let end = problem.times.end;
        match resumed.from {
            Some((time, _)) if end < time => Err(Failure::usage(
                format!("the run has come to t = {time} already, beyond its end at t = {end}"),
                Some("set a later `end`, or start another run with --out"),
            )),
            _ => Ok(resumed),
        }
    }

    /// Makes the folder ready.
    fn begin(&self, claim: &mut Claim, resumed: &Resumed) -> Result<(), Failure> {
        match resumed.from {
            Some(_) => claim.go_on()?,
            None => claim.begin()?,
        }
        Ok(self.folder.write_problem(&self.problem.text_in(self.folder.path()))?)
    }

    /// The failure of a solve, explained in terms of the problem file where that is possible. Collective
    /// where a number is not finite.
    fn failed(&self, error: Error, seconds: f64) -> Failure {
        match self.problem.why_not_finite(self.world, &error, seconds) {
            Some(told) => Failure::Explained(told),
            None if error.origin().is_some() => {
                Failure::Explained(self.problem.mistakes(&Errors(vec![error])))
            }
            None => error.into(),
        }
    }

    /// Writes a report of a run that has failed, as well as that can be done. Collective.
    fn leave_trace(
        &self,
        failure: &Failure,
        (time, steps): (f64, u64),
        residuals: Option<Vec<f64>>,
        seconds: f64,
    ) -> Result<(), Failure> {
        if teller(self.world, Some(failure))? != Some(self.world.rank()) {
            return Ok(());
        }
        let folder = &self.folder;
        let known = json!({
            "time": time,
            "steps": steps,
            "wall_seconds": seconds,
            "ranks": self.world.size(),
            "last_snapshot_time": last_snapshot(folder),
            "last_checkpoint_time": last_checkpoint(folder),
            "residuals": residuals,
        });
        leave_trace(folder, &failure.in_words(), failure.help(), known);
        let _ = page::write(folder, self.pictures(seconds), None);
        Ok(())
    }

    /// What pictures the page of the run has, which took so many seconds.
    fn pictures(&self, seconds: f64) -> Pictures {
        match self.problem.output.picture && !self.args.no_picture {
            true => Pictures::of_run(seconds),
            false => Pictures::None,
        }
    }

    /// Draws the last state: a line that says so.
    fn draw(&self) -> Result<String, Failure> {
        let folder = &self.folder;
        let view = picture::View { most: Some(PANELS), ..picture::View::default() };
        let drawn = picture::draw(&Series::open(folder.path())?, &view, &folder.make_picture()?)?;
        let mut line = format!("picture {}", folder.picture().display());
        if drawn.left_out > 0 {
            let all = drawn.panels + drawn.left_out;
            line += &format!(" ({} of {all} panels: `fluxions plot` draws all)", drawn.panels);
        }
        Ok(line + "\n")
    }

    /// Writes the report, the picture and the page, and prints the summary.
    fn conclude(&self, report: &Report, bandwidth: Option<f64>) -> Result<(), Failure> {
        let Run { args, folder, problem, .. } = self;
        let json: Value = fluxions_io::to_json(report, bandwidth, &self.conservation);
        let text = format!("{json:#}\n");
        folder.write_report(&text)?;
        folder.note_end(&report.stop_reason.to_string())?;
        let mut picture = String::new();
        if problem.output.picture && !args.no_picture {
            picture = self.draw()?;
        }
        let page = page::write(folder, self.pictures(report.wall_seconds), None)?;
        if args.json {
            return print(&text);
        }
        if !args.quiet {
            line(&report.to_string());
            for (name, drift) in self.conservation.drifts() {
                line(&format!("conserved {name}: {}", in_words(drift)));
            }
            let (series, xdmf) = (folder.series(), folder.xdmf());
            line(&format!("{picture}series  {} (ParaView: {})", series.display(), xdmf.display()));
            line(&format!("report  {}", page.display()));
            if let StopReason::Interrupted(_) = report.stop_reason {
                line("a checkpoint is written: the same command with --resume goes on from it");
            }
        }
        Ok(())
    }
}
