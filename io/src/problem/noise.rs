//! The section [noise].

use fluxions_solver::{Formula, Interpretation, Origin};

use super::reader::{Reader, Table};

/// The noise of a problem.
#[derive(Debug, Default)]
pub(crate) struct NoiseEntries {
    /// Fields with the variance of their noise.
    pub(crate) variances: Vec<(String, Formula)>,
    pub(crate) interpretation: Interpretation,
}

pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    fields: &[String],
) -> NoiseEntries {
    let mut noise = NoiseEntries::default();
    let Some(table) = reader.table(document, "noise") else { return noise };
    let mut known: Vec<&str> = fields.iter().map(String::as_str).collect();
    known.push("interpretation");
    reader.known_keys(&table, &known);
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        if name == "interpretation" && !fields.contains(&name) {
            let Some(word) = reader.string(value, "\"ito\" or \"stratonovich\"") else { continue };
            match Interpretation::find(word) {
                Some(interpretation) => noise.interpretation = interpretation,
                None => {
                    let known = ["ito", "stratonovich"];
                    reader.unknown_word(value.span(), "interpretation", word, &known);
                }
            }
        } else if fields.contains(&name) {
            reader.remember(Origin::Noise(name.clone()), key.span(), value);
            noise.variances.extend(reader.formula(value).map(|formula| (name, formula)));
        }
    }
    noise
}
