//! What brings back the state before a step.
//!
//! Most plans leave the state as it is until arrays change places after the step. Some write to
//! arrays of the state, or to arrays beside it that they keep from step to step: these are copied
//! before the step, and brought back if it is rejected.

use fluxions_comm::{Max, World};
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::plan::action::Action;
use crate::plan::plan::Plan;
use crate::run::memory::Memory;
use crate::run::random_rows::rows;
use crate::simulation::clock::Change;

/// An array is stuck in a step in which its rate alone would change it by this many times its change and this share of
/// its magnitude. Fast modes decay less than their rates say, but are a small part of it.
const STUCK: (f64, f64) = (4.0, 0.05);

/// Copies of the arrays that a step overwrites although they belong to the state before it.
pub(super) struct Undo {
    pub(super) arrays: Vec<usize>,
    values: Vec<f64>,
    globals: Vec<f64>,
}

impl Undo {
    /// What the steps of a plan need, whose fields take `state` arrays.
    pub(super) fn new(plan: &Plan, state: usize) -> Self {
        let belongs = |array: &usize| *array < state || plan.changing().contains(array);
        let written = plan.actions().iter().flat_map(Action::written);
        let mut arrays: Vec<usize> = written.filter(belongs).collect();
        arrays.sort_unstable();
        arrays.dedup();
        Undo::of(arrays)
    }

    /// What brings back these arrays.
    pub(super) fn of(arrays: Vec<usize>) -> Self {
        Undo { arrays, values: Vec::new(), globals: Vec::new() }
    }

    /// Copies what the next step will overwrite.
    pub(super) fn save(&mut self, memory: &Memory) {
        self.globals.clear();
        self.globals.extend(memory.globals());
        self.values.clear();
        self.arrays.iter().for_each(|array| self.values.extend(memory.of_array(*array)));
    }

    /// Changes places with what was copied: the state before the step, and the one after it the next time.
    pub(super) fn exchange(&mut self, memory: &mut Memory) {
        let length = memory.layout().length();
        for (array, values) in self.arrays.iter().zip(self.values.chunks_exact_mut(length)) {
            memory.of_array_mut(*array).swap_with_slice(values);
        }
        let now = memory.globals().to_vec();
        memory.set_globals(&self.globals);
        self.globals = now;
    }

    /// How the arrays of the state, the first of those that were copied, have changed since, in a step of this length to
    /// a state in which their rates are no larger than these. Collective.
    pub(super) fn change(
        &self,
        (world, block, memory): (&World, &Subdomain, &Memory),
        dt: f64,
        rates: &[f64],
    ) -> Result<Change, Error> {
        let layout = memory.layout();
        // Of each array: the largest magnitude before and now, the largest change, and how far it was and is below 0.
        let mut found = Vec::new();
        for (array, before) in
            self.values.chunks_exact(layout.length()).take(rates.len()).enumerate()
        {
            let (mut all, now) = ([0.0f64; 5], memory.of_array(array));
            for (_, cells) in rows(block) {
                let start = layout.index(cells.start);
                let row = start..start + cells.shape()[2];
                for (old, new) in before[row.clone()].iter().zip(&now[row]) {
                    let each = [old.abs(), new.abs(), (new - old).abs(), -old, -new];
                    all.iter_mut().zip(each).for_each(|(most, x)| *most = most.max(x));
                }
            }
            found.extend(all);
        }
        world.allreduce(&mut found, Max)?;
        let (of_arrays, _) = found.as_chunks::<5>();
        let shares = of_arrays.iter().zip(rates).filter(|([before, ..], _)| *before > 0.0);
        let share = shares
            .map(|([before, _, change, ..], rate)| change.max(dt * rate) / before)
            .fold(0.0, f64::max);
        let is_new = |[.., before, now]: &[f64; 5]| *before == 0.0 && *now > 0.0;
        let new = of_arrays.iter().enumerate().filter(|(_, array)| is_new(array));
        let to_negative = new.fold(0, |all, (array, _)| all | 1 << array.min(63));
        let is_stuck = |([_, now, change, ..], rate): (&[f64; 5], &f64)| {
            dt * rate > STUCK.0 * change + STUCK.1 * now
        };
        let is_stuck = of_arrays.iter().zip(rates).any(is_stuck);
        Ok(Change { share, to_negative, is_stuck })
    }

    /// Brings back what was copied.
    pub(super) fn restore(&self, memory: &mut Memory) {
        let length = memory.layout().length();
        for (array, values) in self.arrays.iter().zip(self.values.chunks_exact(length)) {
            memory.of_array_mut(*array).copy_from_slice(values);
        }
        memory.set_globals(&self.globals);
    }
}
