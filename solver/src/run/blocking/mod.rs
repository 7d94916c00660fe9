//! Temporal blocking, which makes several time steps in one sweep over memory.

pub(crate) mod deep_halo;
pub(crate) mod deep_pipeline;
pub(crate) mod options;
mod pipeline;
mod slab_ghosts;
mod tuning;
pub(crate) mod wavefront;

#[cfg(test)]
mod tests;
