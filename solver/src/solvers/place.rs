//! Where a solver works: the ranks, the block of this one, and its memory.

use fluxions_comm::World;
use fluxions_halo::Subdomain;

use crate::run::memory::Memory;

/// The ranks, the block of this one, and its memory.
pub(crate) struct Place<'a> {
    pub(crate) world: &'a World,
    pub(crate) block: &'a Subdomain,
    pub(crate) memory: &'a mut Memory,
}
