//! A grid of a multigrid method with its matrix.

/// A matrix whose rows have entries for cells and their nearest neighbours, on a grid of three axes. Arrays have a
/// layer of cells around the grid: 0 beyond walls, and copies of those at the other end where ends are joined.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) shape: [usize; 3],
    pub(crate) periodic: [bool; 3],
    pub(crate) sizes: [Sizes; 3],
    /// The neighbours that rows have entries for, the cell itself first.
    pub(crate) offsets: Vec<[i32; 3]>,
    /// For each of them the entry of each cell, in the order of the cells.
    pub(crate) entries: Vec<Vec<f64>>,
    inverse: Vec<f64>,
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

/// A row of a grid: its indices, the number of its first cell, and the place of that in arrays with a layer around.
type RowOfCells = ([usize; 2], usize, usize);

/// The row of this number of a grid.
fn row_of([_, n1, n2]: [usize; 3], number: usize) -> RowOfCells {
    let (i, j) = (number / n1, number % n1);
    ([i, j], number * n2, ((i + 1) * (n1 + 2) + j + 1) * (n2 + 2) + 1)
}

/// Calls `relax` for every row of both colours of a chequerboard. A row of the second colour follows as soon as
/// those of the first colour around it are done, while they are still in the cache; only where rows at both ends are
/// neighbours, all of the first colour are done before.
fn colour_by_colour(
    shape: [usize; 3],
    periodic: [bool; 3],
    x: &mut [f64],
    relax: impl Fn(&mut [f64], RowOfCells, usize),
) {
    let [n0, n1, n2] = shape;
    let (rows, wraps) = (n0 * n1, periodic[0] || periodic[1]);
    // How many rows later all neighbours of a row are done.
    let later = match wraps {
        true => rows,
        false => {
            if n0 > 1 {
                n1 + 1
            } else {
                1
            }
        }
    };
    Level::wrap(shape, periodic, x);
    for number in 0..rows + later {
        for (colour, number) in [(0, Some(number)), (1, number.checked_sub(later))] {
            let Some(number) = number.filter(|number| *number < rows) else { continue };
            if wraps && (colour, number) == (1, 0) {
                Level::wrap(shape, periodic, x);
            }
            let row = row_of(shape, number);
            relax(x, row, colour);
            if periodic[2] {
                let at = row.2;
                (x[at - 1], x[at + n2]) = (x[at + n2 - 1], x[at]);
            }
        }
    }
}

impl Level {
    /// A level with these entries; neighbours without any are left out.
    pub(crate) fn new(
        shape: [usize; 3],
        periodic: [bool; 3],
        sizes: [Sizes; 3],
        offsets: Vec<[i32; 3]>,
        entries: Vec<Vec<f64>>,
    ) -> Self {
        let kept = offsets.into_iter().zip(entries).enumerate();
        let kept = kept.filter(|(k, (_, entries))| *k == 0 || entries.iter().any(|x| *x != 0.0));
        let (offsets, entries): (Vec<[i32; 3]>, Vec<Vec<f64>>) = kept.map(|(_, pair)| pair).unzip();
        let inverse = entries[0].iter().map(|x| if *x == 0.0 { 0.0 } else { 1.0 / x }).collect();
        let cells = shape.iter().map(|n| n + 2).product();
        let zeros = || vec![0.0; cells];
        let (x, b, residual) = (zeros(), zeros(), zeros());
        Level { shape, periodic, sizes, offsets, entries, inverse, x, b, residual }
    }

    pub(crate) fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    fn pitch(&self) -> [usize; 2] {
        let [_, n1, n2] = self.shape;
        [(n1 + 2) * (n2 + 2), n2 + 2]
    }

    /// The place of a cell in arrays with a layer around.
    pub(crate) fn at(&self, [i, j, k]: [usize; 3]) -> usize {
        let [plane, row] = self.pitch();
        (i + 1) * plane + (j + 1) * row + k + 1
    }

    /// The rows of the grid.
    pub(crate) fn rows(&self) -> impl Iterator<Item = RowOfCells> + use<> {
        Self::rows_of(self.shape)
    }

    fn shifts(&self) -> Vec<isize> {
        let [plane, row] = self.pitch().map(|n| n as isize);
        let shift = |o: &[i32; 3]| o[0] as isize * plane + o[1] as isize * row + o[2] as isize;
        self.offsets.iter().map(shift).collect()
    }

    /// Makes the layer around an array that of joined ends.
    fn wrap(shape: [usize; 3], periodic: [bool; 3], x: &mut [f64]) {
        let size = shape.map(|n| n + 2);
        let stride = [size[1] * size[2], size[2], 1];
        for axis in (0..3).filter(|axis| periodic[*axis]) {
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
    /// of these cells hold.
    pub(crate) fn smooth(&mut self) {
        match self.offsets.len() {
            3 => self.smooth_among::<2>(),
            5 => self.smooth_among::<4>(),
            7 => self.smooth_among::<6>(),
            9 => self.smooth_among::<8>(),
            27 => self.smooth_among::<26>(),
            _ => self.smooth_any(),
        }
    }

    /// The same where rows have entries for N neighbours.
    fn smooth_among<const N: usize>(&mut self) {
        let shifts = self.shifts();
        let (shape, n2) = (self.shape, self.shape[2]);
        let Level { entries, inverse, x, b, periodic, .. } = self;
        colour_by_colour(shape, *periodic, x, |x, ([i, j], cell, at), colour| {
            let entries: [&[f64]; N] = std::array::from_fn(|n| &entries[n + 1][cell..cell + n2]);
            let shifts: [isize; N] = std::array::from_fn(|n| shifts[n + 1]);
            let (b, inverse) = (&b[at..at + n2], &inverse[cell..cell + n2]);
            let mut k = (colour + i + j) % 2;
            while k < n2 {
                let mut rest = b[k];
                for n in 0..N {
                    rest -= entries[n][k] * x[(at + k).wrapping_add_signed(shifts[n])];
                }
                x[at + k] = rest * inverse[k];
                k += 2;
            }
        });
    }

    /// The same for any neighbours.
    fn smooth_any(&mut self) {
        let shifts = self.shifts();
        let (shape, n2) = (self.shape, self.shape[2]);
        let Level { entries, inverse, x, b, periodic, .. } = self;
        colour_by_colour(shape, *periodic, x, |x, ([i, j], cell, at), colour| {
            for k in ((colour + i + j) % 2..n2).step_by(2) {
                let (cell, at) = (cell + k, at + k);
                let mut rest = b[at];
                for (entries, shift) in entries[1..].iter().zip(&shifts[1..]) {
                    rest -= entries[cell] * x[at.wrapping_add_signed(*shift)];
                }
                x[at] = rest * inverse[cell];
            }
        });
    }

    fn rows_of(shape: [usize; 3]) -> impl Iterator<Item = RowOfCells> + use<> {
        (0..shape[0] * shape[1]).map(move |number| row_of(shape, number))
    }

    /// Computes b − A·x.
    pub(crate) fn find_residual(&mut self) {
        Self::wrap(self.shape, self.periodic, &mut self.x);
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
    }

    /// The mean magnitude of the entries for the neighbours along each axis.
    pub(crate) fn strengths(&self) -> [f64; 3] {
        let mut strengths = [0.0; 3];
        for (offset, entries) in self.offsets.iter().zip(&self.entries) {
            let along: Vec<usize> = (0..3).filter(|axis| offset[*axis] != 0).collect();
            if let [axis] = along[..] {
                strengths[axis] += entries.iter().map(|x| x.abs()).sum::<f64>();
            }
        }
        strengths.map(|sum| sum / self.cells() as f64)
    }
}
