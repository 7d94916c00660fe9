//! The file of a `FileStorage` of py-pde: HDF5 with the datasets `times` [n] and `data` [n, components…, cells…], and the
//! attribute `field_attributes`, which says in JSON what field or collection of fields that is, and on which grid. Several
//! fields follow one another along one axis of components, and have one type of numbers.

use std::path::Path;

use fluxions_expr::Rank;
use fluxions_grid::{Geometry, Grid};
use hdf5::types::VarLenUnicode;
use hdf5::{Extent, Extents, File, H5Type, Hyperslab, SliceOrIndex};
use ndarray::ArrayD;
use num_complex::{Complex32, Complex64};
use serde_json::{Value, json};

use super::state::{Content, Exported};
use crate::Component;
use crate::error::{Error, hdf};
use crate::series::{Stored, unicode};

pub(super) fn write(content: &Content<'_>, path: &Path) -> Result<(), Error> {
    let is_complex = content.fields.iter().any(|of| of.field.ty().complex);
    let is_single = content.fields.iter().all(|of| of.is_single);
    match (is_complex, is_single) {
        (false, false) => write_as::<f64>(content, path, "<f8"),
        (false, true) => write_as::<f32>(content, path, "<f4"),
        (true, false) => write_as::<Complex64>(content, path, "<c16"),
        (true, true) => write_as::<Complex32>(content, path, "<c8"),
    }
}

fn write_as<T: Stored>(content: &Content<'_>, path: &Path, kind: &str) -> Result<(), Error> {
    let failed = hdf(path, "write the file");
    let count = content.times.len();
    let components = match &content.fields[..] {
        [one] if fits(one, &content.grid) => one.field.component_shape(),
        all => vec![all.iter().map(|of| of.field.components().len()).sum()],
    };
    let cells: Vec<usize> = content.grid.axes().iter().map(|axis| axis.cells()).collect();
    let shape = [components.clone(), cells.clone()].concat();
    let begin = || {
        let file = File::create(path)?;
        growing::<f64>(&file, "times", count, &[], &[])?.write_raw(&content.times)?;
        let attributes = unicode(&attributes(content, kind).to_string());
        let attribute = file.new_attr::<VarLenUnicode>().create("field_attributes")?;
        attribute.write_scalar(&attributes)?;
        let chunk = [vec![1; components.len()], cells].concat();
        Ok((growing::<T>(&file, "data", count, &shape, &chunk)?, file))
    };
    let (data, file) = begin().map_err(&failed)?;
    for (slot, snapshot) in content.snapshots.iter().enumerate() {
        let mut place = 0;
        for of in &content.fields {
            for component in 0..of.field.components().len() {
                let values: ArrayD<T> = match content.read(of, *snapshot, component)? {
                    Component::Real(values) => values.mapv(|x| T::from_parts(x, 0.0)),
                    Component::Complex(values) => values.mapv(|z| T::from_parts(z.re, z.im)),
                };
                let indices = match content.fields.len() {
                    1 if fits(of, &content.grid) => of.field.indices(component),
                    _ => vec![place],
                };
                let first = [&[slot], &*indices].concat().into_iter().map(SliceOrIndex::Index);
                let cells = values.shape().iter().map(|n| SliceOrIndex::from(0..*n));
                let at = Hyperslab::from(first.chain(cells).collect::<Vec<_>>());
                data.write_slice(&values, at).map_err(&failed)?;
                place += 1;
            }
        }
    }
    file.flush().and_then(|()| file.close()).map_err(&failed)
}

/// A dataset to whose first axis py-pde can append.
fn growing<T: H5Type>(
    file: &File,
    name: &str,
    count: usize,
    shape: &[usize],
    chunk: &[usize],
) -> hdf5::Result<hdf5::Dataset> {
    let fixed = shape.iter().map(|n| Extent::fixed(*n));
    let extents: Vec<Extent> = std::iter::once(Extent::resizable(count)).chain(fixed).collect();
    let first = if shape.is_empty() { count } else { 1 };
    let dataset = file.new_dataset::<T>().shape(Extents::from(extents));
    dataset.chunk([&[first], chunk].concat()).create(name)
}

/// What py-pde makes its fields from.
fn attributes(content: &Content<'_>, kind: &str) -> Value {
    let grid = grid(&content.grid).to_string();
    let one = |class: &str, label: &str| {
        json!({
            "class": json!(class).to_string(),
            "grid": grid,
            "label": json!(label).to_string(),
            "dtype": json!(kind).to_string(),
        })
    };
    let of_field = |of: &Exported| {
        let class = match of.field.ty().rank {
            Rank::Scalar => "ScalarField",
            Rank::Vector => "VectorField",
            Rank::Tensor => "Tensor2Field",
        };
        match fits(of, &content.grid) {
            true => vec![one(class, of.field.name())],
            false => of.field.components().iter().map(|name| one("ScalarField", name)).collect(),
        }
    };
    match &content.fields[..] {
        [of] if fits(of, &content.grid) => of_field(of).remove(0),
        all => {
            let fields: Value = all.iter().flat_map(of_field).collect();
            json!({
                "class": json!("FieldCollection").to_string(),
                "label": json!(null).to_string(),
                "dtype": json!(kind).to_string(),
                "fields": fields.to_string(),
            })
        }
    }
}

/// Whether py-pde has fields of this kind on a grid. Vectors of a slice have more components than py-pde allows, so each of
/// them becomes a scalar.
fn fits(of: &Exported, grid: &Grid) -> bool {
    of.field.ty().rank == Rank::Scalar || of.field.directions() == grid.components()
}

/// The grid in the words of py-pde.
fn grid(grid: &Grid) -> Value {
    let axes = grid.axes();
    let bounds: Vec<[f64; 2]> = axes.iter().map(|axis| axis.bounds()).collect();
    let shape: Vec<usize> = axes.iter().map(|axis| axis.cells()).collect();
    let periodic: Vec<bool> = axes.iter().map(|axis| axis.is_periodic()).collect();
    match grid.geometry() {
        Geometry::Cartesian => json!({
            "class": "CartesianGrid", "bounds": bounds, "shape": shape, "periodic": periodic,
        }),
        Geometry::Polar => json!({"class": "PolarSymGrid", "radius": bounds[0], "shape": shape}),
        Geometry::Spherical => {
            json!({"class": "SphericalSymGrid", "radius": bounds[0], "shape": shape})
        }
        Geometry::Cylindrical => json!({
            "class": "CylindricalSymGrid", "radius": bounds[0], "bounds_z": bounds[1],
            "shape": shape, "periodic_z": periodic[1],
        }),
    }
}
