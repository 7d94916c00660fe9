//! The sections [output] and [diagnostics].

use fluxions_expr::AstKind;
use fluxions_grid::Grid;
use fluxions_solver::{Every, Origin};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::probe::{self, Probe};
use super::reader::{Reader, Table};

/// What is written to series.h5 and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// When. The first and the last state are always written.
    pub every: Every,
    /// The names of what is written, with an expression for each name that is not a field.
    pub fields: Vec<(String, Option<String>)>,
    /// The precision with which numbers are written.
    pub precision: Precision,
    /// How they are compressed.
    pub compression: Compression,
    /// Whether the last state is drawn.
    pub picture: bool,
    /// Values at points.
    pub probes: Vec<Probe>,
}

/// The precision with which numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Unchanged, in 8 bytes.
    F64,
    /// Rounded to 4 bytes.
    F32,
}

impl Precision {
    /// How many bytes a real number takes.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Precision::F64 => 8,
            Precision::F32 => 4,
        }
    }
}

/// How numbers are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// They are not.
    None,
    /// By HDF5's filters `shuffle` and `deflate`, which every reader of HDF5 knows.
    Deflate,
}

/// What is written to diagnostics.csv and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// When. The first and the last state are always written.
    pub every: Every,
    /// Names and expressions.
    pub numbers: Vec<(String, String)>,
}

impl Output {
    /// Names and expressions of what is not a field.
    pub fn expressions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, text)| Some((name.as_str(), text.as_deref()?)))
    }
}

const KEYS: [&str; 7] = ["every", "at", "fields", "precision", "compression", "picture", "probe"];

pub(crate) fn read_output<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    fields: &[String],
    grid: Option<&Grid>,
) -> Output {
    let all = || fields.iter().map(|name| (name.clone(), None)).collect();
    let mut output = Output {
        every: Every::Times(Vec::new()),
        fields: all(),
        precision: Precision::F64,
        compression: Compression::None,
        picture: true,
        probes: Vec::new(),
    };
    let Some(table) = reader.table(document, "output") else { return output };
    reader.known_keys(&table, &KEYS);
    if let (Some(_), Some(span)) = (table.get("every"), table.key_span("at")) {
        reader.note(Diagnostic::at(span, "either `every` or `at`, not both"));
    }
    if let Some(value) = table.get("at")
        && let Some(items) = reader.list(value)
    {
        output.every = Every::Times(items.into_iter().filter_map(|t| reader.number(t)).collect());
    }
    if let Some(every) = read_every(reader, &table) {
        output.every = every;
    }
    if let Some(value) = table.get("precision") {
        match reader.string(value, "\"f64\" or \"f32\"") {
            Some("f64") | None => {}
            Some("f32") => output.precision = Precision::F32,
            Some(other) => {
                reader.unknown_word(value.span(), "precision", other, &["f64", "f32"]);
            }
        }
    }
    if let Some(value) = table.get("compression") {
        match reader.string(value, "\"none\" or \"deflate\"") {
            Some("none") | None => {}
            Some("deflate") => output.compression = Compression::Deflate,
            Some("zstd") => {
                let message =
                    "`zstd` is not built into HDF5, so that most readers could not open the files";
                let help = Some("\"deflate\" is what all of them know");
                reader.note(Diagnostic::at(value.span(), message).help(help));
            }
            Some(other) => {
                reader.unknown_word(value.span(), "compression", other, &["none", "deflate"]);
            }
        }
    }
    if let Some(value) = table.get("picture") {
        output.picture = reader.boolean(value).unwrap_or(true);
    }
    if let Some(value) = table.get("fields")
        && let Some(items) = reader.list(value)
    {
        let empty = items.is_empty();
        output.fields = Vec::new();
        for item in items {
            let Some(text) = reader.string(item, "a name, or name = expression") else { continue };
            let (name, expression) = split(text);
            if !is_name(name) {
                let message = format!("`{name}` is not a name for a field of the output");
                let help = match expression {
                    None => format!("write it as name = {text}"),
                    Some(_) => NAMES.into(),
                };
                reader.note(Diagnostic::at(item.span(), message).help(Some(help)));
                continue;
            }
            let name = name.to_string();
            if expression.is_some() && fields.contains(&name) {
                let message = format!("`{name}` is already the name of a field");
                let help = Some("give the expression another name");
                reader.note(Diagnostic::at(item.span(), message).help(help));
                continue;
            }
            if output.fields.iter().any(|(known, _)| *known == name) {
                let message = format!("`{name}` is written twice");
                reader.note(Diagnostic::at(item.span(), message));
                continue;
            }
            // The expression is the end of the text, if it has a name of its own.
            let before = expression.map_or(0, |e| text.trim_end().len() - e.len());
            reader.remember_end(Origin::Output(name.clone()), item, before);
            let expression = match expression {
                Some(expression) => Some(expression.to_string()),
                // A definition's name is an expression.
                None if fields.contains(&name) => None,
                None => Some(name.clone()),
            };
            output.fields.push((name, expression));
        }
        if empty {
            reader.note(Diagnostic::at(value.span(), "no field is written"));
        }
    }
    if let Some(grid) = grid {
        let others =
            output.fields.iter().map(|(name, _)| name).filter(|name| !fields.contains(name));
        let known: Vec<String> = fields.iter().chain(others).cloned().collect();
        let bounds: Vec<(String, [f64; 2])> =
            grid.axes().iter().map(|axis| (axis.name().to_string(), axis.bounds())).collect();
        output.probes = probe::read(reader, &table, &known, &bounds);
    }
    output
}

/// What can be a name: in expressions, in files, in pictures.
pub(super) const NAMES: &str = "a name is letters, digits and `_`, and begins with no digit";

pub(super) fn is_name(text: &str) -> bool {
    let kind = fluxions_expr::parse(text).map(|ast| ast.kind);
    matches!(kind, Ok(AstKind::Name(name)) if name == text)
}

/// `name = expression`, or a name alone. The `==` of a comparison is no `=`.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('=') {
        Some((name, rest)) if !rest.starts_with('=') && !name.ends_with(['<', '>', '!']) => {
            (name.trim(), Some(rest.trim()))
        }
        _ => (text.trim(), None),
    }
}

pub(crate) fn read_diagnostics<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    output: &Output,
) -> Option<Diagnostics> {
    let table = reader.table(document, "diagnostics")?;
    let every = read_every(reader, &table).unwrap_or_else(|| output.every.clone());
    let mut numbers = Vec::new();
    for (key, value) in table.entries.iter() {
        let name = key.get_ref().to_string();
        match name.as_str() {
            "every" => continue,
            "time" | "step" => {
                let message = format!("`{name}` is a column of diagnostics.csv already");
                reader.note(Diagnostic::at(key.span(), message));
                continue;
            }
            _ => {}
        }
        if !is_name(&name) {
            let message = format!("`{name}` is not a name for a column");
            reader.note(Diagnostic::at(key.span(), message).help(Some(NAMES)));
            continue;
        }
        if output.expressions().any(|(known, _)| known == name) {
            let message = format!("`{name}` is the name of an output field");
            reader.note(Diagnostic::at(key.span(), message));
            continue;
        }
        reader.remember(Origin::Output(name.clone()), key.span(), value);
        if let Some(scalar) = reader.scalar(value) {
            numbers.push((name, scalar.to_string()));
        }
    }
    Some(Diagnostics { every, numbers })
}

/// An interval of simulation time.
pub(super) fn read_every<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Every> {
    let value = table.get("every")?;
    if let DeValue::Table(_) = value.get_ref() {
        reader.wrong_type(value, "an interval of simulation time");
        return None;
    }
    let interval = reader.number(value)?;
    if interval > 0.0 {
        return Some(Every::Time(interval));
    }
    let message = format!("the interval must be positive, not {interval}");
    reader.note(Diagnostic::at(value.span(), message));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_expressions_are_told_apart() {
        assert_eq!(split("u"), ("u", None));
        assert_eq!(split("speed = sqrt(u^2)"), ("speed", Some("sqrt(u^2)")));
        assert_eq!(split("hot = u >= 1"), ("hot", Some("u >= 1")));
        assert_eq!(split("u == 1"), ("u == 1", None));
    }

    #[test]
    fn names_can_be_used_in_files() {
        assert!(is_name("u") && is_name("speed_2") && is_name("φ"));
        for text in ["", "u/2", "v.x", "2u", "a b", " u", "a,b", "u<v", "and", "(u)", "../u"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
