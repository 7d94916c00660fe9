//! Operators on tensors. They contract the second index.

use fluxions_expr::{ComplexValue, Parts, Rank};
use fluxions_grid::{Geometry, Metric};

use super::neighbours::Neighbours;
use super::parts;

impl Neighbours<'_> {
    /// v_i = ∂_j T_ij
    pub(super) fn tensor_divergence(&mut self) -> Parts {
        let n = self.grid.components().len();
        let axes = self.grid.dimension();
        let t = |i: usize, j: usize| i * n + j;
        let phi = n - 1;
        let conservative = self.grid.conservative() == Some(true);
        let mut items = Vec::new();
        for i in 0..n {
            let slopes: Vec<_> = (0..axes).map(|j| self.slope(0, t(i, j), j)).collect();
            let straight = self.sum(slopes.iter().copied());
            items.push(match self.grid.geometry() {
                Geometry::Cartesian => straight,
                Geometry::Spherical => self.spherical_divergence(i, straight, conservative),
                Geometry::Polar | Geometry::Cylindrical => {
                    // The terms from the turning directions are (T_rr − T_φφ)/r, T_zr/r and (T_rφ +
                    // T_φr)/r.
                    let first = self.here(0, t(i, 0));
                    let turned = match i {
                        0 => {
                            let across = self.here(0, t(phi, phi));
                            self.minus(first, across)
                        }
                        _ if i == phi => {
                            let other = self.here(0, t(0, phi));
                            self.plus(other, first)
                        }
                        _ => first,
                    };
                    if conservative {
                        // T_ir' + T_ir/r is computed as a balance. The other terms from the turning
                        // directions remain.
                        let balance = self.balance(
                            0,
                            t(i, 0),
                            Metric::DivergenceOuter,
                            Metric::DivergenceInner,
                        );
                        let rest = self.minus(turned, first);
                        let rest = self.over_r(rest);
                        let along = self.sum(slopes[1..].iter().copied());
                        self.sum([balance, along, rest])
                    } else {
                        let turned = self.over_r(turned);
                        self.plus(straight, turned)
                    }
                }
            });
        }
        parts(Rank::Vector, items)
    }

    /// The components of the divergence in spherical coordinates, where nothing depends on the
    /// angles. They are T_rr' + 2(T_rr − T_φφ)/r, T_θr' + 2T_θr/r and T_φr' + (2T_φr + T_rφ)/r.
    fn spherical_divergence(
        &mut self,
        i: usize,
        slope: ComplexValue,
        conservative: bool,
    ) -> ComplexValue {
        let first = self.here(0, 3 * i);
        let across = self.here(0, 8);
        match i {
            0 if conservative => {
                let balance = self.balance(0, 0, Metric::DivergenceOuter, Metric::DivergenceInner);
                let growth = self.metric(Metric::Growth);
                let across = self.times(across, growth);
                self.minus(balance, across)
            }
            0 => {
                let difference = self.minus(first, across);
                let turned = self.over_r(difference);
                let turned = self.by(turned, 2.0);
                self.plus(slope, turned)
            }
            _ => {
                let mut turned = self.by(first, 2.0);
                if i == 2 {
                    let other = self.here(0, 2);
                    turned = self.plus(turned, other);
                }
                let turned = self.over_r(turned);
                self.plus(slope, turned)
            }
        }
    }

    /// ∂_i ∂_j T_ij, where the second differences along an axis use three cells.
    pub(super) fn tensor_double_divergence(&mut self) -> ComplexValue {
        let n = self.grid.components().len();
        let phi = n - 1;
        match self.grid.geometry() {
            Geometry::Cartesian => {
                let mut terms = Vec::new();
                for i in 0..n {
                    terms.push(self.second(0, i * n + i, i));
                    for j in (0..n).filter(|j| *j != i) {
                        terms.push(self.mixed(i * n + j, i, j));
                    }
                }
                self.sum(terms)
            }
            Geometry::Spherical if self.grid.conservative() == Some(false) => {
                // T_rr'' + 2T_rr'/r + (2/r)((T_rr − T_φφ)/r + T_rr' − T_φφ')
                let (second, slope) = (self.second(0, 0, 0), self.slope(0, 0, 0));
                let (here, across) = (self.here(0, 0), self.here(0, 8));
                let across_slope = self.slope(0, 8, 0);
                let difference = self.minus(here, across);
                let difference = self.over_r(difference);
                let slopes = self.minus(slope, across_slope);
                let inner = self.sum([slope, difference, slopes]);
                let inner = self.over_r(inner);
                let inner = self.by(inner, 2.0);
                self.plus(second, inner)
            }
            Geometry::Spherical => {
                // This is a balance of r²(T_rr' + 2(T_rr − T_φφ)/r).
                let along = self.balance(0, 0, Metric::EdgeOuter, Metric::EdgeInner);
                let flow = self.flow(0, 0);
                let across = self.balance(0, 8, Metric::EdgeOuter, Metric::EdgeInner);
                let sum = self.plus(along, flow);
                self.minus(sum, across)
            }
            geometry => {
                // T_rr'' + (2T_rr' − T_φφ')/r, and along z also ∂²T_zz + (∂_r + 1/r) ∂_z (T_rz +
                // T_zr).
                let (second, slope) = (self.second(0, 0, 0), self.slope(0, 0, 0));
                let across = self.slope(0, phi * n + phi, 0);
                let twice = self.by(slope, 2.0);
                let turned = self.minus(twice, across);
                let turned = self.over_r(turned);
                let radial = self.plus(second, turned);
                if geometry == Geometry::Polar {
                    return radial;
                }
                let along = self.second(0, n + 1, 1);
                let (rz, zr) = (self.mixed(1, 0, 1), self.mixed(n, 0, 1));
                let (slope_rz, slope_zr) = (self.slope(0, 1, 1), self.slope(0, n, 1));
                let slopes = self.plus(slope_rz, slope_zr);
                let slopes = self.over_r(slopes);
                self.sum([radial, along, rz, zr, slopes])
            }
        }
    }

    /// The central difference of component `k` along two axes.
    fn mixed(&mut self, k: usize, i: usize, j: usize) -> ComplexValue {
        let missing = self.grid.missing();
        let mut corner = |a: i32, b: i32| {
            let mut offset = [0; 3];
            (offset[missing + i], offset[missing + j]) = (a, b);
            self.at(0, k, offset)
        };
        let (pp, mm, pm, mp) = (corner(1, 1), corner(-1, -1), corner(1, -1), corner(-1, 1));
        let (same, opposite) = (self.plus(pp, mm), self.plus(pm, mp));
        let difference = self.minus(same, opposite);
        let axes = self.grid.axes();
        let scale = 1.0 / (4.0 * axes[i].spacing() * axes[j].spacing());
        self.by(difference, scale)
    }
}
