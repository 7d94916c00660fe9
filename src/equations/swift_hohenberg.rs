//! The Swift–Hohenberg equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// The pattern of convection just above its onset: rolls, hexagons and their defects:
///
/// ```text
/// ∂u/∂t = ε u − (∇² + q₀²)² u + g u² − u³
/// ```
///
/// `epsilon` (1/time): ε, how far above the onset; `q0` (1/length): the wave number of the pattern;
/// `g`: 0 for rolls, about √ε for hexagons. py-pde's `rate`, `kc2` and `delta` are ε, q₀² and g.
///
/// Conditions: periodic, or on u and on the definition `curvature` = ∇²u one each, such as zero
/// value.
///
/// Source: Swift & Hohenberg 1977, Phys. Rev. A 15, 319; Cross & Hohenberg 1993, Rev. Mod. Phys.
/// 65, 851.
pub fn swift_hohenberg(grid: &Grid, epsilon: f64, q0: f64, g: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("epsilon", epsilon)
        .parameter("q0", q0)
        .parameter("g", g)
        .define("curvature", "laplace(u)")
        .equation("u", "(epsilon - q0^4)*u - 2*q0^2*curvature - laplace(curvature) + g*u^2 - u^3")
}
