//! The section [conserved]: quantities that should stay what they were.

use fluxions_solver::{Every, Origin};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::output::{NAMES, is_name, read_every};
use super::reader::{Reader, Table, TomlValue};

/// What should be conserved, and when it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Conserved {
    /// When. The first and the last state are always looked at.
    pub every: Every,
    /// The quantities.
    pub quantities: Vec<Quantity>,
}

/// A quantity that should stay what it was at first.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its name.
    pub name: String,
    /// Its expression, a number.
    pub value: String,
    /// What its drift is compared with, an expression; the quantity itself if there is none.
    pub scale: Option<String>,
    /// How large the drift may be beside the scale.
    pub tolerance: Option<f64>,
    /// Whether the run ends where it is larger; otherwise a warning says so.
    pub stop: bool,
}

impl Conserved {
    /// The numbers that a simulation has to know, with their expressions.
    pub fn numbers(&self) -> impl Iterator<Item = (String, &str)> {
        self.quantities.iter().flat_map(|quantity| {
            let value = (quantity.value_name(), quantity.value.as_str());
            let scale = quantity.scale.as_deref().map(|scale| (quantity.scale_name(), scale));
            std::iter::once(value).chain(scale)
        })
    }

    /// The expressions of the file, each with the name by which a simulation knows it.
    pub(super) fn given(&self) -> impl Iterator<Item = (String, &str)> {
        let usual = self.quantities.iter().filter(|q| q.scale == magnitude(&q.value));
        let usual: Vec<String> = usual.map(Quantity::scale_name).collect();
        self.numbers().filter(move |(name, _)| !usual.contains(name))
    }
}

impl Quantity {
    /// The name of the quantity in a simulation.
    pub fn value_name(&self) -> String {
        format!("{} of [conserved]", self.name)
    }

    /// The name of its scale in a simulation.
    pub fn scale_name(&self) -> String {
        format!("scale of {} of [conserved]", self.name)
    }
}

const KEYS: [&str; 4] = ["value", "scale", "tolerance", "stop"];

/// Reads the section, if there is one; `every` is when diagnostics are written, or else snapshots.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    every: &Every,
) -> Option<Conserved> {
    let table = reader.table(document, "conserved")?;
    let every = read_every(reader, &table).unwrap_or_else(|| every.clone());
    let tolerance = table.get("tolerance").and_then(|value| tolerance(reader, value));
    let stop = table.get("stop").and_then(|value| reader.boolean(value)).unwrap_or(false);
    let mut quantities = Vec::new();
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        if ["every", "tolerance", "stop"].contains(&name.as_str()) {
            continue;
        }
        if name == "time" || name == "step" {
            let message = format!("`{name}` is a column of conserved.csv already");
            reader.note(Diagnostic::at(key.span(), message));
            continue;
        }
        if !is_name(&name) {
            let message = format!("`{name}` is not a name for a quantity");
            reader.note(Diagnostic::at(key.span(), message).help(Some(NAMES)));
            continue;
        }
        let mut quantity =
            Quantity { name: name.clone(), value: String::new(), scale: None, tolerance, stop };
        let value = match value.get_ref() {
            DeValue::Table(_) => {
                let Some(own) = reader.as_table(value, &format!("conserved.{name}")) else {
                    continue;
                };
                let has_unknown = reader.known_keys(&own, &KEYS);
                if let Some(value) = own.get("tolerance") {
                    quantity.tolerance = self::tolerance(reader, value);
                }
                if let Some(value) = own.get("stop") {
                    quantity.stop = reader.boolean(value).unwrap_or(false);
                }
                if let Some(value) = own.get("scale") {
                    let at = own.key_span("scale").unwrap_or_else(|| value.span());
                    reader.remember(Origin::Output(quantity.scale_name()), at, value);
                    quantity.scale = reader.scalar(value).map(|formula| formula.to_string());
                }
                let at = Some(key.span());
                reader.required(&own, "value", at, "\"integral(u)\"", has_unknown)
            }
            _ => Some(value),
        };
        let Some(value) = value else { continue };
        reader.remember(Origin::Output(quantity.value_name()), key.span(), value);
        let Some(formula) = reader.scalar(value) else { continue };
        quantity.value = formula.to_string();
        if quantity.stop && quantity.tolerance.is_none() {
            let message = format!("`stop` needs a tolerance: how much `{name}` may drift");
            let help = Some("tolerance = 1e-10");
            reader.note(Diagnostic::at(key.span(), message).help(help));
        }
        if quantity.scale.is_none() {
            quantity.scale = magnitude(&quantity.value);
        }
        quantities.push(quantity);
    }
    Some(Conserved { every, quantities })
}

fn tolerance<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<f64> {
    let number = reader.number(value)?;
    if number > 0.0 && number.is_finite() {
        return Some(number);
    }
    let message = format!("a tolerance is positive and finite, not {number}");
    reader.note(Diagnostic::at(value.span(), message));
    None
}

/// The integral or average of the magnitude, where a text is an integral or average: what that is about 0 is compared
/// with.
fn magnitude(text: &str) -> Option<String> {
    let text = text.trim();
    let reduction = ["integral", "average"].into_iter().find(|name| text.starts_with(name))?;
    let inner = text.strip_prefix(reduction)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0i32;
    for c in inner.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        // The first bracket is closed before the end.
        if depth < 0 {
            return None;
        }
    }
    (depth == 0).then(|| format!("{reduction}(abs({inner}))"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_are_compared_with_those_of_magnitudes() {
        let of = |text: &str| magnitude(text).unwrap_or_default();
        assert_eq!(of("integral(u)"), "integral(abs(u))");
        assert_eq!(of(" average (u*(v + 1))"), "average(abs(u*(v + 1)))");
        for text in
            ["integral(u) + integral(v)", "(integral(u))", "max(u)", "integral", "2*integral(u)"]
        {
            assert_eq!(of(text), "", "{text}");
        }
    }
}
