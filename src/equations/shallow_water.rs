//! The shallow-water equations.

use fluxions_expr::{Rank, Type};
use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

use super::convection;

/// Water whose waves are much longer than it is deep:
///
/// ```text
/// ∂h/∂t + ∇·(h u) = 0
/// ∂u/∂t + (u·∇)u = −g ∇h + ν ∇²u
/// ```
///
/// h (length): the depth; u (length/time): the velocity, a vector. `gravity` (length/time²): g;
/// small waves run at √(gh). `nu` (length²/time): a viscosity, which keeps bores a few cells wide:
/// some √(gh) Δx where there are any, 0 where not.
///
/// Conditions: at a wall, where no water flows through and none sticks,
/// [`NormalValue`](fluxions_grid::Condition::NormalValue) 0 for u and for the definition
/// `flux` = h u. The integral of h does not change then, nor on periodic axes.
///
/// Source: Vallis 2006, "Atmospheric and Oceanic Fluid Dynamics", section 3.1.
///
/// ```
/// # use fluxions::{equations, prelude::*};
/// let grid = Grid::cartesian()
///     .axis("x", 0.0..10.0, 100, Bounded)
///     .axis("y", 0.0..10.0, 100, Periodic)
///     .build()?;
/// let canal = equations::shallow_water(&grid, 9.81, 0.0)
///     .boundary_of("u", "x", Condition::NormalValue(0.0.into()))
///     .boundary_of("flux", "x", Condition::NormalValue(0.0.into()))
///     .build()?;
/// # assert_eq!(canal.arrays(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shallow_water(grid: &Grid, gravity: f64, nu: f64) -> PdeBuilder {
    let convection = convection(grid);
    Pde::on(grid)
        .field("u", Type::real(Rank::Vector))
        .parameter("g", gravity)
        .parameter("nu", nu)
        .define("flux", "h*u")
        .equation("h", "-divergence(flux)")
        .equation("u", format!("-{convection} - g*gradient(h) + nu*vector_laplace(u)"))
}
