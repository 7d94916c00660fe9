//! The frame of a panel: ticks, their labels, the names of the axes.

use plotters::prelude::*;

use super::scale::Scale;
use super::text::{self, Anchor, draw};
use super::ticks::Ticks;
use super::{Area, Drawn, FINE, LETTERS};

/// The length of a tick.
const TICK: i32 = 4 * FINE as i32;
/// Space between a tick and its label, and between labels.
const GAP: i32 = 3 * FINE as i32;
/// The most ticks along an axis.
const MOST: usize = 6;
/// The fewest pixels from one tick to the next upwards.
const APART: i32 = 26 * FINE as i32;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Frame {
    /// The pixel at fractions of the width and the height, from the lower left.
    pub(super) fn at(&self, [x, y]: [f64; 2]) -> (i32, i32) {
        let along = |from: i32, to: i32, f: f64| from + (f * f64::from(to - from)).round() as i32;
        (along(self.left, self.right, x), along(self.bottom, self.top, y))
    }

    /// The width and the height.
    pub(super) fn size(&self) -> (i32, i32) {
        (self.right - self.left, self.bottom - self.top)
    }

    /// Draws its edges.
    pub(super) fn draw(&self, area: &Area<'_>) -> Drawn {
        let corners = [(self.left, self.top), (self.right, self.bottom)];
        area.draw(&Rectangle::new(corners, BLACK.stroke_width(FINE)))?;
        Ok(())
    }
}

/// The ticks of an axis to the right: as many as have room for their labels.
pub(super) fn across(scale: &Scale, frame: &Frame) -> Ticks {
    let room = frame.size().0;
    let fits = |ticks: &Ticks| {
        let widest = ticks.marks.iter().map(|(_, label)| text::width(label, LETTERS[3])).max();
        (widest.unwrap_or(0) + 3 * GAP) * ticks.marks.len() as i32 <= room + room / 6
    };
    let mut fewer = (2..=MOST).rev().map(|most| Ticks::new(scale, most));
    fewer.find(fits).unwrap_or_else(|| Ticks::new(scale, 2))
}

/// The ticks of an axis upwards.
pub(super) fn upwards(scale: &Scale, frame: &Frame) -> Ticks {
    let most = (frame.size().1 / APART).clamp(2, MOST as i32);
    Ticks::new(scale, most as usize)
}

/// Draws the axis below a frame, with its name. `unsigned` labels are those of distances.
pub(super) fn draw_below(
    area: &Area<'_>,
    frame: &Frame,
    ticks: &Ticks,
    name: &str,
    unsigned: bool,
) -> Drawn {
    let letters = LETTERS[3] as i32;
    let y = frame.bottom + TICK + GAP + letters / 2;
    let mut free = i32::MIN;
    for (fraction, label) in &ticks.marks {
        let (x, _) = frame.at([*fraction, 0.0]);
        line(area, [(x, frame.bottom), (x, frame.bottom + TICK)])?;
        let label = if unsigned { label.trim_start_matches('−') } else { label };
        let half = text::width(label, LETTERS[3]) / 2;
        if x - half >= free {
            draw(area, label, LETTERS[3], (x, y), Anchor::Middle, false)?;
            free = x + half + GAP;
        }
    }
    let y = y + letters + 2 * GAP;
    let middle = (frame.left + frame.right) / 2;
    let note = (frame.right, y);
    draw(area, &ticks.note, LETTERS[3], note, Anchor::Right, false)?;
    // To the left of the note, if both do not fit.
    let end = match ticks.note.is_empty() {
        true => i32::MAX,
        false => frame.right - text::width(&ticks.note, LETTERS[3]) - 2 * GAP,
    };
    let width = text::width(name, LETTERS[2]);
    let x = middle.min(end - width / 2);
    draw(area, name, LETTERS[2], (x, y), Anchor::Middle, false)
}

/// Draws the axis on the left of a frame, with its name.
pub(super) fn draw_left(area: &Area<'_>, frame: &Frame, ticks: &Ticks, name: &str) -> Drawn {
    let x = frame.left - TICK - GAP;
    draw_turned(area, frame, name, x - beyond(ticks))?;
    draw_marks(area, frame, ticks, [frame.left - TICK, frame.left], x, Anchor::Right)?;
    // Above a narrow frame there may be another note to the right.
    let x = (frame.left - TICK).min(frame.right - text::width(&ticks.note, LETTERS[3]));
    draw(area, &ticks.note, LETTERS[3], (x, note_line(frame)), Anchor::Left, false)
}

/// Draws the axis on the right of a frame, with its name.
pub(super) fn draw_right(area: &Area<'_>, frame: &Frame, ticks: &Ticks, name: &str) -> Drawn {
    let x = frame.right + TICK + GAP;
    draw_turned(area, frame, name, x + beyond(ticks))?;
    draw_marks(area, frame, ticks, [frame.right, frame.right + TICK], x, Anchor::Left)?;
    let note = (frame.left, note_line(frame));
    draw(area, &ticks.note, LETTERS[3], note, Anchor::Left, false)
}

/// How far from its labels' beginning the name of an axis is.
fn beyond(ticks: &Ticks) -> i32 {
    let widest = ticks.marks.iter().map(|(_, label)| text::width(label, LETTERS[3])).max();
    widest.unwrap_or(0) + 2 * GAP + LETTERS[2] as i32 / 2
}

/// Draws the name of an axis upwards. It may be a little longer than the frame is high.
fn draw_turned(area: &Area<'_>, frame: &Frame, name: &str, x: i32) -> Drawn {
    let room = frame.size().1 + 2 * (TICK + GAP + LETTERS[3] as i32);
    let name = text::shortened(name, LETTERS[2], room as u32);
    let middle = (frame.top + frame.bottom) / 2;
    draw(area, &name, LETTERS[2], (x, middle), Anchor::Middle, true)
}

fn draw_marks(
    area: &Area<'_>,
    frame: &Frame,
    ticks: &Ticks,
    [from, to]: [i32; 2],
    x: i32,
    anchor: Anchor,
) -> Drawn {
    for (fraction, label) in &ticks.marks {
        let (_, y) = frame.at([0.0, *fraction]);
        line(area, [(from, y), (to, y)])?;
        draw(area, label, LETTERS[3], (x, y), anchor, false)?;
    }
    Ok(())
}

/// How high above a frame notes are written.
fn note_line(frame: &Frame) -> i32 {
    frame.top - 2 * GAP - LETTERS[3] as i32 / 2
}

fn line(area: &Area<'_>, points: [(i32, i32); 2]) -> Drawn {
    area.draw(&PathElement::new(points.to_vec(), BLACK.stroke_width(FINE)))?;
    Ok(())
}
