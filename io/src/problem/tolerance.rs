//! `tolerance` in [time].

use fluxions_solver::{ErrorBounds, Origin, Tolerance};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, TomlValue};

/// The absolute tolerance where only a relative one is given, beside that.
const ABSOLUTE: f64 = 1e-3;

/// Reads a number, or a table with `relative`, `absolute` and tables of fields and numbers by their names.
pub(super) fn read<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<Tolerance> {
    let DeValue::Table(entries) = value.get_ref() else {
        reader.remember(Origin::Tolerance(None), value.span(), value);
        let relative = reader.number(value)?;
        return Some(Tolerance::new(relative, ABSOLUTE * relative));
    };
    reader.remember(Origin::Tolerance(None), value.span(), value);
    let table = reader.as_table(value, "tolerance")?;
    let all = bounds(reader, &table, None)?;
    let mut tolerance = Tolerance { all, ..Tolerance::default() };
    for (key, value) in entries {
        let name = key.get_ref().to_string();
        if KEYS.contains(&name.as_str()) {
            continue;
        }
        reader.remember(Origin::Tolerance(Some(name.clone())), key.span(), value);
        let DeValue::Table(_) = value.get_ref() else {
            let message = format!("the tolerance of `{name}` is no table");
            let help = Some(format!("{name} = {{ relative = 1e-4, absolute = 1e-6 }}"));
            reader.note(Diagnostic::at(value.span(), message).help(help));
            return None;
        };
        let own = reader.as_table(value, &name)?;
        reader.known_keys(&own, &KEYS);
        tolerance.own.push((name, bounds(reader, &own, Some(all))?));
    }
    Some(tolerance)
}

/// Reads `positive`: the names of what may not fall below 0.
pub(super) fn positive<'t>(
    reader: &mut Reader<'t>,
    value: &'t TomlValue<'t>,
) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for item in reader.list(value)? {
        let name = reader.string(item, "the name of a field")?.to_string();
        reader.remember(Origin::Positive(name.clone()), item.span(), item);
        names.push(name);
    }
    Some(names)
}

const KEYS: [&str; 2] = ["relative", "absolute"];

/// The bounds in a table. What is left out is that of `others`; an absolute bound follows from the
/// relative one where there are no others.
fn bounds<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    others: Option<ErrorBounds>,
) -> Option<ErrorBounds> {
    let usual = others.unwrap_or(Tolerance::default().all);
    let relative = table.get("relative").map(|value| reader.number(value));
    let absolute = table.get("absolute").map(|value| reader.number(value));
    Some(match (relative, absolute) {
        (Some(relative), Some(absolute)) => {
            ErrorBounds { relative: relative?, absolute: absolute? }
        }
        (None, Some(absolute)) => ErrorBounds { absolute: absolute?, ..usual },
        (Some(relative), None) if others.is_none() => {
            let relative = relative?;
            ErrorBounds { relative, absolute: ABSOLUTE * relative }
        }
        (Some(relative), None) => ErrorBounds { relative: relative?, ..usual },
        (None, None) => usual,
    })
}
