//! The terminal: its size, and the colours that it has.

use std::io::IsTerminal;
use std::str::FromStr;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns and rows where nothing tells.
const USUAL: (u16, u16) = (80, 24);
/// The fewest and the most of either that count.
const RANGE: (u16, u16) = (1, 1000);

/// What can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Palette {
    /// Any colour, as red, green and blue.
    Full,
    /// The 256 colours that nearly every terminal has.
    Table,
    /// None, and no characters but those of ASCII.
    Plain,
}

/// A terminal of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) palette: Palette,
}

impl Screen {
    /// That of standard output, or of a file or pipe that it is.
    pub(crate) fn of_output() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let is_terminal = std::io::stdout().is_terminal();
        let size =
            is_terminal.then(|| terminal_size::terminal_size_of(std::io::stdout())).flatten();
        let told = |name: &str| variable(name).and_then(|text| text.trim().parse::<u16>().ok());
        let (columns, rows) = match size {
            Some((width, height)) => (width.0, height.0),
            None => (told("COLUMNS").unwrap_or(USUAL.0), told("LINES").unwrap_or(USUAL.1)),
        };
        let palette = if is_terminal { Palette::by(variable) } else { Palette::Plain };
        Screen::new(columns, rows, palette)
    }

    fn new(columns: u16, rows: u16, palette: Palette) -> Self {
        let [columns, rows] = [columns, rows].map(|n| n.clamp(RANGE.0, RANGE.1));
        Screen { columns, rows, palette }
    }

    /// As many characters of a text as a line holds.
    pub(crate) fn fitted(&self, text: &str) -> String {
        let most = usize::from(self.columns);
        if text.width() <= most {
            return text.into();
        }
        let mut fitted = String::new();
        for c in text.chars() {
            if fitted.width() + c.width().unwrap_or(0) >= most {
                break;
            }
            fitted.push(c);
        }
        fitted + if self.palette == Palette::Plain { "." } else { "…" }
    }
}

impl Palette {
    /// What the environment says of a terminal.
    fn by(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let term = variable("TERM").unwrap_or_default();
        let colours = variable("COLORTERM").unwrap_or_default();
        match (is_set("NO_COLOR"), &*term, &*colours) {
            (true, ..) | (_, "" | "dumb", _) => Palette::Plain,
            (_, _, "truecolor" | "24bit") => Palette::Full,
            (_, term, _) if term.ends_with("-direct") => Palette::Full,
            _ => Palette::Table,
        }
    }

    /// What makes the terminal draw letters in a colour, or what is behind them.
    pub(crate) fn code(self, [r, g, b]: [u8; 3], is_behind: bool) -> String {
        let layer = if is_behind { 48 } else { 38 };
        match self {
            Palette::Full => format!("\x1b[{layer};2;{r};{g};{b}m"),
            Palette::Table => format!("\x1b[{layer};5;{}m", nearest([r, g, b])),
            Palette::Plain => String::new(),
        }
    }

    /// What ends all colours.
    pub(crate) fn end(self) -> &'static str {
        if self == Palette::Plain { "" } else { "\x1b[0m" }
    }
}

/// The nearest of the 256 colours of terminals: a cube of 6 × 6 × 6 from 16 on, and greys from 232 on (xterm).
fn nearest(colour: [u8; 3]) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |other: [u8; 3]| -> u32 {
        colour.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let level = |x: u8| (0..6).min_by_key(|k| LEVELS[*k].abs_diff(x)).unwrap_or(0);
    let [r, g, b] = colour.map(level);
    let grey = (0..24).min_by_key(|k| distance([8 + 10 * k; 3])).unwrap_or(0);
    match distance([LEVELS[r], LEVELS[g], LEVELS[b]]) <= distance([8 + 10 * grey; 3]) {
        true => (16 + 36 * r + 6 * g + b) as u8,
        false => 232 + grey,
    }
}

/// As it is handed to a process that draws: `80x24,full`.
impl std::fmt::Display for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let palette = match self.palette {
            Palette::Full => "full",
            Palette::Table => "table",
            Palette::Plain => "plain",
        };
        write!(f, "{}x{},{palette}", self.columns, self.rows)
    }
}

impl FromStr for Screen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(',').and_then(|(size, palette)| {
            let (columns, rows) = size.split_once('x')?;
            let palette = match palette {
                "full" => Palette::Full,
                "table" => Palette::Table,
                "plain" => Palette::Plain,
                _ => return None,
            };
            Some(Screen::new(columns.parse().ok()?, rows.parse().ok()?, palette))
        });
        parts.ok_or_else(|| "such as 80x24,full".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_the_colours() {
        let by = |pairs: &[(&str, &str)]| {
            Palette::by(|name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
            })
        };
        let term = ("TERM", "xterm-256color");
        assert_eq!(by(&[term, ("COLORTERM", "truecolor")]), Palette::Full);
        assert_eq!(by(&[term]), Palette::Table);
        assert_eq!(by(&[term, ("NO_COLOR", "1"), ("COLORTERM", "24bit")]), Palette::Plain);
        assert_eq!(by(&[term, ("NO_COLOR", "")]), Palette::Table);
        assert_eq!(by(&[("TERM", "dumb")]), Palette::Plain);
        assert_eq!(by(&[]), Palette::Plain);
    }

    #[test]
    fn colours_of_the_table_are_near() {
        assert_eq!(nearest([0, 0, 0]), 16);
        assert_eq!(nearest([255, 255, 255]), 231);
        assert_eq!(nearest([255, 0, 0]), 196);
        assert_eq!(nearest([90, 90, 90]), 240);
        assert_eq!(Palette::Table.code([255, 0, 0], true), "\x1b[48;5;196m");
        assert_eq!(Palette::Full.code([1, 2, 3], false), "\x1b[38;2;1;2;3m");
    }

    #[test]
    fn texts_fit_by_their_columns() {
        let screen = |columns, palette| Screen::new(columns, 24, palette);
        assert_eq!(screen(4, Palette::Full).fitted("abcd"), "abcd");
        assert_eq!(screen(4, Palette::Full).fitted("abcde"), "abc…");
        assert_eq!(screen(4, Palette::Plain).fitted("中文字"), "中.");
        let handed = screen(80, Palette::Table);
        assert_eq!(handed.to_string().parse(), Ok(handed));
        assert!("80,full".parse::<Screen>().is_err());
    }
}
