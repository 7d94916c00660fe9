//! Reads a time series: that of a run folder, or a single segment.

use std::io::Read;
use std::path::{Path, PathBuf};

use fluxions_grid::Grid;
use fluxions_solver::free_memory;
use hdf5::{Dataset, File, H5Type, Hyperslab, SliceOrIndex};
use ndarray::ArrayD;
use num_complex::Complex64;

use super::header::FORMAT_VERSION;
use super::{Field, header, seal, segment};
use crate::contained;
use crate::error::{Error, file, hdf};
use crate::folder::RunFolder;
use crate::unlocked::unlocked;

/// A time series that was written.
pub struct Series {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

/// Why a file could not be opened.
fn not_opened(path: &Path, error: hdf5::Error) -> Error {
    /// What files of HDF5 begin with.
    const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
    let mut start = [0; SIGNATURE.len()];
    match std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)) {
        Err(failed) if failed.kind() != std::io::ErrorKind::UnexpectedEof => {
            file(path, "open the file")(failed)
        }
        Ok(()) if start == SIGNATURE => match error.to_string().contains("truncated file") {
            true => Error::Unreadable { path: path.into(), others: Vec::new() },
            false => hdf(path, "open the file")(error),
        },
        _ => Error::NotHdf5 { path: path.into() },
    }
}

/// One index of an axis.
fn one(index: usize) -> SliceOrIndex {
    SliceOrIndex::Index(index)
}

/// All indices of an axis of so many.
fn all(count: usize) -> SliceOrIndex {
    SliceOrIndex::SliceCount { start: 0, step: 1, count, block: 1 }
}

impl Series {
    /// Opens the series of a run folder, or a file of one.
    ///
    /// # Errors
    /// If there is no run at this path.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = path.is_dir().then(|| RunFolder::at(path));
        let asked = path;
        let path = folder.as_ref().map_or_else(|| path.to_path_buf(), RunFolder::series);
        let has_snapshots =
            folder.as_ref().is_some_and(|folder| folder.path().join(segment::file(0)).exists());
        let no_run = || match &folder {
            _ if has_snapshots => Error::NoIndex { path: path.clone() },
            Some(folder) if folder.holds_run() => Error::NoSnapshot { path: asked.into() },
            _ => Error::NoRun { path: asked.into() },
        };
        if !path.is_file() {
            return Err(no_run());
        }
        // The index of a run folder.
        let is_index = path.file_name().is_some_and(|name| name == "series.h5");
        if is_index && !seal::is_whole(&path) {
            return Err(Error::NoIndex { path });
        }
        let file = match unlocked().open(&path) {
            Err(_) if has_snapshots => return Err(no_run()),
            opened => opened.map_err(|error| not_opened(&path, error))?,
        };
        if !is_index {
            contained::check(&file, &path)?;
        }
        if file.group("fields").is_err() {
            return Err(no_run());
        }
        let version = file.attr("format_version").and_then(|attr| attr.read_scalar::<u32>());
        match version {
            Ok(later) if later > FORMAT_VERSION => {
                let by = header::text(&file, "created_by");
                Err(Error::LaterVersion { path, by, version: later })
            }
            _ => Ok(Series { path, file }),
        }
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
        header::is_index(&self.file)
    }

    /// The snapshot nearest to a time, of equally near ones the latest; nothing if there is none.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn nearest(&self, time: f64) -> Result<Option<usize>, Error> {
        let times = self.times()?;
        let distance = |k: &usize| (times[*k] - time).abs();
        Ok((0..times.len()).rev().min_by(|a, b| distance(a).total_cmp(&distance(b))))
    }

    /// The times of the snapshots, in a single segment those of its complete ones.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn times(&self) -> Result<Vec<f64>, Error> {
        let times = self.numbers("time")?;
        // What is not complete has no time.
        Ok(times.into_iter().take_while(|time| !time.is_nan()).collect())
    }

    /// The unknowns without space by their names, with a value for each snapshot.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn globals(&self) -> Result<Vec<(String, Vec<f64>)>, Error> {
        self.numbers_in("numbers")
    }

    /// What the solver did up to each snapshot, by its names.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn solver(&self) -> Result<Vec<(String, Vec<f64>)>, Error> {
        self.numbers_in("solver")
    }

    /// All numbers in a group by their names, with a value for each snapshot.
    fn numbers_in(&self, group: &str) -> Result<Vec<(String, Vec<f64>)>, Error> {
        if !self.file.link_exists(group) {
            return Ok(Vec::new());
        }
        let failed = hdf(&self.path, "read the numbers");
        let names = self.file.group(group).and_then(|group| group.member_names());
        let count = self.snapshots()?;
        let values = |name: String| {
            let mut values = self.numbers(&format!("{group}/{name}"))?;
            values.truncate(count);
            Ok((name, values))
        };
        names.map_err(failed)?.into_iter().map(values).collect()
    }

    /// The number of snapshots.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn snapshots(&self) -> Result<usize, Error> {
        Ok(self.times()?.len())
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
        header::bounds(&self.file).map_err(failed)
    }

    /// The grid.
    ///
    /// # Errors
    /// If the file cannot be read, or what it says of its grid makes no sense.
    pub fn grid(&self) -> Result<Grid, Error> {
        let names = self.fields()?;
        let damaged = || Error::Unreadable { path: self.path.clone(), others: Vec::new() };
        let field = self.dataset(names.first().ok_or_else(damaged)?)?;
        let found = header::grid(&self.file, &field).map_err(hdf(&self.path, "read the grid"))?;
        found.ok_or_else(damaged)
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

    /// The shape of a field: complete snapshots, then components, then cells along each axis.
    ///
    /// # Errors
    /// If the field does not exist.
    pub fn shape(&self, field: &str) -> Result<Vec<usize>, Error> {
        let mut shape = self.dataset(field)?.shape();
        if let Some(snapshots) = shape.first_mut() {
            *snapshots = self.snapshots()?;
        }
        Ok(shape)
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
        self.read_at(field, &[Some(snapshot)])
    }

    /// A complex field at one snapshot, with the axes of [`read`](Self::read).
    ///
    /// # Errors
    /// If the field or the snapshot does not exist, is real, or cannot be read.
    pub fn read_complex(&self, field: &str, snapshot: usize) -> Result<ArrayD<Complex64>, Error> {
        self.read_at(field, &[Some(snapshot)])
    }

    /// The first snapshot whose file is missing, as an error; nothing if all are there, or if the file has no checksums.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn first_missing(&self) -> Result<Option<Error>, Error> {
        let count = self.snapshots()?;
        for field in self.fields()? {
            if !self.has_checksums(&field) {
                continue;
            }
            let name = format!("checksums/{field}");
            let failed = hdf(&self.path, "read the checksums");
            let sums: Vec<u64> =
                self.file.dataset(&name).and_then(|sums| sums.read_raw()).map_err(failed)?;
            let components = self.field(&field)?.components().len().max(1);
            let mut complete = sums.chunks(components).take(count);
            if let Some(snapshot) = complete.position(|sums| sums.contains(&0)) {
                let path = self.path.clone();
                return Ok(Some(Error::Damaged { path, field, snapshot, is_missing: true }));
            }
        }
        Ok(None)
    }

    /// The values at these indices of a field along its first axes; at all indices where there is none.
    fn read_at<T: H5Type>(
        &self,
        field: &str,
        indices: &[Option<usize>],
    ) -> Result<ArrayD<T>, Error> {
        self.read_box(field, &indices.iter().map(|index| index.map(one)).collect::<Vec<_>>())
    }

    /// The values of a field in such a range along each of its first axes, and all along the others and where there is none.
    pub(super) fn read_box<T: H5Type>(
        &self,
        field: &str,
        ranges: &[Option<SliceOrIndex>],
    ) -> Result<ArrayD<T>, Error> {
        let dataset = self.dataset(field)?;
        let mut slices: Vec<SliceOrIndex> = dataset.shape().into_iter().map(all).collect();
        for (slice, range) in slices.iter_mut().zip(ranges) {
            *slice = range.unwrap_or(*slice);
        }
        self.check_size(field, &slices)?;
        let failed = hdf(&self.path, "read a snapshot");
        dataset.read_slice::<T, _, ndarray::IxDyn>(Hyperslab::from(slices)).map_err(failed)
    }

    /// Whether there is memory for a part of a field: a damaged file may claim anything.
    fn check_size(&self, field: &str, slices: &[SliceOrIndex]) -> Result<(), Error> {
        let mut lengths = slices.iter().filter_map(|slice| match slice {
            SliceOrIndex::SliceCount { count, .. } => Some(*count as u64),
            _ => None,
        });
        let cells = lengths.try_fold(1u64, u64::checked_mul);
        let needed = cells.and_then(|n| n.checked_mul(16)).unwrap_or(u64::MAX);
        match free_memory() {
            Some(available) if needed > available => {
                let (path, field) = (self.path.clone(), field.into());
                Err(Error::TooLarge { path, field, needed, available })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn dataset(&self, field: &str) -> Result<Dataset, Error> {
        let name = format!("fields/{field}");
        if !self.file.link_exists(&name) {
            let known = self.fields()?;
            return Err(Error::NoField { path: self.path.clone(), name: field.into(), known });
        }
        self.file.dataset(&name).map_err(hdf(&self.path, "read a field"))
    }
}
