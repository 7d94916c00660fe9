//! The states of a series without axes and letters, for a page that draws these itself and shows one state after the
//! other: maps as small pictures, lines as points, all of a panel on one scale.

use ndarray::{Array2, ArrayD};

use super::lines::{self, ROOM};
use super::map::{self, NOTHING};
use super::scale::{Colours, extremes};
use super::shape::Shape;
use super::{Page, Panel, View, cells, panels};
use crate::error::Error;
use crate::series::Series;

/// The most pixels of a map along each direction.
const MOST: u32 = 240;
/// The colours of a scale; the others of the 256 that a picture has are for what has no value.
const COLOURS: usize = 253;
/// The entries of the palette for a cell without a number, for what is around the domain, and for its rim.
const EMPTY: u8 = 253;
const OUTSIDE: u8 = 254;
const RIM: u8 = 255;
/// The grey of a rim, to be seen on any page.
const GREY: [u8; 3] = [128; 3];
/// Lines of more points are thinned, in so many columns.
const COLUMNS: usize = 400;

/// A panel through time.
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    /// What its values are, such as `u` or `|v|`.
    pub name: String,
    /// The axes, to the right and upwards, with their ends. A line has one, and its values run upwards.
    pub axes: Vec<(String, [f64; 2])>,
    /// Where a third axis was cut, in words; empty if there is none.
    pub slice: String,
    /// The ends of the scale of the values, the same in all frames.
    pub scale: [f64; 2],
    /// Height over width of a map.
    pub proportion: f64,
    /// The states.
    pub frames: Frames,
}

/// The states of a panel, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Frames {
    /// PNG files, and the colours from the lower to the upper end of the scale.
    Maps {
        /// The files.
        files: Vec<Vec<u8>>,
        /// Red, green and blue.
        colours: Vec<[u8; 3]>,
    },
    /// Lines in pieces of points, which are given in parts of [`Frames::UNITS`] of the ways along the axis and the scale.
    Lines(Vec<Vec<Vec<(i32, i32)>>>),
}

impl Frames {
    /// The length of the axes of lines.
    pub const UNITS: i32 = 4000;
}

/// Films of some snapshots of a series, one for each panel.
///
/// # Errors
/// If the series holds no such field or snapshot, or cannot be read.
pub fn films(series: &Series, view: &View, snapshots: &[usize]) -> Result<Vec<Film>, Error> {
    let times = series.times()?;
    let mut reels: Vec<Reel> = Vec::new();
    for snapshot in snapshots {
        let time = times.get(*snapshot).copied().unwrap_or(f64::NAN);
        let Page { slice, rows, .. } = panels(series, view, *snapshot, time)?;
        for (number, panel) in rows.into_iter().flatten().enumerate() {
            if reels.len() <= number {
                reels.push(Reel::new(&panel, &slice));
            }
            reels[number].add(panel);
        }
    }
    reels.into_iter().map(|reel| reel.develop().map_err(|error| failed(series, error))).collect()
}

/// What was not drawn of a series.
pub(super) fn failed(series: &Series, reason: impl ToString) -> Error {
    Error::Picture { path: series.path().into(), reason: reason.to_string() }
}

/// The states of a panel before their common scale is known.
pub(super) struct Reel {
    /// A panel like all of them.
    panel: Panel,
    slice: String,
    axes: Vec<(String, [f64; 2])>,
    /// Width and height of a map, and its proportion.
    size: (u32, u32),
    proportion: f64,
    extremes: Vec<f64>,
    states: Vec<ArrayD<f64>>,
}

impl Reel {
    pub(super) fn new(panel: &Panel, slice: &str) -> Self {
        let (_, (w, h)) = map::sides(panel);
        let proportion = f64::from(h) / f64::from(w);
        let longer = w.max(h);
        let [w, h] = [w, h].map(|pixels| (pixels * MOST / longer).max(1));
        let cells = panel.values.shape();
        let size = match (panel.shape, cells) {
            // Pixels larger than the cells show nothing more.
            (Shape::Straight, [nx, ny]) => (w.min(*nx as u32), h.min(*ny as u32)),
            _ => (w, h),
        };
        let axes = panel.axes_drawn();
        let panel = Panel {
            heading: String::new(),
            name: panel.name.clone(),
            values: ArrayD::default(vec![0]),
            arrows: None,
            axes: panel.axes.clone(),
            ..*panel
        };
        let slice = slice.into();
        Reel { panel, slice, axes, size, proportion, extremes: vec![], states: vec![] }
    }

    pub(super) fn add(&mut self, panel: Panel) {
        self.extremes.extend(extremes(&panel.values));
        let values = match (panel.is_map(), panel.values.ndim()) {
            (false, _) => panel.values,
            (true, 1) => {
                let column = panel.values.insert_axis(ndarray::Axis(1));
                self.reduced(column)
            }
            (true, _) => self.reduced(panel.values),
        };
        self.states.push(values);
    }

    fn reduced(&self, values: ArrayD<f64>) -> ArrayD<f64> {
        let places = self.panel.shape.places([self.size.0 as usize, self.size.1 as usize]);
        match values.view().into_dimensionality() {
            Ok(map) => cells::reduced(map, places, self.panel.is_cyclic()).into_dyn(),
            Err(_) => values,
        }
    }

    /// The film, on a scale that has room for all states.
    pub(super) fn develop(self) -> Result<Film, Box<dyn std::error::Error>> {
        let Reel { mut panel, slice, axes, size, proportion, extremes, states } = self;
        if !panel.is_cyclic() {
            (panel.scale, panel.colours) = Colours::of(&extremes);
        }
        let frames = if panel.is_map() {
            let colours = panel.colours.table(COLOURS);
            let file =
                |state: ArrayD<f64>| png(&state.into_dimensionality()?, &panel, size, &colours);
            let files = states.into_iter().map(file).collect::<Result<_, _>>()?;
            Frames::Maps { files, colours }
        } else {
            panel.scale = panel.scale.widened(ROOM);
            let mut line = |state| {
                panel.values = state;
                points(&panel)
            };
            Frames::Lines(states.into_iter().map(&mut line).collect())
        };
        let (name, scale) = (panel.name, panel.scale.ends());
        Ok(Film { name, axes, slice, scale, proportion, frames })
    }
}

/// A map as a PNG file of one byte per pixel.
fn png(
    values: &Array2<f64>,
    panel: &Panel,
    (w, h): (u32, u32),
    colours: &[[u8; 3]],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let entry = |x: &f64| map::entry(*x, &panel.scale, COLOURS).map_or(EMPTY, |entry| entry as u8);
    let pixels = map::pixels(&values.map(entry), panel.shape, (w, h), OUTSIDE, Some(RIM));
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, w, h);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette([colours.concat(), NOTHING.into(), GREY.into(), GREY.into()].concat());
    // What is around the domain is seen through.
    encoder.set_trns([vec![255; usize::from(OUTSIDE)], vec![0]].concat());
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

/// A line in pieces.
fn points(panel: &Panel) -> Vec<Vec<(i32, i32)>> {
    let units = f64::from(Frames::UNITS);
    let columns = if panel.values.len() > COLUMNS { COLUMNS as f64 } else { units };
    let column = |x: f64| ((x * columns).floor() * (units / columns)) as i32;
    let point = |[x, y]: [f64; 2]| (column(x), (y * units).round() as i32);
    let piece = |piece: Vec<[f64; 2]>| lines::thinned(piece.into_iter().map(point));
    lines::pieces(panel, &panel.scale).into_iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::super::scale::Scale;
    use super::*;

    fn film(states: [ArrayD<f64>; 2], shape: Shape, axes: &[&str]) -> Film {
        let panel = |values: ArrayD<f64>| Panel {
            heading: "u".into(),
            name: "u".into(),
            values,
            scale: Scale::new(0.0, 1.0),
            colours: Colours::Sequential,
            arrows: None,
            axes: axes.iter().map(|name| (name.to_string(), [0.0, 1.0])).collect(),
            shape,
        };
        let mut reel = Reel::new(&panel(states[0].clone()), "");
        states.into_iter().for_each(|state| reel.add(panel(state)));
        reel.develop().unwrap()
    }

    #[test]
    fn pictures_have_a_pixel_for_each_cell_and_one_scale() {
        let states = [array![[0.0, 1.0], [f64::NAN, 0.5]], array![[4.0, 4.0], [4.0, 4.0]]];
        let film = film(states.map(|state| state.into_dyn()), Shape::Straight, &["x", "y"]);
        let Frames::Maps { files, colours } = film.frames else { panic!("a line") };
        assert_eq!((film.scale, film.proportion, colours.len()), ([0.0, 4.0], 1.0, COLOURS));
        let pixels = |file: &[u8]| image::load_from_memory(file).unwrap().into_rgba8();
        let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
        let first = pixels(&files[0]);
        assert_eq!(first.dimensions(), (2, 2));
        // y runs upwards.
        assert_eq!(first.get_pixel(0, 1).0, opaque(colours[0]));
        assert_eq!(first.get_pixel(0, 0).0, opaque(colours[COLOURS / 4]));
        assert_eq!(first.get_pixel(1, 1).0, opaque(NOTHING));
        assert!(pixels(&files[1]).pixels().all(|p| p.0 == opaque(colours[COLOURS - 1])));
    }

    #[test]
    fn what_is_around_a_disk_is_seen_through() {
        let states = [0.0, 1.0].map(|x| array![x, x].into_dyn());
        let film = film(states, Shape::Disk { hole: 0.0 }, &["r"]);
        let Frames::Maps { files, colours } = film.frames else { panic!("a line") };
        let picture = image::load_from_memory(&files[0]).unwrap().into_rgba8();
        assert_eq!(picture.dimensions(), (MOST, MOST));
        assert_eq!(picture.get_pixel(0, 0).0[3], 0);
        assert_eq!(picture.get_pixel(MOST / 2, MOST / 2).0[..3], colours[0]);
    }

    #[test]
    fn lines_are_points_on_one_scale() {
        let states = [array![0.0, f64::NAN, 1.0].into_dyn(), Array1::from_elem(3, 10.0).into_dyn()];
        let one = film(states, Shape::Straight, &["x"]);
        let Frames::Lines(lines) = one.frames else { panic!("a map") };
        // From 0 to 10, with room of a twentieth at both ends.
        assert_eq!(one.scale, [-0.5, 10.5]);
        let y = |x: f64| ((x + 0.5) / 11.0 * f64::from(Frames::UNITS)).round() as i32;
        let x = |cell: i32| (2 * cell + 1) * Frames::UNITS / 6;
        assert_eq!(lines[0], [vec![(x(0), y(0.0))], vec![(x(2), y(1.0))]]);
        assert_eq!(lines[1], [vec![(x(0), y(10.0)), (x(1), y(10.0)), (x(2), y(10.0))]]);
        // Of many cells a peak is kept.
        let mut many = Array1::zeros(5000);
        many[1234] = 1.0;
        let other = film([many.clone().into_dyn(), many.into_dyn()], Shape::Straight, &["x"]);
        let Frames::Lines(lines) = other.frames else { panic!("a map") };
        assert!(lines[0][0].len() <= 4 * COLUMNS);
        assert!(lines[0][0].iter().any(|(_, y)| *y > 3 * Frames::UNITS / 4));
    }
}
