//! Multigrid: corrections on coarser and coarser grids, each of which smooths what is smooth on the grid before
//! (Trottenberg, Oosterlee & Schüller 2001, "Multigrid").
//!
//! The matrix is known by its entries, which products with vectors of ones tell, so that every geometry,
//! coefficient and condition is in it. Coarse matrices are R·A·P, where R takes the mean of cells by their volumes,
//! and P interpolates linearly; so they have the nearest neighbours only, and are those of the same equation on
//! the coarse grid (Wesseling 1988, Appl. Numer. Math. 4, 425; the orders of R and P are 1 and 2, more than 2
//! together). Rows of cells with the same entries share them (entries.rs): where coefficients are the same
//! everywhere, a matrix is small enough for the caches, and coarse ones are made of a few kinds of rows. In a row the
//! cells of a colour lie side by side (level.rs), so that they are computed together.
//!
//! Where the matrix is all there is, and the same in all states, cycles alone solve a system, from a first guess found on
//! coarser grids; or over-relaxation, where cells are weakly tied to their neighbours (hierarchy.rs). Otherwise a cycle is
//! the preconditioner of a Krylov method.
//!
//! For equations of fourth order two cycles for a matrix of nearest neighbours do (laplacian.rs).
//!
//! The finest grids are cut into slabs of layers, one for each rank, where the domain is; coarse ones are known to
//! every rank, which all do the same. What is done in a cell does not depend on the order of cells, so the result
//! does not depend on the ranks.

pub(crate) mod coarsening;
pub(crate) mod cycles;
pub(crate) mod direct;
pub(crate) mod eliminated;
mod elimination;
mod entries;
mod gather;
pub(crate) mod hierarchy;
mod laplacian;
pub(crate) mod level;
mod probes;
mod rests;
pub(crate) mod slab;
mod smoothing;
mod stencils;
mod transfer;
mod work;
