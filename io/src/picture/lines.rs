//! A one-dimensional field as a line.

use plotters::prelude::*;

use super::axes::{self, Frame};
use super::scale::Scale;
use super::{Area, Drawn, FINE, Panel};

/// Width and height of a panel, without its heading.
pub(super) const SIZE: (u32, u32) = (620 * FINE, 400 * FINE);
/// Space for labels on the left, on the right, above and below.
const LEFT: i32 = 76 * FINE as i32;
const RIGHT: i32 = 24 * FINE as i32;
const ABOVE: i32 = 20 * FINE as i32;
const BELOW: i32 = 52 * FINE as i32;
/// Space above the largest value and below the smallest one, compared with their distance.
pub(super) const ROOM: f64 = 0.05;

pub(super) fn draw(area: &Area<'_>, panel: &Panel, top: u32) -> Drawn {
    let top = top as i32;
    let (right, bottom) = (SIZE.0 as i32 - RIGHT, top + SIZE.1 as i32 - BELOW);
    let frame = Frame { left: LEFT, top: top + ABOVE, right, bottom };
    let Some((name, [lower, upper])) = panel.axes.first() else { return Ok(()) };
    let scale = panel.scale.widened(ROOM);
    let across = axes::across(&Scale::new(*lower, *upper), &frame);
    let upwards = axes::upwards(&scale, &frame);
    let mut grid = Vec::new();
    grid.extend(across.marks.iter().map(|(x, _)| [[*x, 0.0], [*x, 1.0]]));
    grid.extend(upwards.marks.iter().map(|(y, _)| [[0.0, *y], [1.0, *y]]));
    for line in grid {
        let line = line.map(|end| frame.at(end)).to_vec();
        area.draw(&PathElement::new(line, RGBColor(225, 225, 225).stroke_width(FINE)))?;
    }
    let colour = RGBColor(38, 84, 160);
    for piece in pieces(panel, &scale) {
        let points: Vec<_> = thinned(piece.into_iter().map(|point| frame.at(point)));
        if let [point] = points[..] {
            area.draw(&Circle::new(point, 3 * FINE, colour.filled()))?;
        }
        area.draw(&PathElement::new(points, colour.stroke_width(2 * FINE)))?;
    }
    frame.draw(area)?;
    axes::draw_below(area, &frame, &across, name, false)?;
    axes::draw_left(area, &frame, &upwards, "")
}

/// The values as points, fractions of the width and the height, in pieces: with gaps where there is no
/// number, and where an angle goes once round.
pub(super) fn pieces(panel: &Panel, scale: &Scale) -> Vec<Vec<[f64; 2]>> {
    let n = panel.values.len() as f64;
    let points = panel.values.iter().enumerate();
    let points: Vec<[f64; 2]> =
        points.map(|(k, y)| [(k as f64 + 0.5) / n, scale.fraction(*y)]).collect();
    let jump = if panel.is_cyclic() { 0.5 } else { f64::INFINITY };
    let near = |a: &[f64; 2], b: &[f64; 2]| (a[1] - b[1]).abs() < jump;
    let finite = points.split(|[_, y]| !y.is_finite());
    finite.flat_map(|piece| piece.chunk_by(near)).map(<[_]>::to_vec).collect()
}

/// The points without those that change nothing: of points above each other, the first, the highest,
/// the lowest and the last are kept.
pub(super) fn thinned(points: impl Iterator<Item = (i32, i32)>) -> Vec<(i32, i32)> {
    let points: Vec<_> = points.collect();
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0 == b.0) {
        let extreme = |y: i32| (column[0].0, y);
        let ys = column.iter().map(|(_, y)| *y);
        let (low, high) = ys.fold((i32::MAX, i32::MIN), |(l, h), y| (l.min(y), h.max(y)));
        kept.extend([column[0], extreme(low), extreme(high), column[column.len() - 1]]);
    }
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_lines_look_the_same() {
        let few = [(0, 1), (1, 5), (2, 0)];
        assert_eq!(thinned(few.into_iter()), few);
        let many = (0..1000).map(|k| (k / 100, k % 10));
        let kept = thinned(many);
        assert!(kept.len() <= 40 && kept[..4] == [(0, 0), (0, 9), (1, 0), (1, 9)], "{kept:?}");
    }
}
