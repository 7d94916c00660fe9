//! What is allowed in a problem file and probably not meant.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use fluxions_expr::{Ast, AstKind, nearest};
use fluxions_grid::{Condition, Face, Grid};
use fluxions_solver::{
    Doubt, Errors, Every, LimitedBy, Limiting, StableStep, limiting, stable_step,
};
use toml::de::{DeTable, DeValue};

use super::boundary::BoundaryEntry;
use super::diagnostic::Diagnostic;
use super::reader::{Places, Table};
use super::{Problem, Times};
use crate::conservation::NotConserved;
use crate::numbers::{brief, short};

/// Something in a problem file that is allowed and probably not meant: what it is, where it stands,
/// and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning(pub Diagnostic);

/// Warnings that come up in the course of a run, shared by those who give and those who tell them.
#[derive(Clone, Debug, Default)]
pub struct Warnings(Rc<RefCell<Vec<Warning>>>);

impl Warnings {
    pub(crate) fn push(&self, warning: Warning) {
        self.0.borrow_mut().push(warning);
    }

    /// The warnings after the first so many.
    pub fn after(&self, count: usize) -> Vec<Warning> {
        self.0.borrow().iter().skip(count).cloned().collect()
    }
}

impl Warning {
    /// The warning in a line.
    pub fn line(&self) -> String {
        let Warning(Diagnostic { message, help, .. }) = self;
        let help = help.iter().map(|help| format!("; {help}")).collect::<String>();
        format!("warning: {message}{help}")
    }

    /// The warning that a quantity is not conserved.
    pub(crate) fn not_conserved(broken: &NotConserved) -> Self {
        let (message, help) = (broken.to_string(), Some(broken.help()));
        Warning(Diagnostic { message, span: None, label: String::new(), help })
    }

    /// The warning that a value cannot be written in 4 bytes.
    pub(crate) fn overflow(field: &str, value: f64, time: f64) -> Self {
        let message = format!(
            "`{field}` reaches {} at t = {time}, which is beyond numbers of 4 bytes: what is \
             written is infinite",
            brief(value)
        );
        let help = Some("write precision = \"f64\" in [output]".to_string());
        Warning(Diagnostic { message, span: None, label: String::new(), help })
    }
}

/// The sections in which a name is of use only where another text has it.
const NAMED: [(&str, &str); 4] = [
    ("parameters", "parameter"),
    ("define", "definition"),
    ("functions", "function"),
    ("regions", "region"),
];

impl Problem {
    /// The warning that no step is stable, or that the time step is longer than the longest stable one, if it is.
    pub fn step_warning(&self, step: &StableStep) -> Option<Warning> {
        if step.grows && !self.times.controls_error() {
            let name = self.times.scheme_name();
            let message = format!("{name} lets waves grow that nothing damps, whatever the step");
            let help = Some("use ssprk3 or rk4, which are stable for waves".to_string());
            let span = self.places.dt.clone();
            return Some(Warning(Diagnostic { message, span, label: String::new(), help }));
        }
        let (dt, longest) = (self.times.dt, step.longest);
        if self.times.automatic || self.times.controls_error() || dt <= longest {
            return None;
        }
        let longest = Times::rounded_down(longest);
        let message = format!(
            "the step dt = {} is longer than {longest}, the longest that is sure to be stable{}: the \
             solution may grow without bound",
            brief(dt),
            self.limit_in_words(step).map(|limit| format!(" for {limit}")).unwrap_or_default()
        );
        let help = format!("make dt {longest} or less, or write dt = \"auto\"");
        let span = self.places.dt.clone();
        Some(Warning(Diagnostic { message, span, label: String::new(), help: Some(help) }))
    }
}

impl Problem {
    /// The longest stable step of the scheme in the initial state.
    ///
    /// # Errors
    /// The mistakes in the initial values, or the reason why the scheme cannot step the system.
    pub fn stable_step(&self) -> Result<StableStep, Errors> {
        match self.times.stable {
            Some(step) => Ok(step),
            None => stable_step(&self.pde, &self.initial, &self.times.scheme),
        }
    }

    /// What limits the steps of explicit schemes: which term of which equation, and where, as in `laplace(u)` in the
    /// equation of `u`; or what of a transport. Nothing where nothing does.
    pub fn limit_in_words(&self, step: &StableStep) -> Option<String> {
        match step.by {
            LimitedBy::Equations => {}
            LimitedBy::Flow => return Some("the flow, which may empty no cell in a step".into()),
            LimitedBy::Waves => return Some("waves that flows and sources make together".into()),
        }
        // What is wrong with the initial values is told when the simulation is built.
        let Limiting { origin, span, cell } = limiting(&self.pde, &self.initial).ok()??;
        let text = self.places.part(&origin, span).and_then(|place| self.text.get(place))?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let at: Vec<String> = cell.iter().map(|(x, at)| format!("{x} = {}", short(*at))).collect();
        let at = if at.is_empty() { "".into() } else { format!(", fastest at {}", at.join(", ")) };
        Some(format!("`{text}` in the {origin}{at}"))
    }
}

/// The most warnings of names of one kind that are used nowhere.
const MOST_UNUSED: usize = 8;

/// The parameters, definitions and functions that no other text of the file names.
pub(crate) fn unused(document: &DeTable<'_>) -> Vec<Warning> {
    let texts = texts(document);
    // In how many texts each name stands.
    let mut uses: HashMap<&str, usize> = HashMap::new();
    let mut own: HashMap<(&str, &str), &HashSet<String>> = HashMap::new();
    for (key, names) in &texts {
        names.iter().for_each(|name| *uses.entry(name).or_default() += 1);
        own.insert(*key, names);
    }
    let mut warnings = Vec::new();
    for (section, what) in NAMED {
        let all = keys(document, section);
        let is_unused = |(name, _): &&(String, Range<usize>)| {
            let itself = own.get(&(section, name)).is_some_and(|names| names.contains(name));
            !has_conditions(document, section, name)
                && uses.get(name.as_str()).copied().unwrap_or(0) <= usize::from(itself)
        };
        let unused: Vec<&(String, Range<usize>)> = all.iter().filter(is_unused).collect();
        let shown = if unused.len() > MOST_UNUSED { MOST_UNUSED - 1 } else { unused.len() };
        for (name, at) in &unused[..shown] {
            let message = format!("the {what} `{name}` is used nowhere");
            let others = all.iter().map(|(other, _)| other.as_str()).filter(|other| other != name);
            let help = match nearest(name, others) {
                Some(near) => format!("did you mean `{near}`? If not, remove it"),
                None => "use it, or remove it".into(),
            };
            warnings.push(Warning(Diagnostic::at(at.clone(), message).help(Some(help))));
        }
        if let Some((_, at)) = unused.get(shown) {
            let message = format!("{} more {what}s are used nowhere", unused.len() - shown);
            let help = Some("use them, or remove them");
            let label = "the first of them";
            warnings.push(Warning(Diagnostic::at(at.clone(), message).label(label).help(help)));
        }
    }
    warnings
}

/// A name that a file does not have and does not use, if a key such as `parameters.d` gives it one:
/// what it would be, the name, and the nearest name that the file has.
pub(crate) fn new_and_unused(
    before: &DeTable<'_>,
    after: &DeTable<'_>,
    path: &[String],
) -> Option<(&'static str, String, Option<String>)> {
    let [section, name, ..] = path else { return None };
    let (section, what) = NAMED.into_iter().find(|(known, _)| known == section)?;
    let known: Vec<String> = keys(before, section).into_iter().map(|(name, _)| name).collect();
    let texts = texts(after);
    let mut others = texts.iter().filter(|(key, _)| *key != (section, name.as_str()));
    let has_conditions = has_conditions(after, section, name);
    if has_conditions || known.contains(name) || others.any(|(_, names)| names.contains(name)) {
        return None;
    }
    Some((what, name.clone(), nearest(name, known.iter().map(String::as_str))))
}

/// Whether a name of this section is that of a region for which there are conditions.
fn has_conditions(document: &DeTable<'_>, section: &str, name: &str) -> bool {
    let is_here = |table: &DeTable<'_>| table.keys().any(|key| key.get_ref() == name);
    let boundary = document.iter().find(|(key, _)| key.get_ref() == "boundary");
    let Some(DeValue::Table(all)) = boundary.map(|(_, value)| value.get_ref()) else {
        return false;
    };
    let is_in = |own: &toml::Spanned<DeValue<'_>>| match own.get_ref() {
        DeValue::Table(own) => is_here(own),
        _ => false,
    };
    section == "regions" && (is_here(all) || all.values().any(is_in))
}

/// The keys of a section with their places.
fn keys(document: &DeTable<'_>, section: &str) -> Vec<(String, Range<usize>)> {
    let found = document.iter().find(|(key, _)| key.get_ref() == section);
    match found.map(|(_, value)| value.get_ref()) {
        Some(DeValue::Table(table)) => {
            table.keys().map(|key| (key.get_ref().to_string(), key.span())).collect()
        }
        _ => Vec::new(),
    }
}

/// The section and the key of each text of a file, but for the title, with the names in it. What
/// does not stand in a section has no key.
fn texts<'d>(document: &'d DeTable<'_>) -> Vec<((&'d str, &'d str), HashSet<String>)> {
    let names_of = |value: &DeValue<'_>| {
        let mut names = HashSet::new();
        names_in(value, &mut names);
        names
    };
    let mut texts = Vec::new();
    for (key, value) in document.iter() {
        let section = key.get_ref().as_ref();
        match value.get_ref() {
            _ if section == "title" => {}
            DeValue::Table(table) => texts.extend(table.iter().map(|(key, value)| {
                ((section, key.get_ref().as_ref()), names_of(value.get_ref()))
            })),
            value => texts.push(((section, ""), names_of(value))),
        }
    }
    texts
}

fn names_in(value: &DeValue<'_>, names: &mut HashSet<String>) {
    match value {
        DeValue::String(text) => {
            // An output may have a name of its own: `speed = norm(v)`.
            let formula = text.split_once('=').map_or("", |(_, formula)| formula);
            for text in [text.as_ref(), formula] {
                if let Ok(ast) = fluxions_expr::parse(text) {
                    names_of(&ast, names);
                } else if let Ok(function) = fluxions_expr::parse_function(text) {
                    let mut inside = HashSet::new();
                    names_of(&function.body, &mut inside);
                    let own = |name: &String| function.parameters.contains(name);
                    names.extend(inside.into_iter().filter(|name| !own(name)));
                }
            }
        }
        DeValue::Array(items) => items.iter().for_each(|item| names_in(item.get_ref(), names)),
        DeValue::Table(table) => table.values().for_each(|v| names_in(v.get_ref(), names)),
        _ => {}
    }
}

/// Adds the names in a syntax tree, those of functions that are called included.
fn names_of(ast: &Ast, names: &mut HashSet<String>) {
    ast.walk(&mut |node| {
        if let AstKind::Name(name) | AstKind::Call(name, ..) = &node.kind {
            names.insert(name.clone());
        }
    });
}

/// The times of [output] `at` at which nothing can be written.
pub(crate) fn outside(document: &Table<'_>, every: &Every, times: &Times) -> Vec<Warning> {
    let Every::Times(list) = every else { return Vec::new() };
    let output = match document.get("output").map(|value| value.get_ref()) {
        Some(DeValue::Table(table)) => table,
        _ => return Vec::new(),
    };
    let at = output.iter().find(|(key, _)| key.get_ref() == "at").map(|(_, value)| value.get_ref());
    let Some(DeValue::Array(items)) = at else { return Vec::new() };
    let (start, end) = (times.start, times.end);
    let is_outside = |t: &f64| !(start..=end).contains(t);
    let found = items.iter().zip(list).filter(|(_, t)| is_outside(t));
    let one = |(item, t): (&toml::Spanned<DeValue<'_>>, &f64)| {
        let message = format!("nothing is written at t = {}", brief(*t));
        let help = format!("the run goes from {} to {}", brief(start), brief(end));
        Warning(Diagnostic::at(item.span(), message).help(Some(help)))
    };
    found.map(one).collect()
}

/// Axes whose cells are so short that rounding moves their coordinates.
pub(crate) fn too_fine(document: &Table<'_>, grid: &Grid) -> Vec<Warning> {
    let table = match document.get("grid").map(|value| value.get_ref()) {
        Some(DeValue::Table(table)) => table,
        _ => return Vec::new(),
    };
    let mut warnings = Vec::new();
    for axis in grid.axes() {
        let [lower, upper] = axis.bounds();
        let largest = lower.abs().max(upper.abs());
        // Between two coordinates there is room for a few numbers at least.
        let resolution = largest * f64::EPSILON;
        if axis.spacing() >= 4.0 * resolution {
            continue;
        }
        let name = axis.name();
        let message = format!(
            "the cells of the axis `{name}` are {} long, but numbers near {} are {} apart",
            brief(axis.spacing()),
            brief(largest),
            brief(resolution)
        );
        let span = table.keys().find(|key| key.get_ref() == name).map(|key| key.span());
        let help = Some("measure the coordinate from a place nearer to the domain".into());
        warnings.push(Warning(Diagnostic { message, span, label: String::new(), help }));
    }
    warnings
}

/// Conditions without effect, given what the operators look at: a field or definition by its name, and
/// an axis or all of them.
pub(crate) fn unused_conditions(
    conditions: &[(BoundaryPlace, Range<usize>)],
    looked: &[(String, Option<String>)],
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (place, span) in conditions {
        let axis = place.axis();
        let here = |(name, along): &&(String, Option<String>)| {
            place.is_for(name) && along.as_ref().is_none_or(|along| along == axis)
        };
        let mut looked = looked.iter().filter(here).peekable();
        let nobody_looks = looked.peek().is_none();
        let counts = |name: &str, side: &char| {
            let beats = |(other, _): &(BoundaryPlace, _)| other.beats(place, name, *side);
            !conditions.iter().any(beats)
        };
        if looked.any(|(name, _)| place.sides().any(|side| counts(name, &side))) {
            continue;
        }
        let message = match &place.of {
            _ if !nobody_looks => "more specific conditions override this one everywhere".into(),
            Some(of) => format!("no operator looks at `{of}` beyond the walls of {axis}"),
            None => format!("no operator looks beyond the walls of {axis}"),
        };
        let help = match nobody_looks {
            true => "this condition has no effect: remove it, or use an operator along the axis",
            false => "this condition has no effect: remove it, or those that override it",
        };
        warnings.push(Warning(Diagnostic::at(span.clone(), message).help(Some(help))));
    }
    warnings
}

/// Conditions that are two in one, at faces where the equations of a field want one.
pub(crate) fn two_for_one(
    conditions: &[(BoundaryPlace, Range<usize>)],
    overdetermined: &[(String, Face)],
    grid: &Grid,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (place, span) in conditions.iter().filter(|(place, _)| place.two) {
        let counts = |name: &str, side: char| {
            !conditions.iter().any(|(other, _)| other.beats(place, name, side))
        };
        let is_here = |(name, face): &&(String, Face)| {
            let axis = grid.inner_axis(face.axis).is_some_and(|axis| axis.name() == place.axis());
            let mut sides = place.sides();
            axis && place.is_for(name)
                && sides.any(|side| side == face.side.sign() && counts(name, side))
        };
        let Some((name, _)) = overdetermined.iter().find(is_here) else { continue };
        let message = format!("the equation of `{name}` wants one condition at this wall, not two");
        let help =
            "two are for equations of fourth order in space, such as that of a plate: leave one";
        warnings.push(Warning(Diagnostic::at(span.clone(), message).help(Some(help))));
    }
    warnings
}

/// Regions without a cell.
pub(crate) fn empty_regions(document: &Table<'_>, empty: &[&str]) -> Vec<Warning> {
    let Some(DeValue::Table(regions)) = document.get("regions").map(|value| value.get_ref()) else {
        return Vec::new();
    };
    let is_empty = |key: &&toml::Spanned<_>| empty.contains(&AsRef::<str>::as_ref(key.get_ref()));
    let one = |key: &toml::Spanned<_>| {
        let message = format!("no cell has its centre in the region `{}`", key.get_ref());
        let help = Some("this region has no effect: check its bounds against those of the grid");
        Warning(Diagnostic::at(key.span(), message).help(help))
    };
    regions.keys().filter(is_empty).map(one).collect()
}

/// Regions that close what no operator looks at: a field, or all of them.
pub(crate) fn closed_in_vain(
    closed: &[(Option<String>, Range<usize>)],
    looked: &[(String, Option<String>)],
) -> Vec<Warning> {
    let is_seen = |of: &Option<String>| {
        looked.iter().any(|(name, _)| of.as_ref().is_none_or(|of| of == name))
    };
    let one = |(of, span): &(Option<String>, Range<usize>)| {
        let message = match of {
            Some(of) => format!("no operator looks at `{of}`, so that a region cannot close it"),
            None => "no operator looks at a field, so that a region cannot close any".into(),
        };
        let help = Some("this condition has no effect: remove it, or name the field that flows");
        Warning(Diagnostic::at(span.clone(), message).help(help))
    };
    closed.iter().filter(|(of, _)| !is_seen(of)).map(one).collect()
}

/// For which quantity, and where, a condition stands.
#[derive(Clone, Debug)]
pub(crate) struct BoundaryPlace {
    of: Option<String>,
    at: String,
    /// Whether it is for normal components only.
    normal: bool,
    /// Whether it is two conditions in one.
    two: bool,
}

impl BoundaryPlace {
    fn axis(&self) -> &str {
        self.at.trim_end_matches(['-', '+'])
    }

    /// Both sides of its axis, or the one for which it stands.
    fn sides(&self) -> impl Iterator<Item = char> {
        let stands_for = |side: &char| self.at == self.axis() || self.at.ends_with(*side);
        ['-', '+'].into_iter().filter(move |side| stands_for(side))
    }

    fn is_for(&self, name: &str) -> bool {
        self.of.as_ref().is_none_or(|of| of == name)
    }

    /// Whether this condition counts instead of `other` for a quantity on a side of its axis.
    fn beats(&self, other: &BoundaryPlace, name: &str, side: char) -> bool {
        let specific = |place: &BoundaryPlace| (place.of.is_some(), place.at != place.axis());
        self.axis() == other.axis()
            && self.is_for(name)
            && self.sides().any(|own| own == side)
            && !self.normal
            && specific(self) > specific(other)
    }
}

impl From<&BoundaryEntry> for BoundaryPlace {
    fn from(entry: &BoundaryEntry) -> Self {
        let (of, at) = (entry.of.clone(), entry.at.clone());
        let two =
            matches!(entry.condition, Condition::Clamped { .. } | Condition::Supported { .. });
        BoundaryPlace { of, at, normal: entry.condition.is_normal(), two }
    }
}

/// What the expressions of a system say that is probably not meant.
pub(crate) fn doubts(found: Vec<Doubt>, places: &Places) -> Vec<Warning> {
    let one = |doubt: Doubt| {
        let span = places.part(&doubt.origin, doubt.span);
        let label = format!("in the {}", doubt.origin);
        Warning(Diagnostic { message: doubt.message, span, label, help: Some(doubt.help) })
    };
    found.into_iter().map(one).collect()
}
