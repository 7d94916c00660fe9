//! Writes files of lines at the times of a schedule: the same for all that is no more than numbers in rows.

use fluxions_solver::{Flow, GO_ON, Report, Snapshot, Tracker, TrackerError};

use crate::folder::RunFolder;
use crate::lines::Lines;
use crate::together::agree;

/// What is written.
pub(crate) trait Rows {
    /// The lines for a state, each with its end; what other ranks than the first return does not matter. Collective.
    ///
    /// # Errors
    /// If there are none.
    fn rows(&mut self, now: &mut Snapshot<'_>) -> Result<String, TrackerError>;

    /// Looks whether the run may go on with what the last rows say.
    ///
    /// # Errors
    /// If it may not, the same on all ranks.
    fn verdict(&mut self) -> Result<(), TrackerError> {
        Ok(())
    }

    /// What is needed to go on, if anything is.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// If it is something else.
    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let _ = saved;
        Ok(())
    }
}

/// A tracker that writes rows to a file.
pub(crate) struct RowsWriter<R> {
    folder: RunFolder,
    /// The folder of the file in that of the run, if it has one.
    within: Option<&'static str>,
    lines: Lines,
    pub(crate) rows: R,
    begun: bool,
}

impl<R: Rows> RowsWriter<R> {
    /// A writer of a file in the run folder, in a folder of that if one is given.
    pub(crate) fn new(
        folder: &RunFolder,
        (within, name): (Option<&'static str>, &str),
        header: &str,
        rows: R,
    ) -> Self {
        let name = within.map_or(name.to_string(), |within| format!("{within}/{name}"));
        let lines = Lines::new(folder, &name, format!("{header}\n"));
        RowsWriter { folder: folder.clone(), within, lines, rows, begun: false }
    }
}

impl<R: Rows> Tracker for RowsWriter<R> {
    fn record(&mut self, now: &mut Snapshot<'_>) -> Result<Flow, TrackerError> {
        if let Some(within) = self.within.filter(|_| !self.begun) {
            let is_root = now.world().is_root();
            let made = if is_root { self.folder.make_folder(within) } else { Ok(()) };
            agree(now.world(), made)?;
            self.begun = true;
        }
        let rows = self.rows.rows(now)?;
        if now.world().is_root() {
            self.lines.add(&rows)?;
            if now.is_last() {
                self.lines.write()?;
            }
        }
        self.rows.verdict().map(|()| GO_ON)
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
        Some([&self.lines.length().to_le_bytes()[..], &self.rows.save()].concat())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), TrackerError> {
        let Some((length, own)) = saved.split_first_chunk::<8>() else {
            return Err("the saved state is not that of rows in a file".into());
        };
        self.lines.go_on(u64::from_le_bytes(*length));
        self.begun = false;
        self.rows.restore(own)
    }
}
