//! The longest stable step, found in the course of a run.

use crate::error::Error;
use crate::run::executor::Executor;
use crate::schemes::scheme::Scheme;
use crate::schemes::sensitivities::Sensitivities;
use crate::simulation::state::State;

/// How steps follow the longest stable one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableDt {
    /// The length of the first step.
    pub first: f64,
    /// The longest step that is taken, whatever is stable.
    pub most: f64,
    /// By how much modes at walls are faster than the equations alone tell
    /// ([`StableStep::walls`](crate::StableStep::walls)).
    pub walls: f64,
}

/// Finds the longest stable step in a state: that of bounds of the eigenvalues, as
/// [`stable_step`](crate::stable_step) finds it for the initial values.
pub(crate) struct StableLimit {
    sensitivities: Sensitivities,
    executor: Executor,
    /// The rate, per unit of time, of a mode for which a step of 1 is the longest stable one.
    scale: f64,
    /// The longest stable step, once it is known, if it does not change.
    known: Option<f64>,
}

impl StableDt {
    /// The share of the longest stable step that is taken.
    pub const SHARE: f64 = 0.8;
}

impl StableLimit {
    /// For a scheme, with the plan of the sensitivities made ready.
    pub(crate) fn new(
        sensitivities: Sensitivities,
        executor: Executor,
        scheme: &dyn Scheme,
        walls: f64,
    ) -> Self {
        let scale = scheme.limit() / walls;
        StableLimit { sensitivities, executor, scale, known: None }
    }

    /// The longest stable step in a state; infinite where nothing limits it. Collective.
    pub(crate) fn longest(&mut self, state: &mut State, time: f64) -> Result<f64, Error> {
        if let Some(known) = self.known {
            return Ok(known);
        }
        let State { world, block, memory, .. } = state;
        self.executor.run(world, block, memory, time, 0.0)?;
        let results = self.executor.plan().results();
        let rate = self.sensitivities.rate(&self.executor.parameters()[results]);
        // Where it is not a number, the state is not finite, and the next step tells.
        let longest = if rate > 0.0 { self.scale / rate } else { f64::INFINITY };
        self.known = (!self.sensitivities.changes).then_some(longest);
        Ok(longest)
    }
}
