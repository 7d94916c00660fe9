//! The probes of [output]: values at points.

use fluxions_solver::Every;

use super::diagnostic::Diagnostic;
use super::output::{NAMES, is_name, read_every};
use super::reader::{Reader, Table};

/// Values of fields at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The name of its file.
    pub name: String,
    /// The point, a coordinate for each axis.
    pub at: Vec<f64>,
    /// The fields, or names of what the section `output` writes.
    pub fields: Vec<String>,
    /// When it looks. The first and the last state are always seen.
    pub every: Every,
}

const KEYS: [&str; 4] = ["name", "at", "fields", "every"];

/// Reads the probes in a table; `known` are the names of what can be written, `bounds` those of the axes.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    output: &Table<'t>,
    known: &[String],
    bounds: &[(String, [f64; 2])],
) -> Vec<Probe> {
    let Some(value) = output.get("probe") else { return Vec::new() };
    let Some(items) = reader.list(value) else { return Vec::new() };
    let mut probes: Vec<Probe> = Vec::new();
    for item in items {
        let Some(table) = reader.as_table(item, "output.probe") else { continue };
        reader.known_keys(&table, &KEYS);
        let name = match table.get("name") {
            None => Some(format!("p{}", probes.len() + 1)),
            Some(value) => reader.string(value, "a name").and_then(|name| {
                if is_name(name) {
                    return Some(name.to_string());
                }
                let message = format!("`{name}` is not a name for a probe");
                reader.note(Diagnostic::at(value.span(), message).help(Some(NAMES)));
                None
            }),
        };
        let Some(at) = table.get("at") else {
            let message = "`at` is missing: where the probe is, a coordinate for each axis";
            reader.note(Diagnostic::at(item.span(), message));
            continue;
        };
        let Some(list) = reader.list(at) else { continue };
        if list.len() != bounds.len() {
            let axes: Vec<&str> = bounds.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!(
                "{} coordinate(s) for a grid with {} axes ({})",
                list.len(),
                bounds.len(),
                axes.join(", ")
            );
            reader.note(Diagnostic::at(at.span(), message));
            continue;
        }
        let mut place = Vec::new();
        for (coordinate, (axis, [lower, upper])) in list.into_iter().zip(bounds) {
            let Some(x) = reader.number(coordinate) else { continue };
            if !(*lower..=*upper).contains(&x) {
                let message = format!(
                    "{axis} = {x} is outside of the grid, which goes from {lower} to {upper}"
                );
                reader.note(Diagnostic::at(coordinate.span(), message));
            }
            place.push(x);
        }
        let mut fields = Vec::new();
        match table.get("fields") {
            None => fields = known.to_vec(),
            Some(value) => {
                for item in reader.list(value).unwrap_or_default() {
                    let Some(name) = reader.string(item, "the name of a field") else { continue };
                    match known.iter().any(|known| known == name) {
                        true => fields.push(name.to_string()),
                        false => {
                            let known: Vec<&str> = known.iter().map(String::as_str).collect();
                            reader.unknown_word(item.span(), "field", name, &known);
                        }
                    }
                }
            }
        }
        let every = read_every(reader, &table).unwrap_or(Every::Steps(1));
        let Some(name) = name else { continue };
        if probes.iter().any(|probe| probe.name == name) {
            let message = format!("there is another probe `{name}`");
            reader.note(Diagnostic::at(item.span(), message));
        }
        if place.len() == bounds.len() {
            probes.push(Probe { name, at: place, fields, every });
        }
    }
    probes
}
