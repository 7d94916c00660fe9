//! The section [numbers]: unknowns without space, each with an initial value and an equation.

use fluxions_solver::{Formula, Origin};

use super::reader::{Reader, Table};

/// An unknown without space in the file.
#[derive(Clone, Debug)]
pub(crate) struct GlobalEntry {
    pub(crate) name: String,
    pub(crate) initial: Formula,
    pub(crate) equation: Formula,
}

/// Reads the section. What is missing or wrong is noted, and 0 stands for it.
pub(crate) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Vec<GlobalEntry> {
    let mut entries = Vec::new();
    let Some(section) = reader.table(document, "numbers") else { return entries };
    for (key, value) in section.entries.iter() {
        let name = key.get_ref().to_string();
        let Some(table) = reader.as_table(value, &format!("numbers.{name}")) else {
            entries.push(GlobalEntry { name, initial: 0.0.into(), equation: 0.0.into() });
            continue;
        };
        let unknown = reader.known_keys(&table, &["initial", "equation"]);
        let mut formula = |key: &str, example: &str, origin: Origin| {
            let value = reader.required(&table, key, Some(value.span()), example, unknown);
            let Some(value) = value else { return Formula::Number(0.0) };
            reader.remember(origin, value.span(), value);
            reader.formula_or_substitute(value)
        };
        let initial = formula("initial", "20", Origin::Initial(name.clone()));
        let rate = "\"-k*(T - average(u))\"";
        let equation = formula("equation", rate, Origin::Equation(name.clone()));
        entries.push(GlobalEntry { name, initial, equation });
    }
    entries
}
