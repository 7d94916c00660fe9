//! Pictures of one state: maps of two-dimensional fields, lines of one-dimensional ones, slices
//! through the middle of three-dimensional ones. Each component of a vector or tensor has a panel;
//! complex numbers are shown by absolute value and angle.

mod lines;
mod map;
mod shown;

use std::path::Path;
use std::sync::Once;

use ndarray::ArrayD;
use plotters::drawing::DrawingArea;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::error::Error;
use crate::numbers::{brief, rounded};
use crate::series::Series;

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The font that pictures use.
const FONT: &str = "sans-serif";
/// Pictures are drawn this many times as large and averaged, so that lines are smooth.
const FINE: u32 = 2;
/// Height of the line at the top.
const TITLE: u32 = 36 * FINE;
/// Font sizes of the title, of the name of a panel, of the names of axes, of numbers along them.
const LETTERS: [u32; 4] = [20 * FINE, 16 * FINE, 14 * FINE, 13 * FINE];

/// Numbers to be drawn along one or two axes.
struct Panel {
    name: String,
    values: ArrayD<f64>,
    axes: Vec<(String, [f64; 2])>,
    /// The range of the values if they are angles.
    circle: Option<(f64, f64)>,
}

impl Panel {
    /// Whether the values go round, so that the largest is next to the smallest.
    fn is_cyclic(&self) -> bool {
        self.circle.is_some()
    }

    /// The range of values that is drawn.
    fn range(&self) -> (f64, f64) {
        self.circle.unwrap_or_else(|| range(&self.values))
    }
}

/// What is drawn of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// What is drawn: the name of a field, such as `v`, or of something derived from it, such as
    /// `v.x`, `|v|`, `re psi` or `arg psi`; by default all fields.
    pub field: Option<String>,
    /// The snapshot nearest to this time is drawn; by default the last one.
    pub time: Option<f64>,
}

/// Draws a snapshot of a series to a PNG file. Returns the time of the snapshot, which is unknown
/// in a file of snapshots without its series.
///
/// # Errors
/// If the series holds no such field, or the file cannot be written.
pub fn draw(series: &Series, view: &View, path: &Path) -> Result<Option<f64>, Error> {
    let times = series.times()?;
    let distance =
        |k: &usize| view.time.zip(times.get(*k)).map_or(0.0, |(asked, time)| (time - asked).abs());
    // Among equally near snapshots the latest.
    let nearest = (0..series.snapshots()?).rev().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let snapshot = nearest.ok_or_else(|| Error::NoRun { path: series.path().into() })?;
    let time = times.get(snapshot).copied();
    let rows = shown::choose(series, view.field.as_deref())?;
    let bounds = series.bounds()?;
    let mut slice = String::new();
    let mut panels = Vec::new();
    for row in rows {
        let mut drawn = Vec::new();
        for shown in row {
            let name = shown.field.name();
            let mut axes: Vec<_> = series.axes(name)?.into_iter().zip(bounds.clone()).collect();
            // The cells next to the middle of a third axis.
            let mut cut = None;
            if let (3, Some(&cells)) = (axes.len(), series.shape(name)?.last())
                && let Some((axis, [lower, upper])) = axes.pop()
            {
                let middle = cells / 2;
                let at = lower + (middle as f64 + 0.5) * (upper - lower) / cells as f64;
                slice = format!("{axis} = {}", label(at, upper - lower));
                cut = Some(middle);
            }
            let values = shown.read(series, snapshot, cut)?;
            drawn.push(Panel { name: shown.name(), values, axes, circle: shown.circle() });
        }
        panels.push(drawn);
    }
    let time_text = time.map_or(String::new(), |time| format!("t = {}", brief(time)));
    let title: Vec<String> =
        [series.text("title"), time_text, slice].into_iter().filter(|t| !t.is_empty()).collect();
    paint(&title.join(", "), &panels, path)
        .map_err(|error| Error::Picture { path: path.into(), reason: error.to_string() })?;
    Ok(time)
}

fn paint(title: &str, rows: &[Vec<Panel>], path: &Path) -> Drawn {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        let font = include_bytes!("../../assets/DejaVuSans.ttf");
        // The font is part of the program, so this cannot fail.
        let _ = register_font(FONT, FontStyle::Normal, font);
    });
    let size = |panel: &Panel| match panel.axes.len() {
        1 => lines::SIZE,
        _ => map::size(panel),
    };
    let height = |row: &[Panel]| row.iter().map(|panel| size(panel).1).max().unwrap_or(0);
    let widths = rows.iter().map(|row| row.iter().map(|panel| size(panel).0).sum::<u32>());
    let total = rows.iter().map(|row| height(row)).sum::<u32>();
    let whole @ (width, full) = (widths.max().unwrap_or(0), total + TITLE);
    let mut fine = vec![0; 3 * width as usize * full as usize];
    let root = BitMapBackend::with_buffer(&mut fine, whole).into_drawing_area();
    root.fill(&WHITE)?;
    let style = (FONT, LETTERS[0]).into_font().into_text_style(&root);
    let (w, _) = root.estimate_text_size(title, &style)?;
    let left = width.saturating_sub(w) / 2;
    root.draw_text(title, &style, (left as i32, 10 * FINE as i32))?;
    let mut top = TITLE;
    for row in rows {
        let mut left = 0;
        for panel in row {
            let (w, h) = size(panel);
            let area = root.clone().shrink((left, top), (w, h));
            if panel.axes.len() == 1 {
                lines::draw(&area, panel)?;
            } else {
                map::draw(&area, panel)?;
            }
            left += w;
        }
        top += height(row);
    }
    root.present()?;
    drop(root);
    let image = image::RgbImage::from_raw(width, full, fine).ok_or("the picture is too large")?;
    let (width, height) = (width / FINE, full / FINE);
    image::imageops::thumbnail(&image, width, height).save(path)?;
    Ok(())
}

/// The smallest and the largest finite value, moved apart if they are equal.
fn range(values: &ArrayD<f64>) -> (f64, f64) {
    let finite = values.iter().copied().filter(|x| x.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    // A constant is drawn in the middle of a range around it.
    let least = 1e-9 * low.abs().max(high.abs()).max(1e-30);
    let room = match high - low < least {
        true if low == 0.0 => 1.0,
        true => (0.05 * low.abs()).max(1e-12),
        false => 0.0,
    };
    (low - room, high + room)
}

/// A number on an axis that is `span` long, with as many digits as ticks need.
fn label(x: f64, span: f64) -> String {
    let size = x.abs().max(span);
    if x == 0.0 || x.abs() < 1e-9 * span {
        return "0".into();
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{x:.2e}");
    }
    let decimals = (2.5 - span.log10()).ceil().clamp(0.0, 6.0) as usize;
    rounded(x, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_and_exact_enough() {
        assert_eq!(label(0.5, 2.5), "0.5");
        assert_eq!(label(100.0, 200.0), "100");
        assert_eq!(label(1e-17, 1.0), "0");
        assert_eq!(label(2.5e-7, 1e-6), "2.50e-7");
        assert_eq!(label(0.3333333, 1.0), "0.333");
    }

    #[test]
    fn a_constant_and_a_field_without_numbers_have_a_range() {
        let constant = ArrayD::from_elem(vec![3], 2.0);
        let (low, high) = range(&constant);
        assert!(low < 2.0 && 2.0 < high);
        assert_eq!(range(&ArrayD::zeros(vec![3])), (-1.0, 1.0));
        assert_eq!(range(&ArrayD::from_elem(vec![3], f64::NAN)), (0.0, 1.0));
    }
}
