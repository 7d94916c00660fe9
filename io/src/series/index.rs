//! The index: `series.h5`, one file's view of all complete snapshots.

use std::path::Path;

use hdf5::types::OwnedDynValue;
use hdf5::{Dataset, File};

use super::netcdf::{self, NetcdfView};
use super::segment::{Places, SnapshotPlace, extents, range};
use super::{Contents, Field, header, number, seal};
use crate::error::{Error, hdf};
use crate::folder::{Wait, beside, put_in_place, remove, sync};

/// Unknowns without space, by their names, with the values in each snapshot; and what the solver did, by names
/// that begin with [`SOLVER`].
pub(crate) type Numbers = Vec<(String, Vec<f64>)>;

/// How the names of what the solver did begin.
pub(crate) const SOLVER: &str = "solver/";

/// The dataset of a number.
pub(crate) fn dataset_of(name: &str) -> String {
    if name.starts_with(SOLVER) { name.into() } else { format!("numbers/{name}") }
}

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
    let of_numbers = numbers.iter().map(|(name, _)| &**name);
    let names = contents.fields.iter().map(Field::name).chain(of_numbers);
    let mut view = NetcdfView::new(&file, &contents.grid, times, names)?;
    for (name, values) in numbers {
        let path = dataset_of(name);
        view.add_number(&netcdf::write_numbers(&file, &path, values)?, &path, name)?;
    }
    for field in &contents.fields {
        let path = SnapshotPlace::dataset(field);
        let shape = contents.shape(field);
        let missing = number::missing(contents.precision, field.ty().complex);
        let dataset = mapped(&file, &path, missing, (places, times.len()), &shape)?;
        header::write_field(&dataset, field, &contents.grid.axis_names())?;
        view.add_field(&dataset, &path, field)?;
        let path = SnapshotPlace::checksums(field);
        let components = [field.components().len()];
        let sums = mapped(&file, &path, 0u64.into(), (places, times.len()), &components)?;
        view.add_checksums(&sums, &path, field)?;
    }
    view.finish()?;
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
