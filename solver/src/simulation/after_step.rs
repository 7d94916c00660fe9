//! What is done to the state after each step.

use fluxions_comm::Combine;

use crate::error::Error;
use crate::run::executor::Executor;
use crate::run::memory::Memory;
use crate::run::random_rows::rows;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::system::origin::Origin;

/// What changes the state after each step.
pub(super) struct AfterStep {
    /// Computes the new values, which are in place when arrays have changed places.
    pub(super) change: Executor,
    /// What follows from a change, one after the other.
    pub(super) then: Vec<Executor>,
}

impl Simulation {
    /// Changes the state that a step has led to, where that is asked for. Collective.
    pub(super) fn change_after_step(&mut self) -> Result<(), Error> {
        let Some(AfterStep { change, then }) = &mut self.after_step else { return Ok(()) };
        let State { pde, world, block, memory, .. } = &mut self.state;
        change.run(world, block, memory, self.time, 0.0)?;
        let pairs = change.plan().swaps();
        // The first array whose new values are not finite, and whether any value is another one.
        let is_bad = |(_, new): &(usize, usize)| !all(block, memory, *new, |x, _| x.is_finite());
        let bad = pairs.iter().position(is_bad);
        let is_same = |(old, new): &(usize, usize)| {
            let old = memory.of_array(*old);
            all(block, memory, *new, |x, at| x == old[at])
        };
        let mut found =
            [bad.map_or(i64::MAX, |pair| pair as i64), i64::from(pairs.iter().all(is_same))];
        world.combine(Combine::Min, &mut found)?;
        if let Some((array, _)) = pairs.get(found[0] as usize) {
            let field = (0..pde.fields().len()).find(|field| pde.arrays_of(*field).contains(array));
            let field =
                pde.fields()[field.expect("arrays that change are those of fields")].clone();
            let (origin, time, step) = (Origin::AfterStep(field.clone()), self.time, self.steps);
            return Err(Error::ChangeNotFinite { origin, field, time, step });
        }
        if found[1] == 1 {
            return Ok(());
        }
        memory.swap_all(pairs);
        for executor in then {
            executor.run(world, block, memory, self.time, 0.0)?;
        }
        // What is known of the end of the step is that of another state.
        if let Some(dense) = &mut self.dense {
            dense.knows_slopes = false;
        }
        if let Some(implicit) = &mut self.implicit {
            implicit.forget();
        }
        Ok(())
    }
}

/// Whether something holds for all numbers of an array in the block, each given with its place.
fn all(
    block: &fluxions_halo::Subdomain,
    memory: &Memory,
    array: usize,
    holds: impl Fn(f64, usize) -> bool,
) -> bool {
    let (layout, numbers) = (memory.layout(), memory.of_array(array));
    rows(block).all(|(_, cells)| {
        let start = layout.index(cells.start);
        (start..start + cells.shape()[2]).all(|at| holds(numbers[at], at))
    })
}
