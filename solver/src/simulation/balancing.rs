//! The state in which rates of change vanish, found instead of steps.

use crate::error::Error;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::solvers::balance::Balance;
use crate::solvers::newton::Newton;
use crate::solvers::number_rates::NumberRates;
use crate::solvers::place::Place;

/// What finds the state in which rates vanish.
pub(crate) struct Balancing {
    pub(super) newton: Newton,
    /// The rates of unknowns without space, if there are any.
    pub(super) numbers: Option<NumberRates>,
    /// Whether the way leads along the solution in time.
    pub(super) steady: bool,
    pub(super) found: Option<Balance>,
}

impl Simulation {
    /// Finds the state in which all rates of change vanish, where that is asked for and was not done yet.
    /// Collective.
    pub(super) fn balance_once(&mut self) -> Result<(), Error> {
        let Some(balancing) = self.balancing.as_mut().filter(|known| known.found.is_none()) else {
            return Ok(());
        };
        let State { pde, world, block, memory, .. } = &mut self.state;
        let names = pde.array_names();
        let mut place = Place { world, block, memory };
        let found = match balancing.steady {
            true => {
                let numbers = balancing.numbers.as_mut();
                balancing.newton.settle(&mut place, self.time, None, true, numbers)
            }
            false => balancing.newton.balance(&mut place, self.time, &names, None),
        };
        self.stepper.counts = balancing.newton.jacobian.counts();
        balancing.found = Some(found?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fluxions_comm::World;
    use fluxions_grid::{Condition, Ends, Geometry, Grid};

    use super::*;
    use crate::schemes::choice::SchemeChoice;
    use crate::system::builder::PdeBuilder;
    use crate::system::pde::Pde;
    use crate::system::solver_options::SolverOptions;

    /// The largest difference of a product from a difference quotient, beside the largest of the numbers.
    fn difference(builder: PdeBuilder, initial: &[(&str, &str)]) -> f64 {
        let pde = builder.build().unwrap();
        let world = World::solo();
        let scheme = SchemeChoice::Elliptic(SolverOptions::default());
        let builder = Simulation::builder(&pde, &world).scheme(scheme);
        let build = initial.iter().fold(builder, |b, (name, value)| b.initial(name, *value));
        let mut simulation = build.build().unwrap();
        let newton = &mut simulation.balancing.as_mut().unwrap().newton;
        let State { world, block, memory, .. } = &mut simulation.state;
        let mut place = Place { world, block, memory };
        let (n, time) = (newton.vectors.arrays, 0.3);
        let [vector, product, state] =
            [newton.registers.work[0], newton.registers.work[1], newton.registers.before];
        let rates = newton.registers.rates;
        newton.vectors.set_random(&mut place, vector, 7);
        newton.jacobian.rates(&mut place, time).unwrap();
        newton.jacobian.product(&mut place, time, vector, product).unwrap();
        newton.vectors.copy(&mut place, state, 0);
        let mut at = |h: f64| {
            newton.vectors.copy(&mut place, 0, state);
            newton.vectors.add(&mut place, 0, h, vector);
            newton.jacobian.rates(&mut place, time).unwrap();
            let of = |k: usize| {
                let layout = place.memory.layout();
                let view = layout.view(place.memory.of_array(k));
                view.iter().copied().collect::<Vec<f64>>()
            };
            let all: Vec<f64> = (0..n).flat_map(|k| of(rates + k)).collect();
            (all, (0..n).flat_map(|k| of(product + k)).collect::<Vec<f64>>())
        };
        let h = 1e-3;
        let [(a, found), (b, _), (c, _), (d, _)] = [h, -h, 2.0 * h, -2.0 * h].map(&mut at);
        let mut difference: f64 = 0.0;
        let largest = found.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
        for k in 0..found.len() {
            let slope = (8.0 * (a[k] - b[k]) - (c[k] - d[k])) / (12.0 * h);
            difference = difference.max((slope - found[k]).abs() / largest);
        }
        difference
    }

    fn grids() -> Vec<Grid> {
        let square = Grid::cartesian().axis("x", 0.0..1.0, 6, Ends::Bounded);
        let ball = Grid::builder(Geometry::Spherical).axis("r", 0.0..1.0, 7, Ends::Bounded);
        let tube = Grid::builder(Geometry::Cylindrical).axis("r", 0.5..1.0, 5, Ends::Bounded);
        let torus = Grid::cartesian().axis("x", 0.0..1.0, 5, Ends::Periodic);
        vec![
            square.clone().build().unwrap(),
            square.axis("y", 0.0..1.0, 5, Ends::Bounded).build().unwrap(),
            ball.build().unwrap(),
            tube.axis("z", 0.0..1.0, 4, Ends::Periodic).build().unwrap(),
            torus.axis("y", 0.0..1.0, 7, Ends::Bounded).build().unwrap(),
        ]
    }

    /// Products are difference quotients, for equations of many kinds on many grids, with conditions that see
    /// the value at the wall, other fields, and the whole domain.
    #[test]
    fn products_are_those_of_difference_quotients() {
        let equations = [
            "laplace(u) - u^3 + exp(-u)*t",
            "diffusion(1 + u^2, u) + u*v",
            "laplace(u^3 - u - 0.01*laplace(u))",
            "gradient_squared(u) - sin(u)*average(u*v)",
            "divergence(u*gradient(v)) + max(u)*0.3 + min(v)",
            "where(u > 1.05, u^2, v)*integral(u^2) + sqrt(abs(u)) + hypot(u, v)",
            "divergence((1 + u)*gradient(u)) + dot(gradient(u), gradient(v))",
        ];
        for grid in grids() {
            let walled = grid.axes().iter().find(|axis| !axis.is_periodic()).unwrap();
            let axis = walled.name().to_string();
            for equation in equations {
                for lower in ["0.5 + t", "-0.1*value^4", "v*average(u) + 0.1*u"] {
                    let seen = if lower.contains("average") { lower } else { "u*v + t" };
                    let pde = Pde::on(&grid)
                        .equation("u", equation)
                        .equation("v", "laplace(v) - u*v")
                        .boundary_of("u", &format!("{axis}+"), Condition::Derivative(lower.into()))
                        .boundary_of("v", &format!("{axis}+"), Condition::Value(seen.into()));
                    let initial = [
                        ("u", "1.1 + 0.1*random_uniform(0, 1)"),
                        ("v", "0.8 + 0.1*random_uniform(0, 1)"),
                    ];
                    let found = difference(pde, &initial);
                    assert!(found < 1e-7, "{equation} with {lower} on {grid:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn products_of_what_is_not_symmetric_are_right_too() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 40, Ends::Bounded).build().unwrap();
        let pde = Pde::on(&grid).equation("u", "0.05*laplace(u) - u*d_dx(u) + 1");
        let pde = pde.boundary("x", Condition::Value(0.0.into()));
        let found = difference(pde, &[("u", "sin(3*x)")]);
        assert!(found < 1e-7, "{found}");
    }
}
