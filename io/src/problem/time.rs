//! The section [time].

use fluxions_solver::{Clock, Tableau};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};

/// Times, steps and scheme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// The time of the initial state.
    pub start: f64,
    /// The time of the last state.
    pub end: f64,
    /// The length of a step.
    pub dt: f64,
    /// The scheme.
    pub scheme: Tableau,
    /// How many steps are allowed.
    pub max_steps: Option<u64>,
}

const KEYS: [&str; 6] = ["start", "end", "dt", "scheme", "max_steps", "tolerance"];

/// The times, unless there are mistakes in them.
pub(crate) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Option<Times> {
    if document.get("time").is_none() {
        reader.missing_section("time", "end = 1\ndt = 0.001");
        return None;
    }
    let table = reader.table(document, "time")?;
    let unknown = reader.known_keys(&table, &KEYS);
    if let Some(span) = table.key_span("tolerance") {
        let message = "adaptive steps are not supported by this version of Fluxions";
        reader.note(Diagnostic::at(span, message));
    }
    let section = document.key_span("time");
    let end = reader.required(&table, "end", section.clone(), "1", unknown);
    let dt = reader.required(&table, "dt", section, "0.001", unknown);
    let start = match table.get("start") {
        Some(value) => reader.number(value),
        None => Some(0.0),
    };
    let end = end.and_then(|value| reader.number(value));
    let dt = dt.and_then(|value| match value.get_ref() {
        DeValue::String(text) if text == "auto" => {
            let message = "dt = \"auto\" is not supported by this version of Fluxions";
            let help = Some("`fluxions check` prints the longest stable step");
            reader.note(Diagnostic::at(value.span(), message).help(help));
            None
        }
        _ => reader.number(value),
    });
    let scheme = read_scheme(reader, &table);
    let max_steps = table
        .get("max_steps")
        .map(|value| reader.whole_number(value, "the number of steps allowed"));
    let times = Times {
        start: start?,
        end: end?,
        dt: dt?,
        scheme: scheme?,
        max_steps: match max_steps {
            Some(steps) => Some(steps?),
            None => None,
        },
    };
    if let Err(error) = Clock::new(times.start, times.end, times.dt) {
        let wrong = if times.dt > 0.0 { "end" } else { "dt" };
        let span = table.get(wrong).map_or(0..0, |value| value.span());
        reader.note(Diagnostic::at(span, error.to_string()));
        return None;
    }
    Some(times)
}

fn read_scheme<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Tableau> {
    let Some(value) = table.get("scheme") else { return Some(Tableau::RK4) };
    let name = reader.string(value, "the name of a scheme")?;
    let scheme = Tableau::find(name);
    if scheme.is_none() {
        let known = Tableau::ALL.map(|tableau| tableau.name);
        let help = format!("known here: {}", known.join(", "));
        let message = format!("unknown scheme `{name}`");
        reader.note(Diagnostic::at(value.span(), message).help(Some(help)));
    }
    scheme
}
