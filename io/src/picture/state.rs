//! A state in few and large pixels, as a terminal shows it.

use ndarray::{ArrayD, Axis};

use super::lines::{self, ROOM};
use super::{Page, Panel, View, cells, map, page_of};
use crate::error::Error;
use crate::series::Series;

/// One panel of a snapshot.
pub struct State {
    panel: Panel,
    /// The time of the snapshot.
    pub time: f64,
    /// Where a third axis was cut, in words; empty if there is none.
    pub slice: String,
    /// The axes to the right and upwards, with their ends. A line has one.
    pub axes: Vec<(String, [f64; 2])>,
    /// Height over width of a map.
    pub proportion: f64,
}

/// What is to be seen in a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pixel {
    /// It lies beyond the domain.
    Outside,
    /// The cell has no finite number.
    Nothing,
    /// A number, as the fraction of the way from the lower to the upper end of the scale.
    Value(f64),
}

/// The first panel of a view of a series.
///
/// # Errors
/// If the series holds no such field, or no snapshot.
pub fn state(series: &Series, view: &View) -> Result<State, Error> {
    let view = View { most: Some(1), ..view.clone() };
    let (Page { slice, rows, .. }, time) = page_of(series, &view)?;
    let panel = rows.into_iter().flatten().next();
    let panel = panel.ok_or_else(|| Error::NoRun { path: series.path().into() })?;
    let (axes, (_, (w, h))) = (panel.axes_drawn(), map::sides(&panel));
    Ok(State { panel, time, slice, axes, proportion: f64::from(h) / f64::from(w) })
}

impl State {
    /// What its values are, such as `u` or `|v|`.
    pub fn name(&self) -> &str {
        &self.panel.name
    }

    /// The values, along each axis of the grid that is not cut.
    pub fn values(&self) -> &ArrayD<f64> {
        &self.panel.values
    }

    /// Whether it is a map, not a line.
    pub fn is_map(&self) -> bool {
        self.panel.is_map()
    }

    /// The ends of the scale of the values.
    pub fn scale(&self) -> [f64; 2] {
        match self.is_map() {
            true => self.panel.scale.ends(),
            false => self.panel.scale.widened(ROOM).ends(),
        }
    }

    /// The colour at a fraction of the scale, as red, green and blue.
    pub fn colour(&self, fraction: f64) -> [u8; 3] {
        self.panel.colours.at(fraction)
    }

    /// The pixels of a map, row by row from the top left.
    pub fn pixels(&self, (w, h): (u32, u32)) -> Vec<Pixel> {
        let values = match self.panel.values.ndim() {
            1 => self.panel.values.clone().insert_axis(Axis(1)),
            _ => self.panel.values.clone(),
        };
        let Ok(values) = values.into_dimensionality() else { return Vec::new() };
        let places = self.panel.shape.places([w as usize, h as usize]);
        let values = cells::reduced(values.view(), places, self.panel.is_cyclic());
        let pixel = |x: f64| match self.panel.scale.fraction(x) {
            fraction if fraction.is_finite() => Pixel::Value(fraction.clamp(0.0, 1.0)),
            _ => Pixel::Nothing,
        };
        map::pixels(&values.mapv(pixel), self.panel.shape, (w, h), Pixel::Outside, None)
    }

    /// A line in pieces of points among so many places to the right and upwards, counted from the lower left.
    pub fn line(&self, (w, h): (u32, u32)) -> Vec<Vec<(i32, i32)>> {
        let place = |fraction: f64, places: u32| {
            ((fraction * f64::from(places)) as i32).clamp(0, places.saturating_sub(1) as i32)
        };
        let point = |[x, y]: [f64; 2]| (place(x, w), place(y, h));
        let pieces = lines::pieces(&self.panel, &self.panel.scale.widened(ROOM));
        let thinned = |piece: Vec<[f64; 2]>| lines::thinned(piece.into_iter().map(point));
        pieces.into_iter().map(thinned).collect()
    }
}
