//! External data in NumPy's format (.npy) and in columns of text (.csv, .txt).
//!
//! An array has the axes of its components first, then those of the grid. It is read whole, when the
//! file is checked and again when a block of it is asked for, but never kept.

use std::error::Error as StdError;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use fluxions_expr::{Rank, Type};
use fluxions_grid::Grid;
use fluxions_solver::ExternalSource;
use ndarray::{ArrayD, Axis, IxDyn, Slice};
use ndarray_npy::{ReadNpyError, ReadableElement, read_npy};
use num_complex::Complex;

use super::{
    DatasetRequest, Unusable, check_cells, check_components, ends_of, indices_of, over, unusable,
};

/// What a file is, by how it begins or by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An array as NumPy saves it.
    Npy,
    /// Numbers in columns.
    Text,
}

impl Kind {
    /// The kind of a file, unless it is neither.
    pub(super) fn of(path: &Path) -> Option<Self> {
        const MAGIC: &[u8; 6] = b"\x93NUMPY";
        let mut start = [0; MAGIC.len()];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
        if read.is_ok() && start == *MAGIC {
            return Some(Kind::Npy);
        }
        let extension = path.extension()?.to_str()?.to_lowercase();
        ["csv", "tsv", "txt", "dat"].contains(&extension.as_str()).then_some(Kind::Text)
    }
}

/// An array in a file, to be read on a grid.
#[derive(Clone, Debug)]
pub(super) struct ArrayFile {
    path: PathBuf,
    kind: Kind,
    ty: Type,
    /// Whether the array is that of a single number per cell without an axis for it.
    flat: bool,
    /// Lengths of the axes of components.
    components: Vec<usize>,
    /// Cells of the array along each axis.
    cells: Vec<usize>,
    /// Cells of the grid, and whether its ends are joined.
    grid: Vec<(usize, bool)>,
}

impl ArrayFile {
    /// Opens an array for a field of this type, or of the type that the array itself has.
    pub(super) fn open(
        wanted: &DatasetRequest,
        kind: Kind,
        ty: Option<Type>,
        grid: &Grid,
    ) -> Result<Self, Unusable> {
        let shown = wanted.path.display();
        let array = load(&wanted.path, kind)
            .map_err(|reason| unusable(format!("{shown} cannot be read: {reason}")))?;
        let complex = array.im.is_some();
        let mut shape = array.re.shape().to_vec();
        let dimension = grid.dimension();
        // A single column, or a single row, is one axis.
        let wants_one = ty.map_or(1, |ty| ty.rank.indices() + 1) == 1;
        let flat = dimension == 1 && shape.len() == 2 && wants_one && shape.contains(&1);
        if flat {
            shape = vec![shape.iter().product()];
        }
        let by_shape = || {
            let rank = Rank::ALL.into_iter().find(|r| r.indices() + dimension == shape.len());
            Type { rank: rank.unwrap_or(Rank::Scalar), complex }
        };
        let ty = ty.unwrap_or_else(by_shape);
        if complex && !ty.complex {
            return Err(unusable(format!("{shown} is complex, but {ty} is needed")));
        }
        let rank = ty.rank.indices();
        if shape.len() != rank + dimension {
            let (found, axes) = (shape.len(), rank + dimension);
            let message =
                format!("the array in {shown} has {found} axes, but {ty} on this grid has {axes}");
            return Err(unusable(message));
        }
        let (components, cells) = shape.split_at(rank);
        let named = shown.to_string();
        check_components(components, grid, &named)?;
        check_cells(cells, grid, wanted.interpolated, &named).map_err(|error| {
            let turned =
                grid.axes().iter().map(|axis| axis.cells()).eq(cells.iter().rev().copied());
            let axes = grid.axis_names().join(", ");
            match turned {
                true => Unusable {
                    help: Some(format!("its axes have to be {axes}, in this order: transpose it")),
                    ..error
                },
                false => error,
            }
        })?;
        Ok(ArrayFile {
            path: wanted.path.clone(),
            kind,
            ty,
            flat,
            components: components.to_vec(),
            cells: cells.to_vec(),
            grid: ends_of(grid),
        })
    }
}

impl ExternalSource for ArrayFile {
    fn ty(&self) -> Type {
        self.ty
    }

    fn read(
        &self,
        start: &[usize],
        shape: &[usize],
        number: usize,
    ) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> {
        let shown = self.path.display();
        let array = load(&self.path, self.kind)
            .map_err(|reason| format!("{shown} cannot be read: {reason}"))?;
        let (component, part) =
            (number / self.ty.per_component(), number % self.ty.per_component());
        let values = match (part, array.im) {
            (0, _) => array.re,
            (_, Some(im)) => im,
            // A real array has no imaginary parts.
            (_, None) => return Ok(vec![0.0; shape.iter().product()]),
        };
        let wanted: Vec<usize> = self.components.iter().chain(&self.cells).copied().collect();
        let values = match self.flat {
            true => values.into_shape_with_order(IxDyn(&wanted)),
            false => Ok(values),
        };
        let mut values = values.map_err(|e| e.to_string())?;
        if values.shape() != wanted {
            return Err(format!("{shown} has changed since it was checked").into());
        }
        for index in indices_of(component, &self.components) {
            values = values.index_axis_move(Axis(0), index);
        }
        over(&self.grid, &self.cells, start, shape, |start, shape| {
            let part = values.slice_each_axis(|axis| {
                let k = axis.axis.index();
                Slice::from(start[k]..start[k] + shape[k])
            });
            Ok(part.to_owned())
        })
    }
}

/// The rows of an array with two columns.
pub(super) fn pairs(path: &Path, kind: Kind) -> Result<Vec<[f64; 2]>, Unusable> {
    let shown = path.display();
    let array =
        load(path, kind).map_err(|reason| unusable(format!("{shown} cannot be read: {reason}")))?;
    match (array.re.shape(), array.im) {
        ([_, 2], None) => {
            let numbers: Vec<f64> = array.re.iter().copied().collect();
            Ok(numbers.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
        }
        ([rows, columns], None) => Err(unusable(format!(
            "{shown} has {rows} rows and {columns} columns: a time and a value in each row are needed"
        ))),
        _ => Err(unusable(format!("{shown} has no rows with a time and a value"))),
    }
}

/// An array of real or complex numbers.
struct Loaded {
    re: ArrayD<f64>,
    im: Option<ArrayD<f64>>,
}

fn load(path: &Path, kind: Kind) -> Result<Loaded, String> {
    match kind {
        Kind::Npy => load_npy(path),
        Kind::Text => {
            let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
            Ok(Loaded { re: parse(&text)?, im: None })
        }
    }
}

/// Reads an array of one of the kinds of numbers that NumPy has.
fn load_npy(path: &Path) -> Result<Loaded, String> {
    let real = |re| Ok(Loaded { re, im: None });
    macro_rules! try_real {
        ($($kind:ty: $convert:expr),*) => {
            $(if let Some(array) = try_kind::<$kind>(path)? {
                return real(array.mapv($convert));
            })*
        };
    }
    try_real!(
        f64: |x| x,
        f32: f64::from,
        i64: |x| x as f64,
        i32: f64::from,
        i16: f64::from,
        i8: f64::from,
        u64: |x| x as f64,
        u32: f64::from,
        u16: f64::from,
        u8: f64::from,
        bool: f64::from
    );
    let complex = match try_kind::<Complex<f64>>(path)? {
        Some(array) => Some(array),
        None => try_kind::<Complex<f32>>(path)?
            .map(|array| array.mapv(|z| Complex::new(f64::from(z.re), f64::from(z.im)))),
    };
    let array =
        complex.ok_or("its numbers are neither real nor complex ones of 8 bytes or less")?;
    Ok(Loaded { re: array.mapv(|z| z.re), im: Some(array.mapv(|z| z.im)) })
}

/// The array, if its numbers are of this kind.
fn try_kind<T: ReadableElement>(path: &Path) -> Result<Option<ArrayD<T>>, String> {
    match read_npy(path) {
        Ok(array) => Ok(Some(array)),
        Err(ReadNpyError::WrongDescriptor(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Numbers in rows and columns, between commas, semicolons or blanks. What follows `#` is a comment,
/// and a first line without numbers is a heading.
fn parse(text: &str) -> Result<ArrayD<f64>, String> {
    let (mut values, mut rows, mut columns) = (Vec::new(), 0, 0);
    let mut heading = false;
    for (k, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        let words = line.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let numbers: Result<Vec<f64>, &str> =
            words.iter().map(|word| word.parse().map_err(|_| *word)).collect();
        match numbers {
            Ok(numbers) if rows > 0 && numbers.len() != columns => {
                let (n, line) = (numbers.len(), k + 1);
                return Err(format!("line {line} has {n} numbers, and those before it {columns}"));
            }
            Ok(numbers) => {
                (rows, columns) = (rows + 1, numbers.len());
                values.extend(numbers);
            }
            Err(_) if rows == 0 && !heading => heading = true,
            Err(word) => return Err(format!("`{word}` in line {} is not a number", k + 1)),
        }
    }
    ArrayD::from_shape_vec(IxDyn(&[rows, columns]), values).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use fluxions_grid::Ends;
    use ndarray::{Array1, Array2, Array3, ShapeBuilder};
    use ndarray_npy::{WritableElement, write_npy};

    use super::super::open;
    use super::*;

    fn grid(cells: &[usize]) -> Grid {
        let axes = ["x", "y", "z"].iter().zip(cells);
        let grid = axes.fold(Grid::cartesian(), |grid, (name, n)| {
            grid.axis(name, 0.0..1.0, *n, Ends::Bounded)
        });
        grid.build().unwrap()
    }

    /// All values that are read from a file with this content on a grid, as a parameter.
    fn read(name: &str, write: impl Fn(&Path), cells: &[usize]) -> Result<Vec<f64>, Unusable> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(name);
        write(&path);
        let wanted =
            DatasetRequest { path, dataset: "fields/u".into(), time: None, interpolated: false };
        let source = open(&wanted, None, &grid(cells)).map_err(|error| Unusable {
            message: error.message.replace(&format!("{}/", home.path().display()), ""),
            ..error
        })?;
        let start = vec![0; cells.len()];
        let numbers = source.ty().numbers(grid(cells).components().len());
        let all = (0..numbers).map(|number| source.read(&start, cells, number).unwrap());
        Ok(all.flatten().collect())
    }

    fn text(text: &str, cells: &[usize]) -> Result<Vec<f64>, Unusable> {
        read("map.csv", |path| std::fs::write(path, text).unwrap(), cells)
    }

    #[test]
    fn arrays_of_every_kind_and_order_are_read() {
        fn check<T: WritableElement + Copy>(value: impl Fn(usize) -> T) {
            let rows = |(i, j): (usize, usize)| value(3 * i + j);
            let c = Array2::from_shape_fn((2, 3), rows);
            let f = Array2::from_shape_fn((2, 3).f(), rows);
            for array in [c, f] {
                let found = read("map.npy", |path| write_npy(path, &array).unwrap(), &[2, 3]);
                assert_eq!(found.unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
            }
        }
        check(|k| k as f64);
        check(|k| k as f32);
        check(|k| k as i64);
        check(|k| k as i32);
        check(|k| k as i16);
        check(|k| k as i8);
        check(|k| k as u64);
        check(|k| k as u32);
        check(|k| k as u16);
        check(|k| k as u8);
    }

    #[test]
    fn vectors_complex_numbers_and_other_dimensions_are_read() {
        let line = Array1::from_iter([1.0, 2.0]);
        let found = read("map.npy", |path| write_npy(path, &line).unwrap(), &[2]);
        assert_eq!(found.unwrap(), [1.0, 2.0]);
        let vector = Array3::from_shape_fn((2, 1, 2), |(i, _, k)| (2 * i + k) as f64);
        let found = read("map.npy", |path| write_npy(path, &vector).unwrap(), &[1, 2]);
        assert_eq!(found.unwrap(), [0.0, 1.0, 2.0, 3.0]);
        let complex = Array1::from_iter([Complex::new(1.0f32, 2.0), Complex::new(3.0, 4.0)]);
        let found = read("map.npy", |path| write_npy(path, &complex).unwrap(), &[2]);
        assert_eq!(found.unwrap(), [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn columns_of_numbers_are_read() {
        assert_eq!(text("# made by hand\nu\n1\n2e0\n\n-3\n", &[3]).unwrap(), [1.0, 2.0, -3.0]);
        assert_eq!(text("1, 2;3\n", &[3]).unwrap(), [1.0, 2.0, 3.0]);
        assert_eq!(text("1 2\t3\n4 5 6 # last\n", &[2, 3]).unwrap(), [1., 2., 3., 4., 5., 6.]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let message = |content: &str, cells: &[usize]| text(content, cells).unwrap_err();
        let turned = message("1 2\n3 4\n5 6\n", &[2, 3]);
        assert_eq!(turned.message, "map.csv has [3, 2] cells, but the grid has [2, 3]");
        assert_eq!(turned.help.unwrap(), "its axes have to be x, y, in this order: transpose it");
        assert_eq!(
            message("1 2\n3\n", &[2, 2]).message,
            "map.csv cannot be read: line 2 has 1 numbers, and those before it 2"
        );
        assert_eq!(
            message("1 2\n3 x\n", &[2, 2]).message,
            "map.csv cannot be read: `x` in line 2 is not a number"
        );
        assert_eq!(
            message("1 2\n3 4\n", &[2, 2, 1]).message,
            "the array in map.csv has 2 axes, but a scalar on this grid has 3"
        );
        assert_eq!(message("", &[2, 2]).message, "map.csv is empty: it has [0, 0] cells");
    }

    #[test]
    fn folders_and_other_files_are_told_by_name() {
        let told = |name: &str, write: &dyn Fn(&Path)| read(name, write, &[2]).unwrap_err();
        let folder = told("run", &|path| std::fs::create_dir(path).unwrap());
        assert_eq!(folder.message, "run is a folder, not a file");
        let device =
            told("zero.npy", &|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap());
        assert_eq!(device.message, "zero.npy is not an ordinary file");
        let bytes = |path: &Path| std::fs::write(path, b"PK\x03\x04").unwrap();
        let archive = told("map.npz", &bytes);
        assert_eq!(archive.message, "map.npz is not an HDF5 file");
        assert!(archive.help.unwrap().contains(".npy"));
        assert_eq!(told("map.h5", &bytes).message, "map.h5 is not an HDF5 file");
        assert_eq!(told("map.h5", &|_| {}).message, "there is no file map.h5");
    }
}
