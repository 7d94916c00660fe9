//! Kymographs: values along an axis against time. Time runs upwards, in its true proportions: each row of pixels shows the
//! snapshot nearest to its time.

use std::path::Path;

use ndarray::{ArrayD, Axis, Ix1};

use super::film::{Film, Reel, failed};
use super::scale::Scale;
use super::shape::Shape;
use super::shown::{self, Shown};
use super::{Panel, Picture, View, map, middle, page};
use crate::error::Error;
use crate::series::Series;

/// Panels of kymographs in rows, and where other axes were cut.
struct Drawn {
    rows: Vec<Vec<Panel>>,
    slice: String,
    left_out: usize,
}

/// Draws kymographs of a series along an axis, by default the first one, to a PNG file. Other axes are cut next to their
/// middle. The time of the view means nothing here.
///
/// # Errors
/// If the series holds no such field or axis or fewer than two snapshots, or the file cannot be written.
pub fn kymograph(
    series: &Series,
    view: &View,
    along: Option<&str>,
    path: &Path,
) -> Result<Picture, Error> {
    let times = series.times()?;
    let Drawn { rows, slice, left_out } = drawn(series, view, along, &times)?;
    let texts = [series.text("title"), slice];
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    page::paint(&texts.join(", "), &rows, path)
        .map_err(|error| Error::Picture { path: path.into(), reason: error.to_string() })?;
    let panels = rows.iter().map(Vec::len).sum();
    Ok(Picture { time: times.last().copied().unwrap_or(f64::NAN), panels, left_out })
}

/// Kymographs of a series along its first axis, each as a film of one frame.
///
/// # Errors
/// As [`kymograph`].
pub fn kymographs(series: &Series, view: &View) -> Result<Vec<Film>, Error> {
    let Drawn { rows, slice, .. } = drawn(series, view, None, &series.times()?)?;
    let develop = |panel: Panel| {
        let mut reel = Reel::new(&panel, &slice);
        reel.add(panel);
        reel.develop().map_err(|error| failed(series, error))
    };
    rows.into_iter().flatten().map(develop).collect()
}

fn drawn(series: &Series, view: &View, along: Option<&str>, times: &[f64]) -> Result<Drawn, Error> {
    if times.len() < 2 {
        let count = times.len();
        return Err(failed(
            series,
            format!("a kymograph needs at least two snapshots, and there are {count}"),
        ));
    }
    let snapshots = nearest(times, map::ROWS);
    let chosen = shown::choose(series, view.field.as_deref(), false)?;
    let (rows, left_out) = shown::arrange(chosen, view.most.unwrap_or(usize::MAX));
    let mut slice = String::new();
    let mut panels = Vec::new();
    for row in rows {
        let row = row.iter().map(|shown| {
            let (panel, cut) = panel(series, shown, along, times, &snapshots)?;
            slice = cut;
            Ok(panel)
        });
        panels.push(row.collect::<Result<Vec<_>, Error>>()?);
    }
    Ok(Drawn { rows: panels, slice, left_out })
}

/// The kymograph of one number in each cell, with a column for each of these snapshots, and where other axes were cut.
fn panel(
    series: &Series,
    shown: &Shown,
    along: Option<&str>,
    times: &[f64],
    snapshots: &[usize],
) -> Result<(Panel, String), Error> {
    let field = shown.field.name();
    let axes: Vec<_> = series.axes(field)?.into_iter().zip(series.bounds()?).collect();
    let known = || axes.iter().map(|(name, _)| name.clone()).collect();
    let chosen = match along {
        Some(asked) => axes.iter().position(|(name, _)| name == asked),
        None => Some(0).filter(|_| !axes.is_empty()),
    };
    let Some(chosen) = chosen else {
        let (path, name) = (series.path().into(), along.unwrap_or_default().into());
        return Err(Error::NoAxis { path, name, known: known() });
    };
    let mut at = vec![None; axes.len()];
    let mut cuts = Vec::new();
    for (number, (name, ends)) in axes.iter().enumerate().filter(|(number, _)| *number != chosen) {
        let (cell, place) = middle(series, field, name, *ends)?;
        at[number] = Some(cell);
        cuts.push(place);
    }
    let mut columns: Vec<ArrayD<f64>> = Vec::new();
    for (place, snapshot) in snapshots.iter().enumerate() {
        let column = match place.checked_sub(1).filter(|before| snapshots[*before] == *snapshot) {
            Some(before) => columns[before].clone(),
            None => shown.read(series, *snapshot, &at)?.0,
        };
        columns.push(column);
    }
    let lines: Vec<_> =
        columns.iter().filter_map(|line| line.view().into_dimensionality::<Ix1>().ok()).collect();
    let values = ndarray::stack(Axis(1), &lines).map_err(|error| failed(series, error))?.into_dyn();
    let (scale, colours) = shown.colours(&values);
    let time = ("t".to_string(), [times[0], times[times.len() - 1]]);
    let panel = Panel {
        heading: shown.heading(),
        name: shown.name(),
        values,
        scale,
        colours,
        arrows: None,
        axes: vec![axes[chosen].clone(), time],
        shape: Shape::SpaceTime,
    };
    Ok((panel, cuts.join(", ")))
}

/// The snapshots nearest to the middles of so many equal spans of all the time.
fn nearest(times: &[f64], spans: usize) -> Vec<usize> {
    let scale = Scale::new(times[0], times[times.len() - 1]);
    let fractions: Vec<f64> = times.iter().map(|time| scale.fraction(*time)).collect();
    let mut snapshot = 0;
    let mut one = |span: usize| {
        let middle = (span as f64 + 0.5) / spans as f64;
        let further = |k: usize| (fractions[k] - middle).abs();
        while snapshot + 1 < times.len() && further(snapshot + 1) <= further(snapshot) {
            snapshot += 1;
        }
        snapshot
    };
    (0..spans).map(&mut one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_shown_in_its_true_proportions() {
        assert_eq!(nearest(&[0.0, 1.0], 4), [0, 0, 1, 1]);
        // Snapshots at 0, 1 and 4: the middle one is nearest from 0.5 to 2.5.
        let found = nearest(&[0.0, 1.0, 4.0], 8);
        assert_eq!(found, [0, 1, 1, 1, 1, 2, 2, 2]);
        assert_eq!(nearest(&[0.0, 0.001, 0.002, 100.0], 2), [2, 3]);
    }
}
