//! The section [grid].

use fluxions_expr::Space;
use fluxions_grid::{Ends, Geometry, Grid};
use fluxions_solver::space;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};

const AXIS_KEYS: [&str; 3] = ["bounds", "cells", "periodic"];

/// The geometry that the file names; Cartesian if it names none or an unknown one.
fn geometry(document: &Table<'_>) -> Geometry {
    let table = match document.get("grid").map(|value| value.get_ref()) {
        Some(toml::de::DeValue::Table(table)) => table,
        _ => return Geometry::Cartesian,
    };
    let named = table.iter().find(|(key, _)| key.get_ref() == "geometry");
    match named.map(|(_, value)| value.get_ref()) {
        Some(toml::de::DeValue::String(name)) => {
            Geometry::find(name).unwrap_or(Geometry::Cartesian)
        }
        _ => Geometry::Cartesian,
    }
}

/// The axes and directions in the file, as far as they can be known before the grid is checked.
pub(crate) fn space(document: &Table<'_>) -> Space {
    let geometry = geometry(document);
    let table = match document.get("grid").map(|value| value.get_ref()) {
        Some(toml::de::DeValue::Table(table)) => table,
        _ => return space::with_axes(geometry, Vec::new()),
    };
    let is_in_file = |name: &&&str| table.keys().any(|key| key.get_ref() == **name);
    let names = geometry.axes().iter().filter(is_in_file);
    space::with_axes(geometry, names.map(|name| name.to_string()).collect())
}

/// The grid, unless there are mistakes in it.
pub(crate) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Option<Grid> {
    if document.get("grid").is_none() {
        reader.missing_section("grid", "x = { bounds = [0, 1], cells = 100, periodic = true }");
        return None;
    }
    let table = reader.table(document, "grid")?;
    if let Some(value) = table.get("geometry")
        && let Some(name) = reader.string(value, "the name of a geometry")
        && Geometry::find(name).is_none()
    {
        let known: Vec<&str> = Geometry::ALL.iter().map(|g| g.name()).collect();
        reader.unknown_word(value.span(), "geometry", name, &known);
        return None;
    }
    let geometry = geometry(document);
    let mut keys = vec!["geometry"];
    if geometry.is_curvilinear() {
        keys.push("conservative");
    }
    keys.extend(geometry.axes());
    let unknown = reader.known_keys(&table, &keys);
    let mut builder = Grid::builder(geometry);
    if let Some(value) = table.get("conservative").filter(|_| geometry.is_curvilinear()) {
        builder = builder.conservative(reader.boolean(value)?);
    }
    let mut complete = true;
    for name in geometry.axes() {
        let Some(value) = table.get(name) else { continue };
        match read_axis(reader, &table, name) {
            Some((bounds, cells, ends)) => {
                let span = value.span();
                if let Err(error) = alone(geometry, name, bounds, cells, ends) {
                    reader.note(Diagnostic::at(span, error.to_string()));
                    complete = false;
                }
                builder = builder.axis(name, bounds[0]..bounds[1], cells, ends);
            }
            None => complete = false,
        }
    }
    match builder.build() {
        Ok(grid) if complete => Some(grid),
        // An unknown key may have been meant to be the axis.
        Err(_) if unknown => None,
        Err(error) if complete => {
            let span = document.key_span("grid");
            let axis = geometry.axes()[0];
            let help = format!("an axis is written as {axis} = {{ bounds = [0, 1], cells = 100 }}");
            let (message, label) = (error.to_string(), String::new());
            reader.note(Diagnostic { message, span, label, help: Some(help) });
            None
        }
        _ => None,
    }
}

/// Checks an axis by itself, whatever the others are.
fn alone(
    geometry: Geometry,
    name: &str,
    bounds: [f64; 2],
    cells: usize,
    ends: Ends,
) -> Result<(), fluxions_grid::Error> {
    let mut builder = Grid::builder(geometry).axis(name, bounds[0]..bounds[1], cells, ends);
    if geometry.is_curvilinear() {
        for other in geometry.axes().iter().filter(|other| **other != name) {
            builder = builder.axis(other, 0.0..1.0, 1, Ends::Bounded);
        }
    }
    builder.build().map(drop)
}

fn read_axis<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    name: &'static str,
) -> Option<([f64; 2], usize, Ends)> {
    let axis = reader.table(table, name)?;
    let unknown = reader.known_keys(&axis, &AXIS_KEYS);
    let at = table.key_span(name);
    let bounds = reader.required(&axis, "bounds", at.clone(), "[0, 1]", unknown);
    let cells = reader.required(&axis, "cells", at, "100", unknown);
    let bounds = bounds.and_then(|value| {
        let items = reader.list(value)?;
        let [lower, upper] = items[..] else {
            let message = format!("bounds are two numbers, not {}", items.len());
            reader.note(Diagnostic::at(value.span(), message));
            return None;
        };
        let (lower, upper) = (reader.number(lower), reader.number(upper));
        Some([lower?, upper?])
    });
    let cells = cells.and_then(|value| reader.whole_number(value, "the number of cells"));
    let periodic = match axis.get("periodic") {
        Some(value) => reader.boolean(value)?,
        None => false,
    };
    let ends = if periodic { Ends::Periodic } else { Ends::Bounded };
    Some((bounds?, cells? as usize, ends))
}
