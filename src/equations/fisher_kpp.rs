//! The equation of Fisher and of Kolmogorov, Petrovskii and Piskunov.

use fluxions_grid::Grid;
use fluxions_solver::{Pde, PdeBuilder};

/// A population, or a gene, that grows and spreads:
///
/// ```text
/// ∂c/∂t = D ∇²c + r c (1 − c)
/// ```
///
/// `diffusivity` (length²/time): D; `rate` (1/time): r; c is in units of what the place can feed.
/// Fronts advance at 2√(rD), or faster where they begin flat.
///
/// Conditions: zero derivative where nobody leaves, zero value where nobody survives.
///
/// Source: Fisher 1937, Ann. Eugenics 7, 355; Kolmogorov, Petrovskii & Piskunov 1937, Bull. Univ.
/// Moscow A 1, 1.
pub fn fisher_kpp(grid: &Grid, diffusivity: f64, rate: f64) -> PdeBuilder {
    Pde::on(grid)
        .parameter("D", diffusivity)
        .parameter("rate", rate)
        .equation("c", "D*laplace(c) + rate*c*(1 - c)")
}
