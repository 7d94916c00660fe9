//! Operators on scalars: the Laplacian, the gradient and the diffusion.

use fluxions_expr::{Binary, ComplexValue, FirstDifference, Mean, Parts, Rank, Squared};
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

    /// ∇·(D∇c), where D at a face is this mean of its values in the two cells.
    pub(super) fn diffusion(&mut self, mean: Mean) -> ComplexValue {
        let mut sum = ComplexValue::ZERO;
        for axis in 0..self.grid.dimension() {
            let high = self.diffusive_flow(axis, 1, mean);
            let low = self.diffusive_flow(axis, -1, mean);
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

    /// What flows against an axis by ∇·(D∇c), times the spacing, between the cell and the next one
    /// (`step` 1) or the one before (−1): D times the rise of c, and with a tensor D also
    /// [`Neighbours::flow_by_slopes_along`].
    pub(super) fn diffusive_flow(&mut self, axis: usize, step: i32, mean: Mean) -> ComplexValue {
        let n = self.grid.components().len();
        let component = match self.rank(0) {
            Rank::Scalar => 0,
            Rank::Vector => axis,
            Rank::Tensor => axis * n + axis,
        };
        let at_face = self.at_face_between(component, axis, step, mean);
        let (c, other_c) = (self.here(1, 0), self.beside(1, 0, axis, step));
        let rise = match step {
            1 => self.minus(other_c, c),
            _ => self.minus(c, other_c),
        };
        let direct = self.builder.times(at_face, rise);
        if self.rank(0) != Rank::Tensor {
            return direct;
        }
        let along = self.flow_by_slopes_along(axis, step);
        self.plus(direct, along)
    }

    /// That part of a diffusive flow with a tensor D which comes from the slopes of c along the face:
    /// D_ab ∂c/∂b for the other axes b, where the slope is the mean of the central differences in
    /// the two cells.
    pub(super) fn flow_by_slopes_along(&mut self, axis: usize, step: i32) -> ComplexValue {
        let n = self.grid.components().len();
        let (missing, spacing) = (self.grid.missing(), self.grid.axes()[axis].spacing());
        let mut sum = ComplexValue::ZERO;
        for along in (0..self.grid.dimension()).filter(|along| *along != axis) {
            let rise = |n: &mut Self, step: i32| {
                let [mut before, mut after] = [[0; 3]; 2];
                (before[missing + axis], after[missing + axis]) = (step, step);
                let middle = before;
                (before[missing + along], after[missing + along]) = (-1, 1);
                let [before, after] = [before, after].map(|cell| n.at_from(1, 0, cell, middle));
                n.minus(after, before)
            };
            let (here, there) = (rise(self, 0), rise(self, step));
            let both = self.plus(here, there);
            let slope = self.by(both, 0.25 * spacing / self.grid.axes()[along].spacing());
            let component = axis * n + along;
            let at_face = self.at_face_between(component, axis, step, Mean::Arithmetic);
            let flow = self.builder.times(at_face, slope);
            sum = self.plus(sum, flow);
        }
        sum
    }

    /// This mean of a component of D in the cell and the one beside it.
    fn at_face_between(
        &mut self,
        component: usize,
        axis: usize,
        step: i32,
        mean: Mean,
    ) -> ComplexValue {
        let (d, other) = (self.here(0, component), self.beside(0, component, axis, step));
        let both = self.plus(d, other);
        match (mean, d.re, other.re, both.re) {
            (Mean::Harmonic, Some(a), Some(b), Some(both)) => {
                let [zero, two] = [0.0, 2.0].map(|number| self.builder.constant(number));
                let product = self.builder.binary(Binary::Multiply, a, b);
                let twice = self.builder.binary(Binary::Multiply, two, product);
                let mean = self.builder.binary(Binary::Divide, twice, both);
                // Nothing flows where either is zero, also where both are.
                let flows = self.builder.binary(Binary::Greater, product, zero);
                ComplexValue::real(self.builder.select(flows, mean, zero))
            }
            _ => self.by(both, 0.5),
        }
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
