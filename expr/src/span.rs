//! Spans: parts of an expression's text.

/// A half-open range of bytes in an expression's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The position of the first byte.
    pub start: usize,
    /// The position after the last byte.
    pub end: usize,
}

impl Span {
    /// The span of the bytes `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// The shortest span that covers both spans.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// `text` with a line of carets under `span`, both indented by two spaces. Errors show an
/// expression in this form where there is no file.
pub fn underline(text: &str, span: Span) -> String {
    let start = span.start.min(text.len());
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let before = text[line_start..start].chars().count();
    let end = span.end.clamp(start, line_start + line.len());
    let width = text.get(start..end).map_or(1, |s| s.chars().count()).max(1);
    format!("  {line}\n  {}{}", " ".repeat(before), "^".repeat(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underlines_the_span_and_counts_characters_not_bytes() {
        assert_eq!(underline("α + bb", Span::new(5, 7)), "  α + bb\n      ^^");
    }

    #[test]
    fn underlines_past_the_end() {
        assert_eq!(underline("a +", Span::new(3, 3)), "  a +\n     ^");
    }

    #[test]
    fn shows_the_line_that_holds_the_span() {
        assert_eq!(underline("a +\nb c", Span::new(6, 7)), "  b c\n    ^");
    }
}
