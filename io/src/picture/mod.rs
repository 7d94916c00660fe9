//! Pictures of one state: maps of two-dimensional fields, lines of one-dimensional ones, slices
//! through the middle of three-dimensional ones. Fields on polar, spherical and cylindrical grids
//! are drawn as they lie in space. Vectors in a plane are arrows, the components of other vectors and
//! of tensors have a panel each; complex numbers are shown by absolute value and angle.

mod arrows;
mod axes;
mod cells;
mod film;
mod kymograph;
mod lines;
mod map;
mod memory;
mod movie;
mod page;
mod scale;
mod shape;
mod shown;
mod state;
mod text;
mod ticks;

use std::path::Path;

use fluxions_grid::Geometry;
use ndarray::ArrayD;
use plotters::drawing::DrawingArea;
use plotters::prelude::*;

use crate::error::Error;
use crate::numbers::brief;
use crate::series::Series;
pub use film::{Film, Frames, films};
pub use kymograph::{kymograph, kymographs};
pub use memory::memory;
pub use movie::{Movie, movie};
use scale::{Colours, Scale};
use shape::Shape;
use shown::Shown;
pub use state::{Pixel, State, state};

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Pictures are drawn this many times as large and averaged, so that lines are smooth.
const FINE: u32 = 2;
/// Font sizes of the title, of headings of panels, of the names of axes, of numbers along them.
const LETTERS: [u32; 4] = [20 * FINE, 16 * FINE, 14 * FINE, 13 * FINE];

/// The components of a vector along the first two directions of space.
type Components = [ArrayD<f64>; 2];

/// Numbers to be drawn along one or two axes.
struct Panel {
    heading: String,
    /// What the numbers are.
    name: String,
    values: ArrayD<f64>,
    scale: Scale,
    colours: Colours,
    /// The vector that arrows show.
    arrows: Option<Components>,
    axes: Vec<(String, [f64; 2])>,
    shape: Shape,
}

impl Panel {
    /// Whether the values go round, so that the largest is next to the smallest.
    fn is_cyclic(&self) -> bool {
        self.colours == Colours::Cyclic
    }

    /// Whether it is a map, not a line.
    fn is_map(&self) -> bool {
        self.axes.len() > 1 || self.shape != Shape::Straight
    }

    /// The axes to the right and upwards with their ends, of which a line has one.
    fn axes_drawn(&self) -> Vec<(String, [f64; 2])> {
        match self.is_map() {
            true => map::sides(self).0.into_iter().map(|(name, ends, _)| (name, ends)).collect(),
            false => self.axes.clone(),
        }
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
    /// Whether the axes of polar, spherical and cylindrical grids are drawn as straight axes. By default
    /// fields are drawn in the shape that they have in space.
    pub plain_axes: bool,
    /// The most panels; by default as many as there are.
    pub most: Option<usize>,
}

/// What was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The time of the snapshot.
    pub time: f64,
    /// How many panels the picture has.
    pub panels: usize,
    /// How many panels were left out.
    pub left_out: usize,
}

/// Panels in rows, below a title.
struct Page {
    title: String,
    /// Where a third axis was cut, in words; empty if there is none.
    slice: String,
    rows: Vec<Vec<Panel>>,
    left_out: usize,
}

/// Draws a snapshot of a series to a PNG file.
///
/// # Errors
/// If the series holds no such field, or the file cannot be written.
pub fn draw(series: &Series, view: &View, path: &Path) -> Result<Picture, Error> {
    let (Page { title, rows, left_out, .. }, time) = page_of(series, view)?;
    page::paint(&title, &rows, path)
        .map_err(|error| Error::Picture { path: path.into(), reason: error.to_string() })?;
    Ok(Picture { time, panels: rows.iter().map(Vec::len).sum(), left_out })
}

/// Draws a snapshot of a series: a PNG file.
///
/// # Errors
/// If the series holds no such field.
pub fn png(series: &Series, view: &View) -> Result<Vec<u8>, Error> {
    let (Page { title, rows, .. }, _) = page_of(series, view)?;
    let mut file = std::io::Cursor::new(Vec::new());
    let image = page::image(&title, &rows).map_err(|error| film::failed(series, error))?;
    let written = image.write_to(&mut file, image::ImageOutputFormat::Png);
    written.map_err(|error| film::failed(series, error))?;
    Ok(file.into_inner())
}

/// The page of the snapshot that is to be drawn, and its time.
fn page_of(series: &Series, view: &View) -> Result<(Page, f64), Error> {
    let times = series.times()?;
    let snapshot = match view.time {
        Some(asked) => series.nearest(asked)?,
        None => times.len().checked_sub(1),
    };
    let snapshot =
        snapshot.ok_or_else(|| Error::NoSnapshot { path: series.folder().path().into() })?;
    Ok((panels(series, view, snapshot, times[snapshot])?, times[snapshot]))
}

/// What is drawn of a snapshot, which is that of this time.
fn panels(series: &Series, view: &View, snapshot: usize, time: f64) -> Result<Page, Error> {
    let bounds = series.bounds()?;
    let geometry = Geometry::find(&series.text("geometry")).unwrap_or(Geometry::Cartesian);
    let shape = match view.plain_axes {
        true => Shape::Straight,
        false => Shape::of(geometry, &bounds),
    };
    let in_plane = bounds.len() > 1 || shape != Shape::Straight;
    let chosen = shown::choose(series, view.field.as_deref(), in_plane)?;
    let (rows, left_out) = shown::arrange(chosen, view.most.unwrap_or(usize::MAX));
    let mut slice = String::new();
    let mut panels = Vec::new();
    for row in rows {
        let mut drawn = Vec::new();
        for shown in row {
            let (panel, cut) = panel(series, &shown, snapshot, &bounds, shape)?;
            slice = cut.unwrap_or(slice);
            drawn.push(panel);
        }
        panels.push(drawn);
    }
    let time_text = format!("t = {}", brief(time));
    let count = panels.iter().map(Vec::len).sum::<usize>();
    let count_text = match left_out {
        0 => String::new(),
        _ => format!("{count} of {} panels", count + left_out),
    };
    let title = [series.text("title"), time_text, slice.clone(), count_text];
    let title: Vec<String> = title.into_iter().filter(|text| !text.is_empty()).collect();
    Ok(Page { title: title.join(", "), slice, rows: panels, left_out })
}

/// A panel of one snapshot, and where a third axis was cut: next to the middle.
fn panel(
    series: &Series,
    shown: &Shown,
    snapshot: usize,
    bounds: &[[f64; 2]],
    shape: Shape,
) -> Result<(Panel, Option<String>), Error> {
    let name = shown.field.name();
    let mut axes: Vec<_> = series.axes(name)?.into_iter().zip(bounds.to_vec()).collect();
    let mut at = vec![None; axes.len()];
    let mut slice = None;
    if axes.len() == 3
        && let Some((axis, ends)) = axes.pop()
    {
        let (middle, place) = middle(series, name, &axis, ends)?;
        (at[2], slice) = (Some(middle), Some(place));
    }
    let (values, arrows) = shown.read(series, snapshot, &at)?;
    let (scale, colours) = shown.colours(&values);
    let (heading, name) = (shown.heading(), shown.name());
    Ok((Panel { heading, name, values, scale, colours, arrows, axes, shape }, slice))
}

/// The cell next to the middle of an axis of a field, and where it is.
fn middle(
    series: &Series,
    field: &str,
    axis: &str,
    [lower, upper]: [f64; 2],
) -> Result<(usize, String), Error> {
    let number = series.axes(field)?.iter().position(|name| name == axis).unwrap_or(0);
    let shape = series.shape(field)?;
    let from = shape.len().saturating_sub(series.axes(field)?.len());
    let cells = shape.get(from + number).copied().unwrap_or(1).max(1);
    let (middle, scale) = (cells / 2, Scale::new(lower, upper));
    let at = scale.at((middle as f64 + 0.5) / cells as f64);
    Ok((middle, format!("{axis} = {}", ticks::position(at, &scale))))
}
