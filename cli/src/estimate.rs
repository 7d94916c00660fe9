//! Estimates how long a run takes: to start, to make its steps, and to write its output.

use std::time::Duration;

use fluxions_io::Problem;
use fluxions_io::problem::Precision;
use fluxions_solver::{Every, Speed, cell_rate};
use indicatif::HumanDuration;

use crate::rank_choice::{LARGE, timing};
use crate::ranks::cores;
use crate::run::PANELS;

/// The seconds that a snapshot takes whatever its size, and bytes that are written per second: as
/// measured on a disk of 2026.
const SNAPSHOT: f64 = 5e-3;
const WRITTEN: f64 = 5e8;
/// The seconds that a number of the diagnostics takes for each cell.
const DIAGNOSTIC: f64 = 1e-8;
/// The seconds that a panel of the picture takes.
const PANEL: f64 = 0.03;
/// How many seconds the steps are timed.
const TIMED: f64 = 0.03;

/// How long a run takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// Until the first step.
    startup: f64,
    /// All steps.
    stepping: f64,
    steps: u64,
    /// One step, where their number is not known before.
    step: Option<f64>,
    /// Snapshots, diagnostics and the picture.
    output: f64,
    snapshots: u64,
}

impl Estimate {
    /// The time that a problem takes on this many ranks of this machine, of which one alone is as
    /// fast as `speed` says. `read` gives the seconds that it took to read the problem.
    pub(crate) fn new(problem: &Problem, ranks: usize, speed: Speed, read: f64) -> Self {
        let cells = problem.pde.grid().cells() as f64;
        // Ranks wait for each other, so small problems are timed as they will be solved.
        let timed = match cells as usize <= LARGE && ranks <= cores() {
            true => timing(problem, ranks, |_| TIMED),
            false => None,
        };
        let together = ranks.min(cores()) as f64;
        let (setup, step) = match timed {
            Some(timing) => (timing.setup, timing.step),
            None => (speed.setup_seconds / together, cells / (speed.cells_per_second * together)),
        };
        let steps = problem.times.most_steps().unwrap_or(0);
        let output = &problem.output;
        let snapshots = times_due(problem, &output.every, steps);
        let bytes = output.fields.len() as f64
            * cells
            * match output.precision {
                Precision::F64 => 8.0,
                Precision::F32 => 4.0,
            };
        let lines = problem.diagnostics.as_ref().map_or(0.0, |diagnostics| {
            times_due(problem, &diagnostics.every, steps) as f64 * diagnostics.numbers.len() as f64
        });
        Estimate {
            startup: read + setup,
            stepping: steps as f64 * step,
            steps,
            step: problem.times.controls_error().then_some(step),
            output: snapshots as f64 * (SNAPSHOT + bytes / WRITTEN)
                + lines * cells * DIAGNOSTIC / together
                + if output.picture { PANEL * output.fields.len().min(PANELS) as f64 } else { 0.0 },
            snapshots,
        }
    }

    /// The estimate in words.
    pub(crate) fn describe(&self, speed: Speed) -> String {
        let Estimate { startup, stepping, steps, step, output, snapshots } = *self;
        if let Some(step) = step {
            return format!(
                "{} to start, {:.2e} s for a step, of which there are as many as the tolerance demands, \
                 {} for output with {snapshots} snapshot(s)\n(one rank steps {} here)",
                told(startup),
                step,
                told(output),
                cell_rate(speed.cells_per_second)
            );
        }
        format!(
            "about {}: {} to start, {} for {steps} step(s), {} for output with {snapshots} snapshot(s)\n\
             (one rank steps {} here)",
            told(startup + stepping + output),
            told(startup),
            told(stepping),
            told(output),
            cell_rate(speed.cells_per_second)
        )
    }
}

/// How long it takes to find a state in which rates vanish on this many ranks, of which one alone is as fast as `speed`
/// says, in words. It takes about as many iterations on a large grid as on a small one.
pub(crate) fn of_solution(problem: &Problem, ranks: usize, speed: Speed, read: f64) -> String {
    let (cells, together) = (problem.pde.grid().cells() as f64, ranks.min(cores()) as f64);
    let startup = read + speed.setup_seconds / together;
    let solving = cells / (speed.cells_per_second * together);
    format!(
        "about {}: {} to start, {} to solve the equations\n(one rank solves {} here)",
        told(startup + solving),
        told(startup),
        told(solving),
        cell_rate(speed.cells_per_second)
    )
}

/// Seconds in words.
fn told(seconds: f64) -> String {
    match seconds {
        0.0..10.0 => format!("{seconds:.2} s"),
        10.0..100.0 => format!("{seconds:.0} s"),
        _ => HumanDuration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9))).to_string(),
    }
}

/// How many times something is due in a run of so many steps, the first and the last state
/// included.
fn times_due(problem: &Problem, every: &Every, steps: u64) -> u64 {
    let times = &problem.times;
    let end = match times.controls_error() {
        true => times.end,
        false => times.end.min(times.start + steps as f64 * times.dt),
    };
    let between = match every {
        Every::Time(interval) => ((end - times.start) / interval) as u64,
        Every::Times(list) => {
            list.iter().filter(|time| (times.start..=end).contains(time)).count() as u64
        }
        Every::Steps(n) => steps / n.max(&1),
        Every::Moment => 0,
    };
    between + 1
}
