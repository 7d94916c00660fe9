//! The mistakes of a problem, collected so that all of them are reported at once.

use crate::error::{Error, Errors};

/// The mistakes found so far, in the order in which they are reported.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Error>);

impl Mistakes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of mistakes.
    pub(crate) fn note(&mut self, found: impl IntoIterator<Item = Error>) {
        self.0.extend(found);
    }

    /// What came out of a check, or nothing where that found mistakes, which are noted.
    pub(crate) fn keep<T>(&mut self, checked: Result<T, Vec<Error>>) -> Option<T> {
        checked.map_err(|found| self.note(found)).ok()
    }

    /// What came out of a check that goes on after mistakes, which are noted.
    pub(crate) fn split<T>(&mut self, (checked, found): (T, Vec<Error>)) -> T {
        self.note(found);
        checked
    }

    /// The mistakes that do not follow from others: a function that cannot be parsed is reported
    /// for its text, not again where it is called.
    pub(crate) fn finish(mut self, unreadable: &[&str]) -> Errors {
        self.0.retain(|error| match error {
            Error::Expression { error, .. } => !matches!(&**error,
                fluxions_expr::Error::UnknownFunction { name, .. }
                    if unreadable.contains(&name.as_str())),
            _ => true,
        });
        Errors(self.0)
    }
}
