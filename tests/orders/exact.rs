//! Exact results of operators, from their definitions alone. A field is turned into one of
//! Cartesian components, which are differentiated along straight lines: no metric term and no
//! formula of curvilinear coordinates enters.

use std::array::from_fn;
use std::ops::{Add, Mul, Sub};

use fluxions::prelude::*;

use crate::fields::{Fields, Quantity};

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Complex {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Complex {
    pub(crate) fn conj(self) -> Self {
        Complex { im: -self.im, ..self }
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Complex { re: self.re + other.re, im: self.im + other.im }
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Complex { re: self.re - other.re, im: self.im - other.im }
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let re = self.re * other.re - self.im * other.im;
        Complex { re, im: self.re * other.im + self.im * other.re }
    }
}

impl Mul<f64> for Complex {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Complex { re: self.re * factor, im: self.im * factor }
    }
}

impl std::iter::Sum for Complex {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Complex::default(), Add::add)
    }
}

/// Step and weights of central differences of sixth order: errors of about 1e-10, far
/// below those of the operators.
const STEP: f64 = 0.0113;
const FIRST: [(f64, f64); 6] = [
    (-3.0, -1.0 / 60.0),
    (-2.0, 9.0 / 60.0),
    (-1.0, -45.0 / 60.0),
    (1.0, 45.0 / 60.0),
    (2.0, -9.0 / 60.0),
    (3.0, 1.0 / 60.0),
];
const SECOND: [(f64, f64); 7] = [
    (-3.0, 2.0 / 180.0),
    (-2.0, -27.0 / 180.0),
    (-1.0, 270.0 / 180.0),
    (0.0, -490.0 / 180.0),
    (1.0, 270.0 / 180.0),
    (2.0, -27.0 / 180.0),
    (3.0, 2.0 / 180.0),
];

/// The derivative of a function along some coordinates, one after the other.
pub(crate) fn derivative(f: &dyn Fn([f64; 3]) -> f64, along: &[usize], at: [f64; 3]) -> f64 {
    let Some((axis, rest)) = along.split_first() else { return f(at) };
    let moved = |steps: f64| {
        let mut place = at;
        place[*axis] += steps * STEP;
        derivative(f, rest, place)
    };
    FIRST.iter().map(|(steps, weight)| weight / STEP * moved(*steps)).sum()
}

/// Where the numbers of each quantity begin in a [`State`].
const STARTS: [(Quantity, usize, u32); 5] = [
    (Quantity::C, 0, 0),
    (Quantity::D, 1, 0),
    (Quantity::U, 2, 1),
    (Quantity::V, 5, 1),
    (Quantity::T, 8, 2),
];

/// Cartesian components of all quantities, or derivatives of them.
#[derive(Clone, Copy)]
pub(crate) struct State([Complex; 17]);

impl State {
    pub(crate) fn c(&self) -> Complex {
        self.0[0]
    }
    pub(crate) fn d(&self) -> Complex {
        self.0[1]
    }
    pub(crate) fn u(&self, i: usize) -> Complex {
        self.0[2 + i]
    }
    pub(crate) fn v(&self, i: usize) -> Complex {
        self.0[5 + i]
    }
    pub(crate) fn t(&self, i: usize, j: usize) -> Complex {
        self.0[8 + 3 * i + j]
    }
    fn sum(terms: impl Iterator<Item = (f64, State)>) -> State {
        let mut sum = [Complex::default(); 17];
        for (weight, State(numbers)) in terms {
            for (sum, number) in sum.iter_mut().zip(numbers) {
                *sum = *sum + number * weight;
            }
        }
        State(sum)
    }
}

/// All quantities in one cell, with their first and second Cartesian derivatives. The Cartesian
/// axes lie along the directions of the coordinates in that cell, so that Cartesian components are
/// those along the coordinates.
pub(crate) struct Local {
    /// Components of a vector.
    pub(crate) n: usize,
    /// 1, or −1 where the directions in their order are left-handed.
    pub(crate) hand: f64,
    pub(crate) at: State,
    pub(crate) d: [State; 3],
    dd: [[State; 3]; 3],
}

impl Local {
    /// In the cell with these coordinates, the first named axis first.
    pub(crate) fn new(fields: &Fields, coordinates: [f64; 3]) -> Self {
        let along = |direction: [f64; 3], weights: &[(f64, f64)], power: i32| {
            let term = |(steps, weight): &(f64, f64)| {
                let place = from_fn(|i| coordinates[i] + steps * STEP * direction[i]);
                (weight / STEP.powi(power), state(fields, place))
            };
            State::sum(weights.iter().map(term))
        };
        let unit = |k: usize| from_fn(|i| if i == k { 1.0 } else { 0.0 });
        let zero = State([Complex::default(); 17]);
        let n = fields.space.components();
        let mut local = Local {
            n,
            hand: if fields.space.geometry == Geometry::Cylindrical { -1.0 } else { 1.0 },
            at: state(fields, coordinates),
            d: [zero; 3],
            dd: [[zero; 3]; 3],
        };
        for i in 0..n {
            local.d[i] = along(unit(i), &FIRST, 1);
            local.dd[i][i] = along(unit(i), &SECOND, 2);
            for j in 0..i {
                // The derivatives along both diagonals are ∂_ii + ∂_jj ± 2∂_ij.
                let mut diagonal = unit(i);
                let both = [1.0, -1.0].map(|sign| {
                    diagonal[j] = sign;
                    along(diagonal, &SECOND, 2)
                });
                local.dd[i][j] = State::sum([(0.25, both[0]), (-0.25, both[1])].into_iter());
                local.dd[j][i] = local.dd[i][j];
            }
        }
        local
    }

    pub(crate) fn dd(&self, i: usize, j: usize) -> &State {
        &self.dd[i][j]
    }

    /// A vector of a formula for its components.
    pub(crate) fn vector(&self, component: impl Fn(usize) -> Complex) -> Vec<Complex> {
        (0..self.n).map(component).collect()
    }

    /// A tensor of a formula for its components.
    pub(crate) fn tensor(&self, component: impl Fn(usize, usize) -> Complex) -> Vec<Complex> {
        (0..self.n * self.n).map(|k| component(k / self.n, k % self.n)).collect()
    }

    /// A scalar that is a sum over the directions.
    pub(crate) fn sum(&self, term: impl Fn(usize) -> Complex) -> Complex {
        (0..self.n).map(term).sum()
    }

    /// a×b, in two dimensions the component normal to the plane.
    pub(crate) fn cross(&self, product: impl Fn(usize, usize) -> Complex) -> Vec<Complex> {
        let pair = |i: usize, j: usize| (product(i, j) - product(j, i)) * self.hand;
        match self.n {
            2 => vec![pair(0, 1)],
            _ => vec![pair(1, 2), pair(2, 0), pair(0, 1)],
        }
    }
}

/// The quantities in a point of Cartesian space.
fn state(fields: &Fields, x: [f64; 3]) -> State {
    let (coordinates, basis) = curvilinear(fields.space.geometry, x);
    let n = fields.space.components();
    let mut state = [Complex::default(); 17];
    for (quantity, start, rank) in STARTS {
        match rank {
            _ if fields.space.geometry == Geometry::Cartesian => {
                // T has places for three rows of three.
                let place = |k: usize| if rank == 2 { k / n * 3 + k % n } else { k };
                for k in 0..n.pow(rank) {
                    state[start + place(k)] = fields.complex(quantity, k, coordinates);
                }
            }
            0 => state[start] = fields.complex(quantity, 0, coordinates),
            1 => {
                for a in 0..n {
                    let u = fields.complex(quantity, a, coordinates);
                    (0..n).for_each(|i| state[start + i] = state[start + i] + u * basis[a][i]);
                }
            }
            _ => {
                for (a, b) in (0..n).flat_map(|a| (0..n).map(move |b| (a, b))) {
                    let t = fields.complex(quantity, n * a + b, coordinates);
                    for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                        let sum = &mut state[start + 3 * i + j];
                        *sum = *sum + t * (basis[a][i] * basis[b][j]);
                    }
                }
            }
        }
    }
    State(state)
}

/// The coordinates of a point, and the Cartesian components of the unit vectors along them.
fn curvilinear(geometry: Geometry, x: [f64; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let unit = |k: usize| from_fn(|i| if i == k { 1.0 } else { 0.0 });
    match geometry {
        Geometry::Cartesian => (x, from_fn(unit)),
        Geometry::Polar => {
            let r = x[0].hypot(x[1]);
            let (cos, sin) = (x[0] / r, x[1] / r);
            ([r, 0.0, 0.0], [[cos, sin, 0.0], [-sin, cos, 0.0], unit(2)])
        }
        Geometry::Cylindrical => {
            // z is the second axis, as in r, z, φ.
            let r = x[0].hypot(x[2]);
            let (cos, sin) = (x[0] / r, x[2] / r);
            ([r, x[1], 0.0], [[cos, 0.0, sin], unit(1), [-sin, 0.0, cos]])
        }
        Geometry::Spherical => {
            // The second axis points from the equator to the south, as θ does.
            let across = x[0].hypot(x[2]);
            let r = across.hypot(x[1]);
            let (cos, sin) = (x[0] / across, x[2] / across);
            let (south, flat) = (x[1] / r, across / r);
            let theta = [-south * cos, flat, -south * sin];
            ([r, 0.0, 0.0], [x.map(|x| x / r), theta, [-sin, 0.0, cos]])
        }
    }
}
