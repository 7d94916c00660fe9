//! Writes diagnostics.csv: a line of numbers at each time of its schedule.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use fluxions_solver::{Flow, GO_ON, Snapshot, Tracker, TrackerError};

use crate::error::{Error, file};

/// A tracker that writes a line to a file each time: step, time, then the numbers.
pub struct DiagnosticsWriter {
    path: PathBuf,
    names: Vec<String>,
    file: Option<File>,
}

impl DiagnosticsWriter {
    /// A writer of the numbers with these names, which the simulation's builder has to know.
    pub fn new(path: PathBuf, names: Vec<String>) -> Self {
        DiagnosticsWriter { path, names, file: None }
    }

    fn write(&mut self, line: &str) -> Result<(), Error> {
        if self.file.is_none() {
            let mut new = File::create(&self.path).map_err(file(&self.path, "make the file"))?;
            let columns = ["step", "time"].into_iter().chain(self.names.iter().map(String::as_str));
            let header = columns.collect::<Vec<_>>().join(",") + "\n";
            new.write_all(header.as_bytes()).map_err(file(&self.path, "write"))?;
            self.file = Some(new);
        }
        match &mut self.file {
            // In one piece, so that a kill leaves whole lines.
            Some(open) => open.write_all(line.as_bytes()).map_err(file(&self.path, "write")),
            None => Ok(()),
        }
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
            self.write(&line)?;
        }
        Ok(GO_ON)
    }
}
