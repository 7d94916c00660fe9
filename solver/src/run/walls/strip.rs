//! Strips: the cells along a wall as rows for kernels.

use fluxions_expr::rows::Profile;
use fluxions_expr::{Call, RowFn, Rows, Scratch};
use fluxions_grid::{Face, Grid, Region};
use fluxions_halo::Subdomain;

use crate::run::walls::formula::TIME;

/// The cells along a wall, as rows for kernels.
pub(crate) struct Strip {
    /// The two axes of the grid along the wall, which are the kernel's axes 1 and 2.
    pub(crate) across: [usize; 2],
    /// The number of cells along each of these axes.
    shape: [usize; 2],
    /// The coordinates of the cells along each of the grid's axes.
    profiles: Vec<Profile>,
}

impl Strip {
    /// The strip of a layer of ghost cells beyond a face.
    pub(crate) fn new(grid: &Grid, block: &Subdomain, ghosts: &Region, face: Face) -> Self {
        let across = match face.axis {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        let coordinates = |axis: usize| {
            let Some(named) = grid.inner_axis(axis) else { return Profile::default() };
            let cells = named.cells() as isize;
            let centre = |local: isize| {
                let index = block.start()[axis] as isize + local;
                named.centre(if named.is_periodic() { index.rem_euclid(cells) } else { index })
            };
            let values = (ghosts.start[axis]..ghosts.end[axis]).map(centre).collect();
            Profile { values, before: 0 }
        };
        let shape = across.map(|axis| ghosts.shape()[axis]);
        Strip { across, shape, profiles: (0..3).map(coordinates).collect() }
    }

    /// The cells at corners, which also lie beyond another wall. Each comes with the nearest cell
    /// that lies beside the domain.
    pub(crate) fn corners(
        &self,
        grid: &Grid,
        block: &Subdomain,
        ghosts: &Region,
    ) -> Vec<(usize, usize)> {
        let inside = |k: usize, position: usize| {
            let axis = self.across[k];
            let bounded = grid.inner_axis(axis).filter(|named| !named.is_periodic());
            let Some(named) = bounded else { return position };
            let first = block.start()[axis] as isize + ghosts.start[axis];
            let index = first + position as isize;
            (index.clamp(0, named.cells() as isize - 1) - first) as usize
        };
        let [n1, n2] = self.shape;
        let cells = (0..n1).flat_map(|i| (0..n2).map(move |j| (i, j)));
        let pair = |(i, j)| (i * n2 + j, inside(0, i) * n2 + inside(1, j));
        cells.map(pair).filter(|(cell, nearest)| cell != nearest).collect()
    }

    /// The number of cells of the strip.
    pub(crate) fn cells(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// The whole strip.
    pub(crate) fn all(&self) -> StripPart {
        let [n1, n2] = self.shape;
        StripPart { range: [(0, n1), (0, n2)], first: 0, cells: n1 * n2 }
    }

    /// The cells of the strip that lie in a part of the block's halo. `None` if there are none.
    /// `ghosts` is the layer of the whole strip.
    pub(crate) fn part(&self, ghosts: &Region, part: &Region) -> Option<StripPart> {
        let both = ghosts.intersection(part);
        if both.is_empty() {
            return None;
        }
        let range = self.across.map(|axis| {
            let index = |i: isize| (i - ghosts.start[axis]) as usize;
            (index(both.start[axis]), index(both.end[axis]))
        });
        let [(row, end), (column, last)] = range;
        let n2 = self.shape[1];
        debug_assert!(last - column == n2 || end - row == 1, "parts are consecutive");
        Some(StripPart { range, first: row * n2 + column, cells: both.cells() })
    }

    /// Runs a kernel on a part of the strip. `inputs` and `output` give the positions in `memory`
    /// where the numbers of the whole strip begin.
    pub(crate) fn run(
        &self,
        rows: &Rows,
        memory: &mut [f64],
        inputs: &[usize],
        output: usize,
        time: f64,
        part: &StripPart,
        scratch: &mut Scratch,
    ) {
        let n2 = self.shape[1];
        let mut parameters = [0.0];
        parameters[TIME] = time;
        let mut call = Call {
            memory,
            inputs,
            outputs: &[output],
            pitch: [0, n2],
            parameters: &parameters,
            profiles: &self.profiles,
            ahead: 0,
        };
        let [rows_here, columns] = part.range.map(|(start, end)| (start as isize, end as isize));
        rows.run(&mut call, [(0, 1), rows_here, columns], scratch);
    }
}

/// Consecutive cells of a strip: some of its rows, or a part of one row.
pub(crate) struct StripPart {
    /// The first index and one past the last index along the strip's two axes.
    range: [(usize, usize); 2],
    /// The position of its first cell in the strip. `cells` is the number of its cells.
    pub(crate) first: usize,
    pub(crate) cells: usize,
}

impl StripPart {
    /// The cells of this part in a layer along the wall, at any distance from it.
    pub(crate) fn of_layer(&self, layer: &Region, strip: &Strip) -> Region {
        strip.across.iter().zip(self.range).fold(*layer, |part, (axis, (start, end))| {
            let first = layer.start[*axis];
            part.with_axis(*axis, first + start as isize, first + end as isize)
        })
    }
}
