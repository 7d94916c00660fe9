//! The section [grid].

use fluxions_grid::{Ends, Geometry, Grid};

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};

const KEYS: [&str; 4] = ["geometry", "x", "y", "z"];
const AXIS_KEYS: [&str; 3] = ["bounds", "cells", "periodic"];

/// The names of the axes in the file, in the geometry's order.
pub(crate) fn axis_names(document: &Table<'_>) -> Vec<String> {
    let table = match document.get("grid").map(|value| value.get_ref()) {
        Some(toml::de::DeValue::Table(table)) => table,
        _ => return Vec::new(),
    };
    let given = |name: &&&str| table.keys().any(|key| key.get_ref() == **name);
    Geometry::Cartesian.axes().iter().filter(given).map(|name| name.to_string()).collect()
}

/// The grid, unless there are mistakes in it.
pub(crate) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Option<Grid> {
    if document.get("grid").is_none() {
        reader.missing_section("grid", "x = { bounds = [0, 1], cells = 100, periodic = true }");
        return None;
    }
    let table = reader.table(document, "grid")?;
    reader.known_keys(&table, &KEYS);
    if let Some(value) = table.get("geometry")
        && let Some(name) = reader.string(value, "the name of a geometry")
        && name != Geometry::Cartesian.name()
    {
        let message = match name {
            "polar" | "spherical" | "cylindrical" => {
                format!("{name} grids are not supported by this version of Fluxions")
            }
            _ => format!("unknown geometry `{name}`"),
        };
        let help = Some("known here: cartesian");
        reader.note(Diagnostic::at(value.span(), message).help(help));
        return None;
    }
    let mut builder = Grid::cartesian();
    let mut complete = true;
    for name in Geometry::Cartesian.axes() {
        let Some(value) = table.get(name) else { continue };
        match read_axis(reader, &table, name) {
            Some((bounds, cells, ends)) => {
                let span = value.span();
                let alone = Grid::cartesian().axis(name, bounds[0]..bounds[1], cells, ends);
                if let Err(error) = alone.build() {
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
        Err(error) if complete => {
            let span = document.key_span("grid").unwrap_or(0..0);
            let help = Some("an axis is written as x = { bounds = [0, 1], cells = 100 }");
            reader.note(Diagnostic::at(span, error.to_string()).help(help));
            None
        }
        _ => None,
    }
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
