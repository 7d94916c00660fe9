//! Equations to passes to a step plan; time steppers, the run loop, its clock and trackers.
//!
//! A [`Pde`] is a checked system of equations on a grid. A [`Simulation`] is its state on the
//! ranks of a world, with a time stepping scheme ([`Tableau`]) and trackers ([`Tracker`]) that
//! look at it now and then ([`Every`]).

mod builder;
mod clock;
mod conditions;
mod error;
mod executor;
mod inspect;
mod lower;
mod machine;
mod memory;
mod order;
mod origin;
pub mod parameters;
mod pde;
mod plan;
mod program;
mod pulse;
mod random;
mod report;
mod scalar;
mod schedule;
mod simulation;
mod stability;
mod state;
mod tableau;
mod tracker;
mod walls;

pub use builder::SimulationBuilder;
pub use clock::Clock;
pub use conditions::{Conditions, FaceConditions};
pub use error::{Error, Errors};
pub use executor::Counts;
pub use inspect::{Inspection, measured_speed};
pub use machine::copy_bandwidth;
pub use origin::{Origin, Part};
pub use pde::{Definition, Pde, PdeBuilder};
pub use report::{Report, StopReason};
pub use scalar::Scalar;
pub use schedule::Every;
pub use simulation::Simulation;
pub use stability::{StableStep, stable_step};
pub use tableau::Tableau;
pub use tracker::{Flow, GO_ON, Snapshot, Tracker};
