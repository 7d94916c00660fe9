//! The run loop: the state of a system, its clock, and who looks at it when.

mod assembly;
mod balancing;
pub(crate) mod builder;
mod clock;
mod dense_output;
pub(crate) mod equal_steps;
mod error_control;
mod health;
mod implicit_steps;
pub(crate) mod machine_memory;
pub(crate) mod report;
mod run_loop;
pub(crate) mod run_state;
pub(crate) mod schedule;
mod setup;
pub(crate) mod simulation;
pub(crate) mod snapshot;
mod solving;
pub(crate) mod stable_limit;
mod stable_steps;
mod staged;
mod state;
pub(crate) mod tracker;
mod trial;
mod tried_steps;
mod undo;
