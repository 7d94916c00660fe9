//! Ghost cells beyond walls, from boundary conditions.

mod formula;
mod pole;
mod strip;
pub(crate) mod wall;
