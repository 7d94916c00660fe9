//! The seal of an index: a checksum behind what HDF5 has written, which readers of HDF5 do not see. It is looked at before HDF5
//! reads the file, which may crash or go round for ever in a damaged one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, file};

const MARK: &[u8; 8] = b"FLXSEAL1";
/// The bytes of a seal: a mark and a checksum.
const LENGTH: usize = 16;
/// The longest index there is.
const MOST: u64 = 1 << 30;

/// Adds a seal to a file.
pub(crate) fn add(path: &Path) -> Result<(), Error> {
    let seal = || {
        let sum = xxh3_64(&std::fs::read(path)?);
        let mut open = OpenOptions::new().append(true).open(path)?;
        open.write_all(&[&MARK[..], &sum.to_le_bytes()].concat())
    };
    seal().map_err(file(path, "write the index"))
}

/// Whether a file has the seal of its contents.
pub(crate) fn is_whole(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|open| open.take(MOST).read_to_end(&mut bytes));
    let Some(at) = read.ok().and_then(|length| length.checked_sub(LENGTH)) else { return false };
    let (contents, seal) = bytes.split_at(at);
    seal[..8] == *MARK && seal[8..] == xxh3_64(contents).to_le_bytes()
}
