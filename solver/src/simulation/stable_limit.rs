//! The longest stable step, found in the course of a run.

use crate::error::Error;
use crate::run::executor::Executor;
use crate::schemes::mpdata::measures::FlowRate;
use crate::schemes::scheme::Scheme;
use crate::schemes::sensitivities::Sensitivities;
use crate::schemes::spectrum::StabilityLimits;
use crate::simulation::clock::Limit;
use crate::simulation::state::State;

/// The length of the step for which flows are measured: so short that its middle is its beginning, and a power of two,
/// so that no digit is lost.
const SHORT: f64 = 1.0 / (1u128 << 100) as f64;

/// How steps follow the longest stable one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableDt {
    /// The length of the first step.
    pub first: f64,
    /// The longest step that is taken, whatever is stable.
    pub most: f64,
    /// By how much the fastest modes are faster than bounds tell
    /// ([`StableStep::faster`](crate::StableStep::faster)).
    pub faster: f64,
}

/// Finds the longest stable step in a state: that of bounds of where the eigenvalues lie, as
/// [`stable_step`](crate::stable_step) finds it for the initial values.
pub(crate) struct StableLimit {
    sensitivities: Sensitivities,
    executor: Executor,
    /// What tells how fast fields are advected, where they are.
    flow: Option<(Executor, FlowRate)>,
    limits: StabilityLimits,
    /// By how much modes are faster than the equations alone tell.
    faster: f64,
    /// What was found, if it does not change.
    known: Option<Limit>,
    /// Whether it changes with the time alone.
    pub(super) timed: bool,
    /// A bound of the magnitude of the eigenvalues in the state for which it was last found.
    pub(super) rate: f64,
    /// The largest magnitude of the rate of each array there.
    pub(super) rates: Vec<f64>,
}

impl StableDt {
    /// The share of the longest stable step that is taken.
    pub const SHARE: f64 = 0.8;
}

impl StableLimit {
    /// For a scheme, with the plans of the sensitivities and of flows made ready.
    pub(crate) fn new(
        (sensitivities, executor): (Sensitivities, Executor),
        flow: Option<(Executor, FlowRate)>,
        scheme: &dyn Scheme,
        faster: f64,
    ) -> Self {
        let limits = StabilityLimits::of(scheme);
        let timed = sensitivities.timed;
        StableLimit {
            sensitivities,
            executor,
            flow,
            limits,
            faster,
            known: None,
            timed,
            rate: 0.0,
            rates: Vec::new(),
        }
    }

    /// The longest stable step in a state. Collective.
    pub(crate) fn find(&mut self, state: &mut State, time: f64) -> Result<Limit, Error> {
        if let Some(known) = self.known {
            return Ok(known);
        }
        let State { world, block, memory, .. } = state;
        self.executor.run(world, block, memory, time, 0.0)?;
        let results = self.executor.plan().results();
        let spectrum = self.sensitivities.spectrum(&self.executor.parameters()[results]);
        let mut longest = spectrum.longest(&self.limits) / self.faster;
        if let Some((flow, rate)) = &mut self.flow {
            flow.run(world, block, memory, time, SHORT)?;
            let results = &flow.parameters()[flow.plan().results()];
            longest = longest.min(1.0 / rate.largest(results, SHORT));
        }
        self.rate = self.faster * spectrum.rate;
        let fixed = !self.sensitivities.changes;
        let limit = Limit { longest, growth: spectrum.growth, fixed };
        self.rates = spectrum.rates;
        self.known = fixed.then_some(limit);
        Ok(limit)
    }
}
