//! Difference operators as data: the neighbours that they use, with their weights and their order.
//!
//! Cells at opposite offsets are added to each other before anything else is added. So rounding
//! keeps the mirror symmetry of a solution, and the difference of a constant field is exactly zero.

use crate::grid::Grid;

/// A sum of weighted cells, times a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The factor of the whole sum, such as 1/Δx².
    pub scale: f64,
    /// The terms of the sum, in order.
    pub terms: Vec<Term>,
}

/// A term of a [`Difference`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// The pair weight·(f(−offset) + f(+offset)).
    Pair {
        /// The offset of one of the two cells.
        offset: [i32; 3],
        /// The weight of both cells.
        weight: f64,
    },
    /// The single cell weight·f(offset).
    Cell {
        /// The offset of the cell.
        offset: [i32; 3],
        /// The weight of the cell.
        weight: f64,
    },
}

/// A linear operator: a sum of differences, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Stencil {
    /// The differences.
    pub parts: Vec<Difference>,
}

/// The neighbours that a first difference uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDifference {
    /// (f₊ − f₋)/(2Δx), of second order.
    Central,
    /// (f₊ − f)/Δx, of first order.
    Forward,
    /// (f − f₋)/Δx, of first order.
    Backward,
}

impl Stencil {
    /// Σ (f₊ − 2f + f₋)/Δx² over the named axes: of second order.
    ///
    /// Where all spacings are equal, the neighbours are summed before the division.
    pub fn laplace(grid: &Grid) -> Self {
        let spacings: Vec<f64> = grid.axes().iter().map(|axis| axis.spacing()).collect();
        if spacings.iter().any(|dx| *dx != spacings[0]) {
            let second = |axis| Self::second(grid, axis).parts;
            return Stencil { parts: (0..grid.dimension()).flat_map(second).collect() };
        }
        let mut terms: Vec<_> = (0..grid.dimension())
            .map(|axis| Term::Pair { offset: unit(grid, axis), weight: 1.0 })
            .collect();
        let weight = -2.0 * grid.dimension() as f64;
        terms.push(Term::Cell { offset: [0; 3], weight });
        Stencil { parts: vec![Difference { scale: 1.0 / (spacings[0] * spacings[0]), terms }] }
    }

    /// (f₊ − 2f + f₋)/Δx² along a named axis: of second order.
    pub fn second(grid: &Grid, axis: usize) -> Self {
        let dx = grid.axes()[axis].spacing();
        let terms = vec![
            Term::Pair { offset: unit(grid, axis), weight: 1.0 },
            Term::Cell { offset: [0; 3], weight: -2.0 },
        ];
        Stencil { parts: vec![Difference { scale: 1.0 / (dx * dx), terms }] }
    }

    /// The first difference along a named axis.
    pub fn first(grid: &Grid, axis: usize, sided: FirstDifference) -> Self {
        let dx = grid.axes()[axis].spacing();
        let after = unit(grid, axis);
        let before = after.map(|o| -o);
        let (plus, minus, scale) = match sided {
            FirstDifference::Central => (after, before, 1.0 / (2.0 * dx)),
            FirstDifference::Forward => (after, [0; 3], 1.0 / dx),
            FirstDifference::Backward => ([0; 3], before, 1.0 / dx),
        };
        let terms = vec![
            Term::Cell { offset: plus, weight: 1.0 },
            Term::Cell { offset: minus, weight: -1.0 },
        ];
        Stencil { parts: vec![Difference { scale, terms }] }
    }

    /// The stencil applied to a function of the offset.
    pub fn apply(&self, f: impl Fn([i32; 3]) -> f64) -> f64 {
        let term = |term: &Term| match *term {
            Term::Pair { offset, weight } => weight * (f(offset.map(|o| -o)) + f(offset)),
            Term::Cell { offset, weight } => weight * f(offset),
        };
        let part = |part: &Difference| part.scale * part.terms.iter().map(term).sum::<f64>();
        self.parts.iter().map(part).sum()
    }
}

/// One step along a named axis, as an offset along the three inner axes.
fn unit(grid: &Grid, axis: usize) -> [i32; 3] {
    let mut offset = [0; 3];
    offset[grid.missing() + axis] = 1;
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Ends;

    fn grid(spacing: [f64; 2]) -> Grid {
        Grid::cartesian()
            .axis("x", 0.0..8.0 * spacing[0], 8, Ends::Periodic)
            .axis("y", 0.0..8.0 * spacing[1], 8, Ends::Periodic)
            .build()
            .unwrap()
    }

    #[test]
    fn differences_are_exact_on_the_polynomials_of_their_order() {
        for spacing in [[0.5, 0.25], [0.5, 0.5]] {
            let grid = grid(spacing);
            let (x, y) = (3.0, -2.0);
            // The function is 2 + x + 3x² + 4y + 5y² around (x, y).
            let f = |o: [i32; 3]| {
                let (x, y) = (x + f64::from(o[1]) * spacing[0], y + f64::from(o[2]) * spacing[1]);
                2.0 + x + 3.0 * x * x + 4.0 * y + 5.0 * y * y
            };
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-10, "{a} {b}");
            near(Stencil::laplace(&grid).apply(f), 16.0);
            near(Stencil::second(&grid, 1).apply(f), 10.0);
            near(Stencil::first(&grid, 0, FirstDifference::Central).apply(f), 1.0 + 6.0 * x);
            near(Stencil::first(&grid, 1, FirstDifference::Central).apply(f), 4.0 + 10.0 * y);
            // The error of one-sided differences is half a spacing times the second derivative.
            let forward = Stencil::first(&grid, 0, FirstDifference::Forward).apply(f);
            near(forward, 1.0 + 6.0 * x + 3.0 * spacing[0]);
            let backward = Stencil::first(&grid, 0, FirstDifference::Backward).apply(f);
            near(backward, 1.0 + 6.0 * x - 3.0 * spacing[0]);
        }
    }

    #[test]
    fn a_constant_has_no_difference_to_the_bit() {
        for spacing in [[0.3, 0.7], [0.3, 0.3]] {
            assert_eq!(Stencil::laplace(&grid(spacing)).apply(|_| 0.1), 0.0);
        }
    }
}
