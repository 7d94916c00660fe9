//! The index: `series.h5`, one file's view of all complete snapshots.

use std::path::Path;

use hdf5::{Extents, File};

use super::segment::{SnapshotPlace, range};
use super::{Contents, Field, header, number};
use crate::error::{Error, hdf};
use crate::folder::{beside, put_in_place, remove_leftover, sync};

/// Unknowns without space, by their names, with the values in each snapshot.
pub(crate) type Numbers = Vec<(String, Vec<f64>)>;

/// Replaces the index by one of the snapshots at these times.
pub(crate) fn write(
    path: &Path,
    contents: &Contents,
    times: &[f64],
    numbers: &Numbers,
) -> Result<(), Error> {
    let new = beside(path);
    remove_leftover(&new)?;
    write_new(&new, contents, times, numbers).map_err(hdf(&new, "write the index"))?;
    // HDF5 may keep it to itself that the disk was full when the file was closed.
    sync(&new)?;
    put_in_place(&new, path)
}

fn write_new(
    path: &Path,
    contents: &Contents,
    times: &[f64],
    numbers: &Numbers,
) -> hdf5::Result<()> {
    let file = File::create(path)?;
    header::write(&file, contents)?;
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
        add_field(&file, field, contents, times.len())?;
    }
    file.close()
}

fn add_field(
    file: &File,
    field: &Field,
    contents: &Contents,
    snapshots: usize,
) -> hdf5::Result<()> {
    let shape = contents.shape(field);
    let with_first =
        |n: usize| -> Vec<usize> { [n].into_iter().chain(shape.iter().copied()).collect() };
    let source = SnapshotPlace::dataset(field);
    let missing = number::missing(contents.precision, field.ty().complex);
    let builder = file.new_dataset_builder().empty_as(missing.type_descriptor());
    let mut builder = builder.shape(with_first(snapshots)).fill_value(missing);
    let mut index = 0;
    while index < snapshots {
        let place = SnapshotPlace::of(index);
        let count = place.capacity.min(snapshots - index);
        builder = builder.virtual_map(
            place.file(),
            source.as_str(),
            Extents::from(with_first(place.capacity)),
            range(0, count, &shape),
            Extents::from(with_first(snapshots)),
            range(index, count, &shape),
        );
        index += count;
    }
    let dataset = builder.create(source.as_str())?;
    header::write_field(&dataset, field, &contents.grid.axis_names())
}
