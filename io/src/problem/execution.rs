//! The section [execution]: what kernels are compiled to, and how steps are run. None of this changes
//! the result by a bit.

use fluxions_expr::Backend;
use fluxions_solver::Blocking;

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};
use crate::suggest::suggest;

/// How a problem is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// What kernels are compiled to.
    pub backend: Backend,
    /// How many steps are made in one sweep over memory.
    pub blocking: Blocking,
}

pub(crate) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> Execution {
    let mut execution = Execution::default();
    let Some(table) = reader.table(document, "execution") else { return execution };
    reader.known_keys(&table, &["backend", "steps_per_sweep", "slabs", "tile", "stream"]);
    if let Some(value) = table.get("backend")
        && let Some(word) = reader.string(value, "the name of a back end")
    {
        match Backend::ALL.iter().find(|backend| backend.name() == word) {
            Some(backend) => execution.backend = *backend,
            None => {
                let message = format!("this build of Fluxions has no back end \"{word}\"");
                let names = Backend::ALL.iter().map(|backend| backend.name());
                let help = suggest(word, names, '"', "it has");
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
