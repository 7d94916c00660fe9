//! The spectra and histograms of [output].

use fluxions_grid::Grid;
use fluxions_solver::Every;

use super::diagnostic::Diagnostic;
use super::output::read_schedule;
use super::part::read_name;
use super::reader::{Reader, Table};
use super::written::Written;

/// The power of fields in shells of wavenumbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// The name of its file.
    pub name: String,
    /// The names of the fields, with an expression for each name that is not a field.
    pub fields: Vec<(String, Option<String>)>,
    /// When. The first and the last state are always written.
    pub every: Every,
}

/// How much of the domain has values within bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The name of its file.
    pub name: String,
    /// The name of the field, with an expression if it is not a field.
    pub field: (String, Option<String>),
    /// The number of bins.
    pub bins: usize,
    /// Their range; that of the values if none is given.
    pub range: Option<[f64; 2]>,
    /// When. The first and the last state are always written.
    pub every: Every,
}

const SPECTRUM: [&str; 4] = ["name", "fields", "every", "times"];
const HISTOGRAM: [&str; 6] = ["name", "field", "bins", "range", "every", "times"];
/// The most bins of a histogram.
const MOST: u64 = 100_000;

/// Reads the spectra in a table; `every` is when they are written if they do not say so.
pub(super) fn read_spectra<'t>(
    reader: &mut Reader<'t>,
    output: &Table<'t>,
    written: &mut Written,
    grid: &Grid,
    every: &Every,
) -> Vec<Spectrum> {
    let mut spectra: Vec<Spectrum> = Vec::new();
    let Some(value) = output.get("spectrum") else { return spectra };
    let walled = grid.axes().iter().find(|axis| !axis.is_periodic()).map(|axis| axis.name());
    let unfit = match (grid.geometry().is_curvilinear(), walled) {
        (true, _) => Some("a spectrum is for Cartesian grids".into()),
        (false, Some(axis)) => {
            Some(format!("a spectrum is for periodic axes, and `{axis}` has walls"))
        }
        (false, None) => None,
    };
    for (number, item) in reader.list(value).unwrap_or_default().into_iter().enumerate() {
        let Some(table) = reader.as_table(item, "output.spectrum") else { continue };
        reader.known_keys(&table, &SPECTRUM);
        if let Some(message) = &unfit {
            reader.note(Diagnostic::at(item.span(), message.as_str()));
        }
        let name = read_name(reader, &table, ("spectrum", "spectrum"), number);
        let fields = written.read(reader, &table);
        let every = read_schedule(reader, &table).unwrap_or_else(|| every.clone());
        let Some(name) = name else { continue };
        if spectra.iter().any(|spectrum| spectrum.name == name) {
            let message = format!("there is another spectrum `{name}`");
            reader.note(Diagnostic::at(item.span(), message));
        }
        spectra.push(Spectrum { name, fields, every });
    }
    spectra
}

/// Reads the histograms in a table; `every` is when they are written if they do not say so.
pub(super) fn read_histograms<'t>(
    reader: &mut Reader<'t>,
    output: &Table<'t>,
    written: &mut Written,
    every: &Every,
) -> Vec<Histogram> {
    let mut histograms: Vec<Histogram> = Vec::new();
    let Some(value) = output.get("histogram") else { return histograms };
    for (number, item) in reader.list(value).unwrap_or_default().into_iter().enumerate() {
        let Some(table) = reader.as_table(item, "output.histogram") else { continue };
        let has_unknown = reader.known_keys(&table, &HISTOGRAM);
        let name = read_name(reader, &table, ("histogram", "histogram"), number);
        let at = Some(item.span());
        let field = reader.required(&table, "field", at, "\"u\"", has_unknown);
        let field = field.and_then(|value| written.read_one(reader, value));
        let bins = match table.get("bins") {
            None => Some(50),
            Some(value) => {
                let bins = reader.whole_number(value, "the number of bins");
                if bins.is_some_and(|bins| !(1..=MOST).contains(&bins)) {
                    let message = format!("the number of bins must be from 1 to {MOST}");
                    reader.note(Diagnostic::at(value.span(), message));
                }
                bins
            }
        };
        let range = table.get("range").and_then(|value| {
            let items = reader.list(value)?.into_iter();
            let bounds: Vec<f64> = items.filter_map(|item| reader.number(item)).collect();
            match bounds[..] {
                [lower, upper] if lower < upper => Some([lower, upper]),
                _ => {
                    let message = "a range is a lower and an upper bound";
                    let help = Some("range = [0, 1]");
                    reader.note(Diagnostic::at(value.span(), message).help(help));
                    None
                }
            }
        });
        let every = read_schedule(reader, &table).unwrap_or_else(|| every.clone());
        let (Some(name), Some(field), Some(bins)) = (name, field, bins) else { continue };
        if histograms.iter().any(|histogram| histogram.name == name) {
            let message = format!("there is another histogram `{name}`");
            reader.note(Diagnostic::at(item.span(), message));
        }
        histograms.push(Histogram { name, field, bins: bins as usize, range, every });
    }
    histograms
}
