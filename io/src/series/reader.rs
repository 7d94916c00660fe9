//! Reads a time series: that of a run folder, or a single segment.

use std::path::{Path, PathBuf};

use hdf5::{Dataset, File, H5Type, Hyperslab, SliceOrIndex};
use ndarray::ArrayD;
use num_complex::Complex64;

use super::segment::SnapshotPlace;
use super::{Field, header};
use crate::error::{Error, hdf};
use crate::folder::RunFolder;

/// A time series that was written.
pub struct Series {
    path: PathBuf,
    file: File,
}

/// The values of one component of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Component {
    /// Of a real field.
    Real(ArrayD<f64>),
    /// Of a complex field.
    Complex(ArrayD<Complex64>),
}

impl Component {
    /// A real number computed from each value.
    pub fn map(
        self,
        of_real: impl Fn(f64) -> f64,
        of_complex: impl Fn(Complex64) -> f64,
    ) -> ArrayD<f64> {
        match self {
            Component::Real(values) => values.mapv_into(of_real),
            Component::Complex(values) => values.mapv(of_complex),
        }
    }

    /// The absolute values.
    pub fn absolute(self) -> ArrayD<f64> {
        self.map(f64::abs, Complex64::norm)
    }
}

impl Series {
    /// Opens the series of a run folder, or a file of one.
    ///
    /// # Errors
    /// If there is no run at this path.
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

    /// The folder of the run to which the file belongs.
    pub fn folder(&self) -> RunFolder {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let beside = path.parent().map(RunFolder::at);
        let above = path.ancestors().nth(2).map(RunFolder::at);
        match (beside, above) {
            (Some(beside), Some(above)) if above.snapshots() == beside.path() => above,
            (Some(beside), _) => beside,
            (None, _) => RunFolder::at(""),
        }
    }

    /// The names of the fields, in the order of the problem file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn fields(&self) -> Result<Vec<String>, Error> {
        let failed = hdf(&self.path, "list the fields");
        let members = self.file.group("fields").and_then(|group| group.member_names());
        let mut members = members.map_err(failed)?;
        // HDF5 lists them by the alphabet.
        let order = header::texts(&self.file, "fields");
        members.sort_by_cached_key(|name| {
            order.iter().position(|listed| listed == name).unwrap_or(usize::MAX)
        });
        Ok(members)
    }

    /// What a field is made of.
    ///
    /// # Errors
    /// If the field does not exist or cannot be read.
    pub fn field(&self, name: &str) -> Result<Field, Error> {
        let failed = hdf(&self.path, "read what a field is made of");
        header::read_field(&self.dataset(name)?, name).map_err(failed)
    }

    /// Whether this is the series of a run, not one of the files in which its snapshots lie.
    pub fn is_whole(&self) -> bool {
        self.file.link_exists("time")
    }

    /// The times of the snapshots. For a single segment they are read from the series beside it; the
    /// list is empty if there is none.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn times(&self) -> Result<Vec<f64>, Error> {
        match self.is_whole() {
            true => self.numbers("time"),
            false => Ok(self.times_beside().unwrap_or_default()),
        }
    }

    /// The unknowns without space by their names, with a value for each snapshot; none in single files
    /// of snapshots.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn globals(&self) -> Result<Vec<(String, Vec<f64>)>, Error> {
        if !self.file.link_exists("numbers") {
            return Ok(Vec::new());
        }
        let failed = hdf(&self.path, "read the numbers");
        let names = self.file.group("numbers").and_then(|group| group.member_names());
        let values = |name: String| {
            let values = self.numbers(&format!("numbers/{name}"))?;
            Ok((name, values))
        };
        names.map_err(failed)?.into_iter().map(values).collect()
    }

    fn times_beside(&self) -> Option<Vec<f64>> {
        let segment = self.path.file_stem()?.to_str()?.parse().ok()?;
        let series = Series::open(&self.folder().series()).ok()?;
        let times = series.numbers("time").ok()?;
        let (first, capacity) = SnapshotPlace::first(segment);
        let last = times.len().min(first.checked_add(capacity)?);
        times.get(first..last).map(<[f64]>::to_vec)
    }

    /// The number of snapshots; for a segment without its series, the number it has room for.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn snapshots(&self) -> Result<usize, Error> {
        match (self.times()?.len(), self.fields()?.first()) {
            (0, Some(field)) => Ok(self.shape(field)?[0]),
            (times, _) => Ok(times),
        }
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
        header::text(&self.file, name)
    }

    /// The names of the axes of a field.
    ///
    /// # Errors
    /// If the field does not exist or cannot be read.
    pub fn axes(&self, field: &str) -> Result<Vec<String>, Error> {
        Ok(header::texts(&*self.dataset(field)?, "axes"))
    }

    /// The shape of a field: snapshots, then components, then cells along each axis.
    ///
    /// # Errors
    /// If the field does not exist.
    pub fn shape(&self, field: &str) -> Result<Vec<usize>, Error> {
        Ok(self.dataset(field)?.shape())
    }

    /// Bytes of each number of a field, both parts of a complex one together.
    ///
    /// # Errors
    /// If the field does not exist.
    pub fn bytes(&self, field: &str) -> Result<usize, Error> {
        let failed = hdf(&self.path, "read the type of a field");
        self.dataset(field)?.dtype().map(|dtype| dtype.size()).map_err(failed)
    }

    /// A real field at one snapshot: an axis for each index of its components, then one per axis
    /// of the grid.
    ///
    /// # Errors
    /// If the field or the snapshot does not exist, is complex, or cannot be read.
    pub fn read(&self, field: &str, snapshot: usize) -> Result<ArrayD<f64>, Error> {
        self.read_at(field, &[snapshot], None)
    }

    /// A complex field at one snapshot, with the axes of [`read`](Self::read).
    ///
    /// # Errors
    /// If the field or the snapshot does not exist, is real, or cannot be read.
    pub fn read_complex(&self, field: &str, snapshot: usize) -> Result<ArrayD<Complex64>, Error> {
        self.read_at(field, &[snapshot], None)
    }

    /// One component of a field at one snapshot: one axis per axis of the grid, the last of them
    /// restricted to the index `cut` if it is `Some`.
    ///
    /// # Errors
    /// If the component or the snapshot does not exist or cannot be read.
    pub fn component(
        &self,
        field: &Field,
        snapshot: usize,
        component: usize,
        cut: Option<usize>,
    ) -> Result<Component, Error> {
        let at = [&[snapshot], &*field.indices(component)].concat();
        Ok(match field.ty().complex {
            false => Component::Real(self.read_at(field.name(), &at, cut)?),
            true => Component::Complex(self.read_at(field.name(), &at, cut)?),
        })
    }

    /// The values at these first indices of a field, and at the index `cut` along the last axis.
    fn read_at<T: H5Type>(
        &self,
        field: &str,
        first: &[usize],
        last: Option<usize>,
    ) -> Result<ArrayD<T>, Error> {
        let dataset = self.dataset(field)?;
        let shape = dataset.shape();
        let mut slices: Vec<SliceOrIndex> = (shape.iter())
            .map(|n| SliceOrIndex::SliceCount { start: 0, step: 1, count: *n, block: 1 })
            .collect();
        for (slice, index) in slices.iter_mut().zip(first) {
            *slice = SliceOrIndex::Index(*index);
        }
        if let (Some(slice), Some(index)) = (slices.last_mut(), last) {
            *slice = SliceOrIndex::Index(index);
        }
        let failed = hdf(&self.path, "read a snapshot");
        dataset.read_slice::<T, _, ndarray::IxDyn>(Hyperslab::from(slices)).map_err(failed)
    }

    fn dataset(&self, field: &str) -> Result<Dataset, Error> {
        let name = format!("fields/{field}");
        if !self.file.link_exists(&name) {
            let known = self.fields()?;
            return Err(Error::NoField { path: self.path.clone(), name: field.into(), known });
        }
        self.file.dataset(&name).map_err(hdf(&self.path, "read a field"))
    }
}
