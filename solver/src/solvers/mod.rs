//! Solvers of equations: for a state in which rates of change vanish, or the state at the end of an implicit
//! step. Newton's method, with products of the exact Jacobian matrix, and Krylov methods for its linear systems.

pub(crate) mod balance;
pub(crate) mod block_sums;
pub(crate) mod blocks;
pub(crate) mod colours;
pub(crate) mod constraint;
pub(crate) mod diagonal;
pub(crate) mod eigenvalues;
pub(crate) mod jacobian;
pub(crate) mod krylov;
pub(crate) mod multigrid;
pub(crate) mod newton;
pub(crate) mod number_rates;
pub(crate) mod place;
pub(crate) mod preconditioner;
pub(crate) mod registers;
pub(crate) mod settling;
pub(crate) mod vector_loops;
pub(crate) mod vectors;
pub(crate) mod wide;
