//! The Korteweg–de Vries equation.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// Long waves in a shallow canal, and their solitons:
///
/// ```text
/// ∂u/∂t + 6 u ∂u/∂x + ∂³u/∂x³ = 0
/// ```
///
/// along the first axis of the grid. All is without dimension: a soliton of speed c is
/// c/2 sech²(√c/2 (x − ct)). The stable time step shrinks with Δx³: the longest is 1.09 Δx³ with
/// `rk4`.
///
/// Conditions: the axis is periodic. The differences are those of Zabusky and Kruskal, in which
/// the integrals of u and u² do not change.
///
/// Source: Korteweg & de Vries 1895, Phil. Mag. 39, 422; Zabusky & Kruskal 1965, Phys. Rev. Lett.
/// 15, 240.
pub fn korteweg_de_vries(grid: &Grid) -> PdeBuilder {
    let x = grid.axes()[0].name();
    let steepening = format!("-2*(d_d{x}(u^2) + u*d_d{x}(u))");
    Pde::on(grid).equation("u", format!("{steepening} - d_d{x}(d2_d{x}2(u))"))
}
