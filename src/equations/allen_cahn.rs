//! The Allen–Cahn equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// Two phases, c = −1 and c = 1, whose interfaces move to shorten themselves:
///
/// ```text
/// ∂c/∂t = M (γ ∇²c − c³ + c)
/// ```
///
/// `gamma` (length²): an interface at rest is tanh(x/√(2γ)). `mobility` (1/time): M. py-pde's
/// `interface_width` is γ.
///
/// Conditions: zero derivative lets interfaces meet walls at right angles.
///
/// Source: Allen & Cahn 1979, Acta Metall. 27, 1085.
///
/// ```
/// # use fluxions::{equations, prelude::*};
/// let grid = Grid::cartesian().axis("x", -10.0..10.0, 100, Bounded).build()?;
/// let pde = equations::allen_cahn(&grid, 0.5, 1.0).build()?;
/// let world = World::solo();
/// let mut simulation =
///     Simulation::builder(&pde, &world).initial("c", "sign(x)").dt(0.02).build()?;
/// simulation.run_until(10.0)?;
/// let c = simulation.field("c")?;
/// // At x = 0.9.
/// assert!((c[54] - f64::tanh(0.9)).abs() < 1e-2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn allen_cahn(grid: &Grid, gamma: f64, mobility: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("gamma", gamma)
        .parameter("M", mobility)
        .equation("c", "M*(gamma*laplace(c) - c^3 + c)")
}
