//! A grid of a multigrid method with its matrix.

use fluxions_comm::{Combine, ExactSum, World};

use crate::error::Error;
use crate::solvers::multigrid::slab::{Edges, Slab};

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
    /// For each of them the entry of each cell, in the order of the cells.
    pub(crate) entries: Vec<Vec<f64>>,
    inverse: Vec<f64>,
    /// Whether cells of a colour of the chequerboard are neighbours of each other.
    tied: bool,
    pub(crate) x: Vec<f64>,
    pub(crate) b: Vec<f64>,
    pub(crate) residual: Vec<f64>,
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
type RowOfCells = ([usize; 2], usize, usize);

/// The row of this number.
fn row_of([_, n1, n2]: [usize; 3], number: usize) -> RowOfCells {
    let (i, j) = (number / n1, number % n1);
    ([i, j], number * n2, ((i + 1) * (n1 + 2) + j + 1) * (n2 + 2) + 1)
}

/// The equations of a row of cells with N neighbours each.
struct RowEquations<'l, const N: usize> {
    entries: [&'l [f64]; N],
    inverse: &'l [f64],
    b: &'l [f64],
    /// The place of the first cell in arrays with a layer around, and how far from a cell its neighbours are.
    at: usize,
    shifts: &'l [isize; N],
}

impl<'l, const N: usize> RowEquations<'l, N> {
    fn new(
        entries: &'l [Vec<f64>],
        inverse: &'l [f64],
        b: &'l [f64],
        (cell, at): (usize, usize),
        n2: usize,
        shifts: &'l [isize; N],
    ) -> Self {
        let entries = std::array::from_fn(|n| &entries[n + 1][cell..cell + n2]);
        RowEquations { entries, inverse: &inverse[cell..cell + n2], b: &b[at..at + n2], at, shifts }
    }

    /// The value of cell k with which its equation holds.
    #[inline(always)]
    fn solved(&self, x: &[f64], k: usize) -> f64 {
        let mut rest = self.b[k];
        for n in 0..N {
            rest -= self.entries[n][k] * x[(self.at + k).wrapping_add_signed(self.shifts[n])];
        }
        rest * self.inverse[k]
    }
}

impl Level {
    /// A level with these entries for the cells of a slab.
    pub(crate) fn new(
        grid: Lattice,
        slab: Slab,
        offsets: Vec<[i32; 3]>,
        entries: Vec<Vec<f64>>,
    ) -> Self {
        let inverse = entries[0].iter().map(|x| if *x == 0.0 { 0.0 } else { 1.0 / x }).collect();
        let shape = slab.shape(grid.shape);
        let cells = shape.iter().map(|n| n + 2).product();
        let zeros = || vec![0.0; cells];
        let (x, b, residual) = (zeros(), zeros(), zeros());
        // At the seam of a ring of an odd number of cells neighbours have one colour.
        let is_odd = |axis: usize| grid.periodic[axis] && grid.shape[axis] % 2 == 1;
        let tied = offsets[1..].iter().any(|offset| {
            offset.iter().sum::<i32>() % 2 == 0
                || (0..3).any(|axis| offset[axis] != 0 && is_odd(axis))
        });
        Level { grid, slab, shape, offsets, entries, inverse, tied, x, b, residual }
    }

    /// A level of which there is all.
    pub(crate) fn whole(grid: Lattice, offsets: Vec<[i32; 3]>, entries: Vec<Vec<f64>>) -> Self {
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
        Self::rows_of(self.shape)
    }

    fn rows_of(shape: [usize; 3]) -> impl Iterator<Item = RowOfCells> + use<> {
        (0..shape[0] * shape[1]).map(move |number| row_of(shape, number))
    }

    fn shifts(&self) -> Vec<isize> {
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

    /// Sets the solution to 0.
    pub(crate) fn clear(&mut self) {
        self.x.fill(0.0);
    }

    /// Corrects the solution in cells of one colour after the other, of a chequerboard, so that the equations
    /// of these cells hold. Cells of a colour see each other as they were before: their order does not matter.
    /// Collective.
    pub(crate) fn smooth(&mut self, edges: &mut Edges) -> Result<(), Error> {
        match self.offsets.len() {
            3 => self.smooth_among::<2>(edges),
            5 => self.smooth_among::<4>(edges),
            7 => self.smooth_among::<6>(edges),
            9 => self.smooth_among::<8>(edges),
            27 => self.smooth_among::<26>(edges),
            _ => self.smooth_any(edges),
        }
    }

    /// The same where rows have entries for N neighbours.
    fn smooth_among<const N: usize>(&mut self, edges: &mut Edges) -> Result<(), Error> {
        let shifts = self.shifts();
        let shifts: [isize; N] = std::array::from_fn(|n| shifts[n + 1]);
        if self.tied || !edges.are_fixed() {
            for colour in [0, 1] {
                edges.renew(self)?;
                match self.tied {
                    true => self.relax_apart(colour, &shifts),
                    false => {
                        for row in self.rows() {
                            self.relax(row, colour, &shifts);
                        }
                    }
                }
            }
            return Ok(());
        }
        edges.renew(self)?;
        // A row of the second colour follows as soon as those of the first colour around it are done, while they
        // are still in the cache.
        let [n0, n1, _] = self.shape;
        let (rows, later) = (n0 * n1, if n0 > 1 { n1 + 1 } else { 1 });
        for number in 0..rows + later {
            for (colour, number) in [(0, Some(number)), (1, number.checked_sub(later))] {
                let Some(number) = number.filter(|number| *number < rows) else { continue };
                let row = row_of(self.shape, number);
                self.relax(row, colour, &shifts);
                if edges.join_rows() {
                    let (at, n2) = (row.2, self.shape[2]);
                    (self.x[at - 1], self.x[at + n2]) = (self.x[at + n2 - 1], self.x[at]);
                }
            }
        }
        Ok(())
    }

    /// The first cell of a colour in a row.
    fn first_of(&self, [i, j]: [usize; 2], colour: usize) -> usize {
        (colour + i + j + self.slab.first) % 2
    }

    /// Makes the equations of the cells of a colour in a row hold.
    fn relax<const N: usize>(
        &mut self,
        (row, cell, at): RowOfCells,
        colour: usize,
        shifts: &[isize; N],
    ) {
        let (first, n2) = (self.first_of(row, colour), self.shape[2]);
        let Level { entries, inverse, x, b, .. } = self;
        let equations = RowEquations::new(entries, inverse, b, (cell, at), n2, shifts);
        let mut k = first;
        while k < n2 {
            x[at + k] = equations.solved(x, k);
            k += 2;
        }
    }

    /// Makes the equations of the cells of a colour hold, all of them beside what the others were before.
    fn relax_apart<const N: usize>(&mut self, colour: usize, shifts: &[isize; N]) {
        let n2 = self.shape[2];
        for (row, cell, at) in self.rows() {
            let mut k = self.first_of(row, colour);
            let Level { entries, inverse, x, b, residual: new, .. } = self;
            let equations = RowEquations::new(entries, inverse, b, (cell, at), n2, shifts);
            while k < n2 {
                new[at + k] = equations.solved(x, k);
                k += 2;
            }
        }
        self.take_over(colour);
    }

    /// The same for any neighbours.
    fn smooth_any(&mut self, edges: &mut Edges) -> Result<(), Error> {
        let shifts = self.shifts();
        for colour in [0, 1] {
            edges.renew(self)?;
            for (row, cell, at) in self.rows() {
                for k in (self.first_of(row, colour)..self.shape[2]).step_by(2) {
                    let (cell, at) = (cell + k, at + k);
                    let mut rest = self.b[at];
                    for (entries, shift) in self.entries[1..].iter().zip(&shifts[1..]) {
                        rest -= entries[cell] * self.x[at.wrapping_add_signed(*shift)];
                    }
                    self.residual[at] = rest * self.inverse[cell];
                }
            }
            self.take_over(colour);
        }
        Ok(())
    }

    /// Takes the cells of a colour from what was computed beside the solution.
    fn take_over(&mut self, colour: usize) {
        for (row, _, at) in self.rows() {
            for k in (self.first_of(row, colour)..self.shape[2]).step_by(2) {
                self.x[at + k] = self.residual[at + k];
            }
        }
    }

    /// Computes b − A·x. Collective.
    pub(crate) fn find_residual(&mut self, edges: &mut Edges) -> Result<(), Error> {
        edges.renew(self)?;
        let shifts = self.shifts();
        let n2 = self.shape[2];
        let Level { entries, x, b, residual, .. } = self;
        for (_, cell, at) in Self::rows_of(self.shape) {
            residual[at..at + n2].copy_from_slice(&b[at..at + n2]);
            for (entries, shift) in entries.iter().zip(&shifts) {
                let from = at.wrapping_add_signed(*shift);
                let to = residual[at..at + n2].iter_mut();
                let products = entries[cell..cell + n2].iter().zip(&x[from..from + n2]);
                to.zip(products).for_each(|(to, (entry, x))| *to -= entry * x);
            }
        }
        Ok(())
    }

    /// The mean magnitude of the entries for the neighbours along each axis of the grid. Collective where the
    /// ranks hold parts of it.
    pub(crate) fn strengths(&self, world: Option<&World>) -> Result<[f64; 3], Error> {
        let mut sums: [ExactSum; 3] = std::array::from_fn(|_| ExactSum::new());
        for (offset, entries) in self.offsets.iter().zip(&self.entries) {
            let along: Vec<usize> = (0..3).filter(|axis| offset[*axis] != 0).collect();
            if let [axis] = along[..] {
                add_magnitudes(&mut sums[axis], entries);
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

/// Which lists of entries have any but 0 on any rank, the first always. Collective where the ranks hold parts.
pub(crate) fn there(world: Option<&World>, entries: &[Vec<f64>]) -> Result<Vec<bool>, Error> {
    let is_there = |(k, list): (usize, &Vec<f64>)| k == 0 || list.iter().any(|x| *x != 0.0);
    let here = entries.iter().enumerate().map(|entry| i64::from(is_there(entry)));
    let mut flags: Vec<i64> = here.collect();
    if let Some(world) = world {
        world.combine(Combine::Max, &mut flags)?;
    }
    Ok(flags.into_iter().map(|flag| flag > 0).collect())
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
