//! Files that appear as a whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, file};

/// The name under which the next version of a file is written beside it.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// Whether something has to be on the disk before the run goes on, so that it outlasts the loss of power. Waiting for one
/// file may mean to wait for all that was written before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It need not: a kill of the process does not touch it.
    No,
    /// It has to.
    ForDisk,
}

/// Writes a file under another name, and renames it: whatever happens to the process in between, the file is the old
/// or the new one; if it waits for the disk, also where power is lost.
pub(crate) fn write_whole(path: &Path, contents: &[u8], wait: Wait) -> Result<(), Error> {
    let new = beside(path);
    remove(&new)?;
    let write = || {
        let mut open = OpenOptions::new().write(true).create_new(true).open(&new)?;
        open.write_all(contents)?;
        if wait == Wait::ForDisk { open.sync_all() } else { Ok(()) }
    };
    write().map_err(file(path, "write"))?;
    put_in_place(&new, path)
}

/// Has the system begin to write to the disk what it has in memory of a file, so that less is left to wait for later.
pub(crate) fn begin_settling(open: &File) {
    // The advice that it will not be needed is the one by which Linux begins at once. What is not on the disk yet stays
    // in memory, and where the advice is not taken nothing is lost.
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(open, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = open;
}

/// Waits until the contents of a file, or the names in a folder, are on the disk.
pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|open| open.sync_all()).map_err(file(path, "write"))
}

/// Gives a new file its name.
pub(crate) fn put_in_place(new: &Path, path: &Path) -> Result<(), Error> {
    std::fs::rename(new, path).map_err(file(path, "put the new file in place"))
}

/// Removes a file, such as what a run that was killed has left, if there is one.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(file(path, "remove what an earlier run left")(error))
        }
        _ => Ok(()),
    }
}
