//! `--set key=value`: changes in a problem file's text.

use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

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
    /// A key below something that is not a table.
    #[error("`{key}` lies below `{parent}`, which is not a table")]
    NotATable {
        /// The key.
        key: String,
        /// The part of the key that is not a table.
        parent: String,
    },
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
    let path = Key::parse(key)
        .map(|path| path.iter().map(|k| k.get().to_string()).collect::<Vec<_>>())
        // `boundary.x+` is no TOML key without quotes, but what else could it mean?
        .unwrap_or_else(|_| key.split('.').map(str::to_string).collect());
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
}
