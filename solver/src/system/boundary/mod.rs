//! Boundary conditions: as they are given, checked, and as they hold for each array at each face.

pub(crate) mod array_condition;
pub(crate) mod checked;
pub(crate) mod conditions;
pub(crate) mod continued;
pub(crate) mod faces;
pub(crate) mod ghost_value;
pub(crate) mod given;
pub(crate) mod seen;
pub(crate) mod sets;
pub(crate) mod wall_function;
