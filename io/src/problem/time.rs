//! The section [time].

use std::ops::Range;

use fluxions_solver::{
    EqualSteps, Error, Errors, Formula, Imex, Origin, Pde, SchemeChoice, SolverOptions, Sources,
    StableDt, StableStep, Tableau, fastest, first_step, stable_step,
};
use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Places, Reader, Table, TomlValue};
use super::scheme::{self, Asked, EULER, SYMMETRIC};
use super::tolerance;
use crate::numbers::{brief, short};

/// Times, steps and scheme.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// The time of the initial state.
    pub start: f64,
    /// The time of the last state.
    pub end: f64,
    /// The length of a step.
    pub dt: f64,
    /// Whether the length is chosen by Fluxions: dt = "auto".
    pub automatic: bool,
    /// How steps follow the solution, if they do; `dt` is then the length of the first one.
    pub following: Option<StableDt>,
    /// The scheme: that of a tableau, or the usual one where fields are advected.
    pub scheme: SchemeChoice,
    /// How sources are integrated, where fields are advected.
    pub sources: Option<Sources>,
    /// The largest number of steps.
    pub max_steps: Option<u64>,
    /// Whether the scheme was chosen by Fluxions: scheme = "auto".
    pub chosen: bool,
    /// The longest stable step of the initial state, where it had to be found.
    pub(super) stable: Option<StableStep>,
}

impl Times {
    /// The name of the scheme in files.
    pub fn scheme_name(&self) -> &str {
        match (&self.scheme, self.sources) {
            (SchemeChoice::RungeKutta(tableau) | SchemeChoice::ErrorControlled(tableau, _), _) => {
                tableau.name()
            }
            (SchemeChoice::Stabilised(family, _), _) => family.name(),
            (SchemeChoice::Implicit(implicit, ..), _) => implicit.name(),
            (SchemeChoice::Imex(imex, ..), _) => imex.name(),
            (SchemeChoice::AdamsBashforth(scheme), _) => scheme.name(),
            (SchemeChoice::Elliptic(_), _) => "elliptic",
            (SchemeChoice::Steady(_), _) => STEADY,
            (_, Some(Sources::Euler)) => EULER,
            (_, Some(Sources::Symmetric) | None) => SYMMETRIC,
        }
    }

    /// Whether steps are as long as a tolerance allows.
    pub fn controls_error(&self) -> bool {
        self.scheme.tolerance().is_some()
    }

    /// Whether steps may be longer or shorter than the first.
    pub fn vary(&self) -> bool {
        let is_staged = matches!(self.scheme, SchemeChoice::Stabilised(..));
        (self.following.is_some() && !is_staged) || self.controls_error()
    }

    /// The order of the scheme's error in the time step, where the scheme controls it.
    fn order(&self) -> usize {
        match &self.scheme {
            SchemeChoice::RungeKutta(tableau) | SchemeChoice::ErrorControlled(tableau, _) => {
                tableau.order()
            }
            SchemeChoice::Imex(imex, ..) => imex.order(),
            SchemeChoice::Implicit(implicit, ..) => implicit.order(),
            _ => 2,
        }
    }

    /// The number of steps from the start to the end, if they are all as long as the first.
    ///
    /// # Errors
    /// If the times or the step are wrong.
    pub fn steps(&self) -> Result<u64, Error> {
        EqualSteps::new(self.start, self.dt)?.steps_to(self.end)
    }

    /// The number of steps of the run: those to the end, or the most that are asked for. `None` if there
    /// is no such number.
    pub fn most_steps(&self) -> Option<u64> {
        let steps = self.steps().ok()?;
        Some(self.max_steps.map_or(steps, |most| steps.min(most)))
    }

    /// A longest step in three digits, none of them too large.
    pub(crate) fn rounded_down(longest: f64) -> String {
        let scale = 10f64.powf(longest.log10().floor() - 2.0);
        let down = (longest / scale).floor() * scale;
        match down > 0.0 && down.is_finite() {
            true => format!("{down:.2e}"),
            false => format!("{longest:.2e}"),
        }
    }

    /// Whether a state is found in which rates of change vanish, instead of steps.
    pub fn balances(&self) -> bool {
        self.scheme.balances()
    }

    /// How a problem is solved, as in `in steps of 0.1 by rk4`.
    pub fn in_words(&self) -> String {
        match self.scheme {
            SchemeChoice::Elliptic(_) => "without steps".into(),
            SchemeChoice::Steady(_) => "for a steady state".into(),
            _ => format!("in steps {}", self.describe()),
        }
    }

    /// How steps are made, as in `of 0.1 by rk4`.
    pub fn describe(&self) -> String {
        let automatic = match (self.automatic, self.following) {
            _ if self.controls_error() => " at first, as long as the tolerance allows,",
            (false, _) => "",
            (true, None) => " (dt = \"auto\")",
            (true, Some(_)) => " at first, following the solution (dt = \"auto\"),",
        };
        let chosen = if self.chosen { " (scheme = \"auto\")" } else { "" };
        // A given length is told as it is, one that only begins in a few digits.
        let dt = if self.controls_error() { short(self.dt) } else { brief(self.dt) };
        format!("of {dt}{automatic} by {}{chosen}", self.scheme_name())
    }
}

const KEYS: [&str; 9] =
    ["start", "end", "dt", "scheme", "max_steps", "tolerance", "positive", "mode", "implicit"];

/// The mode in which a steady state is found.
const STEADY: &str = "steady";

/// Steps that follow the solution are at most this share of the run, or as long as the first.
const MOST: f64 = 0.01;

/// The times as they stand in the file.
pub(crate) struct TimesEntry {
    times: Times,
    /// The place of dt = "auto", or of what stands for it.
    automatic: Option<Range<usize>>,
    /// The place of the scheme.
    scheme: Option<Range<usize>>,
    /// The place of the tolerance.
    tolerance: Option<Range<usize>>,
    /// The schemes from which the one of `times` is chosen, if it is not given.
    candidates: Vec<SchemeChoice>,
}

/// The times, unless there are mistakes in them; `advected`: whether there is transport.
pub(crate) fn read<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    advected: bool,
    options: SolverOptions,
) -> Option<TimesEntry> {
    if document.get("time").is_none() {
        reader.missing_section("time", "end = 1\ndt = 0.001");
        return None;
    }
    let table = reader.table(document, "time")?;
    let unknown = reader.known_keys(&table, &KEYS);
    if let Some(value) = table.get("mode") {
        return steady(reader, &table, value, options);
    }
    let place = table.key_span("tolerance");
    let tolerance = match table.get("tolerance") {
        Some(value) => Some(tolerance::read(reader, value)?),
        None => None,
    };
    if let Some(place) = place.clone().filter(|_| advected) {
        let message = "MPDATA does not estimate its error, so that a tolerance says nothing";
        let help = "dt = \"auto\" follows the flow, and the waves that it makes";
        reader.note(Diagnostic::at(place, message).help(Some(help)));
        return None;
    }
    let section = document.key_span("time");
    let end = reader.required(&table, "end", section.clone(), "1", unknown);
    let is_chosen = scheme::is_chosen(&table);
    let dt = match tolerance {
        Some(_) => table.get("dt"),
        None if is_chosen => table.get("dt"),
        None => reader.required(&table, "dt", section, "0.001, or dt = \"auto\"", unknown),
    };
    reader.dt = dt.map(|value| value.span());
    let start = match table.get("start") {
        Some(value) => reader.number(value),
        None => Some(0.0),
    };
    let end = end.and_then(|value| reader.number(value));
    let automatic = dt.filter(|value| match value.get_ref() {
        DeValue::String(text) => text == "auto",
        _ => false,
    });
    let follows = dt.is_none() && (tolerance.is_some() || is_chosen);
    let place_of_steps = place.clone().or_else(|| table.key_span("scheme"));
    let automatic = automatic.map(|value| value.span()).or(place_of_steps.filter(|_| follows));
    let dt = match automatic {
        Some(_) => Some(f64::NAN),
        None => dt.and_then(|value| reader.number(value)),
    };
    let noisy = document.get("noise").is_some();
    if is_chosen && noisy {
        let keys = ["tolerance", "positive", "implicit"].into_iter();
        if let Some(place) = keys.filter_map(|key| table.key_span(key)).next() {
            let message = "with [noise], steps are of one length, and by `euler`";
            let help = Some("leave this out, and give dt a number".to_string());
            reader.note(Diagnostic::at(place, message).help(help));
            return None;
        }
    }
    let parts = table.get("implicit").is_some();
    let automatic_steps = automatic.is_some();
    let asked = Asked { advected, noisy, parts, tolerance, automatic: automatic_steps, options };
    let scheme = scheme::read(reader, &table, asked);
    let max_steps = table
        .get("max_steps")
        .map(|value| reader.whole_number(value, "the number of steps allowed"));
    let (mut candidates, sources) = scheme?;
    if let Some(value) = table.get("positive") {
        let names = tolerance::positive(reader, value)?;
        if candidates.iter().any(|scheme| scheme.tolerance().is_none()) {
            let message = "steps of equal length are not made anew where a field falls below 0";
            let help = "give a `tolerance`, or set it to 0 after each step: [after_step] u = \"max(u, 0)\"";
            reader.note(Diagnostic::at(value.span(), message).help(Some(help.to_string())));
            return None;
        }
        for tolerance in candidates.iter_mut().filter_map(SchemeChoice::tolerance_mut) {
            tolerance.positive.clone_from(&names);
        }
    }
    if let Some(place) = table.key_span("implicit")
        && !candidates.iter().any(|scheme| matches!(scheme, SchemeChoice::Imex(..)))
    {
        let message = "this scheme does not treat a part of the equations in its own way";
        let known: Vec<&str> = Imex::ALL.into_iter().map(Imex::name).collect();
        let help = Some(format!("those that do are {}", known.join(", ")));
        reader.note(Diagnostic::at(place, message).help(help));
        return None;
    }
    let times = Times {
        start: start?,
        end: end?,
        dt: dt?,
        automatic: automatic.is_some(),
        following: None,
        scheme: candidates[0].clone(),
        sources,
        max_steps: match max_steps {
            Some(steps) => Some(steps?),
            None => None,
        },
        chosen: is_chosen,
        stable: None,
    };
    // Start and end can be wrong whatever the step.
    let dt = if times.automatic { f64::MAX } else { times.dt };
    if let Err(error) = (Times { dt, ..times.clone() }).steps() {
        let wrong = if dt > 0.0 { "end" } else { "dt" };
        let span = table.get(wrong).map(|value| value.span());
        let (message, label) = (error.to_string(), String::new());
        reader.note(Diagnostic { message, span, label, help: None });
        return None;
    }
    let scheme = table.get("scheme").map(|value| value.span());
    Some(TimesEntry { times, automatic, scheme, tolerance: place, candidates })
}

/// The times of an elliptic problem, which has none.
pub(crate) fn elliptic<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
    options: SolverOptions,
) -> Option<TimesEntry> {
    if let Some(place) = document.key_span("time") {
        let message = "a problem with [solve] alone has no [time]";
        reader.note(Diagnostic::at(place, message));
        return None;
    }
    Some(TimesEntry::without_steps(SchemeChoice::Elliptic(options), 0.0))
}

/// The times of a problem whose steady state is found.
fn steady<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    mode: &'t TomlValue<'t>,
    options: SolverOptions,
) -> Option<TimesEntry> {
    let word = reader.string(mode, "a mode")?;
    if word != STEADY {
        let help = Some(format!("the one mode known here is \"{STEADY}\""));
        reader.note(Diagnostic::at(mode.span(), format!("unknown mode `{word}`")).help(help));
        return None;
    }
    let others = ["end", "dt", "scheme", "max_steps", "tolerance", "positive", "implicit"];
    for key in others.into_iter().filter(|key| table.get(key).is_some()) {
        let place = table.key_span(key).unwrap_or_else(|| mode.span());
        let message = format!("a steady state has no `{key}`");
        let help = Some("[solver] says how it is found".to_string());
        reader.note(Diagnostic::at(place, message).help(help));
    }
    let start = match table.get("start") {
        Some(value) => reader.number(value)?,
        None => 0.0,
    };
    let entry = TimesEntry::without_steps(SchemeChoice::Steady(options), start);
    Some(TimesEntry { scheme: Some(mode.span()), ..entry })
}

/// The parts of equations that are treated implicitly.
pub(crate) fn implicit_parts<'t>(
    reader: &mut Reader<'t>,
    document: &Table<'t>,
) -> Vec<(String, Formula)> {
    let Some(table) = document.get("time").and_then(|_| reader.table(document, "time")) else {
        return Vec::new();
    };
    let Some(value) = table.get("implicit") else { return Vec::new() };
    let DeValue::Table(entries) = value.get_ref() else {
        let help = Some("implicit = { u = \"D*laplace(u)\" }".to_string());
        let message = "the implicit parts are a table of fields with parts of their equations";
        reader.note(Diagnostic::at(value.span(), message).help(help));
        return Vec::new();
    };
    let mut parts = Vec::new();
    for (key, value) in entries {
        let name = key.get_ref().to_string();
        reader.remember(Origin::Implicit(name.clone()), key.span(), value);
        parts.push((name, reader.formula_or_substitute(value)));
    }
    parts
}

impl TimesEntry {
    /// Times without steps, for the state at one time.
    fn without_steps(scheme: SchemeChoice, time: f64) -> Self {
        let times = Times {
            start: time,
            end: time,
            dt: 1.0,
            automatic: false,
            following: None,
            scheme,
            sources: None,
            max_steps: None,
            chosen: false,
            stable: None,
        };
        let (automatic, scheme, tolerance) = (None, None, None);
        TimesEntry { times, automatic, scheme, tolerance, candidates: Vec::new() }
    }

    /// The place of dt = "auto", or of what stands for it, if it is there.
    pub(crate) fn automatic(&self) -> Option<Range<usize>> {
        self.automatic.clone()
    }

    /// Whether a state is found without steps.
    pub(crate) fn has_no_steps(&self) -> bool {
        self.times.balances()
    }

    /// How sources are integrated, where fields are advected.
    pub(crate) fn sources(&self) -> Option<Sources> {
        self.times.sources
    }

    /// The times with the scheme that gets on fastest, and with the length of an automatic step; the same on
    /// every rank.
    pub(crate) fn settle(
        self,
        pde: &Pde,
        [initial, after_step]: [&[(String, Formula)]; 2],
        places: &Places,
    ) -> Result<Times, Vec<Diagnostic>> {
        if self.candidates.len() < 2 {
            return self.settle_one(pde, initial, places);
        }
        let with = |scheme: &SchemeChoice| {
            let times = Times { scheme: scheme.clone(), ..self.times.clone() };
            let [automatic, scheme, tolerance] =
                [&self.automatic, &self.scheme, &self.tolerance].map(Clone::clone);
            let entry = TimesEntry { times, automatic, scheme, tolerance, candidates: Vec::new() };
            entry.settle_one(pde, initial, places)
        };
        let (mut fitting, mut mistakes) = (Vec::new(), None);
        for candidate in &self.candidates {
            match with(candidate) {
                Ok(times) => fitting.push(times),
                Err(found) => drop(mistakes.get_or_insert(found)),
            }
        }
        // Steps of a given length have to be stable.
        let is_stable = |times: &Times| {
            times.automatic || times.controls_error() || {
                let step = stable_step(pde, initial, &times.scheme);
                step.is_ok_and(|step| times.dt <= step.longest)
            }
        };
        let is_given = !self.times.automatic && !self.times.controls_error();
        if fitting.iter().any(is_stable) {
            fitting.retain(is_stable);
        }
        if is_given {
            fitting.truncate(1);
        }
        let schemes: Vec<_> =
            fitting.iter().map(|times| (times.scheme.clone(), times.dt)).collect();
        let span = (self.times.start, self.times.end);
        // What is wrong with the initial values is told when the simulation is built.
        let number = match schemes.len() < 2 {
            true => 0,
            false => fastest(pde, (initial, after_step), &schemes, span).unwrap_or(0),
        };
        match fitting.into_iter().nth(number) {
            Some(times) => Ok(times),
            None => Err(mistakes.unwrap_or_default()),
        }
    }

    /// The times with the length of an automatic step, where the scheme is known.
    fn settle_one(
        self,
        pde: &Pde,
        initial: &[(String, Formula)],
        places: &Places,
    ) -> Result<Times, Vec<Diagnostic>> {
        let TimesEntry { times, automatic, scheme, tolerance, .. } = self;
        let is_staged = matches!(times.scheme, SchemeChoice::Stabilised(..));
        let located = |error: &Error| {
            use Error::{NoErrorEstimate, ToleranceWithNoise, UnfitTolerance};
            let of_tolerance = matches!(
                error,
                NoErrorEstimate { .. } | ToleranceWithNoise { .. } | UnfitTolerance { .. }
            );
            let [first, second] = match of_tolerance {
                true => [&tolerance, &scheme],
                false => [&scheme, &tolerance],
            };
            let mut found = places.locate(error);
            found.span = found.span.or_else(|| first.clone()).or_else(|| second.clone());
            found
        };
        times.scheme.check(pde).map_err(|error| vec![located(&error)])?;
        if automatic.is_none() && !times.controls_error() && !is_staged {
            return Ok(times);
        }
        let step = stable_step(pde, initial, &times.scheme)
            .map_err(|Errors(errors)| errors.iter().map(located).collect::<Vec<_>>())?;
        let Some(at) = automatic else {
            let staged = StableDt { first: times.dt, most: times.dt, faster: step.faster };
            let following = is_staged.then_some(staged);
            return Ok(Times { following, stable: Some(step), ..times });
        };
        let dt = StableDt::SHARE * step.longest;
        let controls = times.controls_error();
        let follows = step.changes && !controls;
        let most = match times.end - times.start {
            0.0 => 1.0,
            span => MOST * span,
        };
        if dt == f64::INFINITY && !follows && !controls {
            let message = match times.scheme {
                SchemeChoice::Imex(imex, ..) => {
                    format!("{} needs a dt, unlike ark3 and ark4 with a tolerance", imex.name())
                }
                _ => "nothing limits the step: set dt to a number".into(),
            };
            return Err(vec![Diagnostic::at(at, message)]);
        }
        // The steps of a run do not depend on its end, if they can be told from anything else: then another run can go
        // on from it.
        let bounded = if dt == f64::INFINITY { most } else { dt };
        let dt = match times.scheme.tolerance() {
            // The first step is as long as the tolerance allows, and stable.
            Some(tolerance) => {
                let order = times.order();
                let explicit = stable_step(pde, initial, &Tableau::EULER);
                let short = explicit.ok().map(|step| step.decaying).filter(|dt| dt.is_finite());
                let from = (times.start, short.unwrap_or(1e-3 * bounded));
                let found = first_step(pde, initial, (tolerance, order), from);
                let found = found.ok().filter(|found| found.is_finite());
                found.map_or(bounded, |found| found.min(dt))
            }
            None => bounded,
        };
        let following = StableDt { first: dt, most: most.max(dt), faster: step.faster };
        let following = (follows || is_staged).then_some(following);
        let times = Times { dt, following, stable: Some(step), ..times };
        match times.steps() {
            Ok(_) => Ok(times),
            Err(error) => Err(vec![Diagnostic::at(at, error.to_string())]),
        }
    }
}
