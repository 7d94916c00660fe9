//! The sections [output] and [diagnostics].

use std::collections::HashSet;

use fluxions_expr::AstKind;
use fluxions_grid::Grid;
use fluxions_solver::{Every, Origin};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::part::{self, Part};
use super::probe::{self, Probe};
use super::reader::{Reader, Table};
use super::statistics::{self, Histogram, Spectrum};
use super::written::Written;

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
    /// Parts of the grid that are written by themselves.
    pub parts: Vec<Part>,
    /// Powers in shells of wavenumbers.
    pub spectra: Vec<Spectrum>,
    /// How much of the domain has which values.
    pub histograms: Vec<Histogram>,
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
    /// Names and expressions of what is not a field, each once.
    pub fn expressions(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_parts = self.parts.iter().flat_map(|part| &part.fields);
        let of_spectra = self.spectra.iter().flat_map(|spectrum| &spectrum.fields);
        let of_histograms = self.histograms.iter().map(|histogram| &histogram.field);
        let named = self.fields.iter().chain(of_parts).chain(of_spectra).chain(of_histograms);
        let mut seen = HashSet::new();
        named
            .filter_map(|(name, text)| Some((name.as_str(), text.as_deref()?)))
            .filter(move |(name, _)| seen.insert(*name))
    }
}

const KEYS: [&str; 12] = [
    "every",
    "at",
    "fields",
    "precision",
    "compression",
    "picture",
    "probe",
    "line",
    "slice",
    "box",
    "spectrum",
    "histogram",
];

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
        parts: Vec::new(),
        spectra: Vec::new(),
        histograms: Vec::new(),
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
    let mut written = Written::new(fields);
    output.fields = written.read(reader, &table);
    written.set_usual(&output.fields);
    if let Some(grid) = grid {
        let (written, every) = (&mut written, &output.every);
        output.parts = part::read(reader, &table, written, grid, every);
        output.spectra = statistics::read_spectra(reader, &table, written, grid, every);
        output.histograms = statistics::read_histograms(reader, &table, written, every);
        output.probes = probe::read(reader, &table, &written.names(), grid);
    }
    output
}

/// What can be a name: in expressions, in files, in pictures.
pub(super) const NAMES: &str = "a name is letters, digits and `_`, and begins with no digit";

pub(super) fn is_name(text: &str) -> bool {
    let kind = fluxions_expr::parse(text).map(|ast| ast.kind);
    matches!(kind, Ok(AstKind::Name(name)) if name == text)
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

/// When something is due: an interval of simulation time, or a list of times.
pub(super) fn read_schedule<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Every> {
    let Some(value) = table.get("times") else { return read_every(reader, table) };
    if let Some(span) = table.key_span("every") {
        reader.note(Diagnostic::at(span, "either `every` or `times`, not both"));
    }
    let times = reader.list(value)?.into_iter().filter_map(|item| reader.number(item)).collect();
    Some(Every::Times(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_used_in_files() {
        assert!(is_name("u") && is_name("speed_2") && is_name("φ"));
        for text in ["", "u/2", "v.x", "2u", "a b", " u", "a,b", "u<v", "and", "(u)", "../u"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
