//! What a run did before a number was no longer finite. Its last states are not kept, so it is made
//! again, up to the last finite state.

use fluxions_comm::Combine;

use crate::error::{Error, Errors};
use crate::inspect::cause::{Cause, cause_in_state, with_room_to_search};
use crate::inspect::stability::StableStep;
use crate::schemes::choice::{SchemeChoice, scheme_for};
use crate::schemes::sensitivities::Sensitivities;
use crate::simulation::builder::SimulationBuilder;
use crate::simulation::simulation::Simulation;
use crate::system::pde::Pde;

/// A field has run away where it rose by more than this factor.
const RUNAWAY: f64 = 10.0;

/// What a run did before a number was no longer finite.
#[derive(Clone, Debug, PartialEq)]
pub struct BeforeFailure {
    /// The time and the number of steps of the last state before the field that grew most ran away,
    /// that is, before it rose to more than ten times the magnitude from which it began to rise.
    pub calm: (f64, u64),
    /// The longest stable step in that state.
    pub stable: StableStep,
    /// The time and the number of steps of the last finite state.
    pub last: (f64, u64),
    /// What grew most from the one state to the other, if anything ran away.
    pub growth: Option<Growth>,
    /// What is not finite in the equations in the last finite state, if anything is.
    pub cause: Option<Cause>,
}

/// How the largest magnitude of an array of a field (such as `u`, `v.x` or `re psi`) grew.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The name of the array.
    pub array: String,
    /// Its largest magnitudes before and after.
    pub magnitudes: [f64; 2],
    /// Its least value before.
    pub least: f64,
}

/// What a run did before the first number was no longer finite, which was found after `step` steps,
/// at least 2. `builder` makes the simulation anew. Takes up to twice as long as the run.
/// Collective.
///
/// # Errors
/// If the simulation cannot be built or stepped again, or another rank has failed.
pub fn before_failure<'b>(
    pde: &Pde,
    scheme: &SchemeChoice,
    builder: impl Fn() -> SimulationBuilder<'b>,
    step: u64,
) -> Result<BeforeFailure, Errors> {
    let scheme = scheme_for(pde, scheme)?;
    let kept = scheme.kept(pde);
    let mut simulation = with_room_to_search(pde, &kept, builder()).build()?;
    let mut rises: Vec<Rise> = magnitudes(&simulation)?.into_iter().map(Rise::new).collect();
    while simulation.steps() < step - 1 {
        simulation.step_to(simulation.steps() + 1)?;
        for (rise, now) in rises.iter_mut().zip(magnitudes(&simulation)?) {
            rise.note(simulation.steps(), now);
        }
    }
    let last = (simulation.time(), simulation.steps());
    let cause = cause_in_state(pde, kept.clone(), &mut simulation)?;
    drop(simulation);

    let most = (0..rises.len()).max_by(|a, b| rises[*a].factor().total_cmp(&rises[*b].factor()));
    let most = most.expect("a system has fields");
    let sensitivities = Sensitivities::new(pde, &kept);
    let mut simulation = builder().with_room_for(&sensitivities.plan).build()?;
    simulation.step_to(rises[most].calm.0)?;
    let stable = StableStep::in_state(&sensitivities, &*scheme, &mut simulation)?;
    let calm = (simulation.time(), simulation.steps());
    let least = simulation.state.view(most).iter().fold(f64::INFINITY, |least, x| least.min(*x));
    let least = simulation.state.world.min(least)?;
    let growth = (rises[most].factor() > RUNAWAY).then(|| Growth {
        array: pde.array_names()[most].clone(),
        magnitudes: [rises[most].calm.1, rises[most].now],
        least,
    });
    Ok(BeforeFailure { calm, stable, last, growth, cause })
}

/// The rise of the largest magnitude of an array since it was last low.
struct Rise {
    /// The magnitude from which it rises, the largest one since then, and the present one.
    from: f64,
    most: f64,
    now: f64,
    /// The last step at which it had not yet run away, with the magnitude then.
    calm: (u64, f64),
}

impl Rise {
    fn new(magnitude: f64) -> Self {
        Rise { from: magnitude, most: magnitude, now: magnitude, calm: (0, magnitude) }
    }

    /// Takes note of the magnitude after a step.
    fn note(&mut self, step: u64, now: f64) {
        // Rises have small dips.
        if now < self.most / 2.0 || self.from == 0.0 {
            (self.from, self.most) = (now, now);
        }
        (self.most, self.now) = (self.most.max(now), now);
        if now <= RUNAWAY * self.from {
            self.calm = (step, now);
        }
    }

    /// By how much it has risen since it was calm.
    fn factor(&self) -> f64 {
        self.now / self.calm.1.max(f64::MIN_POSITIVE)
    }
}

/// The largest magnitude of each array of the fields. Collective.
fn magnitudes(simulation: &Simulation) -> Result<Vec<f64>, Error> {
    let state = &simulation.state;
    let largest = |array| state.view(array).iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    // Numbers that are not negative are in the order of their bits.
    let mut bits: Vec<i64> =
        (0..state.pde.arrays()).map(|array| largest(array).to_bits() as i64).collect();
    state.world.combine(Combine::Max, &mut bits)?;
    Ok(bits.into_iter().map(|bits| f64::from_bits(bits as u64)).collect())
}

#[cfg(test)]
mod tests {
    use fluxions_comm::threads::run as on_threads;
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::schemes::tableau::Tableau;

    /// The failing step of a run, and what comes before it, the same on 1 to 3 ranks.
    fn found(equations: &[(&str, &str)], initial: &str, dt: f64) -> (u64, BeforeFailure) {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 12, Ends::Periodic).build().unwrap();
        let builder = equations.iter().fold(Pde::on(&grid), |b, (f, text)| b.equation(f, *text));
        let pde = builder.build().unwrap();
        let scheme: SchemeChoice = Tableau::EULER.into();
        let mut all = Vec::new();
        for ranks in 1..=3 {
            let on = |world: &fluxions_comm::World| {
                let builder = || {
                    let builder = Simulation::builder(&pde, world).scheme(&scheme).dt(dt);
                    equations.iter().fold(builder, |b, (field, _)| b.initial(field, initial))
                };
                let error = builder().build().unwrap().run_until(1e6 * dt).unwrap_err();
                let Error::NotFinite { step, .. } = error else { panic!("{error}") };
                let before = before_failure(&pde, &scheme, builder, step).unwrap();
                Ok::<_, Error>((step, before))
            };
            all.extend(on_threads(ranks, on).unwrap());
        }
        let texts: Vec<String> = all.iter().map(|found| format!("{found:?}")).collect();
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        all.swap_remove(0)
    }

    #[test]
    fn the_field_that_ran_away_is_named_with_the_step_that_its_state_allows() {
        // The decay of v becomes too fast for the step when u, which grows with time, is 20.
        let equations = [("u", "10"), ("v", "1 - u*v")];
        let (step, before) = found(&equations, "1", 0.1);
        let growth = before.growth.clone().unwrap();
        assert_eq!(growth.array, "v");
        assert!(growth.magnitudes[1] > 1e100, "{growth:?}");
        assert_eq!(before.last.1, step - 1);
        let (time, steps) = before.calm;
        assert!((time - 0.1 * steps as f64).abs() < 1e-9);
        // In that state u = 1 + 10 t, and the limit of Euler's scheme is 2/u, or less.
        assert!((1.9..5.0).contains(&time), "{before:?}");
        let limit = 2.0 / (1.0 + 10.0 * time);
        assert!((0.5 * limit..1.01 * limit).contains(&before.stable.decaying), "{before:?}");
        assert!(growth.magnitudes[0] < 20.0, "{growth:?}");
        assert!(growth.least > 0.0 && growth.least <= growth.magnitudes[0], "{growth:?}");
    }

    #[test]
    fn an_operation_that_fails_in_the_midst_of_a_run_is_found() {
        let (_, before) = found(&[("u", "-1 + 0*log(u)")], "0.55", 0.1);
        assert_eq!(before.growth, None);
        assert!(before.cause.unwrap().operation.unwrap().starts_with("log(-0.0"));
    }
}
