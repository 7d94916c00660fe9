//! A group of halos on one block: the messages that fill them, and the walls where there are none.

use fluxions_comm::World;
use fluxions_expr::Scratch;
use fluxions_grid::Face;
use fluxions_halo::{Exchange, FieldHalo, Subdomain};

use crate::plan::halo_group::HaloGroup;
use crate::run::memory::Memory;
use crate::run::walls::Wall;
use crate::system::boundary::array_condition::antiperiodic;
use crate::system::pde::Pde;

/// The halos of a group of arrays on one block.
pub(crate) struct WalledGroup {
    pub(crate) exchange: Exchange,
    /// For each array its walls.
    pub(crate) walls: Vec<Vec<(Face, Wall)>>,
    pub(crate) awaited: Vec<Face>,
}

impl WalledGroup {
    /// The halos of this group on this block. Collective.
    pub(crate) fn new(
        pde: &Pde,
        world: &World,
        block: &Subdomain,
        memory: &Memory,
        group: &HaloGroup,
        scratch: &mut Scratch,
    ) -> Self {
        let conditions = || group.conditions.iter().map(|set| pde.conditions().of_array(*set));
        let field = |set| FieldHalo { antiperiodic: antiperiodic(set) };
        let fields: Vec<_> = conditions().map(field).collect();
        let exchange = Exchange::new(world, block, memory.layout(), group.width, &fields);
        let along = |axis| exchange.plan().along_wall(block, axis);
        let walls = conditions()
            .map(|set| Wall::all(pde, block, &group.width, set, along, scratch))
            .collect();
        let awaited = exchange.plan().awaited(block);
        WalledGroup { exchange, walls, awaited }
    }
}
