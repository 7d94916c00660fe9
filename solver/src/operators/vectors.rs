//! Operators on vectors. The components along the axes come first, and those along the coordinates
//! on which nothing depends come last.

use fluxions_expr::{ComplexValue, FirstDifference, Parts, Rank, Type};
use fluxions_grid::{Geometry, Metric};

use super::neighbours::{Argument, Neighbours};
use super::parts;

/// The positions of the components of vectors in curvilinear coordinates.
const R: usize = 0;
const Z: usize = 1;

impl Neighbours<'_> {
    pub(super) fn divergence(&mut self, side: FirstDifference) -> ComplexValue {
        let radial = match (self.grid.geometry(), self.grid.conservative()) {
            (Geometry::Cartesian, _) => {
                let axes = 0..self.grid.dimension();
                let terms: Vec<_> = axes.map(|axis| self.first(0, axis, axis, side)).collect();
                return self.sum(terms);
            }
            (Geometry::Spherical, Some(false)) => {
                // u_r' + 2u_r/r
                let (slope, here) = (self.slope(0, R, 0), self.here(0, R));
                let growth = self.over_r(here);
                let growth = self.by(growth, 2.0);
                self.plus(slope, growth)
            }
            (Geometry::Spherical, _) | (_, Some(true)) => {
                self.balance(0, R, Metric::DivergenceOuter, Metric::DivergenceInner)
            }
            _ => {
                // u_r' + u_r/r
                let (slope, here) = (self.slope(0, R, 0), self.here(0, R));
                let growth = self.over_r(here);
                self.plus(slope, growth)
            }
        };
        match self.grid.geometry() {
            Geometry::Cylindrical => {
                let along = self.slope(0, Z, 1);
                self.plus(radial, along)
            }
            _ => radial,
        }
    }

    /// T_ij = ∂_j u_i
    pub(super) fn vector_gradient(&mut self, side: FirstDifference) -> Parts {
        let n = self.grid.components().len();
        let axes = self.grid.dimension();
        let mut items = vec![ComplexValue::ZERO; n * n];
        // In spherical coordinates only vectors along r are symmetric, so the other rows are 0.
        let rows = if self.grid.geometry() == Geometry::Spherical { 1 } else { n };
        for i in 0..rows {
            for j in 0..axes {
                items[i * n + j] = self.first(0, i, j, side);
            }
        }
        let phi = n - 1;
        match self.grid.geometry() {
            Geometry::Cartesian => {}
            Geometry::Spherical => {
                let here = self.here(0, R);
                let across = self.over_r(here);
                (items[4], items[8]) = (across, across);
            }
            Geometry::Polar | Geometry::Cylindrical => {
                let (u_r, u_phi) = (self.here(0, R), self.here(0, phi));
                let turned = self.over_r(u_phi);
                items[R * n + phi] = self.builder.negate(turned);
                items[phi * n + phi] = self.over_r(u_r);
            }
        }
        parts(Rank::Tensor, items)
    }

    pub(super) fn vector_laplace(&mut self) -> Parts {
        let n = self.grid.components().len();
        let geometry = self.grid.geometry();
        let mut items = vec![ComplexValue::ZERO; n];
        for (k, item) in items.iter_mut().enumerate() {
            // The second derivatives of the directions themselves add −u/r², or −2u/r² in three
            // dimensions.
            let turning = match geometry {
                Geometry::Spherical if k != R => continue,
                Geometry::Spherical => 2.0,
                Geometry::Polar => 1.0,
                Geometry::Cylindrical if k != Z => 1.0,
                _ => 0.0,
            };
            *item = self.laplace(0, k);
            if turning > 0.0 {
                let here = self.here(0, k);
                let once = self.over_r(here);
                let turned = match (geometry, self.grid.conservative()) {
                    (Geometry::Spherical, None | Some(true)) => {
                        // The balance of gradients of u_r = r is (A_h − A_l)/V, which is 2r/(r² +
                        // Δr²/12). With 2/r here, an error of 1/Δr would remain in the innermost
                        // cell, where the sum must vanish.
                        let growth = self.metric(Metric::Growth);
                        self.times(once, growth)
                    }
                    _ => {
                        let twice = self.over_r(once);
                        self.by(twice, turning)
                    }
                };
                *item = self.minus(*item, turned);
            }
        }
        parts(Rank::Vector, items)
    }

    /// ∇×u of a vector. In two dimensions it is the component normal to the plane. For a scalar in
    /// two dimensions it is the curl of a vector normal to the plane.
    pub(super) fn curl(&mut self) -> Parts {
        let scalar = matches!(self.arguments[0], Argument::Stored(Type { rank: Rank::Scalar, .. }));
        match (self.grid.geometry(), self.grid.components().len()) {
            (Geometry::Cartesian, 2) if scalar => {
                let (x, y) = (self.slope(0, 0, 1), self.slope(0, 0, 0));
                parts(Rank::Vector, vec![x, self.builder.negate(y)])
            }
            (Geometry::Polar, _) if scalar => {
                let slope = self.slope(0, 0, 0);
                parts(Rank::Vector, vec![ComplexValue::ZERO, self.builder.negate(slope)])
            }
            (Geometry::Cartesian, 2) => {
                let (y_x, x_y) = (self.slope(0, 1, 0), self.slope(0, 0, 1));
                Parts::scalar(self.minus(y_x, x_y))
            }
            (Geometry::Polar, _) => Parts::scalar(self.around(1)),
            (Geometry::Cylindrical, _) => {
                let phi_z = self.slope(0, 2, 1);
                let r = self.builder.negate(phi_z);
                let z = self.around(2);
                let (r_z, z_r) = (self.slope(0, R, 1), self.slope(0, Z, 0));
                parts(Rank::Vector, vec![r, z, self.minus(r_z, z_r)])
            }
            _ => {
                let mut turn = |i: usize, j: usize| {
                    let (a, b) = (self.slope(0, j, i), self.slope(0, i, j));
                    self.minus(a, b)
                };
                parts(Rank::Vector, vec![turn(1, 2), turn(2, 0), turn(0, 1)])
            }
        }
    }

    /// u_φ' + u_φ/r
    fn around(&mut self, phi: usize) -> ComplexValue {
        let (slope, here) = (self.slope(0, phi, 0), self.here(0, phi));
        let growth = self.over_r(here);
        self.plus(slope, growth)
    }
}
