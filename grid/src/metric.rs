//! Metric factors of curvilinear grids, which depend on the index along r only.
//!
//! Let r_l and r_h be the bounds of a cell along r, r its centre and Δr its width.
//!
//! | geometry | V per angle | surface A at r |
//! |---|---|---|
//! | polar, cylindrical | (r_h² − r_l²)/2 = rΔr | r |
//! | spherical | (r_h³ − r_l³)/3 | r² |
//!
//! The conservative Laplacian is (A_h (f₊ − f) − A_l (f − f₋))/(Δr V), and the conservative
//! divergence is (A_h (u + u₊) − A_l (u₋ + u))/(2V) (finite volumes: LeVeque 2002, "Finite Volume
//! Methods for Hyperbolic Problems", section 4.1). At r = 0 the inner surface vanishes, so the
//! number in the cell beyond it does not count.

use std::f64::consts::PI;

use crate::geometry::Geometry;
use crate::grid::Grid;

/// A metric factor: a number that depends on the index along r.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The volume of a cell, which includes the angles and the axis along z.
    Volume,
    /// A_h/(Δr V): the weight of f₊ − f in the Laplacian.
    LaplaceOuter,
    /// A_l/(Δr V): the weight of f − f₋ in the Laplacian.
    LaplaceInner,
    /// A_h/(2V): the weight of u + u₊ in the divergence.
    DivergenceOuter,
    /// A_l/(2V): the weight of u₋ + u in the divergence.
    DivergenceInner,
    /// (A_h − A_l)/V, the growth of the surface. It tends to 1/r or 2/r.
    Growth,
    /// r_h/V, for the double divergence of tensors.
    EdgeOuter,
    /// r_l/V, for the double divergence of tensors.
    EdgeInner,
}

impl Metric {
    /// All metric factors, in the order of their declaration.
    pub const ALL: [Metric; 8] = [
        Metric::Volume,
        Metric::LaplaceOuter,
        Metric::LaplaceInner,
        Metric::DivergenceOuter,
        Metric::DivergenceInner,
        Metric::Growth,
        Metric::EdgeOuter,
        Metric::EdgeInner,
    ];
}

impl Grid {
    /// The metric factor of the cells at this index along r, the first named axis.
    ///
    /// On a Cartesian grid the volume is that of every cell, and the other factors have no meaning.
    pub fn metric(&self, metric: Metric, index: isize) -> f64 {
        let axis = &self.axes()[0];
        let dr = axis.spacing();
        let r = axis.centre(index);
        let face = |index: isize| match usize::try_from(index) {
            Ok(index) if index <= axis.cells() => axis.face(index),
            _ => axis.centre(index) - dr / 2.0,
        };
        let (low, high) = (face(index), face(index + 1));
        let (volume, area, angles): (f64, fn(f64) -> f64, f64) = match self.geometry() {
            Geometry::Cartesian => (dr, |_| 1.0, 1.0),
            Geometry::Polar | Geometry::Cylindrical => (r * dr, |r| r, 2.0 * PI),
            Geometry::Spherical => ((high.powi(3) - low.powi(3)) / 3.0, |r| r * r, 4.0 * PI),
        };
        match metric {
            Metric::Volume => {
                let others: f64 = self.axes()[1..].iter().map(|axis| axis.spacing()).product();
                angles * volume * others
            }
            Metric::LaplaceOuter => area(high) / (dr * volume),
            Metric::LaplaceInner => area(low) / (dr * volume),
            Metric::DivergenceOuter => area(high) / (2.0 * volume),
            Metric::DivergenceInner => area(low) / (2.0 * volume),
            Metric::Growth => (area(high) - area(low)) / volume,
            Metric::EdgeOuter => high / volume,
            Metric::EdgeInner => low / volume,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Ends;

    #[test]
    fn cells_fill_the_domain() {
        for (geometry, exact) in [
            (Geometry::Polar, PI * (9.0 - 0.25)),
            (Geometry::Spherical, 4.0 / 3.0 * PI * (27.0 - 0.125)),
            (Geometry::Cylindrical, PI * (9.0 - 0.25) * 4.0),
        ] {
            let mut builder = Grid::builder(geometry).axis("r", 0.5..3.0, 7, Ends::Bounded);
            let mut rows = 1.0;
            if geometry == Geometry::Cylindrical {
                builder = builder.axis("z", -1.0..3.0, 5, Ends::Periodic);
                rows = 5.0;
            }
            let grid = builder.build().unwrap();
            let sum: f64 = (0..7).map(|i| grid.metric(Metric::Volume, i)).sum();
            assert!((rows * sum - exact).abs() < 1e-12 * exact, "{geometry:?}");
            assert!((grid.volume() - exact).abs() < 1e-12 * exact, "{geometry:?}");
        }
    }

    #[test]
    fn nothing_flows_through_the_centre() {
        for geometry in [Geometry::Polar, Geometry::Spherical] {
            let grid = Grid::builder(geometry).axis("r", 0.0..3.0, 7, Ends::Bounded);
            let grid = grid.build().unwrap();
            assert_eq!(grid.metric(Metric::LaplaceInner, 0), 0.0);
            assert_eq!(grid.metric(Metric::DivergenceInner, 0), 0.0);
        }
    }

    #[test]
    fn the_polar_laplacian_is_the_usual_one() {
        let grid = Grid::builder(Geometry::Polar).axis("r", 1.0..3.0, 8, Ends::Bounded);
        let grid = grid.build().unwrap();
        let dr = 0.25;
        for i in 0..8 {
            let r = grid.axes()[0].centre(i);
            let outer = 1.0 / (dr * dr) + 1.0 / (2.0 * r * dr);
            assert!((grid.metric(Metric::LaplaceOuter, i) - outer).abs() < 1e-12);
        }
    }
}
