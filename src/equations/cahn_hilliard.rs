//! The Cahn–Hilliard equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// A mixture that separates into two phases, c = −1 and c = 1, of which none is lost:
///
/// ```text
/// ∂c/∂t = ∇²μ,   μ = c³ − c − γ ∇²c
/// ```
///
/// `gamma` (length²): an interface at rest is tanh(x/√(2γ)). The mobility is 1, which sets the
/// unit of time. py-pde's `interface_width` is γ.
///
/// Conditions: on c that of wetting, ∂c/∂n = 0 for a neutral wall; on the definition `mu` that of
/// the flux, ∂μ/∂n = 0 for none.
///
/// Source: Cahn & Hilliard 1958, J. Chem. Phys. 28, 258; Cahn 1961, Acta Metall. 9, 795.
pub fn cahn_hilliard(grid: &Grid, gamma: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("gamma", gamma)
        .define("mu", "c^3 - c - gamma*laplace(c)")
        .equation("c", "laplace(mu)")
}
