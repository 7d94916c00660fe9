//! Linear interpolation between the centres of cells, along each axis.

use ndarray::{ArrayD, IxDyn};

/// A place between two cells of a dataset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Between {
    lower: usize,
    upper: usize,
    /// The weight of the upper one.
    weight: f64,
}

/// The place of cell `i` of `cells` among `n` cells within the same bounds.
pub(super) fn between(i: usize, cells: usize, n: usize, periodic: bool) -> Between {
    let place = (i as f64 + 0.5) * n as f64 / cells as f64 - 0.5;
    let floor = place.floor();
    let index = |k: f64| match periodic {
        true => k.rem_euclid(n as f64) as usize,
        false => k.clamp(0.0, n as f64 - 1.0) as usize,
    };
    Between { lower: index(floor), upper: index(floor + 1.0), weight: place - floor }
}

/// The interpolated values at all places, the last axis fastest: sums over the corners around each.
pub(super) fn interpolate(values: &ArrayD<f64>, stencils: &[Vec<Between>]) -> Vec<f64> {
    let axes = stencils.len();
    let shape: Vec<usize> = stencils.iter().map(Vec::len).collect();
    let value = |cell: usize| {
        let mut rest = cell;
        let mut place = vec![0; axes];
        for axis in (0..axes).rev() {
            place[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        let corner = |corner: usize| {
            let mut weight = 1.0;
            let mut index = vec![0; axes];
            for axis in 0..axes {
                let at = stencils[axis][place[axis]];
                let upper = corner >> axis & 1 == 1;
                index[axis] = if upper { at.upper } else { at.lower };
                weight *= if upper { at.weight } else { 1.0 - at.weight };
            }
            weight * values[IxDyn(&index)]
        };
        (0..1usize << axes).map(corner).sum()
    };
    (0..shape.iter().product()).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_between_cells() {
        // Twice as many cells: a quarter of a cell to either side of each centre.
        let at = |i| between(i, 8, 4, false);
        assert_eq!(at(1), Between { lower: 0, upper: 1, weight: 0.25 });
        assert_eq!(at(2), Between { lower: 0, upper: 1, weight: 0.75 });
        assert_eq!((at(0).lower, at(0).upper), (0, 0));
        assert_eq!((at(7).lower, at(7).upper), (3, 3));
        assert_eq!(between(0, 8, 4, true), Between { lower: 3, upper: 0, weight: 0.75 });
    }

    #[test]
    fn linear_functions_are_met_inside() {
        let (n, m) = (6, 9);
        let f = |x: f64, y: f64| 1.0 + 2.0 * x - 3.0 * y;
        let centre = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let values = ArrayD::from_shape_fn(IxDyn(&[n, m]), |i| f(centre(i[0], n), centre(i[1], m)));
        let along = |cells: usize, n: usize, from: usize, to: usize| -> Vec<Between> {
            (from..to).map(|i| between(i, cells, n, false)).collect()
        };
        let found = interpolate(&values, &[along(10, n, 1, 9), along(20, m, 2, 18)]);
        for (k, found) in found.iter().enumerate() {
            let exact = f(centre(1 + k / 16, 10), centre(2 + k % 16, 20));
            assert!((found - exact).abs() < 1e-12, "{k}: {found} {exact}");
        }
    }
}
