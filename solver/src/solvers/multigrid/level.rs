//! A grid of a multigrid method with its matrix.

use fluxions_comm::{ExactSum, World};

use crate::error::Error;
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::slab::Slab;
use crate::solvers::multigrid::stencils::Stencils;

/// A grid of three axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lattice {
    pub(crate) shape: [usize; 3],
    pub(crate) periodic: [bool; 3],
    pub(crate) sizes: [Sizes; 3],
}

impl Lattice {
    pub(crate) fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    /// The indices of the cell of this number.
    pub(crate) fn cell(&self, number: usize) -> [usize; 3] {
        let [_, n1, n2] = self.shape;
        [number / (n1 * n2), number / n2 % n1, number % n2]
    }

    /// The cell at an offset from another one, as if all ends were joined.
    pub(crate) fn beside(&self, cell: [usize; 3], offset: [i32; 3]) -> [usize; 3] {
        let along = |axis: usize| cell[axis] as i32 + offset[axis];
        std::array::from_fn(|axis| along(axis).rem_euclid(self.shape[axis] as i32) as usize)
    }

    /// The sum of the volumes of all cells.
    pub(crate) fn volume(&self) -> f64 {
        self.sizes.iter().map(|sizes| sizes.volumes.iter().sum::<f64>()).product()
    }
}

/// A matrix whose rows have entries for cells and their nearest neighbours, on all of a grid or a slab of it. Arrays
/// have a layer of cells around: 0 beyond walls, copies of those at the other end where ends are joined, and of
/// those of the ranks beside this one. In a row the cells with even indices come first, then those with odd ones, of
/// which −1 is the first.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) grid: Lattice,
    /// The cells of the grid that are held.
    pub(crate) slab: Slab,
    /// How many these are along each axis.
    pub(crate) shape: [usize; 3],
    /// The neighbours that rows have entries for, the cell itself first.
    pub(crate) offsets: Vec<[i32; 3]>,
    /// For each of them the entry of each cell, and the inverses of those of the cells themselves.
    pub(crate) stencils: Stencils,
    /// For cells of each parity how far each of them lies away in arrays.
    pub(super) shifts: [Vec<isize>; 2],
    /// Whether cells of a colour of the chequerboard are neighbours of each other.
    pub(super) tied: bool,
    /// By how much cells that are no neighbours are corrected, beside what makes their equations hold.
    pub(super) omega: f64,
    pub(crate) x: Vec<f64>,
    pub(crate) b: Vec<f64>,
    /// What smoothing computes beside the solution, if it does so.
    pub(super) beside: Vec<f64>,
}

/// The sizes of cells along an axis, by index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes {
    /// How wide they are.
    pub(crate) widths: Vec<f64>,
    /// The factor of the axis in their volumes.
    pub(crate) volumes: Vec<f64>,
}

impl Sizes {
    /// So many cells of the same size.
    pub(crate) fn equal(cells: usize) -> Self {
        Sizes { widths: vec![1.0; cells], volumes: vec![1.0; cells] }
    }
}

/// All cells at most one away along each axis that has more than one cell, the cell itself first.
pub(crate) fn neighbours(shape: [usize; 3]) -> Vec<[i32; 3]> {
    let range = |axis: usize| if shape[axis] > 1 { -1..=1 } else { 0..=0 };
    let row = |i: i32, j: i32| range(2).map(move |k| [i, j, k]);
    let all = range(0).flat_map(|i| range(1).flat_map(move |j| row(i, j)));
    let mut all: Vec<[i32; 3]> = all.collect();
    all.sort_by_key(|offset| offset.iter().map(|o| o.abs()).sum::<i32>());
    all
}

/// A row of cells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowOfCells {
    /// Its indices in the slab, and its number there.
    pub(crate) indices: [usize; 2],
    pub(crate) number: usize,
    /// Where it begins in arrays.
    pub(super) start: usize,
}

impl Level {
    /// A level with these entries for the cells of a slab.
    pub(crate) fn new(
        grid: Lattice,
        slab: Slab,
        offsets: Vec<[i32; 3]>,
        entries: &Entries,
    ) -> Self {
        let stencils = Stencils::of(entries);
        let shape = slab.shape(grid.shape);
        // At the seam of a ring of an odd number of cells neighbours have one colour.
        let is_odd = |axis: usize| grid.periodic[axis] && grid.shape[axis] % 2 == 1;
        let tied = offsets[1..].iter().any(|offset| {
            offset.iter().sum::<i32>() % 2 == 0
                || (0..3).any(|axis| offset[axis] != 0 && is_odd(axis))
        });
        let is_beside = tied || ![3, 5, 7].contains(&offsets.len());
        let [plane, row] = pitch(shape);
        let cells = (shape[0] + 2) * plane;
        let zeros = |needed: bool| vec![0.0; if needed { cells } else { 0 }];
        let (x, b, beside) = (zeros(true), zeros(true), zeros(is_beside));
        // From where the cells of a parity begin to where those beside them do.
        let half = row as isize / 2;
        let shift = |o: &[i32; 3], parity: usize| {
            let to = match (parity, o[2]) {
                (_, 0) => 0,
                (0, side) => half + isize::from(side > 0),
                (_, side) => isize::from(side > 0) - half - 1,
            };
            o[0] as isize * plane as isize + o[1] as isize * row as isize + to
        };
        let shifts = [0, 1].map(|parity| offsets.iter().map(|o| shift(o, parity)).collect());
        let omega = 1.0;
        Level { grid, slab, shape, offsets, stencils, shifts, tied, omega, x, b, beside }
    }

    /// A level of which there is all, with lists of entries, one for each neighbour.
    #[cfg(test)]
    pub(crate) fn whole(grid: Lattice, offsets: Vec<[i32; 3]>, lists: &[Vec<f64>]) -> Self {
        let [n0, n1, n2] = grid.shape;
        let entries = Entries::of_lists(lists, n2, n0 * n1);
        let slab = Slab::whole(grid.shape);
        Level::new(grid, slab, offsets, &entries)
    }

    /// Takes over the memory of another level for numbers that are written before they are read, if both are of one slab.
    pub(crate) fn take_memory(&mut self, other: Level) {
        if self.grid == other.grid && self.slab == other.slab {
            (self.x, self.b) = (other.x, other.b);
            if self.beside.len() == other.beside.len() {
                self.beside = other.beside;
            }
        }
    }

    /// The bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let arrays = [&self.x, &self.b, &self.beside];
        self.stencils.bytes() + arrays.map(|array| size_of_val(&**array)).iter().sum::<usize>()
    }

    /// How many cells are held.
    pub(crate) fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    /// The place in a row of the cell with an index; −1 is that of the cell before.
    pub(super) fn place(&self, index: isize) -> usize {
        place_in_row(self.shape, index)
    }

    /// Where the cells of a parity of a row lie in arrays, and how many they are.
    #[inline(always)]
    pub(super) fn half(&self, row: RowOfCells, parity: usize) -> (usize, usize) {
        let n2 = self.shape[2];
        match parity {
            0 => (row.start, n2.div_ceil(2)),
            _ => (row.start + n2.div_ceil(2) + 2, n2 / 2),
        }
    }

    /// Gives a row of the right side the numbers of its cells.
    #[inline(always)]
    pub(crate) fn set_right(&mut self, row: RowOfCells, numbers: &[f64]) {
        let halves = [0, 1].map(|parity| self.half(row, parity));
        sort(&mut self.b, halves, numbers);
    }

    /// Gives a row of the solution the numbers of its cells.
    #[inline(always)]
    pub(crate) fn set_solution(&mut self, row: RowOfCells, numbers: &[f64]) {
        let halves = [0, 1].map(|parity| self.half(row, parity));
        sort(&mut self.x, halves, numbers);
    }

    /// The numbers of the cells of a row of `from`, which is the solution or the right side, from an index on.
    #[inline(always)]
    pub(crate) fn copy_row(&self, from: &[f64], row: RowOfCells, first: usize, to: &mut [f64]) {
        // The first cell, if it has an odd index.
        let [evens, odds] = [0, 1].map(|parity| self.half(row, parity).0);
        let (alone, pairs) = to.split_at_mut((first % 2).min(to.len()));
        for to in alone {
            *to = from[odds + first / 2];
        }
        let at = first.div_ceil(2);
        let count = pairs.len();
        let (evens, odds) =
            (&from[evens + at..][..count.div_ceil(2)], &from[odds + at..][..count / 2]);
        for (pair, (even, odd)) in pairs.chunks_exact_mut(2).zip(evens.iter().zip(odds)) {
            (pair[0], pair[1]) = (*even, *odd);
        }
        if count % 2 == 1 {
            pairs[count - 1] = evens[count / 2];
        }
    }

    /// A layer of the slab, with what is around it, in arrays with a layer around.
    pub(crate) fn layer(&self, number: isize) -> std::ops::Range<usize> {
        self.layer_along(self.slab.axis, number)
    }

    /// A layer of cells along an axis, with what is around it, in arrays with a layer around. The axis is the first
    /// one that has more than one cell, and not the last one.
    pub(crate) fn layer_along(&self, axis: usize, number: isize) -> std::ops::Range<usize> {
        let [plane, row] = pitch(self.shape);
        match axis {
            0 => (number + 1) as usize * plane..(number + 2) as usize * plane,
            _ => {
                let start = plane + (number + 1) as usize * row;
                start..start + row
            }
        }
    }

    /// The row of this number.
    #[inline(always)]
    pub(crate) fn row(&self, number: usize) -> RowOfCells {
        let n1 = self.shape[1];
        let indices = [number / n1, number % n1];
        let [plane, row] = pitch(self.shape);
        RowOfCells { indices, number, start: (indices[0] + 1) * plane + (indices[1] + 1) * row }
    }

    /// The rows of the slab.
    pub(crate) fn rows(&self) -> impl Iterator<Item = RowOfCells> + use<> {
        let ([n0, n1, _], [plane, row]) = (self.shape, pitch(self.shape));
        (0..n0 * n1).map(move |number| {
            let indices = [number / n1, number % n1];
            RowOfCells { indices, number, start: (indices[0] + 1) * plane + (indices[1] + 1) * row }
        })
    }

    /// Whether a row is among so many at each open end of the first two axes.
    #[inline(always)]
    pub(super) fn is_near_edge(&self, row: RowOfCells, open: [bool; 2], many: usize) -> bool {
        let is_near = |axis: usize| {
            let index = row.indices[axis];
            open[axis] && (index < many || index + many >= self.shape[axis])
        };
        is_near(0) || is_near(1)
    }

    /// Makes the layers around the solution those of ends that are joined.
    pub(crate) fn wrap(&mut self, joined: [bool; 3]) {
        let ([n0, n1, n2], [plane, row]) = (self.shape, pitch(self.shape));
        if joined[0] {
            self.x.copy_within(n0 * plane..(n0 + 1) * plane, 0);
            self.x.copy_within(plane..2 * plane, (n0 + 1) * plane);
        }
        if joined[1] {
            for i in 0..n0 + 2 {
                let at = |j: usize| i * plane + j * row;
                self.x.copy_within(at(n1)..at(n1 + 1), at(0));
                self.x.copy_within(at(1)..at(2), at(n1 + 1));
            }
        }
        if joined[2] {
            let last = n2 as isize - 1;
            let [before, first, end, behind] = [-1, 0, last, last + 1].map(|k| self.place(k));
            for of_row in self.x.chunks_exact_mut(row) {
                (of_row[before], of_row[behind]) = (of_row[end], of_row[first]);
            }
        }
    }

    /// The magnitude of the entries for neighbours beside that of the cell itself, where it is largest. (In means a few
    /// narrow cells at a wall would decide.) Collective where the ranks hold parts of the grid.
    pub(crate) fn ties(&self, world: Option<&World>) -> Result<f64, Error> {
        let here = self.stencils.strongest_ties();
        Ok(match world {
            Some(world) => world.max(here)?,
            None => here,
        })
    }

    /// The mean magnitude of the entries of the cells themselves. Collective where the ranks hold parts of the grid.
    pub(crate) fn diagonal(&self, world: Option<&World>) -> Result<f64, Error> {
        self.mean(world, |offset| *offset == [0; 3])
    }

    /// The mean magnitude of the entries for these neighbours. Collective where the ranks hold parts of the grid.
    fn mean(
        &self,
        world: Option<&World>,
        is_meant: impl Fn(&[i32; 3]) -> bool,
    ) -> Result<f64, Error> {
        let mut sum = ExactSum::new();
        let offsets = self.offsets.iter().enumerate().filter(|(_, offset)| is_meant(offset));
        offsets.for_each(|(number, _)| self.stencils.add_magnitudes(number, &mut sum));
        if let Some(world) = world {
            world.combine_sum(&mut sum)?;
        }
        Ok(sum.value() / self.grid.cells() as f64)
    }

    /// The mean magnitude of the entries for the neighbours along each axis of the grid. Collective where the
    /// ranks hold parts of it.
    pub(crate) fn strengths(&self, world: Option<&World>) -> Result<[f64; 3], Error> {
        let mut strengths = [0.0; 3];
        for (axis, strength) in strengths.iter_mut().enumerate() {
            let is_along = |offset: &[i32; 3]| (0..3).all(|k| (offset[k] != 0) == (k == axis));
            *strength = self.mean(world, is_along)?;
        }
        Ok(strengths)
    }
}

/// Puts the numbers of a row where those with even and those with odd indices lie.
#[inline(always)]
fn sort(to: &mut [f64], [(evens, even), (odds, odd)]: [(usize, usize); 2], numbers: &[f64]) {
    let (before, behind) = to.split_at_mut(odds);
    let (evens, odds) = (&mut before[evens..evens + even], &mut behind[..odd]);
    for (pair, (even, odd)) in numbers.chunks_exact(2).zip(evens.iter_mut().zip(odds)) {
        (*even, *odd) = (pair[0], pair[1]);
    }
    if even > odd {
        evens[even - 1] = numbers[numbers.len() - 1];
    }
}

/// Where a row begins in the arrays of a level of this shape; −1 is an index in the layer around.
pub(super) fn start_of_row(shape: [usize; 3], [i, j]: [isize; 2]) -> usize {
    let [plane, row] = pitch(shape);
    (i + 1) as usize * plane + (j + 1) as usize * row
}

/// The place in such a row of the cell with an index; −1 is that of the cell before.
pub(super) fn place_in_row(shape: [usize; 3], index: isize) -> usize {
    let half = pitch(shape)[1] / 2;
    if index % 2 == 0 { index as usize / 2 } else { half + (index + 1) as usize / 2 }
}

/// How many numbers a plane and a row take in arrays with a layer around.
fn pitch([_, n1, n2]: [usize; 3]) -> [usize; 2] {
    let row = 2 * (n2.div_ceil(2) + 1);
    [(n1 + 2) * row, row]
}
