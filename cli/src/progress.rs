//! Shows the progress of a run: as a bar in a terminal, otherwise by a line every two seconds.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use fluxions_io::numbers::rounded;
use fluxions_solver::{Effort, Flow, GO_ON, Report, Snapshot, Tracker, TrackerError, cell_rate};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::print::error_line;

/// How often a line is printed where there is no terminal.
const LINES: Duration = Duration::from_secs(2);

/// The most times per second that the bar is drawn: more often than it is updated.
const DRAWN: u8 = 100;

/// The fewest columns of the bar itself.
const BAR: usize = 10;
/// Columns of the percentage, with the spaces around it.
const PERCENT: usize = 8;

/// A tracker that shows progress on rank 0.
pub(crate) enum Progress {
    Hidden,
    Bar { bar: ProgressBar, speed: Speed },
    Lines { next: Instant, speed: Speed },
}

/// Measures cells per second over the last second or so.
pub(crate) struct Speed {
    cells: f64,
    /// When it was last updated.
    last: Option<Instant>,
    step: u64,
    cells_per_second: f64,
}

impl Speed {
    fn new() -> Self {
        Speed { cells: 0.0, last: None, step: 0, cells_per_second: 0.0 }
    }

    /// The first call begins the measurement, which then leaves out the set-up.
    fn update(&mut self, now: &Snapshot<'_>) {
        self.cells = now.grid().cells() as f64;
        let elapsed = self.last.map_or(0.0, |last| last.elapsed().as_secs_f64());
        let steps = now.step().saturating_sub(self.step) as f64;
        if steps > 0.0 && elapsed > 0.0 {
            let speed = self.cells * steps / elapsed;
            // An average that forgets within a second or so.
            let weight = if self.cells_per_second == 0.0 { 1.0 } else { elapsed.min(1.0) };
            self.cells_per_second += weight * (speed - self.cells_per_second);
        }
        (self.last, self.step) = (Some(Instant::now()), now.step());
    }

    /// The speed, once it is known.
    fn known(&self) -> Option<f64> {
        (self.cells_per_second > 0.0).then_some(self.cells_per_second)
    }
}

impl Progress {
    /// The progress of this rank, which is hidden if `shown` is false.
    pub(crate) fn new(shown: bool) -> Self {
        if !shown {
            return Progress::Hidden;
        }
        if !terminal() {
            return Progress::Lines { next: Instant::now() + LINES / 4, speed: Speed::new() };
        }
        let style = ProgressStyle::with_template("{wide_bar:.cyan/blue} {percent:>3} %  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style.progress_chars("━╸─"));
        // Under mpirun standard error is a pipe to the launcher, whose own is the terminal.
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr_with_hz(DRAWN),
            false => {
                let terminal = launcher::Terminal { width: launcher::width() };
                ProgressDrawTarget::term_like_with_hz(Box::new(terminal), DRAWN)
            }
        };
        bar.set_draw_target(target);
        Progress::Bar { bar, speed: Speed::new() }
    }
}

/// Steps to the end of the run.
fn remaining(now: &Snapshot<'_>) -> u64 {
    now.remaining_steps().expect("the lengths of the steps of problem files are known")
}

/// Steps from the beginning of the run to its end.
fn all_steps(now: &Snapshot<'_>) -> u64 {
    now.step() + remaining(now)
}

/// What there is to say, in at most so many columns.
fn describe(speed: &Speed, now: &Snapshot<'_>, columns: usize) -> String {
    let mut parts = of_solver(&now.effort());
    parts.push(format!("step {}/{}", now.step(), all_steps(now)));
    parts.push(format!("t = {}", short(now.time())));
    if let Some(rate) = speed.known() {
        parts.push(cell_rate(rate));
        parts.extend(left(remaining(now) as f64 * speed.cells / rate));
    }
    fitting(parts, columns)
}

/// What solvers and the control of steps did, where they do anything.
fn of_solver(effort: &Effort) -> Vec<String> {
    let Effort { steps, rejected, dt, iterations, spectral_radius, .. } = *effort;
    let mut parts = Vec::new();
    if rejected > 0 {
        parts.push(format!("{rejected} rejected"));
    }
    if let Some(iterations) = iterations.filter(|_| steps > 0) {
        parts.push(format!(
            "{} iterations/step",
            rounded(iterations.linear as f64 / steps as f64, 2)
        ));
    }
    if rejected > 0 || iterations.is_some() || spectral_radius.is_some() {
        parts.push(format!("dt = {dt:.2e}"));
    }
    parts
}

/// The time that is left, unless there is none.
pub(crate) fn left(seconds: f64) -> Option<String> {
    match seconds {
        0.0 => None,
        ..1.0 => Some("<1s left".into()),
        _ => {
            let duration = Duration::from_secs_f64(seconds.min(1e9));
            Some(format!("{:#} left", indicatif::HumanDuration(duration)))
        }
    }
}

/// As many of the last parts as so many columns have room for.
pub(crate) fn fitting(parts: Vec<String>, columns: usize) -> String {
    let lines = (0..parts.len()).map(|first| parts[first..].join("  "));
    lines.into_iter().find(|line| line.chars().count() <= columns).unwrap_or_default()
}

/// Columns beside the bar, in a terminal of so many columns.
fn beside_bar(columns: u16) -> usize {
    usize::from(columns).saturating_sub(BAR + PERCENT)
}

/// A time in few characters.
pub(crate) fn short(time: f64) -> String {
    match time.abs() {
        0.0 | 0.01..1e9 => rounded(time, 4),
        _ => format!("{time:.3e}"),
    }
}

impl Tracker for Progress {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        match self {
            Progress::Hidden => {}
            Progress::Bar { bar, speed } => {
                speed.update(now);
                bar.set_length(all_steps(now));
                bar.set_position(now.step());
                bar.set_message(describe(speed, now, beside_bar(columns())));
            }
            Progress::Lines { next, speed } => {
                if speed.last.is_none() {
                    speed.update(now);
                }
                if Instant::now() >= *next && !now.is_last() {
                    speed.update(now);
                    let steps = all_steps(now);
                    let percent = 100.0 * now.step() as f64 / steps.max(1) as f64;
                    error_line(&format!("{percent:5.1} %  {}", describe(speed, now, usize::MAX)));
                    *next = Instant::now() + LINES;
                }
            }
        }
        Ok(GO_ON)
    }

    fn finish(&mut self, _: &Report) -> Result<(), TrackerError> {
        if let Progress::Bar { bar, .. } = self {
            bar.finish();
            error_line("");
        }
        Ok(())
    }
}

/// Columns of the terminal.
fn columns() -> u16 {
    match std::io::stderr().is_terminal() {
        true => terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| width.0),
        false => launcher::width(),
    }
}

/// Whether standard error is a terminal, or is forwarded to one by mpirun.
fn terminal() -> bool {
    std::io::stderr().is_terminal()
        || (fluxions::comm::launched_ranks().is_some() && launcher::has_terminal())
}

/// The launcher of the processes, such as mpirun, if it runs on this machine.
mod launcher {
    use std::fs::File;
    use std::io::{self, IsTerminal, Write};

    use indicatif::TermLike;

    /// Whether the launcher's standard error is a terminal.
    pub(super) fn has_terminal() -> bool {
        stderr().is_some_and(|file| file.is_terminal())
    }

    /// The launcher's standard error, where the system shows it (on Linux).
    fn stderr() -> Option<File> {
        let path = format!("/proc/{}/fd/2", std::os::unix::process::parent_id());
        let target = std::fs::read_link(&path).ok()?;
        // Only a terminal is opened: opening a pipe might block.
        target.starts_with("/dev").then(|| File::open(path).ok()).flatten()
    }

    /// Columns of the launcher's terminal.
    pub(super) fn width() -> u16 {
        let size = stderr().and_then(terminal_size::terminal_size_of);
        size.map_or(80, |(terminal_size::Width(width), _)| width)
    }

    /// Standard error, as a terminal that understands the usual escapes.
    #[derive(Debug)]
    pub(super) struct Terminal {
        pub(super) width: u16,
    }

    impl Terminal {
        fn send(&self, text: &str) -> io::Result<()> {
            io::stderr().write_all(text.as_bytes())
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            self.width
        }
        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            if n == 0 { Ok(()) } else { self.send(&format!("\x1b[{n}A")) }
        }
        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            if n == 0 { Ok(()) } else { self.send(&format!("\x1b[{n}B")) }
        }
        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            if n == 0 { Ok(()) } else { self.send(&format!("\x1b[{n}C")) }
        }
        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            if n == 0 { Ok(()) } else { self.send(&format!("\x1b[{n}D")) }
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.send(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.send(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.send("\r\x1b[2K")
        }
        fn flush(&self) -> io::Result<()> {
            io::stderr().flush()
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxions_solver::Iterations;

    use super::*;

    #[test]
    fn forty_columns_hold_the_bar_and_what_matters_most() {
        let parts = || ["step 123456/987654", "t = 1.2346e+10", "812.5 Mcell/s", "59m left"];
        let message = |columns| fitting(parts().map(String::from).to_vec(), beside_bar(columns));
        assert_eq!(message(40), "59m left");
        assert_eq!(message(45), "812.5 Mcell/s  59m left");
        assert_eq!(message(120), parts().join("  "));
        for columns in 0..120 {
            let line = BAR + PERCENT + message(columns).chars().count();
            assert!(line <= usize::from(columns) || message(columns).is_empty(), "{columns}");
        }
    }

    #[test]
    fn what_is_unknown_or_over_is_left_out() {
        assert_eq!(Speed::new().known(), None);
        assert_eq!(left(0.0), None);
        assert_eq!(left(0.3).unwrap(), "<1s left");
        assert_eq!(left(130.0).unwrap(), "2m left");
    }

    #[test]
    fn what_solvers_did_is_told_where_they_do_anything() {
        let effort = Effort {
            steps: 10,
            rejected: 0,
            dt: 1.5e-3,
            evaluations: 40,
            iterations: None,
            spectral_radius: None,
        };
        assert!(of_solver(&effort).is_empty());
        let iterations = Some(Iterations { nonlinear: 12, linear: 35 });
        let told = of_solver(&Effort { rejected: 3, iterations, ..effort }).join("  ");
        assert_eq!(told, "3 rejected  3.5 iterations/step  dt = 1.50e-3");
        let told = of_solver(&Effort { spectral_radius: Some(2.0), ..effort });
        assert_eq!(told, ["dt = 1.50e-3"]);
    }
}
