//! Stops runs before their end.

use std::time::{Duration, Instant};

use fluxions_solver::{Flow, GO_ON, Snapshot, Tracker, TrackerError};

use crate::numbers::brief;
use crate::problem::Stop;

/// A tracker that stops the run where the section `stop` of a problem says so.
pub struct Stopping(Stop);

impl Stopping {
    /// A tracker for what a problem says.
    pub fn new(stop: Stop) -> Self {
        Stopping(stop)
    }
}

/// A tracker that stops the run after some time by the clock on the wall, counted from when it was made.
pub struct WallTime {
    most: Duration,
    began: Instant,
}

impl WallTime {
    /// A tracker for so much time.
    pub fn new(most: Duration) -> Self {
        WallTime { most, began: Instant::now() }
    }
}

impl Tracker for WallTime {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        // The clocks of ranks differ.
        let elapsed = now.world().max(self.began.elapsed().as_secs_f64())?;
        match elapsed >= self.most.as_secs_f64() && !now.is_last() {
            true => {
                let most = humantime::format_duration(self.most);
                Ok(Flow::Break(format!("the wall time of {most} is over")))
            }
            false => Ok(GO_ON),
        }
    }
}

impl Tracker for Stopping {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        let Stopping(Stop { steady, when, .. }) = self;
        if let Some(when) = when
            && !matches!(now.number(Stop::WHEN)?, number if number == 0.0 || number.is_nan())
        {
            return Ok(Flow::Break(format!("`{when}` was reached")));
        }
        if let Some(steady) = steady {
            let rate = now.largest_rate()?;
            if rate <= *steady {
                let (rate, steady) = (brief(rate), brief(*steady));
                let reason = format!("the state is steady: no rate of change is above {rate}");
                return Ok(Flow::Break(format!("{reason} (steady = {steady})")));
            }
        }
        Ok(GO_ON)
    }
}
