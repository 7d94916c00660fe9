//! What the page shows over time: some states of each panel, and kymographs of one-dimensional fields.

use serde_json::{Map, Value, json};

use super::html::image;
use super::{Pictures, numbers};
use crate::error::Error;
use crate::picture::{Film, Frames, View, films, kymographs};
use crate::series::Series;

/// The most states.
const STATES: usize = 40;
/// About how long it takes to draw a small picture, in seconds, and how many bytes are read in a second.
const DRAWING: f64 = 2e-3;
const READING: f64 = 5e8;

/// The part of the page that the script fills.
pub(super) const CONTROLS: &str = "<div id=\"player\">
<div class=\"controls\">
<button type=\"button\" id=\"play\" aria-label=\"play\">▶</button>
<input type=\"range\" id=\"slider\" min=\"0\" value=\"0\" aria-label=\"time\">
<output id=\"clock\"></output>
</div>
<div id=\"panels\" class=\"grid\"></div>
<noscript><p>The player and the plots need JavaScript.</p></noscript>
</div>";

/// The data of the player and of kymographs.
pub(super) fn read(
    series: &Series,
    view: &View,
    times: &[f64],
    pictures: Pictures,
) -> Result<Map<String, Value>, Error> {
    let mut data = Map::new();
    if times.len() < 2 {
        return Ok(data);
    }
    let snapshots = spread(times.len(), states(series, view, pictures)?);
    let films = films(series, view, &snapshots)?;
    data.insert("times".into(), numbers(snapshots.iter().map(|snapshot| times[*snapshot])));
    data.insert("panels".into(), films.iter().map(panel).collect());
    if series.bounds()?.len() == 1 {
        let kymographs = kymographs(series, view)?;
        data.insert("kymographs".into(), kymographs.iter().map(panel).collect());
    }
    Ok(data)
}

/// How many states there is time for.
fn states(series: &Series, view: &View, pictures: Pictures) -> Result<usize, Error> {
    let seconds = match pictures {
        Pictures::None => return Ok(0),
        Pictures::All => return Ok(STATES),
        Pictures::Within(seconds) => seconds,
    };
    let fields = series.fields()?;
    let mut cost = 0.0;
    for name in &fields {
        let numbers: usize = series.shape(name)?.iter().skip(1).product();
        cost += DRAWING + (numbers * series.bytes(name)?) as f64 / READING;
    }
    // Of many fields only some are shown.
    let shown = view.most.unwrap_or(usize::MAX).min(fields.len());
    let cost = cost * shown as f64 / fields.len().max(1) as f64;
    Ok(((seconds / cost) as usize).clamp(2, STATES))
}

/// As many of the snapshots as `most` allows, the first and the last among them, at distances as equal as can be.
fn spread(snapshots: usize, most: usize) -> Vec<usize> {
    let count = snapshots.min(most);
    (0..count).map(|k| k * (snapshots - 1) / (count - 1).max(1)).collect()
}

/// A panel as data.
fn panel(film: &Film) -> Value {
    let axes = film.axes.iter().map(|(name, ends)| json!({ "name": name, "ends": ends }));
    let mut panel = json!({
        "name": film.name,
        "slice": film.slice,
        "axes": axes.collect::<Vec<_>>(),
        "scale": film.scale,
        "proportion": film.proportion,
    });
    match &film.frames {
        Frames::Maps { files, colours } => {
            panel["maps"] = files.iter().map(|file| image(file)).collect();
            // A few are enough for a gradient.
            let some = colours.iter().step_by(colours.len().div_ceil(32).max(1));
            let some = some.chain(colours.last());
            panel["colours"] = some.map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}")).collect();
        }
        Frames::Lines(lines) => {
            panel["units"] = json!(Frames::UNITS);
            panel["lines"] = json!(lines);
        }
    }
    panel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_state_are_seen() {
        assert_eq!(spread(3, 40), [0, 1, 2]);
        assert_eq!(spread(101, 5), [0, 25, 50, 75, 100]);
        let many = spread(1234, 40);
        assert_eq!((many.len(), many[0], many[39]), (40, 0, 1233));
        assert_eq!(spread(5, 2), [0, 4]);
    }
}
