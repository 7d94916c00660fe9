//! A field as a map of colours, in the shape that it has in space.

use ndarray::{Array2, ArrayView2};
use plotters::element::BitMapElement;

use super::axes::{self, Frame};
use super::scale::{Colours, Scale};
use super::shape::{Shape, Side};
use super::{Area, Drawn, FINE, Panel, arrows, cells};

/// The most and the fewest pixels of a map along each direction.
const MOST: f64 = 440.0 * FINE as f64;
const LEAST: f64 = 44.0 * FINE as f64;
/// Space for labels on the left, on the right with the colour bar, above and below.
const LEFT: u32 = 84 * FINE;
const RIGHT: u32 = 116 * FINE;
const ABOVE: u32 = 20 * FINE;
const BELOW: u32 = 52 * FINE;
/// Between the map and the bar, and the width of the bar.
const GAP: i32 = 14 * FINE as i32;
const BAR: i32 = 16 * FINE as i32;
/// The height of a map of an axis and time, over its width.
const SPACE_TIME: f64 = 0.75;
/// How many rows of pixels such a map has.
pub(super) const ROWS: usize = (MOST * SPACE_TIME) as usize;
/// The colour of a cell without a number.
pub(super) const NOTHING: [u8; 3] = [170, 170, 170];
/// What is around the domain.
pub(super) const OUTSIDE: [u8; 3] = [255, 255, 255];
/// A line along the rim of the domain, and its width.
pub(super) const RIM: [u8; 3] = [0, 0, 0];
const LINE: f64 = 1.5 * FINE as f64;
/// How many colours there are.
const COLOURS: usize = 1024;

/// The axes of the picture and the pixels of the map, in the proportions of the domain. Sides that
/// would be too short to be seen are longer, and say so.
pub(super) fn sides(panel: &Panel) -> ([Side; 2], (u32, u32)) {
    let none = || ["x", "y"].map(|name| (name.to_string(), [0.0, 1.0], false));
    let mut sides = panel.shape.sides(&panel.axes).unwrap_or_else(none);
    let [x, y] = [0, 1].map(|k| sides[k].1[1] / 2.0 - sides[k].1[0] / 2.0);
    let ratio = if panel.shape == Shape::SpaceTime { SPACE_TIME } else { y / x };
    let (w, h) = if ratio > 1.0 { (MOST / ratio, MOST) } else { (MOST, MOST * ratio) };
    for (side, pixels) in sides.iter_mut().zip([w, h]) {
        if pixels < LEAST {
            side.0 += " (stretched)";
        }
    }
    // Whole pixels of the finished picture.
    let [w, h] = [w, h].map(|x| (x.max(LEAST) / f64::from(FINE)).round() as u32 * FINE);
    (sides, (w, h))
}

/// Width and height of a panel, without its heading.
pub(super) fn size(panel: &Panel) -> (u32, u32) {
    let (_, (w, h)) = sides(panel);
    (w + LEFT + RIGHT, h + ABOVE + BELOW)
}

pub(super) fn draw(area: &Area<'_>, panel: &Panel, top: u32) -> Drawn {
    let ([x, y], (w, h)) = sides(panel);
    let (left, top) = (LEFT as i32, (top + ABOVE) as i32);
    let frame = Frame { left, top, right: left + w as i32, bottom: top + h as i32 };
    let values = match panel.values.ndim() {
        1 => panel.values.view().into_shape_with_order((panel.values.len(), 1))?,
        _ => panel.values.view().into_dimensionality()?,
    };
    let image = image(values, panel, (w, h));
    blit(area, &frame, image)?;
    if let Some(components) = &panel.arrows {
        arrows::draw(area, &frame, panel.shape, components)?;
    }
    frame.draw(area)?;
    let across = Scale::new(x.1[0], x.1[1]);
    axes::draw_below(area, &frame, &axes::across(&across, &frame), &x.0, x.2)?;
    let upwards = Scale::new(y.1[0], y.1[1]);
    axes::draw_left(area, &frame, &axes::upwards(&upwards, &frame), &y.0)?;
    draw_bar(area, &frame, panel)
}

/// The bar of colours: as high as the map, with the name of what it shows.
fn draw_bar(area: &Area<'_>, map: &Frame, panel: &Panel) -> Drawn {
    let left = map.right + GAP;
    let frame = Frame { left, right: left + BAR, ..*map };
    let (w, h) = frame.size();
    let mut image = Vec::with_capacity((3 * w * h) as usize);
    for row in 0..h {
        let colour = panel.colours.at(1.0 - (f64::from(row) + 0.5) / f64::from(h));
        (0..w).for_each(|_| image.extend(colour));
    }
    blit(area, &frame, image)?;
    frame.draw(area)?;
    axes::draw_right(area, &frame, &axes::upwards(&panel.scale, &frame), &panel.name)
}

/// Puts an image into a frame of its size.
fn blit(area: &Area<'_>, frame: &Frame, image: Vec<u8>) -> Drawn {
    let (w, h) = frame.size();
    let map =
        BitMapElement::with_owned_buffer((frame.left, frame.top), (w as u32, h as u32), image);
    area.draw(&map.ok_or("the picture is too large")?)?;
    Ok(())
}

/// Red, green and blue of each pixel, from the top left: of the mean of the cells that it covers, or
/// of the cell that it lies in.
fn image(values: ArrayView2<'_, f64>, panel: &Panel, size: (u32, u32)) -> Vec<u8> {
    let places = panel.shape.places([size.0 as usize, size.1 as usize]);
    let values = cells::reduced(values, places, panel.is_cyclic());
    let colours = coloured(&values, &panel.scale, panel.colours);
    pixels(&colours, panel.shape, size, OUTSIDE, Some(RIM)).concat()
}

/// The pixels of a map of cells, from the top left, each with what the cell there has. Those `outside` of the domain have
/// what is given for them, and so have those on its round `rim` if that is drawn.
pub(super) fn pixels<T: Copy>(
    cells: &Array2<T>,
    shape: Shape,
    (w, h): (u32, u32),
    outside: T,
    rim: Option<T>,
) -> Vec<T> {
    let mut pixels = Vec::with_capacity((w * h) as usize);
    let along = |pixel: u32, pixels: u32| (f64::from(pixel) + 0.5) / f64::from(pixels);
    for row in (0..h).rev() {
        for column in 0..w {
            let point = [along(column, w), along(row, h)];
            let rim = rim.filter(|_| shape.is_rim(point, LINE / f64::from(w)));
            pixels.push(match (shape.place(point), rim) {
                (None, _) => outside,
                (Some(_), Some(rim)) => rim,
                (Some(place), None) => cells::at(cells, place),
            });
        }
    }
    pixels
}

/// The colours of values.
fn coloured(values: &Array2<f64>, scale: &Scale, colours: Colours) -> Array2<[u8; 3]> {
    let table = colours.table(COLOURS);
    values.mapv(|x| entry(x, scale, COLOURS).map_or(NOTHING, |entry| table[entry]))
}

/// The entry of a table of so many colours that a value has; nothing for what is not finite.
pub(super) fn entry(x: f64, scale: &Scale, entries: usize) -> Option<usize> {
    let fraction = scale.fraction(x);
    fraction.is_finite().then(|| ((fraction * entries as f64) as usize).min(entries - 1))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use ndarray::array;

    use super::*;

    fn panel(values: Array2<f64>, shape: Shape, bounds: [[f64; 2]; 2]) -> Panel {
        let (scale, colours) = Colours::of(&values);
        Panel {
            heading: "u".into(),
            name: "u".into(),
            scale,
            colours,
            arrows: None,
            axes: ["r".to_string(), "z".to_string()].into_iter().zip(bounds).collect(),
            shape,
            values: values.into_dyn(),
        }
    }

    fn pixels(panel: &Panel, (w, h): (u32, u32)) -> Vec<Vec<[u8; 3]>> {
        let values = panel.values.view().into_dimensionality().unwrap();
        let image = image(values, panel, (w, h));
        let pixels: Vec<[u8; 3]> = image.chunks(3).map(|p| [p[0], p[1], p[2]]).collect();
        pixels.chunks(w as usize).map(<[_]>::to_vec).collect()
    }

    const UNIT: [[f64; 2]; 2] = [[0.0, 1.0]; 2];

    #[test]
    fn the_first_axis_runs_right_and_the_second_up() {
        let values = array![[0.0, 1.0], [0.5, f64::NAN]];
        let panel = panel(values, Shape::Straight, UNIT);
        let rows = pixels(&panel, (2, 2));
        let colour = |x| coloured(&array![[x]], &panel.scale, panel.colours)[(0, 0)];
        assert_eq!(rows, [[colour(1.0), NOTHING], [colour(0.0), colour(0.5)]]);
        assert_ne!(colour(0.0), colour(1.0));
    }

    #[test]
    fn a_disk_is_round_and_a_section_has_two_sides() {
        let disk = panel(array![[0.0], [1.0]], Shape::Disk { hole: 0.0 }, UNIT);
        let rows = pixels(&disk, (41, 41));
        let [inner, outer] = [20, 3].map(|k| rows[20][k]);
        assert_ne!(inner, outer);
        for (x, y) in [(37, 20), (20, 3), (20, 37), (9, 9)] {
            assert_eq!(rows[y][x], outer, "{x} {y}");
        }
        assert_eq!(rows[0][0], OUTSIDE);
        let values = array![[0.0, 1.0], [2.0, 3.0]];
        let section = panel(values, Shape::Section { hole: 0.0 }, UNIT);
        let rows = pixels(&section, (4, 2));
        for row in &rows {
            assert_eq!((row[0], row[1]), (row[3], row[2]));
            assert_ne!(row[0], row[1]);
        }
        // z runs up.
        assert_eq!(rows[1][2], Colours::Sequential.table(COLOURS)[0]);
        assert_eq!(rows[0][3], Colours::Sequential.table(COLOURS)[COLOURS - 1]);
    }

    #[test]
    fn a_colour_goes_round_with_the_angle() {
        // Between −3 and 3 there is no 0.
        let mut angles = panel(array![[-3.0], [3.0]], Shape::Straight, UNIT);
        (angles.scale, angles.colours) = (Scale::new(-PI, PI), Colours::Cyclic);
        let colour = coloured(&array![[3.0]], &angles.scale, Colours::Cyclic)[(0, 0)];
        assert_eq!(pixels(&angles, (1, 1)), [[colour]]);
    }

    #[test]
    fn the_map_has_the_proportions_of_the_domain() {
        let size = |bounds| sides(&panel(array![[0.0]], Shape::Straight, bounds));
        let (_, (w, h)) = size([[0.0, 4.0], [1.0, 2.0]]);
        assert_eq!((w, h), (MOST as u32, MOST as u32 / 4));
        let (names, (w, h)) = size([[0.0, 1.0], [0.0, 1000.0]]);
        assert_eq!((w, h), (LEAST as u32, MOST as u32));
        assert_eq!((&*names[0].0, &*names[1].0), ("r (stretched)", "z"));
        let (_, (w, h)) = size([[-1e308, 1e308], [-1e308, 1e308]]);
        assert_eq!((w, h), (MOST as u32, MOST as u32));
        let section = panel(array![[0.0]], Shape::Section { hole: 0.0 }, [[0.0, 1.0], [0.0, 2.0]]);
        assert_eq!(sides(&section).1, (MOST as u32, MOST as u32));
    }
}
