//! Square matrices of bounds, whose entries are not negative and mostly zero.

use std::collections::{BTreeMap, HashMap};

/// The largest number of rows of a matrix whose powers are computed in full.
const MOST_DENSE: usize = 64;
/// How many times a larger one is multiplied by a vector.
const PRODUCTS: usize = 200;

/// A square matrix, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    rows: Vec<BTreeMap<usize, f64>>,
}

impl Matrix {
    /// The zero matrix of this number of rows.
    pub(crate) fn new(rows: usize) -> Self {
        Matrix { rows: vec![BTreeMap::new(); rows] }
    }

    /// Adds to an entry. Adding 0 changes nothing.
    pub(crate) fn add(&mut self, row: usize, column: usize, value: f64) {
        if value != 0.0 {
            *self.rows[row].entry(column).or_insert(0.0) += value;
        }
    }

    /// The largest magnitude of the eigenvalues. In a large matrix it is that of one of the blocks of
    /// rows that depend on each other, and a bound of it if that block is large too.
    pub(crate) fn spectral_radius(&self) -> f64 {
        match self.rows.len() <= MOST_DENSE {
            true => self.by_powers(),
            false => self.radius_of_blocks(|_| true),
        }
    }

    /// The same of those blocks of rows that depend on each other which count.
    pub(crate) fn radius_of_blocks(&self, counts: impl Fn(&[usize]) -> bool) -> f64 {
        let blocks = self.blocks();
        let radii = blocks.iter().filter(|block| counts(block)).map(|block| {
            let numbers: HashMap<usize, usize> = block.iter().copied().zip(0..).collect();
            let mut part = Matrix::new(block.len());
            for (row, whole) in block.iter().enumerate() {
                for (column, value) in &self.rows[*whole] {
                    if let Some(column) = numbers.get(column) {
                        part.add(row, *column, *value);
                    }
                }
            }
            if block.len() <= MOST_DENSE { part.by_powers() } else { part.by_products() }
        });
        radii.fold(0.0, f64::max)
    }

    /// The blocks of rows that depend on each other, directly or through others (Tarjan 1972, "Depth
    /// first search and linear graph algorithms").
    fn blocks(&self) -> Vec<Vec<usize>> {
        const NEW: usize = usize::MAX;
        let n = self.rows.len();
        let (mut number, mut lowest) = (vec![NEW; n], vec![0; n]);
        let (mut stack, mut is_on_stack) = (Vec::new(), vec![false; n]);
        let (mut blocks, mut next) = (Vec::new(), 0);
        for start in 0..n {
            if number[start] != NEW {
                continue;
            }
            // Rows under way, each with its columns that were not looked at yet.
            let mut open = vec![(start, self.rows[start].keys())];
            (number[start], lowest[start]) = (next, next);
            next += 1;
            stack.push(start);
            is_on_stack[start] = true;
            while let Some((row, columns)) = open.last_mut() {
                let row = *row;
                if let Some(&column) = columns.next() {
                    if number[column] == NEW {
                        (number[column], lowest[column]) = (next, next);
                        next += 1;
                        stack.push(column);
                        is_on_stack[column] = true;
                        open.push((column, self.rows[column].keys()));
                    } else if is_on_stack[column] {
                        lowest[row] = lowest[row].min(number[column]);
                    }
                    continue;
                }
                open.pop();
                if let Some((above, _)) = open.last() {
                    lowest[*above] = lowest[*above].min(lowest[row]);
                }
                if lowest[row] == number[row] {
                    let first = stack.iter().rposition(|k| *k == row).expect("it is there");
                    let block = stack.split_off(first);
                    block.iter().for_each(|k| is_on_stack[*k] = false);
                    blocks.push(block);
                }
            }
        }
        blocks
    }

    /// The spectral radius as the limit of |M^k|^(1/k) (Gelfand's formula), for k = 1, 2, 4, …,
    /// 2^49.
    fn by_powers(&self) -> f64 {
        let n = self.rows.len();
        let entry = |row: &BTreeMap<usize, f64>, k: usize| row.get(&k).copied().unwrap_or(0.0);
        let mut power: Vec<Vec<f64>> =
            self.rows.iter().map(|row| (0..n).map(|k| entry(row, k)).collect()).collect();
        let mut log = 0.0;
        for exponent in 0..50 {
            let norm = power.iter().map(|row| row.iter().sum::<f64>()).fold(0.0, f64::max);
            if norm == 0.0 {
                return 0.0;
            }
            log += norm.ln() / 2f64.powi(exponent);
            power.iter_mut().flatten().for_each(|x| *x /= norm);
            let square =
                |i: usize, j: usize| (0..n).map(|k| power[i][k] * power[k][j]).sum::<f64>();
            power = (0..n).map(|i| (0..n).map(|j| square(i, j)).collect()).collect();
        }
        log.exp()
    }

    /// A bound of the spectral radius of a block: the largest ratio by which a product with the
    /// matrix makes an entry of a positive vector grow (Collatz 1942, Math. Z. 48, 221). The vector
    /// approaches an eigenvector from product to product.
    fn by_products(&self) -> f64 {
        let sums = self.rows.iter().map(|row| row.values().sum::<f64>());
        let shift = sums.fold(0.0, f64::max) / 2.0;
        let mut vector = vec![1.0; self.rows.len()];
        let mut bound = f64::INFINITY;
        for _ in 0..PRODUCTS {
            let product: Vec<f64> = (self.rows.iter())
                .map(|row| row.iter().map(|(k, value)| value * vector[*k]).sum())
                .collect();
            let ratios = product.iter().zip(&vector).map(|(a, b)| a / b);
            bound = ratios.fold(0.0, f64::max).min(bound);
            // With the shift no entry becomes 0, and the vector does not go round in a circle.
            let next = product.iter().zip(&vector).map(|(a, b)| a + shift * b);
            let next: Vec<f64> = next.collect();
            let most = next.iter().copied().fold(0.0, f64::max);
            vector = next.iter().map(|x| x / most).collect();
        }
        bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, entries: &[(usize, usize, f64)]) -> Matrix {
        let mut matrix = Matrix::new(rows);
        entries.iter().for_each(|(row, column, value)| matrix.add(*row, *column, *value));
        matrix
    }

    #[test]
    fn rows_that_do_not_depend_on_each_other_are_blocks() {
        let matrix =
            matrix(5, &[(0, 1, 1.0), (1, 0, 4.0), (1, 2, 100.0), (3, 3, 1.5), (4, 0, 9.0)]);
        let mut blocks = matrix.blocks();
        blocks.iter_mut().for_each(|block| block.sort_unstable());
        blocks.sort_unstable();
        assert_eq!(blocks, [vec![0, 1], vec![2], vec![3], vec![4]]);
        assert!((matrix.spectral_radius() - 2.0).abs() < 1e-12);
        // So they are beside many others.
        let entries = matrix.rows.iter().zip(60..).flat_map(|(row, number)| {
            row.iter().map(move |(column, value)| (number, 60 + column, *value))
        });
        let found = self::matrix(90, &entries.collect::<Vec<_>>()).spectral_radius();
        assert!((found - 2.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn large_blocks_have_a_bound_that_is_near() {
        // Waves along a ring: all eigenvalues have this magnitude.
        for n in [MOST_DENSE, MOST_DENSE + 1, 500] {
            let ring: Vec<_> = (0..n).map(|k| (k, (k + 1) % n, 3.0)).collect();
            let found = matrix(n, &ring).spectral_radius();
            assert!((found / 3.0 - 1.0).abs() < 1e-9, "{n}: {found}");
        }
        // A ring of sums, of which one is larger.
        let n = 300;
        let mut entries: Vec<_> = (0..n).map(|k| (k, (k + 1) % n, 1.0)).collect();
        entries.push((0, 0, 5.0));
        let found = matrix(n, &entries).spectral_radius();
        assert!((5.0..5.3).contains(&found), "{found}");
    }
}
