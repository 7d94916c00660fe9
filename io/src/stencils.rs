//! Values between the centres of cells: linear along each axis.

use fluxions_grid::{Axis, Condition, Grid};
use fluxions_solver::{Pde, Snapshot};

/// The cells around points, with their weights.
pub(crate) struct Stencils {
    /// The cells of all points, one point after the other.
    cells: Vec<Vec<usize>>,
    /// The weights of the cells of each point.
    weights: Vec<Vec<f64>>,
}

impl Stencils {
    /// Those of points with a coordinate for each axis.
    pub(crate) fn new(pde: &Pde, points: &[Vec<f64>]) -> Self {
        let wraps = wrapping(pde);
        let (mut cells, mut weights) = (Vec::new(), Vec::new());
        for point in points {
            // What does not count might not be a number.
            let stencil = stencil(pde.grid(), &wraps, point);
            let (of_point, their): (Vec<_>, Vec<f64>) =
                stencil.into_iter().filter(|(_, weight)| *weight != 0.0).unzip();
            cells.extend(of_point);
            weights.push(their);
        }
        Stencils { cells, weights }
    }

    /// All cells: the index in this rank's block of those that lie there.
    pub(crate) fn cells_here(&self, now: &Snapshot<'_>) -> Vec<Option<Vec<usize>>> {
        let missing = now.grid().missing();
        let (start, shape) = (&now.block().start()[missing..], &now.block().shape()[missing..]);
        let in_block = |cell: &Vec<usize>| {
            let here = cell.iter().zip(start).zip(shape);
            here.map(|((at, start), n)| at.checked_sub(*start).filter(|at| at < n)).collect()
        };
        self.cells.iter().map(in_block).collect()
    }

    /// The weights of the cells of each point.
    pub(crate) fn weights(&self) -> &[Vec<f64>] {
        &self.weights
    }

    /// The values at the points, given those of all cells.
    pub(crate) fn sums(&self, values: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut values = values.into_iter();
        let one = |weights: &Vec<f64>| weights.iter().zip(&mut values).map(|(w, x)| w * x).sum();
        self.weights.iter().map(one).collect()
    }
}

/// Across the ends of which axes probes look: of periodic ones, unless a field changes its sign there.
fn wrapping(pde: &Pde) -> Vec<bool> {
    let missing = pde.grid().missing();
    let axes = pde.grid().axes().iter().enumerate();
    axes.map(|(number, axis)| {
        let changes_sign = |set: &usize| {
            let [lower, _] = &pde.conditions().of_array(*set)[missing + number];
            matches!(lower.condition, Condition::Antiperiodic)
        };
        let sets = pde.types().iter().enumerate();
        let mut sets =
            sets.filter_map(|(field, ty)| pde.conditions().of_field(field, *ty)).flatten();
        axis.is_periodic() && !sets.any(changes_sign)
    })
    .collect()
}

/// The cells around a point with their weights: linear along each axis between the centres of two cells, also beyond
/// the last centre before a wall. `wraps` says across which ends.
fn stencil(grid: &Grid, wraps: &[bool], at: &[f64]) -> Vec<(Vec<usize>, f64)> {
    let mut cells = vec![(Vec::new(), 1.0)];
    for ((axis, wraps), x) in grid.axes().iter().zip(wraps).zip(at) {
        let along = along(axis, *wraps, *x);
        cells = cells
            .into_iter()
            .flat_map(|(cell, weight): (Vec<usize>, f64)| {
                let with = |(index, share): &(usize, f64)| {
                    ([&cell[..], &[*index]].concat(), weight * share)
                };
                along.iter().map(with).collect::<Vec<_>>()
            })
            .collect();
    }
    cells
}

/// The cells around a coordinate along an axis, with their weights.
fn along(axis: &Axis, wraps: bool, x: f64) -> Vec<(usize, f64)> {
    let n = axis.cells();
    let place = (x - axis.centre(0)) / axis.spacing();
    if wraps {
        let (below, share) = (place.floor(), place - place.floor());
        let index = |at: f64| at.rem_euclid(n as f64) as usize % n;
        return vec![(index(below), 1.0 - share), (index(below + 1.0), share)];
    }
    if n == 1 {
        return vec![(0, 1.0)];
    }
    let below = place.floor().clamp(0.0, (n - 2) as f64);
    let share = place - below;
    vec![(below as usize, 1.0 - share), (below as usize + 1, share)]
}

#[cfg(test)]
mod tests {
    use fluxions_grid::Ends;

    use super::*;

    #[test]
    fn what_is_linear_is_met_exactly_also_at_walls_and_across_the_seam() {
        let grid = Grid::cartesian().axis("x", 0.0..2.0, 5, Ends::Bounded);
        let grid = grid.axis("y", -1.0..1.0, 4, Ends::Periodic).build().unwrap();
        let value = |cell: &[usize]| {
            let [x, y] = [0, 1].map(|axis| grid.axes()[axis].centre(cell[axis] as isize));
            3.0 * x + y.abs()
        };
        for (at, expected) in [
            ([0.2, -0.75], 1.35),
            ([0.0, 0.5], 0.5),
            ([2.0, 0.25], 6.25),
            ([1.1, 1.0], 3.3 + 0.75),
            ([1.1, -0.9], 3.3 + 0.75),
        ] {
            let stencil = stencil(&grid, &[false, true], &at);
            let found: f64 = stencil.iter().map(|(cell, weight)| weight * value(cell)).sum();
            assert!((found - expected).abs() < 1e-14, "{at:?}: {found}");
        }
    }
}
