//! Steps that end where rates jump or bend as functions of the time. Whatever such a step evaluates lies on one side.

use crate::simulation::clock::Step;
use crate::simulation::simulation::Simulation;
use crate::system::switches::Switches;

/// How far from a switch is safely on one side of it, beside the time: what rounding does to the time of a stage, and to what
/// is compared with it, is less.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

impl Simulation {
    /// The next step. One that follows a tolerance ends where a rate jumps or bends, at the latest; its beginning and end
    /// are moved away from such times there, by rounding, and what is known from the step before is forgotten at one.
    pub(super) fn next_step(&mut self) -> Step {
        let expected = "there are steps before the end";
        let step = self.clock.next().expect(expected);
        let Some(switches) = &self.switches else { return step };
        // Beyond the step, since a clock makes two equal steps of a long and a short one.
        let (after, until) = (step.from + margin(step.from, step.dt), step.from + 2.0 * step.dt);
        if let Some(first) = switches.first(after, until, step.dt) {
            let due = self.trackers.next_time(self.steps).filter(|_| !self.looks_within);
            self.clock.expect(Some(due.map_or(first, |due| due.min(first))));
        }
        let step = self.clock.next().expect(expected);
        let (begins, moved) = moved(switches, step);
        if begins {
            self.forget_slopes();
        }
        moved
    }
}

/// How far from a time within a step of this length is safely on one side of it.
fn margin(time: f64, dt: f64) -> f64 {
    ROUNDING * time.abs().max(dt)
}

/// Whether a step begins at a switch, and the step with its ends moved away from switches there.
fn moved(switches: &Switches, step: Step) -> (bool, Step) {
    let [from, to] = [step.from, step.to].map(|time| margin(time, step.dt));
    let begins = switches.is_near(step.from, from);
    let ends = switches.is_near(step.to, to);
    let lost = if begins { from } else { 0.0 } + if ends { to } else { 0.0 };
    if 4.0 * lost >= step.dt {
        // The step is rounding itself.
        return (begins, step);
    }
    let start = if begins { step.from + from } else { step.from };
    (begins, Step { from: start, dt: step.dt - lost, to: step.to })
}
