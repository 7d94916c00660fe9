//! The section [stop].

use std::time::Duration;

use fluxions_solver::{Every, Origin};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, TomlValue};
use super::time::Times;
use crate::numbers::parse_duration;

/// When a run stops before its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stop {
    /// Where no rate of change is larger than this.
    pub steady: Option<f64>,
    /// Where this number is not 0.
    pub when: Option<String>,
    /// After so much time by the clock on the wall.
    pub wall_time: Option<Duration>,
}

const KEYS: [&str; 3] = ["steady", "when", "wall_time"];

/// Longer times by the clock on the wall, a century, are mistakes.
const LONGEST: Duration = Duration::from_secs(3_200_000_000);

/// How many equal steps are made between looks at the state, so that they can be made in one sweep.
const STEPS: u64 = 10;

impl Stop {
    /// The name of the number `when` in a simulation.
    pub const WHEN: &'static str = "when of [stop]";

    /// How often the state is looked at; at the beginning and the end alone if nothing stops the run.
    pub fn every(&self, times: &Times) -> Every {
        let steps = if times.vary() { 1 } else { STEPS };
        match self.steady.is_some() || self.when.is_some() {
            true => Every::Steps(steps),
            false => Every::Times(Vec::new()),
        }
    }
}

/// Reads the section, if there is one.
pub(super) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Stop {
    if document.get("stop").is_none() {
        return Stop::default();
    }
    let Some(table) = reader.table(document, "stop") else { return Stop::default() };
    reader.known_keys(&table, &KEYS);
    let mut stop = Stop::default();
    if let Some(value) = table.get("steady") {
        stop.steady = reader.number(value);
        let unfit = ["transport", "noise"].into_iter().find(|name| document.get(name).is_some());
        let mistake = match (stop.steady, unfit) {
            (_, Some("transport")) => Some(
                "what [transport] carries comes to rest by more than its equation: use `when`"
                    .into(),
            ),
            (_, Some(_)) => Some("with [noise] nothing comes to rest: use `when`".into()),
            (Some(rate), None) if !(rate > 0.0 && rate.is_finite()) => {
                Some(format!("a rate of change below which nothing counts is positive, not {rate}"))
            }
            _ => None,
        };
        if let Some(message) = mistake {
            reader.note(Diagnostic::at(value.span(), message));
        }
    }
    if let Some(value) = table.get("when") {
        let key = table.key_span("when").unwrap_or_else(|| value.span());
        reader.remember(Origin::Output(Stop::WHEN.into()), key, value);
        stop.when = reader.scalar(value).map(|formula| formula.to_string());
    }
    if let Some(value) = table.get("wall_time") {
        stop.wall_time = wall_time(reader, value);
    }
    stop
}

/// A length of time by the clock on the wall, which is a number of seconds, or a text such as "1h 30min".
pub(super) fn duration<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<Duration> {
    let found = match value.get_ref() {
        DeValue::String(text) => parse_duration(text),
        _ => Duration::try_from_secs_f64(reader.number(value)?).ok(),
    };
    found.filter(|duration| !duration.is_zero() && *duration < LONGEST)
}

/// Reads how long a run may take.
fn wall_time<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<Duration> {
    let found = duration(reader, value);
    if found.is_none() {
        let message = "a wall time is a number of seconds, or a text";
        let help = Some("wall_time = \"1h 30min\"".to_string());
        reader.note(Diagnostic::at(value.span(), message).help(help));
    }
    found
}
