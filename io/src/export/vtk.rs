//! Files of VTK: a folder with a file of each snapshot, and a file `.pvd` with the times. See "VTK File Formats" in the VTK
//! User's Guide.
//!
//! Cells of Cartesian grids are an image (`.vti`). Of other grids the section at phi = 0 is shown as it lies in space, with r
//! along x, in unstructured cells (`.vtu`); vectors and tensors turn with it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use fluxions_expr::Rank;
use fluxions_grid::{Axis, Geometry, Grid};
use ndarray::{ArrayD, Dimension};

use super::state::{Content, Exported, append, direction};
use super::whole;
use crate::Component;
use crate::error::{Error, file};
use crate::folder::{Wait, is_numbered, remove, write_whole};
use crate::series::escaped;

/// In which cells a grid is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// Those that take the least space.
    Smallest,
    /// Each by its corners.
    Unstructured,
}

pub(super) fn write(content: &Content<'_>, path: &Path, cells: Cells) -> Result<(), Error> {
    let folder = path.with_extension("");
    let is_image = cells == Cells::Smallest && content.grid.geometry() == Geometry::Cartesian;
    let extension = if is_image { "vti" } else { "vtu" };
    let earlier = earlier(&folder, path)?;
    if !folder.is_dir() {
        std::fs::create_dir(&folder).map_err(file(&folder, "make the folder"))?;
    }
    let folder_name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mesh = if is_image { Vec::new() } else { Mesh { grid: &content.grid }.arrays() };
    let mut times = String::new();
    for (index, time) in content.times.iter().enumerate() {
        let name = format!("{index:06}.{extension}");
        whole(&folder.join(&name), |path| write_state(content, index, path, &mesh))?;
        let _ = writeln!(
            times,
            "<DataSet timestep=\"{time:?}\" part=\"0\" file=\"{}/{name}\"/>",
            escaped(&folder_name)
        );
    }
    let text = format!(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"1.0\" \
         byte_order=\"LittleEndian\">\n<Collection>\n{times}</Collection>\n</VTKFile>\n"
    );
    write_whole(path, text.as_bytes(), Wait::No)?;
    let written = |name: &String| {
        let (number, found) = name.split_once('.').unwrap_or_default();
        found == extension && number.parse().is_ok_and(|n: usize| n < content.times.len())
    };
    earlier.iter().filter(|name| !written(name)).try_for_each(|name| remove(&folder.join(name)))
}

/// The files of an earlier export in a folder, which goes with this .pvd.
///
/// # Errors
/// If there is something else in the folder.
fn earlier(folder: &Path, pvd: &Path) -> Result<Vec<String>, Error> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_ours = |name: &String| {
        let parts = name.split_once('.').unwrap_or_default();
        pvd.is_file() && is_numbered(parts.0) && ["vti", "vtu"].contains(&parts.1)
    };
    let (ours, others): (Vec<_>, Vec<_>) = names.partition(is_ours);
    match others.into_iter().next() {
        Some(found) => Err(Error::NotOfAnExport { path: folder.into(), found }),
        None => Ok(ours),
    }
}

/// An array that is described in the first part of a file and follows in the second.
struct Array {
    text: String,
    /// The bytes of its numbers.
    length: u64,
}

impl Array {
    fn new(name: &str, kind: &str, components: usize, numbers: usize) -> Self {
        let size = match kind {
            "Float32" => 4,
            "UInt8" => 1,
            _ => 8,
        };
        let name = escaped(name);
        let text = format!("type=\"{kind}\" Name=\"{name}\" NumberOfComponents=\"{components}\"");
        Array { text, length: (numbers * components * size) as u64 }
    }
}

/// The arrays of fields, real and imaginary parts each for itself.
fn of_fields<'c>(content: &'c Content<'_>) -> impl Iterator<Item = (&'c Exported, usize, Array)> {
    let cells = content.grid.cells();
    content.fields.iter().flat_map(move |of| {
        let components = match of.field.ty().rank {
            Rank::Scalar => 1,
            Rank::Vector => 3,
            Rank::Tensor => 9,
        };
        let kind = if of.is_single { "Float32" } else { "Float64" };
        let parts: &[&str] = if of.field.ty().complex { &["re ", "im "] } else { &[""] };
        parts.iter().enumerate().map(move |(part, prefix)| {
            let name = format!("{prefix}{}", of.field.name());
            (of, part, Array::new(&name, kind, components, cells))
        })
    })
}

/// Writes the file of a snapshot. `mesh` is what describes the cells; nothing in an image.
fn write_state(
    content: &Content<'_>,
    index: usize,
    path: &Path,
    mesh: &[(Array, Vec<u8>)],
) -> Result<(), Error> {
    let fields: Vec<_> = of_fields(content).collect();
    // Arrays follow in the reverse of the order in which they are described. meshio looks for the first one that is described with
    // an offset, and gives it another when it has found it: in this order it never finds one again.
    let mut offset = 0;
    let mut described = |array: &Array| {
        let text = format!("<DataArray {} format=\"appended\" offset=\"{offset}\"/>\n", array.text);
        offset += array.length + 8;
        text
    };
    let mut mesh_texts: Vec<_> = mesh.iter().rev().map(|(array, _)| described(array)).collect();
    let mut texts: Vec<_> = fields.iter().rev().map(|(.., array)| described(array)).collect();
    mesh_texts.reverse();
    texts.reverse();
    let text = describe(content, index, &mesh_texts, &texts.concat());

    let failed = file(path, "write");
    let mut out = BufWriter::new(File::create(path).map_err(&failed)?);
    out.write_all(text.as_bytes()).map_err(&failed)?;
    for (array, bytes) in mesh.iter().rev() {
        append_array(&mut out, array, bytes).map_err(&failed)?;
    }
    for (of, part, array) in fields.iter().rev() {
        let bytes = part_of(content, of, index, *part)?;
        append_array(&mut out, array, &bytes).map_err(&failed)?;
    }
    let end = b"\n</AppendedData>\n</VTKFile>\n";
    out.write_all(end).and_then(|()| out.flush()).map_err(failed)
}

fn append_array(out: &mut impl Write, array: &Array, bytes: &[u8]) -> io::Result<()> {
    assert_eq!(array.length, bytes.len() as u64, "what the file says of it");
    out.write_all(&array.length.to_le_bytes())?;
    out.write_all(bytes)
}

/// The first part of a file. `mesh` are the points, and what cells are made of; nothing in an image.
fn describe(content: &Content<'_>, index: usize, mesh: &[String], data: &str) -> String {
    let grid = &content.grid;
    let mut numbers = vec![("TimeValue", content.times[index])];
    numbers.extend(content.numbers.iter().map(|(name, values)| (&**name, values[index])));
    let numbers: String = (numbers.iter())
        .map(|(name, x)| {
            let name = escaped(name);
            format!(
                "<DataArray type=\"Float64\" Name=\"{name}\" NumberOfTuples=\"1\" format=\"ascii\">{x:?}\
                 </DataArray>\n"
            )
        })
        .collect();
    let numbers = format!("<FieldData>\n{numbers}</FieldData>\n");
    let data = format!("<CellData>\n{data}</CellData>\n");
    let (kind, body) = match mesh {
        [points, cells @ ..] => {
            let (corners, count, cells) = (corners(grid), grid.cells(), cells.concat());
            let body = format!(
                "<UnstructuredGrid>\n{numbers}<Piece NumberOfPoints=\"{corners}\" \
                 NumberOfCells=\"{count}\">\n{data}<Points>\n{points}</Points>\n\
                 <Cells>\n{cells}</Cells>\n</Piece>\n</UnstructuredGrid>"
            );
            ("UnstructuredGrid", body)
        }
        [] => {
            let axes = [0, 1, 2].map(|k| grid.axes().iter().find(|axis| place(axis) == k));
            let extent = axes.map(|axis| format!("0 {}", axis.map_or(0, Axis::cells))).join(" ");
            let number = |of: fn(&Axis) -> f64, missing: f64| {
                axes.map(|axis| format!("{:?}", axis.map_or(missing, of))).join(" ")
            };
            let (origin, spacing) =
                (number(|axis| axis.bounds()[0], 0.0), number(Axis::spacing, 1.0));
            let body = format!(
                "<ImageData WholeExtent=\"{extent}\" Origin=\"{origin}\" Spacing=\"{spacing}\">\n\
                 {numbers}<Piece Extent=\"{extent}\">\n{data}</Piece>\n</ImageData>"
            );
            ("ImageData", body)
        }
    };
    format!(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"{kind}\" version=\"1.0\" \
         byte_order=\"LittleEndian\" header_type=\"UInt64\">\n{body}\n\
         <AppendedData encoding=\"raw\">\n_"
    )
}

/// The bytes of the real (0) or imaginary (1) part of a field, cell by cell, with x running fastest.
fn part_of(
    content: &Content<'_>,
    of: &Exported,
    index: usize,
    part: usize,
) -> Result<Vec<u8>, Error> {
    let read = |component: usize| -> Result<ArrayD<f64>, Error> {
        let values = content.read(of, content.snapshots[index], component)?;
        Ok(match (values, part) {
            (Component::Real(values), _) => values.reversed_axes(),
            (Component::Complex(values), 0) => values.mapv(|z| z.re).reversed_axes(),
            (Component::Complex(values), _) => values.mapv(|z| z.im).reversed_axes(),
        })
    };
    // Where each component of space comes from.
    let mut sources = match of.field.ty().rank {
        Rank::Scalar => vec![None],
        Rank::Vector => vec![None; 3],
        Rank::Tensor => vec![None; 9],
    };
    let directions: Vec<_> =
        of.field.directions().iter().filter_map(|name| direction(name)).collect();
    for component in 0..of.field.components().len() {
        let indices = of.field.indices(component);
        let place = indices.iter().fold(0, |place, k| 3 * place + directions[*k].0);
        let sign: f64 = indices.iter().map(|k| directions[*k].1).product();
        sources[place] = Some((read(component)?, sign));
    }
    let size = if of.is_single { 4 } else { 8 };
    let mut bytes = Vec::with_capacity(content.grid.cells() * sources.len() * size);
    let mut columns: Vec<_> = sources
        .iter()
        .map(|source| source.as_ref().map(|(values, sign)| (values.iter(), *sign)))
        .collect();
    for _ in 0..content.grid.cells() {
        for column in &mut columns {
            let x = match column {
                Some((values, sign)) => *sign * values.next().copied().unwrap_or(f64::NAN),
                None => 0.0,
            };
            append(x, of.is_single, &mut bytes);
        }
    }
    Ok(bytes)
}

/// The coordinate of space along an axis.
fn place(axis: &Axis) -> usize {
    direction(axis.name()).map_or(0, |(place, _)| place)
}

/// The number of corners of cells.
fn corners(grid: &Grid) -> usize {
    grid.axes().iter().map(|axis| axis.cells() + 1).product()
}

/// The cells of a grid by their corners, those along the first axis first.
struct Mesh<'g> {
    grid: &'g Grid,
}

impl Mesh<'_> {
    /// Points, connectivity, ends of cells and their types.
    fn arrays(&self) -> Vec<(Array, Vec<u8>)> {
        let counts: Vec<usize> = self.grid.axes().iter().map(|axis| axis.cells()).collect();
        let corners: Vec<usize> = counts.iter().map(|n| n + 1).collect();
        let mut points = Vec::new();
        for index in indices(&corners) {
            let mut point = [0.0; 3];
            for (axis, i) in self.grid.axes().iter().zip(index) {
                point[place(axis)] = axis.face(i);
            }
            points.extend(point.iter().flat_map(|x| x.to_le_bytes()));
        }
        // The order of corners in a line, a quadrilateral and a hexahedron: each by its step along each axis.
        let (steps, kind): (&[[usize; 3]], u8) = match counts.len() {
            1 => (&[[0, 0, 0], [1, 0, 0]], 3),
            2 => (&SQUARE, 9),
            _ => (&CUBE, 12),
        };
        let mut connectivity = Vec::new();
        for index in indices(&counts) {
            for step in steps {
                let along = index.iter().zip(step).zip(&corners).rev();
                let point = along.fold(0, |at, ((i, step), n)| at * n + i + step);
                connectivity.extend((point as i64).to_le_bytes());
            }
        }
        let cells = self.grid.cells();
        let ends = (1..=cells).flat_map(|cell| ((cell * steps.len()) as i64).to_le_bytes());
        vec![
            (Array::new("Points", "Float64", 3, points.len() / 24), points),
            (Array::new("connectivity", "Int64", 1, cells * steps.len()), connectivity),
            (Array::new("offsets", "Int64", 1, cells), ends.collect()),
            (Array::new("types", "UInt8", 1, cells), vec![kind; cells]),
        ]
    }
}

const SQUARE: [[usize; 3]; 4] = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]];
const CUBE: [[usize; 3]; 8] =
    [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]];

/// All indices of an array of this shape, the first of them running fastest.
fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let all = ndarray::indices(reversed).into_iter();
    all.map(|index| index.slice().iter().rev().copied().collect())
}
