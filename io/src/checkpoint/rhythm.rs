//! When checkpoints are written.

use std::time::{Duration, Instant};

/// How often checkpoints are written while a run goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rhythm {
    /// After so much time by the clock on the wall.
    Wall(Duration),
    /// After so much simulation time.
    Simulation(f64),
}

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm::Wall(Duration::from_secs(600))
    }
}

/// A time by the clock on the wall at which a run has to be over.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// When.
    pub at: Instant,
    /// How long before that the run begins to stop, apart from the time that a checkpoint takes.
    pub reserve: Duration,
    /// What sets it, in words that follow "because": "the wall time of 1h is over".
    pub reason: String,
}

impl Limit {
    /// Whether a run that needs so long for a checkpoint has to stop now.
    pub(super) fn is_near(&self, checkpoint: Duration) -> bool {
        Instant::now() + self.reserve + 2 * checkpoint >= self.at
    }
}
