//! The diagonal of a Jacobian matrix, cell by cell: how the rates in a cell change with the state of this
//! cell alone. Its inverse is a preconditioner, exact where cells do not see each other.
//!
//! It is found by products with vectors that are 1 in the cells of a colour (colours.rs).

use pulp::NullaryFnOnce;

use crate::error::Error;
use crate::plan::action::{Action, Extent};
use crate::plan::plan::Plan;
use crate::run::random_rows::rows;
use crate::solvers::colours::Colours;
use crate::solvers::jacobian::Jacobian;
use crate::solvers::place::Place;
use crate::solvers::vector_loops::RowsOfBlock;
use crate::solvers::vectors::{Vector, Vectors, each_of_array};
use crate::solvers::wide::widely;

/// Up to how many numbers of a cell are taken together; of more, each is taken by itself.
const MOST: usize = 8;

/// The diagonal blocks of a Jacobian matrix, and the inverses of those of a matrix made of it.
#[derive(Clone, Debug)]
pub(crate) struct Diagonal {
    /// How many numbers are taken together: all of a cell, or each by itself.
    size: usize,
    /// The first of the arrays of the entries, row by row, and of those of the inverses.
    entries: usize,
    inverses: usize,
    /// How many cells apart along each axis the cells of a vector lie.
    apart: [usize; 3],
    /// For each array of a vector the most cells across which it is seen, away from walls.
    seen: Vec<usize>,
    periodic: [bool; 3],
    /// Whether cells see others along one axis at a time only.
    is_star: bool,
    is_local: bool,
}

impl Diagonal {
    /// How many arrays are needed for `n` arrays of the state.
    pub(crate) fn arrays(n: usize) -> usize {
        2 * n * if n <= MOST { n } else { 1 }
    }

    /// The diagonal for a plan of products with vectors in these arrays, in arrays from `first` on. `periodic` says at
    /// which axes the ends are joined.
    pub(crate) fn new(
        product: &Plan,
        vector: std::ops::Range<usize>,
        first: usize,
        periodic: [bool; 3],
    ) -> Self {
        let n = vector.len();
        let size = if n <= MOST { n } else { 1 };
        let is_star = is_star(product, vector.clone());
        let across = |k: usize| reach(product, k..k + 1, false).into_iter().max().unwrap_or(0);
        let seen = vector.clone().map(across).collect();
        let apart = reach(product, vector, true).map(|cells| 2 * cells + 1);
        let is_local = product
            .actions()
            .iter()
            .all(|action| !matches!(action, Action::Reduce { .. } | Action::Solve { .. }));
        let inverses = first + n * size;
        Diagonal { size, entries: first, inverses, apart, seen, periodic, is_star, is_local }
    }

    /// The colours of cells that are 1 together in vectors, on a grid of this shape.
    pub(crate) fn colours(&self, shape: [usize; 3]) -> Colours {
        Colours::new(shape, self.periodic, self.apart, self.is_star)
    }

    /// Finds the entries, for the state and time of the last rates. `vector` and `product` are overwritten;
    /// `watch` is called after each product, with the number of the array in which cells of a colour are 1.
    /// Collective.
    pub(crate) fn find(
        &self,
        jacobian: &mut Jacobian,
        place: &mut Place<'_>,
        vectors: &Vectors,
        time: f64,
        [vector, product]: [Vector; 2],
        mut watch: impl FnMut(&Place<'_>, usize, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let colours = self.colours(place.block.global_shape());
        let start = place.block.start()[2];
        let mut along = colours.in_rows(start..start + place.block.shape()[2]);
        along.iter_mut().flatten().for_each(|index| *index -= start);
        let n = vectors.arrays;
        for number in 0..n {
            vectors.set(place, vector, 0.0);
            for colour in 0..colours.count {
                let cells = cells_of(place, &colours, &along, colour);
                paint(place, vector + number, &cells, 1.0);
                jacobian.product(place, time, vector, product)?;
                let of = |row: usize| match self.size == n {
                    true => Some(self.entries + row * n + number),
                    false => (row == number).then_some(self.entries + number),
                };
                for row in 0..n {
                    if let Some(entry) = of(row) {
                        take(place, &cells, product + row, entry);
                    }
                }
                watch(place, number, colour)?;
                paint(place, vector + number, &cells, 0.0);
            }
        }
        Ok(())
    }

    /// For each array of a vector the most cells along an axis across which rates see it, away from walls.
    pub(crate) fn seen(&self) -> &[usize] {
        &self.seen
    }

    /// Whether products in a cell depend on the cells that it sees alone, and not on what is known of all.
    pub(crate) fn is_local(&self) -> bool {
        self.is_local
    }

    /// The arrays of the entries that tie the numbers of a cell to each other.
    pub(crate) fn ties(&self) -> impl Iterator<Item = usize> + use<> {
        self.ties_of_numbers().map(|(.., array)| array)
    }

    /// The same with the numbers whose rate they are in, and the numbers that act on it.
    pub(crate) fn ties_of_numbers(&self) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let (size, first) = (self.size, self.entries);
        let pairs = (0..size * size).map(move |k| (k / size, k % size, first + k));
        pairs.filter(|(row, column, _)| row != column)
    }

    /// The first array of the entries of a number's own rate.
    pub(crate) fn own(&self, number: usize) -> usize {
        match self.size {
            1 => self.entries + number,
            size => self.entries + number * size + number,
        }
    }

    /// Inverts the blocks of identity·I + jacobian·J. Blocks without an inverse are left out.
    pub(crate) fn invert(&self, place: &mut Place<'_>, n: usize, identity: f64, jacobian: f64) {
        if self.size == 1 {
            for k in 0..n {
                each_of_array(place, self.inverses + k, self.entries + k, |to, entry| {
                    let x = identity + jacobian * entry;
                    *to = if x.is_finite() && x != 0.0 { 1.0 / x } else { 1.0 };
                });
            }
            return;
        }
        let Place { block, memory, .. } = place;
        let layout = memory.layout();
        let size = self.size;
        let groups = n / size;
        let (mut matrix, mut inverse) = (vec![0.0; size * size], vec![0.0; size * size]);
        for group in 0..groups {
            let first = group * size * size;
            let from: Vec<usize> =
                (0..size * size).map(|k| memory.array(self.entries + first + k)).collect();
            let to: Vec<usize> =
                (0..size * size).map(|k| memory.array(self.inverses + first + k)).collect();
            let all = memory.all_mut();
            for (_, cells) in rows(block) {
                let start = layout.index(cells.start);
                for at in start..start + cells.shape()[2] {
                    for k in 0..size * size {
                        let unit = if k % (size + 1) == 0 { identity } else { 0.0 };
                        matrix[k] = unit + jacobian * all[from[k] + at];
                    }
                    invert(&mut matrix, &mut inverse, size);
                    (0..size * size).for_each(|k| all[to[k] + at] = inverse[k]);
                }
            }
        }
    }

    /// to ← the inverse of the diagonal times `from`.
    pub(crate) fn apply(&self, place: &mut Place<'_>, n: usize, from: Vector, to: Vector) {
        let size = self.size;
        for row in 0..n {
            let first = row / size * size;
            for column in 0..size {
                let (block, memory) = (place.block, &mut *place.memory);
                let arrays = [to + row, self.inverses + row * size + column, from + first + column];
                let arrays = arrays.map(|array| memory.array(array));
                let rows = RowsOfBlock::of(block, memory);
                let adds = column > 0;
                widely(Multiply { all: memory.all_mut(), arrays, rows, adds });
            }
        }
    }
}

/// Products of the numbers of two arrays, stored in another or added to it.
struct Multiply<'m> {
    all: &'m mut [f64],
    /// Where the arrays begin, that of the products first.
    arrays: [usize; 3],
    rows: RowsOfBlock,
    adds: bool,
}

impl NullaryFnOnce for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Multiply { all, arrays, rows, adds } = self;
        let n2 = rows.shape[2];
        for number in 0..rows.count() {
            let (_, at) = rows.row(number);
            let places = arrays.map(|array| array + at..array + at + n2);
            let [to, a, b] = all.get_disjoint_mut(places).expect("three arrays");
            let both = a.iter().zip(&*b);
            match adds {
                false => to.iter_mut().zip(both).for_each(|(to, (a, b))| *to = a * b),
                true => to.iter_mut().zip(both).for_each(|(to, (a, b))| *to += a * b),
            }
        }
    }
}

/// Cells of a block.
struct CellsOfColour<'l> {
    /// The places in an array of the first cells of their rows, with their indices in these rows.
    rows: Vec<(usize, &'l [usize])>,
}

/// The cells of a block that have a colour; `along` are those of each colour in a row of colour 0.
fn cells_of<'l>(
    place: &Place<'_>,
    colours: &Colours,
    along: &'l [Vec<usize>],
    colour: usize,
) -> CellsOfColour<'l> {
    let Place { block, memory, .. } = place;
    let start = block.start();
    let rows = rows(block).map(|([i, j], cells)| {
        let of_row = colours.of_row([start[0] + i, start[1] + j]);
        let of_cells = (colour + colours.count - of_row) % colours.count;
        (memory.layout().index(cells.start), &along[of_cells][..])
    });
    CellsOfColour { rows: rows.filter(|(_, indices)| !indices.is_empty()).collect() }
}

/// Sets an array to a value in cells.
fn paint(place: &mut Place<'_>, array: usize, cells: &CellsOfColour<'_>, value: f64) {
    let numbers = place.memory.of_array_mut(array);
    for (row, indices) in &cells.rows {
        indices.iter().for_each(|k| numbers[row + k] = value);
    }
}

/// Copies the numbers of an array to another in cells.
fn take(place: &mut Place<'_>, cells: &CellsOfColour<'_>, from: usize, to: usize) {
    let [from, to] = [from, to].map(|array| place.memory.array(array));
    let all = place.memory.all_mut();
    for (row, indices) in &cells.rows {
        indices.iter().for_each(|k| all[to + row + k] = all[from + row + k]);
    }
}

/// The inverse of a small matrix by elimination with pivots; the unit matrix if there is none.
pub(crate) fn invert(matrix: &mut [f64], inverse: &mut [f64], n: usize) {
    (0..n * n).for_each(|k| inverse[k] = if k % (n + 1) == 0 { 1.0 } else { 0.0 });
    for column in 0..n {
        let size = |row: &usize| matrix[row * n + column].abs();
        let pivot = (column..n).fold(column, |a, b| if size(&b) > size(&a) { b } else { a });
        let head = matrix[pivot * n + column];
        if !(head.is_finite() && head != 0.0) {
            (0..n * n).for_each(|k| inverse[k] = if k % (n + 1) == 0 { 1.0 } else { 0.0 });
            return;
        }
        for k in 0..n {
            matrix.swap(pivot * n + k, column * n + k);
            inverse.swap(pivot * n + k, column * n + k);
        }
        for k in 0..n {
            matrix[column * n + k] /= head;
            inverse[column * n + k] /= head;
        }
        for row in (0..n).filter(|row| *row != column) {
            let factor = matrix[row * n + column];
            for k in 0..n {
                matrix[row * n + k] -= factor * matrix[column * n + k];
                inverse[row * n + k] -= factor * inverse[column * n + k];
            }
        }
    }
}

/// How far along each axis a product in a cell sees the vector, in all cells or in those away from walls. What it sees of the
/// state alone does not count.
fn reach(product: &Plan, vector: std::ops::Range<usize>, with_walls: bool) -> [usize; 3] {
    let of_vector = |array: usize| vector.contains(&array).then_some([0; 3]);
    let mut of_arrays: Vec<Option<[usize; 3]>> = (0..product.arrays()).map(of_vector).collect();
    let mut widest = [0; 3];
    let wider = |a: [usize; 3], b: [usize; 3]| std::array::from_fn(|axis| a[axis].max(b[axis]));
    for action in product.actions() {
        let Action::Sweep { kernel, inputs, outputs, extent, .. } = action else { continue };
        if !with_walls && !matches!(extent, Extent::Block) {
            continue;
        }
        let mut most: Option<[usize; 3]> = None;
        for (i, slot) in inputs.iter().enumerate() {
            let Some(before) = slot.array().and_then(|array| of_arrays[array]) else { continue };
            let reach = product.kernels()[*kernel].reach(i as u32);
            let here = |axis: usize| before[axis] + reach[axis][0].max(reach[axis][1]);
            let here = std::array::from_fn(here);
            most = Some(most.map_or(here, |most| wider(most, here)));
        }
        let outputs = outputs.iter().filter_map(|slot| slot.array());
        match (extent, most) {
            (Extent::Block, most) => outputs.for_each(|array| of_arrays[array] = most),
            // Ghost cells are seen from the cells at the wall.
            (_, Some(most)) => outputs.filter(|array| !vector.contains(array)).for_each(|array| {
                let before = of_arrays[array].unwrap_or([0; 3]);
                of_arrays[array] = Some(wider(before, most));
            }),
            (_, None) => {}
        }
        widest = wider(widest, most.unwrap_or([0; 3]));
    }
    widest
}

/// Whether a product in a cell sees the vector along one axis at a time, as far as the kernels of sweeps tell.
fn is_star(product: &Plan, vector: std::ops::Range<usize>) -> bool {
    // The arrays that depend on the vector, beside those of the vector itself.
    let mut made = vec![false; product.arrays()];
    for action in product.actions() {
        let Action::Sweep { kernel, inputs, outputs, extent, .. } = action else { continue };
        let kernel = &product.kernels()[*kernel];
        let mut depends = false;
        for (input, array) in inputs.iter().enumerate() {
            let Some(array) = array.array() else { continue };
            if !(vector.contains(&array) || made[array]) || !kernel.loads(input as u32) {
                continue;
            }
            depends = true;
            let looks_aside = kernel.reach(input as u32) != [[0; 2]; 3];
            if kernel.reaches_corners(input as u32) || made[array] && looks_aside {
                return false;
            }
        }
        let outputs = outputs.iter().filter_map(|slot| slot.array());
        let is_block = matches!(extent, Extent::Block);
        outputs.filter(|array| is_block || !vector.contains(array)).for_each(|array| {
            made[array] |= depends;
        });
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_are_inverses() {
        let matrix = [0.0, 2.0, 1.0, 3.0, -1.0, 0.5, 1.0, 0.0, 4.0];
        let mut inverse = [0.0; 9];
        invert(&mut matrix.clone(), &mut inverse, 3);
        for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
            let sum: f64 = (0..3).map(|k| matrix[3 * row + k] * inverse[3 * k + column]).sum();
            assert!((sum - f64::from(u8::from(row == column))).abs() < 1e-14);
        }
        invert(&mut [1.0, 2.0, 2.0, 4.0], &mut inverse, 2);
        assert_eq!(inverse[..4], [1.0, 0.0, 0.0, 1.0]);
    }
}
