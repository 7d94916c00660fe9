//! The health of a run: now and then all ranks meet, learn whether one of them found a number that
//! is not finite, and agree on when to meet again.
//!
//! Each rank checks every step by itself; meeting at every step would cost more than a step of a
//! small problem. What is reported is the first step, field and cell, so it does not depend on
//! when the ranks met.

use std::time::{Duration, Instant};

use fluxions_comm::Combine;

use crate::error::Error;
use crate::run::guard::Causes;
use crate::simulation::state::State;

/// How often the ranks meet, about.
const INTERVAL: Duration = Duration::from_millis(100);
/// Most steps between two meetings.
const MOST: u64 = 1 << 20;

pub(crate) struct Health {
    /// The first number that was not finite here.
    bad: Option<Bad>,
    /// The step after which the ranks meet again.
    next: u64,
    /// The step and the moment of the last meeting of the rhythm.
    met: (u64, Instant),
    /// Steps from there to the next meeting.
    stride: u64,
    /// Steps between two meetings are a multiple of this.
    multiple: u64,
}

/// A number that is not finite.
struct Bad {
    /// The number of the step that led to it, and the time after that.
    step: u64,
    time: f64,
    /// Its array, and its cell's number in the grid.
    array: usize,
    cell: u64,
    /// Why arrays are not finite after that step.
    causes: Causes,
}

impl Health {
    /// The health of a simulation that makes `multiple` steps at a time.
    pub(crate) fn new(multiple: u64) -> Self {
        Health { bad: None, next: multiple, met: (0, Instant::now()), stride: multiple, multiple }
    }

    /// Begins a run after so many steps, with the rhythm of the beginning.
    pub(crate) fn begin(&mut self, steps: u64) {
        let next = steps + self.multiple;
        *self = Health { next, met: (steps, Instant::now()), ..Health::new(self.multiple) };
    }

    /// The step after which the ranks meet next.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Takes note of an array and a cell whose number was found not to be finite after a step, and
    /// why.
    pub(crate) fn note(
        &mut self,
        step: u64,
        time: f64,
        found: Option<(usize, u64)>,
        causes: Causes,
    ) {
        if let (None, Some((array, cell))) = (&self.bad, found) {
            self.bad = Some(Bad { step, time, array, cell, causes });
        }
    }

    /// Whether the ranks meet after this step.
    pub(crate) fn is_due(&self, step: u64) -> bool {
        step >= self.next
    }

    /// Meets after step `now`: an error, the same on all ranks, if any of them found a number that
    /// is not finite. Collective.
    pub(crate) fn meet(&mut self, state: &State, now: u64) -> Result<(), Error> {
        let step = self.bad.as_ref().map_or(i64::MAX, |bad| bad.step as i64);
        // Rank 0 decides when to meet again, by its clock.
        let (before, moment) = self.met;
        let elapsed = moment.elapsed().max(Duration::from_micros(1));
        let per_interval = (now - before) as f64 * INTERVAL.as_secs_f64() / elapsed.as_secs_f64();
        let stride = (per_interval as u64).clamp(1, (2 * self.stride).min(MOST));
        let stride = if state.world.is_root() { stride as i64 } else { i64::MAX };
        let mut values = [step, stride];
        state.world.combine(Combine::Min, &mut values)?;
        let [first, stride] = values;
        // Meetings before trackers come in between and leave the rhythm as it is.
        if now >= self.next {
            self.met = (now, Instant::now());
            self.stride = (stride as u64).next_multiple_of(self.multiple);
            self.next = now + self.stride;
        }
        if first == i64::MAX {
            return Ok(());
        }
        // The arrays of the fields come in order, and the cells of each by their number in the grid.
        let cells = state.pde.grid().cells() as i64;
        let mine = self.bad.as_ref().filter(|bad| bad.step as i64 == first);
        let key = |bad: &Bad| bad.array as i64 * cells + bad.cell as i64;
        let mut place = [mine.map_or(i64::MAX, key)];
        state.world.combine(Combine::Min, &mut place)?;
        let at = (place[0] / cells, place[0] % cells);
        // What was advected too fast on one rank may be seen first on another.
        let says = |arrays: fn(&Causes) -> &[usize]| {
            i64::from(mine.is_some_and(|bad| arrays(&bad.causes).contains(&(at.0 as usize))))
        };
        let mut causes = [says(|causes| &causes.too_fast), says(|causes| &causes.earlier)];
        state.world.combine(Combine::Max, &mut causes)?;
        let time = state.world.max(mine.map_or(f64::NEG_INFINITY, |bad| bad.time))?;
        Err(bad_number(state, at, first as u64, time, causes == [1, 0]))
    }
}

fn bad_number(
    state: &State,
    (field, number): (i64, i64),
    step: u64,
    time: f64,
    too_fast: bool,
) -> Error {
    let global = (field as usize).checked_sub(state.pde.arrays());
    if let Some(global) = global.map(|number| &state.pde.globals()[number]) {
        return Error::NumberNotFinite { name: global.name.clone(), time, step };
    }
    let grid = state.pde.grid();
    let [_, n1, n2] = grid.shape().map(|n| n as i64);
    let indices = [number / (n1 * n2), number / n2 % n1, number % n2].map(|i| i as usize);
    let cell = indices[grid.missing()..].to_vec();
    let centre = |(axis, index): (&fluxions_grid::Axis, &usize)| axis.centre(*index as isize);
    let is_it = |k: &usize| state.pde.arrays_of(*k).contains(&(field as usize));
    let noise =
        (0..state.pde.fields().len()).find(is_it).is_some_and(|k| state.pde.noise().is_on(k));
    let coordinates = grid.axes().iter().zip(&cell).map(centre).collect();
    let axes = grid.axis_names().into();
    let field = state.pde.array_names()[field as usize].clone();
    if too_fast {
        return Error::CourantLater { field, axes, coordinates, time, step };
    }
    Error::NotFinite { noise, field, coordinates, axes, cell, time, step }
}
