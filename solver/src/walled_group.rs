//! A group of halos on one block: the messages that fill them, and the walls where there are none.

use fluxions_comm::World;
use fluxions_expr::Scratch;
use fluxions_grid::{Condition, Face, Side};
use fluxions_halo::{Exchange, FieldHalo, Subdomain};

use crate::halo_group::HaloGroup;
use crate::memory::Memory;
use crate::pde::Pde;
use crate::walls::Wall;

/// The halos of a group of arrays on one block.
pub(crate) struct WalledGroup {
    pub(crate) exchange: Exchange,
    /// For each array its walls, with the axis they lie across.
    pub(crate) walls: Vec<Vec<(usize, Wall)>>,
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
        let fields: Vec<_> = conditions()
            .map(|set| FieldHalo {
                antiperiodic: std::array::from_fn(|axis| {
                    matches!(set[axis][0].condition, Condition::Antiperiodic)
                }),
            })
            .collect();
        let exchange = Exchange::new(world, block, memory.layout(), group.width, &fields);
        let mut walls: Vec<Vec<_>> = conditions().map(|_| Vec::new()).collect();
        for (set, walls) in conditions().zip(&mut walls) {
            for axis in 0..3 {
                for side in Side::BOTH {
                    let face = Face { axis, side };
                    let needed = group.width.layers[axis][side.index()] > 0;
                    if needed && block.neighbour(face).is_none() {
                        let along = exchange.plan().along_wall(block, axis);
                        let condition = &set[axis][side.index()];
                        let wall = Wall::new(pde, block, &along, face, condition, scratch);
                        walls.push((axis, wall));
                    }
                }
            }
        }
        let awaited = exchange.plan().awaited(block);
        WalledGroup { exchange, walls, awaited }
    }
}
