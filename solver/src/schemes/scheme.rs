//! What a scheme is: something that makes the plan of a time step, and knows how good that is.

use crate::plan::plan::Plan;
use crate::schemes::mpdata::measures::{FlowRate, Measure};
use crate::schemes::stability::StabilityRegion;
use crate::system::pde::Pde;

/// A time stepping scheme.
pub(crate) trait Scheme {
    /// Its name, as problem files use it.
    fn name(&self) -> &str;

    /// The order of its error in the time step.
    fn order(&self) -> usize;

    /// How far it is stable on the negative real axis: |λ| dt.
    fn real_limit(&self) -> f64;

    /// How far it is stable on the imaginary axis.
    fn imaginary_limit(&self) -> f64;

    /// How far it is stable on both axes, or on the negative real one where it is unstable for
    /// oscillations.
    fn limit(&self) -> f64 {
        match self.imaginary_limit() {
            0.0 => self.real_limit(),
            imaginary => imaginary.min(self.real_limit()),
        }
    }

    /// The region of the left half plane in which it is stable, where more is known of it than these limits.
    fn region(&self) -> Option<StabilityRegion> {
        None
    }

    /// The families of arrays that it needs, the state among them: each has an array for every
    /// array of the state.
    fn registers(&self, pde: &Pde) -> usize;

    /// The weights of the stages in a second result, whose difference from the first estimates the
    /// error of a step; nothing where a scheme has none.
    fn embedded(&self) -> Option<&[f64]> {
        None
    }

    /// The names of the arrays that it keeps between steps. They come after those of all fields.
    fn kept(&self, pde: &Pde) -> Vec<String>;

    /// The plan of a step: from the fields in arrays 0 … n−1 to the same arrays after
    /// [`Plan::swaps`].
    fn step(&self, pde: &Pde) -> Plan;

    /// How many stages a step has that is this share of the longest stable one, where that is not
    /// always the same.
    fn stages(&self, share: f64) -> Option<usize> {
        let _ = share;
        None
    }

    /// The plan of a step with so many stages, where their number is not always the same: on the same
    /// arrays whatever their number.
    fn with_stages(&self, pde: &Pde, stages: usize) -> Plan {
        let _ = stages;
        self.step(pde)
    }

    /// What is computed from a state to which no step has led, for the steps that go on from there.
    fn start(&self, _: &Pde) -> Option<Plan> {
        None
    }

    /// How states within a step are found after it, if they can be.
    fn within(&self, _: &Pde) -> Option<WithinStep> {
        None
    }

    /// How steps are made that have no steps of the same length before them, where that matters.
    fn starting(&self, _: &Pde) -> Option<Starting> {
        None
    }

    /// What is done once, before the first step.
    fn before(&self, _: &Pde) -> Option<BeforeSteps> {
        None
    }

    /// A plan whose results tell how fast fields are advected in a state, where they are.
    fn flow(&self, _: &Pde) -> Option<(Plan, FlowRate)> {
        None
    }

    /// How long a step may be for waves that advected fields make of each other: ω dt.
    fn wave_limit(&self) -> f64 {
        f64::INFINITY
    }
}

/// How a state within a step is found.
pub(crate) struct WithinStep {
    /// The plan for the step that was made last. Its time is the time since the beginning of the step, in
    /// lengths of the step.
    pub(crate) plan: Plan,
    /// The arrays of the state, each with the array in which the plan leaves its value.
    pub(crate) swaps: Vec<(usize, usize)>,
}

/// Steps that have no steps of the same length before them.
pub(crate) struct Starting {
    /// The plan of such a step, on the same arrays as that of the others.
    pub(crate) plan: Plan,
    /// How many there are.
    pub(crate) steps: u64,
}

/// What is done before the first step.
pub(crate) struct BeforeSteps {
    pub(crate) plan: Plan,
    /// What each of the plan's results is.
    pub(crate) measures: Vec<Measure>,
}

/// What is known of a scheme for a system.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SchemeProperties {
    /// Its name, as problem files use it.
    pub name: String,
    /// The order of its error in the time step.
    pub order: usize,
    /// How far it is stable on the negative real axis: |λ| dt.
    pub real_limit: f64,
    /// How far it is stable on the imaginary axis.
    pub imaginary_limit: f64,
    /// How many arrays it needs for each array of the state, this one included.
    pub registers: usize,
    /// Whether it estimates the error of a step.
    pub estimates_error: bool,
}

impl SchemeProperties {
    /// What is known of this scheme.
    pub(crate) fn of(scheme: &dyn Scheme, pde: &Pde) -> Self {
        SchemeProperties {
            name: scheme.name().into(),
            order: scheme.order(),
            real_limit: scheme.real_limit(),
            imaginary_limit: scheme.imaginary_limit(),
            registers: scheme.registers(pde),
            estimates_error: scheme.embedded().is_some(),
        }
    }
}
