//! The points of the grid, for readers that need all of them: `mesh.h5`.
//!
//! In XDMF the first index of an array runs along z, in a series along the first axis; only a
//! mesh of explicit points makes clear which is which. Points would take more space than a snapshot,
//! so they are virtual: a few mappings repeat the coordinates along each axis.

use std::path::Path;

use fluxions_grid::Grid;
use hdf5::{Extents, File, Hyperslab, SliceOrIndex};

use crate::error::{Error, hdf};

/// The width of the strip that shows a one-dimensional grid, as a fraction of its length.
const STRIP: f64 = 0.1;

/// How many corners of cells there are along each of three axes, in the order of the grid's axes, with
/// missing ones last. Cells need an area, so a one-dimensional grid is shown as a strip.
pub(crate) fn corners(grid: &Grid) -> [usize; 3] {
    let mut corners = [1, 2, 1];
    for (corners, axis) in corners.iter_mut().zip(grid.axes()) {
        *corners = axis.cells() + 1;
    }
    corners
}

/// The corner of this index along an axis.
fn face(grid: &Grid, axis: usize, index: usize) -> f64 {
    match grid.axes().get(axis) {
        Some(axis) => axis.face(index),
        None => {
            let [lower, upper] = grid.axes()[0].bounds();
            STRIP * (upper - lower) * index as f64
        }
    }
}

/// About how many bytes HDF5 takes to write the mesh: as many for each mapping as was seen with HDF5 1.10.
pub(crate) fn memory(grid: &Grid) -> usize {
    const OF_MAPPING: usize = 8 << 10;
    let [n0, n1, n2] = corners(grid);
    let of_planes = 2 * n0.min(n1) + n1.min(n2);
    let of_points = 2 * n2 + n0.min(n1 * n2);
    (of_planes + of_points) * OF_MAPPING
}

/// Writes the dataset `points`: the corners of all cells, three coordinates each.
pub(crate) fn write(path: &Path, grid: &Grid) -> Result<(), Error> {
    write_new(path, grid).map_err(hdf(path, "write the mesh"))
}

fn write_new(path: &Path, grid: &Grid) -> hdf5::Result<()> {
    let file = File::create(path)?;
    let corners @ [n0, n1, n2] = corners(grid);
    for (k, n) in corners.into_iter().enumerate() {
        let faces: Vec<f64> = (0..n).map(|i| face(grid, k, i)).collect();
        file.new_dataset::<f64>()
            .shape(n)
            .create(format!("faces/{k}").as_str())?
            .write_raw(&faces)?;
    }
    // Planes that repeat one axis along its neighbour, then the points that repeat the planes.
    let faces = |k: usize| (format!("faces/{k}"), vec![corners[k]]);
    let planes = [("plane/0", 0, [n0, n1]), ("plane/1", 1, [n0, n1]), ("plane/2", 2, [n1, n2])];
    for (name, axis, shape) in planes {
        let (source, extent) = faces(axis);
        let mut builder = file.new_dataset::<f64>().shape(shape);
        // The plane of axes a and b repeats a for every index of b, or the other way round. Of a long axis it is made of
        // what is the same all along it.
        let repeated = if axis == 0 { 1 } else { 0 };
        let (along, by_value) = (shape[repeated], shape[repeated] > extent[0]);
        for i in 0..if by_value { extent[0] } else { along } {
            let mut selection = [all(shape[0]), all(shape[1])];
            selection[if by_value { 1 - repeated } else { repeated }] = one(i);
            let (source, length) = match by_value {
                true => (constant(&file, (grid, axis, i), along)?, along),
                false => (source.clone(), extent[0]),
            };
            builder = builder.virtual_map(
                ".",
                source.as_str(),
                Extents::from(vec![length]),
                slab(&[all(length)]),
                Extents::from(shape.to_vec()),
                slab(&selection),
            );
        }
        builder.create(name)?;
    }
    let shape = vec![n0, n1, n2, 3];
    let mut builder = file.new_dataset::<f32>().shape(shape.clone());
    for (component, repeated) in [(0, 2), (1, 2), (2, 0)] {
        if component == 2 && n0 > n1 * n2 {
            for (j, k) in (0..n1).flat_map(|j| (0..n2).map(move |k| (j, k))) {
                builder = builder.virtual_map(
                    ".",
                    constant(&file, (grid, 2, k), n0)?.as_str(),
                    Extents::from(vec![n0]),
                    slab(&[all(n0)]),
                    Extents::from(shape.clone()),
                    slab(&[all(n0), one(j), one(k), one(2)]),
                );
            }
            continue;
        }
        let source = format!("plane/{component}");
        let plane: Vec<usize> = (0..3).filter(|k| *k != repeated).map(|k| corners[k]).collect();
        for i in 0..corners[repeated] {
            let mut selection = [all(n0), all(n1), all(n2), one(component)];
            selection[repeated] = one(i);
            builder = builder.virtual_map(
                ".",
                source.as_str(),
                Extents::from(plane.clone()),
                slab(&[all(plane[0]), all(plane[1])]),
                Extents::from(shape.clone()),
                slab(&selection),
            );
        }
    }
    builder.create("points")?;
    file.close()
}

/// A dataset of so many times the same corner of an axis, which takes no room: it is nothing but its fill value.
fn constant(
    file: &File,
    (grid, axis, index): (&Grid, usize, usize),
    length: usize,
) -> hdf5::Result<String> {
    let name = format!("constant/{axis}/{index}/{length}");
    if !file.link_exists(&name) {
        let value = face(grid, axis, index);
        file.new_dataset::<f64>().shape(length).fill_value(value).create(name.as_str())?;
    }
    Ok(name)
}

fn all(n: usize) -> SliceOrIndex {
    SliceOrIndex::SliceCount { start: 0, step: 1, count: n, block: 1 }
}

fn one(i: usize) -> SliceOrIndex {
    SliceOrIndex::SliceCount { start: i, step: 1, count: 1, block: 1 }
}

fn slab(slices: &[SliceOrIndex]) -> Hyperslab {
    Hyperslab::from(slices.to_vec())
}
