//! The viscous Burgers equation.

use fluxions_expr::{Rank, Type};
use fluxions_grid::{Geometry, Grid};
use fluxions_solver::{Pde, PdeBuilder};

use super::convection;

/// A fluid without pressure, whose waves steepen into fronts:
///
/// ```text
/// ∂u/∂t + (u·∇)u = ν ∇²u
/// ```
///
/// `nu` (length²/time): the viscosity ν. A front in which u falls by Δu is some 8ν/Δu wide: it
/// needs a few cells. u (length/time) is a scalar along the only axis of a Cartesian grid, a
/// vector on other grids.
///
/// Conditions: the value where the fluid flows in, zero curvature where it flows out.
///
/// Source: Burgers 1948, Adv. Appl. Mech. 1, 171; exact solutions by Hopf 1950, Commun. Pure Appl.
/// Math. 3, 201, and Cole 1951, Q. Appl. Math. 9, 225.
pub fn burgers(grid: &Grid, nu: f64) -> PdeBuilder {
    let builder = Pde::on(grid).parameter("nu", nu);
    match (grid.geometry(), grid.axes()) {
        // Central differences of the advective form conserve the integral of u, and it needs no
        // conditions but those of u.
        (Geometry::Cartesian, [axis]) => {
            let x = axis.name();
            builder.equation("u", format!("-u*d_d{x}(u) + nu*d2_d{x}2(u)"))
        }
        _ => builder
            .field("u", Type::real(Rank::Vector))
            .equation("u", format!("-{} + nu*vector_laplace(u)", convection(grid))),
    }
}
