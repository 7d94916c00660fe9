//! Fluxions solves partial differential equations on structured grids, from a laptop to a
//! cluster. Equations are text, which is compiled when it is read. The grid is split over ranks,
//! which are threads or MPI processes. The result has the same bits for any number of ranks.
//!
//! The command `fluxions` (package `fluxions-cli`) solves problem files. This library is for
//! programs that set up equations themselves. They need little more than the [`prelude`]:
//!
//! ```
//! use fluxions::prelude::*;
//!
//! fn solve(world: &World) -> Result<(), Box<dyn std::error::Error>> {
//!     let grid = Grid::cartesian()
//!         .axis("x", 0.0..100.0, 64, Periodic)
//!         .axis("y", 0.0..50.0, 32, Bounded)
//!         .build()?;
//!     let brusselator = Pde::on(&grid)
//!         .parameter("a", 1.0)
//!         .parameter("b", 3.0)
//!         .equation("u", "laplace(u) + a - (1 + b)*u + v*u^2")
//!         .equation("v", "0.1*laplace(v) + b*u - v*u^2")
//!         .boundary("y", Condition::Derivative(0.0.into()))
//!         .build()?;
//!     let mut simulation = Simulation::builder(&brusselator, world)
//!         .initial("u", "a")
//!         .initial("v", "b/a + 0.1*random_normal(0, 1)")
//!         .scheme(Tableau::RK4)
//!         .dt(0.05)
//!         .track(Every::Time(1.0), |now: &mut Snapshot| match now.max("u")? {
//!             peak if peak > 1e3 => Ok(Flow::Break(format!("u grew to {peak}"))),
//!             _ => Ok(GO_ON),
//!         })
//!         .build()?;
//!     let report = simulation.run_until(5.0)?;
//!     assert_eq!(report.stop_reason, StopReason::End);
//!     // A view of this rank's block.
//!     assert!(simulation.field("u")?.iter().all(|u| *u > 0.0));
//!     Ok(())
//! }
//!
//! // `launch(solve)` is the main function for one rank or many under mpirun; on threads:
//! on_threads(2, |world| solve(world).map_err(|e| e.to_string())).unwrap();
//! ```
//!
//! The crates below it, from the ground up: [`expr`] (text to kernels), [`grid`] (axes, regions,
//! stencils as data), [`comm`] (ranks), [`halo`] (decomposition and exchange), [`solver`] (passes,
//! step plans, the run loop) and [`io`] (problem files and results).

pub use fluxions_comm as comm;
pub use fluxions_expr as expr;
pub use fluxions_grid as grid;
pub use fluxions_halo as halo;

/// Problem files and results.
pub mod io {
    pub use fluxions_io::{
        Claim, Complex64, Component, DiagnosticsWriter, Error, Field, Mode, Problem, RunFolder,
        RunLog, RunStatus, Series, SeriesWriter, checkpoint, picture,
    };
}

/// Systems of equations, how they are stepped, and the run loop.
pub mod solver {
    pub use fluxions_solver::{
        AdamsBashforth, Advector, ArgumentConditions, Balance, Blocking, Checkpoint,
        CheckpointWriter, Error, ErrorBounds, Errors, Every, ExternalSource, FieldOperator, Flow,
        Formula, GO_ON, Global, Halos, Imex, Implicit, Inspection, Interpretation, Iterations,
        Krylov, LimitedBy, Mpdata, Occasion, PassTime, Pde, PdeBuilder, Preconditioning, Present,
        Region, Report, RunState, ScheduleState, SchemeChoice, SchemeProperties, Simulation,
        SimulationBuilder, Snapshot, SolverOptions, Sources, Stabilised, StableStep, StencilCells,
        StopReason, Tableau, ThirdOrder, TimeTable, Tolerance, Tracker, TrackerError, TrackerState,
        Transport, Values, WallFunction, WallPoint, Wish, stable_step,
    };
}

pub mod equations;

/// What programs need: `use fluxions::prelude::*;`.
pub mod prelude {
    pub use fluxions_comm::threads::run as on_threads;
    pub use fluxions_comm::{World, launch};
    pub use fluxions_expr::{Native, Rank, Type};
    pub use fluxions_grid::Ends::{Bounded, Periodic};
    pub use fluxions_grid::{Condition, Geometry, Grid, GridBuilder};
    pub use fluxions_io::{Problem, RunFolder, SeriesWriter};
    pub use fluxions_solver::{
        AdamsBashforth, Advector, ArgumentConditions, Blocking, Every, FieldOperator, Flow,
        Formula, GO_ON, Halos, Imex, Implicit, Interpretation, Mpdata, Pde, PdeBuilder, Report,
        SchemeChoice, Simulation, Snapshot, SolverOptions, Sources, Stabilised, StopReason,
        Tableau, ThirdOrder, Tolerance, Tracker, TrackerError, Transport, Values, WallFunction,
        WallPoint,
    };
}

/// The blocks of Rust in the guide, as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/GUIDE.md")]
struct Guide;
