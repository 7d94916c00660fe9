//! The index: `series.h5`, one file's view of all complete snapshots.

use std::path::Path;

use hdf5::types::OwnedDynValue;
use hdf5::{Dataset, File};

use super::segment::{Places, SnapshotPlace, extents, range};
use super::{Contents, header, number, seal};
use crate::error::{Error, hdf};
use crate::folder::{Wait, beside, put_in_place, remove, sync};

/// Unknowns without space, by their names, with the values in each snapshot.
pub(crate) type Numbers = Vec<(String, Vec<f64>)>;

/// Replaces the index by one of the snapshots at these times.
pub(crate) fn write(
    path: &Path,
    contents: &Contents,
    places: Places,
    times: &[f64],
    numbers: &Numbers,
    wait: Wait,
) -> Result<(), Error> {
    let new = beside(path);
    remove(&new)?;
    write_new(&new, contents, places, times, numbers).map_err(hdf(&new, "write the index"))?;
    seal::add(&new)?;
    if wait == Wait::ForDisk {
        sync(&new)?;
    }
    put_in_place(&new, path)
}

fn write_new(
    path: &Path,
    contents: &Contents,
    places: Places,
    times: &[f64],
    numbers: &Numbers,
) -> hdf5::Result<()> {
    let file = File::create(path)?;
    header::write(&file, contents)?;
    header::write_places(&file, places)?;
    file.new_dataset::<f64>().shape(times.len()).create("time")?.write_raw(times)?;
    if !numbers.is_empty() {
        let group = file.create_group("numbers")?;
        for (name, values) in numbers {
            let dataset = group.new_dataset::<f64>().shape(values.len()).create(name.as_str())?;
            dataset.write_raw(values)?;
        }
    }
    let coordinates = file.create_group("coordinates")?;
    for axis in contents.grid.axes() {
        let centres: Vec<f64> = (0..axis.cells() as isize).map(|i| axis.centre(i)).collect();
        coordinates
            .new_dataset::<f64>()
            .shape(centres.len())
            .create(axis.name())?
            .write_raw(&centres)?;
    }
    for field in &contents.fields {
        let shape = contents.shape(field);
        let missing = number::missing(contents.precision, field.ty().complex);
        let source = SnapshotPlace::dataset(field);
        let dataset = mapped(&file, &source, missing, (places, times.len()), &shape)?;
        header::write_field(&dataset, field, &contents.grid.axis_names())?;
        let components = [field.components().len()];
        let source = SnapshotPlace::checksums(field);
        mapped(&file, &source, 0u64.into(), (places, times.len()), &components)?;
    }
    file.flush()?;
    file.close()
}

/// Makes a virtual dataset of what the segments hold under the same name: as many snapshots as there are, with `missing`
/// where a segment is missing.
fn mapped(
    file: &File,
    name: &str,
    missing: OwnedDynValue,
    (places, snapshots): (Places, usize),
    shape: &[usize],
) -> hdf5::Result<Dataset> {
    let builder = file.new_dataset_builder().empty_as(missing.type_descriptor());
    let mut builder = builder.shape(extents(snapshots, shape)).fill_value(missing);
    let mut index = 0;
    while index < snapshots {
        let place = places.of(index);
        let count = place.capacity.min(snapshots - index);
        builder = builder.virtual_map(
            place.file(),
            name,
            extents(place.capacity, shape),
            range(0, count, shape),
            extents(snapshots, shape),
            range(index, count, shape),
        );
        index += count;
    }
    builder.create(name)
}
