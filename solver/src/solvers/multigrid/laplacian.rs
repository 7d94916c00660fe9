//! The Laplace operator as a matrix, for equations of fourth order, and of sixth: their matrices have entries beyond the
//! nearest neighbours, and coarse ones made of them would not be those of the same equations. But near the identity with a
//! power of the Laplace operator, a + c·(−L)ⁿ, is the power of a matrix for nearest neighbours: no eigenvalue of
//! (ⁿ√a − ⁿ√c·L)ⁿ is smaller, or larger by more than 2ⁿ⁻¹. So as many cycles, one after the other, are something near the inverse.

use fluxions_expr::Binary;
use fluxions_grid::{Grid, Metric};

use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::slab::Slab;

/// How values of an array go on beyond each end of each axis: times this number.
pub(crate) type Mirrors = [[f64; 2]; 3];

/// The chequered vector is an eigenvector where coefficients are the same everywhere. Where the squares of what the
/// matrix makes of it are larger on average than the square of the average by this factor, they differ too much.
const UNEVEN: f64 = 3.0;

/// What differs by less than this beside what chequers make is the same.
const HELD: f64 = 1e-9;

/// The power of the Laplace operator in the equation of an array.
#[derive(Clone, Debug)]
pub(crate) struct Power {
    /// The entries of the Laplace operator for nearest neighbours.
    pub(super) laplacian: Entries,
    /// The power: 2 in equations of fourth order.
    pub(super) exponent: usize,
    /// By how much that of −L is multiplied in the Jacobian matrix. Nothing where this differs too much from cell to cell.
    pub(super) factor: Option<f64>,
    /// The largest eigenvalue of −L, that of the chequered vector.
    largest: f64,
    /// What the Jacobian matrix makes of 1, where the Laplace operator makes 0 of it.
    of_one: f64,
    /// Whether it does.
    pub(super) is_singular: bool,
}

impl Power {
    /// For an array of whose equation this is the power, and that goes on beyond walls by these mirrors, on a slab of a grid;
    /// `offsets` are those of the neighbours.
    pub(crate) fn new(
        exponent: usize,
        grid: &Grid,
        slab: Slab,
        periodic: [bool; 3],
        mirrors: &Mirrors,
        offsets: &[[i32; 3]],
    ) -> Self {
        let (shape, missing) = (grid.shape(), grid.missing());
        let is_round = grid.cell_volume().is_none();
        // The weights of both neighbours along an axis.
        let weights = |axis: usize, index: usize| -> [f64; 2] {
            match grid.inner_axis(axis) {
                Some(_) if is_round && axis == missing => {
                    let of = |metric: Metric| grid.metric(metric, index as isize);
                    [of(Metric::LaplaceInner), of(Metric::LaplaceOuter)]
                }
                Some(along) => [along.spacing().powi(-2); 2],
                None => [0.0; 2],
            }
        };
        let of_offset = |sought: [i32; 3]| offsets.iter().position(|offset| *offset == sought);
        let [n0, n1, n2] = slab.shape(shape);
        let mut lists = vec![vec![0.0; n0 * n1 * n2]; offsets.len()];
        for axis in (missing..3).filter(|axis| shape[*axis] > 1) {
            let step = |by: i32| std::array::from_fn(|other| if other == axis { by } else { 0 });
            let beside = [-1, 1].map(|by| of_offset(step(by)).expect("the neighbours along axes"));
            let along: Vec<usize> = slab.along(axis, shape).collect();
            for number in 0..n0 * n1 * n2 {
                let cell = [number / (n1 * n2), number / n2 % n1, number % n2];
                let index = along[cell[axis]];
                let is_end = [index == 0, index + 1 == shape[axis]];
                for (side, weight) in weights(axis, index).into_iter().enumerate() {
                    lists[0][number] -= weight;
                    match is_end[side] && !periodic[axis] {
                        true => lists[0][number] += weight * mirrors[axis][side],
                        // Of two cells in a ring each is a neighbour of the other once.
                        false if shape[axis] == 2 => {
                            lists[beside[index.abs_diff(1)]][number] += weight
                        }
                        false => lists[beside[side]][number] += weight,
                    }
                }
            }
        }
        let middle = |axis: usize| weights(axis, shape[axis] / 2).iter().sum::<f64>();
        let largest = 2.0 * (missing..3).filter(|a| shape[*a] > 1).map(middle).sum::<f64>();
        let laplacian = Entries::of_lists(&lists, n2, n0 * n1);
        let is_singular = (missing..3).all(|axis| periodic[axis] || mirrors[axis] == [1.0; 2]);
        Power { laplacian, exponent, factor: None, largest, of_one: 0.0, is_singular }
    }

    /// Takes note of what the Jacobian matrix makes of the chequered vector: the average of it times the vector, and the
    /// average of its squares.
    pub(crate) fn measure(&mut self, average: f64, square: f64) {
        let factor = average / self.at_most();
        let is_even = factor != 0.0 && factor.is_finite() && square <= UNEVEN * average * average;
        self.factor = is_even.then_some(factor);
    }

    /// Takes note of what the Jacobian matrix makes of the chequered vector, times this vector, and of 1 in each cell: they are
    /// the same in cells that are held at a value, and see themselves alone. Whether there are such cells.
    pub(crate) fn hold(&mut self, of_chequers: &[f64], of_ones: &[f64]) -> bool {
        let Some(factor) = self.factor else { return false };
        let most = HELD * factor.abs() * self.at_most();
        let own: Vec<Option<f64>> = of_chequers
            .iter()
            .zip(of_ones)
            .map(|(a, b)| ((a - b).abs() < most).then(|| -self.root_of(b / factor)))
            .collect();
        if own.iter().all(Option::is_none) {
            return false;
        }
        let (neighbours, length) = self.laplacian.size();
        let list = |number: usize| {
            let entries = self.laplacian.rows_of(number).flatten();
            let of = |(own, entry): (&Option<f64>, &f64)| match own {
                Some(own) if number == 0 => *own,
                Some(_) => 0.0,
                None => *entry,
            };
            own.iter().zip(entries).map(of).collect()
        };
        let lists: Vec<Vec<f64>> = (0..neighbours).map(list).collect();
        self.laplacian = Entries::of_lists(&lists, length, own.len() / length);
        true
    }

    /// The root of a magnitude, whose power it is.
    fn root_of(&self, x: f64) -> f64 {
        Binary::Power.eval(x.abs(), 1.0 / self.exponent as f64)
    }

    /// Takes note of the average of what the Jacobian matrix makes of 1, which counts where walls make nothing of it.
    pub(crate) fn measure_of_one(&mut self, average: f64) {
        self.of_one = if self.is_singular && average.is_finite() { average } else { 0.0 };
    }

    /// The largest eigenvalue of the power.
    fn at_most(&self) -> f64 {
        (1..self.exponent).fold(self.largest, |power, _| power * self.largest)
    }

    /// How strong it ties a cell to its neighbours.
    pub(crate) fn ties(&self) -> f64 {
        self.factor.map_or(0.0, |factor| factor.abs() * self.at_most())
    }

    /// The entries of a matrix whose power is near identity·I + factor·J, but for a sign, and this sign.
    pub(crate) fn root(&self, (identity, factor): (f64, f64)) -> (Entries, f64) {
        let identity = identity + factor * self.of_one;
        let factor = factor * self.factor.unwrap_or(0.0);
        let sign = if identity == 0.0 { factor.signum() } else { identity.signum() };
        (self.laplacian.scaled(self.root_of(identity), -self.root_of(factor)), sign)
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Geometry};

    use super::*;
    use crate::solvers::multigrid::level::neighbours;

    /// What the Laplace operator makes of numbers.
    fn applied(power: &Power, offsets: &[[i32; 3]], shape: [usize; 3], x: &[f64]) -> Vec<f64> {
        let [n0, n1, n2] = shape.map(|n| n as i32);
        let at = |cell: [i32; 3]| ((cell[0] * n1 + cell[1]) * n2 + cell[2]) as usize;
        let mut result = vec![0.0; x.len()];
        for (number, to) in result.iter_mut().enumerate() {
            let n = number as i32;
            let cell = [n / (n1 * n2), n / n2 % n1, n % n2];
            for (k, o) in offsets.iter().enumerate() {
                let entry = power.laplacian.of(number / n2 as usize, k)[number % n2 as usize];
                let beside = [0, 1, 2].map(|a| (cell[a] + o[a]).rem_euclid([n0, n1, n2][a]));
                *to += entry * x[at(beside)];
            }
        }
        result
    }

    fn power(grid: &Grid, periodic: [bool; 3], mirrors: Mirrors) -> (Power, Vec<[i32; 3]>) {
        let offsets = neighbours(grid.shape());
        let slab = Slab::whole(grid.shape());
        (Power::new(2, grid, slab, periodic, &mirrors, &offsets), offsets)
    }

    #[test]
    fn parabolas_have_the_same_bend_everywhere() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 6, Ends::Bounded);
        let grid = grid.axis("y", 0.0..3.0, 6, Ends::Periodic).build().unwrap();
        let (power, offsets) = power(&grid, [false, false, true], [[-1.0, 1.0]; 3]);
        // x(2 − x), 0 at the lower wall and flat at the upper one: its mirror image lies off it by h²/2 at the first.
        let x: Vec<f64> = (0..36)
            .map(|k| {
                let x = ((k / 6) as f64 + 0.5) / 6.0;
                x * (2.0 - x)
            })
            .collect();
        let bends = applied(&power, &offsets, grid.shape(), &x);
        for (k, bend) in bends.into_iter().enumerate() {
            let expected = if k < 6 { -1.5 } else { -2.0 };
            assert!((bend - expected).abs() < 1e-12, "{k}: {bend}");
        }
        assert!(!power.is_singular);
        assert!((power.largest - 4.0 * 36.0 - 4.0 * 4.0).abs() < 1e-12);
    }

    #[test]
    fn round_grids_and_rings_of_two_keep_constants_and_sums() {
        let polar = Grid::builder(Geometry::Polar).axis("r", 0.0..1.0, 8, Ends::Bounded);
        let polar = polar.build().unwrap();
        let ring = Grid::cartesian().axis("x", 0.0..1.0, 2, Ends::Periodic).build().unwrap();
        for (grid, periodic) in [(polar, [false; 3]), (ring, [false, false, true])] {
            let (power, offsets) = power(&grid, periodic, [[1.0; 2]; 3]);
            assert!(power.is_singular);
            let n = grid.cells();
            let of_ones = applied(&power, &offsets, grid.shape(), &vec![1.0; n]);
            assert!(of_ones.iter().all(|x| x.abs() < 1e-9), "{of_ones:?}");
            let x: Vec<f64> = (0..n).map(|k| ((7 * k + 3) as f64).sin()).collect();
            let volume = |k: usize| match grid.cell_volume() {
                Some(volume) => volume,
                None => grid.metric(Metric::Volume, k as isize),
            };
            let bends = applied(&power, &offsets, grid.shape(), &x);
            let sum: f64 = bends.iter().enumerate().map(|(k, x)| volume(k) * x).sum();
            assert!(sum.abs() < 1e-9, "{sum}");
            assert!(bends.iter().any(|x| x.abs() > 1.0));
        }
    }

    #[test]
    fn the_power_of_the_root_is_near_the_matrix() {
        let ring = Grid::cartesian().axis("x", 0.0..1.0, 16, Ends::Periodic).build().unwrap();
        let (mut power, _) = power(&ring, [false, false, true], [[1.0; 2]; 3]);
        let largest = 4.0 * 256.0;
        assert_eq!(power.largest, largest);
        // −3·L² makes −3·largest² of the chequered vector.
        power.measure(-3.0 * largest * largest, (3.0 * largest * largest).powi(2));
        assert!((power.factor.unwrap() + 3.0).abs() < 1e-12);
        let (root, sign) = power.root((4.0, -0.5));
        assert_eq!(sign, 1.0);
        let [own, beside] = [0, 1].map(|k| root.of(0, k)[3]);
        assert!((own - 2.0 - 1.5f64.sqrt() * 2.0 * 256.0).abs() < 1e-9, "{own}");
        assert!((beside + 1.5f64.sqrt() * 256.0).abs() < 1e-9, "{beside}");
        assert_eq!(power.root((0.0, 1.0)).1, -1.0);
        // What differs from cell to cell by much has no power.
        power.measure(1.0, 4.0);
        assert!(power.factor.is_none());
    }
}
