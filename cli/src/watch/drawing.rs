//! A state as lines of a terminal: maps as half blocks, lines as dots of Braille; both of ASCII where there are no
//! colours.

use fluxions_io::numbers::short;
use fluxions_io::picture::{Pixel, State};

use super::screen::{Palette, Screen};

/// From small to large. What is outside the domain stays blank.
const SHADES: &[u8] = b".:-=+*oO#%@";
/// The colour of a cell without a number, and its sign where there are no colours.
const NOTHING: ([u8; 3], char) = ([170, 170, 170], '?');
/// The bits of the dots of a Braille character, in rows of two from the top (Unicode, block 2800).
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
/// The fewest columns beside which a line has labels.
const LABELLED: u16 = 40;
/// The most columns of a bar of colours.
const BAR: u16 = 24;

/// A state in at most so many rows.
pub(super) fn drawing(state: &State, screen: Screen, rows: u16) -> Vec<String> {
    match state.is_map() {
        true => map(state, screen, rows),
        false => line(state, screen, rows),
    }
}

/// The scale of a map: its ends, with the colours between them; nothing where it has no room.
pub(super) fn bar(state: &State, screen: Screen) -> Option<String> {
    let [low, high] = state.scale().map(short);
    let room = usize::from(screen.columns).saturating_sub(low.len() + high.len() + 2);
    let n = room.min(BAR.into());
    if n == 0 {
        return None;
    }
    let at = |k: usize| (k as f64 + 0.5) / n as f64;
    let colours = (0..n).map(|k| match screen.palette {
        Palette::Plain => shade(at(k)).to_string(),
        palette => palette.code(state.colour(at(k)), true) + " ",
    });
    Some(format!("{low} {}{} {high}", colours.collect::<String>(), screen.palette.end()))
}

fn shade(fraction: f64) -> char {
    let last = SHADES.len() - 1;
    char::from(SHADES[((fraction * SHADES.len() as f64) as usize).min(last)])
}

/// As large as it can be with the proportions of the domain; a character is twice as high as wide.
fn map(state: &State, screen: Screen, rows: u16) -> Vec<String> {
    // In halves of characters, which are square.
    let (most_w, most_h) = (f64::from(screen.columns), 2.0 * f64::from(rows));
    let w = most_w.min(most_h / state.proportion).round().max(1.0) as u32;
    let h = ((f64::from(w) * state.proportion / 2.0).round() as u32).clamp(1, rows.into());
    if screen.palette == Palette::Plain {
        let pixels = state.pixels((w, h));
        let sign = |pixel: &Pixel| match pixel {
            Pixel::Outside => ' ',
            Pixel::Nothing => NOTHING.1,
            Pixel::Value(fraction) => shade(*fraction),
        };
        return pixels.chunks(w as usize).map(|row| row.iter().map(sign).collect()).collect();
    }
    let pixels = state.pixels((w, 2 * h));
    let rows = pixels.chunks(2 * w as usize);
    rows.map(|pair| half_blocks(state, screen.palette, pair.split_at(w as usize))).collect()
}

/// A line of characters whose upper halves show one row of pixels and whose lower ones the next.
fn half_blocks(state: &State, palette: Palette, (upper, lower): (&[Pixel], &[Pixel])) -> String {
    let colour = |pixel: Pixel| match pixel {
        Pixel::Outside => None,
        Pixel::Nothing => Some(NOTHING.0),
        Pixel::Value(fraction) => Some(state.colour(fraction)),
    };
    let (mut line, mut before) = (String::new(), String::new());
    for (upper, lower) in upper.iter().zip(lower) {
        let (codes, character) = match (colour(*upper), colour(*lower)) {
            (Some(a), Some(b)) => (palette.code(a, false) + &palette.code(b, true), '▀'),
            (Some(a), None) => (palette.end().to_string() + &palette.code(a, false), '▀'),
            (None, Some(b)) => (palette.end().to_string() + &palette.code(b, false), '▄'),
            (None, None) => (palette.end().to_string(), ' '),
        };
        // Over ssh every byte counts.
        if codes != before {
            line += &codes;
            before = codes;
        }
        line.push(character);
    }
    line + palette.end()
}

/// A line in a frame of labels, as far as there is room for them.
fn line(state: &State, screen: Screen, rows: u16) -> Vec<String> {
    let [low, high] = state.scale().map(short);
    let has_labels = screen.columns >= LABELLED && rows > 3;
    let margin = if has_labels { low.len().max(high.len()) as u16 + 2 } else { 0 };
    let (w, h) = (screen.columns - margin, rows - u16::from(has_labels));
    let is_plain = screen.palette == Palette::Plain;
    // Dots of a character.
    let (dw, dh) = if is_plain { (1, 1) } else { (2, 4) };
    let size = (u32::from(w) * dw, u32::from(h) * dh);
    let mut dots = vec![false; (size.0 * size.1) as usize];
    let mut set = |(x, y): (i32, i32)| {
        dots[((size.1 as i32 - 1 - y) * size.0 as i32 + x) as usize] = true;
    };
    for piece in state.line(size) {
        piece.first().copied().into_iter().for_each(&mut set);
        piece.windows(2).for_each(|pair| between(pair[0], pair[1]).for_each(&mut set));
    }
    let is_set = |x: u32, y: u32| dots[(y * size.0 + x) as usize];
    let character = |column: u32, row: u32| match is_plain {
        true => {
            if is_set(column, row) {
                '*'
            } else {
                ' '
            }
        }
        false => {
            let bits = (0..4).flat_map(|y| (0..2).map(move |x| (x, y)));
            let bits = bits.filter(|(x, y)| is_set(2 * column + x, 4 * row + y));
            let sum: u32 = bits.map(|(x, y)| DOTS[y as usize][x as usize]).sum();
            char::from_u32(0x2800 + sum).unwrap_or(' ')
        }
    };
    let edge = if is_plain { '|' } else { '│' };
    let colour = screen.palette.code(LINE, false);
    let end = screen.palette.end();
    let width = usize::from(margin.saturating_sub(2));
    let mut lines: Vec<String> = Vec::new();
    for row in 0..u32::from(h) {
        let drawn: String = (0..u32::from(w)).map(|column| character(column, row)).collect();
        let label = match row {
            0 => &*high,
            row if row + 1 == u32::from(h) => &*low,
            _ => "",
        };
        let margin = if has_labels { format!("{label:>width$} {edge}") } else { String::new() };
        lines.push(format!("{margin}{colour}{drawn}{end}"));
    }
    if let (true, Some((name, [from, to]))) = (has_labels, state.axes.first()) {
        let [from, to] = [*from, *to].map(short);
        let (left, w) = (usize::from(margin), usize::from(w));
        let room = w.saturating_sub(from.len() + to.len());
        lines.push(format!("{:left$}{from}{name:^room$}{to}", ""));
    }
    lines
}

/// The colour of a line.
const LINE: [u8; 3] = [95, 175, 255];

/// The places on the way from one point to another.
fn between((x0, y0): (i32, i32), (x1, y1): (i32, i32)) -> impl Iterator<Item = (i32, i32)> {
    let steps = (x1 - x0).abs().max((y1 - y0).abs()).max(1);
    let along = move |a: i32, b: i32, k: i32| {
        a + (f64::from(b - a) * f64::from(k) / f64::from(steps)).round() as i32
    };
    (0..=steps).map(move |k| (along(x0, x1, k), along(y0, y1, k)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_between_points_have_no_gaps() {
        let steep: Vec<_> = between((0, 0), (1, 4)).collect();
        assert_eq!(steep, [(0, 0), (0, 1), (1, 2), (1, 3), (1, 4)]);
        assert_eq!(between((2, 2), (2, 2)).last(), Some((2, 2)));
    }

    #[test]
    fn shades_grow_with_values() {
        assert_eq!((shade(0.0), shade(0.55), shade(1.0)), ('.', 'o', '@'));
    }
}
