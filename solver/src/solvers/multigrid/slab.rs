//! The part of a grid that a rank holds, and what it gets to know of the parts beside it.

use std::ops::Range;

use fluxions_comm::{Incoming, Outgoing, World};

use crate::error::Error;
use crate::solvers::multigrid::level::Level;

/// The least layers of a rank, and the least cells of a grid, for which the work is divided.
const LAYERS: usize = 4;
const CELLS: usize = 2048;

/// Layers of a grid along one axis; along the others all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slab {
    pub(crate) axis: usize,
    /// The first layer, and how many there are.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl Slab {
    /// All of a grid.
    pub(crate) fn whole(shape: [usize; 3]) -> Self {
        Slab { axis: 0, first: 0, count: shape[0] }
    }

    /// The cells along each axis, of a grid of this shape.
    pub(crate) fn shape(self, mut shape: [usize; 3]) -> [usize; 3] {
        shape[self.axis] = self.count;
        shape
    }

    /// Where the cells are along an axis, of a grid of this shape.
    pub(crate) fn along(self, axis: usize, shape: [usize; 3]) -> Range<usize> {
        if axis == self.axis { self.first..self.first + self.count } else { 0..shape[axis] }
    }
}

/// Where a grid is cut into slabs, one for each rank: the first layers, and the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cuts {
    pub(crate) axis: usize,
    pub(crate) starts: Vec<usize>,
}

impl Cuts {
    /// The slab of a rank.
    pub(crate) fn slab(&self, rank: usize) -> Slab {
        let (first, end) = (self.starts[rank], self.starts[rank + 1]);
        Slab { axis: self.axis, first, count: end - first }
    }

    /// Whether pairs of layers stay together, so that each rank can make its part of a coarser grid.
    pub(crate) fn are_even(&self) -> bool {
        let inner = &self.starts[1..self.starts.len() - 1];
        inner.iter().all(|start| start % 2 == 0)
    }

    /// The cuts where two layers become one.
    pub(crate) fn halved(&self) -> Self {
        let starts = self.starts.iter().map(|start| start.div_ceil(2)).collect();
        Cuts { axis: self.axis, starts }
    }

    /// Whether the work on a grid of so many cells is worth dividing.
    pub(crate) fn are_worth_while(&self, cells: usize) -> bool {
        cells > CELLS && self.starts.windows(2).all(|pair| pair[1] - pair[0] >= LAYERS)
    }
}

/// What makes the layers around the cells of a level those that are there: copies of the cells at the other end where
/// ends are joined, and of the cells of the ranks beside this one.
pub(crate) struct Edges {
    /// The messages to and from the ranks below and above.
    links: [Option<(Outgoing, Incoming)>; 2],
    /// The axis along which these ranks lie.
    axis: usize,
    /// Along which axes the cells of this rank meet themselves.
    joined: [bool; 3],
}

impl Edges {
    /// Those of a level of which each rank has all.
    pub(crate) fn of_whole(level: &Level) -> Self {
        Edges { links: [None, None], axis: level.slab.axis, joined: level.grid.periodic }
    }

    /// Those of a level that is cut among the ranks.
    pub(crate) fn of_slab(world: &World, level: &Level) -> Self {
        let Slab { axis, .. } = level.slab;
        let (rank, ranks) = (world.rank(), world.size());
        let is_ring = level.grid.periodic[axis];
        let length = level.layer(0).len();
        let below = (rank > 0 || is_ring).then(|| (rank + ranks - 1) % ranks);
        let above = (rank + 1 < ranks || is_ring).then(|| (rank + 1) % ranks);
        // The tag of a message is the side of its receiver.
        let below = below.map(|to| (world.outgoing(to, 1, length), world.incoming(to, 0, length)));
        let above = above.map(|to| (world.outgoing(to, 0, length), world.incoming(to, 1, length)));
        let mut joined = level.grid.periodic;
        joined[axis] = false;
        Edges { links: [below, above], axis, joined }
    }

    /// Whether the layers beyond the ends of each of the first two axes change.
    pub(crate) fn are_open(&self) -> [bool; 2] {
        let linked = self.links.iter().any(Option::is_some);
        [0, 1].map(|axis| self.joined[axis] || linked && axis == self.axis)
    }

    /// Whether ends of rows are joined.
    pub(crate) fn join_rows(&self) -> bool {
        self.joined[2]
    }

    /// Renews the layers around the solution of a level. Collective.
    pub(crate) fn renew(&mut self, level: &mut Level) -> Result<(), Error> {
        level.wrap(self.joined);
        for (side, link) in self.links.iter_mut().enumerate() {
            let Some((outgoing, incoming)) = link else { continue };
            let last = level.slab.count as isize - 1;
            incoming.start();
            let layer = level.layer([0, last][side]);
            outgoing.buffer().copy_from_slice(&level.x[layer]);
            outgoing.start()?;
        }
        for (side, link) in self.links.iter_mut().enumerate() {
            let Some((outgoing, incoming)) = link else { continue };
            let beyond = level.slab.count as isize;
            let layer = level.layer([-1, beyond][side]);
            level.x[layer].copy_from_slice(incoming.finish()?);
            outgoing.finish()?;
        }
        Ok(())
    }
}
