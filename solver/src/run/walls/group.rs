//! The walls of a halo group, where the ghost cells of several arrays are filled together.

use fluxions_expr::Scratch;
use fluxions_grid::{Face, Region};
use fluxions_halo::Subdomain;

use crate::plan::halo_group::{HaloGroup, SeenGhosts};
use crate::run::walls::filling::Filling;
use crate::run::walls::wall::Wall;
use crate::system::boundary::array_condition::antiperiodic;
use crate::system::pde::Pde;

/// The walls of each array of a group, on one block.
pub(crate) struct GroupWalls {
    arrays: Vec<Vec<(Face, Wall)>>,
    /// The faces at walls beyond which ghost cells are known already.
    known: Vec<Face>,
}

impl GroupWalls {
    /// The walls of a group on a block. `along` gives the cells along the faces across each axis.
    pub(crate) fn new(
        pde: &Pde,
        block: &Subdomain,
        group: &HaloGroup,
        along: impl Fn(usize) -> Region,
        scratch: &mut Scratch,
    ) -> Self {
        let walls = group.conditions.iter().map(|set| {
            let conditions = pde.conditions().of_array(*set);
            Wall::all(pde, block, group, conditions, &along, scratch)
        });
        let arrays = walls.collect();
        let all = Face::all();
        let is_known = |face: &Face| {
            let sees = |set: &usize| {
                pde.conditions().of_array(*set)[face.axis][face.side.index()].sees_others
            };
            group.seen == SeenGhosts::Known
                && block.neighbour(*face).is_none()
                && group.conditions.iter().any(sees)
        };
        GroupWalls { arrays, known: all.filter(is_known).collect() }
    }

    /// Whether none of the arrays has a wall on this block.
    pub(crate) fn is_empty(&self) -> bool {
        self.arrays.iter().all(Vec::is_empty)
    }

    /// Fills the ghost cells beyond the walls at these faces, or those of them that lie in `part`.
    /// Returns whether there are any walls, with ghost cells that are known now.
    pub(crate) fn fill(
        &mut self,
        filling: &mut Filling<'_>,
        at: impl Fn(&Face) -> bool,
        part: Option<&Region>,
    ) -> bool {
        let mut any = self.known.iter().any(&at);
        for (number, walls) in self.arrays.iter_mut().enumerate() {
            for (_, wall) in walls.iter_mut().filter(|(face, _)| at(face)) {
                wall.fill(filling, number, part);
                any = true;
            }
        }
        any
    }
}

/// For each array of a group, the axes at whose ends the sign changes.
pub(crate) fn sign_changes(pde: &Pde, group: &HaloGroup) -> Vec<[bool; 3]> {
    let sets = group.conditions.iter();
    sets.map(|set| antiperiodic(pde.conditions().of_array(*set))).collect()
}
