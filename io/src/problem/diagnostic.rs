//! Mistakes in a problem file, with their places in its text.

use std::fmt;
use std::ops::Range;

/// A mistake in a problem file.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What is wrong.
    pub message: String,
    /// The bytes of the file at fault, if it is a place in the file.
    pub span: Option<Range<usize>>,
    /// What to write beside that place; may be empty.
    pub label: String,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        let message = message.into();
        Diagnostic { message, span: Some(span), label: String::new(), help: None }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into);
        self
    }
}

/// All mistakes found in a problem file.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistakes {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The mistakes, in the order of the text.
    pub list: Vec<Diagnostic>,
}

impl Mistakes {
    pub(crate) fn new(name: &str, text: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|d| d.span.as_ref().map_or(usize::MAX, |span| span.start));
        // What stands once may be for several fields.
        list.dedup_by(|b, a| (&a.message, &a.span) == (&b.message, &b.span));
        Mistakes { name: name.into(), text: text.into(), list }
    }

    /// Line and column of a byte of the text, both counted from 1.
    pub fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}

/// One mistake a line, as `file:line:column: message`.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, mistake) in self.list.iter().enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.name)?;
            if let Some(span) = &mistake.span {
                let (line, column) = self.line_and_column(span.start);
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " {}", mistake.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
