//! The section [execution]: what kernels are compiled to, and how steps are run. None of this changes
//! the result by a bit.

use fluxions_expr::Backend;
use fluxions_solver::{Blocking, Halos};

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};
use crate::suggest::suggest;

/// How a problem is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// What kernels are compiled to, if the file says so.
    pub backend: Option<Backend>,
    /// How many steps are made in one sweep over memory.
    pub blocking: Blocking,
    /// How halos go between ranks.
    pub halos: Halos,
}

impl Execution {
    /// What kernels are compiled to for a run in which so many cells are stepped in all: what makes
    /// them fastest, unless the run is so short that compiling takes longer than it saves.
    pub(crate) fn backend_for(&self, cell_steps: f64) -> Backend {
        /// Compiling a kernel takes some ten milliseconds and more, in which closures step about as
        /// many cells.
        const WORTH_COMPILING: f64 = 1e6;
        match self.backend {
            Some(backend) => backend,
            None if cell_steps < WORTH_COMPILING => Backend::Closures,
            None => Backend::default(),
        }
    }
}

pub(crate) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Execution {
    let mut execution = Execution::default();
    let Some(table) = reader.table(document, "execution") else { return execution };
    reader.known_keys(&table, &["backend", "steps_per_sweep", "slabs", "tile", "stream", "halos"]);
    if let Some(value) = table.get("backend")
        && let Some(word) = reader.string(value, "the name of a back end")
    {
        match Backend::ALL.iter().find(|backend| backend.name() == word) {
            Some(backend) => execution.backend = Some(*backend),
            None => {
                let message = format!("this build of Fluxions has no back end \"{word}\"");
                let names = Backend::ALL.iter().map(|backend| backend.name());
                let help = suggest(word, names, '"', "it has");
                reader.note(Diagnostic::at(value.span(), message).help(Some(help)));
            }
        }
    }
    if let Some(value) = table.get("halos")
        && let Some(word) = reader.string(value, "how halos go")
    {
        match Halos::ALL.into_iter().find(|halos| halos.name() == word) {
            Some(halos) => execution.halos = halos,
            None => {
                let message = format!("halos do not go \"{word}\"");
                let names = Halos::ALL.iter().map(|halos| halos.name());
                let help = suggest(word, names, '"', "there are");
                reader.note(Diagnostic::at(value.span(), message).help(Some(help)));
            }
        }
    }
    let mut number = |key: &str, what: &str| {
        let value = table.get(key)?;
        reader.whole_number(value, what).map(|number| number as usize)
    };
    let blocking = &mut execution.blocking;
    blocking.steps = number("steps_per_sweep", "the number of steps in a sweep");
    blocking.slabs = number("slabs", "the number of slabs advanced at a time");
    blocking.tile = number("tile", "the number of cells of a tile");
    blocking.stream = table.get("stream").and_then(|value| reader.boolean(value));
    execution
}
