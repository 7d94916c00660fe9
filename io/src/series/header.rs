//! What is said about a series and its fields, as attributes: the same in the index and in
//! segments, so that each of these files can be read by itself.

use std::str::FromStr;

use fluxions_expr::{Rank, Type};
use fluxions_grid::{Ends, Geometry, Grid};
use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Dataset, File, Location};

use super::segment::Places;
use super::{Contents, Field};
use crate::error::THIS_BUILD;

/// The version of what is in the files; see docs/OUTPUT.md.
pub(crate) const FORMAT_VERSION: u32 = 3;

/// The attribute with the number of snapshots for which the first segments have room.
const FIRST_SEGMENTS: &str = "snapshots_in_first_segments";

/// The most fields whose order is kept.
const LISTED: usize = 4000;

/// Describes the problem and its grid.
pub(crate) fn write(file: &File, contents: &Contents) -> hdf5::Result<()> {
    let grid = &contents.grid;
    put(file, "Conventions", "CF-1.11")?;
    put(file, "title", &contents.title)?;
    put(file, "geometry", grid.geometry().name())?;
    put(file, "problem", &contents.problem)?;
    put(file, "created_by", THIS_BUILD)?;
    file.new_attr::<u32>().create("format_version")?.write_scalar(&FORMAT_VERSION)?;
    // An attribute has room for so many texts.
    let fields = contents.fields.iter().map(|field| field.name().to_string()).take(LISTED);
    put_list(file, "fields", &fields.collect::<Vec<_>>())?;
    // An attribute with two axes would keep netCDF from reading any; pairs along one axis it leaves out.
    let bounds: Vec<[f64; 2]> = grid.axes().iter().map(|axis| axis.bounds()).collect();
    file.new_attr::<[f64; 2]>().shape(bounds.len()).create("bounds")?.write_raw(&bounds)?;
    let periodic: Vec<u8> = grid.axes().iter().map(|axis| axis.is_periodic().into()).collect();
    file.new_attr::<u8>().shape(periodic.len()).create("periodic")?.write_raw(&periodic)
}

/// The grid of a series, of whose fields this is one; nothing if what the file says makes no sense. Up to version 2 it did
/// not say which axes are periodic.
pub(crate) fn grid(file: &File, field: &Dataset) -> hdf5::Result<Option<Grid>> {
    let (axes, shape, bounds) = (texts(field, "axes"), field.shape(), bounds(file)?);
    if shape.len() < axes.len() || bounds.len() != axes.len() {
        return Ok(None);
    }
    let cells = &shape[shape.len() - axes.len()..];
    let Some(geometry) = Geometry::find(&text(file, "geometry")) else { return Ok(None) };
    let periodic = file.attr("periodic").and_then(|attribute| attribute.read_raw::<u8>());
    let periodic = periodic.unwrap_or_default();
    let mut grid = Grid::builder(geometry);
    for (k, (name, [a, b])) in axes.iter().zip(&bounds).enumerate() {
        let is_periodic = periodic.get(k).is_some_and(|is| *is != 0);
        let ends = if is_periodic { Ends::Periodic } else { Ends::Bounded };
        grid = grid.axis(name, *a..*b, cells[k], ends);
    }
    let grid = grid.build().or_else(|unfit| match (&axes[..], &bounds[..]) {
        // Lines have axes of any name.
        ([name], [[a, b]]) => Grid::line(name, *a..*b, cells[0]),
        _ => Err(unfit),
    });
    Ok(grid.ok())
}

/// The bounds of each axis. Up to version 2 they had two axes.
pub(crate) fn bounds(file: &File) -> hdf5::Result<Vec<[f64; 2]>> {
    let attribute = file.attr("bounds")?;
    attribute.read_raw().or_else(|_| {
        let numbers = attribute.read_raw::<f64>()?;
        Ok(numbers.as_chunks::<2>().0.to_vec())
    })
}

/// How many snapshots the first segments have room for.
pub(crate) fn write_places(file: &File, places: Places) -> hdf5::Result<()> {
    let first = places.of_first() as u64;
    file.new_attr::<u64>().create(FIRST_SEGMENTS)?.write_scalar(&first)
}

/// Whether a file is the index of a series, not a segment.
pub(crate) fn is_index(file: &File) -> bool {
    file.attr(FIRST_SEGMENTS).is_ok()
}

/// Describes a field at its dataset.
pub(crate) fn write_field(dataset: &Dataset, field: &Field, axes: &[String]) -> hdf5::Result<()> {
    put(dataset, "rank", field.ty().rank.name())?;
    put_list(dataset, "axes", axes)?;
    match field.ty().rank {
        Rank::Scalar => Ok(()),
        Rank::Vector | Rank::Tensor => put_list(dataset, "components", field.directions()),
    }
}

/// Describes a coordinate by the attributes of the CF conventions; `axis` is T, X, Y or Z where it is one of these.
pub(crate) fn write_coordinate(
    dataset: &Dataset,
    name: &str,
    axis: Option<&str>,
) -> hdf5::Result<()> {
    put(dataset, "long_name", name)?;
    axis.map_or(Ok(()), |axis| put(dataset, "axis", axis))
}

/// The field that a dataset holds: without attributes a scalar.
pub(crate) fn read_field(dataset: &Dataset, name: &str) -> hdf5::Result<Field> {
    let rank = text(dataset, "rank");
    let rank = Rank::ALL.into_iter().find(|known| known.name() == rank).unwrap_or(Rank::Scalar);
    let complex = matches!(dataset.dtype()?.to_descriptor()?, TypeDescriptor::Compound(_));
    let mut directions = texts(dataset, "components");
    let components = if rank == Rank::Scalar { 0 } else { dataset.shape()[1] };
    if directions.len() != components {
        directions = (0..components).map(|k| k.to_string()).collect();
    }
    Ok(Field::new(name, Type { rank, complex }, &directions))
}

/// A text attribute; empty if there is none.
pub(crate) fn text(at: &Location, name: &str) -> String {
    let read = || at.attr(name)?.read_scalar::<VarLenUnicode>();
    read().map(|text| text.to_string()).unwrap_or_default()
}

/// The texts of an attribute; none if there is no such attribute.
pub(crate) fn texts(at: &Location, name: &str) -> Vec<String> {
    let read = || at.attr(name)?.read_raw::<VarLenUnicode>();
    read().unwrap_or_default().iter().map(|text| text.to_string()).collect()
}

/// Adds a text attribute.
pub(crate) fn put(at: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    at.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&unicode(value))
}

fn put_list(at: &Location, name: &str, values: &[String]) -> hdf5::Result<()> {
    let values: Vec<VarLenUnicode> = values.iter().map(|value| unicode(value)).collect();
    at.new_attr::<VarLenUnicode>().shape(values.len()).create(name)?.write_raw(&values)
}

/// HDF5's texts end at the first NUL, so none may be left; no problem file contains one.
pub(crate) fn unicode(text: &str) -> VarLenUnicode {
    VarLenUnicode::from_str(&text.replace('\0', "")).expect("a text without NUL")
}
