//! Where the vectors of a solver lie in the memory of a rank.

use std::ops::Range;

use crate::solvers::diagonal::Diagonal;
use crate::solvers::krylov;
use crate::solvers::vectors::Vector;
use crate::system::pde::Pde;
use crate::system::solver_options::{Krylov, SolverOptions};

/// The first array of the state of a simulation.
pub(crate) const STATE: Vector = 0;

/// Where the vectors of a solver lie.
#[derive(Clone, Debug)]
pub(crate) struct Registers {
    /// What is found: all of the state, or the unknowns in it.
    pub(crate) state: Vector,
    /// The rates, and from and to which products with the Jacobian matrix are computed.
    pub(crate) rates: Vector,
    pub(crate) from: Vector,
    pub(crate) to: Vector,
    /// The right side of a linear system, and its solution.
    pub(crate) right: Vector,
    pub(crate) correction: Vector,
    /// The state before a correction.
    pub(crate) before: Vector,
    pub(crate) work: Vec<Vector>,
    /// The first of the arrays of the diagonal.
    pub(crate) diagonal: usize,
    /// All of the state for which the diagonal was found, where a run may have to find it again.
    pub(crate) matrix_state: Range<usize>,
}

impl Registers {
    /// The names of the arrays for the unknowns beside fields that are stepped, which lie behind the arrays of
    /// all fields; none if there are no such unknowns.
    pub(crate) fn names_of_unknowns(pde: &Pde) -> Vec<String> {
        Self::of_unknowns(pde).map(|(names, _)| names).unwrap_or_default()
    }

    /// The names, and the registers.
    pub(crate) fn of_unknowns(pde: &Pde) -> Option<(Vec<String>, Self)> {
        if !pde.has_constraints() {
            return None;
        }
        let (unknowns, fields) = (pde.unknown_arrays(), pde.array_names());
        let names = &fields[unknowns.clone()];
        let (names, registers) = Self::new(names, &fields, pde.all_arrays(), &pde.solver);
        Some((names, Registers { state: unknowns.start, ..registers }))
    }

    /// The names of the arrays, and the registers if these lie from `first` on. `names` are those of the
    /// arrays of a vector; `matrix_state` are those of the state for which the diagonal was found, if that is kept.
    pub(crate) fn new(
        names: &[String],
        matrix_state: &[String],
        first: usize,
        options: &SolverOptions,
    ) -> (Vec<String>, Self) {
        let n = names.len();
        let work = match options.krylov {
            Some(method) => krylov::work(method),
            None => krylov::work(Krylov::BiCgStab).max(krylov::work(Krylov::ConjugateGradients)),
        };
        let what = ["rate", "vector", "product", "right side", "correction", "former value"];
        let fixed = what.len();
        let mut all: Vec<String> = Vec::new();
        for what in what {
            all.extend(names.iter().map(|name| format!("{what} of {name}")));
        }
        for k in 0..work {
            all.extend(names.iter().map(|name| format!("vector {k} of {name}")));
        }
        let at = |k: usize| first + k * n;
        let registers = Registers {
            rates: at(0),
            state: STATE,
            from: at(1),
            to: at(2),
            right: at(3),
            correction: at(4),
            before: at(5),
            work: (0..work).map(|k| at(fixed + k)).collect(),
            diagonal: at(fixed + work),
            matrix_state: {
                let first = at(fixed + work) + Diagonal::arrays(n);
                first..first + matrix_state.len()
            },
        };
        all.extend((0..Diagonal::arrays(n)).map(|k| format!("diagonal {k}")));
        all.extend(matrix_state.iter().map(|name| format!("{name} of the diagonal")));
        (all, registers)
    }
}
