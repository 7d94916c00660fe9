//! The halos of a group of arrays on one block: messages, and walls where there is no other block.

use fluxions_comm::World;
use fluxions_expr::Scratch;
use fluxions_grid::Face;
use fluxions_halo::{Exchange, FieldHalo, Subdomain};

use crate::plan::halo_group::HaloGroup;
use crate::plan::margins::Margins;
use crate::run::memory::Memory;
use crate::run::walls::filling::Filling;
use crate::run::walls::group::{GroupWalls, sign_changes};
use crate::system::pde::Pde;

/// The halos of a group of arrays on one block.
pub(crate) struct WalledGroup {
    pub(crate) exchange: Exchange,
    walls: GroupWalls,
    /// The faces beyond which lie other ranks that send halo cells.
    awaited: Vec<Face>,
}

impl WalledGroup {
    /// The halos of a group on this block. Collective.
    pub(crate) fn new(
        pde: &Pde,
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        group: &HaloGroup,
        scratch: &mut Scratch,
    ) -> Self {
        let turned = sign_changes(pde, group).into_iter();
        let fields: Vec<_> = turned.map(|antiperiodic| FieldHalo { antiperiodic }).collect();
        let exchange = Exchange::new(world, block, memory.layout(), group.width, &fields);
        let along = |axis| exchange.plan().along_wall(block, axis);
        let walls = GroupWalls::new(pde, block, group, along, scratch);
        let awaited = exchange.plan().awaited(block);
        WalledGroup { exchange, walls, awaited }
    }

    /// The number of phases of an exchange. If there is only one, the ghost cells at walls need not
    /// wait for it.
    pub(crate) fn phases(&self) -> usize {
        self.exchange.plan().phases().len()
    }

    /// Whether messages from other ranks are awaited in a phase that has started.
    pub(crate) fn waits(&self, phase: usize) -> bool {
        !self.awaited.is_empty() && !self.exchange.is_over(phase)
    }

    /// The number of cells at each face of the block that cannot be computed before the messages
    /// of a phase that has started arrive.
    pub(crate) fn waiting(&self, phase: usize) -> Margins {
        let layers = self.exchange.plan().width().layers;
        let mut margins = Margins::default();
        for face in self.awaited.iter().filter(|_| self.waits(phase)) {
            margins[face.axis][face.side.index()] = layers[face.axis][face.side.index()];
        }
        margins
    }

    /// Fills the ghost cells beyond the walls across the axes of a phase.
    pub(crate) fn fill_walls(&mut self, phase: usize, filling: &mut Filling<'_>) {
        for axis in self.exchange.plan().axes(phase) {
            self.walls.fill(filling, |face| face.axis == *axis, None);
        }
    }
}
