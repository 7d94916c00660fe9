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

/// Writes a file under another name, waits until it is on the disk, and renames it: whatever happens in
/// between, even the loss of power, the file is the old or the new one.
pub(crate) fn write_whole(path: &Path, contents: &[u8]) -> Result<(), Error> {
    let new = beside(path);
    remove_leftover(&new)?;
    let write = || {
        let mut open = OpenOptions::new().write(true).create_new(true).open(&new)?;
        open.write_all(contents)?;
        open.sync_all()
    };
    write().map_err(file(&new, "write"))?;
    put_in_place(&new, path)
}

/// Waits until the contents of a file, or the names in a folder, are on the disk.
pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|open| open.sync_all()).map_err(file(path, "write"))
}

/// Renames a file whose contents are on the disk.
pub(crate) fn put_in_place(new: &Path, path: &Path) -> Result<(), Error> {
    std::fs::rename(new, path).map_err(file(path, "put the new file in place"))
}

/// Removes what a run that was killed has left under the name of a new file.
pub(crate) fn remove_leftover(new: &Path) -> Result<(), Error> {
    match std::fs::remove_file(new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(file(new, "remove what an earlier run left")(error))
        }
        _ => Ok(()),
    }
}
