//! The sine-Gordon equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// A row of coupled pendulums, with kinks and breathers:
///
/// ```text
/// ∂u/∂t = v,   ∂v/∂t = ∇²u − sin u
/// ```
///
/// without dimension. A kink of speed s < 1 is u = 4 arctan exp((x − st)/√(1 − s²)).
///
/// Conditions: zero derivative, of which those of u count.
///
/// Source: Perring & Skyrme 1962, Nucl. Phys. 31, 550; Ablowitz, Kaup, Newell & Segur 1973, Phys.
/// Rev. Lett. 30, 1262.
pub fn sine_gordon(grid: &Grid) -> PdeBuilder {
    Pde::on(grid).equation("u", "v").equation("v", "laplace(u) - sin(u)")
}
