//! Text in pictures: in the font that is part of the program, whatever fonts the system has.

use std::sync::Once;

use ab_glyph::{Font, FontRef};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use super::{Area, Drawn};
use crate::text::visible;

/// The font: a subset of DejaVu Sans.
const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");
/// Its name here.
const NAME: &str = "sans-serif";
/// What is drawn instead of a character that the font lacks.
const UNKNOWN: char = '⊠';

/// Which point of a text is given: its left end, its middle or its right end; always at half the
/// height of a capital letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

/// Makes the font known to what draws.
pub(super) fn register() {
    static REGISTER: Once = Once::new();
    // The font is part of the program, so this cannot fail.
    REGISTER.call_once(|| drop(register_font(NAME, FontStyle::Normal, FONT)));
}

/// A text as it can be drawn: in place of characters that the font lacks there is a crossed box.
/// Characters without a form of their own are left out.
pub(super) fn drawable(text: &str) -> String {
    let Ok(font) = FontRef::try_from_slice(FONT) else { return text.into() };
    let formless = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}');
    let shown = |c: char| match c {
        _ if c.is_whitespace() => ' ',
        _ if font.glyph_id(c).0 == 0 => UNKNOWN,
        _ => c,
    };
    visible(text).chars().filter(|c| !formless(*c)).map(shown).collect()
}

/// The width in pixels of a text in letters of this size.
pub(super) fn width(text: &str, size: u32) -> i32 {
    register();
    let size = (NAME, size).into_font().box_size(text);
    size.map_or(0, |(width, _)| width as i32)
}

/// The lines of a text that has this much room, broken between words where that is possible. Lines
/// beyond `most` are left out.
pub(super) fn wrapped(text: &str, size: u32, room: u32, most: usize) -> Vec<String> {
    let fits = |text: &str| width(text, size) <= room as i32;
    let mut lines: Vec<String> = Vec::new();
    // Each of these is at least one line.
    for paragraph in text.lines().filter(|text| !text.trim().is_empty()).take(most + 1) {
        lines.push(String::new());
        // No line has more letters than pixels.
        let paragraph: String = drawable(paragraph).chars().take(most * room as usize).collect();
        for word in paragraph.split_whitespace() {
            let line = lines.last().map_or("", String::as_str);
            let longer = if line.is_empty() { word.into() } else { format!("{line} {word}") };
            if fits(&longer) {
                lines.pop();
                lines.push(longer);
                continue;
            }
            if line.is_empty() {
                lines.pop();
            }
            lines.extend(pieces(word, &fits));
            if lines.len() > most {
                break;
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = shortened(&format!("{last}…"), size, room);
        }
    }
    lines
}

/// A word in pieces, each as long as it may be.
fn pieces(word: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in word.chars() {
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
            if fits(piece) || piece.chars().count() == 1 {
                continue;
            }
            piece.pop();
        }
        pieces.push(c.into());
    }
    pieces
}

/// A text in one line, without its end if there is no room for it.
pub(super) fn shortened(text: &str, size: u32, room: u32) -> String {
    let text = drawable(text);
    if width(&text, size) <= room as i32 {
        return text;
    }
    // No letter is as narrow as this, and names may be very long.
    let most = (room / 2) as usize;
    let mut kept: Vec<char> = text.trim_end_matches('…').chars().take(most).collect();
    loop {
        kept.pop();
        let text: String = kept.iter().chain(&['…']).collect();
        if kept.is_empty() || width(&text, size) <= room as i32 {
            return text;
        }
    }
}

/// Draws a text with its anchor at a point, from left to right, or upwards if it is `turned`.
pub(super) fn draw(
    area: &Area<'_>,
    text: &str,
    size: u32,
    (x, y): (i32, i32),
    anchor: Anchor,
    turned: bool,
) -> Drawn {
    let along = match anchor {
        Anchor::Left => 0,
        Anchor::Middle => width(text, size) / 2,
        Anchor::Right => width(text, size),
    };
    // Letters stand on a line half a size below the point where they are drawn; capitals are 0.63
    // sizes high.
    let across = (0.185 * f64::from(size)) as i32;
    let font = (NAME, size).into_font();
    let (font, at) = match turned {
        true => (font.transform(FontTransform::Rotate270), (x - across, y + along)),
        false => (font, (x - along, y - across)),
    };
    area.draw_text(text, &font.color(&BLACK), at)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_the_font_lacks_are_seen() {
        assert_eq!(drawable("ψ² → α"), "ψ² → α");
        assert_eq!(drawable("流れ in عربي"), "⊠⊠ in ⊠⊠⊠⊠");
        assert_eq!(drawable("👩\u{200d}🚀 \u{1b}[31m"), "⊠⊠ ⊠[31m");
        assert_ne!(width("⊠", 26), 0);
    }

    #[test]
    fn long_texts_are_wrapped_and_nothing_is_lost() {
        let title = "A long title of a problem with many words in it, at t = 5";
        let lines = wrapped(title, 20, 150, 20);
        assert!(lines.len() > 2, "{lines:?}");
        assert!(lines.iter().all(|line| width(line, 20) <= 150), "{lines:?}");
        assert_eq!(lines.join(" "), title);
        let word = "a".repeat(60) + "bc";
        let lines = wrapped(&format!("so {word}\nnext"), 20, 150, 20);
        assert!(lines.iter().all(|line| width(line, 20) <= 150), "{lines:?}");
        assert_eq!(lines.concat(), format!("so{word}next"));
        let cut = wrapped(title, 20, 150, 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…') && width(&cut[1], 20) <= 150, "{cut:?}");
        assert_eq!(shortened("short", 20, 150), "short");
    }
}
