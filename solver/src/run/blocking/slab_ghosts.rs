//! The ghost cells of a group of arrays on one block, filled part by part.
//!
//! Beyond walls they come from the boundary conditions, beyond the ends of a periodic axis that is
//! not cut from the other end. Halo cells beyond other faces are computed with the block's own.

use fluxions_expr::Scratch;
use fluxions_grid::{Face, Layout, Region, Side};
use fluxions_halo::{HaloWidth, Subdomain, wrap};

use crate::plan::halo_group::HaloGroup;
use crate::run::blocking::pipeline::{Margins, Pipeline, widen_some};
use crate::run::walls::Wall;
use crate::system::boundary::array_condition::antiperiodic;
use crate::system::pde::Pde;

/// Ghost cells of a group of arrays.
pub(crate) struct SlabGhosts {
    /// The axis across which slabs lie, and that of tiles.
    slab_axis: usize,
    tile_axis: usize,
    /// Cells of the block along each axis.
    cells: [isize; 3],
    arrays: Vec<ArrayGhosts>,
    width: HaloWidth,
    /// The axes beyond whose ends copies from the other end lie.
    wraps: [bool; 3],
    /// The cells along the faces across each axis.
    along: [Region; 3],
    /// How many cells along each axis decide a ghost cell beyond its lower wall.
    depth: [isize; 3],
}

/// Those of one array.
struct ArrayGhosts {
    walls: Vec<(Face, Wall)>,
    antiperiodic: [bool; 3],
}

/// More cells than a block has along an axis.
const FAR: isize = isize::MAX / 4;

/// Where the arrays of a group, and those of their real and imaginary parts, begin.
pub(crate) type Positions<'a> = (&'a [usize], &'a [[usize; 2]]);

impl SlabGhosts {
    /// The ghost cells of a group on this block. `joined` are the faces beyond which halo cells
    /// are computed with the block's own, `margins` how far.
    pub(crate) fn new(
        pde: &Pde,
        block: &Subdomain,
        group: &HaloGroup,
        pipeline: &Pipeline,
        joined: [[bool; 2]; 3],
        margins: Margins,
        scratch: &mut Scratch,
    ) -> Self {
        let HaloGroup { width, conditions, .. } = group;
        let wraps: [bool; 3] = std::array::from_fn(|axis| {
            let face = Face { axis, side: Side::Lower };
            let itself = block.neighbour(face).is_some_and(|next| next.rank == block.rank());
            itself && joined[axis] == [false; 2]
        });
        // Corners are filled axis by axis: later ones include the ghost cells of earlier ones.
        let along: [Region; 3] = std::array::from_fn(|across| {
            let mut grown = margins;
            if width.corners {
                widen_some(&mut grown, &width.layers, 0..across);
            }
            grown[across] = [0; 2];
            block.domain().grown(grown)
        });
        let arrays = conditions.iter().map(|set| {
            let set = pde.conditions().of_array(*set);
            let walls = Wall::all(pde, block, width, set, |axis| along[axis], scratch);
            ArrayGhosts { walls, antiperiodic: antiperiodic(set) }
        });
        SlabGhosts {
            arrays: arrays.collect(),
            slab_axis: pipeline.axis,
            tile_axis: pipeline.tile_axis,
            cells: block.shape().map(|n| n as isize),
            width: *width,
            wraps,
            along,
            depth: std::array::from_fn(|axis| group.depth(pde, axis) as isize),
        }
    }

    /// Whether there is nothing to be filled: all other cells are computed or exchanged.
    pub(crate) fn is_empty(&self) -> bool {
        self.wraps == [false; 3] && self.arrays.iter().all(|array| array.walls.is_empty())
    }

    /// Fills the ghost cells that belong to a part of the block and its joined halo: those beside
    /// it, and those beyond walls along slabs and tiles which it completes the deciding cells of.
    pub(crate) fn fill(
        &mut self,
        memory: &mut [f64],
        positions: Positions<'_>,
        layout: &Layout,
        part: &Region,
        time: f64,
        scratch: &mut Scratch,
    ) {
        let (slab, tile) = (self.slab_axis, self.tile_axis);
        // Where rows are not cut into tiles their ghost cells are filled as a whole.
        let part = &if tile == 2 { *part } else { part.with_axis(2, -FAR, FAR) };
        let slabs = self.beyond(memory, positions, layout, slab, part, time, scratch);
        let mut parts = [Some(*part), None, None];
        for (slabs, place) in slabs.into_iter().zip(&mut parts[1..]) {
            *place = slabs.map(|(start, end)| part.with_axis(slab, start, end));
        }
        for part in parts.into_iter().flatten() {
            let tiles = self.beyond(memory, positions, layout, tile, &part, time, scratch);
            if tile == 2 {
                continue;
            }
            self.beside(memory, positions, layout, &part, time, scratch);
            for (start, end) in tiles.into_iter().flatten() {
                let part = part.with_axis(tile, start, end);
                self.beside(memory, positions, layout, &part, time, scratch);
            }
        }
    }

    /// Fills ghost cells beyond the faces across an axis, where a part completes what decides
    /// them. If there are corners to be filled, which ghost cells these were along the axis.
    fn beyond(
        &mut self,
        memory: &mut [f64],
        positions: Positions<'_>,
        layout: &Layout,
        axis: usize,
        part: &Region,
        time: f64,
        scratch: &mut Scratch,
    ) -> [Option<(isize, isize)>; 2] {
        if self.wraps[axis] {
            self.wrap(memory, positions, layout, axis, part);
            return self.ghosts(axis).map(|ghosts| self.width.corners.then_some(ghosts));
        }
        let n = self.cells[axis];
        let mut filled = [None; 2];
        let ghosts = self.ghosts(axis);
        for (side, deciding) in [(Side::Lower, self.depth[axis] - 1), (Side::Upper, n - 1)] {
            if !(part.start[axis]..part.end[axis]).contains(&deciding) {
                continue;
            }
            let (start, end) = ghosts[side.index()];
            let part = part.with_axis(axis, start, end);
            let face = Face { axis, side };
            let any = self.walls(memory, positions, layout, face, &part, time, scratch);
            if any && self.width.corners {
                filled[side.index()] = Some((start, end));
            }
        }
        filled
    }

    /// Where ghost cells lie beyond the ends of an axis.
    fn ghosts(&self, axis: usize) -> [(isize, isize); 2] {
        let [low, high] = self.width.layers[axis].map(|layers| layers as isize);
        let n = self.cells[axis];
        [(-low, 0), (n, n + high)]
    }

    /// Fills ghost cells beyond both ends of the last axis, where that is not cut into tiles.
    fn beside(
        &mut self,
        memory: &mut [f64],
        positions: Positions<'_>,
        layout: &Layout,
        part: &Region,
        time: f64,
        scratch: &mut Scratch,
    ) {
        if self.wraps[2] {
            return self.wrap(memory, positions, layout, 2, part);
        }
        // Cells of a wall that lie in one slab follow each other.
        for slab in part.start[self.slab_axis]..part.end[self.slab_axis] {
            let part = part.with_axis(self.slab_axis, slab, slab + 1);
            for (side, (start, end)) in Side::BOTH.into_iter().zip(self.ghosts(2)) {
                let part = part.with_axis(2, start, end);
                let face = Face { axis: 2, side };
                self.walls(memory, positions, layout, face, &part, time, scratch);
            }
        }
    }

    /// Fills a part of the ghost cells beyond the walls at a face; whether there are walls.
    fn walls(
        &mut self,
        memory: &mut [f64],
        (positions, partners): Positions<'_>,
        layout: &Layout,
        face: Face,
        part: &Region,
        time: f64,
        scratch: &mut Scratch,
    ) -> bool {
        let mut any = false;
        for (k, array) in self.arrays.iter_mut().enumerate() {
            for (_, wall) in array.walls.iter_mut().filter(|(at, _)| *at == face) {
                wall.fill_part(memory, positions[k], partners[k], layout, time, part, scratch);
                any = true;
            }
        }
        any
    }

    /// Copies what lies beyond the ends of an axis from the other end.
    fn wrap(
        &self,
        memory: &mut [f64],
        (positions, _): Positions<'_>,
        layout: &Layout,
        axis: usize,
        part: &Region,
    ) {
        // Beside ghost cells beyond walls there is nothing to be copied where no corners are.
        let along = self.along[axis].intersection(&part.with_axis(axis, -1, self.cells[axis] + 1));
        for (k, array) in self.arrays.iter().enumerate() {
            let (layers, negate) = (self.width.layers[axis], array.antiperiodic[axis]);
            let array = &mut memory[positions[k]..][..layout.length()];
            wrap(array, layout, &along, axis, layers, negate);
        }
    }
}
