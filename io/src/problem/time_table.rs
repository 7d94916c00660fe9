//! Tables of times and values in conditions: `[[0, 1], [2, 5]]`, or `{ file = "inflow.csv" }`.

use std::path::Path;

use fluxions_solver::{Formula, TimeTable};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::external::names_a_file;
use super::reader::{Reader, TomlValue};
use crate::external::{self, Unusable};

/// Where the numbers of conditions are read.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    /// The folder that names of files are relative to.
    pub(crate) folder: &'a Path,
    /// The fields that are no tensors. Of other quantities lists of lists may be the rows of tensors.
    pub(crate) without_rows: &'a [&'a str],
    /// Whether there is any tensor among the fields.
    pub(crate) tensors: bool,
}

impl Tables<'_> {
    /// The number of a condition: a formula or a table.
    ///
    /// A list of pairs is a table for a field that is no tensor, and for everything where no field is.
    pub(crate) fn formula<'t>(
        self,
        reader: &mut Reader<'t>,
        of: Option<&str>,
        value: &'t TomlValue<'t>,
    ) -> Option<Formula> {
        let may_be_table = match of {
            Some(name) => self.without_rows.contains(&name),
            None => !self.tensors,
        };
        let points = match value.get_ref() {
            _ if names_a_file(value) => self.in_file(reader, value)?,
            DeValue::Array(rows) if may_be_table && rows.iter().any(is_list) => {
                let pair = |row: &'t TomlValue<'t>| match row.get_ref() {
                    DeValue::Array(pair) if pair.len() == 2 => {
                        Some([reader.number(&pair[0])?, reader.number(&pair[1])?])
                    }
                    _ => {
                        let message = "a row of a table in time has a time and a value";
                        reader.note(Diagnostic::at(row.span(), message));
                        None
                    }
                };
                rows.iter().map(pair).collect::<Option<Vec<_>>>()?
            }
            _ => return reader.formula(value),
        };
        match TimeTable::new(points) {
            Ok(table) => Some(Formula::Table(table)),
            Err(error) => {
                reader.note(Diagnostic::at(value.span(), error.to_string()));
                None
            }
        }
    }

    fn in_file<'t>(
        self,
        reader: &mut Reader<'t>,
        value: &'t TomlValue<'t>,
    ) -> Option<Vec<[f64; 2]>> {
        let table = reader.as_table(value, "a condition")?;
        let unknown = reader.known_keys(&table, &["file"]);
        let span = value.span();
        let file =
            reader.required(&table, "file", Some(span.clone()), "\"inflow.csv\"", unknown)?;
        let file = reader.string(file, "the name of a file")?;
        match external::pairs(&self.folder.join(file)) {
            Ok(points) => Some(points),
            Err(Unusable { message, help }) => {
                reader.note(Diagnostic::at(span, message).help(help));
                None
            }
        }
    }
}

fn is_list(value: &TomlValue<'_>) -> bool {
    matches!(value.get_ref(), DeValue::Array(_))
}
