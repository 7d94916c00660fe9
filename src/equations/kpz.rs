//! The equation of Kardar, Parisi and Zhang.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// The height of an interface that grows along its normal:
///
/// ```text
/// ∂h/∂t = ν ∇²h + λ/2 |∇h|² + η
/// ```
///
/// `nu` (length²/time): surface tension; `lambda` (length/time): the speed of growth. The noise η,
/// ⟨η η⟩ = 2D δδ, is added by `.noise("h", 2.0*D)`. py-pde's `lmbda` is λ/2.
///
/// Conditions: periodic, or a derivative, the slope at the wall.
///
/// Source: Kardar, Parisi & Zhang 1986, Phys. Rev. Lett. 56, 889, eq. 1.
///
/// ```
/// # use fluxions::{equations, prelude::*};
/// let grid = Grid::cartesian().axis("x", 0.0..256.0, 256, Periodic).build()?;
/// let growth = equations::kpz(&grid, 0.5, 1.0).noise("h", 0.1).build()?;
/// # assert_eq!(growth.fields(), ["h"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kpz(grid: &Grid, nu: f64, lambda: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("nu", nu)
        .parameter("lambda", lambda)
        .equation("h", "nu*laplace(h) + lambda/2*gradient_squared(h)")
}
