//! Segments: the files in which snapshots lie.
//!
//! A segment's datasets have their full size on disk from the beginning, so that writing a
//! snapshot changes numbers and nothing else in the file.
//!
//! XDMF can select neither snapshots nor components, so each real component has a virtual dataset of
//! its own in addition.

use std::path::Path;

use fluxions_expr::Type;
use hdf5::plist::dataset_create::{AllocTime, FillTime};
use hdf5::{Extents, File, Hyperslab, SliceOrIndex};

use super::{Contents, Field, header, number};
use crate::error::{Error, hdf};

/// The number of segments of each capacity: this many hold one snapshot, as many again two, then
/// four, …
const PER_LEVEL: usize = 64;

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

impl SnapshotPlace {
    /// Where snapshot `index` lies.
    pub(crate) fn of(index: usize) -> Self {
        let level = (index / PER_LEVEL + 1).ilog2() as usize;
        let capacity = 1 << level;
        let within = index - PER_LEVEL * (capacity - 1);
        let segment = PER_LEVEL * level + within / capacity;
        SnapshotPlace { segment, slot: within % capacity, capacity }
    }

    /// The first snapshot of a segment, and how many there is room for.
    pub(crate) fn first(segment: usize) -> (usize, usize) {
        let level = segment / PER_LEVEL;
        let capacity = 1 << level;
        let before = segment - PER_LEVEL * level;
        (PER_LEVEL * (capacity - 1) + before * capacity, capacity)
    }

    /// The segment's file within the run folder.
    pub(crate) fn file(&self) -> String {
        format!("snapshots/{:06}.h5", self.segment)
    }

    /// The dataset of a field in the segment.
    pub(crate) fn dataset(field: &Field) -> String {
        format!("fields/{}", field.name())
    }

    /// The dataset of one component of a field at this place, for readers that cannot select a part of
    /// a dataset.
    pub(crate) fn single(&self, field: &Field, component: &str) -> String {
        match self.capacity {
            1 if field.ty() == Type::REAL => Self::dataset(field),
            _ => format!("single/{}/{component}", self.slot),
        }
    }
}

/// Makes a segment's file with room for its snapshots.
pub(crate) fn create(path: &Path, place: SnapshotPlace, contents: &Contents) -> Result<(), Error> {
    let make = || {
        let file = File::create(path)?;
        header::write(&file, contents)?;
        for field in &contents.fields {
            add_field(&file, field, place, contents)?;
        }
        file.close()
    };
    make().map_err(hdf(path, "make the file"))
}

fn add_field(
    file: &File,
    field: &Field,
    place: SnapshotPlace,
    contents: &Contents,
) -> hdf5::Result<()> {
    let shape = contents.shape(field);
    let all: Vec<usize> = [place.capacity].into_iter().chain(shape.iter().copied()).collect();
    let name = SnapshotPlace::dataset(field);
    let missing = number::missing(contents.precision, field.ty().complex);
    let empty = || file.new_dataset_builder().empty_as(missing.type_descriptor());
    let dataset = empty()
        .shape(all.clone())
        .alloc_time(Some(AllocTime::Early))
        .fill_time(FillTime::Never)
        .obj_track_times(false)
        .create(name.as_str())?;
    header::write_field(&dataset, field, &contents.grid.axis_names())?;
    if field.ty().complex {
        return Ok(());
    }
    for slot in 0..place.capacity {
        for (number, component) in field.components().iter().enumerate() {
            let single = SnapshotPlace { slot, ..place }.single(field, component);
            if single == name {
                continue;
            }
            let indices = field.indices(number);
            let cells = &shape[indices.len()..];
            empty()
                .shape(cells)
                .virtual_map(
                    ".",
                    name.as_str(),
                    Extents::from(all.clone()),
                    at(&[&[slot], &*indices].concat(), cells),
                    Extents::from(cells.to_vec()),
                    at(&[], cells),
                )
                .obj_track_times(false)
                .create(single.as_str())?;
        }
    }
    Ok(())
}

/// `count` snapshots from `start` on.
pub(crate) fn range(start: usize, count: usize, shape: &[usize]) -> Hyperslab {
    let first = SliceOrIndex::SliceCount { start, step: 1, count, block: 1 };
    Hyperslab::from(std::iter::once(first).chain(shape.iter().map(all)).collect::<Vec<_>>())
}

/// Everything at these first indices.
fn at(indices: &[usize], shape: &[usize]) -> Hyperslab {
    let one =
        |start: &usize| SliceOrIndex::SliceCount { start: *start, step: 1, count: 1, block: 1 };
    Hyperslab::from(indices.iter().map(one).chain(shape.iter().map(all)).collect::<Vec<_>>())
}

fn all(cells: &usize) -> SliceOrIndex {
    SliceOrIndex::SliceCount { start: 0, step: 1, count: *cells, block: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_fill_segments_one_after_the_other() {
        let mut expected = SnapshotPlace { segment: 0, slot: 0, capacity: 1 };
        for index in 0..10_000 {
            let place = SnapshotPlace::of(index);
            if index > 0 && expected.slot + 1 < expected.capacity {
                expected.slot += 1;
            } else if index > 0 {
                let segment = expected.segment + 1;
                expected = SnapshotPlace { segment, slot: 0, capacity: 1 << (segment / PER_LEVEL) };
            }
            assert_eq!(place, expected, "snapshot {index}");
            assert_eq!(SnapshotPlace::first(place.segment), (index - place.slot, place.capacity));
        }
        assert!(SnapshotPlace::of(1_000_000).segment < 1000, "as many files can be open at once");
    }
}
