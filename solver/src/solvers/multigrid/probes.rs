//! What products with vectors that are 1 in cells of a colour tell of the entries of a matrix.

use std::collections::HashMap;

use crate::solvers::colours::Colours;
use crate::solvers::multigrid::entries::{Entries, are_same, hash};
use crate::solvers::multigrid::level::Lattice;
use crate::solvers::multigrid::slab::Slab;

/// The rows of products, of which those that are the same are held once.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    /// The different rows one after the other.
    rows: Vec<f64>,
    known: HashMap<u64, u32>,
    /// For each colour, as seen from a row of colour 0, and each row of cells the number of its row of the product.
    numbers: Vec<Vec<u32>>,
    /// For each of these colours the number of the last row that was taken.
    last: Vec<u32>,
}

impl Probes {
    /// What is known before the first product, for so many colours and rows of cells.
    pub(crate) fn new(colours: usize, rows: usize) -> Self {
        let numbers = vec![vec![0; rows]; colours];
        Probes { rows: Vec::new(), known: HashMap::new(), numbers, last: vec![0; colours] }
    }

    /// Takes a row of a product for a colour, as seen from a row of colour 0.
    pub(crate) fn take(&mut self, row: usize, colour: usize, values: &[f64]) {
        let length = values.len();
        let is_it = |number: &u32| {
            let of_number =
                self.rows.get(*number as usize * length..(*number as usize + 1) * length);
            of_number.is_some_and(|of_number| are_same(of_number, values))
        };
        let number = match Some(self.last[colour]).filter(is_it) {
            Some(last) => last,
            None => {
                let hash = hash(values);
                match self.known.get(&hash).copied().filter(is_it) {
                    Some(known) => known,
                    None => {
                        let number = (self.rows.len() / length) as u32;
                        self.rows.extend_from_slice(values);
                        self.known.insert(hash, number);
                        number
                    }
                }
            }
        };
        self.numbers[colour][row] = number;
        self.last[colour] = number;
    }

    /// The entries for neighbours, once all products were taken.
    pub(crate) fn entries(
        &self,
        grid: &Lattice,
        slab: Slab,
        colours: &Colours,
        offsets: &[[i32; 3]],
    ) -> Entries {
        let (shape, periodic) = (grid.shape, grid.periodic);
        let to = |axis: usize, index: usize, step: i32| {
            let n = shape[axis] as i32;
            let to = index as i32 + step;
            // Of two cells in a ring each is a neighbour of the other once.
            let is_there = periodic[axis] && (step < 1 || n > 2) || (0..n).contains(&to);
            is_there.then(|| to.rem_euclid(n) as usize)
        };
        // By how much the colour changes with each step from an index.
        let steps = |axis: usize, index: usize| -> [Option<usize>; 3] {
            let change = |step: i32| to(axis, index, step).map(|to| colours.step(axis, index, to));
            [-1, 0, 1].map(change)
        };
        let [n0, n1, n2] = slab.shape(shape);
        let along: Vec<[Option<usize>; 3]> = (0..n2).map(|k| steps(2, k)).collect();
        let across = [0, 1].map(|axis| -> Vec<[Option<usize>; 3]> {
            slab.along(axis, shape).map(|index| steps(axis, index)).collect()
        });
        let mut entries = Entries::new(offsets.len(), n2);
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut same: HashMap<u64, u32> = HashMap::new();
        let (mut key, mut of_row) = (Vec::new(), vec![0.0; offsets.len() * n2]);
        for row in 0..n0 * n1 {
            let (of_i, of_j) = (across[0][row / n1], across[1][row % n1]);
            key.clear();
            key.extend(self.numbers.iter().map(|of_rows| of_rows[row]));
            key.extend([of_i, of_j].as_flattened().iter().map(|step| match step {
                Some(step) => *step as u32,
                None => u32::MAX,
            }));
            if let Some(kind) = known.get(&key) {
                entries.push_again(*kind);
                continue;
            }
            of_row.fill(0.0);
            for (offset, list) in offsets.iter().zip(of_row.chunks_exact_mut(n2)) {
                if !colours.tell(*offset) {
                    continue;
                }
                let [a, b, c] = offset.map(|step| (step + 1) as usize);
                let (Some(a), Some(b)) = (of_i[a], of_j[b]) else { continue };
                for (k, to) in list.iter_mut().enumerate() {
                    let Some(c) = along[k][c] else { continue };
                    let colour = (a + b + c + colours.along_row(k)) % colours.count;
                    *to = self.rows[self.numbers[colour][row] as usize * n2 + k];
                }
            }
            let hash = hash(&of_row);
            let kind =
                match same.get(&hash).filter(|kind| are_same(entries.of_kind(**kind), &of_row)) {
                    Some(kind) => {
                        entries.push_again(*kind);
                        *kind
                    }
                    None => {
                        let kind = entries.push(&of_row);
                        same.insert(hash, kind);
                        kind
                    }
                };
            known.insert(key.clone(), kind);
        }
        entries
    }
}
