//! Krylov methods: the solution of a linear system from products of its matrix.

use crate::error::Error;
use crate::solvers::place::Place;
use crate::solvers::vectors::{Vector, Vectors};
use crate::system::solver_options::Krylov;

/// A linear system's matrix, and something near its inverse.
pub(crate) trait Linear {
    /// to ← A·from. Collective.
    fn apply(&mut self, place: &mut Place<'_>, from: Vector, to: Vector) -> Result<(), Error>;

    /// to ← M·from, where M is near the inverse of A. Collective.
    fn precondition(
        &mut self,
        place: &mut Place<'_>,
        from: Vector,
        to: Vector,
    ) -> Result<(), Error>;
}

/// What came of a linear system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Solved {
    pub(crate) iterations: usize,
    /// The norm of the residual, as the iteration knows it.
    pub(crate) residual: f64,
    pub(crate) converged: bool,
}

/// A linear system A·x = b, where x is 0 at first, and b becomes the residual.
pub(crate) struct LinearSystem<'s> {
    pub(crate) vectors: &'s Vectors,
    pub(crate) x: Vector,
    pub(crate) b: Vector,
    /// Vectors to work with, as many as [`work`] says.
    pub(crate) work: &'s [Vector],
    /// The norm of the residual that is asked for.
    pub(crate) tolerance: f64,
    pub(crate) most: usize,
}

/// Whether an iteration comes nearer to its end.
struct Progress {
    first: f64,
    best: f64,
    at: usize,
    highest: f64,
}

impl Progress {
    /// After so many iterations without progress an iteration is given up.
    const PATIENCE: usize = 400;
    /// An iteration whose residual grows by this factor leads away.
    const AWAY: f64 = 1e8;
    /// How much rounding there is in a residual, beside the highest one before it.
    const ROUNDING: f64 = 1e-14;

    fn from(residual: f64) -> Self {
        Progress { first: residual, best: residual, at: 0, highest: residual }
    }

    /// What is sure to be left of a residual that the iteration knows, in which there is rounding of those before it.
    fn surely(&self, residual: f64) -> f64 {
        residual.max(Self::ROUNDING * self.highest)
    }

    fn ends(&mut self, residual: f64, iterations: usize) -> bool {
        self.highest = self.highest.max(residual);
        if residual > Self::AWAY * self.first {
            return true;
        }
        if residual < 0.9 * self.best {
            (self.best, self.at) = (residual, iterations);
        }
        iterations > self.at + Self::PATIENCE
    }
}

/// After how many iterations minimal residuals begin anew.
const RESTART: usize = 30;

/// How many vectors a method works with.
pub(crate) fn work(method: Krylov) -> usize {
    match method {
        Krylov::ConjugateGradients => 3,
        Krylov::BiCgStab => 6,
        Krylov::Gmres => RESTART + 2,
    }
}

impl LinearSystem<'_> {
    /// Solves the system. Collective.
    pub(crate) fn solve(
        &self,
        method: Krylov,
        matrix: &mut dyn Linear,
        place: &mut Place<'_>,
    ) -> Result<Solved, Error> {
        self.vectors.set(place, self.x, 0.0);
        match method {
            Krylov::ConjugateGradients => self.conjugate_gradients(matrix, place),
            Krylov::BiCgStab => self.stabilised(matrix, place),
            Krylov::Gmres => self.minimal_residuals(matrix, place),
        }
    }

    /// Conjugate gradients with a preconditioner that may change from iteration to iteration (Saad 2003,
    /// "Iterative Methods for Sparse Linear Systems", algorithm 9.1, with the factor of Polak and Ribière).
    fn conjugate_gradients(
        &self,
        matrix: &mut dyn Linear,
        place: &mut Place<'_>,
    ) -> Result<Solved, Error> {
        let LinearSystem { vectors, x, b: r, work, tolerance, most } = *self;
        let [z, p, q] = [work[0], work[1], work[2]];
        let mut residual = vectors.norm(place, r)?;
        let (mut iterations, mut before, mut step) = (0, 0.0, 0.0);
        let mut progress = Progress::from(residual);
        while residual > tolerance && iterations < most {
            matrix.precondition(place, r, z)?;
            let rz = match iterations {
                0 => {
                    vectors.copy(place, p, z);
                    vectors.product(place, r, z)?
                }
                _ => {
                    // A cycle is not quite symmetric (Golub & Ye 1999, SIAM J. Sci. Comput. 21, 1305): the change of the
                    // residual, −step·q, counts.
                    let found = vectors.products(place, &[(r, z), (q, z)])?;
                    vectors.scale_and_add(place, p, -step * found[1] / before, z);
                    found[0]
                }
            };
            matrix.apply(place, p, q)?;
            step = rz / vectors.product(place, p, q)?;
            // Where a matrix is not definite, or the preconditioner is not, there is no way down.
            if !(step > 0.0 && step.is_finite()) || rz.signum() == -before.signum() && before != 0.0
            {
                break;
            }
            residual = vectors.advance(place, (x, r), (p, q), step)?;
            (before, iterations) = (rz, iterations + 1);
            if progress.ends(residual, iterations) {
                break;
            }
        }
        Ok(Solved { iterations, residual, converged: residual <= tolerance })
    }

    /// Stabilised biconjugate gradients, preconditioned from the right (van der Vorst 1992, algorithm
    /// Bi-CGSTAB-P). Where they break down they begin anew.
    fn stabilised(&self, matrix: &mut dyn Linear, place: &mut Place<'_>) -> Result<Solved, Error> {
        let LinearSystem { vectors, x, b: r, work, tolerance, most } = *self;
        let [shadow, p, v, t, near, second] =
            [work[0], work[1], work[2], work[3], work[4], work[5]];
        let mut residual = vectors.norm(place, r)?;
        let mut iterations = 0;
        let mut progress = Progress::from(residual);
        let (mut rho, mut alpha, mut omega) = (0.0, 1.0, 1.0);
        let mut begins = true;
        let mut stuck = 0;
        while residual > tolerance && iterations < most && stuck < 3 {
            if begins {
                vectors.copy(place, shadow, r);
            }
            let next = vectors.product(place, shadow, r)?;
            match begins {
                true => vectors.copy(place, p, r),
                false => {
                    let beta = next / rho * (alpha / omega);
                    vectors.add(place, p, -omega, v);
                    vectors.scale_and_add(place, p, beta, r);
                }
            }
            rho = next;
            matrix.precondition(place, p, near)?;
            matrix.apply(place, near, v)?;
            alpha = rho / vectors.product(place, shadow, v)?;
            if !alpha.is_finite() || alpha == 0.0 {
                // A shadow at right angles to what it should see.
                (begins, stuck) = (true, stuck + 1);
                iterations += 1;
                continue;
            }
            vectors.add(place, x, alpha, near);
            vectors.add(place, r, -alpha, v);
            iterations += 1;
            residual = vectors.norm(place, r)?;
            if residual <= tolerance {
                break;
            }
            matrix.precondition(place, r, second)?;
            matrix.apply(place, second, t)?;
            let found = vectors.products(place, &[(t, r), (t, t)])?;
            omega = found[0] / found[1];
            if !omega.is_finite() || omega == 0.0 {
                (begins, stuck) = (true, stuck + 1);
                omega = 1.0;
                continue;
            }
            vectors.add(place, x, omega, second);
            vectors.add(place, r, -omega, t);
            residual = vectors.norm(place, r)?;
            begins = false;
            if residual.is_nan() || progress.ends(residual, iterations) {
                break;
            }
        }
        let residual = progress.surely(residual);
        Ok(Solved { iterations, residual, converged: residual <= tolerance })
    }

    /// Minimal residuals, preconditioned from the right, so that the residual is that of the system itself
    /// (Saad 2003, algorithm 9.5). Vectors are made orthogonal by classical Gram–Schmidt, twice.
    fn minimal_residuals(
        &self,
        matrix: &mut dyn Linear,
        place: &mut Place<'_>,
    ) -> Result<Solved, Error> {
        let LinearSystem { vectors, x, b: r, work, tolerance, most } = *self;
        let (z, basis) = (work[0], &work[1..]);
        let volume = vectors.norm(place, r)?;
        let mut residual = volume;
        let mut iterations = 0;
        while residual > tolerance && iterations < most && residual.is_finite() {
            let begun = residual;
            let length = vectors.product(place, r, r)?.sqrt();
            vectors.copy_scaled(place, basis[0], 1.0 / length, r);
            let mut columns: Vec<Vec<f64>> = Vec::new();
            let mut rotations: Vec<(f64, f64)> = Vec::new();
            let mut right = vec![length];
            while columns.len() < RESTART && iterations < most {
                let k = columns.len();
                matrix.precondition(place, basis[k], z)?;
                matrix.apply(place, z, basis[k + 1])?;
                let mut column = vec![0.0; k + 1];
                for _ in 0..2 {
                    let pairs: Vec<_> = basis[..=k].iter().map(|v| (*v, basis[k + 1])).collect();
                    for (j, part) in vectors.products(place, &pairs)?.into_iter().enumerate() {
                        vectors.add(place, basis[k + 1], -part, basis[j]);
                        column[j] += part;
                    }
                }
                let rest = vectors.product(place, basis[k + 1], basis[k + 1])?.sqrt();
                if rest > 0.0 {
                    vectors.scale(place, basis[k + 1], 1.0 / rest);
                }
                column.push(rest);
                for (j, (c, s)) in rotations.iter().enumerate() {
                    let (above, below) = (column[j], column[j + 1]);
                    (column[j], column[j + 1]) = (c * above + s * below, c * below - s * above);
                }
                let size = (column[k] * column[k] + rest * rest).sqrt();
                let (c, s) = if size > 0.0 { (column[k] / size, rest / size) } else { (1.0, 0.0) };
                (column[k], column[k + 1]) = (size, 0.0);
                right.push(-s * right[k]);
                right[k] *= c;
                rotations.push((c, s));
                columns.push(column);
                iterations += 1;
                residual = begun * (right[k + 1].abs() / length);
                if residual <= tolerance || rest == 0.0 || !residual.is_finite() {
                    break;
                }
            }
            let mut weights = vec![0.0; columns.len()];
            for k in (0..columns.len()).rev() {
                let known: f64 = (k + 1..columns.len()).map(|j| columns[j][k] * weights[j]).sum();
                weights[k] = (right[k] - known) / columns[k][k];
            }
            vectors.copy_scaled(place, basis[RESTART], weights[0], basis[0]);
            for (weight, vector) in weights.iter().zip(basis).skip(1) {
                vectors.add(place, basis[RESTART], *weight, *vector);
            }
            matrix.precondition(place, basis[RESTART], z)?;
            vectors.add(place, x, 1.0, z);
            matrix.apply(place, z, basis[0])?;
            vectors.add(place, r, -1.0, basis[0]);
            residual = vectors.norm(place, r)?;
            if residual > 0.999 * begun {
                break;
            }
        }
        Ok(Solved { iterations, residual, converged: residual <= tolerance })
    }
}
