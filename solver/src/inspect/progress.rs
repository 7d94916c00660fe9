//! How fast schemes get on with a problem, by steps that are tried on a part of its grid.

use fluxions_comm::World;
use fluxions_expr::Backend;

use crate::error::Errors;
use crate::run::blocking::options::Blocking;
use crate::schemes::choice::SchemeChoice;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells of the part of the grid.
const CELLS: usize = 1024;
/// Where it is cut out: 0 at the lower ends of all axes, 1 at the upper ones.
const PLACE: f64 = 0.5;
/// When a scheme has shown how fast it is, in evaluations of the right-hand side.
const WORK: f64 = 4000.0;
/// What an iteration of a linear system costs beside an evaluation: a product, a preconditioner, sums over the
/// domain and changes of vectors. In docs/SCHEMES.md it is 4 to 35 of them.
const ITERATION: f64 = 10.0;

/// How fast a scheme gets on with a problem from its initial state: the time that it passes per unit of work, which
/// is that of an evaluation of the right-hand side. The work is counted and not timed, so that it is the same in
/// every run and on every rank.
///
/// Steps are tried, the first of them of the length `dt`, on a part of the grid where it is large. They go on until
/// about 4000 units are spent, or the end is reached.
///
/// # Errors
/// Every mistake in the initial values, or the reason why the scheme cannot step the system.
pub fn progress(
    pde: &Pde,
    initial: &[(String, Formula)],
    scheme: &SchemeChoice,
    (start, end, dt): (f64, f64, f64),
) -> Result<f64, Errors> {
    let part = pde.cropped(CELLS, PLACE);
    let offset = pde.grid().offset_of(part.grid());
    let one_by_one = Blocking { steps: Some(0), stream: Some(false), ..Blocking::default() };
    let world = World::solo();
    let builder = Simulation::builder(&part, &world).scheme(scheme).start(start).dt(dt);
    let builder = builder.backend(Backend::Closures).blocking(one_by_one);
    let initial = Shifted::initial(initial, &offset);
    let builder = initial.into_iter().fold(builder, |b, (name, value)| b.initial(&name, value));
    let mut simulation = builder.build()?;
    let mut work = 0.0;
    while work < WORK && simulation.time() < end {
        // What cannot go on has come as far as it can.
        if simulation.step().is_err() {
            break;
        }
        work = simulation.work();
    }
    Ok((simulation.time().min(end) - start) / work.max(1.0))
}

impl Simulation {
    /// The work that was done so far, in evaluations of the right-hand side.
    fn work(&self) -> f64 {
        let iterations = self.iterations().map_or(0, |iterations| iterations.linear);
        self.evaluations() as f64 + ITERATION * iterations as f64
    }
}

#[cfg(test)]
mod tests {
    use fluxions_grid::{Condition, Ends, Grid};

    use super::*;
    use crate::schemes::implicit::Implicit;
    use crate::schemes::stabilised::Stabilised;
    use crate::schemes::tableau::Tableau;
    use crate::schemes::tolerance::Tolerance;
    use crate::system::builder::PdeBuilder;
    use crate::system::solver_options::SolverOptions;

    /// How fast tsit5, rkc2 and tr-bdf2 are.
    fn speeds(builder: PdeBuilder, initial: &[(&str, &str)], end: f64) -> [f64; 3] {
        let pde = builder.build().unwrap();
        let initial: Vec<_> =
            initial.iter().map(|(name, text)| (name.to_string(), Formula::from(*text))).collect();
        let tolerance = Tolerance::new(1e-4, 1e-6);
        let schemes = [
            SchemeChoice::ErrorControlled(Tableau::TSIT5, tolerance.clone()),
            SchemeChoice::Stabilised(Stabilised::Rkc2, Some(tolerance.clone())),
            SchemeChoice::Implicit(Implicit::TrBdf2, Some(tolerance), SolverOptions::default()),
        ];
        schemes.map(|scheme| progress(&pde, &initial, &scheme, (0.0, end, 1e-4 * end)).unwrap())
    }

    #[test]
    fn each_scheme_is_fast_on_problems_of_its_own() {
        let line = |cells| {
            let grid = Grid::cartesian().axis("x", 0.0..1.0, cells, Ends::Bounded).build().unwrap();
            Pde::on(&grid)
        };
        let waves = line(64).equation("u", "v").equation("v", "laplace(u)");
        let [tsit5, rkc2, implicit] =
            speeds(waves, &[("u", "exp(-50*(x - 0.5)^2)"), ("v", "0")], 3.0);
        assert!(tsit5 > rkc2 && tsit5 > implicit, "{tsit5} {rkc2} {implicit}");
        let heat = line(200).equation("u", "laplace(u) + sin(t)");
        let heat = heat.boundary("x-", Condition::Value(0.0.into()));
        let [tsit5, rkc2, implicit] = speeds(heat, &[("u", "x")], 1.0);
        assert!(rkc2 > 10.0 * tsit5 && rkc2 > implicit, "{tsit5} {rkc2} {implicit}");
        let stiff = line(16).equation("u", "v").equation("v", "1e7*((1 - u^2)*v - u)");
        let [tsit5, rkc2, implicit] = speeds(stiff, &[("u", "2"), ("v", "0")], 0.5);
        assert!(implicit > 3.0 * tsit5 && implicit > 3.0 * rkc2, "{tsit5} {rkc2} {implicit}");
    }

    #[test]
    fn what_cannot_go_on_is_slow_and_what_is_wrong_an_error() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Bounded).build().unwrap();
        let pde = || Pde::on(&grid).equation("u", "u^2");
        let [tsit5, ..] = speeds(pde(), &[("u", "1")], 100.0);
        assert!(tsit5 < 0.1, "{tsit5}");
        let scheme = SchemeChoice::RungeKutta(Tableau::RK4);
        let wrong = [("u".to_string(), Formula::from("1/0"))];
        assert!(progress(&pde().build().unwrap(), &wrong, &scheme, (0.0, 1.0, 0.1)).is_err());
    }
}
