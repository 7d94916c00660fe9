//! Writes diagnostics.csv: a line of numbers at each time of its schedule.

use fluxions_solver::{Flow, GO_ON, Report, Snapshot, Tracker, TrackerError};

use crate::folder::RunFolder;
use crate::lines::Lines;

/// A tracker that writes a line to a file each time: step, time, then the numbers.
pub struct DiagnosticsWriter {
    names: Vec<String>,
    lines: Lines,
}

impl DiagnosticsWriter {
    /// A writer of the numbers with these names, which the simulation's builder has to know.
    pub fn new(folder: &RunFolder, names: Vec<String>) -> Self {
        let columns = ["step", "time"].into_iter().chain(names.iter().map(String::as_str));
        let header = columns.collect::<Vec<_>>().join(",") + "\n";
        DiagnosticsWriter { lines: Lines::new(folder, "diagnostics.csv", header), names }
    }
}

impl Tracker for DiagnosticsWriter {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        let mut line = format!("{},{:?}", now.step(), now.time());
        for name in &self.names {
            line += &format!(",{:?}", now.number(name)?);
        }
        line.push('\n');
        if now.world().is_root() {
            self.lines.add(&line)?;
            if now.is_last() {
                self.lines.write()?;
            }
        }
        Ok(GO_ON)
    }

    fn catch_up(&mut self, _: bool) -> Result<(), TrackerError> {
        Ok(self.lines.write_if_due()?)
    }

    fn finish(&mut self, _: &Report) -> Result<(), TrackerError> {
        Ok(self.lines.write()?)
    }

    fn settle(&mut self) -> Result<(), TrackerError> {
        Ok(self.lines.settle()?)
    }

    fn save(&self) -> Option<Vec<u8>> {
        Some(self.lines.length().to_le_bytes().into())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let length = saved.try_into().map_err(|_| "the saved state is not that of diagnostics")?;
        self.lines.go_on(u64::from_le_bytes(length));
        Ok(())
    }
}
