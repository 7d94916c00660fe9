//! What it took to come to a state.

use crate::run::counts::Iterations;
use crate::simulation::simulation::Simulation;

/// What the steps to a state took. The same on all ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Steps that were made.
    pub steps: u64,
    /// Steps that were rejected and made anew.
    pub rejected: u64,
    /// The length of the next step.
    pub dt: f64,
    /// How often right-hand sides were evaluated.
    pub evaluations: u64,
    /// What it took to solve equations, where any are solved.
    pub iterations: Option<Iterations>,
    /// A bound of the magnitude of the eigenvalues of the linearised equations, per unit of time, as it was last found;
    /// where steps follow it.
    pub spectral_radius: Option<f64>,
}

impl Simulation {
    /// What it took to come to the present state.
    pub fn effort(&self) -> Effort {
        Effort {
            steps: self.steps,
            rejected: self.clock.rejected(),
            dt: self.clock.dt(),
            evaluations: self.evaluations(),
            iterations: self.iterations(),
            spectral_radius: self.limit.as_ref().map(|limit| limit.rate),
        }
    }
}
