//! Writes run.log: what a run did, line by line, with the seconds since its start.

use std::fs::File;
use std::io::Write;
use std::time::Instant;

use fluxions_solver::{Flow, GO_ON, Report, Snapshot, Tracker, TrackerError};

use crate::error::{Error, file};
use crate::folder::RunFolder;
use crate::problem::Warnings;
use crate::text::visible;

/// A tracker that writes a line for each state that it sees. Only rank 0 writes.
pub struct RunLog {
    /// The run folder; `None` on the ranks that do not write.
    folder: Option<RunFolder>,
    /// The lines that it begins with.
    header: String,
    file: Option<File>,
    began: Instant,
    /// Warnings that come up in the run, and how many of them are written already.
    warnings: (Warnings, usize),
}

impl RunLog {
    /// A log that begins with these lines, written at the first state to `run.log`: after what an earlier run has
    /// written, if this one goes on with it. Only where there is a folder is anything written.
    pub fn new(folder: Option<RunFolder>, header: &str) -> Self {
        let warnings = (Warnings::default(), 0);
        RunLog { folder, header: header.into(), file: None, began: Instant::now(), warnings }
    }

    /// Writes these warnings, too, as they come up.
    #[must_use]
    pub fn with(mut self, warnings: &Warnings) -> Self {
        self.warnings = (warnings.clone(), 0);
        self
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let seconds = self.began.elapsed().as_secs_f64();
        let stamped = |text: &str| -> String {
            visible(text).lines().map(|line| format!("[{seconds:10.3} s] {line}\n")).collect()
        };
        let mut lines = stamped(text);
        let open = match &mut self.file {
            Some(open) => open,
            None => {
                lines.insert_str(0, &stamped(&self.header));
                self.file.insert(folder.open_log()?)
            }
        };
        open.write_all(lines.as_bytes()).map_err(file(&folder.log(), "write"))
    }
}

impl Tracker for RunLog {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        self.write(&format!("t = {} (step {}): snapshot", now.time(), now.step()))?;
        let (warnings, written) = &mut self.warnings;
        let new = warnings.after(*written);
        *written += new.len();
        for warning in new {
            self.write(&warning.line())?;
        }
        Ok(GO_ON)
    }

    fn finish(&mut self, report: &Report) -> Result<(), TrackerError> {
        Ok(self.write(&report.to_string())?)
    }
}
