//! `fluxions watch`: draws the newest state of a run in the terminal.
//!
//! This process owns the terminal. What reads HDF5 is a process of its own for each drawing, so that a damaged file ends
//! that one alone, and the terminal is as it was when this one ends.

mod drawing;
pub(crate) mod pace;
mod screen;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use fluxions_io::numbers::short;
use fluxions_io::{Error, RunFolder, RunStatus, Series, picture};
use fluxions_solver::cell_rate;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::apart::apart;
use crate::args::WatchArgs;
use crate::failure::Failure;
use crate::info::{mean, state, weights};
use crate::print::line;
use crate::progress::{fitting, left, short as short_time};
use crate::report::folder_of;
use drawing::{bar, drawing};
use pace::Pace;
use screen::Palette;
pub(crate) use screen::Screen;

/// How often one looks whether there is something new.
const LOOK: Duration = Duration::from_millis(100);
/// The shortest time between two drawings, and the longest while the run goes on.
const SHORTEST: Duration = Duration::from_millis(400);
const LONGEST: Duration = Duration::from_secs(2);
/// Lines beside the picture: the title, the progress, the numbers, the bar, and those of the end and of the shell.
const TEXTS: u16 = 6;

/// What a terminal is told: to show another page without a cursor, and to go back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

pub(crate) fn watch(args: &WatchArgs) -> Result<ExitCode, Failure> {
    let folder = folder_of(&args.path);
    if !folder.holds_run() && !folder.series().is_file() {
        return Err(Error::NoRun { path: args.path.clone() }.into());
    }
    if args.once || args.screen.is_some() || !folder.is_running() {
        return once(args, &folder);
    }
    if std::io::stdout().is_terminal() && Screen::of_output().palette != Palette::Plain {
        follow(args, &folder)?;
    } else {
        // Lines of text, one under the other.
        let mut told = String::new();
        while folder.is_running() {
            let now = progress(&folder, None, usize::MAX);
            if now != told {
                line(&now);
                told = now;
            }
            std::thread::sleep(LONGEST);
        }
    }
    once(args, &folder)
}

/// Draws the newest state, in a process of its own.
fn once(args: &WatchArgs, folder: &RunFolder) -> Result<ExitCode, Failure> {
    apart(&[&args.path], 60, || {
        let screen = args.screen.unwrap_or_else(Screen::of_output);
        let mut lines = frame(args, folder, screen)?;
        if args.screen.is_none() {
            lines.push(fluxions_io::text::visible(&format!("run: {}", state(folder))).into());
        }
        // Colours are the program's own; texts of users have been made visible.
        let text = lines.join("\n") + "\n";
        let mut out = std::io::stdout();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        Ok(ExitCode::SUCCESS)
    })
}

/// Draws on a page of its own of the terminal, until the run ends or a signal comes.
fn follow(args: &WatchArgs, folder: &RunFolder) -> Result<(), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let _ = signal_hook::flag::register(signal, stop.clone());
    }
    let page = Page::enter();
    let mut seen: Option<(SystemTime, Screen)> = None;
    let mut drawn: Option<Instant> = None;
    while !stop.load(Ordering::Relaxed) && folder.is_running() {
        let age = drawn.map_or(LONGEST, |drawn| drawn.elapsed());
        let screen = Screen::of_output();
        let now = (newest(folder), screen);
        if age >= LONGEST || (age >= SHORTEST && seen != Some(now)) {
            page.show(&drawn_apart(args, screen));
            (seen, drawn) = (Some(now), Some(Instant::now()));
        }
        std::thread::sleep(LOOK);
    }
    drop(page);
    match stop.load(Ordering::Relaxed) {
        // As a shell expects it of a process that a signal ends.
        true => Err(Failure::Told { code: 130 }),
        false => Ok(()),
    }
}

/// When a run wrote last.
fn newest(folder: &RunFolder) -> SystemTime {
    let written = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    let files = [folder.series(), folder.diagnostics(), folder.log()];
    files.iter().filter_map(|path| written(path)).max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The lines that a process of its own draws, or what it says instead.
fn drawn_apart(args: &WatchArgs, screen: Screen) -> String {
    let drawn = std::env::current_exe().and_then(|program| {
        let mut command = Command::new(program);
        command.arg("watch").arg("--screen").arg(screen.to_string());
        if let Some(field) = &args.field {
            command.arg(format!("--field={field}"));
        }
        command.arg("--").arg(&args.path).output()
    });
    match drawn {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into(),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into(),
        Err(error) => error.to_string(),
    }
}

/// The page of its own, which is left however this ends.
struct Page;

impl Page {
    fn enter() -> Self {
        let page = Page;
        page.send(ENTER);
        page
    }

    fn send(&self, text: &str) {
        let mut out = std::io::stdout();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Replaces what is shown, without erasing it first, which would flicker.
    fn show(&self, text: &str) {
        let lines: Vec<String> = text.lines().map(|line| format!("{line}\x1b[K")).collect();
        self.send(&format!("\x1b[H{}\x1b[J", lines.join("\n")));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.send(LEAVE);
    }
}

/// The lines of a drawing.
fn frame(args: &WatchArgs, folder: &RunFolder, screen: Screen) -> Result<Vec<String>, Failure> {
    let visible = |text: &str| fluxions_io::text::visible(text).replace(['\n', '\t'], " ");
    let columns = usize::from(screen.columns);
    let status = match folder.status() {
        Some(RunStatus::Running { .. }) => "running",
        Some(RunStatus::Ended(how)) if how.starts_with("failed") => "failed",
        Some(RunStatus::Ended(_)) => "over",
        Some(RunStatus::Killed) => "killed",
        None => "",
    };
    let series = match Series::open(folder.path()) {
        Ok(series) if series.snapshots()? > 0 => series,
        Err(error) if !folder.holds_run() => return Err(error.into()),
        // It has only begun, or has failed before.
        _ => {
            return Ok(vec![screen.fitted(&format!("{status}: there is no snapshot yet"))]);
        }
    };
    let view = picture::View { field: args.field.clone(), ..picture::View::default() };
    let view = match &view.field {
        Some(_) => view,
        None => picture::View { field: series.fields()?.first().cloned(), ..view },
    };
    let shown = picture::state(&series, &view)?;
    let title = [status, &*series.text("title")].join("  ");
    let mut lines = vec![screen.fitted(visible(&title).trim())];
    if screen.rows > 1 {
        let at = screen.fitted(&progress(folder, Some(&series), columns));
        lines.push(if at.is_empty() { screen.fitted(&time(&shown)) } else { at });
    }
    let room = screen.rows.saturating_sub(TEXTS);
    if room > 0 {
        lines.extend(drawing(&shown, screen, room));
    }
    if screen.rows > TEXTS {
        lines.push(screen.fitted(&visible(&numbers(&series, &shown)?)));
    }
    if room > 0 && shown.is_map() {
        lines.extend(bar(&shown, screen));
    }
    Ok(lines)
}

fn time(shown: &picture::State) -> String {
    format!("t = {}", short_time(shown.time))
}

/// What is drawn, and its smallest, largest and mean value.
fn numbers(series: &Series, shown: &picture::State) -> Result<String, Failure> {
    let values = shown.values();
    let finite = || values.iter().copied().filter(|x| x.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let first = series.fields()?.into_iter().next().unwrap_or_default();
    let mean = mean(values, weights(series, &first)?.as_deref());
    let mut parts = vec![
        format!("{} at {}", shown.name(), time(shown)),
        format!("min {}", short(low)),
        format!("max {}", short(high)),
        format!("mean {}", short(mean)),
    ];
    if shown.is_map() {
        let axis = |(name, [from, to]): &(String, [f64; 2])| {
            format!("{name} {}..{}", short(*from), short(*to))
        };
        parts.extend(shown.axes.iter().map(axis));
    }
    parts.extend((!shown.slice.is_empty()).then(|| shown.slice.clone()));
    Ok(parts.join("  "))
}

/// Where a run stands, how fast it is and when it will end, in at most so many columns.
fn progress(folder: &RunFolder, series: Option<&Series>, columns: usize) -> String {
    let Some(pace) = Pace::read(folder) else { return String::new() };
    let mut parts = Vec::new();
    parts.extend(pace.share().map(|share| format!("{:.0} %", 100.0 * share)));
    parts.push(format!("step {}", pace.newest.step));
    parts.push(format!("t = {}", short_time(pace.newest.time)));
    if folder.is_running() {
        let cells = series.and_then(|series| {
            let field = series.fields().ok()?.into_iter().next()?;
            let axes = series.axes(&field).ok()?.len();
            Some(series.shape(&field).ok()?.iter().rev().take(axes).product::<usize>() as f64)
        });
        parts.extend(pace.steps_per_second().map(|rate| match cells {
            Some(cells) => cell_rate(rate * cells),
            None => format!("{} steps/s", short(rate)),
        }));
        parts.extend(pace.seconds_left().and_then(left));
    }
    fitting(parts, columns)
}
