//! The outer eigenvalues of the linearised equations, from products of the exact Jacobian matrix.
//!
//! The bounds of schemes/spectrum.rs are those of the equations, whose operators see other values beyond a wall, and of
//! one array at a time. What conditions do, what the whole domain does to each cell, and what fields do to each other
//! is known to the products: conditions may multiply values (beyond a clamped wall the second ghost cell is 27 times
//! the first cell), and the largest eigenvalue is then that of a mode at the wall. Unknowns of [solve] follow the fields
//! that are stepped and act on them, as a stream function on the vorticity at walls. Arnoldi's method finds such
//! eigenvalues first (Saad 2011, "Numerical Methods for Large Eigenvalue Problems", 6.2): those of a small matrix made
//! of the vector and its products.

use fluxions_comm::World;
use num_complex::Complex64;

use crate::error::{Error, Errors};
use crate::schemes::choice::SchemeChoice;
use crate::schemes::implicit::Implicit;
use crate::schemes::spectrum::StabilityLimits;
use crate::schemes::tableau::Tableau;
use crate::simulation::simulation::Simulation;
use crate::solvers::eigenvalues::eigenvalues;
use crate::solvers::jacobian::{Jacobian, JacobianPlans};
use crate::solvers::newton::Newton;
use crate::solvers::place::Place;
use crate::solvers::registers::Registers;
use crate::solvers::vectors::Vectors;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells of a part of the grid in which products are computed.
const MOST_CELLS: usize = 1 << 12;
/// How many products are computed.
const PRODUCTS: usize = 40;
/// By how much the largest eigenvalue may be larger than what these products find, and one that does not stand apart
/// from the others.
const SAFETY: (f64, f64) = (1.02, 1.05);
/// What is this much faster than bounds tell is so for a reason.
const BEYOND: f64 = 1.005;

/// Outer eigenvalues of the equations.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Modes {
    /// Their real and imaginary parts, those with a negative imaginary part left out.
    values: Vec<(f64, f64)>,
    /// Whether they are those of the whole system.
    whole: bool,
}

impl Modes {
    /// Those of a system in its initial state, in a few parts of a large grid; nothing where the equations alone do not
    /// tell how the state changes. `rate` is a bound of their magnitude, but for what conditions do.
    ///
    /// # Errors
    /// The mistakes in the initial values.
    pub(super) fn new(
        pde: &Pde,
        initial: &[(String, Formula)],
        rate: f64,
    ) -> Result<Option<Self>, Errors> {
        if !pde.advected.is_empty() || rate.is_nan() || rate <= 0.0 || rate.is_infinite() {
            return Ok(None);
        }
        let whole = pde.grid().cells() <= MOST_CELLS;
        let places: &[f64] = if whole { &[0.0] } else { &[0.0, 1.0] };
        let mut values = Vec::new();
        for place in places {
            let (part, initial) = Shifted::part(pde, initial, MOST_CELLS, *place);
            let found = match of_part(&part, &initial, rate) {
                // Why unknowns cannot be found in a part of the grid need not hold for the whole.
                Err(_) if pde.has_constraints() && !whole => None,
                found => found?,
            };
            match found {
                Some(found) => values.extend(found),
                None => return Ok(None),
            }
        }
        // Unknowns without space have modes of their own.
        Ok(Some(Modes { values, whole: whole && pde.globals().is_empty() }))
    }

    /// By how much the fastest modes are faster than bounds tell, of which these are the largest rate and the longest
    /// step; below 1 where modes that do not change are known to be slower.
    pub(super) fn faster(
        &self,
        (rate, longest): (f64, f64),
        changes: bool,
        limits: &StabilityLimits,
    ) -> f64 {
        let (isolated, dense) = SAFETY;
        let faster = (self.rate() / rate).max(longest / self.longest(limits));
        if faster > BEYOND {
            return isolated * faster;
        }
        // What lies between eigenvalues matters most where waves decay slowly, and is not known well enough there.
        match changes || !self.whole || limits.let_waves_grow() {
            true => 1.0,
            false => (dense * longest / self.as_if_decaying().longest_within(limits)).min(1.0),
        }
    }

    /// The same with modes that decay as fast as these grow. No step is unstable for what grows, but steps have to follow it.
    fn as_if_decaying(&self) -> Self {
        let values = self.values.iter().map(|(x, y)| (-x.abs(), *y)).collect();
        Modes { values, ..*self }
    }

    /// Whether there are fast waves among them that hardly decay.
    pub(super) fn has_waves(&self) -> bool {
        let fast = 0.1 * self.rate();
        self.values.iter().any(|(x, y)| x.hypot(*y) > fast && *y > 100.0 * x.abs())
    }

    /// The largest magnitude.
    fn rate(&self) -> f64 {
        self.values.iter().map(|(x, y)| x.hypot(*y)).fold(0.0, f64::max)
    }

    /// The longest step that is stable for these eigenvalues.
    fn longest(&self, limits: &StabilityLimits) -> f64 {
        let all = self.values.iter().map(|value| limits.for_eigenvalue(*value));
        all.fold(f64::INFINITY, f64::min)
    }

    /// The longest step that is stable for all that lies between these eigenvalues and 0.
    fn longest_within(&self, limits: &StabilityLimits) -> f64 {
        const PIECES: usize = 8;
        let hull = self.hull();
        let mut longest = self.longest(limits);
        for ends in hull.windows(2) {
            for k in 1..PIECES {
                let share = k as f64 / PIECES as f64;
                let at = |a: f64, b: f64| (1.0 - share) * a + share * b;
                let between = (at(ends[0].0, ends[1].0), at(ends[0].1, ends[1].1));
                longest = longest.min(limits.for_eigenvalue(between));
            }
        }
        longest
    }

    /// The upper side of the convex hull of the eigenvalues and 0, from left to right (Andrew 1979, Inf. Process.
    /// Lett. 9, 216).
    fn hull(&self) -> Vec<(f64, f64)> {
        let mut all = self.values.clone();
        all.push((0.0, 0.0));
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut hull: Vec<(f64, f64)> = Vec::new();
        for (x, y) in all {
            while let [.., a, b] = hull[..] {
                if (b.0 - a.0) * (y - a.1) < (b.1 - a.1) * (x - a.0) {
                    break;
                }
                hull.pop();
            }
            hull.push((x, y));
        }
        hull
    }
}

/// What computes products of the Jacobian matrix in the initial state of a simulation.
struct Products {
    simulation: Simulation,
    jacobian: Jacobian,
    vectors: Vectors,
    registers: Registers,
}

impl Products {
    /// Those of a system in its initial state, on one rank; nothing where there are none.
    fn new(
        pde: &Pde,
        initial: &[(String, Formula)],
        rate: f64,
        world: &World,
    ) -> Result<Option<Self>, Errors> {
        // No steps are made.
        let builder = Simulation::builder(pde, world).dt(1.0 / rate).uncompiled().initials(initial);
        if pde.has_constraints() {
            // A scheme that solves for all rates knows how unknowns follow.
            let scheme = SchemeChoice::Implicit(Implicit::BackwardEuler, None, pde.solver);
            let mut simulation = builder.scheme(scheme).build()?;
            let products = simulation.take_newton().map(|newton| {
                let Newton { jacobian, vectors, registers, .. } = newton;
                Products { simulation, jacobian, vectors, registers }
            });
            return Ok(products);
        }
        let names = pde.array_names();
        let (names, registers) = Registers::new(&names, &[], pde.all_arrays(), &pde.solver);
        let plans = JacobianPlans::of_rates(pde, &names, &registers);
        let builder = builder.scheme(Tableau::EULER).with_room_for(&plans.rates);
        let simulation = builder.with_room_for(&plans.product.plan).build()?;
        let rates = simulation.executor(plans.rates.clone())?;
        let product = simulation.executor(plans.product.plan.clone())?;
        let jacobian = Jacobian::new(&plans, rates, product);
        let state = &simulation.state;
        let vectors = Vectors::new(pde.grid(), &state.decomposition, &state.block, pde.arrays());
        Ok(Some(Products { simulation, jacobian, vectors, registers }))
    }
}

/// The outer eigenvalues of a part of the grid, on one rank; nothing where products are not finite.
fn of_part(
    pde: &Pde,
    initial: &[(String, Formula)],
    rate: f64,
) -> Result<Option<Vec<(f64, f64)>>, Errors> {
    let (world, n) = (World::solo(), pde.arrays());
    let Some(products) = Products::new(pde, initial, rate, &world)? else { return Ok(None) };
    let Products { mut simulation, mut jacobian, vectors, registers } = products;
    let time = simulation.time();
    let state = &mut simulation.state;
    let mut place = Place { world: &state.world, block: &state.block, memory: &mut state.memory };
    jacobian.rates(&mut place, time)?;
    let Registers { from, to, .. } = registers;
    vectors.set_random(&mut place, from, 4);
    let read = |place: &Place<'_>, first: usize| {
        let mut numbers = Vec::new();
        let layout = place.memory.layout();
        for array in first..first + n {
            let values = place.memory.of_array(array);
            layout.rows(&layout.domain(), |start, cells| {
                numbers.extend_from_slice(&values[start..][..cells]);
            });
        }
        numbers
    };
    let write = |place: &mut Place<'_>, first: usize, numbers: &[f64]| {
        let layout = place.memory.layout();
        let mut rest = numbers;
        for array in first..first + n {
            let values = place.memory.of_array_mut(array);
            layout.rows(&layout.domain(), |start, cells| {
                let (row, others) = rest.split_at(cells);
                values[start..][..cells].copy_from_slice(row);
                rest = others;
            });
        }
    };
    let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut basis = vec![read(&place, from)];
    let first = norm(&basis[0]);
    basis[0].iter_mut().for_each(|x| *x /= first);
    let most = PRODUCTS.min(basis[0].len());
    let mut rows = vec![vec![0.0; most]; most + 1];
    let mut count = most;
    for k in 0..most {
        write(&mut place, from, &basis[k]);
        match jacobian.product(&mut place, time, from, to) {
            // Unknowns whose response cannot be found tell nothing.
            Err(Error::NotSolved { .. }) => return Ok(None),
            found => found?,
        }
        let mut next = read(&place, to);
        let before = norm(&next);
        for (row, vector) in basis.iter().enumerate() {
            let share: f64 = vector.iter().zip(&next).map(|(a, b)| a * b).sum();
            rows[row][k] = share;
            next.iter_mut().zip(vector).for_each(|(x, v)| *x -= share * v);
        }
        let rest = norm(&next);
        if !rest.is_finite() {
            return Ok(None);
        }
        if rest <= 1e-10 * before || rest == 0.0 {
            // What was found is all that the vector is made of.
            count = k + 1;
            break;
        }
        rows[k + 1][k] = rest;
        next.iter_mut().for_each(|x| *x /= rest);
        basis.push(next);
    }
    let small: Vec<Vec<f64>> = rows[..count].iter().map(|row| row[..count].to_vec()).collect();
    let found = eigenvalues(&small);
    let upper = |all: Vec<Complex64>| {
        // Of a pair both are found to rounding only.
        all.into_iter().map(|z| (z.re, z.im.abs())).collect()
    };
    Ok(found.map(upper))
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Condition, Ends, Grid};

    use super::*;
    use crate::inspect::stability::{StableStep, stable_step};

    fn step(equation: &str, condition: Condition<Formula>) -> StableStep {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 20, Ends::Bounded).build().unwrap();
        let pde = Pde::on(&grid).equation("w", equation).boundary("x", condition).build().unwrap();
        stable_step(&pde, &[("w".into(), "0".into())], &Tableau::EULER).unwrap()
    }

    fn rate(equation: &str, condition: Condition<Formula>) -> f64 {
        step(equation, condition).rate
    }

    /// The largest eigenvalue of the 20 × 20 matrix with the rows (25, −50/9, 1) and (−2, 53/9, −4, 1),
    /// their mirror images at the other end, and (1, −4, 6, −4, 1) between, found with NumPy.
    const CLAMPED: f64 = 25.736_309_256_666;

    #[test]
    fn a_clamped_wall_makes_the_fastest_mode() {
        let clamped = Condition::Clamped { value: 0.0.into(), derivative: 0.0.into() };
        let found = step("-laplace(laplace(w))", clamped);
        let rate_in_cells = found.rate / 20f64.powi(4);
        assert!((rate_in_cells / CLAMPED - SAFETY.0).abs() < 1e-4, "{found:?}");
        assert!((found.longest * found.rate - 2.0).abs() < 1e-9, "{found:?}");
        let supported = Condition::Supported { value: 0.0.into(), curvature: 0.0.into() };
        let found = rate("-laplace(laplace(w))", supported) / 20f64.powi(4);
        assert!((found - 16.0).abs() < 1e-9, "{found}");
    }

    /// A wall that gives back what the cell has: the ghost cell is (1 + 50 dx) times the first cell,
    /// so that the fastest mode grows or decays at the wall.
    #[test]
    fn a_wall_that_multiplies_is_noticed() {
        let steep = Condition::Derivative("400*cell".into());
        assert!(rate("laplace(w)", steep) > 1.5 * 4.0 * 400.0);
        let even = Condition::Derivative(0.0.into());
        assert!((rate("laplace(w)", even) - 4.0 * 400.0).abs() < 1e-6);
    }

    /// What the average of the domain does to each cell: the eigenvalue of constant states is −1 − 500.
    #[test]
    fn what_the_whole_domain_does_is_noticed() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 20, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("w", "-w - 500*average(w)").build().unwrap();
        let step = stable_step(&pde, &[("w".into(), "1".into())], &Tableau::EULER).unwrap();
        assert!((step.longest * 501.0 * SAFETY.0 - 2.0).abs() < 1e-6, "{step:?}");
    }

    /// Where fields act on each other and nothing changes, eigenvalues are sharper than bounds: −1 and −4 here, where
    /// bounds see 1 + 2·√2 + ….
    #[test]
    fn modes_of_linear_systems_are_sharper_than_bounds() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 20, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "-8*u + 9*v").equation("v", "-4*u + 4*v");
        let pde = pde.build().unwrap();
        let initial = [("u".into(), "1".into()), ("v".into(), "1".into())];
        // A double eigenvalue of −2, of which a step may be 1, and bounds of −12.
        let step = stable_step(&pde, &initial, &Tableau::RK4).unwrap();
        assert!((0.8..1.5).contains(&step.longest) && step.rate > 10.0, "{step:?}");
    }
}
