//! A grid of a multigrid method with its matrix.

use fluxions_comm::{ExactSum, World};

use crate::error::Error;
use crate::solvers::multigrid::entries::Entries;
use crate::solvers::multigrid::slab::Slab;
use crate::solvers::multigrid::smoothing::are_usual;

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
}

/// A matrix whose rows have entries for cells and their nearest neighbours, on all of a grid or a slab of it. Arrays
/// have a layer of cells around: 0 beyond walls, copies of those at the other end where ends are joined, and of
/// those of the ranks beside this one.
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
    pub(crate) entries: Entries,
    pub(super) inverses: Entries,
    /// Whether cells of a colour of the chequerboard are neighbours of each other.
    pub(super) tied: bool,
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

/// A row of cells: its indices, the number of its first cell, and the place of that in arrays with a layer around.
pub(super) type RowOfCells = ([usize; 2], usize, usize);

/// The row of this number.
pub(super) fn row_of([_, n1, n2]: [usize; 3], number: usize) -> RowOfCells {
    let (i, j) = (number / n1, number % n1);
    ([i, j], number * n2, ((i + 1) * (n1 + 2) + j + 1) * (n2 + 2) + 1)
}

impl Level {
    /// A level with these entries for the cells of a slab.
    pub(crate) fn new(grid: Lattice, slab: Slab, offsets: Vec<[i32; 3]>, entries: Entries) -> Self {
        let inverses = entries.inverses();
        let shape = slab.shape(grid.shape);
        let cells = shape.iter().map(|n| n + 2).product();
        // At the seam of a ring of an odd number of cells neighbours have one colour.
        let is_odd = |axis: usize| grid.periodic[axis] && grid.shape[axis] % 2 == 1;
        let tied = offsets[1..].iter().any(|offset| {
            offset.iter().sum::<i32>() % 2 == 0
                || (0..3).any(|axis| offset[axis] != 0 && is_odd(axis))
        });
        let is_beside = tied || !are_usual(&offsets);
        let zeros = |needed: bool| vec![0.0; if needed { cells } else { 0 }];
        let (x, b, beside) = (zeros(true), zeros(true), zeros(is_beside));
        Level { grid, slab, shape, offsets, entries, inverses, tied, x, b, beside }
    }

    /// A level of which there is all, with lists of entries, one for each neighbour.
    #[cfg(test)]
    pub(crate) fn whole(grid: Lattice, offsets: Vec<[i32; 3]>, lists: &[Vec<f64>]) -> Self {
        let [n0, n1, n2] = grid.shape;
        let entries = Entries::of_lists(lists, n2, n0 * n1);
        let slab = Slab::whole(grid.shape);
        Level::new(grid, slab, offsets, entries)
    }

    /// How many cells are held.
    pub(crate) fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    fn pitch(&self) -> [usize; 2] {
        let [_, n1, n2] = self.shape;
        [(n1 + 2) * (n2 + 2), n2 + 2]
    }

    /// The place of a cell in arrays with a layer around; −1 is an index in that.
    pub(crate) fn at(&self, [i, j, k]: [isize; 3]) -> usize {
        let [plane, row] = self.pitch();
        (i + 1) as usize * plane + (j + 1) as usize * row + (k + 1) as usize
    }

    /// A layer of the slab, with what is around it, in arrays with a layer around.
    pub(crate) fn layer(&self, number: isize) -> std::ops::Range<usize> {
        self.layer_along(self.slab.axis, number)
    }

    /// A layer of cells along an axis, with what is around it, in arrays with a layer around. The axis is the first
    /// one that has more than one cell, and not the last one.
    pub(crate) fn layer_along(&self, axis: usize, number: isize) -> std::ops::Range<usize> {
        let [plane, row] = self.pitch();
        match axis {
            0 => (number + 1) as usize * plane..(number + 2) as usize * plane,
            _ => {
                let start = plane + (number + 1) as usize * row;
                start..start + row
            }
        }
    }

    /// The rows of the slab.
    pub(crate) fn rows(&self) -> impl Iterator<Item = RowOfCells> + use<> {
        let shape = self.shape;
        (0..shape[0] * shape[1]).map(move |number| row_of(shape, number))
    }

    pub(super) fn shifts(&self) -> Vec<isize> {
        let [plane, row] = self.pitch().map(|n| n as isize);
        let shift = |o: &[i32; 3]| o[0] as isize * plane + o[1] as isize * row + o[2] as isize;
        self.offsets.iter().map(shift).collect()
    }

    /// Makes the layers around the solution those of ends that are joined.
    pub(crate) fn wrap(&mut self, joined: [bool; 3]) {
        let (shape, x) = (self.shape, &mut self.x);
        let size = shape.map(|n| n + 2);
        let stride = [size[1] * size[2], size[2], 1];
        for axis in (0..3).filter(|axis| joined[*axis]) {
            let [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
            let last = shape[axis] * stride[axis];
            for i in 0..size[a] {
                for j in 0..size[b] {
                    let first = i * stride[a] + j * stride[b];
                    x[first] = x[first + last];
                    x[first + last + stride[axis]] = x[first + stride[axis]];
                }
            }
        }
    }

    /// The mean magnitude of the entries for the neighbours along each axis of the grid. Collective where the
    /// ranks hold parts of it.
    pub(crate) fn strengths(&self, world: Option<&World>) -> Result<[f64; 3], Error> {
        let mut sums: [ExactSum; 3] = std::array::from_fn(|_| ExactSum::new());
        for (number, offset) in self.offsets.iter().enumerate() {
            let along: Vec<usize> = (0..3).filter(|axis| offset[*axis] != 0).collect();
            if let [axis] = along[..] {
                self.entries.rows_of(number).for_each(|row| add_magnitudes(&mut sums[axis], row));
            }
        }
        let mut strengths = [0.0; 3];
        for (strength, mut sum) in strengths.iter_mut().zip(sums) {
            if let Some(world) = world {
                world.combine_sum(&mut sum)?;
            }
            *strength = sum.value() / self.grid.cells() as f64;
        }
        Ok(strengths)
    }
}

/// Adds the magnitudes of numbers to a sum.
pub(crate) fn add_magnitudes(sum: &mut ExactSum, numbers: &[f64]) {
    let mut magnitudes = [0.0; 512];
    for chunk in numbers.chunks(magnitudes.len()) {
        let magnitudes = &mut magnitudes[..chunk.len()];
        magnitudes.iter_mut().zip(chunk).for_each(|(to, x)| *to = x.abs());
        sum.extend(magnitudes);
    }
}
