//! Temporal blocking: several steps in one sweep over memory.

pub(crate) mod pipeline;
pub(crate) mod slab_ghosts;
pub(crate) mod tuning;
pub(crate) mod wavefront;
