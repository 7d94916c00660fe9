//! Ghost cells beyond walls, computed from boundary conditions.

pub(crate) mod filling;
mod formula;
pub(crate) mod group;
mod pole;
mod strip;
mod wall;

#[cfg(test)]
mod tests;
