//! Something near the inverse of a matrix made of the Jacobian matrix: multigrid cycles where cells are tied to their
//! neighbours, and else the diagonal.

use fluxions_expr::{Binary, Unary};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::solvers::diagonal::Diagonal;
use crate::solvers::jacobian::Jacobian;
use crate::solvers::multigrid::cycles::Multigrid;
use crate::solvers::multigrid::eliminated::Elimination;
use crate::solvers::place::Place;
use crate::solvers::vectors::{Vector, Vectors};
use crate::system::solver_options::Preconditioning;

/// After how many solutions the entries are found anew, where they change.
const EVERY: u64 = 20;
/// Cells are hardly tied to their neighbours where the ties are less than this beside the identity; where the Laplace
/// operator is applied several times, less than this times the second number for each time but one. The diagonal takes about
/// 30 iterations there, which is what two or three times a cycle cost (measured for the equations of Cahn & Hilliard, Swift &
/// Hohenberg, and phase-field crystals).
const WEAK: (f64, f64) = (4.0, 50.0);

/// What is known of the entries of a Jacobian matrix, and the preconditioner of a matrix made of it.
pub(crate) struct Preconditioner {
    pub(crate) diagonal: Diagonal,
    /// Cycles, where multigrid is made for the equations.
    multigrid: Option<Multigrid>,
    /// Whether they are used at the moment, and whether they are asked for.
    cycles: bool,
    asked: bool,
    /// After how many solutions the entries were found.
    found: Option<u64>,
    solutions: u64,
    ties: Ties,
    /// Whether cycles alone may solve systems: the entries are all there is of the matrix, and the same in all states. Not
    /// where they turned out to be slow.
    alone: bool,
    slow: bool,
    /// For which matrix the preconditioner was made, and for which the cycles.
    made: Option<(f64, f64)>,
    built: Option<(f64, f64)>,
    built_alone: bool,
    /// Which matrices are eliminated, and that for which the preconditioner was made, if it is.
    eliminates: Eliminates,
    eliminated: Option<Elimination>,
}

/// What is known of the entries, beside the entries themselves: what a run needs to find them again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedPreconditioner {
    cycles: bool,
    slow: bool,
    found: Option<u64>,
    solutions: u64,
    made: Option<(f64, f64)>,
    built: Option<(f64, f64)>,
    built_alone: bool,
    eliminates: Eliminates,
}

/// Which matrices are eliminated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Eliminates {
    /// None so far: other ways have led to solutions.
    Untried,
    /// All, since cycles, or else the diagonal, did not help.
    All { cycles: bool },
    /// None, since that did not help, or would take too long.
    Nothing,
}

/// How strong entries of the Jacobian matrix tie a cell to its neighbours, and the numbers of a cell to each
/// other.
#[derive(Clone, Copy, Debug, Default)]
struct Ties {
    neighbours: f64,
    within: f64,
}

impl Preconditioner {
    /// What is asked for, or what is best, if multigrid is made for the equations.
    pub(crate) fn new(
        diagonal: Diagonal,
        multigrid: Option<Multigrid>,
        asked: Option<Preconditioning>,
    ) -> Self {
        Preconditioner {
            diagonal,
            multigrid: multigrid.filter(|_| asked != Some(Preconditioning::Diagonal)),
            cycles: false,
            asked: asked == Some(Preconditioning::Multigrid),
            found: None,
            solutions: 0,
            ties: Ties::default(),
            alone: false,
            slow: false,
            made: None,
            built: None,
            built_alone: false,
            eliminates: Eliminates::Untried,
            eliminated: None,
        }
    }

    /// The bytes of memory that it takes beside the arrays of the simulation, once it is made.
    pub(crate) fn bytes(&self) -> usize {
        self.multigrid.as_ref().map_or(0, Multigrid::bytes)
    }

    /// Finds the entries for the state and time of the last rates, if they may have changed since they were
    /// found: whether that was done. The vectors are overwritten. Collective.
    pub(crate) fn look(
        &mut self,
        jacobian: &mut Jacobian,
        place: &mut Place<'_>,
        vectors: &Vectors,
        time: f64,
        work: [Vector; 2],
    ) -> Result<bool, Error> {
        self.solutions += 1;
        let is_single = self
            .multigrid
            .as_ref()
            .is_some_and(|multigrid| multigrid.arrays() == 1 && multigrid.knows_all_entries());
        self.alone = is_single && jacobian.is_constant && self.diagonal.is_local();
        let is_old = |found: u64| !jacobian.is_constant && self.solutions > found + EVERY;
        if !self.found.is_none_or(is_old) {
            return Ok(false);
        }
        self.find(jacobian, place, vectors, time, work)?;
        self.found = Some(self.solutions);
        (self.made, self.built) = (None, None);
        Ok(true)
    }

    /// Finds the entries for the state and time of the last rates. Collective.
    fn find(
        &mut self,
        jacobian: &mut Jacobian,
        place: &mut Place<'_>,
        vectors: &Vectors,
        time: f64,
        [from, to]: [Vector; 2],
    ) -> Result<(), Error> {
        let Preconditioner { diagonal, multigrid, .. } = self;
        let take = |place: &Place<'_>, number: usize, colour: usize| match multigrid {
            Some(multigrid) => multigrid.take(place, to, number, colour),
            None => Ok(()),
        };
        diagonal.find(jacobian, place, vectors, time, [from, to], take)?;
        if let Some(multigrid) = multigrid {
            find_powers(multigrid, jacobian, place, vectors, time, [from, to])?;
        }
        let neighbours = match multigrid {
            Some(multigrid) => multigrid.gathered(place.world)?,
            None => 0.0,
        };
        let mut within: f64 = 0.0;
        for array in diagonal.ties() {
            within = within.max(vectors.averages(place, array)?[1]);
        }
        self.ties = Ties { neighbours, within };
        Ok(())
    }

    /// What is known, for a run that goes on from here.
    pub(crate) fn save(&self) -> SavedPreconditioner {
        let Preconditioner { cycles, slow, found, solutions, made, built, .. } = *self;
        let Preconditioner { built_alone, eliminates, .. } = *self;
        SavedPreconditioner { cycles, slow, found, solutions, made, built, built_alone, eliminates }
    }

    /// Whether entries were found that are still of use.
    pub(crate) fn knows_entries(&self) -> bool {
        self.found.is_some()
    }

    /// Takes over what was known; the entries are to be found again if they were known.
    pub(crate) fn restore(&mut self, saved: SavedPreconditioner) {
        let SavedPreconditioner { cycles, slow, found, solutions, made, built, .. } = saved;
        self.eliminates = saved.eliminates;
        let built_alone = saved.built_alone;
        (self.cycles, self.slow, self.found, self.solutions) = (cycles, slow, found, solutions);
        (self.made, self.built, self.built_alone) = (made, built, built_alone);
    }

    /// Finds the entries again for the state and time of the last rates, and makes of them what was made.
    /// Collective.
    pub(crate) fn find_again(
        &mut self,
        jacobian: &mut Jacobian,
        place: &mut Place<'_>,
        vectors: &Vectors,
        time: f64,
        work: [Vector; 2],
    ) -> Result<(), Error> {
        self.find(jacobian, place, vectors, time, work)?;
        if let (Some((identity, factor)), Some(multigrid)) = (self.built, &mut self.multigrid) {
            multigrid.build(place.world, (identity, factor), self.built_alone)?;
        }
        if let Some((identity, factor)) = self.made.filter(|_| !self.cycles) {
            match self.eliminates {
                Eliminates::All { .. } => {
                    self.eliminated = self.elimination(place, (identity, factor))?;
                }
                _ => self.diagonal.invert(place, vectors.arrays, identity, factor),
            }
        }
        Ok(())
    }

    /// Makes the preconditioner of identity·I + factor·J. Collective.
    pub(crate) fn make(
        &mut self,
        place: &mut Place<'_>,
        vectors: &Vectors,
        (identity, factor): (f64, f64),
    ) -> Result<(), Error> {
        if self.made == Some((identity, factor)) {
            return Ok(());
        }
        self.made = Some((identity, factor));
        self.eliminated = None;
        if let Eliminates::All { .. } = self.eliminates {
            self.cycles = false;
            self.eliminated = self.elimination(place, (identity, factor))?;
            return Ok(());
        }
        // Where a cell is hardly tied to its neighbours the diagonal does; and cycles know nothing of what
        // ties the numbers of a cell to each other.
        let Ties { neighbours, within } = self.ties;
        let is_uniform = self.multigrid.as_ref().is_some_and(Multigrid::is_uniform);
        let is_tied = factor != 0.0 && neighbours > 0.0;
        let alone = self.alone && is_tied && !self.slow && (identity == 0.0 || is_uniform);
        let times = self.multigrid.as_ref().map_or(1, Multigrid::times);
        let weak = (1..times).fold(WEAK.0, |weak, _| weak * WEAK.1);
        let best = neighbours > within && factor.abs() * neighbours > weak * identity.abs();
        let is_of_use = self.multigrid.as_ref().is_some_and(Multigrid::is_of_use);
        self.cycles = is_of_use && (best || self.asked || alone);
        match self.multigrid.as_mut().filter(|_| self.cycles) {
            Some(multigrid) => {
                // Beside other methods cycles for a matrix nearby do as well, and serve for several lengths of steps.
                let factor = match identity {
                    identity if identity == 0.0 || alone => factor,
                    identity => near(factor / identity) * identity,
                };
                if self.built != Some((identity, factor)) || self.built_alone != alone {
                    multigrid.build(place.world, (identity, factor), alone)?;
                    self.built = Some((identity, factor));
                    self.built_alone = alone;
                }
            }
            None => self.diagonal.invert(place, vectors.arrays, identity, factor),
        }
        Ok(())
    }

    /// Whether cycles alone solve systems with the matrix for which the preconditioner was made.
    pub(crate) fn solves(&self) -> bool {
        self.cycles && self.built_alone && !self.slow && self.made == self.built
    }

    /// Leaves systems to methods that use cycles, since these alone are slow.
    pub(crate) fn is_slow(&mut self) {
        self.slow = true;
    }

    /// to ← the solution for `from` by cycles alone, as far as they lead: how many there were, and the norm of the
    /// residual. Collective.
    pub(crate) fn solve(
        &mut self,
        place: &mut Place<'_>,
        from: Vector,
        to: Vector,
        tolerance: f64,
        most: usize,
    ) -> Result<(usize, f64), Error> {
        match &mut self.multigrid {
            Some(multigrid) => multigrid.solve(place, from, to, tolerance, most),
            None => Ok((0, f64::INFINITY)),
        }
    }

    /// Takes something else for the same matrix, where what was taken did not help: elimination, from now on for all
    /// matrices, and then the diagonal. Whether there is anything left. Collective.
    pub(crate) fn retreat(
        &mut self,
        place: &mut Place<'_>,
        vectors: &Vectors,
    ) -> Result<bool, Error> {
        let Some((identity, factor)) = self.made else { return Ok(false) };
        if self.eliminates == Eliminates::Untried {
            self.eliminated = self.elimination(place, (identity, factor))?;
            if self.eliminated.is_some() {
                self.eliminates = Eliminates::All { cycles: self.cycles };
                self.cycles = false;
                return Ok(true);
            }
        }
        let had_cycles = match self.eliminates {
            Eliminates::All { cycles } => cycles,
            _ => self.cycles,
        };
        self.eliminates = Eliminates::Nothing;
        (self.eliminated, self.cycles) = (None, false);
        if had_cycles {
            self.diagonal.invert(place, vectors.arrays, identity, factor);
        }
        Ok(had_cycles)
    }

    fn elimination(
        &self,
        place: &Place<'_>,
        matrix: (f64, f64),
    ) -> Result<Option<Elimination>, Error> {
        let Some(multigrid) = &self.multigrid else { return Ok(None) };
        multigrid.eliminate(place, matrix, self.diagonal.ties_of_numbers())
    }

    /// Forgets the entries, which have changed.
    pub(crate) fn forget(&mut self) {
        self.found = None;
    }

    /// to ← something near the inverse times `from`. `free` are the arrays to which a constant may be added without a change
    /// of the product. Collective.
    pub(crate) fn apply(
        &mut self,
        place: &mut Place<'_>,
        vectors: &Vectors,
        [from, to]: [Vector; 2],
        free: &[usize],
    ) -> Result<(), Error> {
        if let (Some(eliminated), Some(multigrid)) = (&self.eliminated, &mut self.multigrid) {
            return multigrid.apply_eliminated(place, eliminated, from, to);
        }
        match self.multigrid.as_mut().filter(|_| self.cycles) {
            Some(multigrid) => {
                multigrid.apply(place, from, to, |place, k| match free.contains(&k) {
                    true => vectors.remove_average(place, to + k),
                    false => Ok(()),
                })
            }
            None => {
                self.diagonal.apply(place, vectors.arrays, from, to);
                Ok(())
            }
        }
    }
}

/// Finds by how much powers of the Laplace operator are multiplied, for the state and time of the last rates. Collective.
fn find_powers(
    multigrid: &mut Multigrid,
    jacobian: &mut Jacobian,
    place: &mut Place<'_>,
    vectors: &Vectors,
    time: f64,
    [from, to]: [Vector; 2],
) -> Result<(), Error> {
    for k in multigrid.powers() {
        vectors.set(place, from, 0.0);
        vectors.set_chequered(place, from + k);
        jacobian.product(place, time, from, to)?;
        vectors.multiply_array(place, to + k, from + k);
        let [average, of_squares] = vectors.moments(place, to + k)?;
        let of_chequers = (multigrid.here(place, to + k)?, average);
        vectors.set_array(place, from + k, 1.0);
        jacobian.product(place, time, from, to)?;
        let of_ones = (multigrid.here(place, to + k)?, vectors.average(place, to + k)?);
        multigrid.measure(place.world, k, [of_chequers, of_ones], of_squares)?;
    }
    Ok(())
}

/// The power of √2 that is nearest to a number in magnitude, with its sign.
fn near(factor: f64) -> f64 {
    let halves = (2.0 * Unary::Log2.eval(factor.abs())).round();
    match halves.is_finite() {
        true => Binary::Power.eval(2.0, halves / 2.0).copysign(factor),
        false => factor,
    }
}
