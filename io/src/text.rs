//! Texts of users on their way to a terminal or a log.

use std::borrow::Cow;

/// A text with what is not to be seen made visible, as it is to be printed: a terminal would obey
/// control characters. Ends of lines and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    match text.chars().any(|c| replacement(c).is_some()) {
        true => text.chars().map(|c| replacement(c).unwrap_or(c)).collect::<String>().into(),
        false => text.into(),
    }
}

/// What is shown in place of a character, the same as in snippets of problem files.
fn replacement(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => None,
        // Unicode has pictures of the control characters, in their order.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('␡'),
        // Controls of eight bits, and those that turn the direction of a text.
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some('�'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(visible("\u{1b}[31mred\u{1b}[0m"), "␛[31mred␛[0m");
        assert_eq!(visible("\0\x07\r\x7f\u{9b}2J\u{202e}"), "␀␇␍␡�2J�");
        let plain = "ψ²: a → b\n\tc, 中文 😀";
        assert!(matches!(visible(plain), Cow::Borrowed(text) if text == plain));
    }
}
