//! Random numbers that do not depend on ranks.

pub(crate) mod colored;
pub(crate) mod source;
