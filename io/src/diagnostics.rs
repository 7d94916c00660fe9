//! Writes diagnostics.csv: a line of numbers at each time of its schedule.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use fluxions_solver::{Flow, GO_ON, Snapshot, Tracker, TrackerError};

use crate::error::{Error, file};
use crate::folder::RunFolder;

/// A tracker that writes a line to a file each time: step, time, then the numbers.
pub struct DiagnosticsWriter {
    folder: RunFolder,
    names: Vec<String>,
    file: Option<File>,
    /// The bytes of all lines.
    length: u64,
}

impl DiagnosticsWriter {
    /// A writer of the numbers with these names, which the simulation's builder has to know.
    pub fn new(folder: &RunFolder, names: Vec<String>) -> Self {
        DiagnosticsWriter { folder: folder.clone(), names, file: None, length: 0 }
    }

    /// Opens the file, with the lines that were written before the run went on.
    fn open(&mut self) -> Result<File, Error> {
        let path = self.folder.make("diagnostics.csv")?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let mut open = options.open(&path).map_err(file(&path, "make the file"))?;
        let found = open.metadata().map_err(file(&path, "read"))?.len();
        if found < self.length {
            let source = std::io::Error::other(format!(
                "it has {found} bytes, of which the checkpoint knows {}",
                self.length
            ));
            return Err(Error::File { path, action: "go on with it", source });
        }
        let whole = open.set_len(self.length).and_then(|()| open.seek(SeekFrom::End(0)));
        whole.map_err(file(&path, "write"))?;
        Ok(open)
    }

    fn write(&mut self, line: &str) -> Result<(), Error> {
        let mut lines = String::new();
        let mut open = match self.file.take() {
            Some(open) => open,
            None => {
                let open = self.open()?;
                if self.length == 0 {
                    let columns = ["step", "time"].into_iter();
                    let columns = columns.chain(self.names.iter().map(String::as_str));
                    lines = columns.collect::<Vec<_>>().join(",") + "\n";
                }
                open
            }
        };
        lines += line;
        // In one piece, so that a kill leaves whole lines.
        let path = self.folder.diagnostics();
        open.write_all(lines.as_bytes()).map_err(file(&path, "write"))?;
        self.length += lines.len() as u64;
        self.file = Some(open);
        Ok(())
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

    fn settle(&mut self) -> Result<(), TrackerError> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        Ok(synced.map_err(file(&self.folder.diagnostics(), "write"))?)
    }

    fn save(&self) -> Option<Vec<u8>> {
        Some(self.length.to_le_bytes().into())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let length = saved.try_into().map_err(|_| "the saved state is not that of diagnostics")?;
        (self.length, self.file) = (u64::from_le_bytes(length), None);
        Ok(())
    }
}
