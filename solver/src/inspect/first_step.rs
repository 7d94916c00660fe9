//! The length of the first step of a scheme that controls its error.

use fluxions_comm::World;
use fluxions_expr::Binary;

use crate::error::Errors;
use crate::schemes::tableau::Tableau;
use crate::schemes::tolerance::Tolerance;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells of the part of a large grid that is looked at, in its middle.
const CELLS: usize = 1 << 18;
/// How far the first step may lead, beside the tolerance.
const SHARE: f64 = 0.01;
/// A step that is tried where the state or its rate is next to nothing, and what counts as such.
const TINY: (f64, f64) = (1e-6, 1e-5);

/// The length of a first step by which a scheme of this order stays within the tolerance, as far as two evaluations
/// of the right-hand side tell (Hairer, Nørsett & Wanner 1993, "Solving Ordinary Differential Equations I", II.4,
/// "Starting Step Size", in the maximum norm). It is infinite where nothing changes. `short` is a step that is short
/// enough for Euler's scheme.
///
/// # Errors
/// Every mistake in the initial values, or the reason why Euler's scheme cannot step the system.
pub fn first_step(
    pde: &Pde,
    initial: &[(String, Formula)],
    (tolerance, order): (&Tolerance, usize),
    (start, short): (f64, f64),
) -> Result<f64, Errors> {
    let (part, initial) = Shifted::part(pde, initial, CELLS, 0.5);
    let world = World::solo();
    // The states before and after so many steps of Euler's scheme; fewer where one is not finite.
    let states = |dt: f64, steps: usize| -> Result<Vec<State>, Errors> {
        let builder = Simulation::builder(&part, &world).scheme(Tableau::EULER).start(start).dt(dt);
        let mut simulation = builder.uncompiled().initials(&initial).build()?;
        let mut states = vec![numbers(&simulation)];
        while states.len() <= steps && simulation.step().is_ok() {
            states.push(numbers(&simulation));
        }
        Ok(states)
    };
    let [before, after] = &states(short, 1)?[..] else { return Ok(short) };
    let bounds = Bounds::new(pde, tolerance, before);
    let first = slope(before, after, short);
    let (size, rate) = (bounds.norm(before), bounds.norm(&first));
    if rate == 0.0 {
        return Ok(f64::INFINITY);
    }
    let (tiny, next_to_nothing) = TINY;
    let is_tiny = size < next_to_nothing || rate < next_to_nothing;
    let tried = if is_tiny { tiny } else { SHARE * size / rate };
    let [_, after, later] = &states(tried, 2)?[..] else { return Ok(tried) };
    let bend = bounds.norm(&slope(&first, &slope(after, later, tried), tried));
    let found = Binary::Power.eval(SHARE / rate.max(bend), 1.0 / (order + 1) as f64);
    Ok(found.min(100.0 * tried))
}

/// The numbers of each array of the state.
type State = Vec<Vec<f64>>;

fn numbers(simulation: &Simulation) -> State {
    let arrays = 0..simulation.pde().arrays();
    arrays.map(|array| simulation.state.view(array).iter().copied().collect()).collect()
}

/// (after − before)/dt
fn slope(before: &State, after: &State, dt: f64) -> State {
    let of_array = |(before, after): (&Vec<f64>, &Vec<f64>)| {
        before.iter().zip(after).map(|(before, after)| (after - before) / dt).collect()
    };
    before.iter().zip(after).map(of_array).collect()
}

/// How large an error may be in each cell, for each array of the state.
struct Bounds(State);

impl Bounds {
    fn new(pde: &Pde, tolerance: &Tolerance, state: &State) -> Self {
        let of_array = |(array, numbers): (usize, &Vec<f64>)| {
            let field =
                (0..pde.fields().len()).find(|field| pde.arrays_of(*field).contains(&array));
            let name = field.map_or("", |field| &pde.fields()[field]);
            let bounds = tolerance.of(name);
            numbers.iter().map(|x| bounds.absolute + bounds.relative * x.abs()).collect()
        };
        Bounds(state.iter().enumerate().map(of_array).collect())
    }

    /// The largest number beside its bound.
    fn norm(&self, numbers: &State) -> f64 {
        let both = numbers.iter().flatten().zip(self.0.iter().flatten());
        both.fold(0.0, |largest, (x, bound)| largest.max((x / bound).abs()))
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Ends, Grid};

    use super::*;

    fn found(equation: &str, initial: &str, order: usize) -> f64 {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        let pde = Pde::on(&grid).equation("u", equation).build().unwrap();
        let initial = [("u".to_string(), Formula::from(initial))];
        let tolerance = Tolerance::new(1e-4, 1e-6);
        first_step(&pde, &initial, (&tolerance, order), (0.0, 1e-9)).unwrap()
    }

    #[test]
    fn it_is_the_time_in_which_the_state_changes_by_a_little() {
        // u' = −λu: d_1 = λ/1e-4, d_2 = λ²/1e-4.
        for rate in [1.0f64, 1e3, 1e6] {
            let step = found(&format!("-{rate}*u"), "1", 2);
            let expected = (0.01 / (rate.powi(2) / 1.01e-4)).powf(1.0 / 3.0);
            assert!((step / expected - 1.0).abs() < 0.05, "{rate}: {step} {expected}");
        }
    }

    #[test]
    fn what_is_at_rest_has_no_first_step_and_what_begins_at_0_a_short_one() {
        assert_eq!(found("0*u", "1", 2), f64::INFINITY);
        let step = found("1", "0", 4);
        assert!((1e-6..=1e-4).contains(&step), "{step}");
    }
}
