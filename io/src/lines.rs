//! Files of lines that a run writes, and goes on with.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::error::{Error, file};
use crate::folder::{RunFolder, begin_settling};

/// How long lines may wait before they are written.
const WAIT: Duration = Duration::from_millis(250);
/// How many bytes of them may wait.
const MOST: usize = 1 << 16;

/// A file of lines below a header. Lines are written together, a few times a second, and always as wholes.
pub(crate) struct Lines {
    folder: RunFolder,
    /// Its name in the run folder.
    name: String,
    header: String,
    file: Option<File>,
    /// Whether the folder has taken note of the file already.
    is_noted: bool,
    /// The bytes of all lines, those that wait included.
    length: u64,
    waiting: String,
    /// When lines were written last.
    written: Option<Instant>,
}

impl Lines {
    /// The file of this name, which begins with a header.
    pub(crate) fn new(folder: &RunFolder, name: &str, header: String) -> Self {
        let (folder, name) = (folder.clone(), name.to_string());
        Lines {
            folder,
            name,
            header,
            file: None,
            is_noted: false,
            length: 0,
            waiting: String::new(),
            written: None,
        }
    }

    /// Takes note of many files of one folder before lines are added to them. Each by itself would read the list of all.
    pub(crate) fn note_all(all: &mut [Self]) -> Result<(), Error> {
        let Some(first) = all.first() else { return Ok(()) };
        let names: Vec<String> = all.iter().map(|lines| lines.name.clone()).collect();
        first.folder.make_all(&names)?;
        all.iter_mut().for_each(|lines| lines.is_noted = true);
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Opens the file, with the lines that were written before the run went on, as far as they are still there.
    fn open(&mut self) -> Result<File, Error> {
        let path = match self.is_noted {
            true => self.path(),
            false => self.folder.make(&self.name)?,
        };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let open = options.open(&path).map_err(file(&path, "make the file"))?;
        let found = open.metadata().map_err(file(&path, "read"))?.len();
        self.length = self.length.min(found);
        open.set_len(self.length).map_err(file(&path, "write"))?;
        Ok(open)
    }

    /// Adds a line, which ends with the end of a line.
    pub(crate) fn add(&mut self, line: &str) -> Result<(), Error> {
        if self.file.is_none() {
            self.file = Some(self.open()?);
            if self.length == 0 {
                self.waiting = self.header.clone();
                self.length = self.waiting.len() as u64;
            }
        }
        self.waiting += line;
        self.length += line.len() as u64;
        if self.waiting.len() >= MOST { self.write() } else { self.write_if_due() }
    }

    /// Writes what waits, a few times a second.
    pub(crate) fn write_if_due(&mut self) -> Result<(), Error> {
        let is_due = self.written.is_none_or(|when| when.elapsed() >= WAIT);
        if is_due { self.write() } else { Ok(()) }
    }

    /// Writes what waits.
    pub(crate) fn write(&mut self) -> Result<(), Error> {
        let path = self.path();
        if let Some(open) = self.file.as_ref().filter(|_| !self.waiting.is_empty()) {
            // In one piece, so that a kill leaves whole lines; at its place, so that it may be tried again.
            let at = self.length - self.waiting.len() as u64;
            if let Err(error) = open.write_all_at(self.waiting.as_bytes(), at) {
                // Where there is no room, a part of a line is worth nothing.
                let _ = open.set_len(at);
                return Err(file(&path, "write")(error));
            }
            self.waiting.clear();
            self.written = Some(Instant::now());
        }
        Ok(())
    }

    /// Writes what waits, and waits until it is on the disk.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        Lines::settle_all(std::slice::from_mut(self))
    }

    /// Writes what waits in all of these files, and waits until it is on the disk. All begin before one is waited for: then the
    /// disk is waited for once, not once for each file.
    pub(crate) fn settle_all(all: &mut [Self]) -> Result<(), Error> {
        for lines in &mut *all {
            lines.write()?;
            lines.file.iter().for_each(begin_settling);
        }
        for lines in all {
            let synced = lines.file.as_ref().map_or(Ok(()), File::sync_data);
            synced.map_err(file(&lines.path(), "write"))?;
        }
        Ok(())
    }

    /// The bytes of all lines.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Goes on after so many bytes.
    pub(crate) fn go_on(&mut self, length: u64) {
        (self.length, self.file, self.written) = (length, None, None);
        self.waiting.clear();
    }
}
