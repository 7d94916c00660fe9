//! The section [boundary].

use fluxions_expr::nearest;
use fluxions_grid::Condition;
use fluxions_solver::{ArgumentConditions, ConditionPart, Formula, Origin};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, TomlValue};
use super::time_table::Tables;

/// A condition in the file.
pub(crate) struct BoundaryEntry {
    pub(crate) of: Option<String>,
    pub(crate) at: String,
    pub(crate) condition: Condition<Formula>,
    /// The place of its key.
    pub(crate) span: std::ops::Range<usize>,
}

/// Conditions without numbers, which are texts.
const WORDS: [&str; 6] = ["periodic", "antiperiodic", "open", "extrapolated", "wall", "pole"];

/// Conditions with numbers, which are tables.
const KINDS: [&str; 11] = [
    "value",
    "derivative",
    "flux",
    "mixed",
    "curvature",
    "ghost",
    "absorbing",
    "normal_value",
    "normal_derivative",
    "normal_mixed",
    "normal_curvature",
];

/// The section as it stands in the file.
#[derive(Default)]
pub(crate) struct BoundarySection {
    pub(crate) conditions: Vec<BoundaryEntry>,
    /// How the arguments of operators go on beyond walls.
    pub(crate) arguments: ArgumentConditions,
}

/// Where conditions can stand: both ends of an axis, a face, and regions.
pub(crate) fn places(axes: &[String], regions: &[&str]) -> Vec<String> {
    let faces = axes.iter().flat_map(|axis| ["", "-", "+"].map(|side| format!("{axis}{side}")));
    faces.chain(regions.iter().map(|name| name.to_string())).collect()
}

/// Reads the conditions. `names` are those of fields and definitions, which can have tables of their
/// own.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    places: &[String],
    names: &[&str],
    tables: Tables<'_>,
) -> BoundarySection {
    let mut section = BoundarySection::default();
    let entries = &mut section.conditions;
    let Some(table) = reader.table(document, "boundary") else { return section };
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().as_ref();
        if places.iter().any(|place| place == name) {
            entries.extend(entry(reader, (None, name), key.span(), value, names, tables));
        } else if name == "arguments" && !names.contains(&name) {
            let [continued, own] = ArgumentConditions::WORDS;
            let expected = format!("\"{continued}\" or \"{own}\"");
            let Some(word) = reader.string(value, &expected) else { continue };
            match ArgumentConditions::find(word) {
                Some(found) => section.arguments = found,
                None => {
                    let known = ArgumentConditions::WORDS;
                    reader.unknown_word(value.span(), "meaning of arguments", word, &known);
                }
            }
        } else if names.contains(&name) {
            let Some(own) = reader.as_table(value, &format!("boundary.{name}")) else { continue };
            for (key, value) in own.entries.iter() {
                let at = key.get_ref().as_ref();
                if places.iter().any(|place| place == at) {
                    let place = (Some(name), at);
                    entries.extend(entry(reader, place, key.span(), value, names, tables));
                } else {
                    let known: Vec<&str> = places.iter().map(String::as_str).collect();
                    reader.unknown_key(&own, key, &known);
                }
            }
        } else {
            let known: Vec<&str> = (places.iter().map(String::as_str))
                .chain(names.iter().copied())
                .chain(["arguments"])
                .collect();
            reader.unknown_key(&table, key, &known);
        }
    }
    section
}

fn entry<'t>(
    reader: &mut Reader<'t>,
    (of, at): (Option<&str>, &str),
    key: std::ops::Range<usize>,
    value: &'t TomlValue<'t>,
    names: &[&str],
    tables: Tables<'_>,
) -> Option<BoundaryEntry> {
    let of = of.map(str::to_string);
    let origin = |part| Origin::Boundary { of: of.clone(), at: at.into(), part };
    reader.remember(origin(ConditionPart::Whole), key.clone(), value);
    let number = |reader: &mut Reader<'t>, part, value: &'t TomlValue<'t>| {
        reader.remember(origin(part), key.clone(), value);
        tables.formula(reader, of.as_deref(), value)
    };
    let condition = match value.get_ref() {
        DeValue::String(text) => match text.as_ref() {
            "periodic" => Condition::Periodic,
            "antiperiodic" | "anti-periodic" => Condition::Antiperiodic,
            "open" | "extrapolated" => Condition::Open,
            "wall" => Condition::Wall,
            "pole" => Condition::Pole,
            other => {
                let message = format!("unknown condition \"{other}\"");
                reader.note(Diagnostic::at(value.span(), message).help(Some(known_words(other))));
                return None;
            }
        },
        DeValue::Table(_) => {
            let table = reader.as_table(value, &format!("boundary.{at}"))?;
            for (key, _) in table.entries.iter() {
                let name = key.get_ref().as_ref();
                if WORDS.contains(&name) {
                    let message = format!("the condition \"{name}\" needs no number");
                    let help = Some(format!("write it as \"{at}\" = \"{name}\""));
                    reader.note(Diagnostic::at(key.span(), message).help(help));
                    return None;
                }
                if !KINDS.contains(&name) && of.is_none() && names.contains(&name) {
                    let message = format!("conditions of `{name}` do not stand in [boundary.{at}]");
                    let help = format!("write \"{at}\" = {{ … }} below [boundary.{name}]");
                    reader.note(Diagnostic::at(key.span(), message).help(Some(help)));
                    return None;
                }
                if !KINDS.contains(&name) {
                    reader.unknown_key(&table, key, &KINDS);
                    return None;
                }
            }
            let of_kind = |kind: &str| table.entries.get_key_value(kind).map(|(_, inner)| inner);
            if let (2, Some(value)) = (table.entries.len(), of_kind("value")) {
                // Two numbers for one wall, where the order of the equation wants them.
                let slope = of_kind("derivative");
                if let Some(other) = slope.or_else(|| of_kind("curvature")) {
                    let value = number(reader, ConditionPart::Value, value);
                    let condition = match slope {
                        Some(_) => {
                            let derivative = number(reader, ConditionPart::Derivative, other);
                            Condition::Clamped { value: value?, derivative: derivative? }
                        }
                        None => {
                            let curvature = number(reader, ConditionPart::Curvature, other);
                            Condition::Supported { value: value?, curvature: curvature? }
                        }
                    };
                    return Some(BoundaryEntry { of, at: at.into(), condition, span: key });
                }
            }
            let mut kinds = table.entries.iter();
            let (Some((kind, inner)), None) = (kinds.next(), kinds.next()) else {
                let message = format!("a condition has one kind, not {}", table.entries.len());
                let help = Some(format!(
                    "kinds: {}; a value can stand beside a derivative or a curvature, for equations of \
                     fourth order",
                    KINDS.join(", ")
                ));
                reader.note(Diagnostic::at(value.span(), message).help(help));
                return None;
            };
            match kind.get_ref().as_ref() {
                "value" => Condition::Value(number(reader, ConditionPart::Value, inner)?),
                "derivative" => Condition::Derivative(number(reader, ConditionPart::Value, inner)?),
                "flux" => Condition::Flux(number(reader, ConditionPart::Value, inner)?),
                "absorbing" => Condition::Absorbing(number(reader, ConditionPart::Value, inner)?),
                "curvature" => Condition::Curvature(number(reader, ConditionPart::Value, inner)?),
                "ghost" => Condition::Ghost(number(reader, ConditionPart::Value, inner)?),
                "normal_value" => {
                    Condition::NormalValue(number(reader, ConditionPart::Value, inner)?)
                }
                "normal_derivative" => {
                    Condition::NormalDerivative(number(reader, ConditionPart::Value, inner)?)
                }
                "normal_curvature" => {
                    Condition::NormalCurvature(number(reader, ConditionPart::Value, inner)?)
                }
                kind => {
                    let mixed = reader.as_table(inner, &format!("boundary.{at}.{kind}"))?;
                    let unknown = reader.known_keys(&mixed, &["coefficient", "value"]);
                    let span = Some(inner.span());
                    let example = "1, where d_n c + coefficient*c = value";
                    let mut part =
                        |key| reader.required(&mixed, key, span.clone(), example, unknown);
                    let (coefficient, beta) = (part("coefficient")?, part("value")?);
                    let coefficient = number(reader, ConditionPart::Coefficient, coefficient);
                    let beta = number(reader, ConditionPart::Value, beta);
                    let (coefficient, value) = (coefficient?, beta?);
                    match kind {
                        "mixed" => Condition::Mixed { coefficient, value },
                        _ => Condition::NormalMixed { coefficient, value },
                    }
                }
            }
        }
        _ => {
            reader.wrong_type(value, "a condition such as { value = 0 }");
            return None;
        }
    };
    Some(BoundaryEntry { of, at: at.into(), condition, span: key })
}

/// What to write instead of the names that conditions have in textbooks.
pub(crate) fn from_textbooks(word: &str) -> Option<String> {
    let instead = match word.to_lowercase().replace(['-', ' '], "_").as_str() {
        "dirichlet" | "fixed" | "no_slip" | "noslip" => "{ value = 0 }",
        "neumann" | "no_flux" | "noflux" | "zero_flux" | "zero_gradient" | "insulated"
        | "adiabatic" | "reflecting" => "{ derivative = 0 }",
        "robin" => "{ mixed = { coefficient = 1, value = 0 } }",
        "outflow" => "\"open\"",
        _ => return None,
    };
    Some(format!("the condition `{word}` is written as {instead}"))
}

/// Advice on a text that is not a condition.
fn known_words(text: &str) -> String {
    if let Some(instead) = from_textbooks(text) {
        return instead;
    }
    if KINDS.contains(&text) {
        return format!("`{text}` needs a number: {{ {text} = … }}");
    }
    match nearest(text, WORDS) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            let words: Vec<String> = WORDS.iter().map(|word| format!("\"{word}\"")).collect();
            format!("a condition is one of {} or a table such as {{ value = 0 }}", words.join(", "))
        }
    }
}
