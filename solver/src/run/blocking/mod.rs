//! Temporal blocking: several steps in one sweep over memory.

pub(crate) mod deep_pipeline;
pub(crate) mod options;
pub(crate) mod pipeline;
pub(crate) mod slab_ghosts;
mod tuning;
pub(crate) mod wavefront;
