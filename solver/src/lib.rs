//! Equations to passes to a step plan; time steppers, the run loop, its clock and trackers.
//!
//! A [`Pde`] is a checked system of equations on a grid. A [`Simulation`] is its state on the
//! ranks of a world, with a time stepping scheme ([`Tableau`]) and trackers ([`Tracker`]) that
//! look at it now and then ([`Every`]).

mod argument;
mod blocking;
mod builder;
mod clock;
mod colored;
mod condition_entry;
mod conditions;
mod data;
mod definition;
mod error;
mod executor;
mod formula;
mod halo_group;
mod inspect;
mod machine;
mod memory;
mod names;
mod noise;
mod observable;
mod operators;
mod order;
mod origin;
pub mod parameters;
mod pass;
mod pass_time;
mod pde;
mod pde_builder;
mod pipeline;
mod plan;
mod preparation;
mod profiles;
mod program;
mod pulse;
mod random;
mod report;
mod resolve;
mod schedule;
mod setup;
mod simulation;
mod slab_ghosts;
pub mod space;
mod stability;
mod stages;
mod state;
mod symmetry;
mod tableau;
mod tracker;
mod walled_group;
mod walls;
mod wavefront;

pub use blocking::Blocking;
pub use builder::SimulationBuilder;
pub use clock::Clock;
pub use conditions::{ArrayCondition, Conditions, FaceConditions};
pub use data::{Source, Values};
pub use definition::Definition;
pub use error::{Error, Errors};
pub use executor::Counts;
pub use formula::Formula;
pub use inspect::{Inspection, measured_speed};
pub use machine::{BEYOND_CACHES, copy_bandwidth, message_latency, reduction_latency};
pub use noise::Interpretation;
pub use origin::{Origin, Part};
pub use pass_time::PassTime;
pub use pde::Pde;
pub use pde_builder::PdeBuilder;
pub use report::{Report, StopReason};
pub use schedule::Every;
pub use simulation::Simulation;
pub use stability::{StableStep, stable_step};
pub use tableau::Tableau;
pub use tracker::{Flow, GO_ON, Snapshot, Tracker};
