//! What tables of [output] write: names of fields and definitions, and expressions with names.

use fluxions_solver::Origin;

use super::diagnostic::Diagnostic;
use super::output::{NAMES, is_name};
use super::reader::{Reader, Table, TomlValue};

/// What can be written, and what has been named so far: one name means one expression in the whole file.
pub(super) struct Written {
    /// What is written where nothing is named, and what has been named so far; an expression for what is no field.
    usual: Vec<(String, Option<String>)>,
    known: Vec<(String, Option<String>)>,
}

impl Written {
    /// The fields of a system, all of which are written where nothing is named.
    pub(super) fn new(fields: &[String]) -> Self {
        let usual: Vec<_> = fields.iter().map(|name| (name.clone(), None)).collect();
        Written { known: usual.clone(), usual }
    }

    /// Takes these as what is written where nothing is named.
    pub(super) fn set_usual(&mut self, usual: &[(String, Option<String>)]) {
        self.usual = usual.to_vec();
    }

    /// What the key `fields` of a table names, or what is usual.
    pub(super) fn read<'t>(
        &mut self,
        reader: &mut Reader<'t>,
        table: &Table<'t>,
    ) -> Vec<(String, Option<String>)> {
        let Some(value) = table.get("fields") else { return self.usual.clone() };
        let Some(items) = reader.list(value) else { return Vec::new() };
        if items.is_empty() {
            reader.note(Diagnostic::at(value.span(), "no field is written"));
        }
        let mut found: Vec<(String, Option<String>)> = Vec::new();
        for item in items {
            let Some((name, expression)) = self.read_one(reader, item) else { continue };
            if found.iter().any(|(other, _)| *other == name) {
                let message = format!("`{name}` is written twice");
                reader.note(Diagnostic::at(item.span(), message));
                continue;
            }
            found.push((name, expression));
        }
        found
    }

    /// What a name, or an expression with a name, stands for.
    pub(super) fn read_one<'t>(
        &mut self,
        reader: &mut Reader<'t>,
        item: &'t TomlValue<'t>,
    ) -> Option<(String, Option<String>)> {
        let text = reader.string(item, "a name, or name = expression")?;
        let (name, expression) = split(text);
        if !is_name(name) {
            let message = format!("`{name}` is not a name for a field of the output");
            let help = match expression {
                None => format!("write it as name = {text}"),
                Some(_) => NAMES.into(),
            };
            reader.note(Diagnostic::at(item.span(), message).help(Some(help)));
            return None;
        }
        let name = name.to_string();
        let known = self.known.iter().find(|(known, _)| *known == name).cloned();
        match (known, expression) {
            (Some((_, None)), Some(_)) => {
                let message = format!("`{name}` is already the name of a field");
                let help = Some("give the expression another name");
                reader.note(Diagnostic::at(item.span(), message).help(help));
                None
            }
            (Some((_, Some(other))), Some(expression)) if other != expression => {
                let message = format!("`{name}` is already the name of another expression");
                let help = Some(format!("that is {other}: give this one another name"));
                reader.note(Diagnostic::at(item.span(), message).help(help));
                None
            }
            (Some(known), _) => Some(known),
            (None, expression) => {
                // The expression is the end of the text, if it has a name of its own.
                let before = expression.map_or(0, |e| text.trim_end().len() - e.len());
                reader.remember_end(Origin::Output(name.clone()), item, before);
                // A definition's name is an expression.
                let expression = expression.unwrap_or(&name).to_string();
                self.known.push((name.clone(), Some(expression.clone())));
                Some((name, Some(expression)))
            }
        }
    }

    /// The names that have been given so far, the fields first.
    pub(super) fn names(&self) -> Vec<String> {
        self.known.iter().map(|(name, _)| name.clone()).collect()
    }
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
}
