//! Bounds of how difference operators act on waves.
//!
//! On a wave exp(iθ·x) of a grid, x counted in cells, a difference with the same coefficients in all cells acts as
//! multiplication by its symbol Σ_k c_k exp(iθ·k) (von Neumann's analysis: Strikwerda 2004, "Finite Difference
//! Schemes and Partial Differential Equations", 2.2). Coefficients that are even about the cell give a real symbol,
//! as those of diffusion do; odd ones give an imaginary symbol, as those of advection do.

use std::collections::BTreeMap;

use crate::schemes::matrix::Matrix;

/// Stands for odd²/even where nothing is even.
pub(crate) const UNDAMPED: f64 = 1e200;

/// Bounds of the parts of a symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Symbol {
    /// The sum of the magnitudes of all coefficients.
    pub(crate) total: f64,
    /// The magnitude of the coefficient of the cell itself.
    pub(crate) centre: f64,
    /// The sums of magnitudes of what is even and odd in the coefficients along each axis.
    pub(crate) even: [f64; 3],
    pub(crate) odd: [f64; 3],
    /// The largest odd²/even of a cell along each axis: how weakly advection is damped.
    pub(crate) ratio: [f64; 3],
    /// Those of what is even and odd in coefficients beside all axes.
    pub(crate) mixed: [f64; 2],
    /// The sum of all coefficients, which is the symbol of waves that are long: how fast these grow where the array
    /// acts on its own rate, and else the magnitude of the sum.
    pub(crate) slow: f64,
    /// The largest magnitude of the rate of the array itself; only where it acts on its own rate.
    pub(crate) rate: f64,
}

/// A part of a symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    Total,
    Centre,
    Even(usize),
    Odd(usize),
    Ratio(usize),
    MixedEven,
    MixedOdd,
    Slow,
    Rate,
}

impl Symbol {
    pub(crate) fn part_mut(&mut self, part: Part) -> &mut f64 {
        match part {
            Part::Total => &mut self.total,
            Part::Centre => &mut self.centre,
            Part::Even(axis) => &mut self.even[axis],
            Part::Odd(axis) => &mut self.odd[axis],
            Part::Ratio(axis) => &mut self.ratio[axis],
            Part::MixedEven => &mut self.mixed[0],
            Part::MixedOdd => &mut self.mixed[1],
            Part::Slow => &mut self.slow,
            Part::Rate => &mut self.rate,
        }
    }

    /// Finds the ratios that are not known yet from the bounds.
    pub(crate) fn complete(&mut self) {
        for axis in 0..3 {
            if self.ratio[axis] == 0.0 {
                self.ratio[axis] = ratio(self.even[axis], self.odd[axis]);
            }
        }
    }

    /// The sum of two operators.
    pub(crate) fn plus(&self, other: &Symbol) -> Symbol {
        let mut sum = *self;
        sum.total += other.total;
        sum.centre += other.centre;
        for axis in 0..3 {
            sum.even[axis] += other.even[axis];
            sum.odd[axis] += other.odd[axis];
            let ratios = self.ratio[axis] + other.ratio[axis];
            // (a + b)²/(c + d) ≤ a²/c + b²/d
            let is_damped = ratios < UNDAMPED;
            sum.ratio[axis] = if is_damped { ratios } else { ratio(sum.even[axis], sum.odd[axis]) };
        }
        sum.mixed = [sum.mixed[0] + other.mixed[0], sum.mixed[1] + other.mixed[1]];
        sum.slow += other.slow;
        sum
    }

    /// This operator applied to the result of the other.
    pub(crate) fn after(&self, other: &Symbol) -> Symbol {
        let [a, b] = [self, other];
        let sums = |s: &Symbol| (s.even.iter().sum::<f64>(), s.odd.iter().sum::<f64>());
        let ((a_even, a_odd), (b_even, b_odd)) = (sums(a), sums(b));
        let (total, centre, slow) = (a.total * b.total, a.centre * b.centre, a.slow * b.slow);
        let mut product = Symbol { total, centre, slow, ..Symbol::default() };
        let (mut cross_even, mut cross_odd) =
            (a_even * b_even + a_odd * b_odd, a_even * b_odd + a_odd * b_even);
        for axis in 0..3 {
            let ([ae, ao], [be, bo]) = ([a.even[axis], a.odd[axis]], [b.even[axis], b.odd[axis]]);
            let (even, odd) = (ae * be + ao * bo, ae * bo + ao * be);
            (cross_even, cross_odd) = (cross_even - even, cross_odd - odd);
            product.even[axis] = a.centre * be + ae * b.centre + even;
            product.odd[axis] = a.centre * bo + ao * b.centre + odd;
            product.ratio[axis] = match (even + odd, ae + ao, be + bo) {
                (0.0, 0.0, _) => a.centre * b.ratio[axis],
                (0.0, _, 0.0) => b.centre * a.ratio[axis],
                _ => ratio(product.even[axis], product.odd[axis]),
            };
        }
        let ([am, an], [bm, bn]) = (a.mixed, b.mixed);
        let (plain_a, plain_b) = ([a.centre + a_even, a_odd], [b.centre + b_even, b_odd]);
        product.mixed = [
            cross_even.max(0.0)
                + am * (plain_b[0] + bm)
                + plain_a[0] * bm
                + an * (plain_b[1] + bn)
                + plain_a[1] * bn,
            cross_odd.max(0.0)
                + am * (plain_b[1] + bn)
                + plain_a[0] * bn
                + an * (plain_b[0] + bm)
                + plain_a[1] * bm,
        ];
        product
    }
}

/// odd²/even, 0 where nothing is odd.
fn ratio(even: f64, odd: f64) -> f64 {
    if odd == 0.0 { 0.0 } else { (odd * odd / even).min(UNDAMPED) }
}

/// A square matrix of symbols, row by row: how arrays act on the rates of arrays.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    rows: Vec<BTreeMap<usize, Symbol>>,
}

impl Symbols {
    /// The zero matrix of this number of rows.
    pub(crate) fn new(rows: usize) -> Self {
        Symbols { rows: vec![BTreeMap::new(); rows] }
    }

    /// Sets a part of an entry.
    pub(crate) fn set(&mut self, row: usize, column: usize, part: Part, value: f64) {
        if value != 0.0 {
            *self.rows[row].entry(column).or_default().part_mut(part) = value;
        }
    }

    fn add(&mut self, row: usize, column: usize, symbol: &Symbol) {
        let entry = self.rows[row].entry(column).or_default();
        *entry = entry.plus(symbol);
    }

    /// The leading `n` rows and columns, after every later column was replaced by those from which
    /// it is computed, which its row says. A row has no entries in its own column or later ones
    /// unless it is one of the first `n`.
    pub(crate) fn leading(mut self, n: usize) -> Self {
        self.rows.iter_mut().flat_map(BTreeMap::values_mut).for_each(Symbol::complete);
        for row in 0..n {
            // The last column first, since it may be computed from earlier ones.
            while let Some((column, through)) = self.rows[row].pop_last() {
                if column < n {
                    self.rows[row].insert(column, through);
                    break;
                }
                for (earlier, symbol) in self.rows[column].clone() {
                    self.add(row, earlier, &through.after(&symbol));
                }
            }
        }
        self.rows.truncate(n);
        self
    }

    /// What an array does to its own rate, for each array.
    pub(crate) fn diagonal(&self) -> impl Iterator<Item = Symbol> + use<'_> {
        self.rows.iter().enumerate().map(|(k, row)| row.get(&k).copied().unwrap_or_default())
    }

    /// The totals of all entries, row by row.
    pub(crate) fn entries(&self) -> Vec<Vec<f64>> {
        let n = self.rows.len();
        let at = |row: &BTreeMap<usize, Symbol>, k: usize| row.get(&k).map_or(0.0, |s| s.total);
        self.rows.iter().map(|row| (0..n).map(|k| at(row, k)).collect()).collect()
    }

    /// The totals of all entries, or of those off the diagonal.
    pub(crate) fn totals(&self, diagonal: bool) -> Matrix {
        let mut matrix = Matrix::new(self.rows.len());
        for (row, entries) in self.rows.iter().enumerate() {
            let entries = entries.iter().filter(|(column, _)| diagonal || **column != row);
            entries.for_each(|(column, symbol)| matrix.add(row, *column, symbol.total));
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_columns_are_replaced_by_what_they_are_computed_from() {
        // u is computed from q, q from p and u, and p from u.
        let mut symbols = Symbols::new(3);
        let entries = [(0, 2, 2.0), (2, 1, 3.0), (2, 0, 5.0), (1, 0, 7.0)];
        for (row, column, value) in entries {
            symbols.set(row, column, Part::Total, value);
        }
        let found: Vec<f64> = symbols.leading(1).diagonal().map(|symbol| symbol.total).collect();
        assert_eq!(found, [2.0 * (3.0 * 7.0 + 5.0)]);
    }

    /// The symbol of a difference along the first axis, and of one along the second.
    fn along(axis: usize, centre: f64, even: f64, odd: f64) -> Symbol {
        let mut symbol = Symbol { centre, total: centre + even.max(odd), ..Symbol::default() };
        (symbol.even[axis], symbol.odd[axis]) = (even, odd);
        symbol.complete();
        symbol
    }

    #[test]
    fn two_slopes_are_a_curvature() {
        let slope = along(0, 0.0, 0.0, 3.0);
        let twice = slope.after(&slope);
        assert_eq!((twice.even[0], twice.odd[0], twice.mixed), (9.0, 0.0, [0.0; 2]));
        let across = slope.after(&along(1, 0.0, 0.0, 2.0));
        assert_eq!((across.even, across.odd, across.mixed), ([0.0; 3], [0.0; 3], [6.0, 0.0]));
        // A slope of a curvature is odd.
        let third = slope.after(&along(0, 2.0, 2.0, 0.0));
        assert_eq!((third.even[0], third.odd[0]), (0.0, 12.0));
    }

    #[test]
    fn damping_is_that_of_the_sum() {
        let (slope, curvature) = (along(0, 0.0, 0.0, 3.0), along(0, 2.0, 2.0, 0.0));
        assert_eq!(slope.ratio[0], UNDAMPED);
        assert_eq!(slope.plus(&curvature).ratio[0], 4.5);
        let factor = Symbol { centre: 2.0, total: 2.0, ..Symbol::default() };
        assert_eq!(factor.after(&slope.plus(&curvature)).ratio[0], 9.0);
    }
}
