//! What happens at the faces of the domain: the parts of operators that come from what flows through
//! a face, and values at it.

use fluxions_expr::{Binary, Builder, ComplexValue, FacePart, FirstDifference, Parts, Rank, Value};
use fluxions_grid::Metric;

use super::neighbours::Neighbours;

/// The value at the wall, on the straight line through the first two cells: it differs from the
/// exact one by O(d²), where d is the spacing.
pub(crate) fn at_wall(first: ComplexValue, second: ComplexValue, b: &mut Builder) -> ComplexValue {
    let half = b.constant(0.5);
    let slope = b.difference(first, second);
    let change = b.scaled(slope, half);
    b.sum(first, change)
}

impl Neighbours<'_> {
    /// What a part means at the lower or upper end of a named axis.
    pub(super) fn at_face(&mut self, axis: usize, upper: bool, part: FacePart) -> Parts {
        let outwards = if upper { 1 } else { -1 };
        match part {
            FacePart::Line => self.each(0, |n, k| {
                let (first, second) = (n.here(0, k), n.beside(0, k, axis, -outwards));
                at_wall(first, second, n.builder)
            }),
            FacePart::Mean => self.each(0, |n, k| {
                let (first, ghost) = (n.here(0, k), n.beside(0, k, axis, outwards));
                let sum = n.plus(first, ghost);
                n.by(sum, 0.5)
            }),
            _ => {
                let at_face = self.is_at_face(axis, upper);
                self.contribution_where(at_face, axis, upper, part)
            }
        }
    }

    /// The contribution of the face at this end of a named axis in cells for which the argument of this
    /// number, which tells regions, differs in the cell beyond.
    pub(super) fn at_edge(
        &mut self,
        axis: usize,
        upper: bool,
        part: FacePart,
        regions: usize,
    ) -> Parts {
        let mut beyond = [0; 3];
        beyond[self.grid.missing() + axis] = if upper { 1 } else { -1 };
        let own = (self.load)(self.builder, regions, 0, [0; 3], [0; 3]);
        let other = (self.load)(self.builder, regions, 0, beyond, [0; 3]);
        let differs = self.builder.binary(Binary::NotEqual, own, other);
        self.contribution_where(differs, axis, upper, part)
    }

    /// The contribution of a face where a condition holds, and 0 elsewhere.
    fn contribution_where(
        &mut self,
        condition: Value,
        axis: usize,
        upper: bool,
        part: FacePart,
    ) -> Parts {
        let ComplexValue { re, im } = self.contribution(axis, upper, part);
        let zero = self.builder.constant(0.0);
        let mut there =
            |value: Option<Value>| value.map(|value| self.builder.select(condition, value, zero));
        Parts::scalar(ComplexValue { re: there(re), im: there(im) })
    }

    /// Whether the cell lies at the face.
    fn is_at_face(&mut self, axis: usize, upper: bool) -> Value {
        let (named, inner) = (&self.grid.axes()[axis], self.grid.missing() + axis);
        let [low, high] = named.bounds();
        let inside = 0.75 * named.spacing();
        let centre = self.builder.profile(inner, inner);
        let (bound, compare) = match upper {
            true => (high - inside, Binary::Greater),
            false => (low + inside, Binary::Less),
        };
        let bound = self.builder.constant(bound);
        self.builder.binary(compare, centre, bound)
    }

    /// The contribution of a face in every cell, as if it were the face there.
    fn contribution(&mut self, axis: usize, upper: bool, part: FacePart) -> ComplexValue {
        let outwards = if upper { 1 } else { -1 };
        let last = self.arguments.len() - 1;
        match part {
            FacePart::Slope => {
                let (here, ghost) = (self.here(last, 0), self.beside(last, 0, axis, outwards));
                let rise = self.minus(ghost, here);
                self.per_slope(rise, axis, upper)
            }
            FacePart::Diffusion(_) | FacePart::AlongFace => {
                let along = match part {
                    FacePart::Diffusion(mean) => self.diffusive_flow(axis, outwards, mean),
                    _ => self.flow_by_slopes_along(axis, outwards),
                };
                let flow = if upper { along } else { self.builder.negate(along) };
                self.per_slope(flow, axis, upper)
            }
            FacePart::Value(side) => self.of_value(axis, upper, side),
            FacePart::Given => {
                let flux = self.here(0, 0);
                let spacing = self.grid.axes()[axis].spacing();
                let per_volume = self.per_slope(flux, axis, upper);
                self.by(per_volume, -spacing)
            }
            FacePart::Line | FacePart::Mean => ComplexValue::ZERO,
        }
    }

    /// A difference times A/(Δ V), where A is the area of the face.
    fn per_slope(&mut self, rise: ComplexValue, axis: usize, upper: bool) -> ComplexValue {
        if axis == 0 && self.grid.geometry().is_curvilinear() {
            let weight = match upper {
                true => self.metric(Metric::LaplaceOuter),
                false => self.metric(Metric::LaplaceInner),
            };
            return self.times(rise, weight);
        }
        let dx = self.grid.axes()[axis].spacing();
        self.by(rise, 1.0 / (dx * dx))
    }

    /// The contribution of the component normal to the face, by the differences that
    /// [`Neighbours::divergence`] and [`Neighbours::first`] use.
    fn of_value(&mut self, axis: usize, upper: bool, side: FirstDifference) -> ComplexValue {
        let k = if self.rank(0) == Rank::Scalar { 0 } else { axis };
        let outwards = if upper { 1 } else { -1 };
        let (here, ghost) = (self.here(0, k), self.beside(0, k, axis, outwards));
        let sign = if upper { 1.0 } else { -1.0 };
        let dx = self.grid.axes()[axis].spacing();
        if axis > 0 || !self.grid.geometry().is_curvilinear() {
            return match (side, upper) {
                (FirstDifference::Central, _) => {
                    let both = self.plus(here, ghost);
                    self.by(both, sign * 0.5 / dx)
                }
                (FirstDifference::Forward, true) | (FirstDifference::Backward, false) => {
                    self.by(ghost, sign / dx)
                }
                (FirstDifference::Forward, false) | (FirstDifference::Backward, true) => {
                    self.by(here, sign / dx)
                }
            };
        }
        let both = self.plus(here, ghost);
        let weight = match upper {
            true => self.metric(Metric::DivergenceOuter),
            false => self.metric(Metric::DivergenceInner),
        };
        let flow = self.times(both, weight);
        self.by(flow, sign)
    }
}
