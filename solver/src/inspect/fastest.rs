//! Which of some schemes gets on fastest with a problem, by steps that are tried on a part of its grid.

use fluxions_comm::World;

use crate::error::Errors;
use crate::schemes::choice::SchemeChoice;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells of the part of the grid.
const CELLS: usize = 512;
/// Where it is cut out: 0 at the lower ends of all axes, 1 at the upper ones.
const PLACE: f64 = 0.5;
/// How much work schemes are given at first, in evaluations of the right-hand side; how much at most, and how much where that
/// is little beside the run that is to be expected: this many times the work that was done.
const WORK: f64 = 500.0;
const MOST_WORK: f64 = 16_000.0;
const MOST_WORK_OF_LONG_RUNS: f64 = 256_000.0;
const LONG: f64 = 50.0;
/// What an iteration of a linear system costs beside an evaluation: a product, a preconditioner, sums over the
/// domain and changes of vectors. In docs/SCHEMES.md it is 6 to 20 of them.
const ITERATION: f64 = 10.0;
/// By how much a scheme has to get on faster than those before it to be chosen instead of them.
const CLEARLY: f64 = 1.3;

/// Values of fields, by their names.
type Values = [(String, Formula)];

/// The scheme that gets on fastest with a problem from its initial state, with what fields are set to after each step:
/// that which passes most time by the same work. Of schemes that are about as fast the first is taken. Each comes with the length of its first step. The work
/// is counted and not timed, so that the same scheme is chosen in every run and on every rank.
///
/// Steps are tried on a part of the grid where it is large. All schemes are given the same work, twice as much in each
/// round, until one of them has reached the end. If none does, the second half of their work counts, since steps are
/// often short at first. They remain so for long where modes decay at very different speeds: where all schemes have far to
/// go, the fastest of the implicit ones and the fastest of the others are tried for longer.
///
/// # Errors
/// The mistakes of the first scheme, if no scheme can step the system from these initial values.
pub fn fastest(
    pde: &Pde,
    (initial, after_step): (&Values, &Values),
    schemes: &[(SchemeChoice, f64)],
    (start, end): (f64, f64),
) -> Result<usize, Errors> {
    let (part, initial) = Shifted::part(pde, initial, CELLS, PLACE);
    let (mut trials, mut mistakes): (Vec<(usize, Trial)>, _) = (Vec::new(), None);
    for (number, (scheme, dt)) in schemes.iter().enumerate() {
        match Trial::new(&part, (&initial, after_step), scheme, (start, *dt)) {
            Ok(trial) => trials.push((number, trial)),
            Err(errors) => drop(mistakes.get_or_insert(errors)),
        }
    }
    let mut work = WORK;
    while !trials.iter().any(|(_, trial)| trial.has_come_to(end)) {
        trials.iter_mut().for_each(|(_, trial)| trial.go_on(work, end));
        let left =
            trials.iter().map(|(_, trial)| trial.left(start, end)).fold(f64::INFINITY, f64::min);
        let is_long = left.is_finite() && left > LONG * work;
        work *= 2.0;
        match work {
            work if work <= MOST_WORK => {}
            work if is_long && work <= MOST_WORK_OF_LONG_RUNS => {
                let fastest = [false, true].map(|kind| {
                    let alike = trials.iter().filter(|(_, trial)| trial.is_implicit == kind);
                    let speeds = alike.map(|(number, trial)| (trial.speed(start, end), *number));
                    speeds.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, number)| number)
                });
                trials.retain(|(number, _)| fastest.contains(&Some(*number)));
            }
            _ => break,
        }
    }
    let mut fastest: Option<(usize, f64)> = None;
    for (number, trial) in &trials {
        let speed = trial.speed(start, end);
        if fastest.is_none_or(|(_, best)| speed > CLEARLY * best) {
            fastest = Some((*number, speed));
        }
    }
    match fastest {
        Some((number, _)) => Ok(number),
        None => Err(mistakes.unwrap_or(Errors(Vec::new()))),
    }
}

/// A scheme that is tried.
struct Trial {
    simulation: Simulation,
    is_implicit: bool,
    /// The time and the work when half of the work was done.
    halfway: (f64, f64),
    /// Whether a step could not be made.
    failed: bool,
}

impl Trial {
    fn new(
        part: &Pde,
        (initial, after_step): (&Values, &Values),
        scheme: &SchemeChoice,
        (start, dt): (f64, f64),
    ) -> Result<Self, Errors> {
        let world = World::solo();
        let builder = Simulation::builder(part, &world).scheme(scheme).start(start).dt(dt);
        let mut builder = builder.uncompiled().initials(initial);
        for (field, value) in after_step {
            builder = builder.after_step(field, value.clone());
        }
        let simulation = builder.build()?;
        let is_implicit = scheme.is_implicit();
        Ok(Trial { simulation, is_implicit, halfway: (start, 0.0), failed: false })
    }

    /// Makes steps until so much work is done, or the end is reached.
    fn go_on(&mut self, work: f64, end: f64) {
        while !self.failed && !self.has_come_to(end) && self.work() < work {
            if self.work() < work / 2.0 {
                self.halfway = (self.simulation.time(), self.work());
            }
            self.failed = self.simulation.step().is_err();
        }
    }

    fn has_come_to(&self, end: f64) -> bool {
        !self.failed && self.simulation.time() >= end
    }

    /// The work that was done so far.
    fn work(&self) -> f64 {
        let iterations = self.simulation.iterations().map_or(0, |iterations| iterations.linear);
        self.simulation.evaluations() as f64 + ITERATION * iterations as f64
    }

    /// The work that is left to the end if it goes on as fast as now; without limit for a scheme that failed.
    fn left(&self, start: f64, end: f64) -> f64 {
        (end - self.simulation.time()) / self.speed(start, end)
    }

    /// The time that is passed by a unit of work; none by a scheme that failed.
    fn speed(&self, start: f64, end: f64) -> f64 {
        let time = self.simulation.time();
        match (self.failed, self.has_come_to(end)) {
            (true, _) => 0.0,
            (_, true) => (end - start) / self.work().max(1.0),
            _ => (time - self.halfway.0) / (self.work() - self.halfway.1).max(1.0),
        }
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

    /// Which of tsit5, rkc2 and tr-bdf2 is the fastest.
    fn found(
        builder: PdeBuilder,
        initial: &[(&str, &str)],
        (end, relative): (f64, f64),
    ) -> Result<&'static str, Errors> {
        let pde = builder.build().unwrap();
        let initial: Vec<_> =
            initial.iter().map(|(name, text)| (name.to_string(), Formula::from(*text))).collect();
        let tolerance = Tolerance::new(relative, 0.01 * relative);
        let schemes = [
            SchemeChoice::ErrorControlled(Tableau::TSIT5, tolerance.clone()),
            SchemeChoice::Stabilised(Stabilised::Rkc2, Some(tolerance.clone())),
            SchemeChoice::Implicit(Implicit::TrBdf2, Some(tolerance), SolverOptions::default()),
        ];
        let schemes = schemes.map(|scheme| (scheme, 1e-4 * end));
        let number = fastest(&pde, (&initial, &[]), &schemes, (0.0, end))?;
        Ok(["tsit5", "rkc2", "tr-bdf2"][number])
    }

    fn line(cells: usize) -> PdeBuilder {
        Pde::on(&Grid::cartesian().axis("x", 0.0..1.0, cells, Ends::Bounded).build().unwrap())
    }

    #[test]
    fn each_scheme_is_the_fastest_on_problems_of_its_own() {
        let waves = line(64).equation("u", "v").equation("v", "laplace(u)");
        let pulse = [("u", "exp(-50*(x - 0.5)^2)"), ("v", "0")];
        assert_eq!(found(waves, &pulse, (3.0, 1e-4)).unwrap(), "tsit5");
        let heat = line(200).equation("u", "laplace(u) + sin(t)");
        let heat = heat.boundary("x-", Condition::Value(0.0.into()));
        assert_eq!(found(heat, &[("u", "x")], (1.0, 1e-4)).unwrap(), "rkc2");
        // Relaxation oscillations, from cells of which each has its own transient.
        for equation in ["1e7*((1 - u^2)*v - u)", "1e7*((1 - (u + 1)^2)*v - u - 1)"] {
            let stiff = line(16).equation("u", "v").equation("v", equation);
            let initial = [("u", "2 + x"), ("v", "0.5*cos(2*pi*x)")];
            assert_eq!(found(stiff, &initial, (0.5, 1e-4)).unwrap(), "tr-bdf2");
        }
    }

    /// Small errors want a high order.
    #[test]
    fn the_tolerance_decides() {
        let reaction = || line(16).equation("u", "0.01*laplace(u) + sin(5*t) - u^3");
        assert_eq!(found(reaction(), &[("u", "x")], (5.0, 1e-8)).unwrap(), "tsit5");
    }

    /// Diffusion at speeds that differ by 10⁸ makes steps grow for long, to lengths for which the stages of rkc2 do not do.
    #[test]
    fn long_runs_are_tried_for_longer() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 24, Ends::Bounded);
        let grid = grid.axis("y", 0.0..10.0, 7, Ends::Bounded).build().unwrap();
        let spread = Pde::on(&grid).equation("u", "diffusion(exp(2*y), u) + where(y < 0.3, 1, -1)");
        let spread = spread.boundary("x-", Condition::Value(0.0.into()));
        assert_eq!(
            found(spread, &[("u", "where(x < 0.4, 1, 0)")], (0.3, 1e-4)).unwrap(),
            "tr-bdf2"
        );
    }

    /// What decays at first is held up by what is done after each step, so that it stays as fast.
    #[test]
    fn what_is_done_after_each_step_counts() {
        let pde = line(8).equation("u", "-u").build().unwrap();
        let initial = [("u".to_string(), Formula::from("1"))];
        let schemes = [(SchemeChoice::from(Tableau::EULER), 0.1)];
        let good = [("u".to_string(), Formula::from("max(u, 0.5)"))];
        assert_eq!(fastest(&pde, (&initial, &good), &schemes, (0.0, 1.0)).unwrap(), 0);
        let bad = [("u".to_string(), Formula::from("nothing"))];
        assert!(fastest(&pde, (&initial, &bad), &schemes, (0.0, 1.0)).is_err());
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(found(line(8).equation("u", "u^2"), &[("u", "1/0")], (1.0, 1e-4)).is_err());
    }
}
