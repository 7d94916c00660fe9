//! Schemes: what turns a system into the plan of a time step.

pub(crate) mod euler_maruyama;
pub(crate) mod mpdata;
pub(crate) mod runge_kutta;
pub(crate) mod stages;
pub(crate) mod tableau;
