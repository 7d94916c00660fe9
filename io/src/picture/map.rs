//! A two-dimensional field as a map of colours: the first axis to the right, the second upwards.

use ndarray::{ArrayView2, Ix2};
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::{Area, Drawn, FINE, FONT, LETTERS, Panel, label};

/// The most and the fewest pixels of a map along each direction.
const MOST: f64 = 440.0 * FINE as f64;
const LEAST: f64 = 120.0 * FINE as f64;
/// Space for labels on the left, on the right with the colour bar, above and below.
const LEFT: u32 = 74 * FINE;
const RIGHT: u32 = 110 * FINE;
const ABOVE: u32 = 34 * FINE;
const BELOW: u32 = 52 * FINE;
/// Space on the far left, and between the map and the bar.
const MARGIN: u32 = 10 * FINE;
const GAP: u32 = 12 * FINE;
/// The colour of a cell without a number.
const NOTHING: [u8; 3] = [200, 200, 200];

/// Pixels of the map itself, in the proportions of the domain.
fn pixels(panel: &Panel) -> (u32, u32) {
    let length = |k: usize| panel.axes[k].1[1] - panel.axes[k].1[0];
    let ratio = (length(1) / length(0)).clamp(LEAST / MOST, MOST / LEAST);
    let (w, h) = if ratio > 1.0 { (MOST / ratio, MOST) } else { (MOST, MOST * ratio) };
    (w.round() as u32, h.round() as u32)
}

/// Width and height of a panel.
pub(super) fn size(panel: &Panel) -> (u32, u32) {
    let (w, h) = pixels(panel);
    (w + LEFT + RIGHT, h + ABOVE + BELOW)
}

pub(super) fn draw(area: &Area<'_>, panel: &Panel) -> Drawn {
    let (w, h) = pixels(panel);
    let (low, high) = panel.range();
    let [(x_name, x), (y_name, y)] = [&panel.axes[0], &panel.axes[1]].map(|(n, b)| (n, *b));
    let (map, bar) = area.split_horizontally(LEFT + w + GAP);
    let mut chart = ChartBuilder::on(&map)
        .caption(&panel.name, (FONT, LETTERS[1]))
        .margin_left(MARGIN as i32)
        .margin_right(GAP as i32)
        .margin_top((ABOVE - 26 * FINE) as i32)
        .x_label_area_size(BELOW)
        .y_label_area_size(LEFT - MARGIN)
        .build_cartesian_2d(x[0]..x[1], y[0]..y[1])?;
    let (w, h) = {
        let (across, up) = chart.plotting_area().dim_in_pixel();
        (across.min(w + GAP), up.min(h + GAP))
    };
    let values: ArrayView2<'_, f64> = panel.values.view().into_dimensionality::<Ix2>()?;
    let image = image(values, (w, h), (low, high), panel.is_cyclic());
    let map = BitMapElement::with_owned_buffer((x[0], y[1]), (w, h), image);
    let map = map.ok_or("the picture is too large")?;
    chart.draw_series(std::iter::once(map))?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc(x_name.as_str())
        .y_desc(y_name.as_str())
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|v| label(*v, x[1] - x[0]))
        .y_label_formatter(&|v| label(*v, y[1] - y[0]))
        .label_style((FONT, LETTERS[3]))
        .axis_desc_style((FONT, LETTERS[2]))
        .draw()?;
    draw_bar(&bar, (low, high), panel.is_cyclic())
}

fn draw_bar(area: &Area<'_>, (low, high): (f64, f64), cyclic: bool) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .margin_top(ABOVE as i32)
        .margin_bottom(BELOW as i32)
        .right_y_label_area_size(RIGHT - 30 * FINE)
        .margin_left((4 * FINE) as i32)
        .build_cartesian_2d(0.0..1.0, low..high)?;
    let (w, h) = chart.plotting_area().dim_in_pixel();
    let mut image = Vec::new();
    for row in 0..h {
        let colour = colour(1.0 - (f64::from(row) + 0.5) / f64::from(h), cyclic);
        (0..w).for_each(|_| image.extend(colour));
    }
    let bar = BitMapElement::with_owned_buffer((0.0, high), (w, h), image);
    chart.draw_series(std::iter::once(bar.ok_or("the picture is too large")?))?;
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_x_axis()
        .y_labels(6)
        // Apart from the tick, which looks like a minus sign.
        .y_label_formatter(&|v| format!("  {}", label(*v, high - low)))
        .label_style((FONT, LETTERS[3]))
        .draw()?;
    Ok(())
}

/// Red, green and blue of each pixel, from the top left: of the mean of the cells that it covers, or
/// of the nearest cell. Angles, which are `cyclic`, have no mean.
fn image(
    values: ArrayView2<'_, f64>,
    (w, h): (u32, u32),
    (low, high): (f64, f64),
    cyclic: bool,
) -> Vec<u8> {
    let (nx, ny) = values.dim();
    let cells = |pixel: u32, pixels: u32, n: usize| {
        let start = pixel as usize * n / pixels as usize;
        let end = ((pixel as usize + 1) * n).div_ceil(pixels as usize);
        // Between cells the one that holds the pixel's centre.
        if cyclic || n <= pixels as usize {
            let centre = ((f64::from(pixel) + 0.5) * n as f64 / f64::from(pixels)) as usize;
            centre..centre + 1
        } else {
            start..end.max(start + 1)
        }
    };
    let mut image: Vec<u8> = Vec::with_capacity((3 * w * h) as usize);
    let (mut last_ys, mut last) = (0..0, (0..0, NOTHING));
    for row in 0..h {
        let ys = cells(h - 1 - row, h, ny);
        // Rows and pixels of the same cells are the same.
        if ys == last_ys {
            image.extend_from_within(image.len() - 3 * w as usize..);
            continue;
        }
        last.0 = 0..0;
        for column in 0..w {
            let xs = cells(column, w, nx);
            if xs != last.0 {
                let part = values.slice(ndarray::s![xs.clone(), ys.clone()]);
                let mean = part.sum() / part.len() as f64;
                let pixel = match mean.is_finite() {
                    true => colour((mean - low) / (high - low), cyclic),
                    false => NOTHING,
                };
                last = (xs, pixel);
            }
            image.extend(last.1);
        }
        last_ys = ys;
    }
    image
}

/// The colour of a value between the lowest and the highest. If values are `cyclic`, both ends have
/// the same colour.
fn colour(fraction: f64, cyclic: bool) -> [u8; 3] {
    let scale = if cyclic { colorous::SINEBOW } else { colorous::VIRIDIS };
    let colour = scale.eval_continuous(fraction.clamp(0.0, 1.0));
    [colour.r, colour.g, colour.b]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn the_first_axis_runs_right_and_the_second_up() {
        let values = ndarray::array![[0.0, 1.0], [0.5, f64::NAN]];
        let image = image(values.view(), (2, 2), (0.0, 1.0), false);
        let pixel = |row: usize, column: usize| &image[3 * (2 * row + column)..][..3];
        assert_eq!(pixel(1, 0), colour(0.0, false));
        assert_eq!(pixel(0, 0), colour(1.0, false));
        assert_eq!(pixel(1, 1), colour(0.5, false));
        assert_eq!(pixel(0, 1), NOTHING);
    }

    #[test]
    fn a_colour_goes_round_with_the_angle() {
        assert_eq!(colour(0.0, true), colour(1.0, true));
        // Between −3 and 3 there is no 0.
        let values = ndarray::array![[-3.0], [3.0]];
        let image = image(values.view(), (1, 1), (-PI, PI), true);
        assert_eq!(image, colour((3.0 + PI) / (2.0 * PI), true));
    }
}
