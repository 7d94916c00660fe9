//! Ghost cells beyond walls, computed from boundary conditions.

mod formula;
pub(crate) mod group;
mod pole;
mod strip;
mod wall;

#[cfg(test)]
mod tests;
