//! The complex Ginzburg–Landau equation.

use fluxions_expr::Type;
use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// The amplitude of oscillations that have just set in, with phase waves, spirals and turbulence:
///
/// ```text
/// ∂A/∂t = A + (1 + ib) ∇²A − (1 + ic) |A|² A
/// ```
///
/// `b`: linear dispersion; `c`: the change of frequency with the amplitude; both without
/// dimension, as are A, lengths and times. Plane waves are all unstable for 1 + bc < 0.
///
/// Conditions: zero derivative.
///
/// Source: Aranson & Kramer 2002, Rev. Mod. Phys. 74, 99, eq. 1.
pub fn complex_ginzburg_landau(grid: &Grid, b: f64, c: f64) -> PdeBuilder {
    Pde::on(grid)
        .field("A", Type::COMPLEX)
        .parameter("b", b)
        .parameter("c", c)
        .equation("A", "A + (1 + i*b)*laplace(A) - (1 + i*c)*abs(A)^2*A")
}
