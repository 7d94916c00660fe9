//! Writes numbers to their places in a segment, past HDF5: its datasets lie in one piece each, at places that do not
//! change. Ranks on one host write to one file at the same time without waiting for each other.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use fluxions_comm::{Combine, World};

use super::index::dataset_of;
use super::segment::SnapshotPlace;
use super::{Contents, Field};
use crate::error::{Error, file, hdf};
use crate::folder::begin_settling;
use crate::problem::Compression;
use crate::unlocked::unlocked;

/// A segment that is open for writing.
pub(crate) struct OpenSegment {
    pub(crate) number: usize,
    path: PathBuf,
    open: File,
    /// Where datasets begin in the file, in bytes.
    offsets: Offsets,
}

/// Where the datasets of a segment begin, in bytes; -1 for those that do not lie in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offsets {
    time: i64,
    numbers: Vec<i64>,
    fields: Vec<i64>,
    checksums: Vec<i64>,
}

impl Offsets {
    /// Reads where datasets lie.
    ///
    /// # Errors
    /// If the file cannot be read, or is not that of such a segment.
    pub(crate) fn read(
        path: &Path,
        contents: &Contents,
        numbers: &[String],
    ) -> Result<Self, Error> {
        let read = || {
            let file = unlocked().open(path)?;
            let of = |name: &str| {
                let offset = file.dataset(name)?.offset();
                Ok(offset.map_or(-1, |offset| offset as i64))
            };
            let fields = contents.fields.iter();
            Ok(Offsets {
                time: of("time")?,
                numbers: numbers
                    .iter()
                    .map(|name| of(&dataset_of(name)))
                    .collect::<hdf5::Result<_>>()?,
                fields: match contents.compression {
                    Compression::None => fields
                        .clone()
                        .map(|field| of(&SnapshotPlace::dataset(field)))
                        .collect::<hdf5::Result<_>>()?,
                    Compression::Deflate => vec![-1; fields.len()],
                },
                checksums: fields
                    .map(|field| of(&SnapshotPlace::checksums(field)))
                    .collect::<hdf5::Result<_>>()?,
            })
        };
        read().map_err(hdf(path, "go on with it"))
    }

    /// Where the rooms for fields begin, and how many bytes they have. Those that HDF5 makes as they are needed are not among
    /// them.
    pub(crate) fn rooms(&self, capacity: usize, contents: &Contents) -> Vec<(u64, u64)> {
        let rooms = self.fields.iter().zip(&contents.fields);
        let rooms = rooms.filter(|(offset, _)| **offset >= 0);
        rooms.map(|(at, field)| (*at as u64, contents.room(field, capacity))).collect()
    }

    /// Those of rank 0, on all ranks. Collective.
    pub(crate) fn shared(
        world: &World,
        here: Option<Self>,
        contents: &Contents,
        numbers: usize,
    ) -> Result<Self, fluxions_comm::Error> {
        let fields = contents.fields.len();
        let mut all = match here {
            Some(Offsets { time, numbers, fields, checksums }) => {
                [vec![time], numbers, fields, checksums].concat()
            }
            None => vec![i64::MIN; 1 + numbers + 2 * fields],
        };
        world.combine(Combine::Max, &mut all)?;
        let checksums = all.split_off(1 + numbers + fields);
        let of_fields = all.split_off(1 + numbers);
        let numbers = all.split_off(1);
        Ok(Offsets { time: all[0], numbers, fields: of_fields, checksums })
    }
}

impl OpenSegment {
    /// Opens the segment of this number.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub(crate) fn open(path: PathBuf, number: usize, offsets: Offsets) -> Result<Self, Error> {
        let open = OpenOptions::new().write(true).open(&path).map_err(file(&path, "write"))?;
        Ok(OpenSegment { number, path, open, offsets })
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn write(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        self.open.write_all_at(bytes, at).map_err(file(&self.path, "write a snapshot"))
    }

    /// Writes numbers of a field, from this one of the dataset on.
    pub(crate) fn write_field(
        &self,
        field: usize,
        (first, size): (u64, usize),
        bytes: &[u8],
    ) -> Result<(), Error> {
        self.write(bytes, self.offsets.fields[field] as u64 + first * size as u64)
    }

    /// Has the system begin to write to the disk what it has in memory, so that less is left to wait for before a checkpoint.
    pub(crate) fn begin_settling(&self) {
        begin_settling(&self.open);
    }

    /// Writes the checksums of the components of a field.
    pub(crate) fn write_checksums(
        &self,
        field: usize,
        slot: usize,
        sums: &[u64],
    ) -> Result<(), Error> {
        let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        let at = self.offsets.checksums[field] as u64 + (slot * bytes.len()) as u64;
        self.write(&bytes, at)
    }

    /// Writes the unknowns without space, and then the time: from then on the snapshot is complete.
    pub(crate) fn complete(&self, slot: usize, time: f64, numbers: &[f64]) -> Result<(), Error> {
        let place = |offset: i64| offset as u64 + (slot * size_of::<f64>()) as u64;
        for (offset, number) in self.offsets.numbers.iter().zip(numbers) {
            self.write(&number.to_le_bytes(), place(*offset))?;
        }
        self.write(&time.to_le_bytes(), place(self.offsets.time))
    }
}

/// How many numbers of a field come before a component of a snapshot in its dataset.
pub(crate) fn first_number(
    field: &Field,
    contents: &Contents,
    slot: usize,
    component: usize,
) -> u64 {
    let cells = contents.grid.cells();
    ((slot * field.components().len() + component) * cells) as u64
}
