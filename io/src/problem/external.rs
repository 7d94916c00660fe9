//! External data in [parameters] and [initial]: `{ file = "map.h5", dataset = "D" }`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use fluxions_expr::Type;
use fluxions_grid::Grid;
use fluxions_solver::ExternalSource;
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, TomlValue};
use crate::external::{self, DatasetRequest, Unusable};

const KEYS: [&str; 5] = ["file", "dataset", "field", "time", "interpolation"];

/// External data that the problem file asks for, before the data's file is opened.
#[derive(Clone, Debug)]
pub(crate) struct ExternalEntry {
    pub(crate) name: String,
    wanted: DatasetRequest,
    span: Range<usize>,
}

impl ExternalEntry {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.wanted.path
    }

    /// What is asked for.
    pub(crate) fn wanted(&self) -> &DatasetRequest {
        &self.wanted
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// Whether a value is a table that names a file.
pub(crate) fn names_a_file(value: &TomlValue<'_>) -> bool {
    matches!(value.get_ref(), DeValue::Table(_))
}

/// Reads a table. File names are relative to the folder of the problem file.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    folder: &Path,
    section: &str,
    name: &str,
    value: &'t TomlValue<'t>,
) -> Option<ExternalEntry> {
    let table = reader.as_table(value, &format!("{section}.{name}"))?;
    let unknown = reader.known_keys(&table, &KEYS);
    let span = value.span();
    let file = reader.required(&table, "file", Some(span.clone()), "\"map.h5\"", unknown)?;
    let file = reader.string(file, "the name of a file")?;
    let dataset = dataset(reader, &table, name)?;
    let time = match table.get("time") {
        Some(value) if matches!(value.get_ref(), DeValue::String(text) if text == "last") => None,
        Some(value) => Some(reader.number(value)?),
        None => None,
    };
    let interpolated = match table.get("interpolation") {
        None => false,
        Some(value) => match reader.string(value, "\"linear\" or \"none\"")? {
            "linear" => true,
            "none" => false,
            other => {
                let known = ["linear", "none"];
                reader.unknown_word(value.span(), "interpolation", other, &known);
                return None;
            }
        },
    };
    let wanted = DatasetRequest { path: folder.join(file), dataset, time, interpolated };
    Some(ExternalEntry { name: name.into(), wanted, span })
}

/// The path of the dataset: the key `dataset` itself, or the path of the `field` of a series; by
/// default that of the field with the same name.
fn dataset<'t>(reader: &mut Reader<'t>, table: &Table<'t>, name: &str) -> Option<String> {
    if let (Some(_), Some(span)) = (table.get("dataset"), table.key_span("field")) {
        reader.note(Diagnostic::at(span, "either `dataset` or `field`, not both"));
        return None;
    }
    match (table.get("dataset"), table.get("field")) {
        (Some(value), _) => reader.string(value, "the name of a dataset").map(str::to_string),
        (None, Some(value)) => {
            reader.string(value, "the name of a field").map(|field| format!("fields/{field}"))
        }
        (None, None) => Some(format!("fields/{name}")),
    }
}

/// Opens the data for a grid, with this type or with the type of the dataset.
pub(crate) fn look_up(
    reader: &mut Reader<'_>,
    entry: &ExternalEntry,
    ty: Option<Type>,
    grid: &Grid,
) -> Option<Arc<dyn ExternalSource>> {
    match external::open(&entry.wanted, ty, grid) {
        Ok(file) => Some(file),
        Err(Unusable { message, help }) => {
            reader.note(Diagnostic::at(entry.span.clone(), message).help(help));
            None
        }
    }
}
