//! The Schrödinger equation.

use fluxions_expr::Type;
use fluxions_grid::Grid;
use fluxions_solver::{Formula, Pde, PdeBuilder};

/// The wave function of a particle in a potential, in units with ħ = m = 1:
///
/// ```text
/// i ∂ψ/∂t = −½ ∇²ψ + V ψ
/// ```
///
/// `potential` (1/time): V, a number or an expression of the coordinates and the time. One with
/// |ψ|², as `"x^2/2 + 5*abs(psi)^2"`, makes it the Gross–Pitaevskii equation.
///
/// Conditions: zero value, a wall that the particle cannot enter, or periodic. ∫|ψ|² stays the same
/// up to the error of the time stepping; `rk4` is stable, `euler` and `rk2` are not.
///
/// Source: Schrödinger 1926, Ann. Phys. 386, 109.
///
/// ```
/// # use fluxions::{equations, prelude::*};
/// let grid = Grid::cartesian().axis("x", -8.0..8.0, 160, Bounded).build()?;
/// let oscillator = equations::schrodinger(&grid, "x^2/2")
///     .boundary("x", Condition::Value(0.0.into()))
///     .build()?;
/// # assert_eq!(oscillator.arrays(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schrodinger(grid: &Grid, potential: impl Into<Formula>) -> PdeBuilder {
    Pde::on(grid)
        .field("psi", Type::COMPLEX)
        .define("V", potential)
        .equation("psi", "i*(laplace(psi)/2 - V*psi)")
}
