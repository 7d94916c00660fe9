//! The Gray–Scott equations.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// Two chemicals in a stirred feed, U + 2V → 3V and V → P, with spots, stripes and chaos:
///
/// ```text
/// ∂u/∂t = D_u ∇²u − u v² + F (1 − u)
/// ∂v/∂t = D_v ∇²v + u v² − (F + k) v
/// ```
///
/// `feed` and `kill`: F and k, in units in which the rate of the reaction is 1. `diffusivities`
/// (length²/time): D_u and D_v. Pearson's patterns have D_u = 2·10⁻⁵, D_v = 10⁻⁵ on a square of
/// side 2.5.
///
/// Conditions: periodic, or zero derivative.
///
/// Source: Gray & Scott 1984, Chem. Eng. Sci. 39, 1087; Pearson 1993, Science 261, 189, eq. 2.
pub fn gray_scott(grid: &Grid, feed: f64, kill: f64, diffusivities: [f64; 2]) -> PdeBuilder {
    let [du, dv] = diffusivities;
    Pde::on(grid)
        .parameter("F", feed)
        .parameter("k", kill)
        .parameter("Du", du)
        .parameter("Dv", dv)
        .equation("u", "Du*laplace(u) - u*v^2 + F*(1 - u)")
        .equation("v", "Dv*laplace(v) + u*v^2 - (F + k)*v")
}
