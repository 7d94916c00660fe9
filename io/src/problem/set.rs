//! `--set key=value`: changes in a problem file's text.

use toml::de::DeTable;
use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

use super::warning::new_and_unused;

/// Why a change cannot be applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// An argument without `=`.
    #[error("`{argument}` is not of the form key=value")]
    NoValue {
        /// The argument.
        argument: String,
    },
    /// A key that cannot be read.
    #[error("`{key}` is not a key such as time.end")]
    BadKey {
        /// The key.
        key: String,
    },
    /// A name that the file does not have, and that nothing in it would use.
    #[error("the file has no {what} `{name}`, and nothing uses it")]
    Unused {
        /// What it would be.
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest name that the file has.
        nearest: Option<String>,
    },
    /// A key below something that is not a table.
    #[error("`{key}` lies below `{parent}`, which is not a table")]
    NotATable {
        /// The key.
        key: String,
        /// The part of the key that is not a table.
        parent: String,
    },
}

impl SetError {
    /// What may have been meant.
    pub fn help(&self) -> Option<String> {
        match self {
            SetError::Unused { nearest: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            _ => None,
        }
    }
}

/// Whether an argument gives a value to a name that is of use: `before` is the file's text, `after`
/// the text with all that was set.
///
/// # Errors
/// If neither text has the name but for that argument.
pub fn is_used(before: &str, after: &str, argument: &str) -> Result<(), SetError> {
    let Some((key, _)) = argument.split_once('=') else { return Ok(()) };
    let (Ok(before), Ok(after)) = (DeTable::parse(before), DeTable::parse(after)) else {
        return Ok(());
    };
    match new_and_unused(before.get_ref(), after.get_ref(), &path_of(key.trim())) {
        Some((what, name, nearest)) => Err(SetError::Unused { what, name, nearest }),
        None => Ok(()),
    }
}

/// The parts of a key such as `time.end`.
fn path_of(key: &str) -> Vec<String> {
    Key::parse(key)
        .map(|path| path.iter().map(|k| k.get().to_string()).collect::<Vec<_>>())
        // `boundary.x+` is no TOML key without quotes, but what else could it mean?
        .unwrap_or_else(|_| key.split('.').map(str::to_string).collect())
}

/// Sets a key of a problem file's text to a value, as in `time.end=5`, and returns the new text. A
/// value that is not valid TOML is taken as a string.
///
/// A text that is not a TOML document is returned unchanged: its mistakes are found later.
///
/// # Errors
/// If the argument is not of that form, or its key does not fit the document.
pub fn set(text: &str, argument: &str) -> Result<String, SetError> {
    let (key, value) =
        argument.split_once('=').ok_or_else(|| SetError::NoValue { argument: argument.into() })?;
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(text.into()) };
    let key = key.trim();
    let path = path_of(key);
    if path.iter().any(String::is_empty) {
        return Err(SetError::BadKey { key: key.into() });
    }
    let value = value.trim();
    let value = value.parse::<Value>().unwrap_or_else(|_| Value::from(value));
    let Some((last, parents)) = path.split_last() else {
        return Err(SetError::BadKey { key: key.into() });
    };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, parent) in parents.iter().enumerate() {
        let item = table.entry(parent).or_insert_with(|| Item::Table(Table::new()));
        table = item.as_table_like_mut().ok_or_else(|| SetError::NotATable {
            key: key.into(),
            parent: parents[..=depth].join("."),
        })?;
    }
    match table.get_mut(last) {
        Some(item) => *item = Item::Value(value),
        None => drop(table.insert(last, Item::Value(value))),
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[grid]
x = { bounds = [0, 1], cells = 8 } # along

[time]
end = 1.0
dt = 0.1
";

    #[test]
    fn values_are_replaced_or_added_wherever_they_stand() {
        let set = |argument| set(TEXT, argument).unwrap();
        assert!(set("time.end=5").contains("end = 5\ndt = 0.1"));
        assert!(set("grid.x.cells = 16").contains("x = { bounds = [0, 1], cells = 16 }"));
        assert!(set("grid.x.periodic=true").contains("cells = 8 , periodic = true"));
        assert!(set("parameters.D=0.2").ends_with("[parameters]\nD = 0.2\n"));
        assert!(set("time.dt=2*pi").contains("dt = \"2*pi\""));
        assert!(set("equations.u=laplace(u)").contains("u = \"laplace(u)\""));
        let boundary = set("boundary.x+={ value = 1 }");
        assert!(boundary.contains("[boundary]\n\"x+\" = { value = 1 }"), "{boundary}");
        assert_eq!(set("boundary.\"x+\"={ value = 1 }"), boundary);
    }

    #[test]
    fn what_cannot_be_set_is_an_error() {
        assert!(matches!(set(TEXT, "time.end"), Err(SetError::NoValue { .. })));
        assert!(matches!(set(TEXT, "=5"), Err(SetError::BadKey { .. })));
        assert_eq!(
            set(TEXT, "time.end.x=5").unwrap_err().to_string(),
            "`time.end.x` lies below `time.end`, which is not a table"
        );
        assert_eq!(set("[[[", "a=5").unwrap(), "[[[");
    }

    #[test]
    fn a_new_name_that_nothing_uses_is_an_error() {
        let text = "[parameters]\nD = 1\n[equations]\nu = \"D*laplace(u) - k*u\"\n";
        let check = |argument: &str| is_used(text, &set(text, argument).unwrap(), argument);
        let error = check("parameters.d=2").unwrap_err();
        assert_eq!(error.to_string(), "the file has no parameter `d`, and nothing uses it");
        assert_eq!(error.help().unwrap(), "did you mean `D`?");
        assert!(check("define.a=u^2").is_err());
        assert!(check("functions.f=(a) -> 2*a").is_err());
        for right in ["parameters.D=2", "parameters.k=2", "define.k=x^2", "time.end=2"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        // What another argument sets may use it.
        let after = set(&set(text, "parameters.q=2").unwrap(), "equations.u=q*u").unwrap();
        assert_eq!(is_used(text, &after, "parameters.q=2"), Ok(()));
    }
}
