//! Texts and pictures on their way into a page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::text::visible;

/// A text as it stands between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A section with a heading.
pub(super) fn section(heading: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}\n</section>\n", escaped(heading))
}

/// A row of a table with a name and a value.
pub(super) fn row(name: &str, value: &str) -> String {
    format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value))
}

/// A PNG file as an address that holds it.
pub(super) fn image(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_a_tag() {
        assert_eq!(escaped("a<b>&\"'\u{1b}"), "a&lt;b&gt;&amp;&quot;&#39;␛");
        assert_eq!(image(b"abc"), "data:image/png;base64,YWJj");
    }
}
