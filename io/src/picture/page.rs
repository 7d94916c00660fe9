//! The page: a title above rows of panels.

use std::error::Error;
use std::path::Path;

use image::RgbImage;
use plotters::prelude::*;

use super::text::{self, Anchor};
use super::{Drawn, FINE, LETTERS, Panel, lines, map};

/// Space above and below the title and headings.
const MARGIN: u32 = 8 * FINE;
/// A narrow picture is widened to this, so that titles need few lines.
const NARROWEST: u32 = 420 * FINE;
/// The most lines of a title and of a heading.
const MOST: usize = 12;

/// Where panels lie on the page.
struct Layout<'a> {
    title: Vec<String>,
    places: Vec<Place<'a>>,
    size: (u32, u32),
}

/// A panel, the lines of its heading, and where its upper left corner is.
struct Place<'a> {
    panel: &'a Panel,
    heading: Vec<String>,
    corner: (u32, u32),
}

/// Height of lines of text in letters of this size.
fn height(lines: usize, letters: u32) -> u32 {
    lines as u32 * (letters + letters / 4)
}

/// Width and height of a panel, without its heading.
fn size(panel: &Panel) -> (u32, u32) {
    if panel.is_map() { map::size(panel) } else { lines::SIZE }
}

impl<'a> Layout<'a> {
    fn new(title: &str, rows: &'a [Vec<Panel>]) -> Self {
        let width = |row: &Vec<Panel>| row.iter().map(|panel| size(panel).0).sum::<u32>();
        let widest = rows.iter().map(width).max().unwrap_or(0);
        let width = widest.max(NARROWEST);
        let title = text::wrapped(title, LETTERS[0], width - 2 * MARGIN, MOST);
        let mut top = height(title.len(), LETTERS[0]) + 2 * MARGIN;
        let mut places = Vec::new();
        for row in rows {
            let mut left = (width - widest) / 2 / FINE * FINE;
            let mut bottom = top;
            for panel in row {
                let (w, h) = size(panel);
                let room = w.saturating_sub(2 * MARGIN);
                let heading = text::wrapped(&panel.heading, LETTERS[1], room, MOST);
                bottom = bottom.max(top + heading_height(&heading) + h);
                places.push(Place { panel, heading, corner: (left, top) });
                left += w;
            }
            top = bottom;
        }
        Layout { title, places, size: (width, top) }
    }
}

fn heading_height(heading: &[String]) -> u32 {
    height(heading.len(), LETTERS[1]) + MARGIN
}

/// Draws rows of panels to a PNG file.
pub(super) fn paint(title: &str, rows: &[Vec<Panel>], path: &Path) -> Drawn {
    Ok(image(title, rows)?.save(path)?)
}

/// Draws rows of panels.
pub(super) fn image(title: &str, rows: &[Vec<Panel>]) -> Result<RgbImage, Box<dyn Error>> {
    text::register();
    let layout = Layout::new(title, rows);
    let (width, full) = layout.size;
    let mut fine = vec![255; 3 * width as usize * full as usize];
    let root = BitMapBackend::with_buffer(&mut fine, layout.size).into_drawing_area();
    let lines = |area: &super::Area<'_>, lines: &[String], letters, x: u32| -> Drawn {
        for (k, line) in lines.iter().enumerate() {
            let y = MARGIN + height(k, letters) + letters / 2;
            text::draw(area, line, letters, (x as i32, y as i32), Anchor::Middle, false)?;
        }
        Ok(())
    };
    lines(&root, &layout.title, LETTERS[0], width / 2)?;
    for Place { panel, heading, corner } in &layout.places {
        let (w, h) = size(panel);
        let below = heading_height(heading);
        let area = root.clone().shrink(*corner, (w, below + h));
        lines(&area, heading, LETTERS[1], w / 2)?;
        match panel.is_map() {
            true => map::draw(&area, panel, below)?,
            false => lines::draw(&area, panel, below)?,
        }
    }
    root.present()?;
    drop(root);
    let coarse = averaged(&fine, width as usize, FINE as usize);
    let image = RgbImage::from_raw(width / FINE, full / FINE, coarse);
    image.ok_or_else(|| "the picture is too large".into())
}

/// An image of larger pixels: each is the mean of the n × n pixels that it covers.
fn averaged(fine: &[u8], width: usize, n: usize) -> Vec<u8> {
    let mut coarse = Vec::with_capacity(fine.len() / (n * n));
    for rows in fine.chunks_exact(3 * width * n) {
        for column in 0..width / n {
            for channel in 0..3 {
                let at = |x: usize, y: usize| 3 * (y * width + n * column + x) + channel;
                let pixels = (0..n).flat_map(|y| (0..n).map(move |x| (x, y)));
                let sum: usize = pixels.map(|(x, y)| usize::from(rows[at(x, y)])).sum();
                coarse.push(((sum + n * n / 2) / (n * n)) as u8);
            }
        }
    }
    coarse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_averaged_and_channels_are_not() {
        let (a, b) = ([0, 100, 7], [2, 200, 7]);
        let fine = [a, a, b, b, a, a, b, b].concat();
        assert_eq!(averaged(&fine, 4, 2), [a, b].concat());
        let fine = [a, b, b, a, a, b, b, a].concat();
        assert_eq!(averaged(&fine, 4, 2), [1, 150, 7, 1, 150, 7]);
    }
}
