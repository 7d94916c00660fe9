//! The Klein–Gordon equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// Waves that disperse, of a field with mass:
///
/// ```text
/// ∂u/∂t = v,   ∂v/∂t = c² ∇²u − m² u
/// ```
///
/// `speed` (length/time): c; `mass` (1/time): m, the lowest frequency of a wave, ω² = c²k² + m².
///
/// Conditions: zero value or zero derivative, of which those of u count.
///
/// Source: Klein 1926, Z. Phys. 37, 895; Gordon 1926, Z. Phys. 40, 117.
pub fn klein_gordon(grid: &Grid, speed: f64, mass: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("speed", speed)
        .parameter("mass", mass)
        .equation("u", "v")
        .equation("v", "speed^2*laplace(u) - mass^2*u")
}
