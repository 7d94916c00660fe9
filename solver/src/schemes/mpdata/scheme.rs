//! MPDATA as a scheme: the passes of a step, and what is done before the first one.

use crate::plan::plan::{Plan, equations};
use crate::schemes::by_hand::extra;
use crate::schemes::mpdata::courant_fields::CourantFields;
use crate::schemes::mpdata::measures::{FlowRate, Measure};
use crate::schemes::mpdata::step::{Steps, is_nothing};
use crate::schemes::scheme::{BeforeSteps, Scheme};
use crate::schemes::tableau::Tableau;
use crate::system::pde::Pde;
use crate::system::transport::Sources;

/// By which share waves may grow in a step that sources and flows make together, as those of shallow water.
const WAVE_GROWTH: f64 = 1e-4;

/// Transport by MPDATA, with sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MpdataScheme {
    sources: Sources,
}

impl MpdataScheme {
    /// The scheme that integrates sources in this way.
    pub(crate) fn new(sources: Sources) -> Self {
        MpdataScheme { sources }
    }
}

impl Scheme for MpdataScheme {
    fn name(&self) -> &str {
        match self.sources {
            Sources::Symmetric => "symmetric",
            Sources::Euler => "euler",
        }
    }

    fn order(&self) -> usize {
        match self.sources {
            Sources::Symmetric => 2,
            Sources::Euler => 1,
        }
    }

    /// That of an Euler step with the whole source, which the symmetric scheme exceeds.
    fn real_limit(&self) -> f64 {
        Tableau::EULER.real_limit()
    }

    fn imaginary_limit(&self) -> f64 {
        Tableau::EULER.imaginary_limit()
    }

    /// The state, and as many working copies as the array with most passes and sources needs.
    fn registers(&self, pde: &Pde) -> usize {
        let plan = self.step(pde);
        let mut counts = vec![0; plan.arrays()];
        (0..plan.arrays()).for_each(|array| counts[plan.stands_for(array)] += 1);
        counts[..pde.arrays()].iter().copied().max().expect("a system has fields")
    }

    fn kept(&self, pde: &Pde) -> Vec<String> {
        CourantFields::of(pde).kept
    }

    fn step(&self, pde: &Pde) -> Plan {
        let fields = CourantFields::of(pde);
        let mut steps = Steps::new(pde, &fields);
        let sources = equations(pde).iter().any(|source| !is_nothing(source));
        let part = match self.sources {
            Sources::Symmetric => steps.half,
            Sources::Euler => steps.whole,
        };
        steps.plan.count_evaluations(1);
        let found = steps.begin(&fields, sources.then_some(part));
        let courants = steps.store_in_step(&fields, &found);
        steps.advect(&fields, &courants, &found);
        if sources && self.sources == Sources::Symmetric {
            steps.end();
        }
        steps.finish()
    }

    /// Courant numbers that do not change, and those that depend on the fields as they are at the
    /// beginning; then all measures, as results of the plan.
    fn before(&self, pde: &Pde) -> Option<BeforeSteps> {
        let fields = CourantFields::of(pde);
        let mut steps = Steps::new(pde, &fields);
        let courants = steps.store_always(&fields);
        steps.store_earlier(&fields);
        let mut plan = steps.plan;
        let measures = Measure::all(pde, &fields);
        for measure in &measures {
            let pass = measure.pass(pde, &fields, (&courants, &[]));
            let inputs = pass.inputs.iter().map(|array| extra(*array)).collect();
            plan.reduce(pass.kernel, inputs, measure.kind());
        }
        Some(BeforeSteps { plan: plan.finish(), measures })
    }

    /// How fast flows and diffusion are in a state, from the Courant numbers at the faces of cells.
    fn flow(&self, pde: &Pde) -> Option<(Plan, FlowRate)> {
        let fields = CourantFields::of(pde);
        let mut steps = Steps::new(pde, &fields);
        let found = steps.look(&fields);
        let courants = steps.store_in_step(&fields, &found);
        let mut plan = steps.plan;
        let measures = Measure::of_state(&fields);
        for measure in &measures {
            let pass = measure.pass(pde, &fields, (&courants, &found.diffusivities));
            let inputs = pass.inputs.iter().map(|array| extra(*array)).collect();
            plan.reduce(pass.kernel, inputs, measure.kind());
        }
        Some((plan.finish(), FlowRate::new(&fields, &measures)))
    }

    /// Waves at rest, h' = −q, q' = h with the frequency ω, s = ω dt: the flow of h is extrapolated to the middle of the
    /// step, and q receives its source from h by the trapezoidal rule (symmetric) or from the old h (Euler). The
    /// eigenvalues of such a step have magnitudes up to 1 + s⁴/8 or 1 + s²/4, but for higher powers.
    fn wave_limit(&self) -> f64 {
        match self.sources {
            Sources::Symmetric => (8.0 * WAVE_GROWTH).sqrt().sqrt(),
            Sources::Euler => (4.0 * WAVE_GROWTH).sqrt(),
        }
    }
}
