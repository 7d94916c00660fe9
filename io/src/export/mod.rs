//! A series in files of other tools: VTK, NumPy, py-pde. What is exported is read and written snapshot by snapshot.

mod npz;
mod pde;
mod state;
mod vtk;

use std::path::Path;

use crate::Series;
use crate::error::Error;
use crate::folder::{beside, put_in_place, remove};
use state::Content;

/// What a series is exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For VTK and ParaView: a file of each snapshot and one of the times. Cartesian grids are images, others the section
    /// at phi = 0 as unstructured cells.
    Vtk,
    /// The same with unstructured cells for every grid.
    Vtu,
    /// Arrays of NumPy in one file.
    Npz,
    /// The file of a `FileStorage` of py-pde.
    Pde,
}

/// What of a series is exported.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The fields; none stands for all.
    pub fields: Vec<String>,
    /// The snapshot nearest to this time alone.
    pub time: Option<f64>,
}

/// What was exported.
#[derive(Clone, Copy, Debug)]
pub struct Exported {
    /// The number of snapshots.
    pub snapshots: usize,
    /// The times of the first and the last of them.
    pub times: [f64; 2],
}

impl Format {
    /// The extensions of its files, the usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Format::Vtk | Format::Vtu => &["pvd"],
            Format::Npz => &["npz"],
            Format::Pde => &["hdf5", "h5", "hdf"],
        }
    }
}

/// Exports a series to a file; to VTK it is accompanied by a folder of the same name without the extension.
///
/// # Errors
/// If the series holds no such field or no snapshot, a snapshot is damaged, or a file cannot be written.
pub fn export(
    series: &Series,
    selection: &Selection,
    format: Format,
    path: &Path,
) -> Result<Exported, Error> {
    let content = Content::new(series, selection)?;
    match format {
        Format::Vtk => vtk::write(&content, path, vtk::Cells::Smallest)?,
        Format::Vtu => vtk::write(&content, path, vtk::Cells::Unstructured)?,
        Format::Npz => whole(path, |path| npz::write(&content, path))?,
        Format::Pde => whole(path, |path| pde::write(&content, path))?,
    }
    let times = &content.times;
    Ok(Exported { snapshots: times.len(), times: [times[0], times[times.len() - 1]] })
}

/// Makes a file by `write`, which is given another name for it: what fails leaves no file, and no part of one. Errors
/// name the file by its own name.
fn whole(path: &Path, write: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let new = beside(path);
    remove(&new)?;
    match write(&new) {
        Ok(()) => put_in_place(&new, path),
        Err(error) => {
            // The first error is the one to tell.
            let _ = remove(&new);
            Err(error.about(path))
        }
    }
}
