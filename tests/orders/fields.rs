//! Domains and manufactured fields: smooth ones without symmetries but those that fields have at
//! r = 0.

use std::f64::consts::PI;

use fluxions::prelude::*;

use crate::exact::Complex;

/// A domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Space {
    pub(crate) geometry: Geometry,
    /// The number of named axes.
    pub(crate) axes: usize,
    /// Whether r begins away from zero.
    pub(crate) hollow: bool,
}

/// How the two ends of straight axes are closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Closed {
    Walls,
    Periodic,
    Antiperiodic,
}

impl Space {
    pub(crate) const LINE: Space = Space::new(Geometry::Cartesian, 1, true);
    pub(crate) const SQUARE: Space = Space::new(Geometry::Cartesian, 2, true);
    pub(crate) const CUBE: Space = Space::new(Geometry::Cartesian, 3, true);
    pub(crate) const DISK: Space = Space::new(Geometry::Polar, 1, false);
    pub(crate) const ANNULUS: Space = Space::new(Geometry::Polar, 1, true);
    pub(crate) const BALL: Space = Space::new(Geometry::Spherical, 1, false);
    pub(crate) const SHELL: Space = Space::new(Geometry::Spherical, 1, true);
    pub(crate) const CYLINDER: Space = Space::new(Geometry::Cylindrical, 2, false);
    pub(crate) const TUBE: Space = Space::new(Geometry::Cylindrical, 2, true);

    const fn new(geometry: Geometry, axes: usize, hollow: bool) -> Space {
        Space { geometry, axes, hollow }
    }

    pub(crate) fn name(self) -> String {
        match self.geometry {
            Geometry::Cartesian => format!("cartesian {} D", self.axes),
            curved if self.hollow => format!("{} ring", curved.name()),
            curved => curved.name().into(),
        }
    }

    /// Components of a vector.
    pub(crate) fn components(self) -> usize {
        match self.geometry {
            Geometry::Cartesian => self.axes,
            Geometry::Polar => 2,
            Geometry::Spherical | Geometry::Cylindrical => 3,
        }
    }

    pub(crate) fn is_curved(self) -> bool {
        self.geometry != Geometry::Cartesian
    }

    pub(crate) fn axis(self, axis: usize) -> &'static str {
        self.geometry.axes()[axis]
    }

    pub(crate) fn is_radial(self, axis: usize) -> bool {
        self.is_curved() && axis == 0
    }

    /// Whether a direction is along the axis of cylindrical coordinates.
    pub(crate) fn is_height(self, direction: usize) -> bool {
        self.geometry == Geometry::Cylindrical && direction == 1
    }

    /// Whether an end of an axis is no wall, but the centre of a disk or ball, or the axis.
    pub(crate) fn is_centre(self, axis: usize, side: &str) -> bool {
        self.is_radial(axis) && !self.hollow && side == "-"
    }
}

/// What there is a manufactured field of: two scalars, two vectors and a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quantity {
    C,
    D,
    U,
    V,
    T,
}

impl Quantity {
    pub(crate) const ALL: [Quantity; 5] =
        [Quantity::C, Quantity::D, Quantity::U, Quantity::V, Quantity::T];

    pub(crate) fn name(self) -> &'static str {
        ["c", "D", "u", "v", "T"][self as usize]
    }

    pub(crate) fn rank(self) -> Rank {
        match self {
            Quantity::C | Quantity::D => Rank::Scalar,
            Quantity::U | Quantity::V => Rank::Vector,
            Quantity::T => Rank::Tensor,
        }
    }

    /// Whether it stays real and, as a coefficient, periodic where others are antiperiodic.
    pub(crate) fn is_coefficient(self) -> bool {
        matches!(self, Quantity::D | Quantity::V)
    }
}

/// The manufactured fields in a domain.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) space: Space,
    pub(crate) closed: Closed,
    pub(crate) complex: bool,
    /// The size of the domain along the first axis and, but for a factor, along the others.
    pub(crate) size: [f64; 2],
}

impl Fields {
    fn bounds(&self, axis: usize) -> (f64, f64) {
        let [first, other] = self.size;
        let (start, length) = match axis {
            0 if !self.space.hollow => (0.0, first),
            0 => (0.4, first),
            1 => (-0.3, 1.1 * other),
            _ => (0.1, 0.9 * other),
        };
        (start, start + length)
    }

    pub(crate) fn grid(&self, cells: usize, conservative: Option<bool>) -> Grid {
        let mut builder = Grid::builder(self.space.geometry);
        for axis in 0..self.space.axes {
            let (start, end) = self.bounds(axis);
            let walls = self.closed == Closed::Walls || self.space.is_radial(axis);
            let ends = if walls { Bounded } else { Periodic };
            // Different spacings, with the same ratio from grid to grid.
            let share = self.size[axis.min(1)] / self.size[0];
            let cells = (cells as f64 * share) as usize / 4 * (4 + axis);
            builder = builder.axis(self.space.axis(axis), start..end, cells, ends);
        }
        if let Some(conservative) = conservative {
            builder = builder.conservative(conservative);
        }
        builder.build().unwrap()
    }

    /// A component of a quantity; `imaginary` is 0 or 1.
    pub(crate) fn component(
        &self,
        quantity: Quantity,
        k: usize,
        imaginary: usize,
        at: [f64; 3],
    ) -> f64 {
        let first = [0, 6, 8, 13, 16][quantity as usize] + 31 * imaginary;
        let wave = |j: usize| self.wave(quantity, first + j, at);
        let r = at[0];
        // Regular at r = 0: scalars are even in r, vectors across the axis odd.
        let k_r = |j: usize| 2.6 + 0.3 * ((first + j) % 5) as f64;
        let away = if self.space.hollow { 0.7 } else { 0.0 };
        let even = |j: usize| (k_r(j) * r + away).cos() * wave(j);
        let odd = |j: usize| (k_r(j) * r + away).sin() * wave(j);
        let n = self.space.components();
        let (row, column) = (k / n, k % n);
        match (quantity, self.space.geometry) {
            (Quantity::D, Geometry::Cartesian) => 2.0 + 0.7 * wave(0),
            (Quantity::D, _) => 2.0 + 0.7 * even(0),
            (_, Geometry::Cartesian) => wave(k),
            (Quantity::C, _) => even(0),
            (Quantity::U | Quantity::V, Geometry::Polar) => odd(k),
            (Quantity::U | Quantity::V, Geometry::Spherical) => match k {
                0 => odd(0),
                _ => 0.0,
            },
            (Quantity::U | Quantity::V, Geometry::Cylindrical) => match k {
                1 => even(1),
                _ => odd(k),
            },
            // T_rr and T_φφ are one at r = 0, T_rφ and T_φr opposite.
            (Quantity::T, Geometry::Spherical) if row != column => match (row, column) {
                // Possible away from r = 0 only.
                (0, 2) | (2, 0) if self.space.hollow => even(4 + k),
                _ => 0.0,
            },
            (Quantity::T, _) => match (row, column) {
                (0, 0) => even(0) - r * r * even(1),
                _ if row + 1 == n && column + 1 == n => even(0) + r * r * even(2),
                (1, 1) if self.space.geometry == Geometry::Spherical => even(0) + r * r * even(2),
                (1, 1) => even(3),
                (0, _) if column + 1 == n => even(4) + r * r * even(5),
                (_, 0) if row + 1 == n => -even(4) + r * r * even(6),
                _ => odd(4 + k),
            },
        }
    }

    /// A product of waves along the straight axes.
    fn wave(&self, quantity: Quantity, j: usize, at: [f64; 3]) -> f64 {
        let straight = (0..self.space.axes).filter(|axis| !self.space.is_radial(*axis));
        let factor = |axis: usize| {
            let (start, end) = self.bounds(axis);
            let k = match self.closed {
                Closed::Walls => 1.4 - 0.2 * axis as f64 + 0.15 * (j % 3) as f64,
                Closed::Antiperiodic if !quantity.is_coefficient() => PI / (end - start),
                _ => 2.0 * PI / (end - start),
            };
            (k * (at[axis] - start) + 0.5 + 1.3 * j as f64 + 0.8 * axis as f64).sin()
        };
        let product = straight.map(factor).product::<f64>();
        match self.closed {
            // So that products with coefficients are no shorter waves.
            Closed::Periodic | Closed::Antiperiodic if quantity.is_coefficient() => {
                1.0 + 0.3 * product
            }
            _ => product,
        }
    }

    pub(crate) fn is_complex(&self, quantity: Quantity) -> bool {
        self.complex && !quantity.is_coefficient()
    }

    pub(crate) fn type_of(&self, quantity: Quantity) -> Type {
        Type::real(quantity.rank()).with_complex(self.is_complex(quantity))
    }

    pub(crate) fn complex(&self, quantity: Quantity, k: usize, at: [f64; 3]) -> Complex {
        let re = self.component(quantity, k, 0, at);
        let im = if self.is_complex(quantity) { self.component(quantity, k, 1, at) } else { 0.0 };
        Complex { re, im }
    }
}
