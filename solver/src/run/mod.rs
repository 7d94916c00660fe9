//! Runs plans on memory: runs kernels, exchanges halos and fills ghost cells.

mod binding;
pub(crate) mod blocking;
pub(crate) mod counts;
pub(crate) mod executor;
pub(crate) mod ghost_layer;
pub(crate) mod guard;
mod kernels;
pub(crate) mod memory;
pub(crate) mod not_finite;
mod parameters;
mod profiles;
pub(crate) mod random_rows;
pub(crate) mod reduction;
pub(crate) mod streaming;
mod walled_group;
mod walls;

#[cfg(test)]
mod testing;
