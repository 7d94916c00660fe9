//! This crate turns equations into passes and passes into the plan of a step, and runs that plan on
//! every rank, step by step.
//!
//! A [`Pde`] is a checked system of equations on a grid. A [`Simulation`] is its state on the
//! ranks of a world, with a time stepping scheme ([`Tableau`]) and trackers ([`Tracker`]) that
//! look at it now and then ([`Every`]).

mod error;
mod inspect;
mod operators;
mod plan;
mod random;
mod run;
mod saved;
mod schemes;
mod simulation;
mod solvers;
mod system;

pub use error::{Error, Errors, FailedStep, Hindrance, TooLong};
pub use fluxions_halo::Halos;
pub use inspect::block_speed::{BlockSpeed, block_speed};
pub use inspect::cause::{Cause, cause_in_equations, cause_in_initial};
pub use inspect::conditioned::{Conditioned, conditioned};
pub use inspect::demand::{Demand, Message, Round};
pub use inspect::doubts::{Doubt, doubts, looked_at};
pub use inspect::fastest::fastest;
pub use inspect::first_step::first_step;
pub use inspect::inspection::{Inspection, Speed, measured_speed, seconds_per_step};
pub use inspect::limiting::{Limiting, limiting};
pub use inspect::machine::{
    BEYOND_CACHES, copy_bandwidth, message_latency, reduction_latency, round_latency,
};
pub use inspect::overdetermined::overdetermined;
pub use inspect::pass_time::PassTime;
pub use inspect::replay::{BeforeFailure, Growth, before_failure};
pub use inspect::stability::{LimitedBy, StableStep, stable_step};
pub use operators::{FieldOperator, StencilCells};
pub use random::power_spectrum::PowerSpectrum;
pub use run::blocking::options::Blocking;
pub use run::counts::{Counts, Iterations};
pub use schemes::adams_bashforth::AdamsBashforth;
pub use schemes::choice::SchemeChoice;
pub use schemes::imex::Imex;
pub use schemes::implicit::Implicit;
pub use schemes::scheme::SchemeProperties;
pub use schemes::stabilised::Stabilised;
pub use schemes::tableau::Tableau;
pub use schemes::tolerance::{ErrorBounds, Tolerance};
pub use simulation::builder::SimulationBuilder;
pub use simulation::checkpoint::{Checkpoint, CheckpointWriter, Occasion, Present, Wish};
pub use simulation::effort::{Effort, Spent};
pub use simulation::equal_steps::EqualSteps;
pub use simulation::machine_memory::{check_start, free_memory, used_memory};
pub use simulation::needs::Needs;
pub use simulation::report::{Report, StopReason, cell_rate};
pub use simulation::run_state::{RunState, TrackerState};
pub use simulation::schedule::{Every, ScheduleState};
pub use simulation::simulation::Simulation;
pub use simulation::snapshot::Snapshot;
pub use simulation::stable_limit::StableDt;
pub use simulation::tracker::{Flow, GO_ON, Tracker, TrackerError};
pub use solvers::balance::Balance;
pub use system::boundary::array_condition::{ArrayCondition, FaceConditions};
pub use system::boundary::conditions::{ArgumentConditions, Conditions};
pub use system::boundary::wall_function::{WallFunction, WallPoint};
pub use system::builder::PdeBuilder;
pub use system::definition::Definition;
pub use system::external::{ExternalSource, Values};
pub use system::formula::Formula;
pub use system::global::Global;
pub use system::noise::Interpretation;
pub use system::origin::{ConditionPart, Origin};
pub use system::pde::Pde;
pub use system::region::Region;
pub use system::solver_options::{Krylov, Preconditioning, SolverOptions};
pub use system::time_table::TimeTable;
pub use system::transport::{Advector, Mpdata, Sources, ThirdOrder, Transport};
pub use system::{parameters, space};
