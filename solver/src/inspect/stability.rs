//! The longest stable time step, estimated from the equations.
//!
//! It is that of the bounds of schemes/sensitivities.rs, and of what products of the Jacobian matrix tell beyond
//! these (modes.rs).

use fluxions_comm::World;

use crate::error::{Error, Errors};
use crate::inspect::modes::Modes;
use crate::run::executor::Executor;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::scheme::Scheme;
use crate::schemes::sensitivities::Sensitivities;
use crate::schemes::spectrum::{Spectrum, StabilityLimits};
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
    /// The longest stable step: that which keeps all eigenvalues, as far as they are known, where the scheme is
    /// stable, and in which no more flows out of a cell than is in it. It is infinite where nothing changes.
    /// Where the scheme is unstable for waves that nothing damps, it is that of decay.
    pub longest: f64,
    /// The longest step for modes of this rate that decay.
    pub decaying: f64,
    /// The longest step for modes of this rate that oscillate. It is 0 where the scheme is
    /// unstable for them.
    pub oscillating: f64,
    /// Whether it depends on the state or the time, so that it may change in the course of a run.
    pub changes: bool,
    /// By how much the fastest modes are faster than the bounds of each equation tell, since conditions and the whole
    /// domain act on cells too; below 1 where modes that do not change are known to be slower.
    pub faster: f64,
    /// Whether there are fast waves that nothing damps, which the scheme lets grow whatever the step.
    pub grows: bool,
    /// What limits it.
    pub by: LimitedBy,
}

/// What limits a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// The rates that equations give: of all that is stepped by them, of sources where fields are advected.
    Equations,
    /// The flow that advects fields, or their diffusivity: no more may leave a cell than is in it.
    Flow,
    /// Waves that flows and sources make together, as those of shallow water.
    Waves,
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
        let (longest, decaying, oscillating) = (any, any, any);
        let (rate, changes, faster, grows, by) = (0.0, false, 1.0, false, LimitedBy::Equations);
        return Ok(StableStep { rate, longest, decaying, oscillating, changes, faster, grows, by });
    }
    let limits = StabilityLimits::of(&*scheme);
    let (mut rate, mut longest, mut advected): (f64, f64, f64) = (0.0, f64::INFINITY, 0.0);
    let mut of_waves = f64::INFINITY;
    let mut changes = false;
    let whole = pde.grid().cells() <= MOST_CELLS;
    let places: &[f64] = if whole { &[0.0] } else { &[0.0, 0.5, 1.0] };
    for place in places {
        let (part, initial) = Shifted::part(pde, initial, MOST_CELLS, *place);
        let (spectrum, of_transport, may_change) = bounds(&part, &initial, whole)?;
        rate = rate.max(spectrum.rate);
        longest = longest.min(spectrum.longest(&limits));
        of_waves = of_waves.min(spectrum.longest_for_waves(&limits));
        advected = advected.max(of_transport);
        changes |= may_change;
    }
    let modes = Modes::new(pde, initial, rate)?;
    let faster = modes.as_ref().map_or(1.0, |m| m.faster((rate, longest), changes, &limits));
    let grows = limits.let_waves_grow() && modes.is_some_and(|modes| modes.has_waves());
    rate *= faster.max(1.0);
    let step = StableStep::new(&*scheme, (rate, longest / faster), (advected, of_waves));
    Ok(StableStep { changes, faster, grows, ..step })
}

impl StableStep {
    /// The step of a scheme for equations with this bound of their rates and this longest step, and for a
    /// transport with this bound per unit of time and this longest step for waves.
    fn new(
        scheme: &dyn Scheme,
        (rate, longest): (f64, f64),
        (advected, of_waves): (f64, f64),
    ) -> Self {
        let over = |limit: f64| if rate > 0.0 { limit / rate } else { f64::INFINITY };
        let decaying = over(scheme.real_limit()).min(1.0 / advected);
        let oscillating = over(scheme.imaginary_limit());
        let by = match (1.0 / advected < longest, of_waves <= longest) {
            (true, _) => LimitedBy::Flow,
            (false, true) if of_waves.is_finite() => LimitedBy::Waves,
            _ => LimitedBy::Equations,
        };
        let longest = longest.min(1.0 / advected);
        let (changes, faster, grows) = (true, 1.0, false);
        StableStep { rate, longest, decaying, oscillating, changes, faster, grows, by }
    }

    /// The longest stable step of a scheme in the present state of a simulation that has room for
    /// the plan of its `sensitivities`; of transport what was known before the first step counts.
    /// Collective.
    pub(super) fn in_state(
        sensitivities: &Sensitivities,
        scheme: &dyn Scheme,
        simulation: &mut Simulation,
    ) -> Result<StableStep, Error> {
        let spectrum = spectrum(sensitivities, simulation)?;
        let advected = simulation.measured().rate(simulation.pde(), true);
        let limits = StabilityLimits::of(scheme);
        let (longest, of_waves) = (spectrum.longest(&limits), spectrum.longest_for_waves(&limits));
        Ok(StableStep::new(scheme, (spectrum.rate, longest), (advected, of_waves)))
    }
}

/// Where the eigenvalues of the equations lie and the bound of transport, for the whole grid of `pde`, on one rank,
/// and whether the first may change.
fn bounds(
    pde: &Pde,
    initial: &[(String, Formula)],
    whole: bool,
) -> Result<(Spectrum, f64, bool), Errors> {
    // This step is short enough for any flow.
    const SHORT: f64 = 1e-30;
    let world = World::solo();
    let kept = scheme_for(pde, &SchemeChoice::Usual)?.kept(pde);
    let sensitivities = Sensitivities::new(pde, &kept);
    // The derivatives are evaluated once, and no steps are made: code would take longer to compile.
    let builder = Simulation::builder(pde, &world).dt(SHORT).initials(initial).uncompiled();
    let mut simulation = builder.with_room_for(&sensitivities.plan).build()?;
    let of_equations = spectrum(&sensitivities, &mut simulation).map_err(Errors::from)?;
    let of_transport = simulation.measured().rate(pde, whole);
    Ok((of_equations, of_transport, sensitivities.changes))
}

/// Where the eigenvalues of the equations lie, linearised about the present state of a simulation that has room
/// for the plan. Collective.
fn spectrum(sensitivities: &Sensitivities, simulation: &mut Simulation) -> Result<Spectrum, Error> {
    let results = sensitivities.plan.results();
    let mut executor: Executor = simulation.executor(sensitivities.plan.clone())?;
    simulation.run_beside(&mut executor)?;
    Ok(sensitivities.spectrum(&executor.parameters()[results]))
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

    /// Of one field as of several.
    #[test]
    fn rates_are_found_where_they_are_asked_for() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 8, Ends::Periodic).build().unwrap();
        for (more, expected) in [(None, vec![2.0]), (Some(("v", "3 - v")), vec![2.0, 3.0])] {
            let pde = Pde::on(&grid).equation("u", "laplace(u) - u^2/2");
            let pde = more.into_iter().fold(pde, |pde, (name, text)| pde.equation(name, text));
            let (pde, world) = (pde.build().unwrap(), World::solo());
            for (sensitivities, expected) in [
                (Sensitivities::new(&pde, &[]), vec![0.0; expected.len()]),
                (Sensitivities::with_rates(&pde, &[]), expected),
            ] {
                let builder = Simulation::builder(&pde, &world).scheme(&Tableau::EULER).dt(1.0);
                let builder = builder.initial("u", "2").uncompiled();
                let builder = if more.is_some() { builder.initial("v", "0") } else { builder };
                let builder = builder.with_room_for(&sensitivities.plan);
                let mut simulation = builder.build().unwrap();
                let spectrum = spectrum(&sensitivities, &mut simulation).unwrap();
                assert_eq!(spectrum.rates, expected);
                assert!(sensitivities.stored.is_empty());
            }
        }
    }
}
