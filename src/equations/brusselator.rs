//! The Brusselator.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// A chemical clock, A → U, B + U → V + D, 2U + V → 3U, U → E:
///
/// ```text
/// ∂u/∂t = D_u ∇²u + a − (1 + b) u + u² v
/// ∂v/∂t = D_v ∇²v + b u − u² v
/// ```
///
/// `a`, `b`: the concentrations that are held fixed, in units in which the rates of reaction are 1.
/// `diffusivities` (length²/time): D_u and D_v. The state u = a, v = b/a oscillates for
/// b > 1 + a² and forms patterns for b > (1 + a √(D_u/D_v))².
///
/// Conditions: zero derivative, no flux through the walls.
///
/// Source: Prigogine & Lefever 1968, J. Chem. Phys. 48, 1695.
pub fn brusselator(grid: &Grid, a: f64, b: f64, diffusivities: [f64; 2]) -> PdeBuilder {
    let [du, dv] = diffusivities;
    Pde::on(grid)
        .parameter("a", a)
        .parameter("b", b)
        .parameter("Du", du)
        .parameter("Dv", dv)
        .equation("u", "Du*laplace(u) + a - (1 + b)*u + u^2*v")
        .equation("v", "Dv*laplace(v) + b*u - u^2*v")
}
