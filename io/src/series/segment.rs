//! Segments: the files in which snapshots lie.
//!
//! A segment's datasets have their full size from the beginning, each in one piece, so that writing a snapshot
//! changes numbers and nothing else in the file: what a run that is killed has begun to write is at worst a snapshot
//! that has no time yet.

use std::path::Path;

use hdf5::plist::dataset_create::{AllocTime, FillTime};
use hdf5::{Extents, File, Hyperslab, SliceOrIndex};

use super::index::dataset_of;
use super::{Contents, Field, header, number};
use crate::error::{Error, hdf};
use crate::folder::remove;
use crate::problem::Compression;
use crate::unlocked::unlocked;

/// The number of segments of each capacity: this many of the first, as many again of twice that, then of four times
/// that, …
const PER_LEVEL: usize = 64;
/// How many bytes the first segments have room for, at most.
const FIRST: usize = 1 << 20;
/// The most snapshots in one of the first segments.
const MOST: usize = 1024;
/// Fields of so many bytes begin with a page of memory: what begins elsewhere takes the system nearly twice the time.
const LARGE: u64 = 1 << 16;
const PAGE: u64 = 1 << 12;
/// About how many numbers a chunk of a compressed dataset has.
const CHUNK: usize = 1 << 17;

/// How many snapshots segments have room for: as many as the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    first: usize,
}

/// Where a snapshot lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotPlace {
    /// The number of the segment.
    pub(crate) segment: usize,
    /// Which of its snapshots.
    pub(crate) slot: usize,
    /// How many the segment has room for.
    pub(crate) capacity: usize,
}

impl Places {
    /// Segments whose first have room for so many snapshots.
    pub(crate) fn new(first: usize) -> Self {
        Places { first: first.max(1) }
    }

    /// The segments of a series.
    pub(crate) fn of_contents(contents: &Contents) -> Self {
        // What HDF5 writes may be damaged by a kill, at worst with all that is in the file.
        let room = if contents.compression == Compression::None { FIRST } else { 0 };
        Places { first: (room / contents.bytes_of_snapshot().max(1)).clamp(1, MOST) }
    }

    /// How many snapshots the first segments have room for.
    pub(crate) fn of_first(&self) -> usize {
        self.first
    }

    /// Where a snapshot lies.
    pub(crate) fn of(&self, index: usize) -> SnapshotPlace {
        let level = (index / (PER_LEVEL * self.first) + 1).ilog2() as usize;
        let capacity = self.first << level;
        let within = index - PER_LEVEL * (capacity - self.first);
        let segment = PER_LEVEL * level + within / capacity;
        SnapshotPlace { segment, slot: within % capacity, capacity }
    }
}

impl SnapshotPlace {
    /// The segment's file within the run folder.
    pub(crate) fn file(&self) -> String {
        file(self.segment)
    }

    /// The dataset of a field in the segment.
    pub(crate) fn dataset(field: &Field) -> String {
        format!("fields/{}", field.name())
    }

    /// The dataset of the checksums of a field in the segment.
    pub(crate) fn checksums(field: &Field) -> String {
        format!("checksums/{}", field.name())
    }
}

/// The file of a segment within the run folder.
pub(crate) fn file(segment: usize) -> String {
    format!("snapshots/{segment:06}.h5")
}

/// Makes a segment's file with room for its snapshots, none of which has a time yet. `numbers` are the names of unknowns
/// without space.
pub(crate) fn create(
    path: &Path,
    place: SnapshotPlace,
    contents: &Contents,
    numbers: &[String],
) -> Result<(), Error> {
    let make = || {
        // Whatever stands there, such as a link, is replaced and not written to.
        let _ = std::fs::remove_file(path);
        let mut options = unlocked();
        options.with_fapl(|list| list.alignment(LARGE, PAGE));
        let file = options.create(path)?;
        header::write(&file, contents)?;
        let capacity = place.capacity;
        let times = vec![f64::NAN; capacity];
        for name in
            std::iter::once("time".to_string()).chain(numbers.iter().map(|name| dataset_of(name)))
        {
            let dataset = file.new_dataset::<f64>().shape(capacity).obj_track_times(false);
            dataset.create(name.as_str())?.write_raw(&times)?;
        }
        for field in &contents.fields {
            add_field(&file, field, place, contents)?;
            let shape = (capacity, field.components().len());
            let sums = file.new_dataset::<u64>().shape(shape).obj_track_times(false);
            let sums = sums.create(SnapshotPlace::checksums(field).as_str())?;
            sums.write_raw(&vec![0; shape.0 * shape.1])?;
        }
        file.flush()?;
        file.close()
    };
    make().map_err(hdf(path, "make the file"))
}

/// Removes all snapshots from a place on: their times, and the files that hold no others.
pub(crate) fn forget_from(run: &Path, place: SnapshotPlace) -> Result<(), Error> {
    let first = if place.slot == 0 { place.segment } else { place.segment + 1 };
    for number in first.. {
        let path = run.join(file(number));
        if !path.exists() {
            break;
        }
        remove(&path)?;
    }
    if place.slot == 0 {
        return Ok(());
    }
    let path = run.join(place.file());
    let forget = || {
        let file = unlocked().open_rw(&path)?;
        let dataset = file.dataset("time")?;
        let mut times: Vec<f64> = dataset.read_raw()?;
        times.iter_mut().skip(place.slot).for_each(|time| *time = f64::NAN);
        dataset.write_raw(&times)?;
        file.flush()?;
        file.close()
    };
    forget().map_err(hdf(&path, "go on with it"))
}

fn add_field(
    file: &File,
    field: &Field,
    place: SnapshotPlace,
    contents: &Contents,
) -> hdf5::Result<()> {
    let shape = contents.shape(field);
    let all: Vec<usize> = [place.capacity].into_iter().chain(shape.iter().copied()).collect();
    let missing = number::missing(contents.precision, field.ty().complex);
    let empty = file.new_dataset_builder().empty_as(missing.type_descriptor());
    let dataset = empty.shape(all.clone()).obj_track_times(false);
    let dataset = match contents.compression {
        Compression::None => dataset.alloc_time(Some(AllocTime::Early)).fill_time(FillTime::Never),
        Compression::Deflate => {
            let cells = contents.grid.dimension();
            dataset.chunk(chunk(&all, cells)).shuffle().deflate(4).fill_value(missing)
        }
    };
    let dataset = dataset.create(SnapshotPlace::dataset(field).as_str())?;
    header::write_field(&dataset, field, &contents.grid.axis_names())
}

/// The shape of a chunk: one component of one snapshot, cut along the first axis of the grid where that is large.
fn chunk(shape: &[usize], cells: usize) -> Vec<usize> {
    let axes = shape.len() - cells;
    let mut chunk = shape.to_vec();
    chunk[..axes].fill(1);
    let across: usize = chunk[axes + 1..].iter().product();
    chunk[axes] = (CHUNK / across.max(1)).clamp(1, shape[axes]);
    chunk
}

/// `count` snapshots from `start` on.
pub(crate) fn range(start: usize, count: usize, shape: &[usize]) -> Hyperslab {
    let first = SliceOrIndex::SliceCount { start, step: 1, count, block: 1 };
    Hyperslab::from(std::iter::once(first).chain(shape.iter().map(all)).collect::<Vec<_>>())
}

fn all(cells: &usize) -> SliceOrIndex {
    SliceOrIndex::SliceCount { start: 0, step: 1, count: *cells, block: 1 }
}

/// A virtual dataset's shape with so many snapshots.
pub(crate) fn extents(snapshots: usize, shape: &[usize]) -> Extents {
    Extents::from([&[snapshots], shape].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_fill_segments_one_after_the_other() {
        for first in [1, 2, 7, 1024] {
            let places = Places { first };
            let mut expected = SnapshotPlace { segment: 0, slot: 0, capacity: first };
            for index in 0..10_000 {
                let place = places.of(index);
                if index > 0 && expected.slot + 1 < expected.capacity {
                    expected.slot += 1;
                } else if index > 0 {
                    let segment = expected.segment + 1;
                    let capacity = first << (segment / PER_LEVEL);
                    expected = SnapshotPlace { segment, slot: 0, capacity };
                }
                assert_eq!(place, expected, "snapshot {index}");
            }
            assert!(places.of(1_000_000).segment < 1000, "as many files can be open at once");
        }
    }

    #[test]
    fn chunks_hold_a_component_of_a_snapshot_at_most() {
        assert_eq!(chunk(&[8, 3, 20, 30], 2), [1, 1, 20, 30]);
        assert_eq!(chunk(&[1, 4096, 4096], 2), [1, 32, 4096]);
        assert_eq!(chunk(&[5, 1 << 20], 1), [1, 1 << 17]);
    }
}
