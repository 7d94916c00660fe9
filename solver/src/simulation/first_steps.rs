//! Steps of multistep schemes that have no steps of the same length before them.

use crate::plan::plan::Plan;
use crate::run::executor::Executor;
use crate::simulation::simulation::Simulation;

/// Lengths of steps that differ by no more than this share are the same but for rounding.
const ROUNDING: f64 = 1e-9;

/// What makes the first steps of a multistep scheme, and those after a change of their length.
pub(super) struct FirstSteps {
    /// The plan that is not used at the moment: that of first steps, or that of the others.
    other: Executor,
    /// Whether the one that is used is that of first steps.
    in_use: bool,
    /// How many first steps there are.
    count: u64,
    /// The number of steps before those of the present length, and that length; not a number where the present
    /// state is not what a step has led to.
    since: u64,
    dt: f64,
}

impl FirstSteps {
    /// So many steps by a plan.
    pub(super) fn new(plan: Executor, count: u64) -> Self {
        FirstSteps { other: plan, in_use: false, count, since: 0, dt: f64::NAN }
    }

    /// The number of steps before those of the present length, and that length.
    pub(super) fn save(&self) -> (u64, f64) {
        (self.since, self.dt)
    }

    /// Goes on from there.
    pub(super) fn restore(&mut self, (since, dt): (u64, f64)) {
        (self.since, self.dt) = (since, dt);
    }

    /// The plan that is not used at the moment.
    pub(super) fn other_plan(&self) -> &Plan {
        self.other.plan()
    }

    /// Takes note that the present state is not what the last step has led to.
    pub(super) fn forget(&mut self) {
        self.dt = f64::NAN;
    }
}

impl Simulation {
    /// Makes the plan ready by which a multistep scheme makes a step of this length.
    pub(super) fn choose_first_step(&mut self, dt: f64) {
        let Some(first) = &mut self.first_steps else { return };
        let is_same = (first.dt - dt).abs() <= ROUNDING * dt;
        if !is_same {
            (first.since, first.dt) = (self.steps, dt);
        }
        let wanted = self.steps < first.since + first.count;
        if wanted != first.in_use {
            first.other.counts = self.stepper.counts;
            std::mem::swap(&mut first.other, &mut self.stepper);
            first.in_use = wanted;
        }
    }
}
