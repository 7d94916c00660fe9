//! Reads values from a TOML document and notes every mistake with its place.

use std::collections::HashMap;
use std::ops::Range;

use fluxions_expr::{Place, Scope, Space};
use fluxions_solver::{Error, Formula, Origin};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::help::{help, of_expression};
use crate::numbers::brief;
use crate::suggest::suggest;

/// The largest whole number that a problem file can hold; doubles tell all of these apart.
const MOST: f64 = 9e15;

/// A value with its place.
pub(crate) type TomlValue<'t> = Spanned<DeValue<'t>>;

/// A table of the document.
pub(crate) struct Table<'t> {
    pub(crate) entries: &'t DeTable<'t>,
    /// Its full name, as in `grid.x`; empty for the document.
    name: String,
}

impl<'t> Table<'t> {
    pub(crate) fn document(entries: &'t DeTable<'t>) -> Self {
        Table { entries, name: String::new() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'t TomlValue<'t>> {
        self.entries.iter().find(|(k, _)| k.get_ref() == key).map(|(_, value)| value)
    }

    pub(crate) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.keys().find(|k| k.get_ref() == key).map(Spanned::span)
    }
}

/// The place of the text of an expression in the file.
#[derive(Clone, Debug)]
struct TextPlace {
    whole: Range<usize>,
    /// Where the text itself begins, unless escapes make it differ from the file's text.
    start: Option<usize>,
}

/// Reads a document.
pub(crate) struct Reader<'t> {
    text: &'t str,
    /// What constant expressions can use.
    scope: Scope,
    pub(crate) mistakes: Vec<Diagnostic>,
    /// Whether a number stands for a value that could not be read.
    pub(crate) has_substitutes: bool,
    /// The functions that could not be read.
    pub(crate) unreadable: Vec<String>,
    /// Where the length of a step stands.
    pub(crate) dt: Option<Range<usize>>,
    keys: HashMap<Origin, Range<usize>>,
    texts: HashMap<Origin, TextPlace>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Reader {
            text,
            scope: Scope::new(Place::Constant, &Space::nowhere()),
            mistakes: Vec::new(),
            has_substitutes: false,
            unreadable: Vec::new(),
            dt: None,
            keys: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// Lets constant expressions use these parameters and spacings of cells. They cannot use the
    /// coordinates of `space`, nor what follows from the grid before it is known (`undecided`), and
    /// messages say so.
    pub(crate) fn allow(
        &mut self,
        parameters: &[(String, f64)],
        space: &Space,
        spacings: &[(String, Option<f64>)],
        undecided: &[&str],
    ) {
        self.scope = Scope::new(Place::Constant, space);
        for (name, spacing) in spacings {
            match spacing {
                Some(spacing) => self.scope.spacing(name, *spacing),
                None => self.scope.undecided(name),
            }
        }
        for (name, value) in parameters {
            self.scope.number(name, *value);
        }
        for name in undecided {
            self.scope.undecided(name);
        }
    }

    pub(crate) fn note(&mut self, mistake: Diagnostic) {
        self.mistakes.push(mistake);
    }

    /// Notes every key of a table that is not among the known ones. Returns whether there is one.
    pub(crate) fn known_keys(&mut self, table: &Table<'t>, known: &[&str]) -> bool {
        let before = self.mistakes.len();
        for key in table.entries.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown_key(table, key, known);
            }
        }
        self.mistakes.len() > before
    }

    /// Notes that a key is unknown.
    pub(crate) fn unknown_key(
        &mut self,
        table: &Table<'t>,
        key: &Spanned<toml::de::DeString<'t>>,
        known: &[&str],
    ) {
        // What the keys should be follows from what is wrong elsewhere.
        if known.is_empty() && !self.mistakes.is_empty() {
            return;
        }
        let place = match table.name.as_str() {
            "" => "the problem file".to_string(),
            name => format!("[{name}]"),
        };
        let help = suggest(key.get_ref(), known.iter().copied(), '`', "known here:");
        let help = super::boundary::from_textbooks(key.get_ref())
            .filter(|_| table.name.starts_with("boundary"))
            .unwrap_or(help);
        let message = format!("unknown key `{}` in {place}", key.get_ref());
        self.note(Diagnostic::at(key.span(), message).help(Some(help)));
    }

    /// Notes that a word, which says `what` there is, is not among the known ones.
    pub(crate) fn unknown_word(
        &mut self,
        at: Range<usize>,
        what: &str,
        word: &str,
        known: &[&str],
    ) {
        let help = suggest(word, known.iter().copied(), '"', "known here:");
        let message = format!("unknown {what} \"{word}\"");
        self.note(Diagnostic::at(at, message).help(Some(help)));
    }

    /// Notes that a section of the document is missing.
    pub(crate) fn missing_section(&mut self, name: &str, example: &str) {
        let message = format!("the section [{name}] is missing");
        let help = Some(format!("write it as\n[{name}]\n{example}"));
        self.note(Diagnostic { message, span: None, label: String::new(), help });
    }

    /// The value at a key that a table must have. If it is missing, that is noted, unless the
    /// table has unknown keys: one of them may be a misspelt one.
    pub(crate) fn required(
        &mut self,
        table: &Table<'t>,
        key: &str,
        at: Option<Range<usize>>,
        example: &str,
        has_unknown: bool,
    ) -> Option<&'t TomlValue<'t>> {
        let value = table.get(key);
        if value.is_none() && !has_unknown {
            let message = format!("`{key}` is missing in [{}]", table.name);
            let help = Some(format!("for example {key} = {example}"));
            self.note(Diagnostic { message, span: at, label: String::new(), help });
        }
        value
    }

    pub(crate) fn wrong_type(&mut self, value: &TomlValue<'t>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.note(Diagnostic::at(value.span(), format!("expected {expected}, found {found}")));
    }

    /// The table at a key, if there is one.
    pub(crate) fn table(&mut self, parent: &Table<'t>, key: &str) -> Option<Table<'t>> {
        let value = parent.get(key)?;
        let name = match parent.name.as_str() {
            "" => key.to_string(),
            parent => format!("{parent}.{key}"),
        };
        self.as_table(value, &name)
    }

    pub(crate) fn as_table(&mut self, value: &'t TomlValue<'t>, name: &str) -> Option<Table<'t>> {
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table { entries, name: name.into() }),
            _ => {
                self.wrong_type(value, "a table");
                None
            }
        }
    }

    pub(crate) fn list(&mut self, value: &'t TomlValue<'t>) -> Option<Vec<&'t TomlValue<'t>>> {
        match value.get_ref() {
            DeValue::Array(items) => Some(items.iter().collect()),
            _ => {
                self.wrong_type(value, "a list");
                None
            }
        }
    }

    pub(crate) fn string(&mut self, value: &'t TomlValue<'t>, expected: &str) -> Option<&'t str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => {
                self.wrong_type(value, expected);
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, value: &'t TomlValue<'t>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong_type(value, "true or false");
                None
            }
        }
    }

    /// A number or the text of an expression.
    pub(crate) fn scalar(&mut self, value: &'t TomlValue<'t>) -> Option<Formula> {
        let number = match value.get_ref() {
            DeValue::String(text) => return Some(Formula::Text(text.to_string())),
            DeValue::Integer(number) => {
                let whole = i64::from_str_radix(number.as_str(), number.radix());
                let whole = whole.ok().map(|n| n as f64);
                whole.or_else(|| number.as_str().parse().ok().filter(|_| number.radix() == 10))
            }
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => {
                self.wrong_type(value, "a number or an expression");
                return None;
            }
        };
        match number {
            Some(number) if f64::is_finite(number) => Some(Formula::Number(number)),
            _ => {
                self.note(Diagnostic::at(value.span(), "expected a finite number"));
                None
            }
        }
    }

    /// A number, the text of an expression, or a list of them.
    pub(crate) fn formula(&mut self, value: &'t TomlValue<'t>) -> Option<Formula> {
        match value.get_ref() {
            DeValue::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.formula(item)).collect();
                items.into_iter().collect::<Option<_>>().map(Formula::List)
            }
            _ => self.scalar(value),
        }
    }

    /// The same; a number stands for what could not be read, so that its name is not unknown.
    pub(crate) fn formula_or_substitute(&mut self, value: &'t TomlValue<'t>) -> Formula {
        self.formula(value).unwrap_or_else(|| {
            self.has_substitutes = true;
            Formula::Number(1.0)
        })
    }

    /// A number, or the value of a constant expression.
    pub(crate) fn number(&mut self, value: &'t TomlValue<'t>) -> Option<f64> {
        match self.scalar(value)? {
            Formula::Number(number) => Some(number),
            Formula::Text(text) => match fluxions_expr::evaluate(&text, &self.scope) {
                Ok(number) => Some(number),
                Err(errors) => {
                    let place = self.text_place(value);
                    for error in errors {
                        self.note(expression_mistake(&error, &place, "a constant"));
                    }
                    None
                }
            },
            Formula::List(_) | Formula::Values(_) | Formula::Table(_) | Formula::Wall(_) => {
                unreachable!("`scalar` makes no other formula")
            }
        }
    }

    /// A number that is whole and not negative.
    pub(crate) fn whole_number(&mut self, value: &'t TomlValue<'t>, what: &str) -> Option<u64> {
        let number = self.number(value)?;
        if number.fract() == 0.0 && (0.0..=MOST).contains(&number) {
            return Some(number as u64);
        }
        let found = self.as_typed(value, number);
        let message = match number.fract() == 0.0 && number > 0.0 {
            true => format!("{what} must be at most {MOST}, not {found}"),
            false => format!("{what} must be a whole number, not {found}"),
        };
        self.note(Diagnostic::at(value.span(), message));
        None
    }

    /// A number as it stands in the file: doubles have fewer digits than people can type. Where an
    /// expression stands there, its value.
    fn as_typed(&self, value: &TomlValue<'t>, number: f64) -> String {
        match value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) => self.text[value.span()].to_string(),
            _ => brief(number),
        }
    }

    fn text_place(&self, value: &TomlValue<'t>) -> TextPlace {
        let whole = value.span();
        let start = match value.get_ref() {
            DeValue::String(text) => {
                let raw = &self.text[whole.clone()];
                raw.find(text.as_ref()).map(|offset| whole.start + offset)
            }
            _ => None,
        };
        TextPlace { whole, start }
    }

    /// Remembers where a part of the problem stands.
    pub(crate) fn remember(&mut self, origin: Origin, key: Range<usize>, value: &TomlValue<'t>) {
        if let DeValue::Array(items) = value.get_ref() {
            for (k, item) in items.iter().enumerate() {
                self.remember(origin.item(k), item.span(), item);
            }
        }
        let place = self.text_place(value);
        self.texts.insert(origin.clone(), place);
        self.keys.insert(origin, key);
    }

    /// Remembers where a part of the problem stands that is the end of a text, after so many bytes.
    pub(crate) fn remember_end(&mut self, origin: Origin, value: &TomlValue<'t>, before: usize) {
        let TextPlace { whole, start } = self.text_place(value);
        let start = start.map(|start| start + before);
        self.keys.insert(origin.clone(), whole.clone());
        self.texts.insert(origin, TextPlace { whole, start });
    }

    /// Where the parts of the problem stand, for mistakes that are found later.
    pub(crate) fn places(self) -> (Places, Vec<Diagnostic>) {
        (Places { dt: self.dt, keys: self.keys, texts: self.texts }, self.mistakes)
    }
}

/// Where the parts of a problem stand in its file.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Where the length of a step stands.
    pub(crate) dt: Option<Range<usize>>,
    keys: HashMap<Origin, Range<usize>>,
    texts: HashMap<Origin, TextPlace>,
}

impl Places {
    /// The mistake with its place in the file.
    pub(crate) fn locate(&self, error: &Error) -> Diagnostic {
        if let Error::Expression { origin, error, .. } = error
            && let Some(place) = self.texts.get(origin)
        {
            let mistake = expression_mistake(error, place, &format!("the {origin}"));
            let Origin::Parameter(name) = origin else { return mistake };
            let help = || format!("a parameter is a number: move `{name}` to [define]");
            return match &**error {
                fluxions_expr::Error::NotAllowed { instead: None, .. } => {
                    mistake.help(Some(help()))
                }
                _ => mistake,
            };
        }
        let equation;
        let origin = match error {
            Error::NoInitialValue { field } => {
                equation = Origin::Equation(field.clone());
                Some(&equation)
            }
            _ => error.origin(),
        };
        if let Error::NotSymmetric { origin, span, .. } = error
            && *span != fluxions_expr::Span::default()
            && let Some(place) = self.texts.get(origin)
        {
            let label = format!("in the {origin}");
            return Diagnostic::at(place.of(*span), error.to_string())
                .label(label)
                .help(help(error));
        }
        let span = origin.and_then(|origin| self.key_of(origin));
        let message = error.to_string();
        Diagnostic { message, span, label: String::new(), help: help(error) }
    }

    /// Where a part of an expression's text stands.
    pub(crate) fn part(&self, origin: &Origin, span: fluxions_expr::Span) -> Option<Range<usize>> {
        let text = self.texts.get(origin).or_else(|| match origin {
            // Parameters that are no plain numbers are definitions.
            Origin::Define(name) => self.texts.get(&Origin::Parameter(name.clone())),
            _ => None,
        });
        text.map(|place| place.of(span))
    }

    /// Where a part of the problem stands, or else the whole to which it belongs: an option of
    /// transport that the file leaves out belongs to its section, and so does the equation of a
    /// field that is only advected.
    fn key_of(&self, origin: &Origin) -> Option<Range<usize>> {
        if let Some(span) = self.keys.get(origin) {
            return Some(span.clone());
        }
        match origin {
            Origin::Item { of, .. } => self.key_of(of),
            Origin::Equation(field) | Origin::Transport { of: field, .. } => {
                let whole = Origin::Transport { of: field.clone(), key: "" };
                self.keys.get(&whole).cloned()
            }
            _ => None,
        }
    }
}

impl TextPlace {
    /// Where a part of the text stands in the file.
    fn of(&self, span: fluxions_expr::Span) -> Range<usize> {
        match self.start {
            Some(start) => start + span.start..start + span.end,
            None => self.whole.clone(),
        }
    }
}

fn expression_mistake(error: &fluxions_expr::Error, place: &TextPlace, whose: &str) -> Diagnostic {
    Diagnostic::at(place.of(error.span()), error.to_string())
        .label(format!("in {whose}"))
        .help(of_expression(error))
}
