//! The section [solver].

use fluxions_solver::{Krylov, Preconditioning, SolverOptions};

use super::diagnostic::Diagnostic;
use super::reader::{Reader, Table};
use crate::suggest::suggest;

const KEYS: [&str; 5] = ["tolerance", "max_iterations", "krylov", "preconditioner", "compatible"];

/// The word for problems without a solution that are solved all the same.
const PROJECT: &str = "project";

/// Reads the section, if there is one.
pub(super) fn read<'t>(reader: &mut Reader<'t>, document: &Table<'t>) -> SolverOptions {
    let mut options = SolverOptions::default();
    if document.get("solver").is_none() {
        return options;
    }
    let Some(table) = reader.table(document, "solver") else { return options };
    reader.known_keys(&table, &KEYS);
    if let Some(value) = table.get("tolerance") {
        options.tolerance = reader.number(value);
        if let Some(tolerance) = options.tolerance
            && !(tolerance > 0.0 && tolerance < 1.0)
        {
            let message =
                format!("the residual beside that at first is between 0 and 1, not {tolerance}");
            reader.note(Diagnostic::at(value.span(), message));
        }
    }
    if let Some(value) = table.get("max_iterations") {
        let most = reader.whole_number(value, "the most iterations of a linear system");
        options.max_iterations = most.map(|most| most as usize);
    }
    if let Some(value) = table.get("krylov")
        && let Some(name) = reader.string(value, "the name of a method")
    {
        options.krylov = Krylov::ALL.into_iter().find(|method| method.name() == name);
        if options.krylov.is_none() {
            let help = suggest(name, Krylov::ALL.map(Krylov::name), '`', "known here:");
            let message = format!("unknown method `{name}`");
            reader.note(Diagnostic::at(value.span(), message).help(Some(help)));
        }
    }
    if let Some(value) = table.get("preconditioner")
        && let Some(name) = reader.string(value, "the name of a preconditioner")
    {
        options.preconditioner =
            Preconditioning::ALL.into_iter().find(|known| known.name() == name);
        if options.preconditioner.is_none() {
            let known = Preconditioning::ALL.map(Preconditioning::name);
            let help = suggest(name, known, '`', "known here:");
            let message = format!("unknown preconditioner `{name}`");
            reader.note(Diagnostic::at(value.span(), message).help(Some(help)));
        }
    }
    if let Some(value) = table.get("compatible")
        && let Some(word) = reader.string(value, "what is done about a problem without a solution")
    {
        options.project = word == PROJECT;
        if !options.project {
            let help = Some(format!("the one word known here is \"{PROJECT}\""));
            let message = format!("unknown word `{word}`");
            reader.note(Diagnostic::at(value.span(), message).help(help));
        }
    }
    options
}
