//! Newton's method: steps towards the state in which rates of change are what they should be, each of them
//! the solution of a linear system with the exact Jacobian matrix.

use fluxions_expr::Binary;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::run::counts::Iterations;
use crate::solvers::jacobian::Jacobian;
use crate::solvers::krylov::{Linear, LinearSystem, Solved};
use crate::solvers::place::Place;
use crate::solvers::preconditioner::{Preconditioner, SavedPreconditioner};
use crate::solvers::registers::{Registers, STATE};
use crate::solvers::vectors::{Vector, Vectors, copy_arrays};
use crate::system::solver_options::{Krylov, SolverOptions};

/// How many corrections a stage of an implicit step may take.
const MOST_CORRECTIONS: u64 = 60;
/// By how much the residual has to fall, beside the share of a correction that is taken (Dennis & Schnabel
/// 1996, "Numerical Methods for Unconstrained Optimization and Nonlinear Equations", section 6.3).
pub(crate) const DECREASE: f64 = 1e-4;
/// The forcing terms of inexact corrections: of the first one, and the largest (Eisenstat & Walker 1996, SIAM
/// J. Sci. Comput. 17, 16, choice 2 with γ = 0.9 and α = 1.618).
pub(crate) const FIRST_FORCING: f64 = 0.1;
const FORCING: (f64, f64) = (0.9, 1.618);
/// What may be left of a residual after a correction.
const LEAST_GAIN: f64 = 0.01;
/// How exact the change of unknowns with the state is found.
const RESPONSE: f64 = 1e-10;
/// How much rounding there is in rates, in terms of the largest entry of a row and the state.
pub(crate) const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The error that a solution may have: for each array of the state, absolute and beside its magnitude.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds(pub(crate) Vec<(f64, f64)>);

/// What a solver needs, and what it knows of its equations.
pub(crate) struct Newton {
    pub(crate) jacobian: Jacobian,
    pub(crate) vectors: Vectors,
    pub(crate) preconditioner: Preconditioner,
    pub(crate) registers: Registers,
    pub(crate) options: SolverOptions,
    /// The method for linear systems, once it is chosen.
    method: Option<Krylov>,
    /// The arrays whose rates have an average that does not depend on the state, once that is known.
    pub(super) balanced: Option<Vec<usize>>,
    /// Those of them to which a constant may be added without a change of the rates.
    pub(crate) free: Option<Vec<usize>>,
    /// The time of the state for which the entries of the matrix were found.
    matrix_time: f64,
    pub(crate) iterations: Iterations,
    /// The residual at first and after each correction of the last solution: in a stage beside its bound, else beside
    /// that at first.
    pub(crate) history: Vec<f64>,
    /// After how many iterations a linear system of it was given up, if one was.
    pub(crate) stuck: Option<usize>,
}

/// What a solver has learned of its equations, beside what it can find again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedNewton {
    method: Option<Krylov>,
    balanced: Option<Vec<usize>>,
    free: Option<Vec<usize>>,
    matrix_time: f64,
    preconditioner: SavedPreconditioner,
}

/// Identity·I + factor·J, with something near its inverse.
struct Matrix<'m> {
    jacobian: &'m mut Jacobian,
    preconditioner: &'m mut Preconditioner,
    vectors: &'m Vectors,
    identity: f64,
    factor: f64,
    time: f64,
    /// The arrays to which a constant may be added without a change of the product.
    free: Vec<usize>,
}

impl Linear for Matrix<'_> {
    fn apply(&mut self, place: &mut Place<'_>, from: Vector, to: Vector) -> Result<(), Error> {
        self.jacobian.product(place, self.time, from, to)?;
        let (identity, factor) = (self.identity, self.factor);
        if identity != 0.0 || factor != 1.0 {
            self.vectors.each(place, to, from, |to, from| *to = identity * from + factor * *to);
        }
        Ok(())
    }

    fn precondition(
        &mut self,
        place: &mut Place<'_>,
        from: Vector,
        to: Vector,
    ) -> Result<(), Error> {
        self.preconditioner.apply(place, self.vectors, [from, to], &self.free)?;
        // However large, a constant is no part of the solution, and its products are rounding.
        for k in &self.free {
            self.vectors.remove_average(place, to + k)?;
        }
        Ok(())
    }
}

/// What came of a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Corrected {
    pub(crate) converged: bool,
    /// The last residual beside its bound.
    pub(crate) residual: f64,
}

impl Newton {
    pub(crate) fn new(
        jacobian: Jacobian,
        vectors: Vectors,
        preconditioner: Preconditioner,
        registers: Registers,
        options: SolverOptions,
    ) -> Self {
        Newton {
            jacobian,
            vectors,
            preconditioner,
            registers,
            options,
            method: options.krylov,
            balanced: None,
            free: None,
            matrix_time: 0.0,
            iterations: Iterations::default(),
            history: Vec::new(),
            stuck: None,
        }
    }

    /// Makes the preconditioner of identity·I + factor·J ready, for the state of the last rates. Collective.
    pub(crate) fn prepare(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        matrix: (f64, f64),
    ) -> Result<(), Error> {
        let Newton { jacobian, preconditioner, vectors, registers, matrix_time, .. } = self;
        let work = [registers.correction, registers.to];
        let look =
            |jacobian: &mut Jacobian| preconditioner.look(jacobian, place, vectors, time, work);
        if jacobian.without_response(look)? {
            *matrix_time = time;
            if !jacobian.is_constant {
                let matrix_state = registers.matrix_state.clone();
                copy_arrays(place, matrix_state.start, STATE, matrix_state.len());
            }
        }
        preconditioner.make(place, vectors, matrix)
    }

    /// What is known of the equations, for a run that goes on from here.
    pub(crate) fn save(&self) -> SavedNewton {
        let Newton { method, matrix_time, .. } = *self;
        let (balanced, free) = (self.balanced.clone(), self.free.clone());
        SavedNewton {
            method,
            balanced,
            free,
            matrix_time,
            preconditioner: self.preconditioner.save(),
        }
    }

    /// The arrays that a run needs to go on from here, beside the state.
    pub(crate) fn kept(&self) -> std::ops::Range<usize> {
        if self.jacobian.is_constant { 0..0 } else { self.registers.matrix_state.clone() }
    }

    /// Goes on from what was known, with the arrays of [`kept`](Self::kept) as they were. Collective.
    pub(crate) fn restore(
        &mut self,
        place: &mut Place<'_>,
        saved: SavedNewton,
    ) -> Result<(), Error> {
        let SavedNewton { method, balanced, free, matrix_time, preconditioner } = saved;
        (self.method, self.balanced, self.free) = (method, balanced, free);
        self.matrix_time = matrix_time;
        self.preconditioner.restore(preconditioner);
        if !self.preconditioner.knows_entries() {
            return Ok(());
        }
        let swaps: Vec<(usize, usize)> =
            self.kept().enumerate().map(|(k, matrix_state)| (STATE + k, matrix_state)).collect();
        place.memory.swap_all(&swaps);
        let found = self.find_again(place);
        place.memory.swap_all(&swaps);
        found
    }

    fn find_again(&mut self, place: &mut Place<'_>) -> Result<(), Error> {
        let Newton { jacobian, preconditioner, vectors, registers, matrix_time, .. } = self;
        jacobian.rates(place, *matrix_time)?;
        let work = [registers.correction, registers.to];
        let time = *matrix_time;
        jacobian.without_response(|jacobian| {
            preconditioner.find_again(jacobian, place, vectors, time, work)
        })
    }

    /// Finds the change of the unknowns of these equations that makes up for what is on the right side, for the state of the
    /// last rates, and stores it in arrays from `to` on. Collective.
    pub(crate) fn respond(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        to: usize,
    ) -> Result<(), Error> {
        let right = self.registers.right;
        let free = self.free.clone().unwrap_or_default();
        // What cannot be balanced is no change of them.
        for k in &free {
            self.vectors.remove_average(place, right + k)?;
        }
        let norm = self.vectors.norm(place, right)?;
        self.vectors.set(place, self.registers.correction, 0.0);
        if norm > 0.0 && norm.is_finite() {
            self.prepare(place, time, (0.0, 1.0))?;
            self.linear(place, time, (0.0, 1.0), RESPONSE * norm)?;
        }
        for k in &free {
            self.vectors.remove_average(place, self.registers.correction + k)?;
        }
        self.vectors.copy_scaled(place, to, -1.0, self.registers.correction);
        Ok(())
    }

    /// The largest magnitude of the diagonal of J. Collective.
    pub(crate) fn fastest(&self, place: &Place<'_>) -> Result<f64, Error> {
        let diagonal = |k: usize| [self.preconditioner.diagonal.own(k)];
        self.vectors.largest(place, diagonal, |_, [x]| x.abs())
    }

    /// Solves (identity·I + factor·J)·correction = right, whose diagonal is ready, until the norm of the
    /// residual is this. Collective.
    pub(crate) fn linear(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        (identity, factor): (f64, f64),
        tolerance: f64,
    ) -> Result<Solved, Error> {
        let balanced = match identity {
            0.0 => Vec::new(),
            _ => self.balanced(place, time)?,
        };
        let free = match identity {
            0.0 => self.free.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        let Newton { jacobian, vectors, preconditioner, registers, options, .. } = self;
        let vectors = &*vectors;
        let mut averages = Vec::new();
        for k in &balanced {
            averages.push(vectors.average(place, registers.right + k)? / identity);
        }
        let mut matrix = Matrix { jacobian, preconditioner, vectors, identity, factor, time, free };
        let most = options.max_iterations.unwrap_or(SolverOptions::MAX_ITERATIONS);
        let (right, correction) = (registers.right, registers.correction);
        let system = LinearSystem {
            vectors,
            x: correction,
            b: right,
            work: &registers.work,
            tolerance,
            most,
        };
        let mut by_cycles = None;
        if options.krylov.is_none() && matrix.preconditioner.solves() {
            let (iterations, residual) =
                matrix.preconditioner.solve(place, right, correction, tolerance, most)?;
            let converged = residual <= tolerance;
            if !converged {
                matrix.preconditioner.is_slow();
            }
            by_cycles = Some(Solved { iterations, residual, converged });
        }
        // What was found so far, and what is left of the right side with it.
        let (found, left) = (registers.from, registers.to);
        let solved = match by_cycles {
            Some(solved) if solved.converged => solved,
            before => {
                let method = match self.method {
                    Some(method) => method,
                    None => match is_symmetric(&mut matrix, place, vectors, registers)? {
                        true => Krylov::ConjugateGradients,
                        false => Krylov::BiCgStab,
                    },
                };
                self.method = Some(method);
                // Cycles that lead away are forgotten.
                let first = if before.is_some() { vectors.norm(place, right)? } else { 0.0 };
                let before = before.filter(|solved| solved.residual < first);
                if before.is_some() {
                    matrix.apply(place, correction, left)?;
                    vectors.add(place, right, -1.0, left);
                    vectors.copy(place, found, correction);
                }
                vectors.copy(place, left, right);
                let mut solved = system.solve(method, &mut matrix, place)?;
                let mut iterations = before.map_or(0, |b| b.iterations) + solved.iterations;
                match (solved.converged, before) {
                    (true, Some(_)) => vectors.add(place, correction, 1.0, found),
                    (true, None) => {}
                    (false, _) => {
                        if before.is_none() {
                            vectors.set(place, found, 0.0);
                        }
                        // What is left, by a method for any matrix, and then with other preconditioners.
                        while !solved.converged {
                            if solved.residual <= 0.5 * vectors.norm(place, left)? {
                                vectors.add(place, found, 1.0, correction);
                                vectors.copy(place, left, right);
                            }
                            let other = match self.method {
                                Some(Krylov::ConjugateGradients) if options.krylov.is_none() => {
                                    self.method = Some(Krylov::BiCgStab);
                                    Krylov::BiCgStab
                                }
                                Some(method)
                                    if matrix.preconditioner.retreat(place, vectors)? =>
                                {
                                    method
                                }
                                _ => break,
                            };
                            vectors.copy(place, right, left);
                            solved = system.solve(other, &mut matrix, place)?;
                            iterations += solved.iterations;
                        }
                        if solved.converged {
                            vectors.add(place, correction, 1.0, found);
                        } else {
                            vectors.copy(place, correction, found);
                            let residual = vectors.norm(place, left)?;
                            solved = Solved { residual, ..solved };
                        }
                    }
                }
                Solved { iterations, ..solved }
            }
        };
        // What is kept is kept to rounding, however exact the solution is.
        for (k, average) in balanced.iter().zip(averages) {
            let found = vectors.average(place, registers.correction + k)?;
            vectors.shift_array(place, registers.correction + k, average - found);
        }
        self.iterations.linear += solved.iterations as u64;
        Ok(solved)
    }

    /// The arrays whose rates have the same average in all states near that of the last rates. Collective.
    pub(crate) fn balanced(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
    ) -> Result<Vec<usize>, Error> {
        let all = || (0..self.vectors.arrays).collect();
        let known = self.balanced.clone();
        // What once was not so need not be looked at again.
        let candidates: Vec<usize> = known.clone().unwrap_or_else(all);
        if candidates.is_empty() || (known.is_some() && self.jacobian.is_constant) {
            self.balanced = Some(candidates.clone());
            return Ok(candidates);
        }
        let Registers { from, to, .. } = self.registers;
        self.vectors.set_random(place, from, 3);
        self.jacobian.product(place, time, from, to)?;
        let mut found = Vec::new();
        for k in candidates {
            let [average, magnitude] = self.vectors.averages(place, to + k)?;
            if average.abs() <= 1e-12 * magnitude {
                found.push(k);
            }
        }
        self.balanced = Some(found.clone());
        Ok(found)
    }

    /// Solves u = base + factor·F(u) for the state, which holds a first guess: by Newton's method, and where
    /// this leads away, along the solution of u' = base + factor·F(u) − u in a time of its own, which leads
    /// to a solution that is stable (Kelley & Keyes 1998, SIAM J. Numer. Anal. 35, 508). Collective.
    pub(crate) fn stage(
        &mut self,
        place: &mut Place<'_>,
        base: Vector,
        factor: f64,
        time: f64,
        bounds: &Bounds,
    ) -> Result<Corrected, Error> {
        self.vectors.copy(place, self.registers.before, self.registers.state);
        let mut norm = self.evaluate(place, base, factor, time)?;
        let first = self.residual(place, factor, bounds)?;
        self.begin_history(first);
        if !first.is_finite() {
            return Ok(Corrected { converged: false, residual: first });
        }
        // However slowly a state changes, it does, unless all that is missing is rounding.
        let exact = Bounds(vec![(0.0, 0.0); bounds.0.len()]);
        if first <= 1.0 && self.residual(place, factor, &exact)? <= 1.0 {
            return Ok(Corrected { converged: true, residual: first });
        }
        self.prepare(place, time, (1.0, -factor))?;
        let mut forcing = FIRST_FORCING;
        let (mut residual, mut slowly) = (first, None);
        for _ in 0..MOST_CORRECTIONS {
            // Corrections of I + slowness·I − factor·J follow u' = base + factor·F(u) − u.
            let slowness = slowly.unwrap_or(0.0);
            let matrix = (1.0 + slowness, -factor);
            self.preconditioner.make(place, &self.vectors, matrix)?;
            let before = norm;
            let enough = if slowness > 0.0 { 0.01 } else { 0.1 / residual };
            let forcing_now = if self.jacobian.is_constant { 0.0 } else { forcing };
            let tolerance = norm * forcing_now.max(enough).clamp(1e-14, LEAST_GAIN);
            let solved = self.linear(place, time, matrix, tolerance)?;
            if !solved.converged && solved.residual > 0.5 * norm {
                self.stuck = Some(solved.iterations);
                break;
            }
            self.vectors.add(place, self.registers.state, 1.0, self.registers.correction);
            norm = self.evaluate(place, base, factor, time)?;
            residual = self.residual(place, factor, bounds)?;
            self.history.push(residual);
            self.iterations.nonlinear += 1;
            if residual <= 1.0 {
                return Ok(Corrected { converged: true, residual });
            }
            let comes_near = |most: f64| norm <= most * before;
            match slowly {
                // Newton's method goes astray where it does not come nearer.
                None if !comes_near(1.0) => {
                    self.vectors.copy(place, self.registers.state, self.registers.before);
                    norm = self.evaluate(place, base, factor, time)?;
                    let fastest = self.fastest(place)?;
                    slowly = Some(1.0 + factor.abs() * fastest);
                }
                None => forcing = forcing_term(norm, before).min(FIRST_FORCING),
                Some(slowness) if !comes_near(3.0) => {
                    self.vectors.add(place, self.registers.state, -1.0, self.registers.correction);
                    norm = self.evaluate(place, base, factor, time)?;
                    slowly = Some(10.0 * slowness);
                }
                Some(slowness) => {
                    let next = slowness * (0.5 * norm / before).clamp(0.1, 1.0);
                    slowly = Some(if next < 1e-3 { 0.0 } else { next });
                }
            }
        }
        Ok(Corrected { converged: false, residual })
    }

    /// Forgets the residuals of the solution before.
    pub(crate) fn begin_history(&mut self, first: f64) {
        self.history.clear();
        self.history.push(first);
        self.stuck = None;
    }

    /// Computes what is missing from u = base + factor·F(u), the right side of the next correction. Its norm.
    /// Collective.
    fn evaluate(
        &mut self,
        place: &mut Place<'_>,
        base: Vector,
        factor: f64,
        time: f64,
    ) -> Result<f64, Error> {
        let rates = self.jacobian.rates(place, time)?;
        let right = self.registers.right;
        let others = [(factor, rates), (-1.0, self.registers.state)];
        self.vectors.combine(place, right, (1.0, base), &others);
        // Unknowns are those of the state already.
        self.clear_unknowns(place, right);
        self.vectors.norm(place, right)
    }

    /// Sets what a vector has for unknowns that follow from the state to 0.
    pub(crate) fn clear_unknowns(&self, place: &mut Place<'_>, vector: Vector) {
        for array in self.jacobian.unknowns.clone() {
            self.vectors.set_array(place, vector + array, 0.0);
        }
    }

    /// The largest residual beside its bound. Collective.
    fn residual(&self, place: &Place<'_>, factor: f64, bounds: &Bounds) -> Result<f64, Error> {
        let (right, state) = (self.registers.right, self.registers.state);
        let diagonal = &self.preconditioner.diagonal;
        let arrays = |k: usize| [right + k, state + k, diagonal.own(k)];
        self.vectors.largest(place, arrays, |k, numbers| {
            let [residual, state, own] = numbers.map(f64::abs);
            let (absolute, relative) = bounds.0[k];
            let rounding = ROUNDING * state * (1.0 + factor.abs() * own);
            let bound = absolute + relative * state + rounding;
            if residual == 0.0 { 0.0 } else { residual / bound }
        })
    }
}

/// How exactly a correction is found after one that brought the residual from one norm to another.
pub(crate) fn forcing_term(norm: f64, before: f64) -> f64 {
    FORCING.0 * Binary::Power.eval(norm / before, FORCING.1)
}

/// Whether ⟨x, A·y⟩ = ⟨y, A·x⟩ for two vectors without order. Collective.
fn is_symmetric(
    matrix: &mut Matrix<'_>,
    place: &mut Place<'_>,
    vectors: &Vectors,
    registers: &Registers,
) -> Result<bool, Error> {
    let [x, y, product] = [registers.work[0], registers.work[1], registers.work[2]];
    vectors.set_random(place, x, 1);
    vectors.set_random(place, y, 2);
    matrix.apply(place, y, product)?;
    let first = vectors.products(place, &[(x, product), (product, product), (x, x)])?;
    matrix.apply(place, x, product)?;
    let second = vectors.product(place, y, product)?;
    let scale = (first[1] * first[2]).sqrt();
    Ok((first[0] - second).abs() <= 1e-12 * scale)
}
