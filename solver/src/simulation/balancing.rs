//! The state in which rates of change vanish, found instead of steps.

use crate::error::Error;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::solvers::balance::Balance;
use crate::solvers::newton::Newton;
use crate::solvers::place::Place;

/// What finds the state in which rates vanish.
pub(crate) struct Balancing {
    pub(super) newton: Newton,
    /// Whether the way leads along the solution in time.
    pub(super) steady: bool,
    pub(super) found: Option<Balance>,
}

impl Simulation {
    /// Finds the state in which all rates of change vanish, where that is asked for and was not done yet.
    /// Collective.
    pub(super) fn balance_once(&mut self) -> Result<(), Error> {
        let Some(balancing) = self.balancing.as_mut().filter(|known| known.found.is_none()) else {
            return Ok(());
        };
        let State { pde, world, block, memory, .. } = &mut self.state;
        let names = pde.array_names();
        let mut place = Place { world, block, memory };
        let found = match balancing.steady {
            true => balancing.newton.settle(&mut place, self.time),
            false => balancing.newton.balance(&mut place, self.time, &names, 0.0, None),
        };
        self.stepper.counts = balancing.newton.jacobian.counts();
        balancing.found = Some(found?);
        Ok(())
    }
}
