//! The FitzHugh–Nagumo equations.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// An excitable medium, such as a nerve or the muscle of the heart, with pulses and spirals:
///
/// ```text
/// ∂u/∂t = D ∇²u + u − u³/3 − v
/// ∂v/∂t = ε (u + a − b v)
/// ```
///
/// `diffusivity` (length²/time): D, of the potential u; the recovery v does not spread.
/// `a`, `b`, `epsilon`: FitzHugh's a, b and 1/c²; the medium is at rest and excitable for his 0.7,
/// 0.8 and 1/9.
///
/// Conditions: zero derivative.
///
/// Source: FitzHugh 1961, Biophys. J. 1, 445, with u = −x, v = y and times in units of his 1/c;
/// Nagumo, Arimoto & Yoshizawa 1962, Proc. IRE 50, 2061.
pub fn fitzhugh_nagumo(grid: &Grid, diffusivity: f64, a: f64, b: f64, epsilon: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("D", diffusivity)
        .parameter("a", a)
        .parameter("b", b)
        .parameter("epsilon", epsilon)
        .equation("u", "D*laplace(u) + u - u^3/3 - v")
        .equation("v", "epsilon*(u + a - b*v)")
}
