//! Operators on scalars: the Laplacian, the gradient and the diffusion.

use fluxions_expr::{Binary, ComplexValue, FirstDifference, Parts, Rank, Squared};
use fluxions_grid::{Geometry, Metric, Stencil};

use super::neighbours::Neighbours;
use super::parts;

impl Neighbours<'_> {
    /// ∇²f of component `k`, as if that were a scalar.
    pub(super) fn laplace(&mut self, argument: usize, k: usize) -> ComplexValue {
        let radial = match (self.grid.geometry(), self.grid.conservative()) {
            (Geometry::Cartesian, _) => {
                return self.stencil(argument, k, &Stencil::laplace(self.grid));
            }
            (Geometry::Spherical, Some(false)) => {
                // f'' + 2f'/r
                let (second, slope) = (self.second(argument, k, 0), self.slope(argument, k, 0));
                let slope = self.over_r(slope);
                let slope = self.by(slope, 2.0);
                self.plus(second, slope)
            }
            _ => self.flow(argument, k),
        };
        match self.grid.geometry() {
            Geometry::Cylindrical => {
                let along = self.second(argument, k, 1);
                self.plus(radial, along)
            }
            _ => radial,
        }
    }

    /// (∇f)², without complex conjugation.
    pub(super) fn gradient_squared(&mut self, squared: Squared) -> ComplexValue {
        let mut sum = ComplexValue::ZERO;
        for axis in 0..self.grid.dimension() {
            let square = match squared {
                Squared::Central => {
                    let slope = self.slope(0, 0, axis);
                    self.builder.times(slope, slope)
                }
                Squared::OneSided => {
                    let after = self.first(0, 0, axis, FirstDifference::Forward);
                    let before = self.first(0, 0, axis, FirstDifference::Backward);
                    let after = self.builder.times(after, after);
                    let before = self.builder.times(before, before);
                    let both = self.plus(after, before);
                    self.by(both, 0.5)
                }
            };
            sum = self.plus(sum, square);
        }
        sum
    }

    pub(super) fn gradient(&mut self, side: FirstDifference) -> Parts {
        let axes = self.grid.dimension();
        let mut items: Vec<ComplexValue> =
            (0..axes).map(|axis| self.first(0, 0, axis, side)).collect();
        items.resize(self.grid.components().len(), ComplexValue::ZERO);
        parts(Rank::Vector, items)
    }

    /// ∇·(D∇c), where D at a face is the mean of its values in the two cells.
    pub(super) fn diffusion(&mut self) -> ComplexValue {
        let mut sum = ComplexValue::ZERO;
        for axis in 0..self.grid.dimension() {
            let (high, low) = (self.diffusive_flow(axis, 1), self.diffusive_flow(axis, -1));
            let term = if axis == 0 && self.grid.geometry().is_curvilinear() {
                let outer = self.metric(Metric::LaplaceOuter);
                let inner = self.metric(Metric::LaplaceInner);
                let (high, low) = (self.times(high, outer), self.times(low, inner));
                self.minus(high, low)
            } else {
                let dx = self.grid.axes()[axis].spacing();
                let difference = self.minus(high, low);
                self.by(difference, 1.0 / (dx * dx))
            };
            sum = self.plus(sum, term);
        }
        sum
    }

    /// D times the rise of c along an axis, between the cell and the next one (`step` 1) or the one
    /// before (−1), where D is the mean of its values in the two cells.
    pub(super) fn diffusive_flow(&mut self, axis: usize, step: i32) -> ComplexValue {
        let (d, c) = (self.here(0, 0), self.here(1, 0));
        let (other_d, other_c) = (self.beside(0, 0, axis, step), self.beside(1, 0, axis, step));
        let both = self.plus(d, other_d);
        let mean = self.by(both, 0.5);
        let rise = match step {
            1 => self.minus(other_c, c),
            _ => self.minus(c, other_c),
        };
        self.builder.times(mean, rise)
    }

    /// v⁺ (c − c₋)/Δx + v⁻ (c₊ − c)/Δx for component `k` of c.
    pub(super) fn upwind(&mut self, velocity: ComplexValue, k: usize, axis: usize) -> ComplexValue {
        let Some(velocity) = velocity.re else { return ComplexValue::ZERO };
        let zero = self.builder.constant(0.0);
        let forth = self.builder.binary(Binary::Max, velocity, zero);
        let back = self.builder.binary(Binary::Min, velocity, zero);
        let before = self.first(1, k, axis, FirstDifference::Backward);
        let after = self.first(1, k, axis, FirstDifference::Forward);
        let (forth, back) = (self.times(before, forth), self.times(after, back));
        self.plus(forth, back)
    }
}
