//! HDF5 files that are opened without locks, so that they can be read while a run writes them.

use hdf5::{File, FileBuilder};

/// What opens a file without locks.
pub(crate) fn unlocked() -> FileBuilder {
    let mut builder = File::with_options();
    builder.with_fapl(|list| list.file_locking(false));
    builder
}
