//! Plans say, as data, which actions are done on which arrays and in which order. This module also
//! makes them.

pub(crate) mod action;
pub(crate) mod builder;
mod continuation;
pub(crate) mod evaluation;
mod ghost_sweeps;
pub(crate) mod halo_group;
mod invariants;
mod lowering;
pub(crate) mod margins;
mod needs;
pub(crate) mod observable;
pub(crate) mod pass;
pub(crate) mod plan;
pub(crate) mod preparation;
pub(crate) mod profile;
pub(crate) mod program;
pub(crate) mod tangent;
mod wall_place;
