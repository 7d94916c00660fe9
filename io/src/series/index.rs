//! The index: `series.h5`, one file's view of all complete snapshots.

use std::path::Path;
use std::str::FromStr;

use hdf5::types::VarLenUnicode;
use hdf5::{Extents, File, Location};

use super::Contents;
use super::segment::{Place, range};
use crate::error::{Error, file, hdf};
use crate::problem::Precision;

/// The version of what is in the file; see docs/OUTPUT.md.
const FORMAT_VERSION: u32 = 1;

/// Replaces the index by one of the snapshots at these times.
pub(crate) fn write(path: &Path, contents: &Contents, times: &[f64]) -> Result<(), Error> {
    let beside = path.with_extension("h5.new");
    write_new(&beside, contents, times).map_err(hdf(&beside, "write the index"))?;
    std::fs::rename(&beside, path).map_err(file(path, "put the new index in place"))
}

fn write_new(path: &Path, contents: &Contents, times: &[f64]) -> hdf5::Result<()> {
    let file = File::create(path)?;
    let grid = &contents.grid;
    text(&file, "title", &contents.title)?;
    text(&file, "geometry", grid.geometry().name())?;
    text(&file, "problem", &contents.problem)?;
    text(&file, "created_by", concat!("Fluxions ", env!("CARGO_PKG_VERSION")))?;
    file.new_attr::<u32>().create("format_version")?.write_scalar(&FORMAT_VERSION)?;
    let bounds: Vec<f64> = grid.axes().iter().flat_map(|axis| axis.bounds()).collect();
    let shape = (grid.dimension(), 2);
    file.new_attr::<f64>().shape(shape).create("bounds")?.write_raw(&bounds)?;

    file.new_dataset::<f64>().shape(times.len()).create("time")?.write_raw(times)?;
    let coordinates = file.create_group("coordinates")?;
    for axis in grid.axes() {
        let centres: Vec<f64> = (0..axis.cells() as isize).map(|i| axis.centre(i)).collect();
        coordinates
            .new_dataset::<f64>()
            .shape(centres.len())
            .create(axis.name())?
            .write_raw(&centres)?;
    }
    for field in &contents.fields {
        match contents.precision {
            Precision::F64 => add_field(&file, field, contents, times.len(), f64::NAN)?,
            Precision::F32 => add_field(&file, field, contents, times.len(), f32::NAN)?,
        }
    }
    file.close()
}

fn add_field<T: hdf5::H5Type>(
    file: &File,
    field: &str,
    contents: &Contents,
    snapshots: usize,
    missing: T,
) -> hdf5::Result<()> {
    let shape = contents.shape();
    let with_first =
        |n: usize| -> Vec<usize> { [n].into_iter().chain(shape.iter().copied()).collect() };
    let source = Place::dataset(field);
    let mut builder = file.new_dataset::<T>().shape(with_first(snapshots)).fill_value(missing);
    let mut index = 0;
    while index < snapshots {
        let place = Place::of(index);
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
    text(&dataset, "rank", "scalar")?;
    let axes: Vec<VarLenUnicode> =
        contents.grid.axis_names().iter().map(|name| unicode(name)).collect();
    dataset.new_attr::<VarLenUnicode>().shape(axes.len()).create("axes")?.write_raw(&axes)
}

fn text(at: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    at.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&unicode(value))
}

/// HDF5's texts end at the first NUL, which no problem file contains.
fn unicode(text: &str) -> VarLenUnicode {
    VarLenUnicode::from_str(&text.replace('\0', "")).unwrap_or_default()
}
