//! A one-dimensional field as a line.

use plotters::prelude::*;

use super::{Area, Drawn, FINE, FONT, LETTERS, Panel, label};

/// Width and height of a panel.
pub(super) const SIZE: (u32, u32) = (620 * FINE, 420 * FINE);

pub(super) fn draw(area: &Area<'_>, panel: &Panel) -> Drawn {
    let (axis, [lower, upper]) = &panel.axes[0];
    let (low, high) = panel.range();
    let room = 0.05 * (high - low);
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.name, (FONT, LETTERS[1]))
        .margin(14 * FINE)
        .x_label_area_size(38 * FINE)
        .y_label_area_size(64 * FINE)
        .build_cartesian_2d(*lower..*upper, low - room..high + room)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_desc(axis)
        .x_label_formatter(&|x| label(*x, upper - lower))
        .y_label_formatter(&|y| label(*y, high - low))
        .label_style((FONT, LETTERS[3]))
        .axis_desc_style((FONT, LETTERS[2]))
        .draw()?;
    let n = panel.values.len();
    let at = |k: usize| lower + (k as f64 + 0.5) * (upper - lower) / n as f64;
    let points: Vec<(f64, f64)> =
        panel.values.iter().enumerate().map(|(k, y)| (at(k), *y)).collect();
    // Gaps where there is no number, and where an angle goes once round.
    let jump = if panel.is_cyclic() { (high - low) / 2.0 } else { f64::INFINITY };
    let apart = |a: &(f64, f64), b: &(f64, f64)| (a.1 - b.1).abs() < jump;
    let finite = points.split(|(_, y)| !y.is_finite());
    for piece in finite.flat_map(|piece| piece.chunk_by(apart)) {
        let colour = RGBColor(38, 84, 160);
        chart.draw_series(LineSeries::new(piece.iter().copied(), colour.stroke_width(2 * FINE)))?;
    }
    Ok(())
}
