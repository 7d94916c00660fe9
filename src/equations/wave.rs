//! The wave equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// Sound, or a string or membrane:
///
/// ```text
/// ∂u/∂t = v,   ∂v/∂t = c² ∇²u
/// ```
///
/// `speed` (length/time): c.
///
/// Conditions: zero value where it is held, zero derivative where it is free; those of u count.
///
/// Source: d'Alembert 1747, Hist. Acad. Sci. Berlin 3, 214.
pub fn wave(grid: &Grid, speed: f64) -> PdeBuilder {
    Pde::on(grid).parameter("speed", speed).equation("u", "v").equation("v", "speed^2*laplace(u)")
}
