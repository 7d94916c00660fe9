//! The section [fields]: the types of fields that are not real scalars.

use fluxions_expr::{Rank, Type};
use toml::de::DeValue;

use super::reader::{Reader, Table, TomlValue};
use fluxions_solver::Origin;

const RANKS: [&str; 3] = ["scalar", "vector", "tensor"];
const DTYPES: [&str; 2] = ["real", "complex"];

/// The fields that have types in the file.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    fields: &[String],
) -> Vec<(String, Type)> {
    let mut types = Vec::new();
    let Some(table) = reader.table(document, "fields") else { return types };
    let known: Vec<&str> = fields.iter().map(String::as_str).collect();
    reader.known_keys(&table, &known);
    for (key, value) in table.entries.iter().filter(|(key, _)| known.contains(&&**key.get_ref())) {
        let name = key.get_ref().to_string();
        reader.remember(Origin::Field(name.clone()), key.span(), value);
        if let Some(ty) = read_type(reader, &name, value) {
            types.push((name, ty));
        }
    }
    types
}

fn read_type<'t>(reader: &mut Reader<'t>, name: &str, value: &'t TomlValue<'t>) -> Option<Type> {
    match value.get_ref() {
        DeValue::String(text) if DTYPES.contains(&text.as_ref()) => {
            Some(Type::REAL.with_complex(text == "complex"))
        }
        DeValue::String(_) => Some(Type::real(rank(reader, value)?)),
        DeValue::Table(_) => {
            let table = reader.as_table(value, &format!("fields.{name}"))?;
            if reader.known_keys(&table, &["rank", "dtype"]) {
                return None;
            }
            let rank = match table.get("rank") {
                Some(value) => rank(reader, value)?,
                None => Rank::Scalar,
            };
            let complex = match table.get("dtype") {
                Some(value) => choice(reader, value, "dtype", &DTYPES)? == "complex",
                None => false,
            };
            Some(Type { rank, complex })
        }
        _ => {
            reader.wrong_type(value, "\"vector\" or { rank = \"scalar\", dtype = \"complex\" }");
            None
        }
    }
}

fn rank<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<Rank> {
    let name = choice(reader, value, "rank", &RANKS)?;
    Rank::ALL.into_iter().find(|rank| rank.name() == name)
}

/// One of a few words.
fn choice<'t>(
    reader: &mut Reader<'t>,
    value: &'t TomlValue<'t>,
    what: &str,
    known: &[&str],
) -> Option<&'t str> {
    let word = reader.string(value, &format!("a {what}: {}", known.join(", ")))?;
    if known.contains(&word) {
        return Some(word);
    }
    reader.unknown_word(value.span(), what, word, known);
    None
}
