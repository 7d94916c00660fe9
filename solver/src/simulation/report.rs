//! What a run did, in numbers.

use std::fmt;
use std::time::Instant;

use fluxions_comm::Kind;

use crate::run::counts::Iterations;
use crate::solvers::balance::Balance;

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// The end time was reached.
    End,
    /// There were no steps: the equations are solved.
    Solved,
    /// As many steps as allowed were done.
    MaxSteps,
    /// A tracker asked for it, for this reason.
    Tracker(String),
    /// The program finished the simulation after single steps.
    Finished,
    /// What stores checkpoints asked for it, for this reason: another run can go on from the last one.
    Interrupted(String),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopReason::End => f.write_str("the end time was reached"),
            StopReason::Solved => f.write_str("the equations are solved"),
            StopReason::MaxSteps => f.write_str("the number of steps allowed was reached"),
            StopReason::Tracker(reason) | StopReason::Interrupted(reason) => f.write_str(reason),
            StopReason::Finished => f.write_str("the program finished the simulation"),
        }
    }
}

/// What a run did. Times are those of the slowest rank, counts those of all ranks together, so that
/// all ranks can decide by them.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// The time of the last state.
    pub time: f64,
    /// Time steps since the beginning, those before the run went on from a checkpoint included.
    pub steps: u64,
    /// How many of them were made before. All other counts and times are those since then.
    pub resumed_at: u64,
    /// Steps that were tried, and rejected since their error was too large.
    pub rejected_steps: u64,
    /// Evaluations of the right-hand sides.
    pub rhs_evaluations: u64,
    /// What it took to solve equations, where any were solved.
    pub iterations: Option<Iterations>,
    /// What came of a problem without steps.
    pub balance: Option<Balance>,
    /// Times that the halos of some fields were exchanged.
    pub halo_exchanges: u64,
    /// Messages between ranks in these exchanges.
    pub messages: u64,
    /// Bytes in these messages.
    pub bytes_sent: u64,
    /// How the messages across each named axis go, as far as it was chosen by measurement: "x in place", "y packed".
    pub halo_ways: Vec<String>,
    /// Seconds from before the set-up until now.
    pub wall_seconds: f64,
    /// Seconds of setting up.
    pub setup_seconds: f64,
    /// Seconds of stepping, without set-up and trackers.
    pub stepping_seconds: f64,
    /// Seconds in trackers, output among them.
    pub output_seconds: f64,
    /// Cells of the grid.
    pub cells: u64,
    /// Bytes that a step has to move between memory and processor, at least.
    pub bytes_per_step: u64,
    /// Ranks.
    pub ranks: usize,
    /// Ranks along each named axis.
    pub dims: Vec<usize>,
    /// What the ranks are.
    pub kind: Kind,
    /// What the kernels were compiled to.
    pub backend: String,
    /// Most time steps made in one sweep over memory.
    pub steps_per_sweep: u64,
}

/// What the parts of a simulation took on this rank, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Durations {
    /// When the set-up began.
    pub(super) began: Instant,
    pub(super) setup: f64,
    pub(super) stepping: f64,
    pub(super) output: f64,
}

impl Report {
    /// Time steps that this run has made.
    pub fn steps_made(&self) -> u64 {
        self.steps.saturating_sub(self.resumed_at)
    }

    /// Cells times steps per second of stepping; 0 where nothing was measured.
    pub fn cells_per_second(&self) -> f64 {
        let work = self.cells as f64 * self.steps_made() as f64;
        if self.stepping_seconds > 0.0 { work / self.stepping_seconds } else { 0.0 }
    }

    /// Bytes per second that stepping moved at least.
    pub fn bandwidth(&self) -> f64 {
        let bytes = self.bytes_per_step as f64 * self.steps_made() as f64;
        if self.stepping_seconds > 0.0 { bytes / self.stepping_seconds } else { 0.0 }
    }
}

/// Cells per second, for people: such as "12.5 Mcell/s".
pub fn cell_rate(cells_per_second: f64) -> String {
    match cells_per_second {
        1e9.. => format!("{:.1} Gcell/s", cells_per_second / 1e9),
        1e6.. => format!("{:.1} Mcell/s", cells_per_second / 1e6),
        1e3.. => format!("{:.1} kcell/s", cells_per_second / 1e3),
        1.0.. => format!("{cells_per_second:.1} cell/s"),
        _ => format!("{cells_per_second:.1e} cell/s"),
    }
}

/// A few lines for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Solo => "rank",
            Kind::Threads => "ranks as threads",
            Kind::Mpi if self.ranks == 1 => "MPI process",
            Kind::Mpi => "MPI processes",
        };
        let dims: Vec<_> = self.dims.iter().map(usize::to_string).collect();
        let before = match self.resumed_at {
            0 => String::new(),
            _ => format!(" after {} steps in all", self.steps),
        };
        writeln!(f, "t = {}{before}: {}", self.time, self.stop_reason)?;
        let speed = match self.cells_per_second() {
            speed if speed > 0.0 => format!(": {}", cell_rate(speed)),
            _ => String::new(),
        };
        let rejected = match self.rejected_steps {
            0 => String::new(),
            rejected => format!(" (and {rejected} rejected)"),
        };
        let what = match &self.balance {
            Some(Balance { residuals: [first, last], .. }) => {
                let share = if *first > 0.0 { last / first } else { 0.0 };
                format!("residual {share:.1e} of that at first,")
            }
            None => format!("{} steps{rejected} of", self.steps_made()),
        };
        writeln!(
            f,
            "{what} {} cells in {:.3} s{speed} on {} {kind} ({}) by {}",
            self.cells,
            self.stepping_seconds,
            self.ranks,
            dims.join("×"),
            self.backend,
        )?;
        if let Some(Iterations { nonlinear, linear }) = self.iterations {
            writeln!(f, "{nonlinear} corrections with {linear} iterations of linear systems")?;
        }
        write!(
            f,
            "{} messages with {:.1} MB; set-up {:.3} s, output {:.3} s",
            self.messages,
            self.bytes_sent as f64 / 1e6,
            self.setup_seconds,
            self.output_seconds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_have_units_in_which_they_are_not_zero() {
        for (speed, text) in [
            (2.5e9, "2.5 Gcell/s"),
            (12.34e6, "12.3 Mcell/s"),
            (4e4, "40.0 kcell/s"),
            (20.0, "20.0 cell/s"),
            (0.02, "2.0e-2 cell/s"),
        ] {
            assert_eq!(cell_rate(speed), text);
        }
    }
}
