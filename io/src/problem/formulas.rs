//! Sections in which every key is a name: of a number, an expression, a list of them, external data
//! or a function.

use std::path::Path;

use fluxions_solver::{Formula, Origin};

use super::external::{ExternalEntry, names_a_file};
use super::reader::{Reader, Table};

/// A table of numbers, expressions, lists of them, and external data.
pub(crate) fn with_values<'t>(
    reader: &mut Reader<'t>,
    folder: &Path,
    document: &Table<'t>,
    section: &'static str,
    origin: fn(String) -> Origin,
) -> (Vec<(String, Formula)>, Vec<ExternalEntry>) {
    let (mut formulas, mut external) = (Vec::new(), Vec::new());
    let Some(table) = reader.table(document, section) else { return (formulas, external) };
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        reader.remember(origin(name.clone()), key.span(), value);
        if names_a_file(value) {
            match super::external::read(reader, folder, section, &name, value) {
                Some(entry) => external.push(entry),
                // A substitute, so that the name is not unknown.
                None => formulas.push((name, Formula::Number(0.0))),
            }
        } else {
            formulas.push((name, reader.formula_or_substitute(value)));
        }
    }
    (formulas, external)
}

/// A table of numbers, expressions and lists of them.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    section: &'static str,
    origin: fn(String) -> Origin,
) -> Vec<(String, Formula)> {
    let mut formulas = Vec::new();
    let Some(table) = reader.table(document, section) else { return formulas };
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        reader.remember(origin(name.clone()), key.span(), value);
        formulas.push((name, reader.formula_or_substitute(value)));
    }
    formulas
}

/// [functions]: functions written as texts.
pub(crate) fn functions<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
) -> Vec<(String, String)> {
    let mut functions = Vec::new();
    let Some(table) = reader.table(document, "functions") else { return functions };
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        reader.remember(Origin::Function(name.clone()), key.span(), value);
        match reader.string(value, "a function such as \"(x, a) -> x/(a + x)\"") {
            Some(text) => functions.push((name, text.to_string())),
            None => reader.unreadable.push(name),
        }
    }
    functions
}
