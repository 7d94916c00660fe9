//! The diffusion equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// Diffusion, or the conduction of heat:
///
/// ```text
/// ∂c/∂t = D ∇²c
/// ```
///
/// `diffusivity` (length²/time): D. For one that changes from place to place write
/// `diffusion(D, c)` in an equation of your own.
///
/// Conditions: the value, the flux (as a derivative), or both mixed.
///
/// Source: Fick 1855, Ann. Phys. 170, 59.
///
/// ```
/// # use fluxions::{equations, prelude::*};
/// // A ball that cools from its surface.
/// let grid = Grid::builder(Geometry::Spherical).axis("r", 0.0..1.0, 20, Bounded).build()?;
/// let pde = equations::diffusion(&grid, 0.1)
///     .boundary("r+", Condition::Value(0.0.into()))
///     .build()?;
/// # assert_eq!(pde.parameters().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diffusion(grid: &Grid, diffusivity: f64) -> PdeBuilder {
    Pde::on(grid).parameter("D", diffusivity).equation("c", "D*laplace(c)")
}
