//! The parts of the grid that [output] writes as series of their own: lines, slices and boxes.

use std::ops::Range;

use fluxions_grid::{Axis, Ends, Geometry, Grid};
use fluxions_solver::Every;

use super::diagnostic::Diagnostic;
use super::output::{NAMES, is_name, read_schedule};
use super::reader::{Reader, Table, TomlValue};
use super::written::Written;

/// A part of the grid whose values are written by themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The name of its folder.
    pub name: String,
    /// Which part it is.
    pub cut: Cut,
    /// Its cells, as a grid of their own.
    pub grid: Grid,
    /// The names of what is written, with an expression for each name that is not a field.
    pub fields: Vec<(String, Option<String>)>,
    /// When. The first and the last state are always written.
    pub every: Every,
}

/// What of the grid is a part.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    /// Points on a straight line, with a coordinate for each axis.
    Line(Vec<Vec<f64>>),
    /// Cells, for each axis.
    Cells(Vec<Along>),
}

/// Which cells of an axis belong to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// The first of them.
    pub first: usize,
    /// How many there are.
    pub count: usize,
    /// How far each is from the one before.
    pub stride: usize,
    /// Whether they are a layer, so that the part lacks this axis.
    pub is_layer: bool,
}

impl Part {
    /// The part in words.
    pub fn in_words(&self) -> String {
        let cells: Vec<String> =
            self.grid.axes().iter().map(|a| format!("{} along {}", a.cells(), a.name())).collect();
        let kind = match &self.cut {
            Cut::Line(_) => "points of a line",
            Cut::Cells(along) if along.iter().any(|along| along.is_layer) => "cells of a slice",
            Cut::Cells(_) => "cells of a box",
        };
        format!("{}: {} ({kind})", self.name, cells.join(", "))
    }
}

const LINE: [&str; 7] = ["name", "from", "to", "points", "fields", "every", "times"];
const SLICE: [&str; 5] = ["name", "at", "fields", "every", "times"];
const BOX: [&str; 5] = ["name", "stride", "fields", "every", "times"];

/// Reads all lines, slices and boxes in a table; `every` is when they are written if they do not say so.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    output: &Table<'t>,
    written: &mut Written,
    grid: &Grid,
    every: &Every,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let axes = grid.axis_names();
    let of_box: Vec<&str> = BOX.into_iter().chain(axes.iter().map(String::as_str)).collect();
    for (kind, keys) in [("line", &LINE[..]), ("slice", &SLICE), ("box", &of_box)] {
        let Some(value) = output.get(kind) else { continue };
        for (number, item) in reader.list(value).unwrap_or_default().into_iter().enumerate() {
            let Some(table) = reader.as_table(item, &format!("output.{kind}")) else { continue };
            reader.known_keys(&table, keys);
            let name = read_name(reader, &table, (kind, kind), number);
            let cut = match kind {
                "line" => line(reader, &table, item.span(), grid),
                "slice" => slice(reader, &table, item.span(), grid),
                _ => cells_within(reader, &table, grid),
            };
            let fields = written.read(reader, &table);
            let every = read_schedule(reader, &table).unwrap_or_else(|| every.clone());
            let (Some(name), Some((cut, grid))) = (name, cut) else { continue };
            if parts.iter().any(|part| part.name == name) {
                let message = format!("there is another part of the grid of the name `{name}`");
                reader.note(Diagnostic::at(item.span(), message));
                continue;
            }
            parts.push(Part { name, cut, grid, fields, every });
        }
    }
    parts
}

/// The name that a table of a kind gives, or else the usual name with a number.
pub(super) fn read_name<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    (kind, usual): (&str, &str),
    number: usize,
) -> Option<String> {
    let Some(value) = table.get("name") else { return Some(format!("{usual}{}", number + 1)) };
    let name = reader.string(value, "a name")?;
    if !is_name(name) {
        let message = format!("`{name}` is not a name for a {kind}");
        reader.note(Diagnostic::at(value.span(), message).help(Some(NAMES)));
        return None;
    }
    Some(name.to_string())
}

/// A coordinate for each axis, within the grid.
pub(super) fn read_point<'t>(
    reader: &mut Reader<'t>,
    value: &'t TomlValue<'t>,
    grid: &Grid,
) -> Option<Vec<f64>> {
    let list = reader.list(value)?;
    let axes = grid.axes();
    if list.len() != axes.len() {
        let names = grid.axis_names().join(", ");
        let (found, wanted) = (list.len(), axes.len());
        let message = format!("{found} coordinate(s) for a grid with {wanted} axes ({names})");
        reader.note(Diagnostic::at(value.span(), message));
        return None;
    }
    let inside = list.into_iter().zip(axes).map(|(item, axis)| read_inside(reader, item, axis));
    inside.collect::<Vec<_>>().into_iter().collect()
}

/// A coordinate along an axis, within its bounds.
fn read_inside<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>, axis: &Axis) -> Option<f64> {
    let (x, [lower, upper]) = (reader.number(value)?, axis.bounds());
    if (lower..=upper).contains(&x) {
        return Some(x);
    }
    let axis = axis.name();
    let message =
        format!("{axis} = {x} is outside of the grid, which goes from {lower} to {upper}");
    reader.note(Diagnostic::at(value.span(), message));
    None
}

/// Points on a straight line, evenly spaced, both ends among them.
fn line<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    at: Range<usize>,
    grid: &Grid,
) -> Option<(Cut, Grid)> {
    let mut end = |key: &str| {
        let Some(value) = table.get(key) else {
            let message =
                format!("`{key}` is missing: an end of the line, a coordinate for each axis");
            reader.note(Diagnostic::at(at.clone(), message));
            return None;
        };
        read_point(reader, value, grid)
    };
    let (from, to) = (end("from"), end("to"));
    let count = match table.get("points") {
        None => Some(100),
        Some(value) => match reader.whole_number(value, "the number of points")? {
            0 | 1 => {
                let message = "a line has at least two points, its ends";
                reader.note(Diagnostic::at(value.span(), message));
                None
            }
            count => Some(count as usize),
        },
    };
    let (from, to, count) = (from?, to?, count?);
    let last = (count - 1) as f64;
    let point = |k: usize| {
        let share = k as f64 / last;
        // Exact at both ends.
        from.iter().zip(&to).map(|(a, b)| a * (1.0 - share) + b * share).collect()
    };
    let length = from.iter().zip(&to).map(|(a, b)| (b - a).powi(2)).sum::<f64>().sqrt();
    let mut other = (0..from.len()).filter(|axis| from[*axis] != to[*axis]);
    // Along an axis the points have its coordinate, else the distance from the first one.
    let (name, start, end) = match (other.next(), other.next()) {
        (Some(axis), None) if from[axis] < to[axis] => {
            (grid.axes()[axis].name(), from[axis], to[axis])
        }
        _ => ("s", 0.0, length),
    };
    if count > MOST_POINTS {
        let message = format!("a line has at most {MOST_POINTS} points, not {count}");
        reader.note(Diagnostic::at(at, message));
        return None;
    }
    match Grid::line(name, bounds(start, end, count), count) {
        Ok(grid) => Some((Cut::Line((0..count).map(point).collect()), grid)),
        Err(_) => {
            reader.note(Diagnostic::at(at, "the line has no length"));
            None
        }
    }
}

/// The bounds of an axis of cells whose centres are so many points, the first and the last of them at these places. A first
/// point at 0 is there exactly: half a cell is taken from it and added again.
fn bounds(start: f64, end: f64, count: usize) -> Range<f64> {
    let mut half = (end - start) / (count - 1) as f64 / 2.0;
    // Bounds are rounded, and so the cells between them: what is half of one of those is found in few rounds.
    for _ in 0..8 {
        half = ((end + half) - (start - half)) / count as f64 / 2.0;
    }
    start - half..end + half
}

/// The most points of a line.
const MOST_POINTS: usize = 1_000_000;

/// A layer of cells: those in which a coordinate lies.
fn slice<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    at: Range<usize>,
    grid: &Grid,
) -> Option<(Cut, Grid)> {
    let example = format!("at = {{ {} = … }}", grid.axes().last()?.name());
    let Some(value) = table.get("at") else {
        let message = "`at` is missing: where the slice cuts an axis";
        reader.note(Diagnostic::at(at, message).help(Some(example)));
        return None;
    };
    let place = reader.as_table(value, "output.slice.at")?;
    let names = grid.axis_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if reader.known_keys(&place, &names) {
        return None;
    }
    let cut = names.iter().filter(|name| place.get(name).is_some()).count();
    if cut == 0 || cut == names.len() {
        let message = match cut {
            0 => "the slice cuts no axis",
            _ => "the slice leaves no axis: a [[output.probe]] looks at a point",
        };
        reader.note(Diagnostic::at(value.span(), message).help(Some(example)));
        return None;
    }
    let mut along = Vec::new();
    for axis in grid.axes() {
        along.push(match place.get(axis.name()) {
            None => Along { first: 0, count: axis.cells(), stride: 1, is_layer: false },
            Some(value) => {
                let x = read_inside(reader, value, axis)?;
                let cell = ((x - axis.bounds()[0]) / axis.spacing()).floor() as usize;
                // Where two layers meet, but for rounding, the upper one counts.
                let face = axis.face(cell + 1);
                let meets = face - x <= 4.0 * f64::EPSILON * face.abs().max(x.abs());
                let first = (cell + usize::from(meets)).min(axis.cells() - 1);
                Along { first, count: 1, stride: 1, is_layer: true }
            }
        });
    }
    let grid = grid_of(grid, &along)?;
    Some((Cut::Cells(along), grid))
}

/// The cells whose centres lie within bounds, or every so many of them.
fn cells_within<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    grid: &Grid,
) -> Option<(Cut, Grid)> {
    let stride = match table.get("stride") {
        None => 1,
        Some(value) => match reader.whole_number(value, "the stride")? {
            0 => {
                reader.note(Diagnostic::at(value.span(), "the stride must be positive"));
                return None;
            }
            2.. if grid.geometry().is_curvilinear() => {
                let message = "a stride is for Cartesian grids: cells along r differ in volume";
                reader.note(Diagnostic::at(value.span(), message));
                return None;
            }
            stride => stride as usize,
        },
    };
    let mut along = Vec::new();
    for axis in grid.axes() {
        let (mut first, mut end) = (0, axis.cells());
        if let Some(value) = table.get(axis.name()) {
            let bounds: Vec<_> =
                reader.list(value)?.into_iter().map(|item| reader.number(item)).collect();
            let bounds: Vec<f64> = bounds.into_iter().collect::<Option<_>>()?;
            let [lower, upper] = bounds[..] else {
                let message = "a lower and an upper bound are expected";
                let help = Some(format!("{} = [0, 1]", axis.name()));
                reader.note(Diagnostic::at(value.span(), message).help(help));
                return None;
            };
            let is_within = |cell: &usize| (lower..=upper).contains(&axis.centre(*cell as isize));
            first = (0..axis.cells()).find(is_within).unwrap_or(axis.cells());
            end = (first..axis.cells()).find(|cell| !is_within(cell)).unwrap_or(axis.cells());
            if first == end {
                let message = "no cell has its centre within these bounds";
                reader.note(Diagnostic::at(value.span(), message));
                return None;
            }
        }
        let count = (end - first).div_ceil(stride);
        along.push(Along { first, count, stride, is_layer: false });
    }
    let grid = grid_of(grid, &along)?;
    Some((Cut::Cells(along), grid))
}

/// The cells of a part as a grid, with their centres where they are in the whole one.
fn grid_of(whole: &Grid, along: &[Along]) -> Option<Grid> {
    let left: Vec<(&Axis, &Along)> =
        whole.axes().iter().zip(along).filter(|(_, along)| !along.is_layer).collect();
    let geometry = match (whole.geometry(), &left[..]) {
        (Geometry::Cylindrical, [(axis, _)]) if axis.name() == "r" => Geometry::Polar,
        (Geometry::Cylindrical, [_]) => Geometry::Cartesian,
        (geometry, _) => geometry,
    };
    let mut builder = Grid::builder(geometry);
    for (axis, Along { first, count, stride, .. }) in left {
        let ends = if *count == axis.cells() { axis.ends() } else { Ends::Bounded };
        let bounds = match stride {
            1 => axis.face(*first)..axis.face(first + count),
            _ => {
                let (centre, width) =
                    (axis.centre(*first as isize), axis.spacing() * *stride as f64);
                centre - width / 2.0..centre + width * (*count as f64 - 0.5)
            }
        };
        builder = builder.axis(axis.name(), bounds, *count, ends);
    }
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that begins at 0 has its first point there, and its last one where it ends, to rounding.
    #[test]
    fn lines_begin_at_0_exactly() {
        for count in [2, 3, 5, 13, 50, 100, 1001, 77_777] {
            for k in 1..400 {
                let end = (f64::from(k) * 0.37).sqrt() * 10f64.powi(k % 9 - 4);
                let grid = Grid::line("s", bounds(0.0, end, count), count).unwrap();
                let axis = &grid.axes()[0];
                assert_eq!(axis.centre(0), 0.0, "{count} points to {end}");
                let last = axis.centre(count as isize - 1);
                assert!((last - end).abs() <= 4.0 * f64::EPSILON * end, "{last}, not {end}");
            }
        }
        let bounds = bounds(0.1, 0.9, 5);
        assert!((bounds.start).abs() < 1e-15 && (bounds.end - 1.0).abs() < 1e-15, "{bounds:?}");
    }
}
