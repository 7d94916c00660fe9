//! What it took to come to a state.

use serde::{Deserialize, Serialize};

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

/// What is counted beside steps, and was found on the way to a state: plain data that is stored with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// How often right-hand sides were evaluated.
    pub evaluations: u64,
    /// What it took to solve equations.
    pub iterations: Iterations,
    /// The bound of the eigenvalues as it was last found; 0 where none is known.
    pub spectral_radius: f64,
}

/// What was counted by another run before this one went on from its state, beyond what this one had counted by then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    evaluations: u64,
    iterations: Iterations,
}

impl Before {
    /// The counts of both runs, given those of this one. Differences may be negative: they wrap around.
    fn with(self, evaluations: u64, iterations: Iterations) -> (u64, Iterations) {
        let Iterations { nonlinear, linear } = self.iterations;
        let iterations = Iterations {
            nonlinear: nonlinear.wrapping_add(iterations.nonlinear),
            linear: linear.wrapping_add(iterations.linear),
        };
        (self.evaluations.wrapping_add(evaluations), iterations)
    }
}

impl Simulation {
    /// What it took to come to the present state, with what was done before the run went on from a checkpoint.
    pub fn effort(&self) -> Effort {
        let Spent { evaluations, iterations, spectral_radius } = self.spent();
        Effort {
            steps: self.steps,
            rejected: self.clock.rejected(),
            dt: self.clock.dt(),
            evaluations,
            iterations: self.iterations().map(|_| iterations),
            spectral_radius: self.limit.as_ref().map(|_| spectral_radius),
        }
    }

    pub(super) fn spent(&self) -> Spent {
        let own = self.iterations().unwrap_or_default();
        let (evaluations, iterations) = self.before.with(self.evaluations(), own);
        let spectral_radius = self.limit.as_ref().map_or(0.0, |limit| limit.rate);
        Spent { evaluations, iterations, spectral_radius }
    }

    /// Goes on counting from what was spent by another run. What this one has done to take over its state does not count.
    pub(super) fn go_on_from(&mut self, spent: &Spent) {
        let own = self.iterations().unwrap_or_default();
        let Iterations { nonlinear, linear } = spent.iterations;
        self.before = Before {
            evaluations: spent.evaluations.wrapping_sub(self.evaluations()),
            iterations: Iterations {
                nonlinear: nonlinear.wrapping_sub(own.nonlinear),
                linear: linear.wrapping_sub(own.linear),
            },
        };
        if let Some(limit) = &mut self.limit {
            limit.rate = spent.spectral_radius;
        }
    }
}
