//! The longest stable time step, estimated from the equations.
//!
//! It is that of the bounds of schemes/sensitivities.rs, and of modes at walls (wall_rate.rs).

use fluxions_comm::World;

use crate::error::{Error, Errors};
use crate::inspect::wall_rate::wall_rate;
use crate::run::executor::Executor;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::scheme::Scheme;
use crate::schemes::sensitivities::Sensitivities;
use crate::simulation::simulation::Simulation;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::shifted::Shifted;

/// The most cells in which derivatives are evaluated, at each of a few places of a large grid.
const MOST_CELLS: usize = 1 << 18;

/// The longest stable time step of a scheme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableStep {
    /// A bound of the magnitude of the eigenvalues of the linearised equations, per unit of time.
    pub rate: f64,
    /// The longest step that is stable for modes that decay, and in which no more flows out of a
    /// cell than is in it. It is infinite where nothing changes.
    pub decaying: f64,
    /// The longest step that is stable for modes that oscillate. It is 0 where the scheme is
    /// unstable for them.
    pub oscillating: f64,
    /// Whether it depends on the state or the time, so that it may change in the course of a run.
    pub changes: bool,
    /// By how much modes at walls are faster than the equations alone tell; 1 where they are not.
    pub walls: f64,
}

/// Estimates the longest stable step of a scheme, from the initial values.
///
/// # Errors
/// The mistakes in the initial values, or the reason why the scheme cannot step the system.
pub fn stable_step(
    pde: &Pde,
    initial: &[(String, Formula)],
    scheme: impl Into<SchemeChoice>,
) -> Result<StableStep, Errors> {
    let scheme = scheme_for(pde, &scheme.into())?;
    if scheme.real_limit().is_infinite() {
        // Equations are solved, and every step is stable.
        let any = f64::INFINITY;
        let (rate, changes, walls) = (0.0, false, 1.0);
        return Ok(StableStep { rate, decaying: any, oscillating: any, changes, walls });
    }
    let (mut rate, mut advected): (f64, f64) = (0.0, 0.0);
    let mut changes = false;
    let whole = pde.grid().cells() <= MOST_CELLS;
    let places: &[f64] = if whole { &[0.0] } else { &[0.0, 0.5, 1.0] };
    for place in places {
        let (part, initial) = Shifted::part(pde, initial, MOST_CELLS, *place);
        let (of_equations, of_transport, may_change) = bounds(&part, &initial, whole)?;
        (rate, advected) = (rate.max(of_equations), advected.max(of_transport));
        changes |= may_change;
    }
    let walls = if rate > 0.0 { (wall_rate(pde, initial, rate)? / rate).max(1.0) } else { 1.0 };
    let step = StableStep::new(&*scheme, rate * walls, advected);
    Ok(StableStep { changes, walls, ..step })
}

impl StableStep {
    /// The step of a scheme for equations and a transport with these bounds per unit of time.
    fn new(scheme: &dyn Scheme, rate: f64, advected: f64) -> Self {
        let over = |limit: f64| if rate > 0.0 { limit / rate } else { f64::INFINITY };
        let decaying = over(scheme.real_limit()).min(1.0 / advected);
        let oscillating = over(scheme.imaginary_limit());
        StableStep { rate, decaying, oscillating, changes: true, walls: 1.0 }
    }

    /// The longest stable step of a scheme in the present state of a simulation that has room for
    /// the plan of its `sensitivities`; of transport what was known before the first step counts.
    /// Collective.
    pub(super) fn in_state(
        sensitivities: &Sensitivities,
        scheme: &dyn Scheme,
        simulation: &mut Simulation,
    ) -> Result<StableStep, Error> {
        let rate = rate(sensitivities, simulation)?;
        let advected = simulation.measured().rate(simulation.pde(), true);
        Ok(StableStep::new(scheme, rate, advected))
    }
}

/// The bounds of the equations and of transport for the whole grid of `pde`, on one rank, and whether the
/// first may change.
fn bounds(
    pde: &Pde,
    initial: &[(String, Formula)],
    whole: bool,
) -> Result<(f64, f64, bool), Errors> {
    // This step is short enough for any flow.
    const SHORT: f64 = 1e-30;
    let world = World::solo();
    let kept = scheme_for(pde, &SchemeChoice::Usual)?.kept(pde);
    let sensitivities = Sensitivities::new(pde, &kept);
    // The derivatives are evaluated once, and no steps are made: code would take longer to compile.
    let builder = Simulation::builder(pde, &world).dt(SHORT).initials(initial).uncompiled();
    let mut simulation = builder.with_room_for(&sensitivities.plan).build()?;
    let of_equations = rate(&sensitivities, &mut simulation).map_err(Errors::from)?;
    let of_transport = simulation.measured().rate(pde, whole);
    Ok((of_equations, of_transport, sensitivities.changes))
}

/// A bound of the magnitude of the eigenvalues of the equations, linearised about the present state of a
/// simulation that has room for the plan. Collective.
fn rate(sensitivities: &Sensitivities, simulation: &mut Simulation) -> Result<f64, Error> {
    let results = sensitivities.plan.results();
    let mut executor: Executor = simulation.executor(sensitivities.plan.clone())?;
    simulation.run_beside(&mut executor)?;
    Ok(sensitivities.rate(&executor.parameters()[results]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::tableau::Tableau;
    use fluxions_grid::{Ends, Grid};

    fn rate(cells: usize, equations: &[(&str, &str)], initial: &[(&str, &str)]) -> f64 {
        let grid = Grid::cartesian()
            .axis("x", 0.0..1.0, cells, Ends::Periodic)
            .axis("y", 0.0..1.0, cells, Ends::Periodic)
            .build()
            .unwrap();
        let builder = equations.iter().fold(Pde::on(&grid), |b, (f, text)| b.equation(f, *text));
        let pde = builder.build().unwrap();
        let initial: Vec<_> =
            initial.iter().map(|(f, text)| (f.to_string(), Formula::from(*text))).collect();
        stable_step(&pde, &initial, &Tableau::EULER).unwrap().rate
    }

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn diffusion_has_the_rate_of_its_shortest_wave() {
        near(rate(32, &[("u", "0.3*laplace(u)")], &[("u", "1")]), 0.3 * 8.0 * 32.0 * 32.0);
        near(rate(32, &[("u", "0.3*d2_dx2(u)")], &[("u", "1")]), 0.3 * 4.0 * 32.0 * 32.0);
    }

    #[test]
    fn nested_operators_multiply() {
        let lap = 8.0 * 32.0 * 32.0;
        near(rate(32, &[("u", "-laplace(laplace(u))")], &[("u", "1")]), lap * lap);
        let found = rate(32, &[("c", "laplace(c^3 - c - laplace(c))")], &[("c", "0.5")]);
        near(found, lap * (lap - 0.25));
    }

    #[test]
    fn waves_have_their_frequency_though_one_coefficient_is_large() {
        let equations = [("u", "v"), ("v", "9*laplace(u)")];
        near(rate(32, &equations, &[("u", "x"), ("v", "0")]), 3.0 * (8.0f64).sqrt() * 32.0);
    }

    #[test]
    fn the_largest_rate_of_all_cells_counts() {
        near(rate(16, &[("u", "-(1 + 3*x)*u")], &[("u", "1")]), 1.0 + 3.0 * (1.0 - 0.5 / 16.0));
        near(rate(16, &[("u", "-u^2/2")], &[("u", "2 + y")]), 2.0 + 1.0 - 0.5 / 16.0);
        // Where the slope of the root is infinite, it counts as 0.
        near(rate(16, &[("u", "-sqrt(u)")], &[("u", "where(x < 0.5, 0, 4)")]), 0.25);
    }
}
