//! A vector field as arrows: each as long as the vector is, compared with the longest one.

use ndarray::Array2;
use plotters::prelude::*;

use super::axes::Frame;
use super::shape::Shape;
use super::{Area, Components, Drawn, FINE, cells};

/// Pixels from one arrow to the next.
const APART: f64 = 24.0 * FINE as f64;
/// The length of the longest arrow, compared with the space that it has.
const LONGEST: f64 = 0.9;
/// The length of the head and its width on either side, compared with the arrow.
const HEAD: [f64; 2] = [0.4, 0.16];
/// Shorter arrows are left out.
const SHORTEST: f64 = 2.0 * FINE as f64;

/// An arrow: where it begins and where it ends, as pixels to the right and down.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Arrow {
    from: [f64; 2],
    to: [f64; 2],
}

pub(super) fn draw(area: &Area<'_>, frame: &Frame, shape: Shape, components: &Components) -> Drawn {
    let arrows = arrows(frame, shape, components)?;
    // White around black can be seen on every colour.
    for (colour, width) in [(WHITE, 3 * FINE), (BLACK, FINE)] {
        for Arrow { from, to } in &arrows {
            let along = [0, 1].map(|k| to[k] - from[k]);
            let corner = |side: f64| {
                let aside = [-along[1], along[0]].map(|x| side * HEAD[1] * x);
                let back = [0, 1].map(|k| to[k] - HEAD[0] * along[k] + aside[k]);
                pixel(back)
            };
            let head = [pixel(*to), corner(1.0), corner(-1.0)];
            let shaft = vec![pixel(*from), pixel(*to)];
            area.draw(&PathElement::new(shaft, colour.stroke_width(width)))?;
            area.draw(&Polygon::new(head.to_vec(), colour))?;
            let rim = [head.as_slice(), &head[..1]].concat();
            area.draw(&PathElement::new(rim, colour.stroke_width(width)))?;
        }
    }
    Ok(())
}

fn pixel(point: [f64; 2]) -> (i32, i32) {
    (point[0].round() as i32, point[1].round() as i32)
}

/// The arrows in a frame: one per cell, or as many as there is room for.
fn arrows(
    frame: &Frame,
    shape: Shape,
    components: &Components,
) -> Result<Vec<Arrow>, ndarray::ShapeError> {
    let (w, h) = frame.size();
    let mut count = [w, h].map(|pixels| (f64::from(pixels) / APART).max(1.0) as usize);
    let mut values = Vec::new();
    for component in components {
        let flat = match component.ndim() {
            1 => component.view().into_shape_with_order((component.len(), 1))?,
            _ => component.view().into_dimensionality()?,
        };
        if shape == Shape::Straight {
            count = [count[0].min(flat.dim().0), count[1].min(flat.dim().1)];
        }
        values.push(cells::reduced(flat, shape.places(count), false));
    }
    let largest = |values: &Array2<f64>| {
        values.iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()))
    };
    let largest = values.iter().map(largest).fold(0.0, f64::max);
    let mut all = Vec::new();
    for j in 0..count[1] {
        for i in 0..count[0] {
            let point = [(i, count[0]), (j, count[1])].map(|(k, n)| (k as f64 + 0.5) / n as f64);
            let Some(place) = shape.place(point) else { continue };
            let vector = [0, 1].map(|k| cells::at(&values[k], place) / largest);
            let [x, y] = shape.direction(point, vector);
            if x.is_finite() && y.is_finite() {
                all.push((frame.at(point), [x, -y]));
            }
        }
    }
    let longest = all.iter().map(|(_, [x, y])| x.hypot(*y)).fold(0.0, f64::max);
    let room =
        (f64::from(w) / count[0] as f64).min(f64::from(h) / count[1] as f64).min(2.0 * APART);
    let arrows = all.into_iter().map(|((x, y), vector)| {
        let middle = [f64::from(x), f64::from(y)];
        let half = vector.map(|x| x / longest * LONGEST * room / 2.0);
        let end = |side: f64| [0, 1].map(|k| middle[k] + side * half[k]);
        Arrow { from: end(-1.0), to: end(1.0) }
    });
    Ok(arrows.filter(|arrow| arrow.length() >= SHORTEST).collect())
}

impl Arrow {
    fn length(&self) -> f64 {
        (self.to[0] - self.from[0]).hypot(self.to[1] - self.from[1])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayD;

    use super::*;

    const FRAME: Frame = Frame { left: 0, top: 0, right: 480, bottom: 480 };

    fn constant(x: f64, y: f64, cells: [usize; 2]) -> Components {
        [x, y].map(|x| ArrayD::from_elem(cells.to_vec(), x))
    }

    #[test]
    fn arrows_point_along_the_vectors() {
        let up = arrows(&FRAME, Shape::Straight, &constant(0.0, 3.0, [64, 64])).unwrap();
        assert_eq!(up.len(), 100);
        for Arrow { from, to } in up {
            assert!(from[0] == to[0] && to[1] < from[1]);
        }
        // One per cell, where cells are large.
        let few = arrows(&FRAME, Shape::Straight, &constant(1.0, 0.0, [4, 3])).unwrap();
        assert_eq!(few.len(), 12);
        // Around the centre of a disk: on the right upwards.
        let around = arrows(&FRAME, Shape::Disk { hole: 0.0 }, &constant(0.0, 1.0, [9, 1]));
        let right = around.unwrap().into_iter().max_by(|a, b| a.to[0].total_cmp(&b.to[0])).unwrap();
        assert!(right.to[1] < right.from[1]);
    }

    #[test]
    fn lengths_are_those_of_the_vectors() {
        let mut components = constant(1e-3, 0.0, [2, 1]);
        components[0][[1, 0]] = 2e-3;
        let found = arrows(&FRAME, Shape::Straight, &components).unwrap();
        assert!((found[1].length() / found[0].length() - 2.0).abs() < 1e-12);
        assert!(arrows(&FRAME, Shape::Straight, &constant(0.0, 0.0, [2, 2])).unwrap().is_empty());
        components[0][[1, 0]] = f64::NAN;
        assert_eq!(arrows(&FRAME, Shape::Straight, &components).unwrap().len(), 1);
        let huge = arrows(&FRAME, Shape::Straight, &constant(1.7e308, -1.7e308, [2, 2])).unwrap();
        assert_eq!(huge.len(), 4);
    }
}
