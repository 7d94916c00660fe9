//! The run loop: the state of a system, its clock, and who looks at it when.

pub(crate) mod builder;
pub(crate) mod equal_steps;
pub(crate) mod health;
pub(crate) mod report;
pub(crate) mod schedule;
pub(crate) mod setup;
pub(crate) mod simulation;
pub(crate) mod state;
pub(crate) mod tracker;
