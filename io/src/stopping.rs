//! Stops runs before their end.

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
