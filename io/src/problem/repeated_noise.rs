//! Whether a problem repeats the noise of the run from which its initial values come.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::external::ExternalEntry;
use super::warning::Warning;
use crate::series::Series;

/// A warning for the first of the initial values that come from a run with noise of the same seed. Noise is a function of seed,
/// name, cell and number of the step, and steps are counted from the beginning of each run.
pub(crate) fn repeated_noise(initial: &[ExternalEntry], seed: u64) -> Option<Warning> {
    let repeats = |entry: &&ExternalEntry| seed_of_noise(entry.path()) == Some(seed);
    let entry = initial.iter().find(repeats)?;
    let message = format!(
        "this run has the noise of the run that wrote {}, from its first step on: the seed is the same",
        entry.path().display()
    );
    let help = format!(
        "write another seed than {seed} in [random], or go on with that run by --resume, \
         which goes on with its noise"
    );
    Some(Warning(Diagnostic::at(entry.span(), message).help(Some(help))))
}

/// The seed of the noise in the run that wrote a file; nothing if no run with noise has.
fn seed_of_noise(path: &Path) -> Option<u64> {
    let text = Series::open(path).ok()?.text("problem");
    let (document, _) = DeTable::parse_recoverable(&text);
    let document = document.get_ref();
    document.get("noise")?;
    let Some(random) = document.get("random") else { return Some(0) };
    let DeValue::Table(random) = random.get_ref() else { return None };
    match random.get("seed").map(|seed| seed.get_ref()) {
        None => Some(0),
        Some(DeValue::Integer(seed)) => seed.as_str().parse().ok(),
        Some(_) => None,
    }
}
