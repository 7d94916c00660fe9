//! Turns text into tokens. Every token has a span.

use crate::error::Error;
use crate::span::Span;

/// A token and its span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    Number(f64),
    Name(String),
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Power,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Not,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    Arrow,
    /// `∇`
    Nabla,
    /// `∆`, the sign of the Laplacian.
    Increment,
    /// `|`
    Bar,
    /// `²`, `³` or `⁴`, which stands for a power.
    Superscript(u32),
    /// `·`
    CentredDot,
    /// `×`
    Times,
    End,
}

/// Splits `text` into tokens. The last one is [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if character.is_whitespace() {
            at += character.len_utf8();
            continue;
        }
        let (kind, length) = match character {
            '0'..='9' => number(text, at)?,
            '.' if text[at + 1..].starts_with(|c: char| c.is_ascii_digit()) => number(text, at)?,
            c if c.is_alphabetic() || c == '_' => name(&text[at..]),
            _ => symbol(text, at, character)?,
        };
        tokens.push(Token { kind, span: Span::new(at, at + length) });
        at += length;
    }
    tokens.push(Token { kind: TokenKind::End, span: Span::new(text.len(), text.len()) });
    Ok(tokens)
}

/// Reads a number: digits, a fraction and an exponent. `2.` and `.5` are numbers too.
fn number(text: &str, at: usize) -> Result<(TokenKind, usize), Error> {
    let bytes = &text.as_bytes()[at..];
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1;
        length += digits(length);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let literal = &text[at..at + length];
    let bad = |length: usize, instead| {
        let (text, span) = (text[at..at + length].to_string(), Span::new(at, at + length));
        Err(Error::BadNumber { text, span, instead })
    };
    // `1.2.3` and `1_000` are no numbers, and neither are they two of them.
    let goes_on = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_');
    let whole =
        length + text[at + length..].find(|c| !goes_on(c)).unwrap_or(text.len() - at - length);
    let more = &text[at + length..at + whole];
    if more.starts_with('_') && more.contains(|c: char| c.is_ascii_digit()) {
        let joined = text[at..at + whole].replace('_', "");
        return bad(whole, Some(format!("write `{joined}`, without `_`")));
    }
    if more.contains(|c: char| c.is_ascii_digit()) {
        return bad(whole, Some("a number has one point at most, and a whole exponent".into()));
    }
    match literal.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((TokenKind::Number(value), length)),
        _ => bad(length, None),
    }
}

fn name(rest: &str) -> (TokenKind, usize) {
    let part = |c: char| (c.is_alphanumeric() && !matches!(c, '²' | '³' | '⁴')) || c == '_';
    let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
    let kind = match &rest[..length] {
        "and" => TokenKind::And,
        "or" => TokenKind::Or,
        "not" => TokenKind::Not,
        name => TokenKind::Name(name.to_string()),
    };
    (kind, length)
}

fn symbol(text: &str, at: usize, character: char) -> Result<(TokenKind, usize), Error> {
    use TokenKind::*;
    let rest = &text[at..];
    for (spelling, kind) in [
        ("->", Arrow),
        ("**", Power),
        ("<=", LessEqual),
        (">=", GreaterEqual),
        ("==", Equal),
        ("!=", NotEqual),
    ] {
        if rest.starts_with(spelling) {
            return Ok((kind, spelling.len()));
        }
    }
    let kind = match character {
        '+' => Plus,
        '-' => Minus,
        '*' => Star,
        '/' => Slash,
        '%' => Percent,
        '^' => Power,
        '<' => Less,
        '>' => Greater,
        '(' => Open,
        ')' => Close,
        '[' => OpenBracket,
        ']' => CloseBracket,
        ',' => Comma,
        '.' => Dot,
        '|' => Bar,
        // Beside Δ, which is a letter, there is a sign that looks the same.
        '\u{2206}' => return Ok((Increment, character.len_utf8())),
        '∇' => return Ok((Nabla, character.len_utf8())),
        '·' | '⋅' => return Ok((CentredDot, character.len_utf8())),
        '×' => return Ok((Times, character.len_utf8())),
        '²' => return Ok((Superscript(2), character.len_utf8())),
        '³' => return Ok((Superscript(3), character.len_utf8())),
        '⁴' => return Ok((Superscript(4), character.len_utf8())),
        _ => {
            let instead = match character {
                '=' => Some("to compare, write `==`"),
                '&' => Some("write `and`"),
                '!' | '~' => Some("write `not`, or `!=` for unequal"),
                '\u{2212}' | '\u{2013}' => Some("write the minus sign of the keyboard, `-`"),
                '{' | '}' => Some("use parentheses"),
                '\u{F7}' => Some("to divide, write `/`"),
                '\u{2264}' => Some("write `<=`"),
                '\u{2265}' => Some("write `>=`"),
                '\u{2260}' => Some("write `!=`"),
                '\u{2227}' => Some("write `and`"),
                '\u{2228}' => Some("write `or`"),
                '\u{AC}' => Some("write `not`"),
                '\u{221A}' => Some("write `sqrt(…)`"),
                '\u{2202}' => Some("for a derivative along x write `d_dx(…)`"),
                '\u{222B}' => Some("for the integral over the domain write `integral(…)`"),
                '\u{221E}' => Some("every number has to be finite"),
                '?' | ':' => Some("for a choice write `where(condition, a, b)`"),
                _ => None,
            };
            let span = Span::new(at, at + character.len_utf8());
            return Err(Error::UnexpectedCharacter { character, span, instead });
        }
    };
    Ok((kind, 1))
}

impl TokenKind {
    /// What stands for the token in messages; `text` is what it was read from.
    pub(crate) fn describe(&self, text: &str) -> String {
        use TokenKind::*;
        let spelling = match self {
            // As it was typed: digits beyond the precision of doubles are kept.
            Number(_) => return format!("the number {text}"),
            Name(name) => return format!("`{name}`"),
            End => return "the end of the expression".into(),
            Plus => "+",
            Minus => "-",
            Star => "*",
            Slash => "/",
            Percent => "%",
            Power => "^",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            Equal => "==",
            NotEqual => "!=",
            And => "and",
            Or => "or",
            Not => "not",
            Open => "(",
            Close => ")",
            OpenBracket => "[",
            CloseBracket => "]",
            Comma => ",",
            Dot => ".",
            Arrow => "->",
            Nabla => "∇",
            Increment => "∆",
            Bar => "|",
            Superscript(2) => "²",
            Superscript(3) => "³",
            Superscript(_) => "⁴",
            CentredDot => "·",
            Times => "×",
        };
        format!("`{spelling}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokenize(text).unwrap().into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn reads_numbers_in_every_form() {
        use TokenKind::*;
        assert_eq!(kinds("1 2. .5 3e-2"), [Number(1.), Number(2.), Number(0.5), Number(0.03), End]);
        // An `e` without digits is the constant e, which the parser then rejects.
        assert_eq!(kinds("2e"), [Number(2.), Name("e".into()), End]);
    }

    #[test]
    fn both_spellings_of_power_are_one_token() {
        assert_eq!(kinds("x**2"), kinds("x^2"));
    }

    #[test]
    fn a_number_beyond_doubles_is_refused() {
        assert!(matches!(tokenize("1e999"), Err(Error::BadNumber { .. })));
    }

    #[test]
    fn numbers_that_go_on_are_no_numbers() {
        for (text, whole) in [("1.2.3 + x", "1.2.3"), ("2*1..5", "1..5"), ("1e3.5", "1e3.5")] {
            let Err(Error::BadNumber { text, .. }) = tokenize(text) else { panic!("{text}") };
            assert_eq!(text, whole);
        }
        let error = tokenize("1_000_000.5").unwrap_err();
        assert_eq!(error.to_string(), "`1_000_000.5` is not a number");
        assert_eq!(error.help().unwrap(), "write `1000000.5`, without `_`");
        assert!(tokenize("2_a").is_ok(), "the parser knows better what is meant");
    }

    #[test]
    fn spans_are_bytes() {
        let tokens = tokenize("α*b").unwrap();
        assert_eq!(tokens[2].span, Span::new(3, 4));
    }
}
