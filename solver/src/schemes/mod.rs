//! Schemes: what turns a system into the plan of a time step.

pub(crate) mod adams_bashforth;
mod by_hand;
pub(crate) mod choice;
mod error_norm;
pub(crate) mod euler_maruyama;
pub(crate) mod globals;
pub(crate) mod imex;
pub(crate) mod implicit;
mod interpolation;
mod matrix;
pub(crate) mod mpdata;
#[cfg(test)]
mod plans;
pub(crate) mod rates;
#[cfg(test)]
mod rooted_trees;
pub(crate) mod runge_kutta;
pub(crate) mod scheme;
pub(crate) mod sensitivities;
pub(crate) mod spectrum;
pub(crate) mod stabilised;
pub(crate) mod stability;
pub(crate) mod stages;
pub(crate) mod symbol;
pub(crate) mod tableau;
pub(crate) mod tolerance;
pub(crate) mod two_registers;
