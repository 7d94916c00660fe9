//! The ghost cells of a group of arrays on one block, which are filled part by part.
//!
//! Ghost cells beyond walls come from the boundary conditions. Those beyond the ends of a periodic
//! axis that is not cut come from the other end. Halo cells beyond other faces are computed
//! together with the block's own cells.

use fluxions_expr::Scratch;
use fluxions_grid::{Face, Region, Side};
use fluxions_halo::{HaloWidth, Subdomain, wrap};

use crate::plan::halo_group::HaloGroup;
use crate::plan::margins::{Margins, widen_some};
use crate::run::blocking::pipeline::Pipeline;
use crate::run::walls::filling::Filling;
use crate::run::walls::group::{GroupWalls, sign_changes};
use crate::system::pde::Pde;

/// The ghost cells of a group of arrays.
pub(crate) struct SlabGhosts {
    /// The axis across which slabs lie. `tile_axis` is that of the tiles.
    slab_axis: usize,
    tile_axis: usize,
    /// The number of cells of the block along each axis.
    cells: [isize; 3],
    walls: GroupWalls,
    /// For each array, the axes at whose ends the sign changes.
    sign_changes: Vec<[bool; 3]>,
    width: HaloWidth,
    /// The axes beyond whose ends lie copies of the cells at the other end.
    wraps: [bool; 3],
    /// For each axis, the cells along the faces across it.
    along: [Region; 3],
    /// The number of cells along each axis that determine a ghost cell beyond its lower wall.
    depth: [isize; 3],
}

/// A number that is larger than that of a block's cells along any axis.
const FAR: isize = isize::MAX / 4;

impl SlabGhosts {
    /// The ghost cells of a group on this block. `joined` tells beyond which faces halo cells are
    /// computed together with the block's own cells, and `margins` tells how far.
    pub(crate) fn new(
        pde: &Pde,
        block: &Subdomain,
        group: &HaloGroup,
        pipeline: &Pipeline,
        joined: [[bool; 2]; 3],
        margins: Margins,
        scratch: &mut Scratch,
    ) -> Self {
        let width = group.width;
        let wraps: [bool; 3] = std::array::from_fn(|axis| {
            let face = Face { axis, side: Side::Lower };
            let itself = block.neighbour(face).is_some_and(|next| next.rank == block.rank());
            itself && joined[axis] == [false; 2]
        });
        // Corners are filled axis by axis. A later axis includes the ghost cells of the earlier
        // ones.
        let along: [Region; 3] = std::array::from_fn(|across| {
            let mut grown = margins;
            if width.corners {
                widen_some(&mut grown, &width.layers, 0..across);
            }
            grown[across] = [0; 2];
            block.domain().grown(grown)
        });
        SlabGhosts {
            walls: GroupWalls::new(pde, block, group, |axis| along[axis], scratch),
            sign_changes: sign_changes(pde, group),
            slab_axis: pipeline.axis,
            tile_axis: pipeline.tile_axis,
            cells: block.shape().map(|n| n as isize),
            width,
            wraps,
            along,
            depth: std::array::from_fn(|axis| group.depth(pde, axis) as isize),
        }
    }

    /// Whether there is nothing to fill, since all other cells are computed or exchanged.
    pub(crate) fn is_empty(&self) -> bool {
        self.wraps == [false; 3] && self.walls.is_empty()
    }

    /// Fills the ghost cells that belong to a part of the block and of its joined halo. They are
    /// those beside the part, and those along slabs and tiles beyond walls for which the part
    /// completes the cells that determine them.
    pub(crate) fn fill(&mut self, filling: &mut Filling<'_>, part: &Region) {
        let (slab, tile) = (self.slab_axis, self.tile_axis);
        // Where rows are not cut into tiles, their ghost cells are filled as a whole.
        let part = &if tile == 2 { *part } else { part.with_axis(2, -FAR, FAR) };
        let slabs = self.beyond(filling, slab, part);
        let mut parts = [Some(*part), None, None];
        for (slabs, place) in slabs.into_iter().zip(&mut parts[1..]) {
            *place = slabs.map(|(start, end)| part.with_axis(slab, start, end));
        }
        for part in parts.into_iter().flatten() {
            let tiles = self.beyond(filling, tile, &part);
            if tile == 2 {
                continue;
            }
            self.beside(filling, &part);
            for (start, end) in tiles.into_iter().flatten() {
                let part = part.with_axis(tile, start, end);
                self.beside(filling, &part);
            }
        }
    }

    /// Fills the ghost cells beyond the faces across an axis for which a part completes the cells
    /// that determine them. If corners are to be filled, returns the ranges of these ghost cells
    /// along the axis.
    fn beyond(
        &mut self,
        filling: &mut Filling<'_>,
        axis: usize,
        part: &Region,
    ) -> [Option<(isize, isize)>; 2] {
        if self.wraps[axis] {
            self.wrap(filling, axis, part);
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
            let any = self.walls.fill(filling, |at| *at == face, Some(&part));
            if any && self.width.corners {
                filled[side.index()] = Some((start, end));
            }
        }
        filled
    }

    /// The ranges of the ghost cells beyond the two ends of an axis.
    fn ghosts(&self, axis: usize) -> [(isize, isize); 2] {
        let [low, high] = self.width.layers[axis].map(|layers| layers as isize);
        let n = self.cells[axis];
        [(-low, 0), (n, n + high)]
    }

    /// Fills the ghost cells beyond both ends of the last axis, if this axis is not cut into tiles.
    fn beside(&mut self, filling: &mut Filling<'_>, part: &Region) {
        if self.wraps[2] {
            return self.wrap(filling, 2, part);
        }
        // The cells of a wall that lie in one slab are consecutive.
        for slab in part.start[self.slab_axis]..part.end[self.slab_axis] {
            let part = part.with_axis(self.slab_axis, slab, slab + 1);
            for (side, (start, end)) in Side::BOTH.into_iter().zip(self.ghosts(2)) {
                let part = part.with_axis(2, start, end);
                let face = Face { axis: 2, side };
                self.walls.fill(filling, |at| *at == face, Some(&part));
            }
        }
    }

    /// Copies the cells at each end of an axis to the ghost cells beyond its other end.
    fn wrap(&self, filling: &mut Filling<'_>, axis: usize, part: &Region) {
        // Where there are no corners, nothing is copied beside the ghost cells beyond walls.
        let along = self.along[axis].intersection(&part.with_axis(axis, -1, self.cells[axis] + 1));
        let layers = self.width.layers[axis];
        for (start, turned) in filling.halo.arrays.iter().zip(&self.sign_changes) {
            let array = &mut filling.memory[*start..][..filling.layout.length()];
            wrap(array, filling.layout, &along, axis, layers, turned[axis]);
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Condition, Ends, Grid, Layout};

    use super::*;
    use crate::plan::action::Action;
    use crate::run::binding::Binding;
    use crate::run::memory::Memory;
    use crate::run::testing::{alone, euler_step, fill};
    use crate::run::walled_group::WalledGroup;

    /// The bound arrays at half a time unit.
    fn filling<'a>(
        memory: &'a mut Memory,
        layout: &'a Layout,
        binding: &'a Binding,
        scratch: &'a mut Scratch,
    ) -> Filling<'a> {
        Filling { memory: memory.all_mut(), layout, halo: &binding.halo, time: 0.5, scratch }
    }

    /// Filling the ghost cells slab by slab gives the same values as an exchange of the whole
    /// block.
    #[test]
    fn slabs_together_have_the_ghost_cells_of_the_block() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 6, Ends::Bounded);
        let grid = grid.axis("y", 0.0..1.0, 5, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "laplace(u)");
        let pde = pde.boundary("x-", Condition::Curvature("value*t".into()));
        let pde = pde.boundary("x+", Condition::Value("sin(y)".into()));
        let pde = pde.boundary("y", Condition::Antiperiodic).build().unwrap();
        let plan = euler_step(&pde);
        let (world, _, block) = alone(&pde);
        let mut memory = Memory::new(block.layout([0, 1, 1]), plan.arrays(), 0, 0).unwrap();
        let layout = &memory.layout();
        let mut scratch = Scratch::default();
        let halo = plan.actions().iter().find(|action| matches!(action, Action::Halo { .. }));
        let halo = halo.expect("a Laplacian needs a halo");
        let mut binding = Binding::with_room_for(std::slice::from_ref(halo));
        binding.bind(&memory, halo);

        let mut group =
            WalledGroup::new(&pde, &world, &block, &memory, &plan.groups()[0], &mut scratch);
        fill(&mut memory, 1);
        group.exchange.start(0, memory.all_mut(), &binding.halo.arrays).unwrap();
        group.exchange.finish(0, memory.all_mut(), &binding.halo.arrays).unwrap();
        group.fill_walls(0, &mut filling(&mut memory, layout, &binding, &mut scratch));
        let whole = memory.of_array(0).to_vec();

        let pipeline = Pipeline::new(&pde, &plan, 2).unwrap();
        let (joined, margins) = ([[false; 2]; 3], Margins::default());
        let mut ghosts = SlabGhosts::new(
            &pde,
            &block,
            &plan.groups()[0],
            &pipeline,
            joined,
            margins,
            &mut scratch,
        );
        assert!(!ghosts.is_empty());
        memory.of_array_mut(0).fill(0.0);
        fill(&mut memory, 1);
        for slab in 0..6 {
            let part = block.domain().with_axis(1, slab, slab + 1);
            ghosts.fill(&mut filling(&mut memory, layout, &binding, &mut scratch), &part);
        }
        assert_eq!(memory.of_array(0), whole);
        // Where the ends of y meet, the sign changes.
        let at = |cell| whole[layout.index(cell)];
        assert_eq!(at([0, 2, -1]), -at([0, 2, 4]));
        assert_eq!(at([0, 2, 5]), -at([0, 2, 0]));
    }
}
