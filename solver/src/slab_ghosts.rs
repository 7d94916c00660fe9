//! The ghost cells of a group of arrays on one block, filled slab by slab.
//!
//! Beyond walls they come from the boundary conditions, beyond the ends of a periodic axis that is
//! not cut from the other end. Halo cells beyond other faces are computed with the block's own.

use fluxions_expr::Scratch;
use fluxions_grid::{Condition, Face, Layout, Region, Side};
use fluxions_halo::{HaloWidth, Subdomain, wrap};

use crate::halo_group::HaloGroup;
use crate::pde::Pde;
use crate::pipeline::Margins;
use crate::walls::Wall;

/// Ghost cells of a group of arrays.
pub(crate) struct SlabGhosts {
    /// The axis across which slabs lie, and how many there are.
    axis: usize,
    slabs: isize,
    arrays: Vec<ArrayGhosts>,
    width: HaloWidth,
    /// The axes across which the block is its own neighbour.
    wraps: [bool; 3],
    /// The cells along the faces across each axis.
    along: [Region; 3],
    /// How many slabs decide a ghost slab beyond the lower wall.
    depth: isize,
}

/// Those of one array.
struct ArrayGhosts {
    walls: Vec<(Face, Wall)>,
    antiperiodic: [bool; 3],
}

impl SlabGhosts {
    /// The ghost cells of a group on this block; `margins` are the halo cells that are computed
    /// with the block's own.
    pub(crate) fn new(
        pde: &Pde,
        block: &Subdomain,
        group: &HaloGroup,
        axis: usize,
        margins: Margins,
        scratch: &mut Scratch,
    ) -> Self {
        let HaloGroup { width, conditions, .. } = group;
        let itself = |axis: usize| {
            let face = Face { axis, side: Side::Lower };
            block.neighbour(face).is_some_and(|next| next.rank == block.rank())
        };
        let wraps: [bool; 3] = std::array::from_fn(|a| a != axis && itself(a));
        // Corners are filled axis by axis: later ones include the ghost cells of earlier ones.
        let along: [Region; 3] = std::array::from_fn(|across| {
            let mut grown = margins;
            if width.corners {
                crate::pipeline::widen_some(&mut grown, &width.layers, 0..across);
            }
            grown[across] = [0; 2];
            block.domain().grown(grown)
        });
        let arrays = conditions.iter().map(|set| {
            let set = pde.conditions().of_array(*set);
            let mut walls = Vec::new();
            for across in 0..3 {
                for side in Side::BOTH {
                    let face = Face { axis: across, side };
                    let needed = width.layers[across][side.index()] > 0;
                    if needed && block.neighbour(face).is_none() {
                        let condition = &set[across][side.index()];
                        let wall = Wall::new(pde, block, &along[across], face, condition, scratch);
                        walls.push((face, wall));
                    }
                }
            }
            let turned = |axis: usize| matches!(set[axis][0].condition, Condition::Antiperiodic);
            ArrayGhosts { walls, antiperiodic: std::array::from_fn(turned) }
        });
        let arrays = arrays.collect();
        let depth = group.depth(pde, axis) as isize;
        let slabs = block.shape()[axis] as isize;
        SlabGhosts { axis, slabs, arrays, width: *width, wraps, along, depth }
    }

    /// Fills the ghost cells of the slabs from `start` to before `end`, and the ghost slab beyond
    /// a wall if they complete what decides it. `positions` are where the arrays begin, `partners`
    /// where those of their real and imaginary parts do.
    pub(crate) fn fill(
        &mut self,
        memory: &mut [f64],
        (positions, partners): (&[usize], &[[usize; 2]]),
        layout: &Layout,
        (start, end): (isize, isize),
        time: f64,
        scratch: &mut Scratch,
    ) {
        self.across(memory, (positions, partners), layout, (start, end), time, scratch);
        let deciding =
            [(Side::Lower, self.depth - 1, -1), (Side::Upper, self.slabs - 1, self.slabs)];
        for (side, slab, ghost) in deciding {
            if !(start..end).contains(&slab) {
                continue;
            }
            let face = Face { axis: self.axis, side };
            let mut filled = false;
            for (k, array) in self.arrays.iter_mut().enumerate() {
                for (_, wall) in array.walls.iter_mut().filter(|(at, _)| *at == face) {
                    wall.fill(memory, positions[k], partners[k], layout, time, scratch);
                    filled = true;
                }
            }
            if filled && self.width.corners {
                let slab = (ghost, ghost + 1);
                self.across(memory, (positions, partners), layout, slab, time, scratch);
            }
        }
    }

    /// Fills the ghost cells of some slabs beyond the faces that lie across the other axes.
    fn across(
        &mut self,
        memory: &mut [f64],
        (positions, partners): (&[usize], &[[usize; 2]]),
        layout: &Layout,
        (start, end): (isize, isize),
        time: f64,
        scratch: &mut Scratch,
    ) {
        for axis in self.axis + 1..3 {
            let along = self.along[axis].with_axis(self.axis, start, end);
            for (k, array) in self.arrays.iter_mut().enumerate() {
                if self.wraps[axis] {
                    let (layers, negate) = (self.width.layers[axis], array.antiperiodic[axis]);
                    let array = &mut memory[positions[k]..][..layout.length()];
                    wrap(array, layout, &along, axis, layers, negate);
                }
                for (_, wall) in array.walls.iter_mut().filter(|(at, _)| at.axis == axis) {
                    let part = wall.ghosts().with_axis(self.axis, start, end);
                    let (position, partners) = (positions[k], partners[k]);
                    wall.fill_part(memory, position, partners, layout, time, &part, scratch);
                }
            }
        }
    }
}
