//! The section [checkpoint].

use toml::de::DeValue;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table, TomlValue};
use super::stop::duration;
use crate::checkpoint::Rhythm;

/// When checkpoints are written while a run goes on, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checkpointing {
    /// When.
    pub rhythm: Rhythm,
    /// How many are kept.
    pub keep: usize,
}

impl Default for Checkpointing {
    fn default() -> Self {
        Checkpointing { rhythm: Rhythm::default(), keep: 2 }
    }
}

const KEYS: [&str; 2] = ["every", "keep"];
/// More would fill disks.
const MOST: u64 = 10_000;

/// Reads the section, if there is one.
pub(super) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Checkpointing {
    let mut found = Checkpointing::default();
    if document.get("checkpoint").is_none() {
        return found;
    }
    let Some(table) = reader.table(document, "checkpoint") else { return found };
    reader.known_keys(&table, &KEYS);
    if let Some(value) = table.get("every") {
        found.rhythm = rhythm(reader, value).unwrap_or_default();
    }
    if let Some(value) = table.get("keep") {
        match reader.whole_number(value, "the number of checkpoints that are kept") {
            Some(keep @ 1..=MOST) => found.keep = keep as usize,
            Some(keep) => {
                let message = format!("{keep} checkpoints cannot be kept: 1 to {MOST} can");
                reader.note(Diagnostic::at(value.span(), message));
            }
            None => {}
        }
    }
    found
}

/// Reads an interval: of time by the clock on the wall, or { time = … } of simulation time.
fn rhythm<'t>(reader: &mut Reader<'t>, value: &'t TomlValue<'t>) -> Option<Rhythm> {
    let is_table = matches!(value.get_ref(), DeValue::Table(_));
    if !is_table {
        let found = duration(reader, value);
        if found.is_none() {
            let message = "the interval between checkpoints is a number of seconds by the clock on the wall, a \
                           text, or { time = … } of simulation time";
            let help = Some("every = \"10 min\", or every = { time = 100 }".to_string());
            reader.note(Diagnostic::at(value.span(), message).help(help));
        }
        return found.map(Rhythm::Wall);
    }
    let table = reader.as_table(value, "every")?;
    reader.known_keys(&table, &["time"]);
    let Some(time) = table.get("time") else {
        let message = "`time` is missing: the simulation time between checkpoints";
        reader.note(Diagnostic::at(value.span(), message));
        return None;
    };
    let interval = reader.number(time)?;
    if !(interval > 0.0 && interval.is_finite()) {
        let message = format!("the interval must be positive, not {interval}");
        reader.note(Diagnostic::at(time.span(), message));
        return None;
    }
    Some(Rhythm::Simulation(interval))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Problem;

    fn read(section: &str) -> Result<Checkpointing, String> {
        let text = format!(
            "[grid]\nx = {{ bounds = [0, 1], cells = 8 }}\n[equations]\nu = \"laplace(u)\"\n[initial]\nu = 1\n\
             [time]\nend = 1\ndt = 0.001\n{section}"
        );
        let problem = Problem::parse("p.toml", &text).map_err(|mistakes| mistakes.to_string());
        problem.map(|problem| problem.checkpoint)
    }

    #[test]
    fn intervals_are_by_the_wall_or_in_simulation_time() {
        let wall = |seconds| Rhythm::Wall(Duration::from_secs(seconds));
        for (section, rhythm, keep) in [
            ("", wall(600), 2),
            ("[checkpoint]\nevery = \"1h 30min\"\nkeep = 5", wall(5400), 5),
            ("[checkpoint]\nevery = 30", wall(30), 2),
            ("[checkpoint]\nevery = { time = \"2*2\" }", Rhythm::Simulation(4.0), 2),
        ] {
            assert_eq!(read(section), Ok(Checkpointing { rhythm, keep }), "{section}");
        }
        for (section, said) in [
            ("[checkpoint]\nevery = \"soon\"", "a number of seconds"),
            ("[checkpoint]\nevery = 0", "a number of seconds"),
            ("[checkpoint]\nevery = { time = -1 }", "must be positive"),
            ("[checkpoint]\nevery = { tim = 1 }", "`tim`"),
            ("[checkpoint]\nkeep = 0", "0 checkpoints cannot be kept"),
            ("[checkpoint]\nkept = 1", "`kept`"),
        ] {
            let found = read(section).unwrap_err();
            assert!(found.contains(said), "{section}: {found}");
        }
    }
}
