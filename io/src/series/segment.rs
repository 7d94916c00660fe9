//! Segments: the files in which snapshots lie.
//!
//! A segment's datasets have their full size on disk from the beginning, so that writing a
//! snapshot changes numbers and nothing else in the file.

use std::path::Path;

use hdf5::plist::dataset_create::{AllocTime, FillTime};
use hdf5::{Extents, File, Hyperslab, SliceOrIndex};

use super::Contents;
use crate::error::{Error, hdf};
use crate::problem::Precision;

/// Segments of each capacity: so many hold one snapshot, as many again two, then four, …
const PER_LEVEL: usize = 64;

/// Where a snapshot lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the segment.
    pub(crate) segment: usize,
    /// Which of its snapshots.
    pub(crate) slot: usize,
    /// How many the segment has room for.
    pub(crate) capacity: usize,
}

impl Place {
    /// Where snapshot `index` lies.
    pub(crate) fn of(index: usize) -> Self {
        let level = (index / PER_LEVEL + 1).ilog2() as usize;
        let capacity = 1 << level;
        let within = index - PER_LEVEL * (capacity - 1);
        let segment = PER_LEVEL * level + within / capacity;
        Place { segment, slot: within % capacity, capacity }
    }

    /// The segment's file within the run folder.
    pub(crate) fn file(&self) -> String {
        format!("snapshots/{:06}.h5", self.segment)
    }

    /// The dataset of a field in the segment.
    pub(crate) fn dataset(field: &str) -> String {
        format!("fields/{field}")
    }

    /// The dataset of a field at this place alone, for readers that know no selections.
    pub(crate) fn single(&self, field: &str) -> String {
        match self.capacity {
            1 => Self::dataset(field),
            _ => format!("single/{}/{field}", self.slot),
        }
    }
}

/// Makes a segment's file with room for its snapshots.
pub(crate) fn create(path: &Path, place: Place, contents: &Contents) -> Result<(), Error> {
    let failed = hdf(path, "make the file");
    let file = File::create(path).map_err(&failed)?;
    for field in &contents.fields {
        match contents.precision {
            Precision::F64 => add_field::<f64>(&file, field, place, contents),
            Precision::F32 => add_field::<f32>(&file, field, place, contents),
        }
        .map_err(&failed)?;
    }
    file.close().map_err(&failed)
}

fn add_field<T: hdf5::H5Type>(
    file: &File,
    field: &str,
    place: Place,
    contents: &Contents,
) -> hdf5::Result<()> {
    let shape = contents.shape();
    let all: Vec<usize> = [place.capacity].into_iter().chain(shape.iter().copied()).collect();
    let name = Place::dataset(field);
    file.new_dataset::<T>()
        .shape(all.clone())
        .alloc_time(Some(AllocTime::Early))
        .fill_time(FillTime::Never)
        .obj_track_times(false)
        .create(name.as_str())?;
    if place.capacity == 1 {
        return Ok(());
    }
    for slot in 0..place.capacity {
        let single = Place { slot, ..place }.single(field);
        file.new_dataset::<T>()
            .shape(shape.clone())
            .virtual_map(
                ".",
                name.as_str(),
                Extents::from(all.clone()),
                range(slot, 1, &shape),
                Extents::from(shape.clone()),
                whole(&shape),
            )
            .obj_track_times(false)
            .create(single.as_str())?;
    }
    Ok(())
}

/// `count` snapshots from `start` on.
pub(crate) fn range(start: usize, count: usize, shape: &[usize]) -> Hyperslab {
    let first = SliceOrIndex::SliceCount { start, step: 1, count, block: 1 };
    Hyperslab::from(std::iter::once(first).chain(shape.iter().map(all)).collect::<Vec<_>>())
}

/// Everything.
pub(crate) fn whole(shape: &[usize]) -> Hyperslab {
    Hyperslab::from(shape.iter().map(all).collect::<Vec<_>>())
}

fn all(cells: &usize) -> SliceOrIndex {
    SliceOrIndex::SliceCount { start: 0, step: 1, count: *cells, block: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_fill_segments_one_after_the_other() {
        let mut expected = Place { segment: 0, slot: 0, capacity: 1 };
        for index in 0..10_000 {
            let place = Place::of(index);
            if index > 0 && expected.slot + 1 < expected.capacity {
                expected.slot += 1;
            } else if index > 0 {
                let segment = expected.segment + 1;
                expected = Place { segment, slot: 0, capacity: 1 << (segment / PER_LEVEL) };
            }
            assert_eq!(place, expected, "snapshot {index}");
        }
        assert!(Place::of(1_000_000).segment < 1000, "as many files can be open at once");
    }
}
