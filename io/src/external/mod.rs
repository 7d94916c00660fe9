//! External data: values from HDF5 files, NumPy's arrays and columns of text, for initial states and
//! for parameters that are fields.
//!
//! A dataset has the axes of its components first, then those of the grid; in a series the axis of
//! snapshots precedes both. If its cells are not those of the problem's grid, it is interpolated:
//! linearly along each axis between the centres of its cells, which fill the same bounds, and
//! constant beyond the outermost centres of an axis that is not periodic.

mod array;
mod check;
mod interpolate;

use std::error::Error as StdError;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxions_expr::{Rank, Type};
use fluxions_grid::{Geometry, Grid};
use fluxions_solver::ExternalSource;
use hdf5::types::TypeDescriptor;
use hdf5::{Dataset, File, Hyperslab, SliceOrIndex};
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex64;

use crate::contained;
use crate::error::Error;
use crate::series::{bounds, texts};
use crate::suggest::suggest;
use crate::unlocked::unlocked;
use array::{ArrayFile, Kind};
pub(crate) use check::check;
use interpolate::{Between, between, interpolate};

/// Which dataset a problem asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetRequest {
    /// The file.
    pub path: PathBuf,
    /// The dataset in it, such as `fields/u` of a series.
    pub dataset: String,
    /// The time of the snapshot in a series; by default the last one.
    pub time: Option<f64>,
    /// Whether values are interpolated if the cells differ.
    pub interpolated: bool,
}

/// A dataset of a file, to be read on a grid.
#[derive(Clone, Debug)]
pub struct ExternalFile {
    path: PathBuf,
    dataset: String,
    ty: Type,
    /// Which snapshot, if the first axis is that of snapshots.
    snapshot: Option<usize>,
    /// Lengths of the axes of components.
    components: Vec<usize>,
    complex: bool,
    /// Cells of the dataset along each axis.
    cells: Vec<usize>,
    /// Cells of the grid, and whether its ends are joined.
    grid: Vec<(usize, bool)>,
}

/// Why a dataset cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Unusable {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

fn unusable(message: String) -> Unusable {
    Unusable { message, help: None }
}

/// That there is a file of this name.
fn check_file(path: &Path) -> Result<(), Unusable> {
    let shown = path.display();
    match () {
        _ if path.is_dir() => Err(unusable(format!("{shown} is a folder, not a file"))),
        _ if !path.exists() => Err(unusable(format!("there is no file {shown}"))),
        // A pipe or a device.
        _ if !path.is_file() => Err(unusable(format!("{shown} is not an ordinary file"))),
        _ => Ok(()),
    }
}

/// The times and values in the two columns of a file of numbers.
pub(crate) fn pairs(path: &Path) -> Result<Vec<[f64; 2]>, Unusable> {
    check_file(path)?;
    match Kind::of(path) {
        Some(kind) => array::pairs(path, kind),
        None => Err(unusable(format!("{} must be a .csv, .txt or .npy file", path.display()))),
    }
}

/// Opens external data for a field of this type, or of the type that the data itself has.
///
/// # Errors
/// If the file does not hold data that fits.
pub(crate) fn open(
    wanted: &DatasetRequest,
    ty: Option<Type>,
    grid: &Grid,
) -> Result<Arc<dyn ExternalSource>, Unusable> {
    if wanted.path.is_file()
        && let Some(kind) = Kind::of(&wanted.path)
    {
        return Ok(Arc::new(ArrayFile::open(wanted, kind, ty, grid)?));
    }
    Ok(match ty {
        Some(ty) => Arc::new(ExternalFile::open(wanted, ty, grid)?),
        None => Arc::new(ExternalFile::open_any(wanted, grid)?),
    })
}

impl ExternalFile {
    /// Opens a dataset for a field of this type on this grid.
    ///
    /// # Errors
    /// If the file does not hold such a dataset.
    pub fn open(wanted: &DatasetRequest, ty: Type, grid: &Grid) -> Result<Self, Unusable> {
        Found::open(wanted, grid)?.fit(wanted, ty, grid)
    }

    /// Opens a dataset for a parameter, whose type is that of the dataset.
    ///
    /// # Errors
    /// If the file does not hold a dataset that fits the grid.
    pub fn open_any(wanted: &DatasetRequest, grid: &Grid) -> Result<Self, Unusable> {
        let found = Found::open(wanted, grid)?;
        let fits = |rank: &Rank| {
            let axes = rank.indices() + grid.dimension();
            let n = found.dataset.ndim();
            n == axes || n == axes + 1 && found.has_times()
        };
        // A dataset that fits no rank is refused as a scalar, with its number of axes.
        let rank = Rank::ALL.into_iter().find(fits).unwrap_or(Rank::Scalar);
        let ty = Type { rank, complex: found.complex };
        found.fit(wanted, ty, grid)
    }

    /// One of the numbers that a value is made of, in a box of the dataset's cells.
    fn slab(&self, start: &[usize], shape: &[usize], number: usize) -> hdf5::Result<ArrayD<f64>> {
        let dataset = unlocked().open(&self.path)?.dataset(&self.dataset)?;
        let mut slices: Vec<SliceOrIndex> =
            self.snapshot.iter().map(|k| SliceOrIndex::Index(*k)).collect();
        let per_component = self.ty.per_component();
        let imaginary = number % per_component == 1;
        let indices = indices_of(number / per_component, &self.components);
        slices.extend(indices.into_iter().map(SliceOrIndex::Index));
        let range = |(start, count): (&usize, &usize)| SliceOrIndex::SliceCount {
            start: *start,
            step: 1,
            count: *count,
            block: 1,
        };
        slices.extend(start.iter().zip(shape).map(range));
        read(&dataset, slices, self.complex, imaginary)
    }
}

/// A dataset of numbers in a file.
struct Found {
    file: File,
    dataset: Dataset,
    complex: bool,
}

impl Found {
    /// Looks up a dataset, and checks that it is for this grid.
    fn open(wanted: &DatasetRequest, grid: &Grid) -> Result<Self, Unusable> {
        let DatasetRequest { path, dataset: name, .. } = wanted;
        let shown = path.display();
        check_file(path).map_err(|error| {
            let help = path.join("series.h5").is_file().then(|| "name the series.h5 in it".into());
            Unusable { help, ..error }
        })?;
        if std::fs::metadata(path).is_ok() && !is_hdf5(path) {
            let archive = path.extension().is_some_and(|extension| extension == "npz");
            let help = match archive {
                true => "save the array by itself, as a .npy file",
                false => "files are HDF5, .npy, or numbers in columns with the ending .csv or .txt",
            };
            let (message, help) = (format!("{shown} is not an HDF5 file"), Some(help.into()));
            return Err(Unusable { message, help });
        }
        let file = unlocked().open(path);
        let file = file.map_err(|e| unusable(format!("{shown} cannot be opened: {e}")))?;
        let contained = contained::check_dataset(&file, path, name);
        if let Err(elsewhere @ Error::LiesElsewhere { .. }) = contained {
            return Err(unusable(elsewhere.to_string()));
        }
        let Ok(dataset) = file.dataset(name) else {
            let known = file.group("fields").and_then(|group| group.member_names());
            let known = known.unwrap_or_else(|_| file.member_names().unwrap_or_default());
            let known = known.iter().map(String::as_str);
            let help = Some(suggest(name, known, '`', "it holds"));
            return Err(Unusable { message: format!("{shown} has no dataset `{name}`"), help });
        };
        let Some(complex) = is_complex(&dataset) else {
            return Err(Unusable {
                message: format!("`{name}` in {shown} holds neither real nor complex numbers"),
                help: Some("a complex number is a compound of `r` and `i`, as in h5py".into()),
            });
        };
        check_space(&file, &dataset, grid, wanted)?;
        Ok(Found { file, dataset, complex })
    }

    /// Whether the first axis can be that of snapshots.
    fn has_times(&self) -> bool {
        self.file.link_exists("time")
    }

    /// The dataset for a field of this type, if it fits.
    fn fit(
        &self,
        wanted: &DatasetRequest,
        ty: Type,
        grid: &Grid,
    ) -> Result<ExternalFile, Unusable> {
        let Found { file, dataset, complex } = self;
        let (name, shown, complex) = (&wanted.dataset, wanted.path.display(), *complex);
        if complex && !ty.complex {
            return Err(unusable(format!("`{name}` in {shown} is complex, but {ty} is needed")));
        }
        let shape = dataset.shape();
        let rank = ty.rank.indices();
        let snapshots = shape.len() == 1 + rank + grid.dimension() && self.has_times();
        let snapshot = match snapshots {
            true => Some(snapshot(file, wanted.time)?),
            false => None,
        };
        if snapshot.is_some_and(|k| k >= shape[0]) {
            let n = shape[0];
            let message =
                format!("`{name}` in {shown} has {n} snapshots, but the file has more times");
            return Err(unusable(message));
        }
        let rest = &shape[usize::from(snapshots)..];
        if rest.len() != rank + grid.dimension() {
            let message = format!(
                "`{name}` in {shown} has {} axes, but {ty} on this grid has {}",
                rest.len(),
                rank + grid.dimension()
            );
            return Err(unusable(message));
        }
        let (components, cells) = rest.split_at(rank);
        let (named, place) = (format!("`{name}`"), format!("`{name}` in {shown}"));
        check_components(components, grid, &named)?;
        check_cells(cells, grid, wanted.interpolated, &place)?;
        Ok(ExternalFile {
            path: wanted.path.clone(),
            dataset: name.clone(),
            ty,
            snapshot,
            components: components.to_vec(),
            complex,
            cells: cells.to_vec(),
            grid: ends_of(grid),
        })
    }
}

/// Checks that each axis of components has as many as a vector on the grid. `named` is for messages.
fn check_components(components: &[usize], grid: &Grid, named: &str) -> Result<(), Unusable> {
    let n = grid.components().len();
    match components.iter().all(|length| *length == n) {
        true => Ok(()),
        false => Err(unusable(format!(
            "a vector on this grid has {n} components, but {named} has {components:?}"
        ))),
    }
}

/// Checks that there are cells, and as many along each axis as the grid has unless they are
/// interpolated. `named` is for messages.
fn check_cells(
    cells: &[usize],
    grid: &Grid,
    interpolated: bool,
    named: &str,
) -> Result<(), Unusable> {
    if cells.contains(&0) {
        return Err(unusable(format!("{named} is empty: it has {cells:?} cells")));
    }
    let mine: Vec<usize> = grid.axes().iter().map(|axis| axis.cells()).collect();
    if cells != mine && !interpolated {
        return Err(Unusable {
            message: format!("{named} has {cells:?} cells, but the grid has {mine:?}"),
            help: Some("to interpolate, add interpolation = \"linear\"".into()),
        });
    }
    Ok(())
}

/// The cells of a grid along each axis, and whether its ends are joined.
fn ends_of(grid: &Grid) -> Vec<(usize, bool)> {
    grid.axes().iter().map(|axis| (axis.cells(), axis.is_periodic())).collect()
}

/// The indices of the component to which a number of a value belongs, along axes of these lengths.
fn indices_of(mut component: usize, lengths: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = (lengths.iter().rev())
        .map(|length| {
            let index = component % length;
            component /= length;
            index
        })
        .collect();
    indices.reverse();
    indices
}

fn read(
    dataset: &Dataset,
    slices: Vec<SliceOrIndex>,
    complex: bool,
    imaginary: bool,
) -> hdf5::Result<ArrayD<f64>> {
    let selection = Hyperslab::from(slices);
    if !complex {
        return dataset.read_slice::<f64, _, IxDyn>(selection);
    }
    let numbers = dataset.read_slice::<Complex64, _, IxDyn>(selection)?;
    Ok(numbers.map(|z| if imaginary { z.im } else { z.re }))
}

impl ExternalSource for ExternalFile {
    fn ty(&self) -> Type {
        self.ty
    }

    fn read(
        &self,
        start: &[usize],
        shape: &[usize],
        number: usize,
    ) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> {
        // A real dataset has no imaginary parts.
        if !self.complex && number % self.ty.per_component() == 1 {
            return Ok(vec![0.0; shape.iter().product()]);
        }
        let path = || self.path.display();
        let slab = |start: &[usize], shape: &[usize]| {
            self.slab(start, shape, number).map_err(|e| format!("{} cannot be read: {e}", path()))
        };
        over(&self.grid, &self.cells, start, shape, slab)
    }
}

/// Values in a block of a grid, from those in the cells of a dataset, of which `slab` reads a box. They
/// are interpolated if the cells differ. `grid` says how many cells each axis has and whether its ends
/// are joined.
fn over(
    grid: &[(usize, bool)],
    cells: &[usize],
    start: &[usize],
    shape: &[usize],
    slab: impl Fn(&[usize], &[usize]) -> Result<ArrayD<f64>, String>,
) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> {
    if grid.iter().map(|(cells, _)| cells).eq(cells) {
        return Ok(slab(start, shape)?.iter().copied().collect());
    }
    let values = slab(&vec![0; cells.len()], cells)?;
    let stencils: Vec<Vec<Between>> = (0..cells.len())
        .map(|axis| {
            let ((own, periodic), n) = (grid[axis], cells[axis]);
            let at = |i: usize| between(i, own, n, periodic);
            (start[axis]..start[axis] + shape[axis]).map(at).collect()
        })
        .collect();
    Ok(interpolate(&values, &stencils))
}

/// Whether a file begins as HDF5 files do; a block of the user may precede.
fn is_hdf5(path: &Path) -> bool {
    const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
    let Ok(mut file) = std::fs::File::open(path) else { return true };
    let mut places = std::iter::once(0).chain((0..24).map(|k| 512 << k));
    places.any(|place| {
        let mut start = [0; SIGNATURE.len()];
        let read = file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut start));
        read.is_ok() && start == *SIGNATURE
    })
}

/// The snapshot of a series at a time.
fn snapshot(file: &File, time: Option<f64>) -> Result<usize, Unusable> {
    let failed = |e: hdf5::Error| unusable(format!("the times cannot be read: {e}"));
    let times: Vec<f64> = file.dataset("time").and_then(|d| d.read_raw()).map_err(failed)?;
    let Some(last) = times.len().checked_sub(1) else {
        return Err(unusable("the series has no snapshots".into()));
    };
    let Some(time) = time else { return Ok(last) };
    let near = |t: &f64| (t - time).abs() <= 1e-9 * time.abs().max(1.0);
    times.iter().position(near).ok_or_else(|| Unusable {
        message: format!("the series has no snapshot at t = {time}"),
        help: Some(format!("it has {} from {} to {}", times.len(), times[0], times[last])),
    })
}

/// Whether the numbers in a dataset are complex, or `None` if it does not hold numbers.
fn is_complex(dataset: &Dataset) -> Option<bool> {
    use TypeDescriptor::{Compound, Float, Integer, Unsigned};
    let dtype = dataset.dtype().ok()?;
    let Ok(Compound(compound)) = dtype.to_descriptor() else {
        return dtype.conv_to::<f64>().map(|_| false);
    };
    let number = |ty: &TypeDescriptor| matches!(ty, Float(_) | Integer(_) | Unsigned(_));
    let part =
        |name: &str| compound.fields.iter().any(|field| field.name == name && number(&field.ty));
    (compound.fields.len() == 2 && part("r") && part("i")).then_some(true)
}

/// If a file says which space it is for, checks that this is the space of the grid.
fn check_space(
    file: &File,
    dataset: &Dataset,
    grid: &Grid,
    wanted: &DatasetRequest,
) -> Result<(), Unusable> {
    let shown = wanted.path.display();
    if let [geometry] = &texts(file, "geometry")[..]
        && Geometry::find(geometry).is_some_and(|found| found != grid.geometry())
    {
        let mine = grid.geometry().name();
        let message = format!("{shown} is for a {geometry} grid, but this grid is {mine}");
        return Err(unusable(message));
    }
    let (axes, mine) = (texts(dataset, "axes"), grid.axis_names());
    if axes.len() == mine.len() && axes != mine {
        let (name, axes, mine) = (&wanted.dataset, axes.join(", "), mine.join(", "));
        let message = format!("`{name}` in {shown} has the axes {axes}, but the grid has {mine}");
        return Err(unusable(message));
    }
    let Ok(bounds) = bounds(file).map(|bounds| bounds.into_flattened()) else { return Ok(()) };
    let mine: Vec<f64> = grid.axes().iter().flat_map(|axis| axis.bounds()).collect();
    let size = mine.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * size;
    if bounds.len() == mine.len() && bounds.iter().zip(&mine).all(near) {
        return Ok(());
    }
    Err(unusable(format!(
        "{shown} is for a domain with the bounds {bounds:?}, but the grid has {mine:?}"
    )))
}

#[cfg(test)]
mod tests;
