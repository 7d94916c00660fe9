//! How fast a system changes with its boundary conditions, where these can make it faster than it is
//! inside.
//!
//! The bounds of stability.rs are those of the equations, whose operators see other values beyond a
//! wall. Most conditions mirror values there, which makes nothing faster. Others multiply them: beyond a
//! clamped wall the second ghost cell is 27 times the first cell. The largest eigenvalue is then that of
//! a mode at the wall, and is found by the power method (Golub & Van Loan 2013, "Matrix Computations",
//! 7.3.1), with products by differences of the right-hand sides.

use fluxions_comm::World;
use fluxions_expr::{Expr, Node};
use fluxions_grid::Condition;

use crate::error::Errors;
use crate::schemes::tableau::Tableau;
use crate::simulation::simulation::Simulation;
use crate::system::boundary::array_condition::ArrayCondition;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells of a part of the grid in which products are computed.
const MOST_CELLS: usize = 1 << 14;
/// How many products are computed. Modes at walls stand apart from the others, so that few are needed.
const PRODUCTS: usize = 60;
/// By how much the largest eigenvalue may be larger than what these products find.
const SAFETY: f64 = 1.02;
/// The perturbation, beside the largest magnitude in the state.
const PERTURBATION: f64 = 1e-7;

/// The rate of the fastest mode, per unit of time, where conditions may make it faster than `bound`, that
/// of the equations alone; 0 elsewhere, and where the equations cannot be evaluated beside the initial
/// state.
///
/// # Errors
/// The mistakes in the initial values.
pub(super) fn wall_rate(
    pde: &Pde,
    initial: &[(String, Formula)],
    bound: f64,
) -> Result<f64, Errors> {
    let is_stepped = pde.advected.is_empty() && pde.noise().fields.is_empty();
    if !is_stepped || !has_multiplying_conditions(pde) || bound <= 0.0 || !bound.is_finite() {
        return Ok(0.0);
    }
    let mut fastest: f64 = 0.0;
    let whole = pde.grid().cells() <= MOST_CELLS;
    let places: &[f64] = if whole { &[0.0] } else { &[0.0, 1.0] };
    for place in places {
        let (part, initial) = Shifted::part(pde, initial, MOST_CELLS, *place);
        fastest = fastest.max(by_products(&part, &initial, bound)?);
    }
    Ok(SAFETY * fastest)
}

/// Whether the condition of a field may make values beyond a wall larger than those within.
fn has_multiplying_conditions(pde: &Pde) -> bool {
    let of_field = |field| pde.conditions().of_field(field, pde.types()[field]);
    let sets = (0..pde.fields().len()).filter_map(of_field).flatten();
    let mut faces = sets.flat_map(|set| pde.conditions().of_array(*set).iter().flatten());
    faces.any(|face: &ArrayCondition| match &face.condition {
        Condition::Clamped { .. }
        | Condition::Curvature(_)
        | Condition::NormalCurvature(_)
        | Condition::Open
        | Condition::Absorbing(_)
        | Condition::Function(_) => true,
        Condition::Mixed { coefficient, .. } | Condition::NormalMixed { coefficient, .. } => {
            !matches!(coefficient.node, Node::Number(number) if number >= 0.0) || sees(face)
        }
        _ => sees(face),
    })
}

/// Whether the numbers of a condition depend on fields.
fn sees(face: &ArrayCondition) -> bool {
    let mut own = false;
    for number in face.condition.numbers() {
        number.walk(&mut |part: &Expr| {
            own |= matches!(part.node, Node::AtWall | Node::Mirrored | Node::InCell(_));
        });
    }
    own || face.sees_others
}

/// The rate of the fastest mode of a part of the grid, on one rank.
fn by_products(pde: &Pde, initial: &[(String, Formula)], bound: f64) -> Result<f64, Errors> {
    let world = World::solo();
    // Steps so short that the state hardly changes while products are computed.
    let dt = 1.0 / bound;
    let build = || {
        let builder = Simulation::builder(pde, &world).scheme(Tableau::EULER).dt(dt);
        builder.uncompiled().initials(initial).build()
    };
    let (mut plain, mut perturbed) = (build()?, build()?);
    let arrays = pde.arrays();
    let state: Vec<Vec<f64>> =
        (0..arrays).map(|array| plain.state.view(array).iter().copied().collect()).collect();
    let globals = plain.globals().to_vec();
    let largest = state.iter().flatten().fold(1.0, |most: f64, x| most.max(x.abs()));
    let size = PERTURBATION * largest;
    // Differs from cell to cell, so that it has a share of every mode.
    let mut count = 0u32;
    let mut vector: Vec<Vec<f64>> = state.clone();
    vector.iter_mut().flatten().for_each(|x| {
        count = count.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *x = f64::from(count) / f64::from(u32::MAX) - 0.5;
    });
    let mut rate = 0.0;
    for step in 1..=PRODUCTS {
        let norm = vector.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
        if norm == 0.0 || !norm.is_finite() {
            return Ok(0.0);
        }
        vector.iter_mut().flatten().for_each(|x| *x /= norm);
        let most = vector.iter().flatten().fold(0.0, |most: f64, x| most.max(x.abs()));
        let scale = size / most;
        for array in 0..arrays {
            set(&mut plain, array, state[array].iter().copied());
            let both = state[array].iter().zip(&vector[array]);
            set(&mut perturbed, array, both.map(|(u, v)| u + scale * v));
        }
        for simulation in [&mut plain, &mut perturbed] {
            simulation.state.memory.set_globals(&globals);
            simulation.step_to(step as u64).map_err(Errors::from)?;
        }
        for (array, vector) in vector.iter_mut().enumerate() {
            let (from, to) = (plain.state.view(array), perturbed.state.view(array));
            let both = from.iter().zip(to.iter());
            for (v, (from, to)) in vector.iter_mut().zip(both) {
                *v = ((to - from) / scale - *v) / dt;
            }
        }
        rate = vector.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
    }
    Ok(if rate.is_finite() { rate } else { 0.0 })
}

/// Sets the values of an array of the state.
fn set(simulation: &mut Simulation, array: usize, values: impl Iterator<Item = f64>) {
    simulation.state.view_mut(array).iter_mut().zip(values).for_each(|(to, from)| *to = from);
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::inspect::stability::stable_step;

    fn rate(equation: &str, condition: Condition<Formula>) -> f64 {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 20, Ends::Bounded).build().unwrap();
        let pde = Pde::on(&grid).equation("w", equation).boundary("x", condition).build().unwrap();
        stable_step(&pde, &[("w".into(), "0".into())], &Tableau::EULER).unwrap().rate
    }

    /// The largest eigenvalue of the 20 × 20 matrix with the rows (25, −50/9, 1) and (−2, 53/9, −4, 1),
    /// their mirror images at the other end, and (1, −4, 6, −4, 1) between, found with NumPy.
    const CLAMPED: f64 = 25.736_309_256_666;

    #[test]
    fn a_clamped_wall_makes_the_fastest_mode() {
        let clamped = Condition::Clamped { value: 0.0.into(), derivative: 0.0.into() };
        let found = rate("-laplace(laplace(w))", clamped) / 20f64.powi(4);
        assert!((found / CLAMPED - SAFETY).abs() < 1e-4, "{found}");
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
}
