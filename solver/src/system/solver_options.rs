//! How equations are solved, as far as a user says.

use serde::{Deserialize, Serialize};

/// A Krylov method for linear systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Krylov {
    /// Conjugate gradients, for symmetric matrices (Hestenes & Stiefel 1952, J. Res. Natl. Bur. Stand.
    /// 49, 409).
    ConjugateGradients,
    /// Stabilised biconjugate gradients, for any matrix (van der Vorst 1992, SIAM J. Sci. Stat. Comput.
    /// 13, 631).
    BiCgStab,
    /// Generalised minimal residuals, begun anew every 30 iterations (Saad & Schultz 1986, SIAM J. Sci.
    /// Stat. Comput. 7, 856).
    Gmres,
}

impl Krylov {
    /// All methods.
    pub const ALL: [Krylov; 3] = [Krylov::ConjugateGradients, Krylov::BiCgStab, Krylov::Gmres];

    /// The name in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Krylov::ConjugateGradients => "cg",
            Krylov::BiCgStab => "bicgstab",
            Krylov::Gmres => "gmres",
        }
    }
}

/// What makes linear systems easier for a Krylov method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preconditioning {
    /// A multigrid cycle, where cells see their nearest neighbours only; elsewhere the diagonal.
    Multigrid,
    /// The blocks of the diagonal: how the rates in a cell change with the state of this cell.
    Diagonal,
}

impl Preconditioning {
    /// All of them.
    pub const ALL: [Preconditioning; 2] = [Preconditioning::Multigrid, Preconditioning::Diagonal];

    /// The name in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Preconditioning::Multigrid => "multigrid",
            Preconditioning::Diagonal => "diagonal",
        }
    }
}

/// How equations are solved.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SolverOptions {
    /// The residual of a solution, beside that of the first guess of elliptic problems, and beside the
    /// magnitude of the fields in implicit steps; 1e-10, or a hundredth of the tolerance of the step, if
    /// not given.
    pub tolerance: Option<f64>,
    /// The most iterations of a linear system; 10 000 if not given.
    pub max_iterations: Option<usize>,
    /// The method for linear systems; if not given, conjugate gradients where the matrix is symmetric, else
    /// stabilised biconjugate gradients.
    pub krylov: Option<Krylov>,
    /// What makes linear systems easier; if not given, multigrid cycles where neighbours matter more than what
    /// ties the numbers of a cell to each other, else the diagonal.
    pub preconditioner: Option<Preconditioning>,
    /// Whether an elliptic problem without a solution is solved as well as it can be: what is in excess is
    /// taken away from everywhere.
    pub project: bool,
}

impl SolverOptions {
    /// The tolerance if none is given, and none follows from that of the step.
    pub const TOLERANCE: f64 = 1e-10;
    /// The most iterations of a linear system if nothing else is given.
    pub const MAX_ITERATIONS: usize = 10_000;
}
