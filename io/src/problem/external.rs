//! Values from files in [parameters] and [initial]: `{ file = "map.h5", dataset = "D" }`.

use std::ops::Range;
use std::path::Path;

use fluxions_expr::Type;
use fluxions_grid::Grid;
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, Value};
use crate::external::{Given, Unusable, Wanted};

const KEYS: [&str; 5] = ["file", "dataset", "field", "time", "interpolation"];

/// Values that the file asks for, not looked up yet.
#[derive(Clone, Debug)]
pub(crate) struct GivenEntry {
    pub(crate) name: String,
    wanted: Wanted,
    span: Range<usize>,
}

/// Whether a value is a table that names a file.
pub(crate) fn is_given(value: &Value<'_>) -> bool {
    matches!(value.get_ref(), DeValue::Table(_))
}

/// What a table asks for. Files are named as seen from the folder of the problem file.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    folder: &Path,
    section: &str,
    name: &str,
    value: &'t Value<'t>,
) -> Option<GivenEntry> {
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
                let message = format!("unknown interpolation \"{other}\"");
                let help = Some("known here: \"linear\", \"none\"");
                reader.note(Diagnostic::at(value.span(), message).help(help));
                return None;
            }
        },
    };
    let wanted = Wanted { path: folder.join(file), dataset, time, interpolated };
    Some(GivenEntry { name: name.into(), wanted, span })
}

/// The path of the dataset: `dataset` as it is, or that of a `field` of a series; by default the
/// field of the same name.
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

/// The values on a grid: of this type, or of whatever type they have.
pub(crate) fn look_up(
    reader: &mut Reader<'_>,
    entry: &GivenEntry,
    ty: Option<Type>,
    grid: &Grid,
) -> Option<Given> {
    let found = match ty {
        Some(ty) => Given::open(&entry.wanted, ty, grid),
        None => Given::open_any(&entry.wanted, grid),
    };
    match found {
        Ok(given) => Some(given),
        Err(Unusable { message, help }) => {
            reader.note(Diagnostic::at(entry.span.clone(), message).help(help));
            None
        }
    }
}
