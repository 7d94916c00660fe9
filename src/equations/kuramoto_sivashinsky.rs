//! The Kuramoto–Sivashinsky equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// The place of a flame front, which never comes to rest:
///
/// ```text
/// ∂u/∂t = −∇²u − ν ∇⁴u − ½ |∇u|²
/// ```
///
/// `nu` (length²): waves longer than 2π√ν grow. The slope ∂u/∂x obeys the other common form of the
/// equation, u_t + u u_x + u_xx + ν u_xxxx = 0.
///
/// Conditions: periodic, or on u and on the definition `curvature` = ∇²u one each, such as zero
/// derivative.
///
/// Source: Kuramoto & Tsuzuki 1976, Prog. Theor. Phys. 55, 356; Sivashinsky 1977, Acta Astronaut.
/// 4, 1177.
pub fn kuramoto_sivashinsky(grid: &Grid, nu: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("nu", nu)
        .define("curvature", "laplace(u)")
        .equation("u", "-curvature - nu*laplace(curvature) - gradient_squared(u)/2")
}
