//! Sections in which every key is a name: of numbers, expressions, lists of them, values from files,
//! functions.

use std::path::Path;

use fluxions_solver::{Formula, Origin};

use super::external::{self, GivenEntry};
use super::reader::{Reader, Table};

/// A table of numbers, expressions and lists of them, and of values from files.
pub(crate) fn with_values<'t>(
    reader: &mut Reader<'t>,
    folder: &Path,
    document: &Table<'t>,
    section: &'static str,
    origin: fn(String) -> Origin,
) -> (Vec<(String, Formula)>, Vec<GivenEntry>) {
    let (mut formulas, mut given) = (Vec::new(), Vec::new());
    let Some(table) = reader.table(document, section) else { return (formulas, given) };
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        reader.remember(origin(name.clone()), key.span(), value);
        if external::is_given(value) {
            match external::read(reader, folder, section, &name, value) {
                Some(entry) => given.push(entry),
                // It has a value, though not a right one.
                None => formulas.push((name, Formula::Number(0.0))),
            }
        } else if let Some(formula) = reader.formula(value) {
            formulas.push((name, formula));
        }
    }
    (formulas, given)
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
        if let Some(formula) = reader.formula(value) {
            formulas.push((name, formula));
        }
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
        if let Some(text) = reader.string(value, "a function such as \"(x, a) -> x/(a + x)\"") {
            functions.push((name, text.to_string()));
        }
    }
    functions
}
