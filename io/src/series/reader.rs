//! Reads a time series: that of a run folder, or a single segment.

use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Hyperslab, SliceOrIndex};
use ndarray::ArrayD;

use crate::error::{Error, hdf};
use crate::folder::RunFolder;

/// A time series that was written.
pub struct Series {
    path: PathBuf,
    file: File,
}

impl Series {
    /// Opens the series of a run folder, or a file of one.
    ///
    /// # Errors
    /// If there is none at this path.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let path = match path.is_dir() {
            true => RunFolder::at(path).series(),
            false => path.to_path_buf(),
        };
        let no_run = || Error::NoRun { path: path.clone() };
        if !path.is_file() {
            return Err(no_run());
        }
        let mut builder = File::with_options();
        builder.with_fapl(|list| list.file_locking(false));
        let file = builder.open(&path).map_err(hdf(&path, "open the file"))?;
        if file.group("fields").is_err() {
            return Err(no_run());
        }
        Ok(Series { path, file })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the fields.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn fields(&self) -> Result<Vec<String>, Error> {
        let failed = hdf(&self.path, "list the fields");
        self.file.group("fields").and_then(|group| group.member_names()).map_err(failed)
    }

    /// The times of the snapshots; none in a single segment.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn times(&self) -> Result<Vec<f64>, Error> {
        if self.file.link_exists("time") { self.numbers("time") } else { Ok(Vec::new()) }
    }

    /// The centres of the cells along an axis.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn coordinates(&self, axis: &str) -> Result<Vec<f64>, Error> {
        self.numbers(&format!("coordinates/{axis}"))
    }

    fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        let failed = hdf(&self.path, "read numbers");
        self.file.dataset(name).and_then(|dataset| dataset.read_raw()).map_err(failed)
    }

    /// The bounds of each axis.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn bounds(&self) -> Result<Vec<[f64; 2]>, Error> {
        let failed = hdf(&self.path, "read the bounds");
        let numbers: Vec<f64> =
            self.file.attr("bounds").and_then(|attr| attr.read_raw()).map_err(failed)?;
        Ok(numbers.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
    }

    /// A text attribute of the file; empty if it has none of that name.
    pub fn text(&self, name: &str) -> String {
        let read = || self.file.attr(name)?.read_scalar::<VarLenUnicode>();
        read().map(|text| text.to_string()).unwrap_or_default()
    }

    /// The names of the axes of a field.
    ///
    /// # Errors
    /// If the field does not exist or cannot be read.
    pub fn axes(&self, field: &str) -> Result<Vec<String>, Error> {
        let dataset = self.dataset(field)?;
        let read = || dataset.attr("axes")?.read_raw::<VarLenUnicode>();
        Ok(read().unwrap_or_default().iter().map(|name| name.to_string()).collect())
    }

    /// The shape of a field: snapshots, then cells along each axis.
    ///
    /// # Errors
    /// If the field does not exist.
    pub fn shape(&self, field: &str) -> Result<Vec<usize>, Error> {
        Ok(self.dataset(field)?.shape())
    }

    /// Bytes of each number of a field.
    ///
    /// # Errors
    /// If the field does not exist.
    pub fn bytes(&self, field: &str) -> Result<usize, Error> {
        let failed = hdf(&self.path, "read the type of a field");
        self.dataset(field)?.dtype().map(|dtype| dtype.size()).map_err(failed)
    }

    /// A field at one snapshot: one axis per axis of the grid.
    ///
    /// # Errors
    /// If the field or the snapshot does not exist or cannot be read.
    pub fn read(&self, field: &str, snapshot: usize) -> Result<ArrayD<f64>, Error> {
        let dataset = self.dataset(field)?;
        let shape = dataset.shape();
        let mut slices = vec![SliceOrIndex::Index(snapshot)];
        slices.extend(shape[1..].iter().map(|n| SliceOrIndex::SliceCount {
            start: 0,
            step: 1,
            count: *n,
            block: 1,
        }));
        let failed = hdf(&self.path, "read a snapshot");
        dataset.read_slice::<f64, _, ndarray::IxDyn>(Hyperslab::from(slices)).map_err(failed)
    }

    fn dataset(&self, field: &str) -> Result<Dataset, Error> {
        let known = self.fields()?;
        if !known.iter().any(|name| name == field) {
            return Err(Error::NoField { path: self.path.clone(), name: field.into(), known });
        }
        self.file.dataset(&format!("fields/{field}")).map_err(hdf(&self.path, "read a field"))
    }
}
