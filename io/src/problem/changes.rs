//! What is different between two problems, and what may change when a run goes on.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Value};

/// Keys, and sections with all that is in them, that change nothing of what a run has computed so far.
const MAY_CHANGE: [&str; 8] = [
    "title",
    "time.end",
    "time.max_steps",
    "stop",
    "checkpoint",
    "ranks",
    "execution",
    "output.picture",
];

/// The same in words.
pub(crate) const MAY_CHANGE_IN_WORDS: &str = "`title`, `end` and `max_steps` of [time], [stop], [checkpoint], [ranks], [execution], and `picture` of [output]";

/// What keeps a run that has begun with one of these texts from going on with the other, in words: the first difference
/// that may not be. Nothing if there is none.
pub(crate) fn difference(before: &str, now: &str) -> Option<String> {
    let (before, now) = (values(before), values(now));
    let mut keys = before.keys().chain(now.keys().filter(|key| !before.contains_key(*key)));
    let key = keys.find(|key| before.get(*key) != now.get(*key) && !may_change(key))?;
    let said = |value: Option<&String>| value.map_or("not given".into(), |v| format!("`{v}`"));
    Some(format!("{key} was {}, and is {}", said(before.get(key)), said(now.get(key))))
}

fn may_change(key: &str) -> bool {
    MAY_CHANGE.iter().any(|free| {
        key.strip_prefix(free).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// All values of a document by their full keys, without comments and spaces.
fn values(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if let Ok(document) = text.parse::<DocumentMut>() {
        collect("", document.as_item(), &mut all);
    }
    all
}

fn collect(path: &str, item: &Item, all: &mut BTreeMap<String, String>) {
    let inner = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    if let Some(table) = item.as_table_like() {
        table.iter().for_each(|(key, item)| collect(&inner(key), item, all));
    } else if let Some(tables) = item.as_array_of_tables() {
        for (number, table) in tables.iter().enumerate() {
            collect(&inner(&number.to_string()), &Item::Table(table.clone()), all);
        }
    } else if let Some(value) = item.as_value() {
        let value = said(value);
        // Folders may be moved, and names of files are relative to them.
        let value = match path.rsplit('.').next() {
            Some("file") => value.rsplit('/').next().unwrap_or_default().to_string(),
            _ => value,
        };
        all.insert(path.into(), value);
    }
}

/// A value as it is written, without what stands around it.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.value().clone(),
        // 1 and 1.0 are the same number.
        Value::Integer(n) => (*n.value() as f64).to_string(),
        Value::Float(x) => x.value().to_string(),
        Value::Boolean(b) => b.value().to_string(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(said).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string().trim().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_may_change_but_no_equation() {
        let text = "[equations]\nu = \"laplace(u)\"\n[time]\nend = 1\ndt = 0.1\n";
        let later =
            "# later\n[time]\nend = 2.5\ndt=0.1\n[equations]\nu = 'laplace(u)'\n[stop]\nwhen = 1\n";
        assert_eq!(difference(text, later), None);
        let found = |now: &str| difference(text, now).unwrap();
        let other = text.replace("laplace(u)", "2*laplace(u)");
        assert_eq!(found(&other), "equations.u was `laplace(u)`, and is `2*laplace(u)`");
        let more = text.replace("[time]", "[noise]\nu = 0.1\n[time]");
        assert_eq!(found(&more), "noise.u was not given, and is `0.1`");
        assert_eq!(found(&text.replace("dt = 0.1", "dt = 0.2")), "time.dt was `0.1`, and is `0.2`");
        let whole = text.replace("dt = 0.1", "dt = 1");
        assert_eq!(difference(&whole, &whole.replace("dt = 1", "dt = 1.0")), None);
    }
}
