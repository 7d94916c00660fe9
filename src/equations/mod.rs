//! Known equations, each in one line.
//!
//! Every function returns a [`PdeBuilder`](crate::solver::PdeBuilder), to which conditions, noise
//! and further equations can be added before it is built:
//!
//! ```
//! use fluxions::equations;
//! use fluxions::prelude::*;
//!
//! let grid = Grid::cartesian()
//!     .axis("x", 0.0..96.0, 96, Periodic)
//!     .axis("y", 0.0..64.0, 64, Bounded)
//!     .build()?;
//! let mixture = equations::cahn_hilliard(&grid, 1.0)
//!     .boundary_of("c", "y", Condition::Derivative(0.3.into()))
//!     .build()?;
//! assert_eq!(mixture.fields(), ["c"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | function | equation |
//! | --- | --- |
//! | [`allen_cahn`] | ∂c/∂t = M (γ ∇²c − c³ + c) |
//! | [`brusselator`] | ∂u/∂t = D_u ∇²u + a − (1 + b) u + u² v, ∂v/∂t = D_v ∇²v + b u − u² v |
//! | [`burgers`] | ∂u/∂t + (u·∇)u = ν ∇²u |
//! | [`cahn_hilliard`] | ∂c/∂t = ∇²(c³ − c − γ ∇²c) |
//! | [`complex_ginzburg_landau`] | ∂A/∂t = A + (1 + ib) ∇²A − (1 + ic) \|A\|² A |
//! | [`diffusion`] | ∂c/∂t = D ∇²c |
//! | [`fisher_kpp`] | ∂c/∂t = D ∇²c + r c (1 − c) |
//! | [`fitzhugh_nagumo`] | ∂u/∂t = D ∇²u + u − u³/3 − v, ∂v/∂t = ε (u + a − b v) |
//! | [`gray_scott`] | ∂u/∂t = D_u ∇²u − u v² + F (1 − u), ∂v/∂t = D_v ∇²v + u v² − (F + k) v |
//! | [`klein_gordon`] | ∂²u/∂t² = c² ∇²u − m² u |
//! | [`korteweg_de_vries`] | ∂u/∂t + 6 u ∂u/∂x + ∂³u/∂x³ = 0 |
//! | [`kpz`] | ∂h/∂t = ν ∇²h + λ/2 \|∇h\|² |
//! | [`kuramoto_sivashinsky`] | ∂u/∂t = −∇²u − ν ∇⁴u − ½ \|∇u\|² |
//! | [`schrodinger`] | i ∂ψ/∂t = −½ ∇²ψ + V ψ |
//! | [`shallow_water`] | ∂h/∂t + ∇·(h u) = 0, ∂u/∂t + (u·∇)u = −g ∇h + ν ∇²u |
//! | [`sine_gordon`] | ∂²u/∂t² = ∇²u − sin u |
//! | [`swift_hohenberg`] | ∂u/∂t = ε u − (∇² + q₀²)² u + g u² − u³ |
//! | [`wave`] | ∂²u/∂t² = c² ∇²u |
//!
//! They hold on grids of every geometry unless they say otherwise. For each there is a problem file
//! of the same name in examples/, and tests/equations.rs tests it against an exact solution.

mod allen_cahn;
mod brusselator;
mod burgers;
mod cahn_hilliard;
mod complex_ginzburg_landau;
mod diffusion;
mod fisher_kpp;
mod fitzhugh_nagumo;
mod gray_scott;
mod klein_gordon;
mod korteweg_de_vries;
mod kpz;
mod kuramoto_sivashinsky;
mod schrodinger;
mod shallow_water;
mod sine_gordon;
mod swift_hohenberg;
mod wave;

pub use allen_cahn::allen_cahn;
pub use brusselator::brusselator;
pub use burgers::burgers;
pub use cahn_hilliard::cahn_hilliard;
pub use complex_ginzburg_landau::complex_ginzburg_landau;
pub use diffusion::diffusion;
pub use fisher_kpp::fisher_kpp;
pub use fitzhugh_nagumo::fitzhugh_nagumo;
pub use gray_scott::gray_scott;
pub use klein_gordon::klein_gordon;
pub use korteweg_de_vries::korteweg_de_vries;
pub use kpz::kpz;
pub use kuramoto_sivashinsky::kuramoto_sivashinsky;
pub use schrodinger::schrodinger;
pub use shallow_water::shallow_water;
pub use sine_gordon::sine_gordon;
pub use swift_hohenberg::swift_hohenberg;
pub use wave::wave;

use fluxions_grid::{Geometry, Grid};

/// (u·∇)u of the vector field u.
fn convection(grid: &Grid) -> &'static str {
    match grid.geometry() {
        Geometry::Cartesian => "advect(u, u)",
        // Directions change from place to place, which the tensor ∂_j u_i accounts for.
        _ => "dot(vector_gradient(u), u)",
    }
}
