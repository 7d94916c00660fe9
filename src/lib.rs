//! Fluxions.
pub use fluxions_comm as comm;
pub use fluxions_expr as expr;
pub use fluxions_grid as grid;
pub use fluxions_halo as halo;
pub use fluxions_io as io;
pub use fluxions_solver as solver;
