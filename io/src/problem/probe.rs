//! The probes of [output]: values at points.

use fluxions_grid::Grid;
use fluxions_solver::Every;

use super::diagnostic::Diagnostic;
use super::output::read_schedule;
use super::part::{read_name, read_point};
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

const KEYS: [&str; 5] = ["name", "at", "fields", "every", "times"];

/// Reads the probes in a table; `known` are the names of what can be written.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    output: &Table<'t>,
    known: &[String],
    grid: &Grid,
) -> Vec<Probe> {
    let Some(value) = output.get("probe") else { return Vec::new() };
    let Some(items) = reader.list(value) else { return Vec::new() };
    let mut probes: Vec<Probe> = Vec::new();
    for item in items {
        let Some(table) = reader.as_table(item, "output.probe") else { continue };
        reader.known_keys(&table, &KEYS);
        let name = read_name(reader, &table, ("probe", "p"), probes.len());
        let Some(at) = table.get("at") else {
            let message = "`at` is missing: where the probe is, a coordinate for each axis";
            reader.note(Diagnostic::at(item.span(), message));
            continue;
        };
        let place = read_point(reader, at, grid);
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
        let every = read_schedule(reader, &table).unwrap_or(Every::Steps(1));
        let (Some(name), Some(at)) = (name, place) else { continue };
        if probes.iter().any(|probe| probe.name == name) {
            let message = format!("there is another probe `{name}`");
            reader.note(Diagnostic::at(item.span(), message));
        }
        probes.push(Probe { name, at, fields, every });
    }
    probes
}
