//! Boundary conditions: as they were given, and which of them holds where.

pub(crate) mod conditions;
pub(crate) mod entry;
